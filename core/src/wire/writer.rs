//! Writes Kafka's primitives into a `Frame`: small fields into pieces of its own, record bytes by reference.

use bytes::{BufMut, BytesMut};
use kafka_wire_core::Uuid;

use crate::effect::Frame;

/// A frame that is being written. `is_flexible` decides between classic and compact lengths (KIP-482).
#[derive(Debug)]
pub struct FrameWriter {
    /// The frame up to its first records, with room for its length in front. Empty while there are no records.
    head: BytesMut,
    /// What follows the head.
    done: Frame,
    piece: BytesMut,
    is_flexible: bool,
}

const LENGTH_BYTES: usize = 4;

impl FrameWriter {
    pub fn new(is_flexible: bool, bytes_expected: usize) -> Self {
        let mut piece = BytesMut::with_capacity(LENGTH_BYTES + bytes_expected);
        piece.put_u32(0);
        Self { head: BytesMut::new(), done: Frame::default(), piece, is_flexible }
    }

    pub fn put_i8(&mut self, value: i8) {
        self.piece.put_i8(value);
    }

    pub fn put_i16(&mut self, value: i16) {
        self.piece.put_i16(value);
    }

    pub fn put_i32(&mut self, value: i32) {
        self.piece.put_i32(value);
    }

    pub fn put_i64(&mut self, value: i64) {
        self.piece.put_i64(value);
    }

    pub fn put_uuid(&mut self, value: Uuid) {
        self.piece.put_slice(value.as_bytes());
    }

    pub fn put_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.piece.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.piece.put_u8(value as u8);
    }

    /// The number of elements of an array, `None` for a null one.
    pub fn put_count(&mut self, count: Option<usize>) {
        match (self.is_flexible, count) {
            (true, count) => self.put_varint(count.map_or(0, |count| count as u32 + 1)),
            (false, count) => self.put_i32(count.map_or(-1, |count| count as i32)),
        }
    }

    pub fn put_string(&mut self, text: &str) {
        self.put_nullable_string(Some(text));
    }

    pub fn put_nullable_string(&mut self, text: Option<&str>) {
        match (self.is_flexible, text) {
            (true, text) => self.put_varint(text.map_or(0, |text| text.len() as u32 + 1)),
            (false, text) => self.put_i16(text.map_or(-1, |text| text.len() as i16)),
        }
        self.piece.put_slice(text.unwrap_or_default().as_bytes());
    }

    /// A field of record bytes, without copying them.
    pub fn put_records(&mut self, records: Option<Frame>) {
        self.put_count(records.as_ref().map(|records| records.len() as usize));
        if let Some(records) = records.filter(|records| !records.is_empty()) {
            match self.head.is_empty() {
                true => self.head = self.piece.split(),
                false => self.done.push(self.piece.split().freeze()),
            }
            self.done.append(records);
        }
    }

    /// No tagged fields, where the version could have some.
    pub fn put_no_tags(&mut self) {
        if self.is_flexible {
            self.piece.put_u8(0);
        }
    }

    /// The fields written, in front of them their length.
    pub fn finish_frame(mut self) -> Frame {
        if self.head.is_empty() {
            self.head = self.piece;
        } else {
            self.done.push(self.piece.freeze());
        }
        let len = (self.head.len() - LENGTH_BYTES) as u64 + self.done.len();
        self.head[..LENGTH_BYTES].copy_from_slice(&(len as u32).to_be_bytes());
        let mut frame = Frame::with_capacity(1 + self.done.parts().len());
        frame.push(self.head.freeze());
        frame.append(self.done);
        frame
    }
}
