//! The records inside one batch.

use bytes::Bytes;

use super::{BatchError, BatchHeader, TimestampType, varint::Reader};
use crate::{ids::Offset, time::Timestamp};

/// One record as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: Offset,
    pub timestamp: Timestamp,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// A record's header. Kafka wants keys to be UTF-8; values may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// Iterates over the records of one batch, by reference into its (decompressed) bytes. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Records {
    bytes: Bytes,
    at: usize,
    /// Records read, of as many as the header claims.
    read: i32,
    count: i32,
    base_offset: Offset,
    base_timestamp: Timestamp,
    /// Set where the broker's time stands for every record's own.
    append_time: Option<Timestamp>,
}

impl Records {
    pub(super) fn new(header: &BatchHeader, bytes: Bytes) -> Self {
        let append_time = (header.timestamp_type() == TimestampType::LogAppendTime).then_some(header.max_timestamp);
        Self {
            bytes,
            at: 0,
            read: 0,
            count: header.record_count,
            base_offset: header.base_offset,
            base_timestamp: header.base_timestamp,
            append_time,
        }
    }

    fn read(&self, reader: &mut Reader<'_>) -> Option<Record> {
        let head = RecordHead::read(reader)?;
        let slice = |range| self.bytes.slice(range);
        let key = reader.take_nullable()?.map(slice);
        let value = reader.take_nullable()?.map(slice);
        let count = reader.take_varint().filter(|&count| count >= 0)?;
        let mut headers = Vec::new();
        for _ in 0..count {
            let key = slice(reader.take_nullable()??);
            headers.push(Header { key, value: reader.take_nullable()?.map(slice) });
        }
        (reader.at() == head.end).then(|| Record {
            offset: self.base_offset.saturating_add(i64::from(head.offset_delta)),
            timestamp: self
                .append_time
                .unwrap_or(Timestamp(self.base_timestamp.0.saturating_add(head.timestamp_delta))),
            key,
            value,
            headers,
        })
    }
}

impl Iterator for Records {
    type Item = Result<Record, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read >= self.count {
            let is_left_over = self.at < self.bytes.len();
            self.at = self.bytes.len();
            return is_left_over.then_some(Err(BatchError::Count));
        }
        let mut reader = Reader::new(&self.bytes, self.at);
        let record = self.read(&mut reader);
        (self.at, self.read) = (reader.at(), self.read + 1);
        if record.is_none() {
            (self.at, self.count) = (self.bytes.len(), 0);
        }
        Some(record.ok_or(BatchError::Record(self.read - 1)))
    }
}

/// What stands in front of a record's key.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordHead {
    /// Where the record's own length says that it ends.
    pub end: usize,
    pub timestamp_delta: i64,
    pub offset_delta: i32,
}

impl RecordHead {
    #[inline]
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let len = usize::try_from(reader.take_varint()?).ok()?;
        let end = reader.at().checked_add(len)?;
        reader.take_byte()?;
        Some(Self { end, timestamp_delta: reader.take_varlong()?, offset_delta: reader.take_varint()? })
    }
}
