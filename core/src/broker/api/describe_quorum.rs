//! DescribeQuorum (key 55, versions 0–2)
//!
//! Behaviour
//! - Whoever leads the quorum tells what it knows of voters and observers (KIP-595, KIP-836); any broker forwards it.
//! - Only `__cluster_metadata-0` is asked about, and nothing else beside it; else each partition is
//!   UNKNOWN_TOPIC_OR_PARTITION.
//! - Times are of this node's wall clock, as long ago from now as the leader counts it; -1 if never.
//!
//! Versions
//! - 1 times of last fetch and of being caught up · 2 messages, log dirs, where voters are reached (KIP-853)
//!
//! Differs from Kafka
//! - A broker on its own has no quorum (UNSUPPORTED_VERSION).

use kafka_wire::{
    DescribeQuorumRequest, DescribeQuorumResponse,
    describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData},
};
use kafka_wire_core::{StrBytes, Uuid};

use super::{Ask, Handled};
use crate::{
    broker::{decide::DescribedQuorum, peer::METADATA_TOPIC},
    effect::Address,
    error::ErrorCode,
    ids::BrokerId,
    quorum::DescribedReplica,
    time::{Instant, Now},
    turn::Turn,
};

const METADATA_PARTITION: i32 = 0;

/// The leader's answer.
pub(in crate::broker) fn answer(
    turn: &mut Turn<'_>,
    ask: Ask,
    request: &DescribeQuorumRequest,
    quorum: &DescribedQuorum,
) -> Handled {
    let mut response = DescribeQuorumResponse::default();
    if !is_of_metadata_log(request) {
        let error = ask.refuse(turn, ErrorCode::UnknownTopicOrPartition);
        response.topics = unknown(request, ask.version, error);
        return ask.reply(&response);
    }
    let mut topic = TopicData::default();
    topic.topic_name = StrBytes::from(METADATA_TOPIC);
    topic.partitions = vec![partition(turn.now, ask.version, quorum)];
    response.topics = vec![topic];
    if ask.version >= 2 {
        response.nodes = quorum.addresses.iter().map(|(id, address)| node(*id, address, quorum.listener)).collect();
    }
    ask.reply(&response)
}

/// Nobody here leads the quorum.
pub(in crate::broker) fn refusal(version: i16, error: ErrorCode) -> DescribeQuorumResponse {
    let mut response = DescribeQuorumResponse::default();
    let told = if error == ErrorCode::NotController { ErrorCode::NotLeaderOrFollower } else { error };
    response.error_code = told.code();
    response.error_message = words(version, told).or(response.error_message);
    response
}

/// What `Errors` says of it. Earlier versions have no words.
fn words(version: i16, error: ErrorCode) -> Option<StrBytes> {
    let words = match error {
        ErrorCode::UnknownTopicOrPartition => "This server does not host this topic-partition.",
        ErrorCode::UnsupportedVersion => "The version of API is not supported.",
        ErrorCode::NotLeaderOrFollower => {
            "For requests intended only for the leader, this error indicates that the broker is not the current leader. \
             For requests intended for any replica, this error indicates that the broker is not a replica of the topic \
             partition."
        }
        _ => return None,
    };
    (version >= 2).then(|| StrBytes::from(words))
}

fn is_of_metadata_log(request: &DescribeQuorumRequest) -> bool {
    let [topic] = &request.topics[..] else { return false };
    let [partition] = &topic.partitions[..] else { return false };
    &*topic.topic_name == METADATA_TOPIC && partition.partition_index == METADATA_PARTITION
}

fn unknown(request: &DescribeQuorumRequest, version: i16, error: i16) -> Vec<TopicData> {
    let topics = request.topics.iter().map(|asked| {
        let mut topic = TopicData::default();
        topic.topic_name = asked.topic_name.clone();
        let partitions = asked.partitions.iter().map(|asked| {
            let mut partition = PartitionData::default();
            (partition.partition_index, partition.error_code) = (asked.partition_index, error);
            partition.error_message = words(version, ErrorCode::UnknownTopicOrPartition).or(partition.error_message);
            partition
        });
        topic.partitions = partitions.collect();
        topic
    });
    topics.collect()
}

fn partition(now: Now, version: i16, quorum: &DescribedQuorum) -> PartitionData {
    let described = &quorum.described;
    let states = |replicas: &[DescribedReplica]| replicas.iter().map(|replica| state(now, version, replica)).collect();
    let mut partition = PartitionData::default();
    partition.leader_id = described.leader.0;
    partition.leader_epoch = described.epoch;
    partition.high_watermark = described.high_watermark;
    partition.current_voters = states(&described.voters);
    partition.observers = states(&described.observers);
    partition
}

fn state(now: Now, version: i16, replica: &DescribedReplica) -> ReplicaState {
    let millis =
        |at: Option<Instant>| at.map_or(-1, |at| now.wall.0.saturating_sub(now.monotonic.since(at).as_millis() as i64));
    let mut state = ReplicaState::default();
    state.replica_id = replica.key.id.0;
    state.log_end_offset = replica.log_end.unwrap_or(-1);
    if version >= 1 {
        state.last_fetch_timestamp = millis(replica.fetched_at);
        state.last_caught_up_timestamp = millis(replica.caught_up_at);
    }
    if version >= 2 {
        state.replica_directory_id = Uuid::from_bytes(replica.key.directory.0);
    }
    state
}

fn node(id: BrokerId, address: &Address, name: &str) -> Node {
    let mut listener = Listener::default();
    listener.name = StrBytes::from(name);
    listener.host = StrBytes::from(address.host.as_str());
    listener.port = address.port;
    let mut node = Node::default();
    node.node_id = id.0;
    node.listeners = vec![listener];
    node
}

#[cfg(test)]
mod tests;
