//! Many worlds, as many at once as there are cores.

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::ScopedJoinHandle,
    time::{Duration, Instant},
};

use ottla_core::world::scenario::Scenario;

use super::{
    Arguments, Outcome,
    figures::Figures,
    journal, report, shrink,
    stories::{self, Story},
};

/// What was asked for cannot be had.
pub const REFUSED: u8 = 2;
const SEEDS: u64 = 200;
/// Longest that a shrinker works.
const SHRINKING: Duration = Duration::from_secs(120);
/// How often it says how far it is, and looks whether it is through.
const PROGRESS: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// What is run, one after the other.
struct Sweep {
    story: Option<(String, Story)>,
    start: u64,
    next: AtomicU64,
    end: u64,
    until: Option<Instant>,
    /// The first that fails is kept.
    first: Mutex<Option<(Scenario, Outcome)>>,
}

/// Does what the arguments say.
pub fn run(arguments: &Arguments) -> ExitCode {
    let result = match &arguments.journal {
        Some(path) => stories::read(path).and_then(|scenario| replay(scenario, arguments)),
        None => Sweep::new(arguments).and_then(|sweep| sweep.run(arguments)),
    };
    result.unwrap_or_else(|why| {
        eprintln!("cargo sim: {why}");
        ExitCode::from(REFUSED)
    })
}

fn replay(scenario: Scenario, arguments: &Arguments) -> Result<ExitCode, String> {
    let name = arguments.journal.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let replayed = journal::replay(scenario, u64::MAX).map_err(|why| format!("{name}: {why}"))?;
    if let Some(path) = &arguments.save {
        journal::save(&replayed.world, path)?;
    }
    if let Some(failure) = &replayed.failure {
        print!("{}", report::report(&name, failure, &replayed.world, &format!("cargo sim -- --journal {name}")));
        return Ok(ExitCode::FAILURE);
    }
    println!("{name} comes to {}", journal::place_of(&replayed.world));
    println!("  see it: {}", report::link_to(&replayed.world.journal()));
    Ok(ExitCode::SUCCESS)
}

impl Sweep {
    fn new(arguments: &Arguments) -> Result<Self, String> {
        let story = match &arguments.scenario {
            Some(name) => Some((name.clone(), stories::load(name)?)),
            None => None,
        };
        if arguments.seeds == Some(0) || arguments.jobs == Some(0) {
            return Err("no seeds and no jobs make no worlds: say 1 at least".to_owned());
        }
        // A story is run as it is written, unless somebody wants other randomness.
        let written = story.as_ref().map(|(_, story)| story.scenario.swarm.seed);
        let start = arguments.start.or(written).unwrap_or(1);
        let seeds = arguments.seeds.unwrap_or(if story.is_some() { 1 } else { SEEDS });
        let until = arguments.minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
        Ok(Self {
            story,
            start,
            next: AtomicU64::new(start),
            end: start.checked_add(seeds).ok_or("there are no seeds behind the last one")?,
            until: until.map(|until| Instant::now().checked_add(until).ok_or("nobody waits so long")).transpose()?,
            first: Mutex::new(None),
        })
    }

    fn run(self, arguments: &Arguments) -> Result<ExitCode, String> {
        let begun = Instant::now();
        let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        if self.story.is_none() {
            println!("seeds {} to {}", self.start, self.end - 1);
        }
        let mut figures = Figures::default();
        let mut told = Instant::now();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.clamp(1, 1_000)).map(|_| scope.spawn(|| self.work(arguments))).collect();
            while !workers.iter().all(ScopedJoinHandle::is_finished) {
                std::thread::park_timeout(LOOK);
                told = self.tell(told);
            }
            for worker in workers {
                figures.add(worker.join().expect("a world's panic is caught"));
            }
        });
        figures.print(begun.elapsed());
        let first = self.first.into_inner().expect("no worker panicked");
        if let Some((scenario, outcome)) = first {
            if let Some(path) = &arguments.save {
                journal::save(&outcome.world, path)?;
                println!("its journal is in {}", path.display());
            }
            if let Some(failure) = outcome.failure.as_ref().filter(|_| arguments.shrink) {
                let progress = |text: &str| println!("shrinking: {text}");
                let small = shrink::shrink(&scenario, failure, SHRINKING, progress);
                println!("the smallest that still fails with {}:\n{small}", failure.code);
                println!("see it: {}", report::link_to(&small));
            }
        }
        Ok(if figures.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// How far it is, now and then, beside what the run prints.
    fn tell(&self, told: Instant) -> Instant {
        if told.elapsed() < PROGRESS {
            return told;
        }
        eprintln!(
            "   {} of {} begun",
            self.next.load(Ordering::Relaxed).min(self.end) - self.start,
            self.end - self.start
        );
        Instant::now()
    }

    fn work(&self, arguments: &Arguments) -> Figures {
        let mut figures = Figures::default();
        while self.until.is_none_or(|until| Instant::now() < until) {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.end {
                break;
            }
            figures.add(self.one(seed, arguments));
        }
        figures
    }

    fn one(&self, seed: u64, arguments: &Arguments) -> Figures {
        let scenario = match &self.story {
            Some((_, story)) => story.with_seed(seed),
            None => Scenario::of_seed(seed),
        };
        let outcome = Outcome::of(scenario.clone());
        let figures = Figures::of(&outcome.world, outcome.failure.is_some());
        if let Some(failure) = &outcome.failure {
            let (name, again) = match &self.story {
                Some((name, _)) => (format!("{name} with seed {seed}"), format!("--scenario {name} --start {seed}")),
                None => (format!("seed {seed} ({:?})", scenario.swarm.row), format!("--start {seed} --seeds 1")),
            };
            // One piece, or two workers' lines would be mixed.
            print!("{}", report::report(&name, failure, &outcome.world, &format!("cargo sim -- {again}")));
        }
        let is_wanted = arguments.save.is_some() || arguments.shrink;
        let mut first = self.first.lock().expect("no worker panicked");
        let is_better = first.as_ref().is_none_or(|(_, kept)| kept.failure.is_none() && outcome.failure.is_some());
        if is_wanted && is_better {
            *first = Some((scenario, outcome));
        }
        figures
    }
}
