//! One segment of a log: a `.log` file and its two indexes, up to what was appended (not yet: committed).

use super::{
    index::{INTERVAL_BYTES, OffsetIndex, TimeIndex, relative},
    layout::{self, LogFile},
};
use crate::{
    effect::{FileName, Frame, WriteOp},
    ids::Offset,
    record::BatchHeader,
    time::Timestamp,
};

/// Positions are 31 bits in Kafka's indexes.
pub const SEGMENT_BYTES_MAX: u64 = i32::MAX as u64;

#[derive(Clone, Debug)]
pub struct Segment {
    base_offset: Offset,
    log: FileName,
    index: FileName,
    time_index: FileName,
    state: SegmentState,
    offsets: OffsetIndex,
    times: TimeIndex,
    /// When it began, by the broker's clock; after a restart, when it was opened.
    created: Timestamp,
}

/// What an append changes beside the indexes. With `SegmentMark` it can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SegmentState {
    /// Bytes of batches.
    size: u64,
    bytes_since_entry: u64,
    /// The largest timestamp so far, and the last offset of the first batch that has it.
    max_timestamp: Timestamp,
    max_timestamp_offset: Offset,
    /// The first batch's largest timestamp: from it the age is counted.
    first_timestamp: Option<Timestamp>,
}

/// A segment as it stood before an append.
#[derive(Clone, Copy, Debug)]
pub struct SegmentMark {
    state: SegmentState,
    offsets: u32,
    times: u32,
}

impl Segment {
    pub fn new(dir: &str, base_offset: Offset, created: Timestamp) -> Self {
        Self {
            base_offset,
            log: layout::path(dir, LogFile::Log(base_offset)),
            index: layout::path(dir, LogFile::Index(base_offset)),
            time_index: layout::path(dir, LogFile::TimeIndex(base_offset)),
            state: SegmentState {
                size: 0,
                bytes_since_entry: 0,
                max_timestamp: Timestamp::NONE,
                max_timestamp_offset: base_offset,
                first_timestamp: None,
            },
            offsets: OffsetIndex::default(),
            times: TimeIndex::default(),
            created,
        }
    }

    pub fn base_offset(&self) -> Offset {
        self.base_offset
    }

    pub fn size(&self) -> u64 {
        self.state.size
    }

    /// What a clone copies of its indexes, in bytes.
    pub(super) fn own_bytes(&self) -> u64 {
        self.offsets.own_bytes() + self.times.own_bytes()
    }

    pub fn is_empty(&self) -> bool {
        self.state.size == 0
    }

    pub fn log_file(&self) -> &FileName {
        &self.log
    }

    pub fn files(&self) -> [FileName; 3] {
        [self.log.clone(), self.index.clone(), self.time_index.clone()]
    }

    pub fn offsets(&self) -> &OffsetIndex {
        &self.offsets
    }

    pub fn times(&self) -> &TimeIndex {
        &self.times
    }

    /// The largest timestamp of its records, -1 if none has one, and the last offset of the first batch with it.
    pub fn max_timestamp(&self) -> (Timestamp, Offset) {
        (self.state.max_timestamp, self.state.max_timestamp_offset)
    }

    /// The time retention counts from: its latest record's, or where records carry none its own.
    pub fn latest(&self) -> Timestamp {
        if self.state.max_timestamp.0 >= 0 { self.state.max_timestamp } else { self.created }
    }

    /// Where the batches that may hold `offset` begin.
    pub fn position_before(&self, offset: Offset) -> u64 {
        self.offsets.position_before(offset - self.base_offset)
    }

    /// Where the batch holding `offset` has surely begun, and where it has surely ended.
    pub fn positions_after(&self, offset: Offset) -> (u64, u64) {
        let (begun, ended) = self.offsets.bounds(offset - self.base_offset);
        (begun.unwrap_or(self.state.size), ended.unwrap_or(self.state.size))
    }

    /// The offset at or after which a record of at least `timestamp` may be.
    pub fn offset_before_time(&self, timestamp: Timestamp) -> Offset {
        self.base_offset + i64::from(self.times.offset_before(timestamp))
    }

    /// Kafka's `LogSegment.shouldRoll`: whether a batch must go into a new segment.
    pub fn is_full_for(&self, batch: &BatchHeader, last_offset: Offset, limits: &RollLimits) -> bool {
        if relative(self.base_offset, last_offset).is_none() {
            return true;
        }
        let age = match self.state.first_timestamp {
            Some(first) if first.0 >= 0 => batch.max_timestamp.0.saturating_sub(first.0),
            _ => limits.now.0.saturating_sub(self.created.0),
        };
        !self.is_empty()
            && (self.state.size + batch.size() as u64 > limits.bytes
                || age > limits.age_ms
                || self.offsets.is_full()
                || self.times.is_full())
    }

