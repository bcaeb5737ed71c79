//! What may stand only in its own place: `async`, the generated messages, printing, `mod.rs`.

use proc_macro2::{TokenStream, TokenTree};

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE},
};

/// Words of Rust, the folders and files of `core/src` that may say them, and what to do elsewhere.
const PLACES: &[(&[&str], &[&str], &str)] = &[
    (&["async", "await"], &["host"], "only host.rs is async: a wait is a value of the state, parked in purgatory"),
    (
        &["kafka_wire", "kafka_wire_core"],
        &["wire", "broker", "client", "world"],
        "messages are built and read in broker and client only, and looked at in the world: below them speak in types of your own",
    ),
    (PRINTS, &[], "core prints nothing: note an event of trace/event.rs"),
    (&["unsafe"], &[], "core is safe code only"),
];

/// A test may say what it did.
const PRINTS: &[&str] = &["println", "eprintln", "print", "eprint"];

fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.path.ends_with("/mod.rs") {
        findings.push(Finding::new(&source.path, 1, "a module `foo` is foo.rs beside foo/: there is no mod.rs"));
    }
    let Some(path) = source.path.strip_prefix("core/src/").filter(|_| source.is_rust()) else { return findings };
    let module = path.split(['/', '.']).next().expect("a name");
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let mut words = Vec::new();
    gather(source.tokens(), &mut words);
    for (word, line, is_macro) in words {
        for (banned, allowed, what) in PLACES {
            let is_print = PRINTS.contains(&word.as_str());
            let is_meant = banned.contains(&word.as_str()) && (!is_print || is_macro && !is_test);
            if is_meant && !allowed.contains(&module) {
                findings.push(Finding::new(&source.path, line, format!("`{word}`: {what}")));
            }
        }
    }
    findings
}

/// Every name with its line, and whether a `!` follows it.
fn gather(tokens: TokenStream, words: &mut Vec<(String, usize, bool)>) {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => gather(group.stream(), words),
            TokenTree::Ident(ident) => {
                let is_macro = matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
                words.push((ident.to_string(), ident.span().start().line, is_macro));
            }
            _ => {}
        }
    }
}

#[test]
fn everything_is_in_its_place() {
    expect_none(TREE.iter().flat_map(check));
}

#[test]
fn what_is_out_of_place_is_found() {
    let found = |path: &str, text: &str| check(&Source::new(path, text));
    expect_lines(&found("wasm/src/idb/mod.rs", ""), &[1]);
    expect_lines(&found("core/src/log/dir.rs", "//! async\n\nasync fn f() {\n    g().await\n}"), &[3, 4]);
    expect_lines(&found("core/src/log.rs", "use kafka_wire::FetchRequest;"), &[1]);
    expect_lines(&found("core/src/turn.rs", "fn print() {\n    println!(\"{}\", 1)\n}"), &[2]);
    expect_lines(&found("core/src/host/memory.rs", "async fn f() {}"), &[]);
    expect_lines(&found("core/src/broker/api/fetch.rs", "use kafka_wire::FetchRequest;"), &[]);
    expect_lines(&found("tests/src/host.rs", "async fn f() { println!() }"), &[]);
}
