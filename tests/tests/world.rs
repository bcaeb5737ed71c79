//! Worlds by seed, each a minute of a cluster under faults: nothing that must hold is broken, and a seed is a seed.
//!
//! `cargo sim -- --seeds N` runs more of them.

use std::{collections::BTreeSet, thread};

use ottla_core::world::{
    Phase, World,
    fault::Fault,
    scenario::{BUILD, Scenario},
    swarm::Swarm,
};

fn run(seed: u64) -> World {
    let mut world = World::new(Swarm::draw(seed));
    world.run();
    world
}

/// What goes wrong in them: N1, N2, N3, N4, N5, N6, N7 and N8 of the network, K1, K2, K3, K4, K5, K6 and K8 of processes, D1,
/// D2, D3, D4, D5, D6 and D7 of disks, I1, I2, I4, I5, I6, I7 and I8 of what IndexedDB may do.
const FAULTS: [&str; 29] = [
    "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "K1", "K2", "K3", "K4", "K5", "K6", "K8", "D1", "D2", "D3", "D4",
    "D5", "D6", "D7", "I1", "I2", "I4", "I5", "I6", "I7", "I8",
];

/// Operations (O1) and shrunk limits (O2) are in them too; at the end nothing is parked (L10) and everybody is answered.
#[test]
fn forty_minutes_under_faults_break_no_promise() {
    let halves = [1..21, 21..41].map(|seeds| thread::spawn(move || seeds.map(run).collect::<Vec<_>>()));
    // Some kinds are rare: so many worlds more as it takes to see each.
    let more = (41..200).map(run);
    let mut missing = BTreeSet::from(FAULTS);
    for world in halves.into_iter().flat_map(|half| half.join().unwrap()).chain(more) {
        let seed = world.swarm().seed;
        assert_eq!(world.violation(), None, "cargo sim -- --start {seed} --seeds 1");
        assert_eq!(world.phase(), Phase::Over, "seed {seed}");
        world.invariants().faults.keys().for_each(|code| _ = missing.remove(code));
        if seed >= 40 && missing.is_empty() {
            break;
        }
    }
    assert!(missing.is_empty(), "no seed tried {missing:?}");
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

/// The same faults drawn or written out are the same world; so a shrinker may leave out single ones.
#[test]
fn drawn_faults_written_out_are_the_same() {
    for seed in [3, 11, 77] {
        let drawn = Scenario::of_seed(seed);
        let written = Scenario::parse(&drawn.written_out().to_string()).unwrap();
        assert!(written.swarm.faults.is_empty() && written.script.len() == drawn.swarm.draw_faults().len());
        let mut worlds = [World::new(drawn), World::new(written)];
        worlds.iter_mut().for_each(World::run);
        let [drawn, written] = &worlds;
        assert_eq!((drawn.digest(), drawn.steps()), (written.digest(), written.steps()), "seed {seed}");
        assert_eq!(drawn.violation(), None);
    }
}

/// What a person does to a world is in its journal, which comes to the same digest.
#[test]
fn a_journal_is_replayed() {
    let mut world = World::new(Scenario::of_seed(9));
    for (lines, number) in
        ["kill 1 for 2s", "create topic mine; produce mine k v", "power off 1\npause 1 for 1s"].iter().zip(1..)
    {
        (0..500 * number).for_each(|_| _ = world.step());
        world.run_until(world.now() + std::time::Duration::from_micros(7));
        world.command(lines).unwrap();
    }
    assert!(world.command("explode 1").is_err() && world.command("at 1s heal").is_err());
    (0..777).for_each(|_| _ = world.step());
    let journal = world.journal();
    assert_eq!(journal.build.as_deref(), Some(BUILD));
    let mut again = World::new(Scenario::parse(&journal.to_string()).unwrap());
    while again.steps() < world.steps() {
        assert!(again.step());
    }
    assert_eq!(again.journal().end, journal.end, "{journal}");
    [&mut world, &mut again].into_iter().for_each(World::run);
    assert_eq!((world.digest(), world.violation()), (again.digest(), None));
    assert!(world.command("kill 1").is_err(), "nothing happens to a world that is over");
}
