//! DeleteRecords (key 21, versions 0–2)
//!
//! Behaviour
//! - Of a partition that is named twice the last one counts.
//! - Each partition's log begins at the asked offset from here on, or at its high watermark (-1); whole segments below it
//!   go. Above the high watermark, or below -1, it is OFFSET_OUT_OF_RANGE; below the log's start nothing happens.
//! - The answer tells where each log begins, and waits in `wait/delete_records` until that is durable, no longer than the
//!   client's timeout.
//!
//! Versions
//! - 2 flexible
//!
//! Differs from Kafka
//! - Kafka answers once every replica has moved its start and writes it down within a minute: a crash may bring deleted
//!   records back there.
//! - With a timeout of 0 storage has no time: what is moved is REQUEST_TIMED_OUT, and moved all the same.

use kafka_wire::{
    DeleteRecordsRequest, DeleteRecordsResponse,
    delete_records_request::DeleteRecordsTopic,
    delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
};
use kafka_wire_core::StrBytes;

use super::{Ask, Handled};
use crate::{
    broker::{
        Topics,
        wait::delete_records::{DeleteRecordsWaits, Deletion, MovedStart},
    },
    error::ErrorCode,
    ids::*,
    sorted::SortedMap,
    turn::Turn,
};

impl Topics {
    pub(in crate::broker) fn on_delete_records(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DeleteRecordsRequest,
        waits: &mut DeleteRecordsWaits,
    ) -> Handled {
        let mut response = DeleteRecordsResponse::default();
        let mut moved = Vec::new();
        for (topic, partitions) in by_partition(&request.topics) {
            let mut told = DeleteRecordsTopicResult::default();
            told.name = topic.clone();
            for (partition, before) in partitions {
                let mut row = DeleteRecordsPartitionResult::default();
                row.partition_index = partition;
                match self.delete_asked_records(turn, topic, partition, before) {
                    Ok((id, start)) => {
                        row.low_watermark = start;
                        if self.dir.durable_log_start(id) < start {
                            let place = (response.topics.len() as u32, told.partitions.len() as u32);
                            moved.push(MovedStart { id, start, place });
                        }
                    }
                    Err(error) => (row.low_watermark, row.error_code) = (-1, ask.refuse(turn, error)),
                }
                told.partitions.push(row);
            }
            response.topics.push(told);
        }
        match moved.is_empty() {
            true => ask.reply(&response),
            false => {
                self.dir.await_log_starts();
                waits.park(turn, Deletion { ask, response, moved }, request.timeout_ms)
            }
        }
    }

    /// Gives where the log begins.
    fn delete_asked_records(
        &mut self,
        turn: &mut Turn<'_>,
        topic: &str,
        partition: PartitionIndex,
        before: Offset,
    ) -> Result<(TopicPartition, Offset), ErrorCode> {
        let found = self.find(topic, TopicId::ZERO)?;
        let id = TopicPartition { topic: found.id, partition };
        let is_internal = found.is_internal;
        self.partition(id.topic, id.partition)?;
        if is_internal {
            return Err(ErrorCode::InvalidTopicException);
        }
        let partition = self.partitions.get_mut(id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        Ok((id, partition.delete_records(turn, &mut self.dir, before)?))
    }
}

fn by_partition(topics: &[DeleteRecordsTopic]) -> SortedMap<&StrBytes, SortedMap<PartitionIndex, Offset>> {
    let mut asked: SortedMap<_, SortedMap<_, _>> = SortedMap::new();
    for topic in topics {
        let offsets = topic.partitions.iter().map(|row| (row.partition_index, row.offset));
        asked.entry(&topic.name).or_default().extend(offsets);
    }
    asked
}

#[cfg(test)]
mod tests;
