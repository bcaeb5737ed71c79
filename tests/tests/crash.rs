//! Every storage call of a workload goes wrong once, in every way and in every row of the durability table: what the row
//! promises is kept (S1, S2, S3, T1), and recovery may be broken off at any of its own calls.
//!
//! A slice of it runs with all other tests; `cargo verify --full` runs the whole.

use std::thread;

use ottla_core::world::{
    Phase, World,
    fault::{CallFault, Fault},
    scenario::Scenario,
    server::Server,
};

const ROWS: [&str; 3] = ["append", "commit", "relaxed"];

/// Segments roll and are deleted, batches are read from storage, topics come and go, checkpoints are written; it is shut
/// down cleanly once and killed once.
const WORKLOAD: &str = "visitors 2
duration 5s
faults none
work send poll churn administer ask
beat 10ms
topics 1
churned 1
partitions 2
clocks right
pieces whole
latency 50us..300us
storage.time 100us..1ms
stage.receive 0s
stage.handle 0s
stage.send 0s
client.request.timeout 500ms
client.delivery.timeout 2s
client.api.timeout 1s
requests.in.hand 5
hot.bytes 3000
checkpoint 300ms
checkpoint.bytes 4000
retention.check 200ms
room.retry 200ms
load.bytes 512
config log.segment.bytes=2500
config log.retention.bytes=12000
at 1.5s restart 1 for 20ms
at 3.5s kill 1 for 20ms
";

/// One in so many is run.
fn share() -> usize {
    if std::env::var("OTTLA_VERIFY").is_ok_and(|effort| effort == "full") { 1 } else { 37 }
}

fn world(row: &str) -> World {
    let text = format!("ottla 1\nrow {row}\n{WORKLOAD}");
    World::new(Scenario::parse(&text).unwrap_or_else(|why| panic!("{why}")))
}

fn calls(world: &World) -> u64 {
    world.servers()[0].storage_calls()
}

/// The same world with a call that goes wrong.
fn broken(world: &World, call: u64, way: CallFault) -> World {
    let mut fork = world.clone();
    fork.schedule_fault(fork.now(), Fault::AtCall { server: 0, call, way });
    fork
}

/// Hands every call of the workload to `each`, and the world as it was right before it was asked for.
fn each_call(row: &str, mut each: impl FnMut(u64, &World)) -> u64 {
    let mut world = world(row);
    let mut issuing = Vec::new();
    let mut probe = world.clone();
    while probe.phase() == Phase::Faults {
        let before = calls(&probe);
        if !probe.step() {
            break;
        }
        issuing.extend((before..calls(&probe)).map(|call| (probe.steps() - 1, call)));
    }
    let count = issuing.len() as u64;
    for (step, call) in issuing {
        while world.steps() < step {
            world.step();
        }
        each(call, &world);
    }
    count
}

fn assert_kept(mut world: World, what: &str) {
    world.run();
    assert_eq!(world.violation(), None, "{what}");
    assert_eq!(world.phase(), Phase::Over, "{what}");
}

fn of_every_row(test: fn(&'static str)) {
    let rows = ROWS.map(|row| thread::spawn(move || test(row)));
    for row in rows {
        row.join().expect("every row's promise is kept");
    }
}

#[test]
fn every_storage_call_goes_wrong_once() {
    of_every_row(|row| {
        let mut at = 0;
        let count = each_call(row, |call, world| {
            for way in CallFault::ALL {
                at += 1;
                if at % share() == 0 {
                    assert_kept(broken(world, call, way), &format!("{row}: call {call} as {}", way.name()));
                }
            }
        });
        assert!((200..2_000).contains(&count), "{row}: {count} storage calls");
    });
}

/// What ends the process, and then something at any call of the recovery that follows, which ends in another one.
#[test]
fn every_call_of_a_recovery_goes_wrong_too() {
    const ENDS: [CallFault; 4] = [CallFault::Torn, CallFault::PowerLoss, CallFault::DonePowerLoss, CallFault::Unknown];
    of_every_row(|row| {
        let mut at = 0;
        each_call(row, |call, world| {
            for way in ENDS {
                at += 1;
                if at % share() > 0 {
                    continue;
                }
                let first = format!("{row}: call {call} as {}", way.name());
                let Some(recovering) = next_life(broken(world, call, way)) else { continue };
                let last = calls_of_recovery(&recovering);
                // Of all pairs some: which call and in which way goes round.
                let (begin, pick) = (calls(&recovering), at / share());
                for (of, turn) in [(3, 0), (5, 1), (7, 2)] {
                    let second = begin + (pick * of + turn) as u64 % (last - begin).max(1);
                    let way = CallFault::ALL[(pick + of * turn) % CallFault::ALL.len()];
                    let what = format!("{first}, then call {second} as {}", way.name());
                    assert_kept(broken(&recovering, second, way), &what);
                }
            }
        });
    });
}

/// The world at the beginning of the next life, if there is one while faults happen.
fn next_life(mut world: World) -> Option<World> {
    let life = world.servers()[0].life;
    while world.servers()[0].life == life {
        if world.phase() != Phase::Faults || !world.step() {
            return None;
        }
    }
    assert_eq!(world.violation(), None);
    Some(world)
}

/// Up to where the storage calls of the opening that has begun go.
fn calls_of_recovery(world: &World) -> u64 {
    let mut world = world.clone();
    while !world.servers().iter().all(Server::is_serving) && world.step() {}
    calls(&world)
}
