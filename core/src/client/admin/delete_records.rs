//! DeleteRecords of one partition, asked of its leader.

use std::time::Duration;

use kafka_wire::{
    DeleteRecordsRequest, DeleteRecordsResponse,
    delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
};
use kafka_wire_core::StrBytes;

use super::millis;
use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
    },
    effect::Frame,
    ids::{Offset, PartitionIndex},
};

pub(in crate::client) fn request(
    head: Head<'_>,
    (topic, partition): (&str, PartitionIndex),
    before: Offset,
    timeout: Duration,
) -> Result<Frame, ClientError> {
    let mut asked = DeleteRecordsPartition::default();
    asked.partition_index = partition;
    asked.offset = before;
    let mut asked_topic = DeleteRecordsTopic::default();
    asked_topic.name = StrBytes::from(topic);
    asked_topic.partitions = vec![asked];
    let mut request = DeleteRecordsRequest::default();
    request.topics = vec![asked_topic];
    request.timeout_ms = millis(timeout);
    head.frame(&request)
}

pub(in crate::client) fn read(
    answer: &Answer,
    (topic, partition): (&str, PartitionIndex),
) -> Result<Offset, ClientError> {
    let told: DeleteRecordsResponse = answer.decode()?;
    let [found] = told.topics.as_slice() else { return Err(answer.bad()) };
    let [result] = found.partitions.as_slice() else { return Err(answer.bad()) };
    if *found.name != *topic || result.partition_index != partition {
        return Err(answer.bad());
    }
    ClientError::from_answer(result.error_code, None).map_or(Ok(result.low_watermark), Err)
}
