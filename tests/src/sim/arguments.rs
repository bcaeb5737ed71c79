//! What `cargo sim` is told.

use std::path::PathBuf;

use clap::Parser;

/// Runs simulated clusters with faults and checks what must always hold
#[derive(Debug, Parser)]
#[command(name = "cargo sim --", version)]
pub struct Arguments {
    /// How many seeds [default: 200, or the scenario as it is written]
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    /// The first seed
    #[arg(long, value_name = "S")]
    pub start: Option<u64>,
    /// A story of tests/scenarios, or a file: its randomness begins with the seed
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// No new world is begun after so many minutes
    #[arg(long, value_name = "M")]
    pub minutes: Option<u64>,
    /// Worlds at once [default: one for each core]
    #[arg(long, value_name = "J")]
    pub jobs: Option<usize>,
    /// Run a journal again, and see whether it comes to what it says
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "start", "scenario", "minutes", "jobs", "shrink"])]
    pub journal: Option<PathBuf>,
    /// Write the journal of the world, or of the first that fails, to a file
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Make the first world that fails as small as it gets
    #[arg(long)]
    pub shrink: bool,
}
