//! Snapshots of the image stand in for the log behind them: a start reads the latest, and what follows it.

use bytes::Bytes;

use super::Cluster;
use crate::{
    broker::Broker,
    quorum::{CommittedBatch, LogPosition, SnapshotRefused},
    record::internal::metadata::MetadataRecord,
    time::Timestamp,
    turn::Turn,
};

/// `metadata.log.max.record.bytes.between.snapshots`.
pub(super) const BYTES_BETWEEN: u64 = 20 * 1024 * 1024;
/// Records that one batch of a snapshot takes.
const BATCH_RECORDS: usize = 1_000;

/// How far the image is, and what the log has grown by since the last snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    end: LogPosition,
    timestamp: Timestamp,
    bytes: u64,
}

impl Progress {
    pub fn on_batch(&mut self, batch: &CommittedBatch) {
        (self.end, self.timestamp) = (batch.end, batch.timestamp);
        self.bytes += batch.records.iter().map(|record| record.len() as u64).sum::<u64>();
    }

    /// A snapshot stands for everything before it.
    pub fn begin_at(&mut self, end: LogPosition) {
        *self = Self { end, ..Self::default() };
    }
}

impl Cluster {
    /// Writes a snapshot where enough was committed since the last one.
    pub(super) fn keep_snapshot(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) {
        let is_whole = self.incoming.is_none() && self.log.told_end() == self.progress.end.offset;
        let is_due = self.progress.bytes >= self.options.snapshot_bytes && self.controller.pending() == 0;
        if is_due && is_whole && !self.controller.image().is_in_transaction() {
            // Where it cannot be now it can later: the log has everything.
            self.progress.bytes = 0;
            _ = self.write_snapshot(turn, broker);
        }
    }

    fn write_snapshot(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> Result<(), SnapshotRefused> {
        let (end, timestamp) = (self.progress.end, self.progress.timestamp);
        self.log.begin_snapshot(turn, broker.dir_mut(), end, timestamp.0)?;
        let records: Vec<Bytes> = self.controller.image().to_records().iter().map(MetadataRecord::encode).collect();
        for records in records.chunks(BATCH_RECORDS) {
            self.log.add_to_snapshot(turn, broker.dir_mut(), records)?;
        }
        self.log.finish_snapshot(turn, broker.dir_mut())
    }
}
