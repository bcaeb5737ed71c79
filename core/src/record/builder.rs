//! Makes a batch out of records: a client's producer, and a broker whose topic asks for another codec.

use super::{Batch, BatchHeader, Compression, HEADER_BYTES, Header, header::LENGTH_PREFIX_BYTES, varint};
use crate::{ids::*, time::Timestamp};

/// Who sends the batch, if the producer is idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerStamp {
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    pub is_transactional: bool,
}

#[derive(Clone, Debug)]
pub struct BatchBuilder {
    compression: Compression,
    records: Vec<u8>,
    record_count: i32,
    base_timestamp: Timestamp,
    max_timestamp: Timestamp,
}

impl BatchBuilder {
    pub fn new(compression: Compression) -> Self {
        Self {
            compression,
            records: Vec::new(),
            record_count: 0,
            base_timestamp: Timestamp::NONE,
            max_timestamp: Timestamp::NONE,
        }
    }

    /// Adds a record; its offset delta is the number of records before it.
    pub fn append(&mut self, timestamp: Timestamp, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[Header]) {
        if self.record_count == 0 {
            self.base_timestamp = timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        let timestamp_delta = timestamp.0.wrapping_sub(self.base_timestamp.0);
        let offset_delta = i64::from(self.record_count);
        let len = record_size(timestamp_delta, offset_delta, key, value, headers);
        let records = &mut self.records;
        records.reserve(len + 5);
        varint::put(records, len as i64);
        records.push(0);
        varint::put(records, timestamp_delta);
        varint::put(records, offset_delta);
        put_nullable(records, key);
        put_nullable(records, value);
        varint::put(records, headers.len() as i64);
        for header in headers {
            put_nullable(records, Some(&header.key));
            put_nullable(records, header.value.as_deref());
        }
        self.record_count += 1;
    }

    pub fn record_count(&self) -> i32 {
        self.record_count
    }

    /// Size of the batch if it were finished now, before compression.
    pub fn size(&self) -> usize {
        HEADER_BYTES + self.records.len()
    }

    /// As `finish`, of control records.
    pub fn finish_control(self) -> Batch {
        let mut batch = self.finish(None);
        batch.set_control();
        batch
    }

    /// The batch at offset 0, leader epoch -1, CRC set.
    pub fn finish(self, producer: Option<ProducerStamp>) -> Batch {
        let body = match self.compression {
            Compression::None => self.records,
            codec => codec.compress(&self.records),
        };
        let header = BatchHeader {
            base_offset: 0,
            length: (HEADER_BYTES - LENGTH_PREFIX_BYTES + body.len()) as i32,
            partition_leader_epoch: -1,
            magic: 2,
            crc: 0,
            attributes: BatchHeader::attributes_of(
                self.compression,
                producer.is_some_and(|producer| producer.is_transactional),
            ),
            last_offset_delta: self.record_count - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: producer.map_or(-1, |producer| producer.producer_id),
            producer_epoch: producer.map_or(-1, |producer| producer.producer_epoch),
            base_sequence: producer.map_or(-1, |producer| producer.base_sequence),
            record_count: self.record_count,
        };
        let mut batch = Batch::from_parts(header, body.into());
        batch.seal();
        batch
    }
}

fn put_nullable(bytes: &mut Vec<u8>, field: Option<&[u8]>) {
    match field {
        None => varint::put(bytes, -1),
        Some(field) => {
            varint::put(bytes, field.len() as i64);
            bytes.extend_from_slice(field);
        }
    }
}

fn nullable_size(field: Option<&[u8]>) -> usize {
    field.map_or(1, |field| varint::size(field.len() as i64) + field.len())
}

/// Bytes after the record's own length.
fn record_size(
    timestamp_delta: i64,
    offset_delta: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header],
) -> usize {
    let headers_size: usize =
        headers.iter().map(|header| nullable_size(Some(&header.key)) + nullable_size(header.value.as_deref())).sum();
    1 + varint::size(timestamp_delta)
        + varint::size(offset_delta)
        + nullable_size(key)
        + nullable_size(value)
        + varint::size(headers.len() as i64)
        + headers_size
}
