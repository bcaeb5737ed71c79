use std::time::Duration;

use kafka_wire::list_offsets_request::ListOffsetsTopic;

use super::*;
use crate::{
    broker::tests::{Asked, TestBroker},
    effect::Outcome,
    log::DirOptions,
    time::Instant,
    wire::Api,
};

/// A row of an answer: error, timestamp, offset, leader epoch.
type Row = (i16, i64, Offset, LeaderEpoch);
const NOT_FOUND: Row = (0, -1, -1, -1);

fn refused(error: ErrorCode) -> Row {
    (error.code(), -1, -1, -1)
}

fn request(asked: &[(&str, PartitionIndex, i64)]) -> ListOffsetsRequest {
    let mut request = ListOffsetsRequest::default();
    request.replica_id = -1;
    for &(name, partition, timestamp) in asked {
        let mut topic = ListOffsetsTopic::default();
        topic.name = name.into();
        let mut row = ListOffsetsPartition::default();
        (row.partition_index, row.timestamp) = (partition, timestamp);
        topic.partitions.push(row);
        request.topics.push(topic);
    }
    request
}

fn ask(broker: &mut TestBroker, version: i16, request: &ListOffsetsRequest) -> Asked {
    broker.ask_with_waits((Api::ListOffsets, version), request, |topics, turn, ask, request, waits| {
        topics.on_list_offsets(turn, ask, request, &mut waits.list_offsets)
    })
}

fn rows(asked: &Asked) -> Vec<Row> {
    let response: ListOffsetsResponse = asked.answer();
    let rows = response.topics.iter().flat_map(|topic| &topic.partitions);
    rows.map(|row| (row.error_code, row.timestamp, row.offset, row.leader_epoch)).collect()
}

/// Each asked for by itself: two of one partition would be refused.
fn offsets(broker: &mut TestBroker, asked: &[(&str, PartitionIndex, i64)]) -> Vec<Row> {
    let each = asked.iter().flat_map(|row| {
        let asked = ask(broker, 11, &request(&[*row]));
        after_loads(broker, asked)
    });
    each.collect()
}

/// Topic `one`: three batches of two records, the largest time in the second.
fn filled(mut broker: TestBroker) -> TestBroker {
    let topic = broker.with_topic("one", 2, &[]);
    for times in [[10, 20], [50, 30], [40, 45]] {
        broker.append(topic, 0, &times);
    }
    broker
}

#[test]
fn both_ends_and_the_special_times_are_told() {
    let mut broker = filled(TestBroker::new());
    let special = [-1, -2, -3, -4, -5, -6].map(|timestamp| ("one", 0, timestamp));
    let told = [(0, -1, 6, 0), (0, -1, 0, 0), (0, 50, 2, 0), (0, -1, 0, 0), NOT_FOUND, NOT_FOUND];
    assert_eq!(offsets(&mut broker, &special), told);
    // A log without records.
    let empty = [-1, -2, -3, -4, 0].map(|timestamp| ("one", 1, timestamp));
    assert_eq!(offsets(&mut broker, &empty), [(0, -1, 0, 0), (0, -1, 0, 0), NOT_FOUND, (0, -1, 0, 0), NOT_FOUND]);
}

#[test]
fn the_first_record_at_or_after_a_time_is_told() {
    let mut broker = filled(TestBroker::new());
    let asked = [0, 10, 11, 20, 21, 50, 51, i64::MAX].map(|timestamp| ("one", 0, timestamp));
    let at = |timestamp, offset| (0, timestamp, offset, 0);
    let found = [at(10, 0), at(10, 0), at(20, 1), at(20, 1), at(50, 2), at(50, 2), NOT_FOUND, NOT_FOUND];
    assert_eq!(offsets(&mut broker, &asked), found);
}

#[test]
fn nothing_beyond_the_high_watermark_is_told() {
    let mut broker = TestBroker::new();
    let topic = broker.with_topic("one", 1, &[("flush.messages", "1")]);
    broker.append(topic, 0, &[10]);
    broker.append_uncommitted(topic, 0, &[20]);
    let asked = [-1, 10, 20, -3].map(|timestamp| ("one", 0, timestamp));
    assert_eq!(offsets(&mut broker, &asked), [(0, -1, 1, 0), (0, 10, 0, 0), NOT_FOUND, NOT_FOUND]);
    // The debugging replica sees the log's end.
    let mut debugging = request(&asked[..1]);
    debugging.replica_id = -2;
    assert_eq!(rows(&ask(&mut broker, 11, &debugging)), [(0, -1, 2, 0)]);
    broker.commit();
    assert_eq!(offsets(&mut broker, &asked), [(0, -1, 2, 0), (0, 10, 0, 0), (0, 20, 1, 0), (0, 20, 1, 0)]);
}

