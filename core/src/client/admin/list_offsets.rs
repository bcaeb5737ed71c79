//! ListOffsets of one partition, asked of its leader.

use std::time::Duration;

use kafka_wire::{
    ListOffsetsRequest, ListOffsetsResponse,
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use kafka_wire_core::StrBytes;

use super::millis;
use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
        metadata::Place,
        question::OffsetAt,
        reply::FoundOffset,
    },
    effect::Frame,
    ids::PartitionIndex,
    time::Timestamp,
};

/// Which partition, and which of its offsets.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Asked<'a> {
    pub topic: &'a str,
    pub partition: PartitionIndex,
    pub at: OffsetAt,
}

pub(in crate::client) fn request(
    head: Head<'_>,
    asked: Asked<'_>,
    place: &Place,
    timeout: Duration,
) -> Result<Frame, ClientError> {
    let mut partition = ListOffsetsPartition::default();
    partition.partition_index = asked.partition;
    partition.timestamp = match asked.at {
        OffsetAt::Latest => -1,
        OffsetAt::Earliest => -2,
        // KIP-734.
        OffsetAt::MaxTimestamp if head.version < 7 => return Err(ClientError::Unsupported(head.api)),
        OffsetAt::MaxTimestamp => -3,
        OffsetAt::Time(Timestamp(time)) if time < 0 => {
            return Err(ClientError::Invalid("a time before 1970 is none that a record has"));
        }
        OffsetAt::Time(Timestamp(time)) => time,
    };
    if head.version >= 4 {
        partition.current_leader_epoch = place.leader_epoch;
    }
    let mut topic = ListOffsetsTopic::default();
    topic.name = StrBytes::from(asked.topic);
    topic.partitions = vec![partition];
    let mut request = ListOffsetsRequest::default();
    request.replica_id = -1;
    request.topics = vec![topic];
    if head.version >= 10 {
        request.timeout_ms = millis(timeout);
    }
    head.frame(&request)
}

pub(in crate::client) fn read(answer: &Answer, asked: Asked<'_>) -> Result<Option<FoundOffset>, ClientError> {
    let told: ListOffsetsResponse = answer.decode()?;
    let [topic] = told.topics.as_slice() else { return Err(answer.bad()) };
    let [partition] = topic.partitions.as_slice() else { return Err(answer.bad()) };
    if *topic.name != *asked.topic || partition.partition_index != asked.partition {
        return Err(answer.bad());
    }
    if let Some(error) = ClientError::from_answer(partition.error_code, None) {
        return Err(error);
    }
    Ok((partition.offset >= 0).then_some(FoundOffset {
        offset: partition.offset,
        timestamp: (partition.timestamp >= 0).then_some(Timestamp(partition.timestamp)),
        leader_epoch: (partition.leader_epoch >= 0).then_some(partition.leader_epoch),
    }))
}
