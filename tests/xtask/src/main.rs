//! The doors of the project: `cargo verify` and `cargo host`. They need Rust and the package registries, and no Unix shell.

mod host;
mod run;
mod tools;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo", about = "The doors of Ottla", disable_help_subcommand = true)]
struct Doors {
    #[command(subcommand)]
    door: Door,
}

#[derive(Debug, Subcommand)]
enum Door {
    /// Run the tests, with one summary at the end
    Verify(verify::Options),
    /// Start a broker on loopback; all that follows goes to it
    Host {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Doors::parse().door {
        Door::Verify(options) => verify::verify(&options),
        Door::Host { arguments } => host::host(&arguments),
    }
}
