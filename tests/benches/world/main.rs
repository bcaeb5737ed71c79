//! What a simulated world costs: how much faster than real time it goes, what a snapshot takes, how long a seek is.
//!
//! `cargo bench -p ottla-tests --bench world [-- WORD…]`: with words, only the rows whose name has one of them. Times are
//! CPU times of one thread.

mod counted;
#[path = "../broker/table.rs"]
mod table;

use std::time::Duration;

use ottla_core::{
    rng::Rng,
    time::Instant,
    world::{World, scenario::Scenario, swarm::Swarm, timeline::Timeline},
};
use ottla_tests::cpu;

use table::{Aim, Figure, Table, median};

const SEEDS: u64 = 40;
const TEN_MINUTES: &str = include_str!("../../fixtures/ten-minutes.txt");
const SEEKS: u64 = 20;

fn main() {
    let words = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut table = Table::new(words);
    speed(&mut table);
    if table.wants("world ten minutes") {
        ten_minutes_long(&mut table);
    }
    table.write_json(&std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench-world.json"));
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = cpu::this_thread();
    let done = work();
    (done, (cpu::this_thread() - begun).as_secs_f64())
}

/// Worlds as seeds draw them.
fn speed(table: &mut Table) {
    if !table.wants("world seeds") {
        return;
    }
    let (mut simulated, mut steps, mut fewest) = (Duration::ZERO, 0, f64::MAX);
    let ((), took) = timed(|| {
        for seed in 1..=SEEDS {
            let mut world = World::new(Swarm::draw(seed));
            world.run();
            let length = Duration::from_micros(world.now().0);
            fewest = fewest.min(world.messages() as f64 / length.as_secs_f64() * 60.0);
            simulated += length;
            steps += world.steps();
        }
    });
    table.add(
        "world seeds",
        &[
            Figure { name: "times real time", value: simulated.as_secs_f64() / took, aim: Some(Aim::AtLeast(600.0)) },
            Figure { name: "thousand events/s", value: steps as f64 / took / 1e3, aim: None },
            Figure { name: "client messages/min, at least", value: fewest, aim: Some(Aim::AtLeast(1_000.0)) },
        ],
    );
}

fn ten_minutes_long(table: &mut Table) {
    let mut timeline = Timeline::new(World::new(Scenario::parse(TEN_MINUTES).expect("it is a scenario")));
    let before = counted::bytes();
    let ((), took) = timed(|| timeline.seek(Instant(u64::MAX)));
    let end = timeline.world().now();
    let real = Duration::from_micros(end.0).as_secs_f64();
    let topics = timeline.world().servers().iter().filter_map(|server| server.node.as_ref()?.topics());
    let ends = topics.flat_map(|topics| topics.partitions.iter()).map(|partition| partition.log().log_end_offset());
    let records = ends.sum::<i64>() as f64 / real;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    table.add(
        "world ten minutes",
        &[
            Figure { name: "times real time", value: real / took, aim: None },
            Figure { name: "thousand steps", value: timeline.world().steps() as f64 / 1e3, aim: None },
            Figure { name: "records/s", value: records, aim: Some(Aim::AtLeast(290.0)) },
            Figure { name: "MB held in all", value: megabytes(counted::bytes() - before), aim: None },
        ],
    );
    timeline.seek(Instant(end.0 / 2));
    let world = timeline.world().clone();
    let held = counted::bytes();
    let (clones, took) = timed(|| (0..100).map(|_| world.clone()).collect::<Vec<_>>());
    table.add(
        "world ten minutes, a clone in the middle",
        &[
            Figure { name: "us", value: took * 1e6 / clones.len() as f64, aim: None },
            Figure { name: "kB", value: (counted::bytes() - held) as f64 / 1e3 / clones.len() as f64, aim: None },
        ],
    );
    drop((clones, world));
    let mut rng = Rng::new(1);
    let times: Vec<f64> = (0..SEEKS).map(|_| timed(|| timeline.seek(Instant(rng.below(end.0)))).1 * 1e3).collect();
    let estimate = timeline.snapshot_bytes();
    let count = timeline.snapshot_count();
    timeline.seek(end);
    let world = timeline.world().clone();
    let held = counted::bytes();
    drop(timeline);
    let snapshots = held - counted::bytes();
    drop(world);
    table.add(
        "world ten minutes, a seek",
        &[
            Figure {
                name: "ms at worst",
                value: times.iter().copied().fold(0.0, f64::max),
                aim: Some(Aim::AtMost(200.0)),
            },
            Figure { name: "ms in the middle", value: median(times), aim: None },
            Figure { name: "snapshots", value: f64::from(count), aim: None },
            Figure { name: "MB of snapshots", value: megabytes(snapshots), aim: Some(Aim::AtMost(100.0)) },
            Figure { name: "MB as estimated", value: megabytes(estimate), aim: None },
        ],
    );
}
