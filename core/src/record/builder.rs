//! Makes a batch out of records: a client's producer, and a broker whose topic asks for another codec.

use bytes::Bytes;

use super::{Batch, Compression, Header};
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
pub struct BatchBuilder {}

impl BatchBuilder {
    pub fn new(compression: Compression) -> Self {
        let _ = compression;
        todo!()
    }
    /// Adds a record; its offset delta is the number of records before it.
    pub fn append(&mut self, timestamp: Timestamp, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[Header]) {
        let _ = (timestamp, key, value, headers);
        todo!()
    }
    pub fn record_count(&self) -> i32 {
        todo!()
    }
    /// Size of the batch if it were finished now, before compression.
    pub fn size(&self) -> usize {
        todo!()
    }
    /// The batch at offset 0, leader epoch -1, CRC set.
    pub fn finish(self, producer: Option<ProducerStamp>) -> Batch {
        let _ = producer;
        let _: Option<Bytes> = None;
        todo!()
    }
}
