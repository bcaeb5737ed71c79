//! Every event of the trace is noted somewhere, printed, and has its row in the page's model.

use ottla_core::trace::Event;

use crate::{
    finding::{Finding, expect_lines, expect_none},
    sources::{Source, TREE, source},
};

const EVENTS: &str = "core/src/trace/event.rs";
const PRINTER: &str = "core/src/trace/print.rs";
const MODEL: &str = "web/src/internal/model.ts";

/// Events whose name `text` does not say as a word of its own.
fn unsaid<'a>(events: &'a [&'a str], text: &str) -> impl Iterator<Item = &'a str> {
    let words: std::collections::BTreeSet<String> =
        text.split(|character: char| !character.is_alphanumeric()).map(str::to_owned).collect();
    events.iter().copied().filter(move |event| !words.contains(*event))
}

fn check_model(model: &Source, events: &[&str]) -> Vec<Finding> {
    let what = |event: &str| format!("no row for the event `{event}` of {EVENTS}: say what the page makes of it");
    unsaid(events, &model.text).map(|event| Finding::new(&model.path, 1, what(event))).collect()
}

/// `events` is the table, `core` everything that may note one.
fn check_noted(table: &Source, events: &[&str], core: &str) -> Vec<Finding> {
    let noted: Vec<&str> = core
        .match_indices("Event::")
        .map(|(at, opening)| &core[at + opening.len()..])
        .map(|rest| rest.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default())
        .collect();
    let line_of = |event: &str| {
        let row = format!("{event} {{");
        table.lines().find(|(_, text)| text.trim_start().starts_with(&row)).map_or(1, |(line, _)| line)
    };
    let what = |event: &str| format!("nothing notes `{event}`: note it where it happens, or take its row out");
    let noted = noted.join(" ");
    unsaid(events, &noted).map(|event| Finding::new(&table.path, line_of(event), what(event))).collect()
}

fn names() -> Vec<&'static str> {
    Event::ALL.iter().map(|(name, _)| *name).collect()
}

#[test]
fn every_event_is_noted_somewhere() {
    let core: String = TREE
        .iter()
        .filter(|source| source.is_in_core() && !source.path.starts_with("core/src/trace"))
        .map(|source| source.text.as_str())
        .collect();
    expect_none(check_noted(source(EVENTS), &names(), &core));
}

/// The printer walks the fields of any event: it stays so, or it needs a row per event.
#[test]
fn every_event_is_printed() {
    let printer = source(PRINTER);
    let is_general = printer.text.contains("event.name()") && printer.text.contains("event.each_field(");
    assert!(is_general, "{PRINTER}:1: print every event through `name` and `each_field`");
}

#[test]
fn every_event_has_a_row_in_the_pages_model() {
    expect_none(TREE.iter().filter(|source| source.path == MODEL).flat_map(|model| check_model(model, &names())));
}

#[test]
fn an_event_that_nobody_knows_is_found() {
    let model = Source::new(MODEL, "switch (event.name) { case 'ResponseSent': case 'LogCreatedLater': }");
    expect_lines(&check_model(&model, &["ResponseSent", "LogCreated"]), &[1]);
    let core = "turn.note(Event::LogCreated { topic }); // Event of LogRemoved";
    let table = Source::new(EVENTS, "events! {\n    LogCreated {}\n    LogRemoved {}\n}");
    expect_lines(&check_noted(&table, &["LogCreated", "LogRemoved"], core), &[3]);
}
