//! The two indexes of a segment: offset to position, timestamp to offset (Kafka's `OffsetIndex` and `TimeIndex`).
//!
//! Both are sparse, about one entry per `INTERVAL_BYTES` of log, and can be made again from the log.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{ids::Offset, runs::Runs, time::Timestamp};

/// Bytes of log between two entries (`index.interval.bytes`).
pub const INTERVAL_BYTES: u64 = 4096;
/// Size of a full index (`segment.index.bytes`).
const FULL_BYTES: u64 = 10 * 1024 * 1024;

/// The batch whose last offset is `base + relative` begins at `position`.
#[derive(Clone, Copy, Debug)]
struct OffsetEntry {
    relative: u32,
    position: u32,
    /// From which offset on the batch is known to have them. The file does not say it: of an entry that was read this is
    /// the last one, as in Kafka, whose reads begin a batch too early for it.
    first: u32,
}

/// As files they are the same.
impl PartialEq for OffsetEntry {
    fn eq(&self, other: &Self) -> bool {
        (self.relative, self.position) == (other.relative, other.position)
    }
}

impl Eq for OffsetEntry {}

/// Offsets to positions. Invariant: both rise strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetIndex {
    entries: Runs<OffsetEntry>,
}

impl OffsetIndex {
    pub const ENTRY_BYTES: u64 = 8;

    /// Adds where the batch of `base + first` to `base + relative` begins.
    pub fn push(&mut self, first: u32, relative: u32, position: u32) {
        debug_assert!(self.entries.last().is_none_or(|last| last.relative < first && last.position < position));
        self.entries.push(OffsetEntry { relative, position, first });
    }

    /// Where to begin looking for the offset `base + relative`: the position of the batch that holds it, or of one
    /// before that.
    pub fn position_before(&self, relative: i64) -> u64 {
        let after = self.entries.partition_point(|entry| i64::from(entry.first) <= relative);
        after.checked_sub(1).and_then(|at| self.entries.get(at)).map_or(0, |entry| u64::from(entry.position))
    }

    /// A position that the batch holding `base + relative` begins at or before, and one that it ends at or before, as
    /// far as the index knows them.
    pub fn bounds(&self, relative: i64) -> (Option<u64>, Option<u64>) {
        // The first entry at or beyond it may be that very batch, so it surely ends where the next entry's begins.
        let at = self.entries.partition_point(|entry| i64::from(entry.relative) < relative);
        let position = |at: u64| self.entries.get(at).map(|entry| u64::from(entry.position));
        (position(at), position(at + 1))
    }

    pub(super) fn own_bytes(&self) -> u64 {
        self.entries.own_bytes()
    }

    pub fn len(&self) -> u32 {
        self.entries.end() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn is_full(&self) -> bool {
        (self.entries.end() + 1) * Self::ENTRY_BYTES > FULL_BYTES
    }

    pub fn truncate(&mut self, len: u32) {
        self.entries.truncate(u64::from(len));
    }

    /// Forgets entries of offsets at or beyond `base + relative`.
    pub fn truncate_offsets(&mut self, relative: i64) {
        self.entries.truncate(self.entries.partition_point(|entry| i64::from(entry.relative) < relative));
    }

    /// All entries: relative offset and position.
    pub fn entries(&self) -> impl Iterator<Item = (u32, u32)> {
        self.entries.iter().map(|entry| (entry.relative, entry.position))
    }

    /// The last entry: relative offset and position.
    pub fn last(&self) -> Option<(u32, u32)> {
        self.entries.last().map(|entry| (entry.relative, entry.position))
    }

    /// The file's bytes from entry `from` on.
    pub fn encode_from(&self, from: u32) -> Bytes {
        encode_offset(self.entries.iter_from(u64::from(from)))
    }

    /// Reads a file. A torn last entry is dropped. `None` where the invariant does not hold, a position lies at or beyond
    /// `log_bytes`, or is 0: a segment's first batch gets no entry, so those are zeros that a crash left.
    pub fn decode(bytes: &[u8], log_bytes: u64) -> Option<Self> {
        let mut index = Self::default();
        for entry in bytes.chunks_exact(8) {
            let relative = u32::from_be_bytes(entry[..4].try_into().ok()?);
            let position = u32::from_be_bytes(entry[4..].try_into().ok()?);
            let rises = index.entries.last().is_none_or(|last| last.relative < relative && last.position < position);
            let is_in_log = position > 0 && u64::from(position) < log_bytes;
            if !rises || !is_in_log || relative > i32::MAX as u32 {
                return None;
            }
            index.entries.push(OffsetEntry { relative, position, first: relative });
        }
        Some(index)
    }
}

fn encode_offset<'a>(entries: impl IntoIterator<Item = &'a OffsetEntry>) -> Bytes {
    let mut bytes = BytesMut::new();
    for entry in entries {
        bytes.put_u32(entry.relative);
        bytes.put_u32(entry.position);
    }
    bytes.freeze()
}

/// No record before `base + relative` in the segment, that one's batch left out, is later than `timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimeEntry {
    timestamp: Timestamp,
    relative: u32,
}

/// Timestamps to offsets: the largest timestamp so far and the last offset of the batch that has it. Invariant: timestamps
/// rise strictly, offsets never fall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeIndex {
    entries: Runs<TimeEntry>,
}

impl TimeIndex {
    pub const ENTRY_BYTES: u64 = 12;

    /// Adds an entry if its timestamp is later than all before.
    pub fn push(&mut self, timestamp: Timestamp, relative: u32) {
        if timestamp.0 >= 0 && self.entries.last().is_none_or(|last| last.timestamp < timestamp) {
            self.entries.push(TimeEntry { timestamp, relative });
        }
    }