    /// Adds a batch that is at its offset, and to `ops` what storage has to do for it.
    pub fn append(&mut self, batch: &BatchHeader, bytes: Frame, ops: &mut Vec<WriteOp>) {
        let (at, entries) = (self.state.size, (self.offsets.len(), self.times.len()));
        ops.push(WriteOp::Append { file: self.log.clone(), at, bytes });
        self.note(batch);
        self.write_indexes(entries, ops);
    }

    /// Takes notice of a batch that is in the file already.
    pub fn note(&mut self, batch: &BatchHeader) {
        let state = &mut self.state;
        let relative = |offset| relative(self.base_offset, offset).unwrap_or(i32::MAX as u32);
        let (first, last) = (relative(batch.base_offset), relative(batch.last_offset()));
        if state.size == 0 {
            state.first_timestamp = Some(batch.max_timestamp);
        }
        if batch.max_timestamp > state.max_timestamp {
            (state.max_timestamp, state.max_timestamp_offset) = (batch.max_timestamp, batch.last_offset());
        }
        if state.bytes_since_entry > INTERVAL_BYTES {
            self.offsets.push(first, last, state.size as u32);
            self.times.push(state.max_timestamp, (state.max_timestamp_offset - self.base_offset) as u32);
            state.bytes_since_entry = 0;
        }
        state.bytes_since_entry += batch.size() as u64;
        state.size += batch.size() as u64;
    }

    /// Nothing more comes: the time index gets its last entry.
    pub fn seal(&mut self, ops: &mut Vec<WriteOp>) {
        let entries = (self.offsets.len(), self.times.len());
        let (timestamp, offset) = self.max_timestamp();
        self.times.push(timestamp, (offset - self.base_offset) as u32);
        self.write_indexes(entries, ops);
    }

    /// Appends to the index files what came after the first `from` entries of each.
    pub fn write_indexes(&self, from: (u32, u32), ops: &mut Vec<WriteOp>) {
        let parts = [
            (&self.index, self.offsets.encode_from(from.0), u64::from(from.0) * OffsetIndex::ENTRY_BYTES),
            (&self.time_index, self.times.encode_from(from.1), u64::from(from.1) * TimeIndex::ENTRY_BYTES),
        ];
        for (file, bytes, at) in parts {
            if !bytes.is_empty() {
                ops.push(WriteOp::Append { file: file.clone(), at, bytes: bytes.into() });
            }
        }
    }

    pub fn mark(&self) -> SegmentMark {
        SegmentMark { state: self.state, offsets: self.offsets.len(), times: self.times.len() }
    }

    /// Takes back what came after `mark`.
    pub fn undo(&mut self, mark: SegmentMark) {
        self.state = mark.state;
        self.offsets.truncate(mark.offsets);
        self.times.truncate(mark.times);
    }

    /// Takes the indexes from storage for a file of `size` bytes that is not read.
    pub fn restore(&mut self, offsets: OffsetIndex, times: TimeIndex, size: u64) {
        if let Some((timestamp, offset)) = times.last() {
            self.state.max_timestamp = timestamp;
            self.state.max_timestamp_offset = self.base_offset + i64::from(offset);
        }
        (self.offsets, self.times, self.state.size) = (offsets, times, size);
    }

    /// Goes back to the last index entry below `offset`, so that the file can be read on from there. Gives the position.
    pub fn rewind(&mut self, offset: Offset) -> u64 {
        self.offsets.truncate_offsets(offset - self.base_offset);
        let (last, position) = self.offsets.last().map_or((-1, 0), |(last, at)| (i64::from(last), u64::from(at)));
        // Each offset entry came with the largest timestamp up to its batch.
        self.times.truncate_offsets(last + 1);
        let (offsets, times) = (std::mem::take(&mut self.offsets), std::mem::take(&mut self.times));
        self.state.max_timestamp = Timestamp::NONE;
        self.state.max_timestamp_offset = self.base_offset;
        self.state.bytes_since_entry = 0;
        self.restore(offsets, times, position);
        position
    }

    /// Sets what only the first batch tells.
    pub fn set_first_timestamp(&mut self, timestamp: Timestamp) {
        self.state.first_timestamp = Some(timestamp);
    }
}

/// When a segment is full.
#[derive(Clone, Copy, Debug)]
pub struct RollLimits {
    pub bytes: u64,
    pub age_ms: i64,
    pub now: Timestamp,
}
