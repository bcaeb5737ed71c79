//! `ottla-sim`: worlds by seed, as many as asked for, and what went wrong in them.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use clap::Parser;
use ottla_core::world::{World, swarm::Swarm};

/// Every so many seeds a world is run twice, and must come to the same.
const REPEATED_EVERY: u64 = 8;

/// Runs simulated clusters with faults and checks what must always hold
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// No new seed is begun after so many minutes
    #[arg(long)]
    minutes: Option<u64>,
    /// Worlds at once
    #[arg(long)]
    jobs: Option<usize>,
}

/// What all worlds together came to.
#[derive(Debug, Default)]
struct Figures {
    seeds: u64,
    steps: u64,
    messages: u64,
    simulated: Duration,
    faults: BTreeMap<&'static str, u64>,
    marks: BTreeMap<&'static str, u64>,
    failed: Vec<u64>,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.messages += other.messages;
        self.simulated += other.simulated;
        for (code, count) in other.faults {
            *self.faults.entry(code).or_default() += count;
        }
        for (mark, count) in other.marks {
            *self.marks.entry(mark).or_default() += count;
        }
        self.failed.extend(other.failed);
    }

    fn print(&self, took: Duration) {
        let (seconds, minutes) = (took.as_secs_f64(), took.as_secs_f64() / 60.0);
        println!(
            "{} seeds, {} failed, in {seconds:.1} s: {:.1} simulated hours per minute, {:.0} events/s, {:.0} messages/s",
            self.seeds,
            self.failed.len(),
            self.simulated.as_secs_f64() / 3600.0 / minutes,
            self.steps as f64 / seconds,
            self.messages as f64 / seconds,
        );
        println!("faults: {}", listed(&self.faults));
        println!("marks: {}", listed(&self.marks));
        if self.failed.is_empty() && self.seeds > 0 {
            println!("at most {:.4} of all seeds fail, with 95 % certainty (3/n)", 3.0 / self.seeds as f64);
        }
    }
}

fn listed(counts: &BTreeMap<&'static str, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What a world panics with is told with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    let end = arguments.start.saturating_add(arguments.seeds);
    let until = arguments.minutes.map(|minutes| begun + Duration::from_secs(60 * minutes));
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let next = AtomicU64::new(arguments.start);
    let mut figures = Figures::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| work(&next, end, until))).collect();
        for worker in workers {
            figures.add(worker.join().expect("a world's panic is caught"));
        }
    });
    figures.print(begun.elapsed());
    if figures.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn work(next: &AtomicU64, end: u64, until: Option<Instant>) -> Figures {
    let mut figures = Figures::default();
    while until.is_none_or(|until| Instant::now() < until) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            break;
        }
        figures.add(run(seed));
    }
    figures
}

fn run(seed: u64) -> Figures {
    let mut world = World::new(Swarm::draw(seed));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        world.run();
        if seed.is_multiple_of(REPEATED_EVERY) {
            world.check_repeats();
        }
    }));
    let panicked = panicked.err();
    let mut figures = Figures {
        seeds: 1,
        steps: world.steps(),
        messages: world.messages(),
        simulated: Duration::from_micros(world.now().0),
        ..Figures::default()
    };
    figures.faults.extend(world.invariants().faults.iter().map(|(code, count)| (*code, u64::from(*count))));
    figures.marks.extend(world.invariants().marks.iter().map(|(mark, count)| (*mark, u64::from(*count))));
    let why = match (panicked, world.violation()) {
        (Some(panic), _) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Some(format!("P4: it panicked: {}", text.unwrap_or_default()))
        }
        (None, Some(violation)) => {
            let at = Duration::from_micros(violation.at.0).as_secs_f64();
            Some(format!("{} at {at:.6} s: {}", violation.code, violation.what))
        }
        (None, None) => None,
    };
    if let Some(why) = why {
        figures.failed.push(seed);
        println!("seed {seed} ({:?}) failed: {why}", world.swarm().row);
        println!("  again: cargo sim -- --start {seed} --seeds 1");
        for server in world.servers() {
            let Some(trace) = server.trace() else { continue };
            for traced in trace.since(trace.next().saturating_sub(40)) {
                println!("  {traced}");
            }
        }
    }
    figures
}
