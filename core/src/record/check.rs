//! The broker's one walk over a batch.

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

/// What the walk found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub record_count: i32,
    /// The largest timestamp of the records, which the header may state wrongly.
    pub max_timestamp: Timestamp,
    /// Delta of the first record that has it (ListOffsets by max timestamp).
    pub max_timestamp_offset_delta: Offset,
}
