//! `cargo verify`: every suite, then one summary.
//!
//! Two lanes run side by side: cargo's suites, which use all cores while they build, and those that mostly wait for
//! browsers and other programs. Within a lane suites take turns, in the order of their list, but one whose tools are
//! still being got lets the next go first.

mod lane;
mod licences;
pub mod log;
mod suites;
mod summary;
mod worlds;

use std::{collections::BTreeSet, process::ExitCode, time::Instant};

use clap::Args;

use crate::{
    run::group,
    tools::{self, Toolbox},
};
use suites::Lane;

#[derive(Debug, Args)]
pub struct Options {
    /// Only what the daily loop needs: under two minutes once everything is built
    #[arg(long, conflicts_with = "full")]
    fast: bool,
    /// All of it, however long it takes
    #[arg(long)]
    full: bool,
    /// Only suites whose name has one of these words
    suites: Vec<String>,
}

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    Fast,
    Plain,
    Full,
}

impl Effort {
    /// As the tests that have a long form read it.
    fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Plain => "plain",
            Self::Full => "full",
        }
    }
}

pub fn verify(options: &Options) -> ExitCode {
    let effort = match (options.fast, options.full) {
        (true, _) => Effort::Fast,
        (_, true) => Effort::Full,
        _ => Effort::Plain,
    };
    let chosen: Vec<_> = suites::all(effort)
        .into_iter()
        .filter(|suite| {
            options.suites.is_empty() || options.suites.iter().any(|word| suite.name.contains(word.as_str()))
        })
        .collect();
    if chosen.is_empty() {
        eprintln!("no suite has such a name; there are: {}", suites::names(effort).join(", "));
        return ExitCode::from(crate::REFUSED);
    }
    group::end_all_on_interrupt();
    let start = Instant::now();
    let wanted: BTreeSet<_> = chosen.iter().flat_map(|suite| suite.needs.iter().copied()).collect();
    let (cargo, browsers): (Vec<_>, Vec<_>) = chosen.iter().partition(|suite| suite.lane == Lane::Cargo);
    let toolbox = Toolbox::default();
    let context = lane::Context { toolbox: &toolbox, effort, must_all_be_there: tools::must_all_be_there() };
    let mut ended = std::thread::scope(|scope| {
        scope.spawn(|| toolbox.get(&wanted));
        let other = scope.spawn(|| lane::run(&context, browsers));
        let mut ended = lane::run(&context, cargo);
        ended.extend(other.join().expect("a lane has no panic of its own"));
        ended
    });
    ended.sort_by_key(|ended| chosen.iter().position(|suite| suite.name == ended.name));
    summary::summarise(&ended, effort.name(), start.elapsed())
}
