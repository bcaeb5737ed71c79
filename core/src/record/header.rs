//! The 61 bytes in front of a batch's records (`DefaultRecordBatch`).

use super::{BatchError, Compression, ProducerStamp, TimestampType};
use crate::{ids::*, time::Timestamp};

/// Bytes before the records: base offset to record count.
pub const HEADER_BYTES: usize = 61;
/// Base offset and length, which the length does not count.
pub const LENGTH_PREFIX_BYTES: usize = 12;
/// Where the CRC's bytes begin: it covers the batch from the attributes to its end.
pub(super) const ATTRIBUTES_AT: usize = 21;

const TIMESTAMP_TYPE_BIT: i16 = 1 << 3;
const TRANSACTIONAL_BIT: i16 = 1 << 4;
const CONTROL_BIT: i16 = 1 << 5;
const DELETE_HORIZON_BIT: i16 = 1 << 6;

/// A batch's header, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    pub base_offset: Offset,
    /// Bytes after this field: the whole batch is 12 longer.
    pub length: i32,
    pub partition_leader_epoch: LeaderEpoch,
    pub magic: i8,
    /// CRC-32C from the attributes to the batch's end. Offset and leader epoch lie outside it.
    pub crc: u32,
    pub attributes: i16,
    pub last_offset_delta: i32,
    pub base_timestamp: Timestamp,
    pub max_timestamp: Timestamp,
    /// -1: the producer is not idempotent.
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`, which may go on with more. Magic and length are checked, the CRC not.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        // The magic stands at the same place in every format, so that an old one is called by its name.
        let magic = *bytes.get(16).ok_or(BatchError::Truncated)? as i8;
        if magic != 2 {
            return Err(BatchError::Magic(magic));
        }
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(BatchError::Truncated)?;
        let header = Self {
            base_offset: i64::from_be_bytes(field(header, 0)),
            length: i32::from_be_bytes(field(header, 8)),
            partition_leader_epoch: i32::from_be_bytes(field(header, 12)),
            magic,
            crc: u32::from_be_bytes(field(header, 17)),
            attributes: i16::from_be_bytes(field(header, ATTRIBUTES_AT)),
            last_offset_delta: i32::from_be_bytes(field(header, 23)),
            base_timestamp: Timestamp(i64::from_be_bytes(field(header, 27))),
            max_timestamp: Timestamp(i64::from_be_bytes(field(header, 35))),
            producer_id: i64::from_be_bytes(field(header, 43)),
            producer_epoch: i16::from_be_bytes(field(header, 51)),
            base_sequence: i32::from_be_bytes(field(header, 53)),
            record_count: i32::from_be_bytes(field(header, 57)),
        };
        match header.length < (HEADER_BYTES - LENGTH_PREFIX_BYTES) as i32 {
            true => Err(BatchError::Length),
            false => Ok(header),
        }
    }

    pub(super) fn write(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &self.base_offset.to_be_bytes());
        put(8, &self.length.to_be_bytes());
        put(12, &self.partition_leader_epoch.to_be_bytes());
        put(16, &self.magic.to_be_bytes());
        put(17, &self.crc.to_be_bytes());
        put(ATTRIBUTES_AT, &self.attributes.to_be_bytes());
        put(23, &self.last_offset_delta.to_be_bytes());
        put(27, &self.base_timestamp.0.to_be_bytes());
        put(35, &self.max_timestamp.0.to_be_bytes());
        put(43, &self.producer_id.to_be_bytes());
        put(51, &self.producer_epoch.to_be_bytes());
        put(53, &self.base_sequence.to_be_bytes());
        put(57, &self.record_count.to_be_bytes());
        bytes
    }

    /// Bytes of the whole batch.
    pub fn size(&self) -> usize {
        self.length as usize + LENGTH_PREFIX_BYTES
    }

    pub fn last_offset(&self) -> Offset {
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// The codec's number (attributes, bits 0–2) may be one that nobody knows.
    pub fn compression(&self) -> Result<Compression, BatchError> {
        Compression::from_number(self.attributes & 7).ok_or(BatchError::UnknownCompression)
    }

    pub fn timestamp_type(&self) -> TimestampType {
        match self.attributes & TIMESTAMP_TYPE_BIT {
            0 => TimestampType::CreateTime,
            _ => TimestampType::LogAppendTime,
        }
    }

    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_BIT != 0
    }

    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL_BIT != 0
    }

    /// Compaction wrote when the batch's tombstones may go (KIP-534) in place of the base timestamp.
    pub fn has_delete_horizon(&self) -> bool {
        self.attributes & DELETE_HORIZON_BIT != 0
    }

    pub fn has_producer(&self) -> bool {
        self.producer_id >= 0
    }

    /// Sequence of the last record. Sequences wrap from `i32::MAX` to 0 (`DefaultRecordBatch.incrementSequence`).
    pub fn last_sequence(&self) -> Sequence {
        let last = i64::from(self.base_sequence) + i64::from(self.last_offset_delta);
        (last % (i64::from(i32::MAX) + 1)) as i32
    }

    pub(super) fn set_timestamp_type(&mut self, kind: TimestampType) {
        match kind {
            TimestampType::CreateTime => self.attributes &= !TIMESTAMP_TYPE_BIT,
            TimestampType::LogAppendTime => self.attributes |= TIMESTAMP_TYPE_BIT,
        }
    }

    pub(super) fn set_control(&mut self) {
        self.attributes |= CONTROL_BIT;
    }

    pub(super) fn set_producer(&mut self, producer: ProducerStamp) {
        self.producer_id = producer.producer_id;
        self.producer_epoch = producer.producer_epoch;
        self.base_sequence = producer.base_sequence;
        match producer.is_transactional {
            true => self.attributes |= TRANSACTIONAL_BIT,
            false => self.attributes &= !TRANSACTIONAL_BIT,
        }
    }

    pub(super) fn attributes_of(compression: Compression, is_transactional: bool) -> i16 {
        compression as i16 | if is_transactional { TRANSACTIONAL_BIT } else { 0 }
    }
}

fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&header[at..at + N]);
    field
}
