//! What is told of a world that failed, so that anybody can see it again.

use std::fmt::Write;

use ottla_core::{
    trace::Traced,
    world::{World, scenario::Scenario},
};

use super::Failure;
use crate::link;

/// The newest of a trace that are shown.
const LINES: usize = 40;

/// All of it, ending with a line break. `again`: what brings it back.
pub fn report(name: &str, failure: &Failure, world: &World, again: &str) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = writeln!(text, "{name} failed: {failure}");
    let _ = writeln!(text, "  again: {again}");
    for traced in newest(world) {
        let _ = writeln!(text, "  {traced}");
    }
    let _ = writeln!(text, "  see it: {}", link_to(&world.journal()));
    text
}

/// The newest events of all brokers, by time.
fn newest(world: &World) -> Vec<&Traced> {
    let traces = world.servers().iter().filter_map(|server| server.trace());
    let mut events: Vec<&Traced> =
        traces.flat_map(|trace| trace.since(trace.next().saturating_sub(LINES as u64))).collect();
    events.sort_by_key(|traced| (traced.at, traced.node, traced.number));
    events.split_off(events.len().saturating_sub(LINES))
}

/// Where the playground shows it.
pub fn link_to(scenario: &Scenario) -> String {
    match link::write(&scenario.to_string()) {
        Ok(hash) => format!("{}{hash}", link::PLAYGROUND),
        Err(why) => why.to_string(),
    }
}
