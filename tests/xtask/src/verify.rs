//! `cargo verify`: every suite in turn, then one summary.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{run, tools};

#[derive(Debug, Args)]
pub struct Options {
    /// Only what the daily loop needs: no second target
    #[arg(long)]
    fast: bool,
}

/// One line of the summary.
struct Suite {
    name: &'static str,
    is_in_fast: bool,
    run: fn() -> Result<(), String>,
}

const SUITES: &[Suite] = &[
    Suite { name: "rustfmt", is_in_fast: true, run: || run::succeeds(&mut run::cargo(&["fmt", "--all", "--check"])) },
    Suite { name: "clippy", is_in_fast: true, run: clippy },
    Suite { name: "cargo test", is_in_fast: true, run: native_tests },
    Suite { name: "benches build", is_in_fast: false, run: benches_build },
    Suite { name: "core on wasm32", is_in_fast: false, run: core_on_wasm },
];

pub fn verify(options: &Options) -> ExitCode {
    let mut ended = Vec::new();
    for suite in SUITES.iter().filter(|suite| suite.is_in_fast || !options.fast) {
        println!("── {}", suite.name);
        let start = Instant::now();
        let result = (suite.run)();
        if let Err(why) = &result {
            println!("── {} failed: {why}", suite.name);
        }
        ended.push((suite.name, result, start.elapsed()));
    }
    summarise(&ended)
}

fn summarise(ended: &[(&str, Result<(), String>, Duration)]) -> ExitCode {
    println!("\n── summary");
    for (name, result, took) in ended {
        let verdict = if result.is_ok() { "passed" } else { "FAILED" };
        println!("{name:<16} {verdict} {:>7.1} s", took.as_secs_f64());
    }
    let failed = ended.iter().filter(|(_, result, _)| result.is_err()).count();
    println!("{} passed, {failed} failed", ended.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn clippy() -> Result<(), String> {
    let arguments = ["clippy", "--workspace", "--exclude", "ottla-wasm", "--all-targets", "--", "--deny", "warnings"];
    run::succeeds(&mut run::cargo(&arguments))
}

fn native_tests() -> Result<(), String> {
    run::succeeds(&mut run::cargo(&["test", "--workspace", "--exclude", "ottla-wasm", "--no-fail-fast"]))
}

fn benches_build() -> Result<(), String> {
    run::succeeds(&mut run::cargo(&["build", "--package", "ottla-tests", "--benches"]))
}

fn core_on_wasm() -> Result<(), String> {
    tools::wasm_target()?;
    let arguments =
        ["clippy", "--package", "ottla-core", "--package", "ottla-contract", "--target", "wasm32-unknown-unknown"];
    run::succeeds(run::cargo(&arguments).args(["--", "--deny", "warnings"]))
}
