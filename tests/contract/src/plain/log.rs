//! One partition: its batches in memory, and the appends that bring them to storage.

use bytes::{Bytes, BytesMut};
use ottla_core::effect::{FileName, Frame, WriteOp};

use super::log_file;

#[derive(Clone, Debug)]
pub(super) struct Log {
    topic: String,
    index: i32,
    file: FileName,
    end: u64,
    next_offset: i64,
    batches: Vec<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    /// The first offset that is not in it.
    end: i64,
    /// The base offset it was given; the other bytes are as they came.
    base_offset: Bytes,
    rest: Bytes,
}

impl Log {
    pub(super) fn new(topic: &str, index: i32) -> Self {
        let file = log_file(topic, index);
        Self { topic: topic.to_owned(), index, file, end: 0, next_offset: 0, batches: Vec::new() }
    }

    /// Takes the whole batches of a file and has a torn end cut off.
    pub(super) fn recover(file: &FileName, mut bytes: Bytes, ops: &mut Vec<WriteOp>) -> Option<Self> {
        let (topic, index) = file.strip_suffix("/log")?.rsplit_once('-')?;
        let mut log = Self::new(topic, index.parse().ok()?);
        while let Some(len) = batch_len(&bytes).filter(|len| *len <= bytes.len()) {
            log.keep(bytes.split_to(len));
        }
        if !bytes.is_empty() {
            ops.push(WriteOp::Truncate { file: file.clone(), len: log.end });
        }
        Some(log)
    }

    pub(super) fn partition(&self) -> (String, i32) {
        (self.topic.clone(), self.index)
    }

    pub(super) fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Appends one batch and says at which offset.
    pub(super) fn append(&mut self, batch: Bytes, ops: &mut Vec<WriteOp>) -> i64 {
        let (at, base_offset) = (self.end, self.next_offset);
        if batch_len(&batch).is_none() {
            return -1;
        }
        let kept = self.keep(batch);
        let mut bytes = Frame::from(kept.base_offset.clone());
        bytes.push(kept.rest.clone());
        ops.push(WriteOp::Append { file: self.file.clone(), at, bytes });
        base_offset
    }

    fn keep(&mut self, batch: Bytes) -> &Kept {
        let base_offset = BytesMut::from(&self.next_offset.to_be_bytes()[..]).freeze();
        let last_offset_delta = batch.get(23..27).map_or([0; 4], |delta| delta.try_into().unwrap_or_default());
        self.next_offset += 1 + i64::from(i32::from_be_bytes(last_offset_delta));
        self.end += batch.len() as u64;
        self.batches.push(Kept { end: self.next_offset, base_offset, rest: batch.slice(8..) });
        &self.batches[self.batches.len() - 1]
    }

    pub(super) fn read(&self, offset: i64, bytes_max: u64) -> Frame {
        let first = self.batches.partition_point(|batch| batch.end <= offset);
        let mut frame = Frame::default();
        for batch in &self.batches[first..] {
            let len = (batch.base_offset.len() + batch.rest.len()) as u64;
            if !frame.is_empty() && frame.len() + len > bytes_max {
                break;
            }
            frame.push(batch.base_offset.clone());
            frame.push(batch.rest.clone());
        }
        frame
    }
}

/// Bytes of the batch that begins here, if its header is whole.
fn batch_len(bytes: &[u8]) -> Option<usize> {
    let len = bytes.get(8..12)?.try_into().ok().map(i32::from_be_bytes)?;
    (bytes.len() >= 61 && len >= 49).then_some(12 + len as usize)
}
