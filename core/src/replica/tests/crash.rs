//! S1: whenever power is lost, what opens again is a prefix of what was appended, with everything in it that was
//! durable; R7, S5 and T1 of it too. And however often power is lost again on the way there.

use super::{
    broker::{Broker, CrashPoint, Down},
    model::Model,
    script::{SCRIPT, draw, take},
};
use crate::{
    effect::StorageErrorKind,
    log::DirState,
    log::tests::world::{Fault, World, batch},
    rng::Rng,
};

/// Random lives of one run. Tens of thousands were clean when this was written; more are a matter of patience.
const SEEDS: u64 = 60;

/// Every storage call of the script.
fn points_of_script() -> Vec<CrashPoint> {
    let mut broker = Broker::new(1);
    broker.points = Some(Vec::new());
    for step in SCRIPT {
        assert!(take(&mut broker, *step));
    }
    assert!(broker.is_stopped);
    broker.points.take().unwrap()
}

/// Loses power at the point, as `seed` draws it. `is_done`: the call was done, but nobody heard of it.
fn lose_power(point: &CrashPoint, is_done: bool, seed: u64) -> World {
    let mut world = World::on(point.disk.clone(), seed);
    world.crash(point.call.clone(), is_done);
    world
}

pub(super) fn open(world: World, model: &Model) -> Broker {
    match Broker::open(world, model.clone()) {
        Ok(broker) => broker,
        Err((_, down)) => panic!("{down:?}"),
    }
}

/// Everything is written once more, durably, and there still after the next crash.
pub(super) fn go_on(mut broker: Broker) {
    for name in ["a", "b", "c"] {
        if broker.model.topic(name).is_none() {
            broker.create(name, 1, true, 500);
        }
    }
    let ids: Vec<_> = broker.partitions.iter().map(|partition| partition.id()).collect();
    for id in ids {
        let now = broker.world.now.wall;
        broker.append(id, batch(2, 30, now)).unwrap();
    }
    let is_cut = broker.world.rng.below(3) == 0;
    let calls = if is_cut { broker.world.rng.below(3) } else { u64::MAX };
    for _ in 0..calls {
        if broker.world.next_call().is_none() || !broker.step() {
            break;
        }
    }
    let Broker { mut world, model, .. } = broker;
    let call = world.next_call().cloned();
    world.crash(call, false);
    open(world, &model);
}

#[test]
fn power_lost_at_any_call_takes_nothing_that_was_durable() {
    for (at, point) in points_of_script().iter().enumerate() {
        for seed in 0..10 {
            let world = lose_power(point, seed == 0, seed * 1_000 + at as u64);
            in_case(format!("call {at}, seed {seed}"), || go_on(open(world, &point.model)));
        }
    }
}

/// Recovery is idempotent: power lost at any of its own calls costs nothing, twice over.
#[test]
fn power_lost_at_any_call_of_recovery_changes_nothing() {
    for (at, point) in points_of_script().iter().enumerate().step_by(3) {
        for call in 0.. {
            let mut world = lose_power(point, at % 2 == 0, at as u64);
            world.fault = Some((call, Fault::Crash(call % 2 == 0)));
            let opened = Broker::open(world, point.model.clone());
            match opened {
                Err((mut world, Down::PowerLost)) => {
                    world.fault = Some((world.calls + call / 2, Fault::Crash(false)));
                    let again =
                        in_case(format!("call {at}, twice at {call}"), || Broker::open(*world, point.model.clone()));
                    if let Err((world, _)) = again {
                        in_case(format!("call {at}, then {call}"), || go_on(open(*world, &point.model)));
                    }
                }
                Err((_, down)) => panic!("call {at}, then {call}: {down:?}"),
                Ok(_) => break,
            }
        }
    }
}

/// As many lives as there are seeds, each of several ends.
#[test]
fn whatever_is_done_and_however_it_ends_nothing_durable_is_lost() {
    for seed in 0..SEEDS {
        in_case(format!("seed {seed}"), || {
            let mut rng = Rng::new(seed);
            let (mut world, mut model) = (World::new(seed), Model::default());
            for _ in 0..6 {
                let calls = world.calls + rng.below(1 + rng.clone().below(80));
                let is_done = rng.below(2) == 0;
                let fault = match rng.below(5) {
                    0 => Fault::Definite(StorageErrorKind::NoSpace),
                    1 => Fault::Unknown(is_done),
                    _ => Fault::Crash(is_done),
                };
                world.fault = Some((calls, fault));
                (world, model) = live(world, model, &mut rng);
            }
            world.fault = None;
            go_on(open(world, &model));
        });
    }
}

/// One life: from opening to a loss of power or a clean end.
fn live(world: World, model: Model, rng: &mut Rng) -> (World, Model) {
    let mut broker = match Broker::open(world, model.clone()) {
        Ok(broker) => broker,
        Err((world, Down::PowerLost)) => return (*world, model),
        // By the error of this life.
        Err((world, Down::CannotOpen(_))) if world.is_fault_past() => return (*world, model),
        Err((_, Down::CannotOpen(fatal))) => panic!("{fatal}"),
    };
    for _ in 0..80 {
        let step = draw(rng);
        let is_going = take(&mut broker, step) && !broker.is_stopped;
        if matches!(broker.dir.state(), DirState::Offline(_)) {
            break;
        }
        if !is_going {
            let Broker { world, model, .. } = broker;
            return (world, model);
        }
    }
    if rng.below(2) == 0 || !matches!(broker.dir.state(), DirState::Offline(_)) {
        broker.world.crash(None, false);
    }
    (broker.world, broker.model)
}

/// Says where it was if it panics.
pub(super) fn in_case<T>(case: String, act: impl FnOnce() -> T) -> T {
    struct Case(String);
    impl Drop for Case {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("in the case: {}", self.0);
            }
        }
    }
    let _case = Case(case);
    act()
}
