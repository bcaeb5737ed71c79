//! DeleteRecords (key 21, versions 0–2)
//!
//! Behaviour
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
//! - A partition that is named twice is told twice; Kafka does and tells the last one.

use kafka_wire::{
    DeleteRecordsRequest, DeleteRecordsResponse,
    delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
};

use super::{Ask, Handled};
use crate::{
    broker::{
        Topics,
        wait::delete_records::{DeleteRecordsWaits, Deletion, MovedStart},
    },
    error::ErrorCode,
    ids::*,
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
        for topic in &request.topics {
            let mut told = DeleteRecordsTopicResult::default();
            told.name = topic.name.clone();
            for asked in &topic.partitions {
                let mut row = DeleteRecordsPartitionResult::default();
                row.partition_index = asked.partition_index;
                match self.delete_asked_records(turn, &topic.name, asked.partition_index, asked.offset) {
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

#[cfg(test)]
mod tests;
