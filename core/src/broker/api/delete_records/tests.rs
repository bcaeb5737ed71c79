use std::time::Duration;

use kafka_wire::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};

use super::*;
use crate::{
    broker::tests::{Asked, TestBroker},
    effect::Outcome,
    log::{DirOptions, DirState},
    wire::Api,
};

/// A row of an answer: error, low watermark.
type Row = (i16, Offset);

fn refused(error: ErrorCode) -> Row {
    (error.code(), -1)
}

fn request(asked: &[(&str, PartitionIndex, Offset)]) -> DeleteRecordsRequest {
    let mut request = DeleteRecordsRequest::default();
    request.timeout_ms = 5_000;
    for &(name, partition, offset) in asked {
        let mut topic = DeleteRecordsTopic::default();
        topic.name = name.into();
        let mut row = DeleteRecordsPartition::default();
        (row.partition_index, row.offset) = (partition, offset);
        topic.partitions.push(row);
        request.topics.push(topic);
    }
    request
}

fn ask(broker: &mut TestBroker, version: i16, asked: &[(&str, PartitionIndex, Offset)]) -> Asked {
    let handler = (Api::DeleteRecords, version);
    broker.ask_with_waits(handler, &request(asked), |topics, turn, ask, request, waits| {
        topics.on_delete_records(turn, ask, request, &mut waits.delete_records)
    })
}

fn rows(asked: &Asked) -> Vec<Row> {
    let response: DeleteRecordsResponse = asked.answer();
    let rows = response.topics.iter().flat_map(|topic| &topic.partitions);
    rows.map(|row| (row.error_code, row.low_watermark)).collect()
}

/// Two partitions of six records each, a segment per batch of two.
fn broker() -> TestBroker {
    let mut broker = TestBroker::new();
    let topic = broker.with_topic("one", 2, &[("segment.bytes", "100")]);
    for (partition, times) in [(0, [1, 2]), (0, [3, 4]), (0, [5, 6]), (1, [1, 2]), (1, [3, 4]), (1, [5, 6])] {
        broker.append(topic, partition, &times);
    }
    broker
}

fn log_start(broker: &TestBroker, partition: PartitionIndex) -> Offset {
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.topics.partition(topic, partition).unwrap().log().log_start_offset()
}

#[test]
fn the_answer_comes_when_the_new_start_is_durable() {
    let mut broker = broker();
    let used = broker.disk.used();
    assert!(ask(&mut broker, 2, &[("one", 0, 3), ("one", 1, -1)]).is_parked());
    assert_eq!((log_start(&broker, 0), log_start(&broker, 1)), (3, 6));
    let [done] = broker.commit().try_into().unwrap();
    assert_eq!(rows(&done), [(0, 3), (0, 6)]);
    assert!(broker.disk.used() < used);
    // A crash brings nothing back.
    let broker = TestBroker::open(broker.disk, DirOptions::default());
    assert_eq!((log_start(&broker, 0), log_start(&broker, 1)), (3, 6));
}

#[test]
fn nothing_happens_below_the_start_of_the_log() {
    let mut broker = broker();
    assert_eq!(rows(&ask(&mut broker, 2, &[("one", 0, 0)])), [(0, 0)]);
    assert!(ask(&mut broker, 2, &[("one", 0, 3)]).is_parked());
    // The start that is told is not durable yet.
    assert!(ask(&mut broker, 2, &[("one", 0, 2)]).is_parked());
    let done = broker.commit();
    assert_eq!(done.iter().map(rows).collect::<Vec<_>>(), [[(0, 3)], [(0, 3)]]);
    assert_eq!(rows(&ask(&mut broker, 2, &[("one", 0, 2)])), [(0, 3)]);
}

