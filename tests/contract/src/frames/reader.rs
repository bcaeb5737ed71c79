//! Answers, taken apart. They come from the broker under test, so what does not fit panics.

use bytes::{Buf, Bytes};

#[derive(Clone, Debug)]
pub struct Reader(Bytes);

impl Reader {
    pub fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    pub fn remaining(&self) -> usize {
        self.0.len()
    }

    pub fn rest(&self) -> Bytes {
        self.0.clone()
    }

    pub fn take(&mut self, len: usize) -> Bytes {
        self.0.split_to(len)
    }

    pub fn i16(&mut self) -> i16 {
        self.0.get_i16()
    }

    pub fn i32(&mut self) -> i32 {
        self.0.get_i32()
    }

    pub fn i64(&mut self) -> i64 {
        self.0.get_i64()
    }

    pub fn string(&mut self) -> String {
        let len = self.i16().max(0) as usize;
        String::from_utf8(self.take(len).to_vec()).expect("text")
    }

    pub fn varint(&mut self) -> i64 {
        let mut zigzag = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.0.get_u8();
            zigzag |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
    }
}

/// What a produce request to one partition was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Produced {
    pub error: i16,
    pub base_offset: i64,
}

/// Reads the answer to `produce`, from its correlation id on.
pub fn produced(answer: Bytes) -> Produced {
    let mut reader = Reader::new(answer);
    reader.i32();
    assert_eq!(reader.i32(), 1, "topics");
    reader.string();
    assert_eq!(reader.i32(), 1, "partitions");
    reader.i32();
    Produced { error: reader.i16(), base_offset: reader.i64() }
}

/// What a fetch of one partition was answered.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub error: i16,
    pub high_watermark: i64,
    pub records: Bytes,
}

/// Reads the answer to `fetch`, from its correlation id on.
pub fn fetched(answer: Bytes) -> Fetched {
    let mut reader = Reader::new(answer);
    reader.i32();
    reader.i32();
    let error = reader.i16();
    reader.i32();
    if error != 0 || reader.i32() == 0 {
        return Fetched { error, high_watermark: -1, records: Bytes::new() };
    }
    reader.string();
    assert_eq!(reader.i32(), 1, "partitions");
    reader.i32();
    let error = reader.i16();
    let high_watermark = reader.i64();
    reader.take(16);
    let aborted = reader.i32().max(0) as usize;
    reader.take(16 * aborted);
    reader.i32();
    let len = reader.i32().max(0) as usize;
    Fetched { error, high_watermark, records: reader.take(len) }
}

/// Error of the answer to `create_topic` or `delete_topic`.
pub fn created(answer: Bytes) -> i16 {
    let mut reader = Reader::new(answer);
    reader.i32();
    reader.i32();
    assert_eq!(reader.i32(), 1, "topics");
    reader.string();
    reader.i16()
}

/// Error and offset of the answer to `list_offsets`.
pub fn list_offset(answer: Bytes) -> (i16, i64) {
    let mut reader = Reader::new(answer);
    reader.i32();
    reader.i32();
    assert_eq!(reader.i32(), 1, "topics");
    reader.string();
    assert_eq!(reader.i32(), 1, "partitions");
    reader.i32();
    let error = reader.i16();
    reader.i64();
    (error, reader.i64())
}
