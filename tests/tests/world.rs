//! Worlds by seed, each a minute of a cluster under faults: nothing that must hold is broken, and a seed is a seed.
//!
//! `cargo sim -- --seeds N` runs more of them.

use std::thread;

use ottla_core::world::{Phase, World, fault::Fault, swarm::Swarm};

fn run(seed: u64) -> World {
    let mut world = World::new(Swarm::draw(seed));
    world.run();
    world
}

#[test]
fn forty_minutes_under_faults_break_no_promise() {
    let halves = [1..21, 21..41].map(|seeds| thread::spawn(move || seeds.map(run).collect::<Vec<_>>()));
    for world in halves.into_iter().flat_map(|half| half.join().unwrap()) {
        let seed = world.swarm().seed;
        assert_eq!(world.violation(), None, "cargo sim -- --start {seed} --seeds 1");
        assert_eq!(world.phase(), Phase::Over, "seed {seed}");
    }
}

/// P5: a same-seed run has an identical event-trace hash.
#[test]
fn a_seed_is_a_seed() {
    let (first, second) = (run(77), run(77));
    assert_eq!((first.digest(), first.steps()), (second.digest(), second.steps()));
    assert_ne!(first.digest(), run(78).digest());
}

/// What was cloned at some step goes on as what it was cloned from does.
#[test]
fn a_world_can_be_forked() {
    let mut world = World::new(Swarm::draw(5));
    (0..20_000).for_each(|_| _ = world.step());
    let mut fork = world.clone();
    world.run();
    fork.run();
    assert_eq!((world.digest(), world.steps()), (fork.digest(), fork.steps()));
    let mut other = World::new(Swarm::draw(5));
    other.schedule_fault(other.now(), Fault::ClockStep { server: 0, millis: 5 });
    other.run();
    assert_eq!(other.violation(), None);
    assert_ne!(other.digest(), world.digest(), "a fault more is another world");
}
