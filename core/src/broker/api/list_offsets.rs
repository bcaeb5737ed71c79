//! ListOffsets (key 2, versions 1–11)
//!
//! Behaviour
//! - Tells of each partition the first offset (-2), the one that the next record gets (-1), the first record at or after
//!   a time, or the first with the largest time (-3). What lies at or beyond the high watermark is not told: -1 and -1.
//! - A search for a time that needs bytes from storage waits in `wait/list_offsets`.
//! - There is no tiered storage: what is local begins where the log does (-4), nothing is tiered (-5) and nothing is on
//!   its way there (-6).
//! - A client that names the current leader epoch and is behind is FENCED_LEADER_EPOCH, ahead UNKNOWN_LEADER_EPOCH; a
//!   partition that is named twice is INVALID_REQUEST, a special time that the version does not have UNSUPPORTED_VERSION,
//!   an isolation level that there is not UNKNOWN_SERVER_ERROR.
//!
//! Versions
//! - 2 isolation level · 4 leader epochs · 6 flexible · 7 largest time (KIP-734) · 8 local start (KIP-405)
//! - 9 tiered (KIP-1005) · 10 timeout · 11 on its way to be tiered (KIP-1023)
//!
//! Differs from Kafka
//! - Brokers do not come here: a replica id is refused with TOPIC_AUTHORIZATION_FAILED, as by a Kafka whose client
//!   lacks ClusterAction. The debugging replica (-2) sees the log's end, as there.
//! - There are no transactions, so both isolation levels see the same.
//! - A record below the log's start is not told: Kafka tells the one with the largest time even then.
//! - A partition that is named twice is refused at each of its places; Kafka refuses it once.

use std::collections::VecDeque;

use kafka_wire::{
    ListOffsetsRequest, ListOffsetsResponse,
    list_offsets_request::ListOffsetsPartition,
    list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
};

use super::{Ask, Handled, named_twice};
use crate::{
    broker::{
        Topics,
        wait::list_offsets::{ColdSearch, ListOffsetsWaits, OffsetSearch},
    },
    error::ErrorCode,
    ids::*,
    log::TimestampSearch,
    time::Timestamp,
    turn::Turn,
};

/// Times that are none (`ListOffsetsRequest`), and the version each came with.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;
/// By rising distance from 0.
const SPECIAL_SINCE: [(i64, i16); 6] = [
    (LATEST, 1),
    (EARLIEST, 1),
    (MAX_TIMESTAMP, 7),
    (EARLIEST_LOCAL, 8),
    (LATEST_TIERED, 9),
    (EARLIEST_PENDING_UPLOAD, 11),
];

/// `IsolationLevel`.
const READ_UNCOMMITTED: i8 = 0;
const READ_COMMITTED: i8 = 1;
/// `ListOffsetsRequest.CONSUMER_REPLICA_ID`.
const CONSUMER: i32 = -1;

impl Topics {
    pub(in crate::broker) fn on_list_offsets(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: ListOffsetsRequest,
        waits: &mut ListOffsetsWaits,
    ) -> Handled {
        let twice = named_twice(
            request
                .topics
                .iter()
                .flat_map(|topic| topic.partitions.iter().map(|asked| (&*topic.name, asked.partition_index))),
        );
        let mut response = ListOffsetsResponse::default();
        let mut cold = VecDeque::new();
        for topic in &request.topics {
            let mut told = ListOffsetsTopicResponse::default();
            told.name = topic.name.clone();
            for asked in &topic.partitions {
                let mut row = ListOffsetsPartitionResponse::default();
                row.partition_index = asked.partition_index;
                let is_twice = twice.contains(&(&*topic.name, asked.partition_index));
                let looked = check(ask, &request, is_twice, asked)
                    .and_then(|()| self.look_up(request.replica_id, &topic.name, asked));
                match looked {
                    Ok((id, TimestampSearch::Load { .. })) => {
                        let place = (response.topics.len() as u32, told.partitions.len() as u32);
                        cold.push_back(ColdSearch { id, place, timestamp: asked.timestamp });
                    }
                    Ok((_, found)) => tell(ask, &mut row, &found),
                    Err(error) => row.error_code = ask.refuse(turn, error),
                }
                told.partitions.push(row);
            }
            response.topics.push(told);
        }
        match cold.is_empty() {
            true => ask.reply(&response),
            false => waits.park(turn, self, OffsetSearch::new(ask, response, cold), request.timeout_ms),
        }
    }

