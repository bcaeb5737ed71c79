//! What a replica that does not lead does to its log: it takes batches as the leader has them, and cuts off what the
//! leader does not have (`truncate.rs`).

use bytes::Bytes;

use super::{Log, dir::LogDir};
use crate::{
    config::TopicConfig,
    error::ErrorCode,
    ids::*,
    record::{Batch, BatchHeader},
    turn::Turn,
};

/// Batches that may stand at a log's end, as they are: at their offsets, in their leader epochs.
#[derive(Clone, Debug)]
pub struct FollowerBatches {
    batches: Vec<Batch>,
    at: LogEnd,
}

/// The end of a log that batches follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LogEnd {
    offset: Offset,
    /// -1 where nothing is before it.
    epoch: LeaderEpoch,
}

impl FollowerBatches {
    /// Reads whole batches that follow each other from `log`'s end on.
    ///
    /// # Errors
    /// `CorruptMessage` where one is damaged or torn; `OffsetOutOfRange` where one does not begin where the one before
    /// it ends; `UnknownLeaderEpoch` where its epoch is lower than the one before it, or none.
    pub fn check(log: &Log, bytes: Bytes) -> Result<Self, ErrorCode> {
        let at = LogEnd { offset: log.log_end_offset(), epoch: log.latest_epoch() };
        let mut end = at;
        let mut batches = Vec::new();
        for batch in Batch::split(bytes, false) {
            let batch = batch.map_err(|_| ErrorCode::CorruptMessage)?;
            if !batch.crc_is_right() {
                return Err(ErrorCode::CorruptMessage);
            }
            end = end.after(batch.header())?;
            batches.push(batch);
        }
        Ok(Self { batches, at })
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// Each leader epoch in them with its first offset here, rising.
    pub fn epochs(&self) -> Vec<(LeaderEpoch, Offset)> {
        let mut epochs: Vec<(LeaderEpoch, Offset)> = Vec::new();
        for header in self.batches.iter().map(Batch::header) {
            if epochs.last().is_none_or(|last| last.0 < header.partition_leader_epoch) {
                epochs.push((header.partition_leader_epoch, header.base_offset));
            }
        }
        epochs
    }

    /// Where they end.
    pub fn end(&self) -> Offset {
        self.batches.last().map_or(self.at.offset, |batch| batch.header().last_offset() + 1)
    }
}

impl LogEnd {
    fn after(self, header: &BatchHeader) -> Result<Self, ErrorCode> {
        let last = header.last_offset();
        if header.base_offset != self.offset || last < self.offset || last >= OFFSET_MAX {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let epoch = header.partition_leader_epoch;
        if epoch < 0 || epoch < self.epoch || epoch > LEADER_EPOCH_MAX {
            return Err(ErrorCode::UnknownLeaderEpoch);
        }
        Ok(Self { offset: last + 1, epoch })
    }
}

impl Log {
    /// Appends what was checked against this very end, and queues the storage work. What producers sent is noted, not
    /// checked: the leader did.
    pub fn append_as_follower(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        config: &TopicConfig,
        batches: FollowerBatches,
    ) {
        let end = LogEnd { offset: self.log_end_offset(), epoch: self.latest_epoch() };
        assert_eq!(batches.at, end, "R10: batches were checked against another end of the log");
        for batch in &batches.batches {
            self.append_placed(turn, dir, config, batch);
        }
    }
}
