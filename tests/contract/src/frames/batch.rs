//! Record batches of version 2, uncompressed.

use bytes::{BufMut, Bytes, BytesMut};

use super::Reader;

/// A batch at offset 0 of records without key and headers, all at `timestamp`.
pub fn batch(timestamp: i64, values: &[&[u8]]) -> Bytes {
    let mut records = BytesMut::new();
    for (index, value) in values.iter().enumerate() {
        let mut record = BytesMut::with_capacity(value.len() + 16);
        record.put_u8(0);
        put_varint(&mut record, 0);
        put_varint(&mut record, index as i64);
        put_varint(&mut record, -1);
        put_varint(&mut record, value.len() as i64);
        record.put_slice(value);
        put_varint(&mut record, 0);
        put_varint(&mut records, record.len() as i64);
        records.put_slice(&record);
    }
    let mut checked = BytesMut::with_capacity(40 + records.len());
    checked.put_i16(0);
    checked.put_i32(values.len() as i32 - 1);
    checked.put_i64(timestamp);
    checked.put_i64(timestamp);
    checked.put_i64(-1);
    checked.put_i16(-1);
    checked.put_i32(-1);
    checked.put_i32(values.len() as i32);
    checked.put_slice(&records);
    let mut batch = BytesMut::with_capacity(21 + checked.len());
    batch.put_i64(0);
    batch.put_i32(9 + checked.len() as i32);
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(crc32c(&checked));
    batch.put_slice(&checked);
    batch.freeze()
}

/// Walks the batches of a fetch: offset and value of each record. A batch that was cut short ends it.
#[derive(Clone, Debug)]
pub struct BatchReader {
    rest: Reader,
}

impl BatchReader {
    pub fn new(records: Bytes) -> Self {
        Self { rest: Reader::new(records) }
    }

    /// The next batch's records.
    pub fn next_batch(&mut self) -> Option<Vec<(i64, Bytes)>> {
        if self.rest.remaining() < 12 {
            return None;
        }
        let base_offset = self.rest.i64();
        let len = self.rest.i32() as usize;
        if self.rest.remaining() < len {
            return None;
        }
        let mut batch = Reader::new(self.rest.take(len));
        batch.take(4);
        assert_eq!(batch.take(1)[..], [2], "magic");
        let crc = batch.i32() as u32;
        assert_eq!(crc, crc32c(&batch.rest()), "CRC of the batch at {base_offset}");
        assert_eq!(batch.i16(), 0, "attributes");
        batch.take(4 + 8 + 8 + 8 + 2 + 4);
        let count = batch.i32();
        let mut records = Vec::new();
        for _ in 0..count {
            let len = batch.varint() as usize;
            let mut record = Reader::new(batch.take(len));
            record.take(1);
            record.varint();
            let offset = base_offset + record.varint();
            let key = record.varint().max(0) as usize;
            record.take(key);
            let value = record.varint() as usize;
            records.push((offset, record.take(value)));
        }
        Some(records)
    }
}

fn put_varint(bytes: &mut BytesMut, value: i64) {
    let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
    while zigzag >= 0x80 {
        bytes.put_u8(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    bytes.put_u8(zigzag as u8);
}

/// CRC-32C a byte at a time (RFC 3720, reflected polynomial).
fn crc32c(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|index| {
        (0..8).fold(index as u32, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    });
    !bytes.iter().fold(!0, |crc: u32, &byte| (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc_32c() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_batch_reads_back() {
        let mut reader = BatchReader::new(batch(1, &[b"one", b"", &[7; 300]]));
        let records = reader.next_batch().expect("a batch");
        assert_eq!(records, [(0, "one".into()), (1, Bytes::new()), (2, vec![7; 300].into())]);
        assert!(reader.next_batch().is_none());
    }
}
