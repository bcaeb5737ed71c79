//! What idempotent producers sent last, so that a batch is kept once (Kafka's `ProducerStateManager`,
//! `ProducerStateEntry` and `ProducerAppendInfo`; KIP-98, KIP-360).
//!
//! Differs from Kafka: a producer expires `producer.id.expiration.ms` after its last append, whatever timestamps its
//! records carry; and a snapshot keeps all of the last five batches, so that a retry is known after a restart too.

mod snapshot;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, time::Duration};

use crate::{error::ErrorCode, ids::*, record::BatchHeader, sorted::SortedMap, time::Timestamp};

/// Batches remembered of each producer: as many as may be under way (`max.in.flight.requests.per.connection`).
const BATCHES_KEPT: usize = 5;
/// Producers remembered of each partition. Beyond it those that have been silent longest are forgotten, an eighth at once.
const PRODUCERS_MAX: usize = 65_536;

/// One batch of a producer. Its first sequence and offset follow from the last ones and `offset_delta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptBatch {
    pub last_sequence: Sequence,
    pub last_offset: Offset,
    /// Last offset minus first.
    pub offset_delta: i32,
    pub timestamp: Timestamp,
}

impl KeptBatch {
    pub fn first_sequence(&self) -> Sequence {
        let first = self.last_sequence - self.offset_delta;
        // Back over the wrap: -1 stands for `i32::MAX`.
        if first < 0 { (i64::from(first) + (1 << 31)) as i32 } else { first }
    }

    pub fn first_offset(&self) -> Offset {
        self.last_offset - i64::from(self.offset_delta)
    }
}

/// What is known of one producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    pub epoch: ProducerEpoch,
    /// The newest is last. Never empty, at most `BATCHES_KEPT`.
    pub batches: VecDeque<KeptBatch>,
    /// When it appended last, by the broker's clock.
    pub last_append: Timestamp,
}

/// How to take an append back: what stood there before it.
#[derive(Clone, Debug)]
pub struct ProducerUndo {
    producer_id: ProducerId,
    before: Option<ProducerEntry>,
}

#[derive(Clone, Debug)]
pub struct ProducerState {
    entries: SortedMap<ProducerId, ProducerEntry>,
    expiration: Duration,
}

impl ProducerState {
    pub fn new(expiration: Duration) -> Self {
        Self { entries: SortedMap::new(), expiration }
    }

    /// One that knows nobody yet.
    pub fn emptied(&self) -> Self {
        Self::new(self.expiration)
    }

    pub fn expiration(&self) -> Duration {
        self.expiration
    }

    pub fn get(&self, producer_id: ProducerId) -> Option<&ProducerEntry> {
        self.entries.get(&producer_id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (ProducerId, &ProducerEntry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a client's batch comes next (`None`), or is here already (where).
    ///
    /// # Errors
    /// `InvalidProducerEpoch` of a fenced producer; `OutOfOrderSequenceNumber` where batches are missing before it.
    pub fn check(&self, batch: &BatchHeader) -> Result<Option<KeptBatch>, ErrorCode> {
        // Whoever is not known may begin anywhere: its state may have expired (KIP-360).
        let Some(entry) = self.entries.get(&batch.producer_id) else { return Ok(None) };
        if batch.producer_epoch == entry.epoch {
            let last_sequence = sequence_after(batch.base_sequence, batch.last_offset_delta);
            let is_same =
                |kept: &&KeptBatch| kept.first_sequence() == batch.base_sequence && kept.last_sequence == last_sequence;
            if let Some(kept) = entry.batches.iter().find(is_same) {
                return Ok(Some(*kept));
            }
        }
        // Kafka answers a fenced producer before looking at its sequence; clients rely on which error comes first.
        if batch.producer_epoch < entry.epoch {
            return Err(ErrorCode::InvalidProducerEpoch);
        }
        let expected = match entry.batches.back() {
            Some(last) if batch.producer_epoch == entry.epoch => sequence_after(last.last_sequence, 1),
            _ => 0,
        };
        if batch.base_sequence == expected { Ok(None) } else { Err(ErrorCode::OutOfOrderSequenceNumber) }
    }

    /// The batch, already at its offset, is in the log.
    pub fn update(&mut self, batch: &BatchHeader, now: Timestamp) -> ProducerUndo {
        let before = self.entries.get(&batch.producer_id).cloned();
        if before.is_none() && self.entries.len() >= PRODUCERS_MAX {
            self.forget_silent();
        }
        let fresh = ProducerEntry { epoch: batch.producer_epoch, batches: VecDeque::new(), last_append: now };
        let entry = self.entries.entry(batch.producer_id).or_insert(fresh);
        if entry.epoch != batch.producer_epoch {
            entry.epoch = batch.producer_epoch;
            entry.batches.clear();
        }
        if entry.batches.len() == BATCHES_KEPT {
            entry.batches.pop_front();
        }
        entry.batches.push_back(KeptBatch {
            last_sequence: sequence_after(batch.base_sequence, batch.last_offset_delta),
            last_offset: batch.last_offset(),
            offset_delta: batch.last_offset_delta,
            timestamp: batch.max_timestamp,
        });
        entry.last_append = now;
        ProducerUndo { producer_id: batch.producer_id, before }
    }

    /// The append that gave `undo`, the latest one not yet taken back, did not happen.
    pub fn undo(&mut self, undo: ProducerUndo) {
        match undo.before {
            Some(before) => self.entries.insert(undo.producer_id, before),
            None => self.entries.remove(&undo.producer_id),
        };
    }

    /// Forgets producers that appended nothing for `producer.id.expiration.ms`.
    pub fn expire(&mut self, now: Timestamp) {
        let expiration = i64::try_from(self.expiration.as_millis()).unwrap_or(i64::MAX);
        self.entries.retain(|_, entry| now.0.saturating_sub(entry.last_append.0) < expiration);
    }

    fn forget_silent(&mut self) {
        let mut times: Vec<Timestamp> = self.entries.values().map(|entry| entry.last_append).collect();
        let eighth = times.len() / 8;
        let (_, &mut oldest, _) = times.select_nth_unstable(eighth);
        let mut left = eighth + 1;
        self.entries.retain(|_, entry| {
            let goes = left > 0 && entry.last_append <= oldest;
            left -= usize::from(goes);
            !goes
        });
    }
}

/// `delta` further; after `i32::MAX` comes 0 (`DefaultRecordBatch.incrementSequence`).
pub fn sequence_after(sequence: Sequence, delta: i32) -> Sequence {
    ((i64::from(sequence) + i64::from(delta)) % (1 << 31)) as i32
}
