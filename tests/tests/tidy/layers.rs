//! Arrows between the modules of `ottla-core` go down only. `core/src/lib.rs` has the table: a comment `// 2 what is kept`
//! opens a layer, the `pub mod` lines under it are its modules.
//!
//! Words (layer 0) may use each other; elsewhere the modules of one layer do not know of each other.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE, source},
};

type Layers = BTreeMap<String, u32>;

fn table(lib: &str) -> Layers {
    let mut layer = None;
    let mut layers = Layers::new();
    for line in lib.lines() {
        let number = line.strip_prefix("// ").and_then(|words| words.split(' ').next()?.parse::<u32>().ok());
        layer = number.or(layer);
        if let Some(module) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            layers
                .insert(module.to_owned(), layer.unwrap_or_else(|| panic!("`{module}` stands in no layer of lib.rs")));
        }
    }
    layers
}

fn check(source: &Source, layers: &Layers) -> Vec<Finding> {
    let path = source.path.strip_prefix("core/src/").expect("a file of core");
    let module = path.split(['/', '.']).next().expect("a name");
    if path == "lib.rs" {
        return Vec::new();
    }
    let Some(&own) = layers.get(module) else {
        return vec![Finding::new(&source.path, 1, format!("`{module}` has no layer: put it into core/src/lib.rs"))];
    };
    let mut used = Vec::new();
    gather(source.tokens(), path.matches('/').count() + 1, &mut used);
    used.into_iter()
        .filter(|(target, _)| *target != module)
        .filter_map(|(target, line)| {
            let what = match layers.get(&target) {
                Some(&other) if other < own || (own, other) == (0, 0) => return None,
                Some(&other) => format!(
                    "`{module}` (layer {own}) uses `{target}` (layer {other}), and arrows go down only: move what is needed \
                     down, or let the caller hand it in"
                ),
                None => format!("`{target}` is no module of core/src/lib.rs: name the module that has it"),
            };
            Some(Finding::new(&source.path, line, what))
        })
        .collect()
}

/// Every module that a path from the crate's root goes through, with its line. `depth` is how many `super` lead to the root.
fn gather(tokens: TokenStream, depth: usize, used: &mut Vec<(String, usize)>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_word = |at: usize, word: &str| matches!(trees.get(at), Some(TokenTree::Ident(ident)) if ident == word);
    let is_colon = |at: usize| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let is_path = |at: usize| is_colon(at + 1) && is_colon(at + 2);
    let mut at = 0;
    while at < trees.len() {
        if let (true, Some(TokenTree::Group(body))) = (is_word(at, "mod"), trees.get(at + 2)) {
            gather(body.stream(), depth + 1, used);
            at += 3;
        } else if let TokenTree::Group(group) = &trees[at] {
            gather(group.stream(), depth, used);
            at += 1;
        } else {
            let mut supers = 0;
            while is_word(at, "super") && is_path(at) {
                (at, supers) = (at + 3, supers + 1);
            }
            if is_word(at, "crate") && is_path(at) {
                (at, supers) = (at + 3, depth);
            }
            if supers >= depth {
                used.extend(heads(&trees[at..]));
            }
            at += usize::from(supers == 0);
        }
    }
}

/// The first names of what follows `crate::`: one, or one per branch of `{…}`.
fn heads(rest: &[TokenTree]) -> Vec<(String, usize)> {
    let named = |tree: &TokenTree| match tree {
        TokenTree::Ident(ident) => Some((ident.to_string(), ident.span().start().line)),
        _ => None,
    };
    match rest.first() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let trees: Vec<TokenTree> = group.stream().into_iter().collect();
            let branches = trees.split(|tree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ','));
            branches.filter_map(|branch| branch.first().and_then(named)).collect()
        }
        first => first.and_then(named).into_iter().collect(),
    }
}

#[test]
fn arrows_go_down_only() {
    let layers = table(&source("core/src/lib.rs").text);
    assert!(layers.len() > 15 && layers["ids"] == 0 && layers["host"] == 7, "{layers:?}");
    expect_none(TREE.iter().filter(|source| source.is_in_core()).flat_map(|source| check(source, &layers)));
}

#[test]
fn an_arrow_up_is_found() {
    let layers = table(
        "// 0 words\npub mod ids;\npub mod time;\n// 2 what is kept\npub mod log;\n// 5 who speaks\npub mod broker;\npub mod client;\n",
    );
    let found = |path: &str, text: &str| check(&Source::new(path, text), &layers);
    expect_lines(&found("core/src/log/index.rs", "use crate::{ids::*,\n    broker::Topics};"), &[2]);
    expect_lines(&found("core/src/log.rs", "use super::broker;\nmod tests { use super::*; }"), &[1]);
    expect_lines(&found("core/src/log/dir.rs", "use super::broker;\nuse super::super::broker;"), &[2]);
    expect_lines(&found("core/src/log.rs", "fn f() {\n    g(crate::broker::Topics::new())\n}"), &[2]);
    expect_lines(&found("core/src/log.rs", "m! { $crate::client::x }"), &[1]);
    expect_lines(&found("core/src/broker/api.rs", "use crate::client::Connection;"), &[1]);
    expect_lines(&found("core/src/broker/api.rs", "use crate::elsewhere::Connection;"), &[1]);
    expect_lines(&found("core/src/elsewhere.rs", ""), &[1]);
    expect_lines(&found("core/src/time.rs", "use crate::ids::*;"), &[]);
    expect_lines(&found("core/src/broker.rs", "use crate::{log::Log, broker::x, ids::y as broker};"), &[]);
}
