//! One batch in place.

use bytes::Bytes;

use super::{BatchLimits, Checked, Compression, Records, TimestampType};
use crate::{effect::Frame, error::ErrorCode, ids::*, time::Timestamp};

/// Bytes before the records: base offset to record count.
pub const HEADER_BYTES: usize = 61;

/// The 61 bytes in front of the records, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    pub base_offset: Offset,
    /// Bytes after this field: the whole batch is 12 longer.
    pub length: i32,
    pub partition_leader_epoch: LeaderEpoch,
    pub magic: i8,
    pub crc: u32,
    pub attributes: i16,
    pub last_offset_delta: i32,
    pub base_timestamp: Timestamp,
    pub max_timestamp: Timestamp,
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`, which may go on with more. Magic and length are checked, the CRC not.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let _ = bytes;
        todo!()
    }
    /// Bytes of the whole batch.
    pub fn size(&self) -> usize {
        todo!()
    }
    pub fn last_offset(&self) -> Offset {
        todo!()
    }
    /// The codec's number (attributes, bits 0–2) may be one that nobody knows.
    pub fn compression(&self) -> Result<Compression, BatchError> {
        todo!()
    }
    pub fn timestamp_type(&self) -> TimestampType {
        todo!()
    }
    pub fn is_transactional(&self) -> bool {
        todo!()
    }
    pub fn is_control(&self) -> bool {
        todo!()
    }
    pub fn has_producer(&self) -> bool {
        self.producer_id >= 0
    }
}

/// Why bytes are not a batch we keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// Fewer bytes than the header or the length claims.
    Truncated,
    /// A length that no batch can have.
    Length,
    /// Magic 0 and 1 are formats of old; anything else nobody knows.
    Magic(i8),
    Crc,
    Attributes,
    Count,
    Offsets,
    Timestamps,
    Sequence,
    UnknownCompression,
    /// The compressed bytes do not decompress.
    Compressed,
    /// They decompress to more than is allowed.
    TooLarge,
    /// A record's own lengths do not add up.
    Record,
}

impl BatchError {
    /// What Kafka answers for it.
    pub fn code(self) -> ErrorCode {
        todo!()
    }
}

/// A batch as the log keeps it: a header of its own and a body shared with the buffer it came in, so that giving
/// it an offset touches 61 bytes and copies no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    header: Bytes,
    body: Bytes,
}

impl Batch {
    /// Takes exactly one batch; what is left over or missing is an error.
    pub fn parse(bytes: Bytes) -> Result<Self, BatchError> {
        let _ = bytes;
        todo!()
    }
    /// Every batch in `bytes`, in order. A torn last one ends the iteration without an error if `torn_end` (a fetch cut at
    /// its size limit, a file's torn end).
    pub fn split(bytes: Bytes, torn_end: bool) -> impl Iterator<Item = Result<Self, BatchError>> {
        let _ = (bytes, torn_end);
        std::iter::empty()
    }
    pub fn header(&self) -> BatchHeader {
        todo!()
    }
    pub fn size(&self) -> usize {
        self.header.len() + self.body.len()
    }
    /// Whether the CRC-32C of attributes to end is the header's.
    pub fn crc_is_right(&self) -> bool {
        todo!()
    }
    /// The walk of a broker over what a client sent: once, without allocating. Checks CRC, magic, counts, offset
    /// deltas, timestamps, attributes, and that compressed records decompress within the limits.
    pub fn check(&self, limits: &BatchLimits) -> Result<Checked, BatchError> {
        let _ = limits;
        todo!()
    }
    /// Sets the two fields outside the CRC.
    pub fn place(&mut self, base_offset: Offset, leader_epoch: LeaderEpoch) {
        let _ = (base_offset, leader_epoch);
        todo!()
    }
    /// Sets the timestamp type and the largest timestamp, and the CRC anew.
    pub fn stamp(&mut self, kind: TimestampType, max_timestamp: Timestamp) {
        let _ = (kind, max_timestamp);
        todo!()
    }
    /// The records, decompressed to at most `bytes_max`.
    pub fn records(&self, bytes_max: usize) -> Result<Records, BatchError> {
        let _ = bytes_max;
        todo!()
    }
    /// Header and body, by reference.
    pub fn push_to(&self, frame: &mut Frame) {
        frame.push(self.header.clone());
        frame.push(self.body.clone());
    }
    pub fn header_bytes(&self) -> &Bytes {
        &self.header
    }
    pub fn body_bytes(&self) -> &Bytes {
        &self.body
    }
}
