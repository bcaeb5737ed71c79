//! Record batches with any field set wrong. Written apart from the code under test.

use bytes::{BufMut, Bytes, BytesMut};

/// A batch of version 2 (`DefaultRecordBatch`), right unless told otherwise.
#[derive(Clone, Debug)]
pub struct Batch {
    pub base_offset: i64,
    pub leader_epoch: i32,
    pub magic: i8,
    /// Turned in the right checksum.
    pub crc_flipped: u32,
    pub attributes: i16,
    /// Added to the right one.
    pub length_off_by: i32,
    pub last_offset_delta: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub count: i32,
    pub records: Vec<Record>,
    /// Behind the records.
    pub rest: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Record {
    pub attributes: u8,
    pub timestamp_delta: i64,
    pub offset_delta: i64,
    pub key: Option<&'static [u8]>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, Option<&'static [u8]>)>,
    /// Added to the right one.
    pub length_off_by: i64,
}

pub fn record(offset_delta: i64, value: &[u8]) -> Record {
    Record {
        attributes: 0,
        timestamp_delta: 0,
        offset_delta,
        key: None,
        value: Some(value.to_vec()),
        headers: Vec::new(),
        length_off_by: 0,
    }
}

/// Of these values, all at `timestamp`.
pub fn batch_at(timestamp: i64, values: &[&[u8]]) -> Batch {
    let records: Vec<_> = values.iter().enumerate().map(|(index, value)| record(index as i64, value)).collect();
    Batch {
        base_offset: 0,
        leader_epoch: -1,
        magic: 2,
        crc_flipped: 0,
        attributes: 0,
        length_off_by: 0,
        last_offset_delta: values.len() as i32 - 1,
        base_timestamp: timestamp,
        max_timestamp: timestamp,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        count: values.len() as i32,
        records,
        rest: Vec::new(),
    }
}

impl Batch {
    /// From a producer with an id.
    pub fn from_producer(mut self, id: i64, epoch: i16, sequence: i32) -> Self {
        (self.producer_id, self.producer_epoch, self.base_sequence) = (id, epoch, sequence);
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn bytes(&self) -> Bytes {
        let mut checked = BytesMut::new();
        checked.put_i16(self.attributes);
        checked.put_i32(self.last_offset_delta);
        checked.put_i64(self.base_timestamp);
        checked.put_i64(self.max_timestamp);
        checked.put_i64(self.producer_id);
        checked.put_i16(self.producer_epoch);
        checked.put_i32(self.base_sequence);
        checked.put_i32(self.count);
        self.records.iter().for_each(|record| record.put(&mut checked));
        checked.put_slice(&self.rest);
        let mut batch = BytesMut::new();
        batch.put_i64(self.base_offset);
        batch.put_i32(9 + checked.len() as i32 + self.length_off_by);
        batch.put_i32(self.leader_epoch);
        batch.put_i8(self.magic);
        batch.put_u32(crc32c(&checked) ^ self.crc_flipped);
        batch.put_slice(&checked);
        batch.freeze()
    }
}

impl Record {
    fn put(&self, bytes: &mut BytesMut) {
        let mut record = BytesMut::new();
        record.put_u8(self.attributes);
        put_varint(&mut record, self.timestamp_delta);
        put_varint(&mut record, self.offset_delta);
        put_sized(&mut record, self.key);
        put_sized(&mut record, self.value.as_deref());
        put_varint(&mut record, self.headers.len() as i64);
        for (name, value) in &self.headers {
            put_sized(&mut record, Some(name.as_bytes()));
            put_sized(&mut record, *value);
        }
        put_varint(bytes, record.len() as i64 + self.length_off_by);
        bytes.put_slice(&record);
    }
}

fn put_sized(bytes: &mut BytesMut, value: Option<&[u8]>) {
    put_varint(bytes, value.map_or(-1, |value| value.len() as i64));
    bytes.put_slice(value.unwrap_or_default());
}

fn put_varint(bytes: &mut BytesMut, value: i64) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 0x80 {
        bytes.put_u8(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    bytes.put_u8(zigzag as u8);
}

/// A bit at a time (RFC 3720, reflected polynomial).
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    })
}

#[test]
fn the_check_value_of_crc_32c() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}