#[test]
fn a_partition_is_refused_for_itself() {
    let mut broker = broker();
    let asked = [("none", 0, 0), ("one", 0, 7), ("one", 1, 2), ("one", 2, 0)];
    assert!(ask(&mut broker, 2, &asked).is_parked());
    let [done] = broker.commit().try_into().unwrap();
    let unknown = ErrorCode::UnknownTopicOrPartition;
    assert_eq!(rows(&done), [refused(unknown), refused(ErrorCode::OffsetOutOfRange), (0, 2), refused(unknown)]);
    assert_eq!(broker.refused(), [unknown, ErrorCode::OffsetOutOfRange, unknown]);
    assert_eq!(rows(&ask(&mut broker, 2, &[("one", 0, -2)])), [refused(ErrorCode::OffsetOutOfRange)]);
    // Of two for one partition the last one counts.
    assert!(ask(&mut broker, 2, &[("one", 0, 4), ("one", 0, 3)]).is_parked());
    let [done] = broker.commit().try_into().unwrap();
    assert_eq!(rows(&done), [(0, 3)]);
}

#[test]
fn what_is_not_durable_in_time_is_told_late() {
    let mut broker = broker();
    assert!(ask(&mut broker, 2, &[("one", 0, 3), ("one", 1, 0)]).is_parked());
    let deadline = broker.now.monotonic + Duration::from_secs(5);
    assert_eq!(broker.waits.delete_records.next_deadline(), Some(deadline));
    broker.now.monotonic = deadline;
    let [late] =
        broker.turn_with_waits(|topics, waits, turn| waits.delete_records.expire(turn, topics)).try_into().unwrap();
    assert_eq!(rows(&late.into()), [refused(ErrorCode::RequestTimedOut), (0, 0)]);
    assert!(broker.commit().is_empty());
    assert_eq!(log_start(&broker, 0), 3);
}

#[test]
fn a_commit_that_fails_is_told() {
    let mut broker = broker();
    for outcome in [Outcome::Definite, Outcome::Unknown] {
        assert!(ask(&mut broker, 2, &[("one", 0, 3)]).is_parked());
        let [failed] = broker.fail_commit(outcome).try_into().unwrap();
        assert_eq!(rows(&failed), [refused(ErrorCode::KafkaStorageError)]);
        assert_eq!(broker.waits.delete_records.next_deadline(), None);
    }
    assert_eq!(rows(&ask(&mut broker, 2, &[("one", 0, 3)])), [refused(ErrorCode::KafkaStorageError)]);
}

#[test]
fn records_are_deleted_while_nothing_can_be_appended() {
    let mut broker = broker();
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.append_uncommitted(topic, 0, &[7]);
    broker.fail_commit(Outcome::Definite);
    assert!(matches!(broker.topics.dir.state(), DirState::ReadOnly(_)));
    assert!(ask(&mut broker, 2, &[("one", 0, 4)]).is_parked());
    let [done] = broker.commit().try_into().unwrap();
    assert_eq!(rows(&done), [(0, 4)]);
    // Storage took it, so there is room, and the dir takes appends again.
    assert_eq!(broker.topics.dir.state(), DirState::Online);
}

#[test]
fn a_topic_that_is_deleted_meanwhile_is_told() {
    let mut broker = broker();
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.append_uncommitted(topic, 0, &[7]);
    assert!(ask(&mut broker, 2, &[("one", 0, 3)]).is_parked());
    broker.turn(|topics, turn| {
        let changes = topics.catalog.delete_topic(topic).unwrap();
        topics.carry_out(turn, changes);
    });
    let [gone] = broker.commit().try_into().unwrap();
    assert_eq!(rows(&gone), [refused(ErrorCode::UnknownTopicOrPartition)]);
}

#[test]
fn a_request_ends_with_its_connection() {
    let mut broker = broker();
    let asked = ask(&mut broker, 2, &[("one", 0, 3)]);
    broker.waits.delete_records.on_closed(asked.ask.connection);
    assert_eq!(broker.waits.delete_records.next_deadline(), None);
    assert!(broker.commit().is_empty());
}

#[test]
fn every_version_is_answered() {
    let mut broker = broker();
    for (version, offset) in Api::DeleteRecords.served().zip(1..) {
        assert!(ask(&mut broker, version, &[("one", 0, offset)]).is_parked());
        let [done] = broker.commit().try_into().unwrap();
        assert_eq!(rows(&done), [(0, offset)]);
        let response: DeleteRecordsResponse = done.answer();
        assert_eq!((&*response.topics[0].name, response.topics[0].partitions[0].partition_index), ("one", 0));
    }
}
