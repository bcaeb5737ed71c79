//! The broker's one walk over a batch (`LogValidator`).

use super::{Batch, BatchError, BatchHeader, Compression, TimestampType, records::RecordHead, varint::Reader};
use crate::{ids::Offset, time::Timestamp};

/// How much a batch may cost.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Bytes after decompression: min(100 × the batch's size, 64 MiB) in a broker.
    pub decompressed_bytes_max: usize,
    /// What `message.timestamp.before.max.ms` and `.after.max.ms` allow, as absolute bounds.
    pub timestamp_min: Timestamp,
    pub timestamp_max: Timestamp,
}

impl BatchLimits {
    /// Bounds on what it decompresses to only.
    pub fn any_time(decompressed_bytes_max: usize) -> Self {
        Self { decompressed_bytes_max, timestamp_min: Timestamp(i64::MIN), timestamp_max: Timestamp(i64::MAX) }
    }
}

/// What the walk found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub record_count: i32,
    /// The largest timestamp of the records, which the header may state wrongly.
    pub max_timestamp: Timestamp,
    /// Delta of the first record that has it (ListOffsets by max timestamp).
    pub max_timestamp_offset_delta: Offset,
    /// Whether some record has no key, which a compacted topic refuses.
    pub has_null_key: bool,
}

pub(super) fn check(batch: &Batch, limits: &BatchLimits) -> Result<Checked, BatchError> {
    let header = batch.header();
    if !batch.crc_is_right() {
        return Err(BatchError::Crc);
    }
    check_header(header)?;
    match header.compression()? {
        Compression::None => walk(header, batch.body_bytes(), limits),
        codec => walk(header, &codec.decompress(batch.body_bytes(), limits.decompressed_bytes_max)?, limits),
    }
}

fn check_header(header: &BatchHeader) -> Result<(), BatchError> {
    if header.is_control() || header.has_delete_horizon() {
        return Err(BatchError::Attributes);
    }
    if header.record_count <= 0 {
        return Err(BatchError::Count);
    }
    if header.last_offset_delta != header.record_count - 1 {
        return Err(BatchError::Offsets);
    }
    if header.timestamp_type() == TimestampType::LogAppendTime {
        return Err(BatchError::Timestamp(0));
    }
    if header.has_producer() && (header.base_sequence < 0 || header.producer_epoch < 0) {
        return Err(BatchError::Sequence);
    }
    if header.is_transactional() && !header.has_producer() {
        return Err(BatchError::Attributes);
    }
    Ok(())
}

fn walk(header: &BatchHeader, records: &[u8], limits: &BatchLimits) -> Result<Checked, BatchError> {
    let mut checked = Checked {
        record_count: header.record_count,
        max_timestamp: Timestamp::NONE,
        max_timestamp_offset_delta: 0,
        has_null_key: false,
    };
    let mut reader = Reader::new(records, 0);
    for index in 0..header.record_count {
        let (head, has_key) = walk_record(&mut reader).ok_or(BatchError::Record(index))?;
        if head.offset_delta != index {
            return Err(BatchError::Offsets);
        }
        let timestamp = header.base_timestamp.0.checked_add(head.timestamp_delta).map(Timestamp);
        let timestamp = timestamp.ok_or(BatchError::Timestamp(index))?;
        // -1 is a record without a timestamp, which no bound is about.
        let is_in_bounds = (limits.timestamp_min..=limits.timestamp_max).contains(&timestamp);
        if timestamp != Timestamp::NONE && !is_in_bounds {
            return Err(BatchError::Timestamp(index));
        }
        if timestamp > checked.max_timestamp {
            (checked.max_timestamp, checked.max_timestamp_offset_delta) = (timestamp, i64::from(index));
        }
        checked.has_null_key |= !has_key;
    }
    match reader.is_at_end() {
        true => Ok(checked),
        false => Err(BatchError::Count),
    }
}

/// Goes past one record. Says whether it has a key.
fn walk_record(reader: &mut Reader<'_>) -> Option<(RecordHead, bool)> {
    let head = RecordHead::read(reader)?;
    let has_key = reader.take_nullable()?.is_some();
    reader.take_nullable()?;
    let headers = reader.take_varint().filter(|&count| count >= 0)?;
    for _ in 0..headers {
        reader.take_nullable()??;
        reader.take_nullable()?;
    }
    (reader.at() == head.end).then_some((head, has_key))
}
