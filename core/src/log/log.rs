//! One partition's log.

use bytes::Bytes;

use super::read::*;
use crate::{effect::*, error::ErrorCode, ids::*, record::*, time::*};

/// Where a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub base_offset: Offset,
    pub last_offset: Offset,
    /** Set when the topic stamps records at append. */
    pub append_time: Option<Timestamp>,
    /** The batch was here already (idempotent producer). */
    pub is_duplicate: bool,
}

#[derive(Clone, Debug)]
pub struct Log {}

impl Log {
    pub fn log_start_offset(&self) -> Offset {
        todo!()
    }
    pub fn log_end_offset(&self) -> Offset {
        todo!()
    }
    pub fn latest_epoch(&self) -> LeaderEpoch {
        todo!()
    }
    /// Bytes of all segments.
    pub fn size(&self) -> u64 {
        todo!()
    }
    /// Batches from the one holding `from` up to `below` (exclusive), at most `bytes_max` unless `at_least_one` and the
    /// first is larger. `OffsetOutOfRange` below the log's start or above its end.
    pub fn read(&self, from: Offset, below: Offset, bytes_max: u32, at_least_one: bool) -> Result<Read, ErrorCode> {
        let _ = (from, below, bytes_max, at_least_one);
        todo!()
    }
    /// What a loaded range holds of what was asked of `read`.
    pub fn cut(range: &ColdRange, bytes: Bytes) -> Frame {
        let _ = (range, bytes);
        todo!()
    }
    pub fn search_timestamp(&self, at_or_after: Timestamp) -> TimestampSearch {
        let _ = at_or_after;
        todo!()
    }
    /// Goes on after a load.
    pub fn search_timestamp_in(&self, at_or_after: Timestamp, range: &ColdRange, bytes: Bytes) -> TimestampSearch {
        let _ = (at_or_after, range, bytes);
        todo!()
    }
    pub fn search_max_timestamp(&self) -> TimestampSearch {
        todo!()
    }
    /// KIP-101/320: the largest epoch at or below `epoch` that the log has, and where it ends. `None`: not known.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let _ = epoch;
        todo!()
    }
}
