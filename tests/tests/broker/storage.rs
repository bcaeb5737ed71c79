//! Storage that fails, is full, goes away; stops and starts.

use ottla_core::{
    effect::{NodeAnswer, NodeCall, Outcome, StorageError, StorageErrorKind},
    log::DirState,
};

use super::*;

pub const KAFKA_STORAGE_ERROR: i16 = 56;

pub fn broken() -> StorageError {
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Broken, detail: "as a test wants it".into() }
}

fn no_space() -> StorageError {
    StorageError { kind: StorageErrorKind::NoSpace, ..broken() }
}

fn state(broker: &Driven<Node>) -> DirState {
    broker.machine.topics().unwrap().dir.state()
}

/// Another life on the same storage.
fn restart(broker: Driven<Node>, options: NodeOptions) -> Driven<Node> {
    Driven::start(Node::new(options), broker.storage)
}

/// D1, S3.
#[test]
fn a_failed_commit_is_told_and_what_was_acknowledged_stays() {
    let mut broker = with_topic(options());
    broker.ask(1, &produce(5, -1, "kept"));
    broker.hold();
    broker.send(1, &produce(6, -1, "lost"));
    broker.fail_one(broken());
    assert_eq!(produced(&mut broker, 1).map(|answer| answer.error), Some(KAFKA_STORAGE_ERROR));
    assert_eq!(state(&broker), DirState::ReadOnly(StorageErrorKind::Broken));
    broker.send(1, &produce(7, -1, "refused"));
    assert_eq!(produced(&mut broker, 1).map(|answer| answer.error), Some(KAFKA_STORAGE_ERROR));
    assert_eq!(read_back(&mut broker), ["kept"]);
    // It looks again by itself, and takes records in a higher epoch.
    broker.release();
    broker.wait(6_000);
    assert_eq!(state(&broker), DirState::Online);
    assert_eq!(frames::produced(broker.ask(1, &produce(8, -1, "again"))), Produced { error: 0, base_offset: 1 });
    let mut broker = restart(broker, options());
    assert_eq!(read_back(&mut broker), ["kept", "again"]);
}

/// D5.
#[test]
fn a_full_disk_takes_records_again_once_a_topic_is_deleted() {
    let mut broker = with_topic(options());
    broker.ask(1, &frames::create_topic(1, "large", 1, FLUSHED));
    let large = frames::produce(2, -1, "large", 0, &batch(&"x".repeat(500_000)));
    broker.ask(1, &large);
    broker.ask(1, &produce(3, -1, "kept"));
    broker.storage.set_capacity(Some(broker.storage.used() + 1000));
    assert_eq!(frames::produced(broker.ask(1, &large)).error, KAFKA_STORAGE_ERROR);
    assert_eq!(state(&broker), DirState::ReadOnly(StorageErrorKind::NoSpace));
    assert_eq!(read_back(&mut broker), ["kept"]);
    assert_eq!(frames::created(broker.ask(1, &frames::delete_topic(4, "large"))), 0);
    broker.wait(6_000);
    assert_eq!(frames::produced(broker.ask(1, &produce(5, -1, "again"))).error, 0);
    let mut broker = restart(broker, options());
    assert_eq!(read_back(&mut broker), ["kept", "again"]);
    broker.open(1);
    assert_eq!(frames::created(broker.ask(1, &frames::delete_topic(6, "large"))), 3, "it is gone");
}

#[test]
fn a_topic_that_could_not_be_kept_is_told_so() {
    let mut broker = with_topic(options());
    broker.hold();
    broker.send(1, &frames::create_topic(5, "u", 1, FLUSHED));
    broker.fail_one(no_space());
    assert_eq!(broker.receive(1).map(frames::created), Some(KAFKA_STORAGE_ERROR));
    assert_eq!(parked(&broker), (0, 0, 0));
}

/// D1, S3: after a failed sync nobody knows.
#[test]
fn an_unknown_outcome_takes_the_log_dir_offline() {
    let mut broker = with_topic(options());
    broker.ask(1, &produce(5, -1, "kept"));
    broker.open(2);
    broker.send(2, &fetch(1));
    broker.hold();
    broker.send(1, &produce(6, -1, "who knows"));
    broker.fail_one(StorageError { outcome: Outcome::Unknown, kind: StorageErrorKind::TimedOut, ..broken() });
    assert_eq!(produced(&mut broker, 1).map(|answer| answer.error), Some(KAFKA_STORAGE_ERROR));
    assert_eq!(broker.receive(2).map(|answer| frames::fetched(answer).error), Some(KAFKA_STORAGE_ERROR));
    assert_eq!(state(&broker), DirState::Offline(StorageErrorKind::TimedOut));
    broker.release();
    broker.wait(60_000);
    assert_eq!(frames::produced(broker.ask(1, &produce(7, -1, "refused"))).error, KAFKA_STORAGE_ERROR);
    assert_eq!(frames::fetched(broker.ask(1, &fetch(0))).error, KAFKA_STORAGE_ERROR);
    let mut broker = restart(broker, options());
    assert_eq!(read_back(&mut broker), ["kept"]);
}

#[test]
fn a_clean_stop_answers_who_waits_and_closes_everyone() {
    let mut broker = with_topic(options());
    broker.open(2);
    broker.send(2, &fetch(0));
    broker.hold();
    broker.send(1, &produce(5, -1, "last words"));
    broker.call(NodeCall::Stop);
    assert_eq!(broker.told.last(), Some(&NodeAnswer::Ready));
    broker.open(3);
    assert!(broker.is_closed(3), "nobody is let in any more");
    broker.release();
    assert_eq!(produced(&mut broker, 1), Some(Produced { error: 0, base_offset: 0 }));
    assert!(broker.is_closed(1) && broker.is_closed(2));
    assert_eq!(broker.told.last(), Some(&NodeAnswer::Stopped));
    let broker = &mut restart(broker, options());
    assert_eq!(read_back(broker), ["last words"]);
}

#[test]
fn a_stop_ends_whatever_storage_does() {
    let mut broker = with_topic(options());
    broker.hold();
    broker.send(1, &produce(5, -1, "lost"));
    broker.call(NodeCall::Stop);
    broker.fail_one(broken());
    assert_eq!(broker.told.last(), Some(&NodeAnswer::Stopped));
}

#[test]
fn the_cluster_keeps_its_identity_and_topics_their_own() {
    let broker = with_topic(options());
    let identity = |broker: &Driven<Node>| {
        let catalog = &broker.machine.topics().unwrap().catalog;
        (catalog.cluster_id.clone(), catalog.topic_named("t").map(|topic| topic.id))
    };
    let before = identity(&broker);
    let later = restart(broker, NodeOptions { seed: 8, ..options() });
    assert_eq!(identity(&later), before);
}

#[test]
fn a_damaged_catalog_keeps_the_dir_closed_in_words() {
    use futures::FutureExt;
    use ottla_core::host::Storage;
    let broker = with_topic(options());
    let put = ottla_core::effect::WriteOp::Put { file: "catalog".into(), bytes: "ottla catalog 99\n".into() };
    broker.storage.commit(vec![put], true).now_or_never().expect("memory answers at once").unwrap();
    let later = restart(broker, options());
    let Some(NodeAnswer::CannotOpen(why)) = later.told.last() else { panic!("{:?}", later.told) };
    assert!(why.to_string().contains("later version"), "{why}");
}
