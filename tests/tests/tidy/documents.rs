//! Pages say what is there: links lead somewhere, files that are named exist, decisions are numbered without gaps.

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE},
};

/// Where a path in a page may begin besides the root and the page's own folder: pages of core name its modules so.
const BEGINNINGS: &[&str] = &["", "core/src/", "core/src/log/", "tests/"];
/// Pages tell what was and what will be there too.
const OF_OTHER_TIMES: &[&str] = &["CHANGELOG.md"];
const DECISIONS: &str = "core/decisions/";

/// Every path that a page names, with its line: in a link, or between backticks with a `/` or an ending of source.
fn named(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, text) in source.lines().filter(|(_, text)| source.has_extension(&["md"]) || text.starts_with("//!")) {
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', ' ', '#']).next().unwrap_or_default();
            found.extend((!target.is_empty() && !target.contains(':')).then(|| (line, target.to_owned())));
        }
        let spans = text.split('`').skip(1).step_by(2);
        found.extend(spans.filter(|span| is_path(span)).map(|span| (line, span.to_owned())));
    }
    found
}

fn is_path(span: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    let has_ending =
        [".rs", ".ts", ".md", ".toml", ".json", ".css", ".html", ".png"].iter().any(|ending| span.ends_with(ending));
    span.len() > 1 && span.chars().all(is_plain) && (has_ending || span.ends_with('/')) && !span.starts_with('.')
}

fn check(source: &Source, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_there = |path: &str| {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let own = resolve(folder, path);
        exists(&own) || BEGINNINGS.iter().any(|beginning| exists(&format!("{beginning}{path}")))
    };
    let missing = named(source).into_iter().filter(|(_, path)| !is_there(path));
    missing
        .map(|(line, path)| Finding::new(&source.path, line, format!("there is no `{path}`: name what is there")))
        .collect()
}

fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether the tree has this file, or a folder with files in it.
fn in_tree(path: &str) -> bool {
    let folder = format!("{path}/");
    TREE.iter().any(|source| source.path == path || source.path.starts_with(&folder))
        || crate::sources::root().join(path).is_file()
}

fn check_decisions<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, expected) in sources.filter(|source| source.path.starts_with(DECISIONS)).zip(1_u32..) {
        let name = source.path.trim_start_matches(DECISIONS);
        let number = name.split('-').next().filter(|digits| digits.len() == 4).and_then(|digits| digits.parse().ok());
        if number != Some(expected) {
            findings.push(Finding::new(
                &source.path,
                1,
                format!("this decision's number is {expected:04}: there are no gaps"),
            ));
        }
        if !source.text.starts_with(&format!("# {expected}. ")) {
            findings.push(Finding::new(&source.path, 1, format!("the page opens with `# {expected}. ` and its title")));
        }
    }
    findings
}

#[test]
fn pages_name_what_is_there() {
    let pages = TREE.iter().filter(|source| {
        (source.has_extension(&["md"]) || source.path == "core/src/lib.rs")
            && !OF_OTHER_TIMES.contains(&source.path.as_str())
    });
    expect_none(pages.flat_map(|source| check(source, in_tree)));
}

#[test]
fn decisions_are_numbered_without_gaps() {
    expect_none(check_decisions(TREE.iter()));
}

#[test]
fn a_name_of_nothing_is_found() {
    let exists = |path: &str| ["core/src/log.rs", "core/invariants.md", "LICENSE", "core/decisions"].contains(&path);
    let found = |path: &str, text: &str| check(&Source::new(path, text), exists);
    expect_lines(
        &found("README.md", "[a](core/src/log.rs#L3) [b](LICENSE)\n[c](core/src/gone.rs)\n`gone/` and `log.rs`"),
        &[2, 3],
    );
    expect_lines(&found("core/decisions/0001-a.md", "[up](../invariants.md) `log.rs` `gone.rs`"), &[1]);
    expect_lines(&found("core/src/lib.rs", "//! `log.rs`\n//! `logs.rs`\n// `logs.rs`"), &[2]);
    expect_lines(&found("README.md", "[a](https://kafka.apache.org) `cargo play` `a/b` `1/2` `--port`"), &[]);
}

#[test]
fn a_gap_between_decisions_is_found() {
    let pages = [("0001-a.md", "# 1. A"), ("0003-b.md", "# 3. B"), ("0003-c.md", "# 2. C")];
    let sources = pages.map(|(name, text)| Source::new(&format!("{DECISIONS}{name}"), text));
    let findings = check_decisions(sources.iter());
    assert_eq!(findings.len(), 3, "{findings:#?}");
}
