use super::*;
use crate::rng::Rng;

fn timeline(seed: u64) -> Timeline {
    of(&format!("ottla 1\nseed {seed}\nduration 8s\n"))
}

fn of(text: &str) -> Timeline {
    let timeline = Timeline::new(World::new(Scenario::parse(text).unwrap()));
    // Short worlds: there is to be something to go back to.
    Timeline { spacing: 256, ..timeline }
}

fn seconds(seconds: f64) -> Instant {
    Instant((seconds * 1e6) as u64)
}

/// Where a world that nobody moves is at these moments.
fn straight(seed: u64, moments: &[Instant]) -> Vec<(u64, u64)> {
    let mut world = timeline(seed).world;
    let at = moments.iter().map(|at| {
        world.run_until(*at);
        (world.steps(), world.digest())
    });
    at.collect()
}

#[test]
fn whichever_way_a_moment_is_reached_it_is_the_same() {
    let moments: Vec<Instant> = (0..=40).map(|tenths| seconds(f64::from(tenths) / 5.0)).collect();
    for seed in [3, 17] {
        let expected = straight(seed, &moments);
        let mut timeline = timeline(seed);
        let mut rng = Rng::new(seed);
        for _ in 0..60 {
            let place = rng.below(moments.len() as u64) as usize;
            timeline.seek(moments[place]);
            assert_eq!(timeline.world().now(), moments[place]);
            assert_eq!((timeline.world().steps(), timeline.world().digest()), expected[place], "seed {seed}, {place}");
            // Somewhere in the middle of a moment, too.
            (0..rng.below(50)).for_each(|_| _ = timeline.step());
        }
        assert!(timeline.snapshot_count() > 2, "there is something to go back to");
    }
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut first = timeline(5);
    first.seek(seconds(4.0));
    let mut fork = first.fork();
    let middle = fork.world().digest();
    fork.command("kill 1 for 300ms").unwrap();
    fork.seek(seconds(6.0));
    let mut expected = straight(5, &[seconds(6.0)]);
    first.seek(seconds(6.0));
    assert_eq!(Some((first.world().steps(), first.world().digest())), expected.pop());
    assert_ne!(fork.world().digest(), first.world().digest());
    // Both still have the past.
    fork.seek(seconds(4.0));
    assert_eq!(fork.world().digest(), middle);
}

#[test]
fn what_was_commanded_happens_again_and_cuts_off_what_was_recorded() {
    let mut timeline = timeline(9);
    timeline.seek(seconds(3.0));
    timeline.command("kill 1 for 300ms").unwrap();
    assert!(timeline.command("kill 7").is_err() && timeline.command("dance").is_err());
    timeline.seek(seconds(5.0));
    timeline.command("cut visitor-1<>broker-1 for 1s").unwrap();
    timeline.seek(seconds(7.0));
    let (steps, digest) = (timeline.world().steps(), timeline.world().digest());
    for at in [1.0, 4.0, 2.9, 0.0] {
        timeline.seek(seconds(at));
        timeline.seek(seconds(7.0));
        assert_eq!((timeline.world().steps(), timeline.world().digest()), (steps, digest), "by way of {at}");
    }
    // Its journal tells the same, and so does that one's.
    let journal = timeline.journal().to_string();
    let mut replayed = of(&journal);
    assert_eq!(replayed.end(), seconds(7.0));
    replayed.seek(seconds(7.0));
    assert_eq!((replayed.world().steps(), replayed.world().digest()), (steps, digest), "{journal}");
    assert_eq!(replayed.notes(), []);
    assert_eq!(replayed.journal().to_string(), journal);
    // Something else at 4 s: neither the cut at 5 s nor the journal's end is any more.
    replayed.seek(seconds(4.0));
    replayed.command("reset visitor-1").unwrap();
    assert_eq!(replayed.end().0, 4_000_001);
    replayed.seek(seconds(7.0));
    assert_ne!(replayed.world().digest(), digest);
    timeline.seek(seconds(4.0));
    timeline.command("reset visitor-1").unwrap();
    timeline.seek(seconds(7.0));
    let journal = timeline.journal().to_string();
    assert!(!journal.contains("cut") && journal.contains("kill") && journal.contains("reset"), "{journal}");
}

#[test]
fn a_journal_of_somebody_else_says_so() {
    let mut timeline = timeline(2);
    timeline.seek(seconds(2.0));
    let journal = timeline.journal().to_string();
    let digest = format!("{:016x}", timeline.world().digest());
    let mut other = of(&journal.replace(&digest, "0123456789abcdef").replace("build ", "build 9"));
    assert_eq!(other.notes(), [Note::OtherBuild]);
    other.seek(seconds(2.0));
    assert_eq!(other.notes(), [Note::OtherBuild, Note::OtherEnd]);
}

#[test]
fn snapshots_keep_their_budget() {
    let mut free = timeline(7);
    free.seek(seconds(60.0));
    let budget = free.snapshot_bytes() / 3;
    assert!(free.snapshot_count() > 6, "{} snapshots", free.snapshot_count());
    let mut bound = Timeline { bytes_max: budget, ..timeline(7) };
    bound.seek(seconds(60.0));
    assert_eq!(bound.world().digest(), free.world().digest());
    assert!(bound.snapshot_bytes() <= budget, "{} of {budget} bytes", bound.snapshot_bytes());
    assert!((2..free.snapshot_count()).contains(&bound.snapshot_count()), "{} snapshots", bound.snapshot_count());
    bound.seek(seconds(3.0));
    free.seek(seconds(3.0));
    assert_eq!(bound.world().digest(), free.world().digest());
}

#[test]
fn a_way_ends_behind_what_is_waited_for() {
    let mut timeline = timeline(11);
    let until = |event: &str| Until { events: vec![event.to_owned()], at: None };
    let advanced = timeline.advance(1_000_000, &until("HighWatermarkMoved"));
    assert!(advanced.has_arrived && advanced.taken == timeline.world().steps());
    let last = timeline
        .world()
        .happened(super::super::happened::Who::Broker)
        .rev()
        .find(|happened| happened.what.name() == "HighWatermarkMoved");
    assert_eq!(last.map(|happened| happened.at), Some(timeline.world().now()));
    // A few steps at a time come to the same.
    let mut other = self::timeline(11);
    while !other.advance(3, &until("HighWatermarkMoved")).has_arrived {}
    assert_eq!(other.world().digest(), timeline.world().digest());
    let over = timeline.advance(u64::MAX, &Until::default());
    assert!(over.is_over && !over.has_arrived && timeline.world().phase() == Phase::Over);
}
