//! `ottla-worlds`: what worlds come to here, written down for the tests that run them in Node and in browsers.

use std::{fmt::Write, fs, path::PathBuf, process::ExitCode, thread};

use clap::Parser;
use ottla_core::{
    time::Instant,
    world::{World, scenario::Scenario, swarm::Swarm, timeline::Timeline},
};

/// Runs each seed twice and writes down its steps and its digest, and the journal of a world that was interfered with
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// How many seeds, from 1 on
    #[arg(long)]
    seeds: u64,
    /// Where to
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { seeds, out } = Arguments::parse();
    let [first, second] = [(); 2].map(|()| thread::spawn(move || (1..=seeds).map(came_to).collect::<Vec<_>>()));
    let (first, second) = (first.join().expect("a world runs"), second.join().expect("a world runs"));
    if let Some((one, other)) = first.iter().zip(&second).find(|(one, other)| one != other) {
        eprintln!("the same seed came to two ends: {one}, and {other}");
        return ExitCode::FAILURE;
    }
    let text = first.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    });
    if let Err(why) = fs::write(&out, format!("{text}journal\n{}", journal())) {
        eprintln!("{}: {why}", out.display());
        return ExitCode::FAILURE;
    }
    println!("{seeds} seeds, each twice the same: {}", out.display());
    ExitCode::SUCCESS
}

fn came_to(seed: u64) -> String {
    let mut world = World::new(Swarm::draw(seed));
    world.run();
    format!("{seed} {} {:016x}", world.steps(), world.digest())
}

/// Of a world in which somebody had things happen, and went back once.
fn journal() -> Scenario {
    let mut timeline = Timeline::new(World::new(Scenario::of_seed(7)));
    let seconds = |seconds: u64| Instant::from_millis(seconds * 1000);
    for (at, command) in [(12, "kill 1 for 300ms"), (9, "kill 1 for 2s"), (20, "cut visitor-1<>broker-1 for 1s")] {
        timeline.seek(seconds(at));
        timeline.command(command).expect("it is a command");
    }
    timeline.seek(seconds(30));
    timeline.journal()
}