    fn look_up(
        &self,
        replica_id: i32,
        topic: &str,
        asked: &ListOffsetsPartition,
    ) -> Result<(TopicPartition, TimestampSearch), ErrorCode> {
        let partition = self.readable(topic, asked.partition_index)?;
        partition.check_leader_epoch(asked.current_leader_epoch)?;
        let at = |offset, leader_epoch| TimestampSearch::Found { timestamp: Timestamp::NONE, offset, leader_epoch };
        let found = match asked.timestamp {
            LATEST if replica_id == CONSUMER => at(partition.high_watermark(), partition.leader_epoch()),
            LATEST => at(partition.log().log_end_offset(), partition.leader_epoch()),
            EARLIEST | EARLIEST_LOCAL => at(partition.log().log_start_offset(), partition.start_epoch().unwrap_or(-1)),
            LATEST_TIERED | EARLIEST_PENDING_UPLOAD => TimestampSearch::NotFound,
            timestamp => self.search(partition.id(), timestamp)?,
        };
        Ok((partition.id(), found))
    }

    /// Looks for the first record at or after `timestamp`, or with the largest one, as far as memory goes.
    pub(in crate::broker) fn search(&self, id: TopicPartition, timestamp: i64) -> Result<TimestampSearch, ErrorCode> {
        let log = self.readable_by_id(id)?.log();
        let found = match timestamp {
            MAX_TIMESTAMP => log.search_max_timestamp(),
            time => log.search_timestamp(Timestamp(time)),
        };
        self.visible(id, found)
    }

    /// What of a search's end a client may see.
    pub(in crate::broker) fn visible(
        &self,
        id: TopicPartition,
        found: TimestampSearch,
    ) -> Result<TimestampSearch, ErrorCode> {
        let end = self.readable_by_id(id)?.high_watermark();
        Ok(match found {
            TimestampSearch::Found { offset, .. } if offset >= end => TimestampSearch::NotFound,
            seen => seen,
        })
    }
}

fn check(
    ask: Ask,
    request: &ListOffsetsRequest,
    is_twice: bool,
    asked: &ListOffsetsPartition,
) -> Result<(), ErrorCode> {
    let since = match asked.timestamp {
        0.. => Some(0),
        special => SPECIAL_SINCE.into_iter().find(|known| known.0 == special).map(|known| known.1),
    };
    if !matches!(request.isolation_level, READ_UNCOMMITTED | READ_COMMITTED) {
        Err(ErrorCode::UnknownServerError)
    } else if request.replica_id >= 0 {
        Err(ErrorCode::TopicAuthorizationFailed)
    } else if is_twice {
        Err(ErrorCode::InvalidRequest)
    } else if since.is_none_or(|since| ask.version < since) {
        Err(ErrorCode::UnsupportedVersion)
    } else {
        Ok(())
    }
}

/// Writes the end of a search into its row. A row that nothing was found for says -1 and -1.
pub(in crate::broker) fn tell(ask: Ask, row: &mut ListOffsetsPartitionResponse, found: &TimestampSearch) {
    if let TimestampSearch::Found { timestamp, offset, leader_epoch } = found {
        (row.timestamp, row.offset) = (timestamp.0, *offset);
        row.leader_epoch = if ask.version >= 4 { *leader_epoch } else { -1 };
    }
}

#[cfg(test)]
mod tests;
