//! The doors of the project: `cargo play`, `cargo verify`, `cargo host` and `cargo sim`. They need Rust, Node and the package
//! registries, and no Unix shell; what else they need they fetch, or say in one line what is missing.

mod host;
mod mutants;
mod play;
mod run;
mod tools;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What was asked for cannot be had: a port in use, an unknown option.
const REFUSED: u8 = 2;

#[derive(Debug, Parser)]
#[command(name = "cargo", about = "The doors of Ottla", disable_help_subcommand = true)]
struct Doors {
    #[command(subcommand)]
    door: Door,
}

#[derive(Debug, Subcommand)]
enum Door {
    /// Build the playground and serve it on loopback
    Play(play::Options),
    /// Run the tests, with one summary at the end
    Verify(verify::Options),
    /// Start a broker on loopback; all that follows goes to it
    Host {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run simulated clusters with faults; all that follows goes to the simulator, but for `--mutants [CODE…]`, which
    /// puts old bugs back and has the simulator find them
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Doors::parse().door {
        Door::Play(options) => play::play(&options),
        Door::Verify(options) => verify::verify(&options),
        Door::Host { arguments } => host::hand_over_to("ottla-host", "the native host", &arguments),
        Door::Sim { arguments } if arguments.first().is_some_and(|first| first == "--mutants") => {
            mutants::mutants(&arguments[1..])
        }
        Door::Sim { arguments } => host::hand_over_to("ottla-sim", "the simulator", &arguments),
    }
}
