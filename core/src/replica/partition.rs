//! One replica of one partition, as its leader sees it.

use crate::{
    config::TopicConfig,
    error::ErrorCode,
    ids::*,
    log::{Appended, Log, LogDir},
    record::Batch,
    turn::Turn,
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Partition {
    log: Log,
    /// The highest offset every in-sync replica holds, plus one. Readers see nothing at or beyond it.
    ///
    /// Only rises while this broker leads. A new leader may start lower than the old one had announced to itself,
    /// never lower than what it had announced to a client.
    high_watermark: Offset,
}

impl Partition {
    /// A new, empty log for a new partition of a topic.
    pub fn create(
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        id: TopicPartition,
        topic_name: &str,
        config: Arc<TopicConfig>,
    ) -> Self {
        let _ = (turn, dir, id, topic_name, config);
        todo!()
    }
    pub fn id(&self) -> TopicPartition {
        todo!()
    }
    pub fn log(&self) -> &Log {
        &self.log
    }
    pub fn leader_epoch(&self) -> LeaderEpoch {
        todo!()
    }
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }
    /// Up to here storage has it for certain (in the flushing modes what counts; otherwise the log's end).
    pub fn committed_end(&self) -> Offset {
        todo!()
    }
    /// Checks the batch as Kafka's LogValidator does, appends it and queues the storage work. Traces `BatchAppended`
    /// or `DuplicateFound`, and `HighWatermarkMoved` if it moved at once (not flushing).
    pub fn append(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        request: RequestId,
        batch: Batch,
    ) -> Result<Appended, AppendRefused> {
        let _ = (turn, dir, request, batch);
        todo!()
    }
    /// A commit reached storage: moves the committed end and, in a flushing mode, the high watermark. True if it moved.
    pub fn on_committed(&mut self, turn: &mut Turn<'_>, end: Offset) -> bool {
        let _ = (turn, end);
        todo!()
    }
    /// Raises the log's start to `before` (-1: the high watermark) and drops whole segments below it. Gives the new start.
    pub fn delete_records(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        before: Offset,
    ) -> Result<Offset, ErrorCode> {
        let _ = (turn, dir, before);
        todo!()
    }
    pub fn apply_retention(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let _ = (turn, dir);
        todo!()
    }
    pub fn reconfigure(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, config: Arc<TopicConfig>) {
        let _ = (turn, dir, config);
        todo!()
    }
    /// The topic was deleted: queues the removal of every file.
    pub fn remove(self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let _ = (turn, dir);
        todo!()
    }
}

/// Why a batch was not appended: what Kafka's ProduceResponse carries for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendRefused {
    pub error: ErrorCode,
    /** Which record, and why: `record_errors` from version 8 on. */
    pub record: Option<(i32, &'static str)>,
    pub message: Option<String>,
}
