//! Reading a log: batches by reference, or the range of a file that must be loaded first.

use bytes::Bytes;

use super::{Log, segment::Segment};
use crate::{
    effect::{FileName, Frame},
    error::ErrorCode,
    ids::{LeaderEpoch, Offset},
    record::{Batch, BatchHeader},
    time::Timestamp,
};

/// Whole batches from the one that holds the asked offset on.
#[derive(Clone, Debug)]
pub enum Read {
    /// In memory. Empty where there is nothing below the bound.
    Hot(Frame),
    /// Not in memory: load it (through `LogDir::load`), then hand the bytes to `Log::cut`.
    Cold(ColdRange),
}

/// A range of a segment's file that holds what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColdRange {
    pub file: FileName,
    pub at: u64,
    pub len: u64,
    /// Of `len`, what surely holds the first batch that is asked for.
    pub first: u64,
    pub from: Offset,
    pub below: Offset,
    pub bytes_max: u32,
    pub at_least_one: bool,
}

impl ColdRange {
    /// The range cut to `bytes`, as far as that leaves the first batch whole where one is due.
    pub fn at_most(mut self, bytes: u64) -> Self {
        let least = if self.at_least_one { self.first } else { 0 };
        self.len = self.len.min(bytes.max(least));
        self
    }
}

/// The first record at or after a time; or what must be loaded to go on looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimestampSearch {
    Found {
        timestamp: Timestamp,
        offset: Offset,
        leader_epoch: LeaderEpoch,
    },
    NotFound,
    /// Load the range (through `LogDir::load`), then hand both and the bytes to `Log::search_timestamp_in`.
    Load {
        at_or_after: Timestamp,
        range: ColdRange,
    },
}

impl Log {
    /// Batches from the one holding `from` up to `below` (exclusive), at most `bytes_max` unless `at_least_one` and the
    /// first is larger. A batch that reaches beyond `below` is left out.
    ///
    /// # Errors
    /// `OffsetOutOfRange` below the log's start or above its end.
    pub fn read(&self, from: Offset, below: Offset, bytes_max: u32, at_least_one: bool) -> Result<Read, ErrorCode> {
        if from < self.log_start_offset() || from > self.log_end_offset() {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        Ok(self.read_at(from, below.min(self.log_end_offset()), bytes_max, at_least_one))
    }

    /// As `read`, of whole batches where segments have them, though they may lie below the log's start.
    pub(super) fn read_whole(&self, from: Offset, below: Offset, bytes_max: u32) -> Read {
        self.read_at(from, below.min(self.log_end_offset()), bytes_max, true)
    }

    fn read_at(&self, from: Offset, below: Offset, bytes_max: u32, at_least_one: bool) -> Read {
        if from >= below {
            return Read::Hot(Frame::default());
        }
        if self.hot.start().is_some_and(|start| start <= from) {
            let mut frame = Frame::default();
            for batch in self.hot.from(from) {
                let is_first = at_least_one && frame.is_empty();
                if batch.last_offset >= below || (!is_first && frame.len() + batch.size() > u64::from(bytes_max)) {
                    break;
                }
                batch.push_to(&mut frame);
            }
            return Read::Hot(frame);
        }
        Read::Cold(self.cold_range(self.segment_of(from), from, below, (bytes_max, at_least_one)))
    }

    /// Of the batch in memory that holds `offset`, which the log's start may have passed.
    pub(crate) fn hot_header(&self, offset: Offset) -> Option<BatchHeader> {
        self.hot.start().filter(|start| *start <= offset)?;
        self.hot.from(offset).next()?.header().ok()
    }

    /// The range of `segment` to load for the batches from the one holding `from` on.
    pub(super) fn cold_range(&self, segment: &Segment, from: Offset, below: Offset, most: (u32, bool)) -> ColdRange {
        let (bytes_max, at_least_one) = most;
        // Where memory has batches the file may still hold what was cut off before them.
        let below = self.hot.start().map_or(below, |start| below.min(start));
        let at = segment.position_before(from);
        let (begun, ended) = segment.positions_after(from);
        // To the end of the batch that holds `from`, which may not be the one at `at`; and as far as `bytes_max` may reach
        // from where it begins.
        let first = ended.saturating_sub(at);
        let wanted = begun.saturating_sub(at).saturating_add(u64::from(bytes_max));
        let len = first.max(wanted).min(segment.size().saturating_sub(at));
        ColdRange {
            file: segment.log_file().clone(),
            at,
            len,
            first: first.min(len),
            from,
            below,
            bytes_max,
            at_least_one,
        }
    }

    /// What a loaded range holds of what was asked of `read`.
    ///
    /// # Errors
    /// S2: CRC-bad data is never served. `CorruptMessage` where a batch that is asked for is damaged, or is not there.
    pub fn cut(range: &ColdRange, bytes: Bytes) -> Result<Frame, ErrorCode> {
        let mut frame = Frame::default();
        let mut is_found = false;
        for batch in cold_batches(range, bytes) {
            let (header, batch) = batch?;
            is_found = true;
            let is_first = range.at_least_one && frame.is_empty();
            let size = batch.size() as u64;
            let is_over =
                header.last_offset() >= range.below || (!is_first && frame.len() + size > u64::from(range.bytes_max));
            // The first is looked at before its bounds are believed: damaged, it may seem to reach beyond everything.
            if (frame.is_empty() || !is_over) && !batch.crc_is_right() {
                return Err(ErrorCode::CorruptMessage);
            }
            if is_over {
                break;
            }
            batch.push_to(&mut frame);
        }
        // The range holds the whole batch that was asked for, unless the file was cut off.
        if is_found { Ok(frame) } else { Err(ErrorCode::CorruptMessage) }
    }
}

/// The whole batches of a loaded range, from the one that holds `from` on. Their CRCs are not checked; that they follow
/// each other is, since offsets lie outside the CRC, and so is that the first holds `from`, which a damaged index could
/// have led beyond.
pub(super) fn cold_batches(
    range: &ColdRange,
    bytes: Bytes,
) -> impl Iterator<Item = Result<(BatchHeader, Batch), ErrorCode>> {
    let from = range.from;
    let mut rest = bytes;
    let mut next = None;
    std::iter::from_fn(move || {
        loop {
            let header = match BatchHeader::parse(&rest) {
                Ok(header) if header.size() <= rest.len() => header,
                // The range ends in the middle of a batch.
                Ok(_) => return None,
                Err(_) if rest.len() < crate::record::HEADER_BYTES => return None,
                Err(_) => return Some(Err(ErrorCode::CorruptMessage)),
            };
            let bytes = rest.split_to(header.size());
            let begins = next.unwrap_or_else(|| header.base_offset.min(from));
            next = Some(header.last_offset().saturating_add(1));
            if header.base_offset != begins || header.last_offset() < begins {
                rest.clear();
                return Some(Err(ErrorCode::CorruptMessage));
            }
            if header.last_offset() < from {
                continue;
            }
            return Some(Batch::parse(bytes).map(|batch| (header, batch)).map_err(|_| ErrorCode::CorruptMessage));
        }
    })
    .fuse()
}
