//! What can be wrong with a batch, and what Kafka answers for it.

use std::fmt;

use crate::error::ErrorCode;

/// Why bytes are not a batch we keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// Fewer bytes than the header or the length claims, or more than one batch where one was due.
    Truncated,
    /// A length that no batch can have.
    Length,
    /// Magic 0 and 1 are formats of old; anything else nobody knows.
    Magic(i8),
    Crc,
    /// A control batch, or an attribute that a client may not set.
    Attributes,
    Count,
    Offsets,
    /// Outside what the topic allows. The number is the record's place in the batch.
    Timestamp(i32),
    Sequence,
    UnknownCompression,
    /// The compressed bytes do not decompress.
    Compressed,
    /// They decompress to more than is allowed.
    TooLarge,
    /// A record's own lengths do not add up. The number is its place in the batch.
    Record(i32),
}

impl BatchError {
    /// What Kafka answers for it (`DefaultRecordBatch.ensureValid`, `LogValidator`).
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Truncated | Self::Length | Self::Crc | Self::Compressed => ErrorCode::CorruptMessage,
            Self::Timestamp(_) => ErrorCode::InvalidTimestamp,
            Self::UnknownCompression => ErrorCode::UnsupportedCompressionType,
            Self::TooLarge => ErrorCode::MessageTooLarge,
            Self::Magic(_) | Self::Attributes | Self::Count | Self::Offsets | Self::Sequence | Self::Record(_) => {
                ErrorCode::InvalidRecord
            }
        }
    }

    /// The record it is about, where it is about one.
    pub fn record(self) -> Option<i32> {
        match self {
            Self::Timestamp(index) | Self::Record(index) => Some(index),
            _ => None,
        }
    }

    /// In words, as `record_errors` and `error_message` of a Produce answer carry them.
    pub fn why(self) -> &'static str {
        match self {
            Self::Truncated => "the record set is not exactly one whole batch",
            Self::Length => "the batch's length is impossible",
            Self::Magic(_) => "the batch's magic is not 2",
            Self::Crc => "the batch's CRC-32C does not match its bytes",
            Self::Attributes => "the batch carries attributes that a client may not set",
            Self::Count => "the batch's record count is not that of its records",
            Self::Offsets => "the batch's offsets are not consecutive",
            Self::Timestamp(_) => "the timestamp is outside what the topic allows",
            Self::Sequence => "an idempotent batch has no base sequence",
            Self::UnknownCompression => "the batch names a codec that does not exist",
            Self::Compressed => "the compressed records do not decompress",
            Self::TooLarge => "the compressed records decompress to more than is allowed",
            Self::Record(_) => "the record's lengths do not add up",
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl std::error::Error for BatchError {}
