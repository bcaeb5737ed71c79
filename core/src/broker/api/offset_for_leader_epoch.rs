//! OffsetForLeaderEpoch (key 23, versions 2–4)
//!
//! Behaviour
//! - Tells the largest leader epoch at or below the one that is asked for, and where it ends (KIP-101, KIP-320). With it a
//!   consumer finds out whether what it has read was cut off.
//! - -1 and -1 where nothing is known of that epoch.
//! - A client that names the current leader epoch and is behind is FENCED_LEADER_EPOCH, ahead UNKNOWN_LEADER_EPOCH.
//!
//! Versions
//! - 3 replica id, which changes nothing · 4 flexible
//!
//! Differs from Kafka
//! - Nothing a client can see.

use kafka_wire::{
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    offset_for_leader_epoch_request::OffsetForLeaderPartition,
    offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult},
};

use super::{Ask, Handled};
use crate::{broker::Topics, error::ErrorCode, ids::*, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_offset_for_leader_epoch(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: OffsetForLeaderEpochRequest,
    ) -> Handled {
        let mut response = OffsetForLeaderEpochResponse::default();
        for topic in &request.topics {
            let mut told = OffsetForLeaderTopicResult::default();
            told.topic = topic.topic.clone();
            for asked in &topic.partitions {
                let mut end = EpochEndOffset::default();
                end.partition = asked.partition;
                match self.end_of_asked_epoch(&topic.topic, asked) {
                    Ok(Some((epoch, offset))) => (end.leader_epoch, end.end_offset) = (epoch, offset),
                    Ok(None) => {}
                    Err(error) => end.error_code = ask.refuse(turn, error),
                }
                told.partitions.push(end);
            }
            response.topics.push(told);
        }
        ask.reply(&response)
    }

    fn end_of_asked_epoch(
        &self,
        topic: &str,
        asked: &OffsetForLeaderPartition,
    ) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
        let partition = self.readable(topic, asked.partition)?;
        partition.check_leader_epoch(asked.current_leader_epoch)?;
        Ok(partition.end_of_epoch(asked.leader_epoch))
    }
}

#[cfg(test)]
mod tests;
