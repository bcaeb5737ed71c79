//! One batch in place.

use bytes::Bytes;

use super::{
    BatchError, BatchHeader, BatchLimits, Checked, HEADER_BYTES, ProducerStamp, Records, TimestampType, check,
    crc::crc32c, header::ATTRIBUTES_AT,
};
use crate::{effect::Frame, ids::*, time::Timestamp};

/// A batch as the log keeps it: a header of its own and a body shared with the buffer it came in, so that giving
/// it an offset touches 61 bytes and copies no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    header: BatchHeader,
    /// The same header as bytes.
    head: Bytes,
    body: Bytes,
}

impl Batch {
    /// Takes exactly one batch; what is left over or missing is an error.
    pub fn parse(bytes: Bytes) -> Result<Self, BatchError> {
        let header = BatchHeader::parse(&bytes)?;
        match bytes.len() == header.size() {
            true => Ok(Self::from_whole(header, bytes)),
            false => Err(BatchError::Truncated),
        }
    }

    /// Every batch in `bytes`, in order. A torn last one ends the iteration without an error if `torn_end` (a fetch cut at
    /// its size limit, a file's torn end).
    pub fn split(mut bytes: Bytes, torn_end: bool) -> impl Iterator<Item = Result<Self, BatchError>> {
        std::iter::from_fn(move || {
            if bytes.is_empty() {
                return None;
            }
            let header = BatchHeader::parse(&bytes).and_then(|header| match header.size() <= bytes.len() {
                true => Ok(header),
                false => Err(BatchError::Truncated),
            });
            match header {
                Ok(header) => Some(Ok(Self::from_whole(header, bytes.split_to(header.size())))),
                Err(why) => {
                    bytes = Bytes::new();
                    (!torn_end || why != BatchError::Truncated).then_some(Err(why))
                }
            }
        })
    }

    pub(super) fn from_parts(header: BatchHeader, body: Bytes) -> Self {
        Self { header, head: Bytes::copy_from_slice(&header.write()), body }
    }

    fn from_whole(header: BatchHeader, mut bytes: Bytes) -> Self {
        let body = bytes.split_off(HEADER_BYTES);
        Self { header, head: bytes, body }
    }

    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// Bytes of header and body.
    pub fn size(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Whether the CRC-32C of attributes to end is the header's.
    pub fn crc_is_right(&self) -> bool {
        self.crc() == self.header.crc
    }

    pub(super) fn crc(&self) -> u32 {
        crc32c(&[&self.head[ATTRIBUTES_AT..], &self.body])
    }

    /// The walk of a broker over what a client sent: once, and without allocating where records are not compressed. Checks
    /// CRC, attributes, counts, offset deltas and timestamps, and that compressed records decompress within the limits.
    pub fn check(&self, limits: &BatchLimits) -> Result<Checked, BatchError> {
        check::check(self, limits)
    }

    /// Sets the two fields outside the CRC.
    pub fn place(&mut self, base_offset: Offset, leader_epoch: LeaderEpoch) {
        self.header.base_offset = base_offset;
        self.header.partition_leader_epoch = leader_epoch;
        self.head = Bytes::copy_from_slice(&self.header.write());
    }

    /// Sets the timestamp type and the largest timestamp, and the CRC anew. Nothing if they are so already.
    pub fn stamp(&mut self, kind: TimestampType, max_timestamp: Timestamp) {
        if self.header.timestamp_type() == kind && self.header.max_timestamp == max_timestamp {
            return;
        }
        self.header.set_timestamp_type(kind);
        self.header.max_timestamp = max_timestamp;
        self.seal();
    }

    /// Says that its records are control records.
    pub(super) fn set_control(&mut self) {
        self.header.set_control();
        self.seal();
    }

    /// Says who sends the batch, and sets the CRC anew. What the records are compressed to stays as it is.
    pub fn set_producer(&mut self, producer: ProducerStamp) {
        self.header.set_producer(producer);
        self.seal();
    }

    /// Computes the CRC over what the header says.
    pub(super) fn seal(&mut self) {
        self.head = Bytes::copy_from_slice(&self.header.write());
        self.header.crc = self.crc();
        self.head = Bytes::copy_from_slice(&self.header.write());
    }

    /// The records, decompressed to at most `bytes_max`.
    pub fn records(&self, bytes_max: usize) -> Result<Records, BatchError> {
        let records = match self.header.compression()? {
            super::Compression::None => self.body.clone(),
            codec => codec.decompress(&self.body, bytes_max)?.into(),
        };
        Ok(Records::new(&self.header, records))
    }

    /// Header and body, by reference.
    pub fn push_to(&self, frame: &mut Frame) {
        frame.push(self.head.clone());
        frame.push(self.body.clone());
    }

    /// Header and body in one piece. Copies.
    pub fn to_bytes(&self) -> Bytes {
        [&self.head[..], &self.body[..]].concat().into()
    }

    pub fn header_bytes(&self) -> &Bytes {
        &self.head
    }

    pub fn body_bytes(&self) -> &Bytes {
        &self.body
    }
}
