//! S3, and what architecture.md says of a failed commit: an error at any storage call loses nothing that anyone was
//! told of, and the dir takes appends again, in a higher epoch, or is opened again.

use super::{
    broker::Broker,
    crash::{go_on, in_case, open},
    script::{SCRIPT, Step, take},
};
use crate::{effect::StorageErrorKind, error::ErrorCode, ids::*, log::DirState, log::tests::world::Fault};

/// The script with `fault` at storage call number `call`. `None` if there are not that many.
fn run(call: u64, fault: Fault) -> Option<Broker> {
    let mut broker = Broker::new(1);
    broker.world.fault = Some((call, fault));
    for step in SCRIPT {
        assert!(take(&mut broker, *step), "power was not lost");
        if matches!(broker.dir.state(), DirState::Offline(_)) {
            return Some(broker);
        }
    }
    (broker.world.calls > call).then_some(broker)
}

/// The first call that is not recovery's.
fn first_call() -> u64 {
    Broker::new(1).world.calls
}

#[test]
fn an_error_that_did_nothing_costs_only_what_was_not_acknowledged() {
    for kind in [StorageErrorKind::NoSpace, StorageErrorKind::Aborted] {
        for call in first_call().. {
            let Some(mut broker) = run(call, Fault::Definite(kind)) else { break };
            in_case(format!("{kind:?} at {call}"), || {
                assert!(broker.world.next_call().is_none());
                assert!(!matches!(broker.dir.state(), DirState::Offline(_)));
                let is_read_only = matches!(broker.dir.state(), DirState::ReadOnly(_));
                take(&mut broker, Step::Pass(6_000));
                take(&mut broker, Step::Settle);
                if is_read_only || !broker.is_stopped {
                    assert_eq!(broker.dir.state(), DirState::Online);
                    go_on(broker);
                } else {
                    go_on(open(broker.world, &broker.model));
                }
            });
        }
    }
}

#[test]
fn an_error_of_which_nobody_knows_what_it_did_closes_the_dir_until_it_is_opened_again() {
    for fault in [Fault::Unknown(true), Fault::Unknown(false), Fault::Definite(StorageErrorKind::Gone)] {
        for call in first_call().. {
            let Some(mut broker) = run(call, fault) else { break };
            in_case(format!("{fault:?} at {call}"), || {
                assert!(matches!(broker.dir.state(), DirState::Offline(_)));
                assert!(broker.world.next_call().is_none());
                assert_refused(&mut broker);
                assert!(broker.world.next_call().is_none(), "nothing is asked of a dir that is offline");
                if call % 2 == 0 {
                    broker.world.crash(None, false);
                }
                go_on(open(broker.world, &broker.model));
            });
        }
    }
}

/// Nothing is read and nothing written.
fn assert_refused(broker: &mut Broker) {
    let ids: Vec<TopicPartition> = broker.partitions.iter().map(|partition| partition.id()).collect();
    for id in ids {
        let batch = crate::log::tests::world::batch(1, 1, broker.world.now.wall);
        assert_eq!(broker.append(id, batch), Err(ErrorCode::KafkaStorageError));
        broker.turn(|turn, partitions, dir| {
            let partition = partitions.get_mut(id).unwrap();
            let start = partition.log().log_start_offset();
            assert_eq!(partition.read(dir, start, 100, true).map(|_| ()), Err(ErrorCode::KafkaStorageError));
            assert_eq!(partition.delete_records(turn, dir, -1), Err(ErrorCode::KafkaStorageError));
        });
    }
    assert_eq!(broker.dir.queued_bytes(), 0);
}
