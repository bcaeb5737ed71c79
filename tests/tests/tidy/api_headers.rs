//! Every API of the table in `wire/api.rs` has its file, in `broker/api/` or, if only brokers may ask, in `broker/peer/`. It
//! opens with the API's key and versions and three short lists: how it behaves, what its versions brought, where it differs
//! from Kafka. `broker/peer/` has other files too.

use ottla_core::{effect::Listener, wire::Api};

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE},
};

const FOLDER: &str = "core/src/broker/api/";
const PEER_FOLDER: &str = "core/src/broker/peer/";
const LISTS: &[&str] = &["Behaviour", "Versions", "Differs from Kafka"];

fn check(source: &Source) -> Vec<Finding> {
    let path = source.path.strip_prefix(FOLDER).or_else(|| source.path.strip_prefix(PEER_FOLDER));
    let stem = path.and_then(|name| name.strip_suffix(".rs")).expect("a file of an API");
    let Some(&api) = Api::ALL.iter().find(|api| snake_case(api.name()) == stem) else {
        let what = format!("`{stem}` is no API of core/src/wire/api.rs: the file has the API's name in snake case");
        return vec![Finding::new(&source.path, 1, what)];
    };
    let head: Vec<&str> = source.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let mut findings = Vec::new();
    if head.first() != Some(&title(api).as_str()) {
        findings.push(Finding::new(&source.path, 1, format!("the table says: //! {}", title(api))));
    }
    for list in LISTS {
        let at = head.iter().position(|line| line == list);
        if at.is_none_or(|at| !head.get(at + 1).is_some_and(|line| line.starts_with("- "))) {
            findings.push(Finding::new(&source.path, 1, format!("the list `{list}` is missing or empty")));
        }
    }
    findings.extend(check_versions(source, &head, api));
    findings
}

/// The numbers of the list `Versions` are served ones, by rising version, and the first flexible one is told.
fn check_versions(source: &Source, head: &[&str], api: Api) -> Vec<Finding> {
    let at = head.iter().position(|line| *line == "Versions").map_or(head.len(), |at| at + 1);
    let rows: Vec<&str> = head[at..].iter().take_while(|line| !line.is_empty()).copied().collect();
    let joined = rows.iter().map(|row| row.trim_start_matches("- ")).collect::<Vec<_>>().join(" · ");
    let told: Vec<(i16, &str)> = joined
        .split(" · ")
        .filter_map(|note| note.split_once(' ').and_then(|(version, what)| Some((version.parse().ok()?, what))))
        .collect();
    let mut findings = Vec::new();
    let mut refuse = |what: String| findings.push(Finding::new(&source.path, at + 1, what));
    if !told.is_sorted_by(|(one, _), (other, _)| one < other) {
        refuse("the list `Versions` goes by rising version".to_owned());
    }
    for (version, _) in told.iter().filter(|(version, _)| !api.serves(*version)) {
        refuse(format!("version {version} is not served: the table has {:?}", api.served()));
    }
    let flexible = api.served().find(|version| api.is_flexible(*version)).filter(|first| first > api.served().start());
    if let Some(first) = flexible.filter(|first| !told.iter().any(|(v, what)| v == first && what.contains("flexible")))
    {
        refuse(format!("say that version {first} is the first flexible one: `{first} flexible`"));
    }
    findings
}

fn title(api: Api) -> String {
    let served = api.served();
    match served.start() == served.end() {
        true => format!("{} (key {}, version {})", api.name(), api.key(), served.start()),
        false => format!("{} (key {}, versions {}–{})", api.name(), api.key(), served.start(), served.end()),
    }
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(character.to_lowercase());
    }
    text
}

fn path_of(api: Api) -> String {
    let folder = if api.is_served_at(Listener::Client) { FOLDER } else { PEER_FOLDER };
    format!("{folder}{}.rs", snake_case(api.name()))
}

fn files() -> impl Iterator<Item = &'static Source> {
    let is_clients =
        |path: &str| path.strip_prefix(FOLDER).is_some_and(|name| !name.contains('/') && name != "tests.rs");
    let is_file = move |path: &str| is_clients(path) || Api::ALL.iter().any(|api| path_of(*api) == path);
    TREE.iter().filter(move |source| is_file(&source.path))
}

#[test]
fn every_file_opens_as_the_table_says() {
    expect_none(files().flat_map(check));
}

#[test]
fn every_api_has_its_file() {
    let has_file = |api: &Api| files().any(|source| source.path == path_of(*api));
    let missing = Api::ALL.iter().filter(|api| !has_file(api));
    expect_none(missing.map(|api| {
        let what = format!("`{}` has no file {}", api.name(), path_of(*api));
        Finding::new("core/src/wire/api.rs", 1, what)
    }));
}

#[test]
fn a_wrong_header_is_found() {
    let good = "//! DeleteTopics (key 20, versions 1–6)\n//!\n//! Behaviour\n//! - So.\n//!\n//! Versions\n//! - 4 flexible · 6 by topic id\n//!\n//! Differs from Kafka\n//! - Not.\n";
    let found = |name: &str, text: &str| check(&Source::new(&format!("{FOLDER}{name}.rs"), text));
    expect_lines(&found("delete_topics", good), &[]);
    expect_lines(&found("delete_topics", &good.replace("1–6", "1–5")), &[1]);
    expect_lines(&found("delete_topics", &good.replace("- Not.", "")), &[1]);
    expect_lines(&found("delete_topics", &good.replace("Versions", "Version")), &[1, 11]);
    expect_lines(&found("delete_topics", &good.replace("6 by", "7 by")), &[7]);
    expect_lines(&found("delete_topics", &good.replace("6 by", "3 by")), &[7]);
    expect_lines(&found("delete_topics", &good.replace("4 flexible", "5 flexible")), &[7]);
    expect_lines(&found("topics_deleted", good), &[1]);
}
