//! The dir's documents over all its logs: where they begin, and up to where they are durable.

use std::collections::BTreeMap;

use super::{LogDir, Mark};
use crate::{
    effect::WriteOp,
    ids::{Offset, TopicPartition},
    log::{checkpoint, layout},
};

impl LogDir {
    /// The log begins at `start` from here on. Files below it may be retired in the same turn: they are removed only
    /// once this is durable.
    pub(in crate::log) fn set_log_start(&mut self, id: TopicPartition, start: Offset) {
        self.log_starts.insert(id, start);
        self.is_log_starts_dirty = true;
    }

    /// Up to where the log is known to be durable.
    pub fn durable_end(&self, id: TopicPartition) -> Offset {
        self.durable.get(&id).copied().unwrap_or(0)
    }

    /// Whether so much was written that recovery points are worth writing before it is time.
    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.bytes_since_checkpoint >= self.options.checkpoint_bytes
    }

    /// Makes what is queued durable, then writes the recovery points.
    pub(crate) fn checkpoint(&mut self) {
        self.bytes_since_checkpoint = 0;
        if self.back().ops.is_empty() {
            // A commit of nothing is no work that storage knows.
            self.is_recovery_points_dirty = true;
            self.queue_recovery_points();
        }
        let back = self.back();
        (back.sync, back.is_checkpoint) = (true, true);
    }

    /// The last words: recovery points at the logs' ends, then the marker. `ends` are of what is queued before.
    pub(crate) fn enqueue_clean_shutdown(&mut self, ends: &BTreeMap<TopicPartition, Offset>) {
        self.barrier();
        self.queue_log_starts();
        let bytes = self.offsets_document(ends);
        self.enqueue([WriteOp::Put { file: layout::RECOVERY_POINTS.into(), bytes }], None, true);
        self.queue_garbage();
        self.barrier();
        let marker =
            WriteOp::Put { file: layout::CLEAN_SHUTDOWN.into(), bytes: r#"{"version":0,"brokerEpoch":-1}"#.into() };
        self.enqueue([marker], Some(Mark::CleanShutdown), true);
    }

    pub(super) fn queue_log_starts(&mut self) {
        if std::mem::take(&mut self.is_log_starts_dirty) {
            let bytes = self.offsets_document(&self.log_starts);
            self.enqueue([WriteOp::Put { file: layout::LOG_STARTS.into(), bytes }], None, true);
        }
    }

    pub(super) fn queue_recovery_points(&mut self) {
        if std::mem::take(&mut self.is_recovery_points_dirty) {
            let bytes = self.offsets_document(&self.durable);
            self.enqueue([WriteOp::Put { file: layout::RECOVERY_POINTS.into(), bytes }], None, false);
        }
    }

    fn offsets_document(&self, offsets: &BTreeMap<TopicPartition, Offset>) -> bytes::Bytes {
        let rows: Vec<_> = offsets.iter().filter_map(|(id, offset)| Some((&**self.names.get(id)?, *offset))).collect();
        checkpoint::write_offsets(rows.into_iter())
    }
}