#[test]
fn the_first_offset_has_the_epoch_of_its_record() {
    let broker = filled(TestBroker::new());
    let mut broker = TestBroker::open(broker.disk, DirOptions::default());
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.append(topic, 0, &[60]);
    let asked = [("one", 0, -2), ("one", 0, -1), ("one", 0, 45), ("one", 0, 60), ("one", 1, -2)];
    let told = [(0, -1, 0, 0), (0, -1, 7, 1), (0, 50, 2, 0), (0, 60, 6, 1), (0, -1, 0, 1)];
    assert_eq!(offsets(&mut broker, &asked), told);
}

#[test]
fn a_partition_is_refused_for_itself() {
    let mut broker = filled(TestBroker::new());
    let asked = [("none", 0, -1), ("one", 7, -1), ("one", 1, -7), ("one", 0, -1), ("one", 0, -7)];
    let errors = [
        ErrorCode::UnknownTopicOrPartition,
        ErrorCode::UnknownTopicOrPartition,
        ErrorCode::UnsupportedVersion,
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidRequest,
    ];
    assert_eq!(rows(&ask(&mut broker, 11, &request(&asked))), errors.map(refused));
    assert_eq!(broker.refused(), errors);
}

#[test]
fn a_client_of_another_epoch_is_told_so() {
    let broker = filled(TestBroker::new());
    let mut broker = TestBroker::open(broker.disk, DirOptions::default());
    let named = [(-1, 0), (0, ErrorCode::FencedLeaderEpoch.code()), (1, 0), (2, ErrorCode::UnknownLeaderEpoch.code())];
    for (epoch, error) in named {
        let mut request = request(&[("one", 1, -1)]);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        let told = if error == 0 { (0, -1, 0, 1) } else { (error, -1, -1, -1) };
        assert_eq!(rows(&ask(&mut broker, 4, &request)), [told], "epoch {epoch}");
    }
}

#[test]
fn brokers_are_refused() {
    let mut broker = filled(TestBroker::new());
    let mut request = request(&[("one", 0, -1), ("none", 0, -7)]);
    request.replica_id = 2;
    assert_eq!(rows(&ask(&mut broker, 11, &request)), [refused(ErrorCode::TopicAuthorizationFailed); 2]);
}

#[test]
fn there_are_two_isolation_levels() {
    let mut broker = filled(TestBroker::new());
    for (level, told) in [(0, (0, -1, 6, 0)), (1, (0, -1, 6, 0)), (2, refused(ErrorCode::UnknownServerError))] {
        let mut request = request(&[("one", 0, -1)]);
        request.isolation_level = level;
        assert_eq!(rows(&ask(&mut broker, 4, &request)), [told]);
    }
}

#[test]
fn records_without_a_time_have_the_largest_if_all_are() {
    let mut broker = TestBroker::new();
    let topic = broker.with_topic("one", 1, &[]);
    broker.append(topic, 0, &[-1, -1]);
    assert_eq!(offsets(&mut broker, &[("one", 0, -3), ("one", 0, 0)]), [(0, -1, 0, 0), NOT_FOUND]);
    broker.append(topic, 0, &[-1, 5]);
    assert_eq!(offsets(&mut broker, &[("one", 0, -3)]), [(0, 5, 3, 0)]);
}

#[test]
fn every_version_is_answered_and_has_its_special_times() {
    let mut broker = filled(TestBroker::new());
    for version in Api::ListOffsets.served() {
        let epoch = if version >= 4 { 0 } else { -1 };
        let told = [(0, -1, 6, epoch), (0, -1, 0, epoch), (0, 50, 2, epoch), (0, -1, 0, epoch), NOT_FOUND, NOT_FOUND];
        for ((timestamp, since), told) in SPECIAL_SINCE.into_iter().zip(told) {
            let told = if version >= since { told } else { refused(ErrorCode::UnsupportedVersion) };
            let asked = ask(&mut broker, version, &request(&[("one", 0, timestamp)]));
            assert_eq!(rows(&asked), [told], "{timestamp} in version {version}");
        }
        assert_eq!(rows(&ask(&mut broker, version, &request(&[("one", 0, 11)]))), [(0, 20, 1, epoch)]);
    }
}

/// Has storage load until the request is answered.
fn after_loads(broker: &mut TestBroker, asked: Asked) -> Vec<Row> {
    if !asked.is_parked() {
        return rows(&asked);
    }
    loop {
        assert_eq!(broker.loads(), 1);
        if let Some(asked) = broker.load().pop() {
            return rows(&asked);
        }
    }
}