    /// The relative offset of a batch at or after which the first record at or after `timestamp` is found.
    pub fn offset_before(&self, timestamp: Timestamp) -> u32 {
        let after = self.entries.partition_point(|entry| entry.timestamp < timestamp);
        after.checked_sub(1).and_then(|at| self.entries.get(at)).map_or(0, |entry| entry.relative)
    }

    /// All entries: the largest timestamp so far and where it is.
    pub fn entries(&self) -> impl Iterator<Item = (Timestamp, u32)> {
        self.entries.iter().map(|entry| (entry.timestamp, entry.relative))
    }

    /// The last entry: the largest timestamp and where it is.
    pub fn last(&self) -> Option<(Timestamp, u32)> {
        self.entries.last().map(|entry| (entry.timestamp, entry.relative))
    }

    pub(super) fn own_bytes(&self) -> u64 {
        self.entries.own_bytes()
    }

    pub fn len(&self) -> u32 {
        self.entries.end() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn is_full(&self) -> bool {
        // One entry is kept free for sealing.
        (self.entries.end() + 2) * Self::ENTRY_BYTES > FULL_BYTES
    }

    pub fn truncate(&mut self, len: u32) {
        self.entries.truncate(u64::from(len));
    }

    /// Forgets entries of offsets at or beyond `base + relative`.
    pub fn truncate_offsets(&mut self, relative: i64) {
        self.entries.truncate(self.entries.partition_point(|entry| i64::from(entry.relative) < relative));
    }

    /// The file's bytes from entry `from` on.
    pub fn encode_from(&self, from: u32) -> Bytes {
        encode_time(self.entries.iter_from(u64::from(from)))
    }

    /// Reads a file. A torn last entry is dropped. `None` where the invariant does not hold.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut index = Self::default();
        for entry in bytes.chunks_exact(12) {
            let timestamp = Timestamp(i64::from_be_bytes(entry[..8].try_into().ok()?));
            let relative = u32::from_be_bytes(entry[8..].try_into().ok()?);
            let rises = index.entries.last().is_none_or(|last| last.timestamp < timestamp && last.relative <= relative);
            if !rises || timestamp.0 < 0 || relative > i32::MAX as u32 {
                return None;
            }
            index.entries.push(TimeEntry { timestamp, relative });
        }
        Some(index)
    }
}

fn encode_time<'a>(entries: impl IntoIterator<Item = &'a TimeEntry>) -> Bytes {
    let mut bytes = BytesMut::new();
    for entry in entries {
        bytes.put_i64(entry.timestamp.0);
        bytes.put_u32(entry.relative);
    }
    bytes.freeze()
}

/// The relative form of `offset` in a segment, where it has one.
pub fn relative(base: Offset, offset: Offset) -> Option<u32> {
    u32::try_from(offset.checked_sub(base)?).ok().filter(|relative| *relative <= i32::MAX as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_offset_index_finds_what_a_walk_finds(steps in prop::collection::vec((1_u32..50, 61_u32..9000), 0..80), torn in 0_usize..8) {
            // One entry per batch: last offsets and positions.
            let mut index = OffsetIndex::default();
            let (mut next, mut position, mut batches) = (1_u32, 61_u32, Vec::new());
            for (records, size) in steps {
                index.push(next, next + records - 1, position);
                batches.push((next, next + records - 1, position, position + size));
                (next, position) = (next + records, position + size);
            }
            let mut file = index.encode_from(0).to_vec();
            prop_assert_eq!(file.len(), batches.len() * 8);
            file.extend(std::iter::repeat_n(0xee, torn));
            let read = OffsetIndex::decode(&file, u64::from(position)).unwrap();
            prop_assert_eq!(&read, &index);
            for &(first, last, begin, end) in &batches {
                for offset in (first..=last).map(i64::from) {
                    prop_assert_eq!(index.position_before(offset), u64::from(begin));
                    prop_assert!(read.position_before(offset) <= u64::from(begin));
                    let (latest_begin, latest_end) = index.bounds(offset);
                    prop_assert_eq!(latest_begin, Some(u64::from(begin)));
                    prop_assert!(latest_end.is_none_or(|latest| latest >= u64::from(end)));
                }
            }
            let half = i64::from(next / 2);
            index.truncate_offsets(half);
            prop_assert!(index.last().is_none_or(|(last, _)| i64::from(last) < half));
        }

        #[test]
        fn a_time_index_never_skips_a_record(times in prop::collection::vec(0_i64..200, 1..80), asked in 0_i64..220) {
            let mut index = TimeIndex::default();
            let (mut largest, mut at) = (-1, 0);
            for (offset, &time) in times.iter().enumerate() {
                if time > largest {
                    (largest, at) = (time, offset as u32);
                }
                index.push(Timestamp(largest), at);
            }
            if let Some(first) = times.iter().position(|&time| time >= asked) {
                prop_assert!(index.offset_before(Timestamp(asked)) as usize <= first);
            }
            prop_assert_eq!(TimeIndex::decode(&index.encode_from(0)), Some(index));
        }

        #[test]
        fn any_bytes_are_an_index_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 0_u64..10_000) {
            if let Some(index) = OffsetIndex::decode(&bytes, size) {
                prop_assert!(index.last().is_none_or(|(_, position)| u64::from(position) < size));
            }
            if let Some(index) = TimeIndex::decode(&bytes) {
                prop_assert_eq!(index.len() as usize, bytes.len() / 12);
            }
        }
    }
}
