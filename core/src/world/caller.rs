//! Requests that our client does not know of, as other clients send them (O1). Nobody hears the answers: what brokers
//! make of them is seen by everybody else.

use bytes::Bytes;
use kafka_wire::{
    CreatePartitionsRequest, DescribeTopicPartitionsRequest, FetchRequest, InitProducerIdRequest, KafkaRequest,
    OffsetForLeaderEpochRequest,
    create_partitions_request::CreatePartitionsTopic,
    describe_topic_partitions_request::TopicRequest,
    fetch_request::{FetchPartition, FetchTopic},
    offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
};

use kafka_wire_core::KafkaEncode;

use super::{swarm::Swarm, visitor::topic_name};
use crate::{client::message::Head, rng::Rng, wire::Api};

/// The last version that names topics.
const FETCH_VERSION: i16 = 12;
/// Partitions that a topic which comes and goes grows to.
const PARTITIONS_MAX: u64 = 6;
const TIMEOUT_MS: i32 = 2_000;
/// One call of so many is followed by more than a broker reads ahead.
const FLOOD_ONE_IN: u64 = 40;
const FLOOD_FRAMES: usize = 10;
const FLOOD_NAME_BYTES: usize = 30_000;

/// Some of them.
pub(super) fn frames(swarm: &Swarm, rng: &mut Rng) -> Vec<Bytes> {
    let topic = topic_name(rng.below(u64::from(swarm.topics).max(1)) as u32);
    let partition = rng.below(swarm.partitions as u64) as i32;
    if rng.below(FLOOD_ONE_IN) == 0 {
        return flood(topic, partition, rng);
    }
    let frame = match rng.below(5) {
        0 => {
            let mut row = CreatePartitionsTopic::default();
            row.name = format!("churned-{}", rng.below(u64::from(swarm.churned).max(1))).into();
            (row.count, row.assignments) = (1 + rng.below(PARTITIONS_MAX) as i32, None);
            let mut request = CreatePartitionsRequest::default();
            (request.topics, request.timeout_ms) = (vec![row], TIMEOUT_MS);
            frame(Api::CreatePartitions, 3, &request)
        }
        1 => {
            let mut request = InitProducerIdRequest::default();
            (request.producer_id, request.producer_epoch) = (-1, -1);
            frame(Api::InitProducerId, 4, &request)
        }
        2 => {
            let mut row = OffsetForLeaderPartition::default();
            (row.partition, row.current_leader_epoch, row.leader_epoch) = (partition, -1, rng.below(9) as i32);
            let mut topics = OffsetForLeaderTopic::default();
            (topics.topic, topics.partitions) = (topic.into(), vec![row]);
            let mut request = OffsetForLeaderEpochRequest::default();
            (request.replica_id, request.topics) = (-1, vec![topics]);
            frame(Api::OffsetForLeaderEpoch, 4, &request)
        }
        3 => describe(topic, 1 + rng.below(9) as i32),
        _ => fetch(topic, partition, rng),
    };
    frame.into_iter().collect()
}

/// Whoever waits is not read any further once enough is there to go on with.
fn flood(topic: String, partition: i32, rng: &mut Rng) -> Vec<Bytes> {
    let long = "x".repeat(FLOOD_NAME_BYTES);
    let flood = std::iter::repeat_with(|| describe(long.clone(), 1)).take(FLOOD_FRAMES);
    std::iter::once(fetch(topic, partition, rng)).chain(flood).flatten().collect()
}

fn describe(topic: String, partitions_max: i32) -> Option<Bytes> {
    let mut row = TopicRequest::default();
    row.name = topic.into();
    let mut request = DescribeTopicPartitionsRequest::default();
    (request.topics, request.response_partition_limit) = (vec![row], partitions_max);
    frame(Api::DescribeTopicPartitions, 0, &request)
}

/// A reader that begins a session, and waits for more than there is.
fn fetch(topic: String, partition: i32, rng: &mut Rng) -> Option<Bytes> {
    let mut row = FetchPartition::default();
    (row.partition, row.partition_max_bytes) = (partition, 1 + rng.below(10_000) as i32);
    (row.current_leader_epoch, row.last_fetched_epoch, row.log_start_offset) = (-1, -1, -1);
    row.fetch_offset = rng.below(200) as i64;
    let mut topics = FetchTopic::default();
    (topics.topic, topics.partitions) = (topic.into(), vec![row]);
    let mut request = FetchRequest::default();
    (request.replica_id, request.topics) = (-1, vec![topics]);
    // Or it ends one, whether there is such a session or not.
    (request.session_id, request.session_epoch) = [(0, 0), (0, 0), (7, 0), (7, -1)][rng.below(4) as usize];
    (request.max_wait_ms, request.min_bytes, request.max_bytes) = (rng.below(2_000) as i32, 1 << 20, 1 << 20);
    frame(Api::Fetch, FETCH_VERSION, &request)
}

fn frame<R: KafkaRequest + KafkaEncode>(api: Api, version: i16, request: &R) -> Option<Bytes> {
    let head = Head { api, version, correlation: 1, client_id: "caller" };
    head.frame(request).ok().map(|frame| frame.to_bytes())
}
