//! One replica of one partition, as its leader sees it.

use super::validate::{Valid, validate};
use crate::{
    config::TopicConfig,
    error::ErrorCode,
    ids::*,
    log::{Appended, DirState, Log, LogDir, Read},
    record::Batch,
    trace::Event,
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
    leader_epoch: LeaderEpoch,
    leadership: Leadership,
    config: Arc<TopicConfig>,
}

/// Who says that this broker leads the partition, and in which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leadership {
    /// Nobody else is there. The epoch is that of the dir: one that was read-only comes back with a higher one.
    Alone,
    /// The controller, until it says otherwise.
    Given,
    /// The controller has given it to another, to nobody, or nothing is known of that yet.
    Withheld,
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
        let log = Log::create(turn, dir, id, topic_name);
        Self { log, high_watermark: 0, leader_epoch: dir.epoch(), leadership: Leadership::Alone, config }
    }

    /// A log that recovery opened. All that it holds is durable, so all of it may be read.
    pub fn open(dir: &LogDir, log: Log, config: Arc<TopicConfig>) -> Self {
        let (high_watermark, leadership) = (log.log_end_offset(), Leadership::Alone);
        Self { high_watermark, leader_epoch: dir.epoch(), leadership, log, config }
    }

    /// What the controller says: in which epoch this broker leads, or that it does not.
    pub fn set_leadership(&mut self, epoch: LeaderEpoch, leads: bool) {
        self.leader_epoch = epoch;
        self.leadership = if leads { Leadership::Given } else { Leadership::Withheld };
    }

    /// Whether records may be written to it and read from it here.
    pub fn is_led(&self) -> bool {
        self.leadership != Leadership::Withheld
    }

    pub fn id(&self) -> TopicPartition {
        self.log.id()
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn config(&self) -> &Arc<TopicConfig> {
        &self.config
    }

    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.leader_epoch
    }

    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Up to here storage has it for certain (in the flushing modes what counts; otherwise the log's end).
    pub fn committed_end(&self) -> Offset {
        if self.is_flushing() { self.log.committed_end() } else { self.log.log_end_offset() }
    }

    /// Whether an append counts only once it is committed to storage (`flush.messages=1`).
    pub fn is_flushing(&self) -> bool {
        self.config.flush_messages == 1
    }

    /// The epoch that the log's first record was written in, or will be.
    pub fn start_epoch(&self) -> Option<LeaderEpoch> {
        let start = self.log.log_start_offset();
        if start == self.log.log_end_offset() { Some(self.leader_epoch) } else { self.log.epoch_at(start) }
    }

    /// KIP-101/320: the largest epoch at or below `epoch`, and where it ends. `None`: beyond the leader's own.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let end = self.log.log_end_offset();
        match epoch.cmp(&self.leader_epoch) {
            std::cmp::Ordering::Greater => None,
            std::cmp::Ordering::Equal => Some((epoch, end)),
            // The leader's epoch begins at the log's end while no record was appended in it.
            std::cmp::Ordering::Less => self.log.end_of_epoch(epoch).or_else(|| match self.log.latest_epoch() {
                -1 => Some((epoch, end)),
                latest => Some((latest, end)),
            }),
        }
        .filter(|_| epoch >= 0)
    }

    /// Whether a client that names the leader epoch it knows (-1: none) means this one (KIP-320).
    ///
    /// # Errors
    /// `FencedLeaderEpoch` of an older one; `UnknownLeaderEpoch` of one that is still to come.
    pub fn check_leader_epoch(&self, known: LeaderEpoch) -> Result<(), ErrorCode> {
        match known {
            -1 => Ok(()),
            known if known < self.leader_epoch => Err(ErrorCode::FencedLeaderEpoch),
            known if known > self.leader_epoch => Err(ErrorCode::UnknownLeaderEpoch),
            _ => Ok(()),
        }
    }

    /// What readers may see from `from` on (see `Log::read`).
    ///
    /// # Errors
    /// `OffsetOutOfRange` below the log's start or above its end; `KafkaStorageError` while the dir is offline.
    pub fn read(&self, dir: &LogDir, from: Offset, bytes_max: u32, at_least_one: bool) -> Result<Read, ErrorCode> {
        if matches!(dir.state(), DirState::Offline(_)) {
            return Err(ErrorCode::KafkaStorageError);
        }
        self.log.read(from, self.high_watermark, bytes_max, at_least_one)
    }

    /// Checks the batch as Kafka's LogValidator does, appends it and queues the storage work. Traces `BatchAppended`
    /// or `DuplicateFound`, and `HighWatermarkMoved` if it moved at once (not flushing).
    ///
    /// A body of 4 KiB and more stays where it is and pins its buffer: a frame of which records are less than half
    /// is for the caller to copy them out of.
    pub fn append(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        request: RequestId,
        batch: Batch,
    ) -> Result<Appended, AppendRefused> {
        // S3: after an IO error no append is accepted by that log dir.
        if dir.state() != DirState::Online {
            return Err(ErrorCode::KafkaStorageError.into());
        }
        if !self.is_led() {
            return Err(ErrorCode::NotLeaderOrFollower.into());
        }
        self.enter_epoch(dir.epoch());
        let Valid { batch, append_time } = validate(batch, &self.config, turn.now.wall)?;
        let (records, bytes) = (batch.header().record_count as u32, batch.size() as u32);
        let appended = self.log.append(turn, dir, &self.config, self.leader_epoch, batch)?;
        let TopicPartition { topic, partition } = self.id();
        let offset = appended.base_offset;
        if appended.is_duplicate {
            turn.note(Event::DuplicateFound { request, topic, partition, offset });
            return Ok(appended);
        }
        turn.note(Event::BatchAppended { request, topic, partition, offset, records, bytes });
        if !self.is_flushing() {
            self.move_high_watermark(turn, self.log.log_end_offset());
        }
        Ok(Appended { append_time, ..appended })
    }

    /// A commit reached storage: moves the committed end and, in a flushing mode, the high watermark. True if it moved.
    pub fn on_committed(&mut self, turn: &mut Turn<'_>, end: Offset) -> bool {
        self.log.on_committed(end);
        // A topic switched to flushing keeps what it has announced until the committed end has caught up.
        let end = self.log.committed_end();
        self.is_flushing() && end > self.high_watermark && self.move_high_watermark(turn, end)
    }

    /// A commit of the dir failed for certain: takes back what is not committed.
    pub fn on_failed(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        self.log.take_back(turn, dir);
        // R10: what was taken back is not given again in the same epoch, and a controller's epoch is not ours to raise.
        if self.leadership == Leadership::Given {
            self.leadership = Leadership::Withheld;
        }
        let end = self.log.log_end_offset();
        if self.high_watermark > end || self.log.log_start_offset() > self.high_watermark {
            self.move_high_watermark(turn, end);
        }
    }

    /// Raises the log's start to `before` (-1: the high watermark) and drops whole segments below it. Gives the new start.
    ///
    /// # Errors
    /// `OffsetOutOfRange` above the high watermark or below -1; `KafkaStorageError` while the dir is offline.
    pub fn delete_records(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        before: Offset,
    ) -> Result<Offset, ErrorCode> {
        if matches!(dir.state(), DirState::Offline(_)) {
            return Err(ErrorCode::KafkaStorageError);
        }
        let before = if before == -1 { self.high_watermark } else { before };
        if before < 0 || before > self.high_watermark {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        self.log.raise_start(turn, dir, before);
        Ok(self.log.log_start_offset())
    }

    pub fn apply_retention(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        if !matches!(dir.state(), DirState::Offline(_)) {
            self.log.retain(turn, dir, &self.config, self.high_watermark);
        }
    }

    /// Takes a new config: retention is applied at once, and a topic that no longer flushes shows all it has.
    pub fn reconfigure(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, config: Arc<TopicConfig>) {
        self.config = config;
        if !self.is_flushing() {
            self.move_high_watermark(turn, self.log.log_end_offset());
        }
        self.apply_retention(turn, dir);
    }

    /// The topic was deleted: queues the removal of every file. The catalog without it must be queued in the same turn.
    pub fn remove(self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        self.log.remove(turn, dir);
    }

    pub(super) fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// The dir takes appends again, in a higher epoch.
    pub(super) fn enter_epoch(&mut self, epoch: LeaderEpoch) {
        if self.leadership == Leadership::Alone {
            self.leader_epoch = self.leader_epoch.max(epoch);
        }
    }

    fn move_high_watermark(&mut self, turn: &mut Turn<'_>, to: Offset) -> bool {
        let from = std::mem::replace(&mut self.high_watermark, to);
        if from != to {
            let TopicPartition { topic, partition } = self.id();
            turn.note(Event::HighWatermarkMoved { topic, partition, from, to });
        }
        from != to
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

impl From<ErrorCode> for AppendRefused {
    fn from(error: ErrorCode) -> Self {
        Self { error, record: None, message: None }
    }
}
