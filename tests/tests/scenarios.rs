//! The stories of `tests/scenarios`: each ends as it says, as it is written and with other randomness (B18, B19, B21, T07, T12, T13,
//! G07, W01, W02, W03; P2, R10, T1, S1, S5).

use ottla_core::world::Phase;
use ottla_tests::sim::{Outcome, seeds, stories};

/// Beside the story's own.
const SEEDS: std::ops::Range<u64> = 1..6;

#[test]
fn every_story_ends_as_it_says() {
    let names = stories::names();
    assert!(names.len() > 12, "{names:?}");
    for name in names.iter().filter(|name| *name != stories::CANARY) {
        let story = stories::load(name).unwrap_or_else(|why| panic!("{why}"));
        for seed in std::iter::once(story.scenario.swarm.seed).chain(SEEDS) {
            let outcome = Outcome::of(story.with_seed(seed));
            assert_eq!(outcome.failure, None, "cargo sim -- --scenario {name} --start {seed}");
            assert_eq!(outcome.world.phase(), Phase::Over, "{name}, seed {seed}");
        }
    }
}

/// Whoever runs scenarios and sees this one pass sees nothing.
#[test]
fn the_canary_fails() {
    let outcome = Outcome::of(stories::load(stories::CANARY).unwrap().scenario);
    let failure = outcome.failure.expect("the canary fails");
    assert_eq!(failure.code, "expect");
    assert!(failure.what.contains("somebody-changed-it") && failure.what.contains("k=v"), "{failure}");
}

#[test]
fn what_failed_once_fails_no_more() {
    for old in seeds::all().unwrap_or_else(|why| panic!("{why}")) {
        let outcome = Outcome::of(old.scenario().unwrap_or_else(|why| panic!("{why}")));
        assert_eq!(outcome.failure, None, "{} {:?}: {}", old.seed, old.scenario, old.what);
    }
}