#[test]
fn what_is_in_storage_is_loaded_one_partition_after_the_other() {
    let mut broker = filled(TestBroker::cold());
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.append(topic, 1, &[7]);
    let asked = ask(&mut broker, 11, &request(&[("one", 0, 11), ("one", 2, -1), ("none", 0, 0), ("one", 1, 5)]));
    assert!(asked.is_parked());
    let unknown = refused(ErrorCode::UnknownTopicOrPartition);
    let told = [(0, 20, 1, 0), unknown, unknown, (0, 7, 0, 0)];
    assert_eq!(after_loads(&mut broker, asked), told);
    assert_eq!((broker.loads(), broker.waits.list_offsets.next_deadline()), (0, None));
    let largest = ask(&mut broker, 11, &request(&[("one", 0, -3)]));
    assert!(largest.is_parked());
    assert_eq!(after_loads(&mut broker, largest), [(0, 50, 2, 0)]);
}

#[test]
fn what_is_not_found_in_time_is_told_late() {
    let mut broker = filled(TestBroker::cold());
    for (version, timeout, seconds) in [(10, 5_000, 5), (10, 0, 30), (9, 0, 30)] {
        let mut request = request(&[("one", 0, 11), ("one", 1, -1)]);
        request.timeout_ms = timeout;
        assert!(ask(&mut broker, version, &request).is_parked());
        let deadline = broker.now.monotonic + Duration::from_secs(seconds);
        assert_eq!(broker.waits.list_offsets.next_deadline(), Some(deadline));
        broker.now.monotonic = Instant(deadline.0 - 1);
        assert!(broker.turn_with_waits(|_, waits, turn| waits.list_offsets.expire(turn)).is_empty());
        broker.now.monotonic = deadline;
        let [late] = broker.turn_with_waits(|_, waits, turn| waits.list_offsets.expire(turn)).try_into().unwrap();
        assert_eq!(rows(&late.into()), [refused(ErrorCode::RequestTimedOut), (0, -1, 0, 0)]);
        assert!(broker.load().is_empty(), "it was answered already");
    }
}

#[test]
fn a_search_ends_with_its_connection() {
    let mut broker = filled(TestBroker::cold());
    let asked = ask(&mut broker, 11, &request(&[("one", 0, 11)]));
    broker.waits.list_offsets.on_closed(ConnectionId(asked.ask.connection.0 + 1));
    assert!(broker.waits.list_offsets.next_deadline().is_some());
    broker.waits.list_offsets.on_closed(asked.ask.connection);
    assert_eq!(broker.waits.list_offsets.next_deadline(), None);
    assert!(broker.load().is_empty());
}

#[test]
fn a_search_goes_on_behind_what_is_deleted_meanwhile() {
    let mut broker = TestBroker::cold();
    let topic = broker.with_topic("one", 1, &[("segment.bytes", "100")]);
    for times in [[10, 20], [50, 30], [40, 45]] {
        broker.append(topic, 0, &times);
    }
    assert!(ask(&mut broker, 11, &request(&[("one", 0, 15)])).is_parked());
    let id = TopicPartition { topic, partition: 0 };
    broker.turn(|topics, turn| {
        topics.partitions.get_mut(id).unwrap().delete_records(turn, &mut topics.dir, 3).unwrap();
    });
    broker.commit();
    // The first segment's file is gone. Of the second the first record is.
    assert!(broker.load().is_empty());
    let [found] = broker.load().try_into().unwrap();
    assert_eq!(rows(&found), [(0, 30, 3, 0)]);
}

#[test]
fn a_search_of_what_is_gone_is_refused() {
    let mut broker = filled(TestBroker::cold());
    let asked = request(&[("one", 0, 15)]);
    // The dir went offline.
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    assert!(ask(&mut broker, 11, &asked).is_parked());
    broker.append_uncommitted(topic, 1, &[1]);
    broker.fail_commit(Outcome::Unknown);
    let [failed] = broker.load().try_into().unwrap();
    assert_eq!(rows(&failed), [refused(ErrorCode::KafkaStorageError)]);
    // The topic was deleted.
    let mut broker = filled(TestBroker::cold());
    assert!(ask(&mut broker, 11, &asked).is_parked());
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.turn(|topics, turn| {
        let changes = topics.catalog.delete_topic(topic).unwrap();
        topics.carry_out(turn, changes);
    });
    let [failed] = broker.load().try_into().unwrap();
    assert_eq!(rows(&failed), [refused(ErrorCode::UnknownTopicOrPartition)]);
}
