//! ListOffsets by time: the first record at or after a timestamp (Kafka's `UnifiedLog.fetchOffsetByTimestamp`).

use bytes::Bytes;

use super::{
    Log,
    read::{ColdRange, TimestampSearch, cold_batches},
};
use crate::{
    ids::Offset,
    record::{Batch, BatchHeader, TimestampType},
    time::Timestamp,
};

/// Bytes searched by one load.
const SEARCH_BYTES: u32 = 256 * 1024;
/// Bytes a batch may decompress to when it is searched.
const DECOMPRESSED_BYTES_MAX: usize = 64 * 1024 * 1024;

impl Log {
    /// The first record from the log's start on whose timestamp is at or after `at_or_after`.
    pub fn search_timestamp(&self, at_or_after: Timestamp) -> TimestampSearch {
        self.search_from(self.log_start_offset(), at_or_after)
    }

    /// Goes on after a load. A damaged batch ends the search: `NotFound`.
    pub fn search_timestamp_in(&self, at_or_after: Timestamp, range: &ColdRange, bytes: Bytes) -> TimestampSearch {
        let mut next = range.from;
        for batch in cold_batches(range, bytes) {
            let Ok((header, batch)) = batch else { return TimestampSearch::NotFound };
            if !batch.crc_is_right() {
                return TimestampSearch::NotFound;
            }
            if let Some(found) = self.find_in(at_or_after, &header, || Some(batch)) {
                return found;
            }
            next = header.last_offset() + 1;
        }
        // Nothing whole was loaded: the file ended early or is gone, and asking again would go round for ever.
        if next == range.from { TimestampSearch::NotFound } else { self.search_from(next, at_or_after) }
    }

    /// The first record that has the log's largest timestamp.
    pub fn search_max_timestamp(&self) -> TimestampSearch {
        let mut best: Option<(Timestamp, Offset)> = None;
        for segment in self.segments().filter(|segment| !segment.is_empty()) {
            let (timestamp, offset) = segment.max_timestamp();
            // What lies below the log's start is no record of it any more, but its batch may reach beyond.
            if offset >= self.log_start_offset() && best.is_none_or(|best| timestamp > best.0) {
                best = Some((timestamp, offset));
            }
        }
        match best {
            Some((timestamp, offset)) => self.search_from(offset, timestamp),
            None => TimestampSearch::NotFound,
        }
    }

    fn search_from(&self, from: Offset, at_or_after: Timestamp) -> TimestampSearch {
        let mut segments = self.segments_from(from);
        let Some(segment) = segments.find(|segment| segment.max_timestamp().0 >= at_or_after) else {
            return TimestampSearch::NotFound;
        };
        let from = from.max(segment.offset_before_time(at_or_after));
        if self.hot.start().is_none_or(|start| start > from) {
            let range = self.cold_range(segment, from, self.log_end_offset(), (SEARCH_BYTES, true));
            return TimestampSearch::Load { at_or_after, range };
        }
        for batch in self.hot.from(from) {
            let Ok(header) = batch.header() else { continue };
            if let Some(found) = self.find_in(at_or_after, &header, || batch.to_batch().ok()) {
                return found;
            }
        }
        TimestampSearch::NotFound
    }

    fn find_in(
        &self,
        at_or_after: Timestamp,
        header: &BatchHeader,
        batch: impl FnOnce() -> Option<Batch>,
    ) -> Option<TimestampSearch> {
        if header.max_timestamp < at_or_after {
            return None;
        }
        let leader_epoch = header.partition_leader_epoch;
        let start = self.log_start_offset();
        if header.timestamp_type() == TimestampType::LogAppendTime {
            let (timestamp, offset) = (header.max_timestamp, header.base_offset.max(start));
            return Some(TimestampSearch::Found { timestamp, offset, leader_epoch });
        }
        let records = batch()?.records(DECOMPRESSED_BYTES_MAX).ok()?;
        let first =
            records.map_while(Result::ok).find(|record| record.timestamp >= at_or_after && record.offset >= start)?;
        Some(TimestampSearch::Found { timestamp: first.timestamp, offset: first.offset, leader_epoch })
    }
}
