//! Words that nothing in the tree says: work left lying, tests turned off, paths and hosts of somebody's machine.

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE},
};

/// Written in two halves, or this file would be the first to be found.
const UNDONE: &[(&str, &str)] = &[
    (concat!("to", "do!("), "finish it, or leave it out"),
    (concat!("unimpl", "emented!("), "finish it, or leave it out"),
    (concat!("FIX", "ME"), "mend it, or write an issue"),
    (concat!("X", "XX"), "mend it, or write an issue"),
    (concat!("db", "g!("), "note an event of the trace, or take it out"),
    (concat!("#[ign", "ore"), "a test runs or it is no test"),
    (concat!("debug", "ger;"), "take it out"),
];
/// A Rust iterator skips, and may; a test does not.
const TESTS_TURNED_OFF: &[(&str, &str)] = &[
    (concat!(".sk", "ip("), "a test runs or it is no test"),
    (concat!(".on", "ly("), "all tests run, not one alone"),
    (concat!(".to", "do("), "a test runs or it is no test"),
    (concat!(".fix", "me("), "a test runs or it is no test"),
    (concat!("xi", "t("), "a test runs or it is no test"),
    (concat!("fd", "escribe("), "all tests run, not some alone"),
];
const MACHINES: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "a path of one machine: say it from the root of the tree"),
    (concat!("/ho", "me/"), "a path of one machine: say it from the root of the tree"),
    (concat!("/ro", "ot/"), "a path of one machine: say it from the root of the tree"),
    (concat!("/Us", "ers/"), "a path of one machine: say it from the root of the tree"),
];

/// Everyone may fetch from these or is told of them. A lock file that names another has caught somebody's mirror.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "[::1]",
    "localhost",
    "apache.org",
    "crates.io",
    "docs.rs",
    "github.com",
    "rust-lang.org",
    "rustup.rs",
    "rustwasm.github.io",
    "registry.npmjs.org",
    "npmjs.com",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "nodejs.org",
    "w3.org",
    "example.com",
    "example.org",
];

fn check(source: &Source) -> Vec<Finding> {
    let is_lock = ["Cargo.lock", "package-lock.json"].iter().any(|lock| source.path.ends_with(lock));
    let mut findings = Vec::new();
    for (line, text) in source.lines() {
        let off = if source.is_script() { TESTS_TURNED_OFF } else { &[] };
        for (word, what) in UNDONE.iter().chain(off).chain(MACHINES) {
            if has_word(text, word) {
                findings.push(Finding::new(&source.path, line, format!("`{word}`: {what}")));
            }
        }
        // A lock file names its packages' home pages too.
        let is_told = !is_lock || text.contains("\"resolved\"") || text.starts_with("source = ");
        for host in hosts(text).filter(|host| is_told && !is_known(host)) {
            let what =
                format!("`{host}` is no host of tests/tests/tidy/words.rs: is it everybody's, or this machine's?");
            findings.push(Finding::new(&source.path, line, what));
        }
    }
    findings
}

/// Whether `word` stands in `text` with no letter or digit before it, nor behind it where it ends in a letter.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        let opens = !word.starts_with(char::is_alphanumeric) || !is_part(before);
        let closes = !word.ends_with(char::is_alphanumeric) || !is_part(after);
        opens && closes
    })
}

fn hosts(text: &str) -> impl Iterator<Item = &str> {
    ["http://", "https://"].into_iter().flat_map(move |scheme| {
        text.match_indices(scheme).map(move |(at, _)| {
            let rest = &text[at + scheme.len()..];
            let end =
                rest.find(|character: char| !(character.is_ascii_alphanumeric() || "-.[]:%@_".contains(character)));
            rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
        })
    })
}

/// Nothing follows the scheme where a program puts a host in.
fn is_known(host: &str) -> bool {
    let name = host.strip_suffix(|last: char| last.is_ascii_digit()).map_or(host, |_| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    });
    let name = name.trim_end_matches(':');
    let name = name.strip_prefix('%').map_or(name, |_| "");
    // A word alone stands for a host in a sample or a type; with a port it is somebody's.
    let is_word = name == host && !name.contains('.');
    name.is_empty() || is_word || HOSTS.iter().any(|known| name == *known || name.ends_with(&format!(".{known}")))
}

#[test]
fn nothing_is_left_lying() {
    expect_none(TREE.iter().flat_map(check));
}

#[test]
fn what_is_left_lying_is_found() {
    let found = |path: &str, words: &[(&str, &str)]| {
        let text: String = words.iter().map(|(word, _)| format!("{word}\n")).collect();
        let lines: Vec<usize> = (1..=words.len()).collect();
        expect_lines(&check(&Source::new(path, &text)), &lines);
    };
    found("core/src/log.rs", UNDONE);
    found("web/test/unit/model.test.ts", TESTS_TURNED_OFF);
    found("README.md", MACHINES);
    expect_lines(&check(&Source::new("core/src/log.rs", "rows.iter().skip(1); exit(1); unfix(me)")), &[]);
}

#[test]
fn a_strange_host_is_found() {
    let found = |text: &str| check(&Source::new("web/package-lock.json", text)).len();
    assert_eq!(found(concat!("\"resolved\": \"http", "://mirror.internal:8080/a.tgz\"")), 1);
    assert_eq!(found(concat!("\"url\": \"http", "://somebody.dev/sponsors\"")), 0);
    assert_eq!(found(concat!("\"resolved\": http", "://169.254.1.1/ and http", "://user@10.0.0.1")), 2);
    assert_eq!(found("https://registry.npmjs.org/lit http://127.0.0.1:8080. https://kafka.apache.org/"), 0);
    assert_eq!(found(concat!("\"resolved\": http", "://mirror:8080/a and http", "://host/a")), 1);
    assert_eq!(found("format!(\"http://{address}\") `https://${host}/`"), 0);
}
