//! DescribeTopicPartitions (key 75, version 0)
//!
//! Behaviour
//! - Tells the topics that are asked for by name, all of them where none is, by rising name (KIP-966).
//! - Stops after as many partitions as the client or `max.request.partition.size.limit` allows, and says where to go on.
//! - A cursor begins at its topic, or behind it where that is gone; beside names it must be at one of them, and never at a
//!   negative partition (INVALID_REQUEST).
//!
//! Versions
//! - 0 the only one
//!
//! Differs from Kafka
//! - A broker on its own tells nobody else as eligible.

use kafka_wire::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    describe_topic_partitions_response::{
        Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
    },
};
use kafka_wire_core::{StrBytes, Uuid};

use super::{Ask, Handled, TOPIC_OPERATIONS, metadata::numbers};
use crate::{
    broker::Topics, controller::catalog::check_topic_name, error::ErrorCode, ids::*, sorted::SortedSet, turn::Turn,
};

/// Default of `max.request.partition.size.limit`.
const PARTITIONS_MAX: i32 = 2000;

impl Topics {
    pub(in crate::broker) fn on_describe_topic_partitions(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DescribeTopicPartitionsRequest,
    ) -> Handled {
        let asked_by_name = !request.topics.is_empty();
        let mut names: SortedSet<String> = match asked_by_name {
            true => request.topics.iter().map(|topic| topic.name.to_string()).collect(),
            false => self.catalog.topics().map(|topic| topic.name.clone()).collect(),
        };
        let mut from = 0;
        if let Some(cursor) = &request.cursor {
            names.retain(|name| **name >= *cursor.topic_name);
            let is_at_cursor = names.first().is_some_and(|name| **name == *cursor.topic_name);
            if cursor.partition_index < 0 || (asked_by_name && !is_at_cursor) {
                return refuse_cursor(turn, ask, &request);
            }
            from = if is_at_cursor { cursor.partition_index } else { 0 };
        }
        let mut left = request.response_partition_limit.clamp(1, PARTITIONS_MAX);
        let mut response = DescribeTopicPartitionsResponse::default();
        for name in names {
            if left == 0 {
                response.next_cursor = Some(cursor(&name, 0));
                break;
            }
            let (told, next) = self.described_topic(turn, ask, &name, from, left);
            left -= told.partitions.len() as i32;
            from = 0;
            response.topics.push(told);
            if let Some(next) = next {
                response.next_cursor = Some(cursor(&name, next));
                break;
            }
        }
        ask.reply(&response)
    }

    /// A topic's partitions from `from` on, and the first that had no room.
    fn described_topic(
        &self,
        turn: &mut Turn<'_>,
        ask: Ask,
        name: &str,
        from: PartitionIndex,
        room: i32,
    ) -> (DescribeTopicPartitionsResponseTopic, Option<PartitionIndex>) {
        let mut told = DescribeTopicPartitionsResponseTopic::default();
        told.name = Some(StrBytes::from(name));
        told.topic_authorized_operations = TOPIC_OPERATIONS;
        let Some(topic) = self.catalog.topic_named(name) else {
            let error =
                check_topic_name(name).map_or_else(|refused| refused.error, |()| ErrorCode::UnknownTopicOrPartition);
            told.error_code = ask.refuse(turn, error);
            return (told, None);
        };
        told.topic_id = Uuid::from_bytes(topic.id.0);
        told.is_internal = topic.is_internal;
        let end = topic.partitions.min(from.saturating_add(room));
        told.partitions = (from..end).map(|index| self.described_partition(topic.id, index)).collect();
        (told, (end < topic.partitions).then_some(end))
    }

    fn described_partition(&self, topic: TopicId, index: PartitionIndex) -> DescribeTopicPartitionsResponsePartition {
        let replicas = self.told_replicas(TopicPartition { topic, partition: index });
        let mut told = DescribeTopicPartitionsResponsePartition::default();
        told.partition_index = index;
        told.error_code = replicas.error();
        told.leader_id = replicas.leader.0;
        told.leader_epoch = replicas.leader_epoch;
        told.replica_nodes = numbers(&replicas.replicas);
        told.isr_nodes = numbers(&replicas.in_sync);
        told.eligible_leader_replicas = Some(numbers(&replicas.eligible));
        told.last_known_elr = Some(numbers(&replicas.last_known_eligible));
        told.offline_replicas = numbers(&replicas.offline);
        told
    }
}

/// A cursor that can be none of ours: every topic of the request is told so.
fn refuse_cursor(turn: &mut Turn<'_>, ask: Ask, request: &DescribeTopicPartitionsRequest) -> Handled {
    let error = ask.refuse(turn, ErrorCode::InvalidRequest);
    let refused = request.topics.iter().map(|topic| {
        let mut told = DescribeTopicPartitionsResponseTopic::default();
        told.name = Some(topic.name.clone());
        told.error_code = error;
        told
    });
    let mut response = DescribeTopicPartitionsResponse::default();
    response.topics = refused.collect();
    ask.reply(&response)
}

fn cursor(topic: &str, partition: PartitionIndex) -> Cursor {
    let mut cursor = Cursor::default();
    cursor.topic_name = StrBytes::from(topic);
    cursor.partition_index = partition;
    cursor
}
