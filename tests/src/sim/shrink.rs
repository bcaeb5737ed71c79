//! Makes a world that fails smaller for as long as it fails in the same way.
//!
//! A scenario is lines, and every line that can go, goes: faults of the seed written out, single settings (whatever is not
//! said is as in a plain world), lines of the script, in halves first and one by one in the end. Then numbers and words
//! within lines. What is left is a story that somebody can read.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ottla_core::world::scenario::Scenario;

use super::{Failure, Outcome};

/// A smaller world may take so many times as many steps until it fails, and no more.
const STEPS_FACTOR: u64 = 2;
/// And at least so many, since small worlds fail soon.
const STEPS_MIN: u64 = 20_000;

struct Shrinker<'a, P> {
    code: &'a str,
    steps_max: u64,
    until: Instant,
    progress: P,
    /// Texts that were tried.
    tried: BTreeSet<String>,
    best: Vec<String>,
}

/// The smallest scenario found within `time` that fails with the code of `failure`. `progress` hears of each step.
pub fn shrink(scenario: &Scenario, failure: &Failure, time: Duration, progress: impl FnMut(&str)) -> Scenario {
    let outcome = Outcome::of(scenario.clone());
    let written = plain(&cut_short(scenario.written_out(), failure));
    let mut shrinker = Shrinker {
        code: &failure.code,
        steps_max: (outcome.world.steps() * STEPS_FACTOR).max(STEPS_MIN),
        until: Instant::now() + time,
        progress,
        tried: BTreeSet::new(),
        best: Vec::new(),
    };
    let candidates = [written, plain(&scenario.written_out()), scenario.clone()];
    let Some(first) = candidates.into_iter().find(|candidate| shrinker.fails(&lines_of(candidate))) else {
        return scenario.clone();
    };
    shrinker.best = lines_of(&first);
    while shrinker.has_time() {
        let before = shrinker.best.clone();
        shrinker.drop_lines();
        shrinker.drop_commands();
        shrinker.lower_numbers();
        shrinker.drop_words();
        if shrinker.best == before {
            break;
        }
    }
    Scenario::parse(&shrinker.best.join("\n")).unwrap_or(first)
}

/// Nothing that comes after the failure.
fn cut_short(mut scenario: Scenario, failure: &Failure) -> Scenario {
    if failure.at < scenario.swarm.duration {
        scenario.swarm.duration = Duration::from_secs(failure.at.as_secs() + 1);
        let end = ottla_core::time::Instant(0) + scenario.swarm.duration;
        scenario.script.retain(|line| line.at.is_none_or(|at| at <= end));
    }
    scenario
}

/// Every setting that differs from a plain world's is a line of its own.
fn plain(scenario: &Scenario) -> Scenario {
    Scenario { seed: None, build: None, end: None, ..scenario.clone() }
}

fn lines_of(scenario: &Scenario) -> Vec<String> {
    scenario.to_string().lines().map(str::to_owned).collect()
}

impl<P: FnMut(&str)> Shrinker<'_, P> {
    fn has_time(&self) -> bool {
        Instant::now() < self.until
    }

    fn fails(&mut self, lines: &[String]) -> bool {
        let text = lines.join("\n");
        if !self.has_time() || !self.tried.insert(text.clone()) {
            return false;
        }
        let Ok(scenario) = Scenario::parse(&text) else { return false };
        let outcome = Outcome::within(scenario, self.steps_max);
        outcome.failure.is_some_and(|failure| failure.code == self.code)
    }

    /// Keeps `lines` if they fail still.
    fn keep(&mut self, lines: Vec<String>) -> bool {
        let fails = self.fails(&lines);
        if fails {
            (self.progress)(&format!("{} lines, {} bytes", lines.len(), lines.iter().map(String::len).sum::<usize>()));
            self.best = lines;
        }
        fails
    }

    /// The first line stays: it is the language's.
    fn drop_lines(&mut self) {
        let mut size = (self.best.len() / 2).max(1);
        loop {
            let mut at = 1;
            while at < self.best.len() && self.has_time() {
                let end = (at + size).min(self.best.len());
                let mut smaller = self.best.clone();
                smaller.drain(at..end);
                if !self.keep(smaller) {
                    at = end;
                }
            }
            if size == 1 {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// Commands of one line, parted by `;` outside of quotes: what does not parse is not kept.
    fn drop_commands(&mut self) {
        for at in 1..self.best.len() {
            let mut number = 0;
            loop {
                let parts: Vec<String> = self.best[at].split("; ").map(str::to_owned).collect();
                if parts.len() < 2 || number >= parts.len() || !self.has_time() {
                    break;
                }
                let mut fewer = parts;
                fewer.remove(number);
                if !self.keep_line(at, fewer.join("; ")) {
                    number += 1;
                }
            }
        }
    }

    fn keep_line(&mut self, at: usize, line: String) -> bool {
        let mut smaller = self.best.clone();
        smaller[at] = line;
        self.keep(smaller)
    }

    /// Settings that count something, as few as will do; the duration too.
    fn lower_numbers(&mut self) {
        for at in 1..self.best.len() {
            let Some((name, value)) =
                self.best[at].split_once(' ').map(|(name, value)| (name.to_owned(), value.to_owned()))
            else {
                continue;
            };
            let (number, unit) = match value.strip_suffix('s') {
                Some(number) => (number, "s"),
                None => (value.as_str(), ""),
            };
            let is_counted = ["visitors", "topics", "churned", "partitions", "duration"].contains(&name.as_str());
            let Some(number) = number.parse::<u64>().ok().filter(|_| is_counted) else { continue };
            for smaller in [1, 2, 3, number / 4, number / 2, number.saturating_sub(1)] {
                if smaller > 0 && smaller < number && self.keep_line(at, format!("{name} {smaller}{unit}")) {
                    break;
                }
            }
        }
    }

    /// Kinds of work and of faults, one by one, and options of commands.
    fn drop_words(&mut self) {
        for at in 1..self.best.len() {
            let mut number = 1;
            loop {
                let words: Vec<String> = self.best[at].split(' ').map(str::to_owned).collect();
                if number >= words.len() || !self.has_time() {
                    break;
                }
                let mut fewer = words;
                fewer.remove(number);
                if !self.keep_line(at, fewer.join(" ")) {
                    number += 1;
                }
            }
        }
    }
}
