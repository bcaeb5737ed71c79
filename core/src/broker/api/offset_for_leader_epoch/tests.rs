use kafka_wire::offset_for_leader_epoch_request::OffsetForLeaderTopic;

use super::*;
use crate::{
    broker::tests::{Asked, TestBroker},
    effect::Outcome,
    log::DirOptions,
    wire::Api,
};

/// Of each row of the answer: error, epoch, end.
type Ends = Vec<(i16, LeaderEpoch, Offset)>;

fn request(asked: &[(&str, PartitionIndex, LeaderEpoch, LeaderEpoch)]) -> OffsetForLeaderEpochRequest {
    let mut request = OffsetForLeaderEpochRequest::default();
    for &(name, partition, current, epoch) in asked {
        let mut topic = OffsetForLeaderTopic::default();
        topic.topic = name.into();
        let mut row = OffsetForLeaderPartition::default();
        (row.partition, row.current_leader_epoch, row.leader_epoch) = (partition, current, epoch);
        topic.partitions.push(row);
        request.topics.push(topic);
    }
    request
}

fn ask(broker: &mut TestBroker, version: i16, request: &OffsetForLeaderEpochRequest) -> Asked {
    broker.ask((Api::OffsetForLeaderEpoch, version), request, Topics::on_offset_for_leader_epoch)
}

fn ends(broker: &mut TestBroker, asked: &[(&str, PartitionIndex, LeaderEpoch, LeaderEpoch)]) -> Ends {
    let response: OffsetForLeaderEpochResponse = ask(broker, 4, &request(asked)).answer();
    let rows = response.topics.iter().flat_map(|topic| &topic.partitions);
    rows.map(|row| (row.error_code, row.leader_epoch, row.end_offset)).collect()
}

/// Three records in epoch 0, two in epoch 2; epoch 1 had none, and 3 is the leader's.
fn broker() -> TestBroker {
    let mut broker = TestBroker::new();
    let topic = broker.with_topic("one", 2, &[]);
    broker.append(topic, 0, &[1, 2, 3]);
    let mut broker = reopened(reopened(broker));
    broker.append(topic, 0, &[4, 5]);
    reopened(broker)
}

fn reopened(broker: TestBroker) -> TestBroker {
    TestBroker::open(broker.disk, DirOptions::default())
}

#[test]
fn an_epoch_ends_where_the_next_begins() {
    let mut broker = broker();
    let asked = [0, 1, 2, 3].map(|epoch| ("one", 0, -1, epoch));
    assert_eq!(ends(&mut broker, &asked), [(0, 0, 3), (0, 0, 3), (0, 2, 5), (0, 3, 5)]);
    // Beyond the leader's epoch, and of no epoch at all, nothing is known.
    assert_eq!(ends(&mut broker, &[("one", 0, -1, 4), ("one", 0, -1, -1)]), [(0, -1, -1); 2]);
    // A log without records.
    assert_eq!(ends(&mut broker, &[("one", 1, -1, 3), ("one", 1, -1, 1)]), [(0, 3, 0), (0, 1, 0)]);
}

#[test]
fn a_client_of_another_epoch_is_told_so() {
    let mut broker = broker();
    let asked = [("one", 0, 2, 0), ("one", 0, 3, 0), ("one", 0, 4, 0), ("one", 2, -1, 0), ("two", 0, -1, 0)];
    let errors = [
        ErrorCode::FencedLeaderEpoch,
        ErrorCode::UnknownLeaderEpoch,
        ErrorCode::UnknownTopicOrPartition,
        ErrorCode::UnknownTopicOrPartition,
    ];
    let [fenced, unknown, missing, _] = errors.map(|error| (error.code(), -1, -1));
    assert_eq!(ends(&mut broker, &asked), [fenced, (0, 0, 3), unknown, missing, missing]);
    assert_eq!(broker.refused(), errors);
}

#[test]
fn nothing_is_told_of_a_dir_that_is_offline() {
    let mut broker = broker();
    let topic = broker.topics.catalog.topic_named("one").unwrap().id;
    broker.append_uncommitted(topic, 0, &[6]);
    broker.fail_commit(Outcome::Unknown);
    let storage_error = (ErrorCode::KafkaStorageError.code(), -1, -1);
    assert_eq!(ends(&mut broker, &[("one", 0, -1, 0)]), [storage_error]);
}

#[test]
fn every_version_is_answered() {
    let mut broker = broker();
    for version in Api::OffsetForLeaderEpoch.served() {
        let mut request = request(&[("one", 0, 3, 2), ("none", 0, -1, 2)]);
        // From version 3 on it is told, and changes nothing.
        request.replica_id = if version >= 3 { 5 } else { request.replica_id };
        let response: OffsetForLeaderEpochResponse = ask(&mut broker, version, &request).answer();
        let row = &response.topics[0].partitions[0];
        assert_eq!((row.error_code, row.partition, row.leader_epoch, row.end_offset), (0, 0, 2, 5));
        assert_eq!(response.topics[1].partitions[0].error_code, ErrorCode::UnknownTopicOrPartition.code());
    }
}
