//! What all worlds together came to.

use std::{collections::BTreeMap, time::Duration};

use ottla_core::{
    sorted::SortedMap,
    world::{World, fault::FAULTS, mark::MARKS},
};

#[derive(Debug, Default)]
pub struct Figures {
    worlds: u64,
    steps: u64,
    messages: u64,
    /// Of any world while faults happened, and that world's seed.
    fewest_messages: Option<(u64, u64)>,
    simulated: Duration,
    faults: BTreeMap<&'static str, u64>,
    marks: BTreeMap<&'static str, u64>,
    pub failed: u64,
}

impl Figures {
    /// Of one world.
    pub fn of(world: &World, has_failed: bool) -> Self {
        let counted = |counts: &SortedMap<&'static str, u32>| {
            counts.iter().map(|(name, count)| (*name, u64::from(*count))).collect()
        };
        Self {
            worlds: 1,
            steps: world.steps(),
            messages: world.messages(),
            fewest_messages: Some((world.messages_under_faults(), world.swarm().seed)).filter(|_| !has_failed),
            simulated: Duration::from_micros(world.now().0),
            faults: counted(&world.invariants().faults),
            marks: counted(&world.invariants().marks),
            failed: u64::from(has_failed),
        }
    }

    pub fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.steps += other.steps;
        self.messages += other.messages;
        self.fewest_messages = self.fewest_messages.into_iter().chain(other.fewest_messages).min();
        self.simulated += other.simulated;
        self.failed += other.failed;
        for (code, count) in other.faults {
            *self.faults.entry(code).or_default() += count;
        }
        for (mark, count) in other.marks {
            *self.marks.entry(mark).or_default() += count;
        }
    }

    /// `took`: by the clock of the machine that ran them.
    pub fn print(&self, took: Duration) {
        let (seconds, minutes) = (took.as_secs_f64().max(1e-9), took.as_secs_f64().max(1e-9) / 60.0);
        println!(
            "{} seeds, {} failed, in {seconds:.1} s: {:.1} simulated hours per minute ({:.0} times real time), \
             {:.0} events/s, {:.0} client messages/s",
            self.worlds,
            self.failed,
            self.simulated.as_secs_f64() / 3600.0 / minutes,
            self.simulated.as_secs_f64() / seconds,
            self.steps as f64 / seconds,
            self.messages as f64 / seconds,
        );
        if let Some((messages, seed)) = self.fewest_messages {
            println!("fewest client messages under faults: {messages}, of seed {seed}");
        }
        println!("faults: {}", listed(&self.faults));
        println!("faults never tried: {}", never(&self.faults, &FAULTS));
        println!("marks: {}", listed(&self.marks));
        println!("marks never reached: {}", never(&self.marks, MARKS));
        if self.failed == 0 && self.worlds > 0 {
            let bound = (3.0 / self.worlds as f64).min(1.0);
            println!("at most {bound:.4} of all seeds fail, with 95 % certainty (3/n)");
        }
    }
}

fn listed(counts: &BTreeMap<&'static str, u64>) -> String {
    or_none(counts.iter().map(|(name, count)| format!("{name} {count}")).collect())
}

fn never(counts: &BTreeMap<&'static str, u64>, all: &[&'static str]) -> String {
    or_none(all.iter().filter(|name| !counts.contains_key(*name)).map(|name| (*name).to_owned()).collect())
}

fn or_none(names: Vec<String>) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
