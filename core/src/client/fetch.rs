//! Fetch: whole batches of one partition, without a session.

use kafka_wire::{
    FetchRequest, FetchResponse,
    fetch_request::{FetchPartition, FetchTopic},
    fetch_response::PartitionData,
};
use kafka_wire_core::{StrBytes, Uuid};

use super::{
    ClientError,
    message::{Answer, Head},
    metadata::Place,
    question::FetchFrom,
    reply::Fetched,
};
use crate::{
    effect::Frame,
    record::{Batch, BatchError},
};

pub(super) fn request(head: Head<'_>, from: &FetchFrom, place: &Place) -> Result<Frame, ClientError> {
    let number = |bytes: u32| bytes.min(i32::MAX as u32) as i32;
    let mut partition = FetchPartition::default();
    partition.partition = from.partition;
    partition.fetch_offset = from.offset;
    partition.partition_max_bytes = number(from.bytes_max);
    if head.version >= 9 {
        partition.current_leader_epoch = place.leader_epoch;
    }
    let mut topic = FetchTopic::default();
    match head.version {
        ..=12 => topic.topic = StrBytes::from(from.topic.as_str()),
        _ => topic.topic_id = Uuid::from_bytes(place.topic_id.0),
    }
    topic.partitions = vec![partition];
    let mut request = FetchRequest::default();
    request.max_wait_ms = from.wait.as_millis().min(i32::MAX as u128) as i32;
    request.min_bytes = number(from.bytes_min);
    request.max_bytes = number(from.bytes_max);
    request.topics = vec![topic];
    head.frame(&request)
}

pub(super) fn read(answer: &Answer, from: &FetchFrom, place: &Place) -> Result<Fetched, ClientError> {
    let told: FetchResponse = answer.decode()?;
    if let Some(error) = ClientError::from_answer(told.error_code, None) {
        return Err(error);
    }
    let [topic] = told.responses.as_slice() else { return Err(answer.bad()) };
    let is_topic = match answer.version {
        ..=12 => *topic.topic == *from.topic,
        _ => topic.topic_id.to_bytes() == place.topic_id.0,
    };
    let [partition] = topic.partitions.as_slice() else { return Err(answer.bad()) };
    if !is_topic || partition.partition_index != from.partition {
        return Err(answer.bad());
    }
    if let Some(error) = ClientError::from_answer(partition.error_code, None) {
        return Err(error);
    }
    Ok(Fetched {
        high_watermark: partition.high_watermark,
        last_stable_offset: partition.last_stable_offset,
        log_start: partition.log_start_offset,
        batches: batches(partition, from)?,
    })
}

/// A torn last batch is left out: the broker cut at the size limit.
fn batches(partition: &PartitionData, from: &FetchFrom) -> Result<Vec<Batch>, ClientError> {
    let records = partition.records.clone().unwrap_or_default();
    let is_empty = records.is_empty();
    let batches: Vec<Batch> = Batch::split(records, true).collect::<Result<_, _>>().map_err(ClientError::Corrupt)?;
    // A broker always sends the first batch whole (KIP-74).
    if batches.is_empty() && !is_empty {
        return Err(ClientError::Corrupt(BatchError::Truncated));
    }
    if !batches.iter().all(Batch::crc_is_right) {
        return Err(ClientError::Corrupt(BatchError::Crc));
    }
    // Offsets go up, and nothing comes that lies wholly before what was asked.
    let mut next = from.offset;
    for batch in &batches {
        let header = batch.header();
        let is_early = header.last_offset() < next || (next > from.offset && header.base_offset < next);
        if header.last_offset_delta < 0 || is_early {
            return Err(ClientError::Corrupt(BatchError::Offsets));
        }
        next = header.last_offset().saturating_add(1);
    }
    Ok(batches)
}
