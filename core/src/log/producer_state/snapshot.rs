//! The `.snapshot` file: Kafka's version 1, and behind it, which Kafka's reader skips, the batches before each
//! producer's last.

use std::{collections::VecDeque, time::Duration};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{BATCHES_KEPT, KeptBatch, PRODUCERS_MAX, ProducerEntry, ProducerState};
use crate::{record::crc::crc32c, sorted::SortedMap, time::Timestamp};

const VERSION: i16 = 1;
/// Version and CRC-32C; the CRC is over everything behind it.
const HEAD_BYTES: usize = 6;
const ENTRY_BYTES: usize = 46;
const BATCH_BYTES: usize = 24;

impl ProducerState {
    pub fn snapshot(&self) -> Bytes {
        let mut body = BytesMut::with_capacity(4 + self.entries.len() * (ENTRY_BYTES + 4 * BATCH_BYTES + 1));
        body.put_u32(self.entries.len() as u32);
        for (producer_id, entry) in &self.entries {
            let last = entry.batches.back().copied().unwrap_or(NO_BATCH);
            body.put_i64(*producer_id);
            body.put_i16(entry.epoch);
            body.put_i32(last.last_sequence);
            body.put_i64(last.last_offset);
            body.put_i32(last.offset_delta);
            body.put_i64(entry.last_append.0);
            // No transaction: no coordinator's epoch, no first offset.
            body.put_i32(-1);
            body.put_i64(-1);
        }
        for entry in self.entries.values() {
            body.put_u8(entry.batches.len() as u8);
            for batch in &entry.batches {
                body.put_i32(batch.last_sequence);
                body.put_i64(batch.last_offset);
                body.put_i32(batch.offset_delta);
                body.put_i64(batch.timestamp.0);
            }
        }
        let mut bytes = BytesMut::with_capacity(HEAD_BYTES + body.len());
        bytes.put_i16(VERSION);
        bytes.put_u32(crc32c(&[&body]));
        bytes.put_slice(&body);
        bytes.freeze()
    }

    /// Reads a snapshot. `None`: not one, or damaged.
    pub fn from_snapshot(mut bytes: &[u8], expiration: Duration) -> Option<Self> {
        if bytes.len() < HEAD_BYTES + 4 || bytes.get_i16() != VERSION || bytes.get_u32() != crc32c(&[bytes]) {
            return None;
        }
        let count = bytes.get_u32() as usize;
        if count > PRODUCERS_MAX || bytes.len() < count * ENTRY_BYTES {
            return None;
        }
        let (mut rows, mut more) = bytes.split_at(count * ENTRY_BYTES);
        let mut entries = SortedMap::new();
        for _ in 0..count {
            let (producer_id, epoch) = (rows.get_i64(), rows.get_i16());
            let (last_sequence, last_offset, offset_delta) = (rows.get_i32(), rows.get_i64(), rows.get_i32());
            let last_append = Timestamp(rows.get_i64());
            rows.advance(12);
            let last = KeptBatch { last_sequence, last_offset, offset_delta, timestamp: last_append };
            let batches = batches_of(&mut more).unwrap_or_else(|| VecDeque::from([last]));
            if !batches.iter().all(is_sane) {
                return None;
            }
            entries.insert(producer_id, ProducerEntry { epoch, batches, last_append });
        }
        Some(Self { entries, expiration })
    }
}

const NO_BATCH: KeptBatch =
    KeptBatch { last_sequence: -1, last_offset: -1, offset_delta: 0, timestamp: Timestamp::NONE };

/// `None` where Kafka wrote the file.
fn batches_of(more: &mut &[u8]) -> Option<VecDeque<KeptBatch>> {
    let count = usize::from(*more.first()?);
    if !(1..=BATCHES_KEPT).contains(&count) || more.len() < 1 + count * BATCH_BYTES {
        return None;
    }
    more.advance(1);
    let next = |_| KeptBatch {
        last_sequence: more.get_i32(),
        last_offset: more.get_i64(),
        offset_delta: more.get_i32(),
        timestamp: Timestamp(more.get_i64()),
    };
    Some((0..count).map(next).collect())
}

fn is_sane(batch: &KeptBatch) -> bool {
    batch.last_sequence >= -1 && batch.offset_delta >= 0 && batch.last_offset >= i64::from(batch.offset_delta) - 1
}
