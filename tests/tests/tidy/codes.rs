//! Codes (`R10`, `B18`, `I3`, `W05`) are defined in `core/invariants.md` and nowhere else; what is ticked there has a test.

use std::collections::BTreeMap;

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE, source},
};

const HOME: &str = "core/invariants.md";
const LETTERS: &str = "RQTGSPLNKDIWOB";
const TICK: &str = "✓";

/// Each code with its line and whether it is ticked.
type Codes = BTreeMap<String, (usize, bool)>;

fn read(home: &Source) -> (Codes, Vec<Finding>) {
    let mut codes = Codes::new();
    let mut findings = Vec::new();
    for (line, text) in home.lines() {
        let Some((code, sentence)) = text.strip_prefix("- **").and_then(|rest| rest.split_once("** ")) else {
            continue;
        };
        if !is_code(code) {
            let what = format!("`{code}` is no code: one letter of {LETTERS}, one or two digits");
            findings.push(Finding::new(&home.path, line, what));
        } else if codes.contains_key(code) {
            findings.push(Finding::new(&home.path, line, format!("`{code}` is defined twice")));
        } else {
            codes.insert(code.to_owned(), (line, sentence.starts_with(TICK)));
        }
        if !sentence.ends_with(|last: char| last == '.' || last.is_ascii_digit()) {
            findings.push(Finding::new(&home.path, line, format!("`{code}` wants a whole sentence on its line")));
        }
    }
    (codes, findings)
}

fn is_code(word: &str) -> bool {
    let mut characters = word.chars();
    let begins = characters.next().is_some_and(|first| LETTERS.contains(first));
    begins && (2..=3).contains(&word.len()) && characters.all(|digit| digit.is_ascii_digit())
}

/// Codes in the prose of a file: its comments, or all of it where it is no program.
fn used(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let is_program = source.is_rust() || source.is_script();
    source.lines().flat_map(move |(line, text)| {
        let prose = match is_program {
            false => text,
            true if text.trim_start().starts_with('*') => text,
            true => text.split_once("//").map_or("", |(_, comment)| comment),
        };
        let words = prose.split(|character: char| !is_of_word(character)).map(|word| word.trim_matches('.'));
        words.filter(|word| is_code(word)).map(move |word| (line, word))
    })
}

/// `KAFKA-7128`, `#L12` and `x/R1` are something else.
fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || "_-#/.&=".contains(character)
}

fn check(source: &Source, codes: &Codes) -> Vec<Finding> {
    if !source.is_rust() && !source.is_script() && !source.has_extension(&["md", "txt", "patch"]) {
        return Vec::new();
    }
    let unknown = used(source).filter(|(_, code)| !codes.contains_key(*code));
    unknown
        .map(|(line, code)| Finding::new(&source.path, line, format!("`{code}` is not in {HOME}: define it there")))
        .collect()
}

fn is_test(source: &Source) -> bool {
    let is_inside = source.text.contains("#[cfg(test)]\nmod tests {");
    let is_place = ["tests/", "wasm/tests/", "web/test/"].iter().any(|place| source.path.starts_with(place));
    let is_host = source.path.starts_with("tests/src/") && !source.path.starts_with("tests/src/fuzz/");
    let is_module = source.path.ends_with("/tests.rs") || source.path.contains("/tests/");
    (is_place && !is_host) || is_module || is_inside
}

fn check_ticks<'a>(codes: &Codes, tests: impl Iterator<Item = &'a Source> + Clone) -> Vec<Finding> {
    let is_tested = |code: &str| tests.clone().any(|test| used(test).any(|(_, word)| word == code));
    let untested = codes.iter().filter(|(code, (_, is_ticked))| *is_ticked && !is_tested(code));
    let what = |code: &str| {
        format!("`{code}` is ticked and no test names it: name it in the comment of the test that checks it")
    };
    untested.map(|(code, (line, _))| Finding::new(HOME, *line, what(code))).collect()
}

#[test]
fn every_code_is_defined_once() {
    let (codes, findings) = read(source(HOME));
    assert!(codes.len() > 100, "{} codes", codes.len());
    expect_none(findings.into_iter().chain(TREE.iter().flat_map(|source| check(source, &codes))));
}

#[test]
fn what_is_ticked_has_a_test() {
    let (codes, _) = read(source(HOME));
    let tests = TREE.iter().filter(|source| is_test(source) && !source.path.contains("/tidy/"));
    expect_none(check_ticks(&codes, tests));
}

#[test]
fn a_code_that_nobody_defined_is_found() {
    let home = Source::new(
        HOME,
        "- **R1** ✓ So.\n- **B18** Thus: R1.\n- **R1** Again.\n- **X1** Not.\n- **R2** No sentence\n",
    );
    let (codes, findings) = read(&home);
    expect_lines(&findings, &[3, 4, 5]);
    let found = |path: &str, text: &str| check(&Source::new(path, text), &codes);
    expect_lines(&found("a.rs", "//! R1, (B18)\n/// R3.\nfn f() {} // B19: so\nlet r4 = R4;"), &[2, 3]);
    expect_lines(&found("a.ts", "/**\n * R7: so\n */\nconst a = R8;"), &[2]);
    expect_lines(&found("README.md", "KAFKA-7128 R1 [line](a.rs#L12) W3C R100 x"), &[]);
    expect_lines(&found("README.md", "`S9` holds"), &[1]);
    let tests = [Source::new("tests/tests/a.rs", "// B18")];
    expect_lines(&check_ticks(&codes, tests.iter()), &[1]);
}
