//! One partition's log.
//!
//! Invariants: R10, offsets are dense on append, strictly increasing and never given twice; `log_start <= committed_end <=
//! log_end`, except that the start may lie beyond the committed end while a commit is under way; the segments follow each
//! other without a gap; `hot` holds everything from the committed end on.

use std::{collections::VecDeque, sync::Arc};

use super::{
    checkpoint,
    dir::{LogDir, Mark},
    hot::{Hot, HotBatch},
    layout::{self, LogFile},
    leader_epoch::LeaderEpochs,
    producer_state::{ProducerState, ProducerUndo},
    segment::{RollLimits, SEGMENT_BYTES_MAX, Segment, SegmentMark},
};
use crate::{
    config::TopicConfig,
    effect::{FileName, Frame, WriteOp},
    error::ErrorCode,
    ids::*,
    record::{Batch, BatchHeader},
    time::*,
    trace::Event,
    turn::Turn,
};

/// Where a batch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub base_offset: Offset,
    pub last_offset: Offset,
    /** Set when the topic stamps records at append, and of what was here already. */
    pub append_time: Option<Timestamp>,
    /** The batch was here already (idempotent producer). */
    pub is_duplicate: bool,
}

/// How to take one append back while it is not committed.
#[derive(Clone, Debug)]
struct Pending {
    /// The log's end after it.
    end: Offset,
    /// The active segment before it, and before a new one began for it.
    segment: SegmentMark,
    has_rolled: bool,
    has_begun_epoch: bool,
    producer: Option<ProducerUndo>,
}

/// What one producer takes in memory.
const PRODUCER_BYTES: u64 = 288;

#[derive(Clone, Debug)]
pub struct Log {
    pub(super) id: TopicPartition,
    pub(super) dir: Arc<str>,
    pub(super) log_start: Offset,
    pub(super) log_end: Offset,
    pub(super) committed_end: Offset,
    /// Full segments, oldest first.
    pub(super) sealed: VecDeque<Arc<Segment>>,
    pub(super) active: Segment,
    pub(super) epochs: LeaderEpochs,
    pub(super) producers: ProducerState,
    /// Offsets of the snapshot files there are, rising.
    pub(super) snapshots: Vec<Offset>,
    /// One of them that a failed commit may have lost.
    pub(super) unsure_snapshot: Option<Offset>,
    pub(super) hot: Hot,
    /// Appends that are not committed, oldest first.
    pending: VecDeque<Pending>,
    /// `partition.metadata` is on storage. Until it is every append brings it along, because the commit in which the
    /// log was created may have failed.
    has_metadata: bool,
}

/// What recovery found.
#[derive(Clone, Debug)]
pub(super) struct LogParts {
    pub(super) id: TopicPartition,
    pub(super) dir: Arc<str>,
    pub(super) log_start: Offset,
    pub(super) log_end: Offset,
    /// At least one; the last is the active one.
    pub(super) segments: Vec<Segment>,
    pub(super) epochs: LeaderEpochs,
    pub(super) producers: ProducerState,
    pub(super) snapshots: Vec<Offset>,
}

impl Log {
    /// An empty log for a new partition. Its directory's name must not be in use but by garbage.
    pub fn create(turn: &mut Turn<'_>, dir: &mut LogDir, id: TopicPartition, topic: &str) -> Self {
        let name = layout::partition_dir(topic, id.partition);
        dir.add_log(id, name.clone(), 0, 0);
        turn.note(Event::LogCreated { topic: id.topic, partition: id.partition });
        let mut log = Self::from_parts(LogParts {
            id,
            log_start: 0,
            log_end: 0,
            segments: vec![Segment::new(&name, 0, turn.now.wall)],
            dir: name,
            epochs: LeaderEpochs::default(),
            producers: ProducerState::new(dir.options().producer_expiration),
            snapshots: Vec::new(),
        });
        log.has_metadata = false;
        dir.enqueue([log.metadata()], None, true);
        log
    }

    fn metadata(&self) -> WriteOp {
        let bytes = checkpoint::write_topic_id(self.id.topic);
        WriteOp::Put { file: layout::path(&self.dir, LogFile::PartitionMetadata), bytes }
    }

    /// A log as it is on storage, all of it committed.
    pub(super) fn from_parts(mut parts: LogParts) -> Self {
        let active = parts.segments.pop().expect("a log has an active segment");
        Self {
            id: parts.id,
            dir: parts.dir,
            log_start: parts.log_start,
            log_end: parts.log_end,
            committed_end: parts.log_end,
            sealed: parts.segments.into_iter().map(Arc::new).collect(),
            active,
            epochs: parts.epochs,
            producers: parts.producers,
            snapshots: parts.snapshots,
            unsure_snapshot: None,
            hot: Hot::default(),
            pending: VecDeque::new(),
            has_metadata: true,
        }
    }

    pub fn id(&self) -> TopicPartition {
        self.id
    }

    pub fn log_start_offset(&self) -> Offset {
        self.log_start
    }

    pub fn log_end_offset(&self) -> Offset {
        self.log_end
    }

    /// Up to here storage has it for certain.
    pub fn committed_end(&self) -> Offset {
        self.committed_end
    }

    /// The epoch of the last record, -1 where there is none.
    pub fn latest_epoch(&self) -> LeaderEpoch {
        self.epochs.latest().unwrap_or(-1)
    }

    /// Segments there are, the active one among them.
    pub fn segment_count(&self) -> u32 {
        self.sealed.len() as u32 + 1
    }

    /// What a clone copies, in bytes, about.
    pub(crate) fn own_bytes(&self) -> u64 {
        let producers = self.producers.len() as u64 * PRODUCER_BYTES;
        let segments = self.sealed.len() * size_of::<Arc<Segment>>() + self.snapshots.len() * size_of::<Offset>();
        size_of::<Self>() as u64 + self.hot.own_bytes() + self.active.own_bytes() + segments as u64 + producers
    }

    /// Bytes of all segments.
    pub fn size(&self) -> u64 {
        self.segments().map(Segment::size).sum()
    }

    /// The epoch that the record at `offset` was written in. `None`: not known.
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.epochs.epoch_at(offset)
    }

    /// KIP-101/320: the largest epoch at or below `epoch` that the log has, and where it ends. `None`: not known.
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        self.epochs.end_of(epoch, self.log_end)
    }

    /// The producers it remembers.
    pub fn producers(&self) -> &ProducerState {
        &self.producers
    }

    /// Where each leader epoch begins.
    pub fn epochs(&self) -> &[(LeaderEpoch, Offset)] {
        self.epochs.rows()
    }

    /// Oldest first; the last is the active one.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().map(|segment| &**segment).chain(std::iter::once(&self.active))
    }

    /// The segment that holds `offset`, and those after it.
    pub(super) fn segments_from(&self, offset: Offset) -> impl Iterator<Item = &Segment> {
        let after = self.sealed.partition_point(|segment| segment.base_offset() <= offset);
        let first = if self.active.base_offset() <= offset { self.sealed.len() } else { after.saturating_sub(1) };
        self.sealed.range(first..).map(|segment| &**segment).chain(std::iter::once(&self.active))
    }

    pub(super) fn segment_of(&self, offset: Offset) -> &Segment {
        self.segments_from(offset).next().unwrap_or(&self.active)
    }

    /// Appends a batch that was checked, in leader epoch `epoch`, and queues the storage work. With `sync` its commit is
    /// durable. A batch of an idempotent producer that is here already is not appended again.
    ///
    /// # Errors
    /// `RecordListTooLarge` of a batch larger than a segment; those of `ProducerState::check`.
    pub fn append(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        config: &TopicConfig,
        epoch: LeaderEpoch,
        mut batch: Batch,
    ) -> Result<Appended, ErrorCode> {
        let segment_bytes = u64::from(config.segment_bytes).min(SEGMENT_BYTES_MAX);
        if batch.size() as u64 > segment_bytes {
            return Err(ErrorCode::RecordListTooLarge);
        }
        let sent = *batch.header();
        if sent.has_producer()
            && let Some(kept) = self.producers.check(&sent)?
        {
            let (base_offset, last_offset) = (kept.first_offset(), kept.last_offset);
            return Ok(Appended { base_offset, last_offset, append_time: Some(kept.timestamp), is_duplicate: true });
        }
        batch.place(self.log_end, epoch);
        self.append_placed(turn, dir, config, &batch);
        let header = batch.header();
        let (base_offset, last_offset) = (header.base_offset, header.last_offset());
        Ok(Appended { base_offset, last_offset, append_time: None, is_duplicate: false })
    }

    /// Appends a batch that has its offset, the log's end, and its epoch.
    pub(super) fn append_placed(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, config: &TopicConfig, batch: &Batch) {
        let header = *batch.header();
        let segment_bytes = u64::from(config.segment_bytes).min(SEGMENT_BYTES_MAX);
        let mut ops = Vec::with_capacity(4);
        if !self.has_metadata {
            ops.push(self.metadata());
        }
        let mut pending =
            Pending { end: 0, segment: self.active.mark(), has_rolled: false, has_begun_epoch: false, producer: None };
        let age_ms = i64::try_from(config.segment_age.as_millis()).unwrap_or(i64::MAX);
        let limits = RollLimits { bytes: segment_bytes, age_ms, now: turn.now.wall };
        if self.active.is_full_for(&header, header.last_offset(), &limits) {
            pending.has_rolled = self.roll_into(turn, &mut ops);
        }
        pending.has_begun_epoch = self.begin_epoch(turn, header.partition_leader_epoch, &mut ops);
        self.write(dir, batch, &header, &mut ops);
        pending.producer = header.has_producer().then(|| self.producers.update(&header, turn.now.wall));
        self.log_end = header.last_offset() + 1;
        pending.end = self.log_end;
        let sync = config.flush_messages == 1 || pending.has_rolled;
        self.pending.push_back(pending);
        dir.enqueue(ops, Some(Mark::LogEnd(self.id, self.log_end)), sync);
    }

    fn write(&mut self, dir: &mut LogDir, batch: &Batch, header: &BatchHeader, ops: &mut Vec<WriteOp>) {
        let hot = HotBatch::new(batch, header);
        let mut bytes = Frame::with_capacity(2);
        hot.push_to(&mut bytes);
        self.active.append(header, bytes, ops);
        let before = self.hot.cost();
        let new_run = self.hot.push(hot);
        dir.add_hot(self.id, self.hot.cost() - before, new_run);
    }

    /// A commit of it is done.
    pub(crate) fn on_committed(&mut self, end: Offset) {
        self.has_metadata = true;
        self.committed_end = self.committed_end.max(end);
        while self.pending.front().is_some_and(|pending| pending.end <= end) {
            self.pending.pop_front();
        }
    }

    /// A commit failed for certain: what is not committed was never written, and is taken back. Who appended is told
    /// `KAFKA_STORAGE_ERROR`; the next append is in a higher leader epoch, so that no offset has two contents in one.
    pub(crate) fn take_back(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let from = self.log_end;
        while let Some(pending) = self.pending.pop_back() {
            match pending.has_rolled.then(|| self.sealed.pop_back()) {
                None => self.active.undo(pending.segment),
                Some(Some(sealed)) => {
                    self.active = Arc::unwrap_or_clone(sealed);
                    self.active.undo(pending.segment);
                }
                // All that was committed is deleted already, the segment before this one with it.
                Some(None) => self.active = Segment::new(&self.dir, self.committed_end, turn.now.wall),
            }
            if let Some(producer) = pending.producer {
                self.producers.undo(producer);
            }
            if pending.has_begun_epoch {
                self.epochs.truncate_last();
            }
        }
        self.log_end = self.committed_end;
        dir.free_hot(self.hot.truncate(self.log_end));
        self.snapshots.retain(|offset| *offset <= self.committed_end);
        self.unsure_snapshot = self.snapshots.last().copied().filter(|offset| *offset == self.committed_end);
        if self.log_start > self.log_end {
            self.restart_at_log_start(turn, dir);
        }
        if self.log_end != from {
            let (topic, partition) = (self.id.topic, self.id.partition);
            turn.note(Event::LogTruncated { topic, partition, from, to: self.log_end });
        }
    }

    /// The log's start was moved beyond what could be kept: nothing is left but the offset to go on from.
    fn restart_at_log_start(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let gone: Vec<FileName> = self.segments().flat_map(Segment::files).collect();
        dir.retire(gone);
        self.sealed.clear();
        self.active = Segment::new(&self.dir, self.log_start, turn.now.wall);
        dir.free_hot(self.hot.truncate(0));
        (self.log_end, self.committed_end) = (self.log_start, self.log_start);
    }

    /// Seals the active segment and begins another at the log's end. False if there is nothing in it.
    pub(super) fn roll_into(&mut self, turn: &mut Turn<'_>, ops: &mut Vec<WriteOp>) -> bool {
        if self.active.is_empty() {
            return false;
        }
        self.active.seal(ops);
        ops.push(self.snapshot());
        let next = Segment::new(&self.dir, self.log_end, turn.now.wall);
        self.sealed.push_back(Arc::new(std::mem::replace(&mut self.active, next)));
        let (topic, partition) = (self.id.topic, self.id.partition);
        turn.note(Event::SegmentRolled { topic, partition, offset: self.log_end });
        true
    }

    /// Rolls outside an append (retention of everything). Only while nothing is pending.
    pub(super) fn roll(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        debug_assert!(self.pending.is_empty());
        let mut ops = Vec::new();
        let segment = self.active.mark();
        if self.roll_into(turn, &mut ops) {
            let end = self.log_end;
            let pending = Pending { end, segment, has_rolled: true, has_begun_epoch: false, producer: None };
            self.pending.push_back(pending);
            dir.enqueue(ops, Some(Mark::LogEnd(self.id, end)), true);
        }
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn begin_epoch(&mut self, turn: &mut Turn<'_>, epoch: LeaderEpoch, ops: &mut Vec<WriteOp>) -> bool {
        let has_begun = self.epochs.assign(epoch, self.log_end);
        if has_begun {
            ops.push(self.epochs_document());
            let (topic, partition) = (self.id.topic, self.id.partition);
            turn.note(Event::LeaderEpochRaised { topic, partition, epoch, offset: self.log_end });
        }
        has_begun
    }

    pub(super) fn epochs_document(&self) -> WriteOp {
        WriteOp::Put {
            file: layout::path(&self.dir, LogFile::LeaderEpochs),
            bytes: checkpoint::write_epochs(self.epochs.rows()),
        }
    }

    /// What producers sent up to the log's end, as a file.
    fn snapshot(&mut self) -> WriteOp {
        if self.snapshots.last() != Some(&self.log_end) {
            self.snapshots.push(self.log_end);
        }
        self.unsure_snapshot.take_if(|offset| *offset == self.log_end);
        WriteOp::Put {
            file: layout::path(&self.dir, LogFile::Snapshot(self.log_end)),
            bytes: self.producers.snapshot(),
        }
    }

    /// Queues a snapshot of the producers, so that a start need not read what lies before it. Older ones go once a newer
    /// one lies below the point from which recovery would read.
    pub(crate) fn checkpoint(&mut self, dir: &mut LogDir) {
        let mut ops = Vec::new();
        if self.snapshots.last() != Some(&self.log_end) || self.unsure_snapshot == Some(self.log_end) {
            ops.push(self.snapshot());
        }
        let point = dir.recovery_point(self.id);
        let serves = |offset: &Offset| *offset <= point && Some(*offset) != self.unsure_snapshot;
        let newest = self.snapshots.iter().rposition(serves).unwrap_or(0);
        for offset in self.snapshots.drain(..newest) {
            ops.push(WriteOp::Remove { file: layout::path(&self.dir, LogFile::Snapshot(offset)) });
        }
        dir.enqueue(ops, None, false);
    }

    pub(crate) fn expire_producers(&mut self, now: Timestamp) {
        self.producers.expire(now);
    }

    pub(crate) fn has_run(&self, run: u64) -> bool {
        self.hot.has_run(run)
    }

    /// Gives a run's memory back, if it is committed. False if it has to stay.
    pub(crate) fn evict(&mut self, dir: &mut LogDir, run: u64) -> bool {
        let freed = self.hot.evict(run, self.committed_end);
        dir.free_hot(freed.unwrap_or(0));
        freed.is_some()
    }

    /// Gives memory back, of what is committed and beyond `bytes`.
    pub(crate) fn evict_all_but(&mut self, dir: &mut LogDir, bytes: u64) {
        while self.hot.cost() > bytes {
            match self.hot.first_run().and_then(|run| self.hot.evict(run, self.committed_end)) {
                Some(freed) => dir.free_hot(freed),
                None => break,
            }
        }
    }

    /// The partition is deleted: every file goes once what is queued in this turn is durable.
    pub(crate) fn remove(self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let segments = self.segments().flat_map(Segment::files);
        let snapshots = self.snapshots.iter().map(|offset| layout::path(&self.dir, LogFile::Snapshot(*offset)));
        let documents = [LogFile::LeaderEpochs, LogFile::PartitionMetadata].map(|file| layout::path(&self.dir, file));
        dir.retire(segments.chain(snapshots).chain(documents).collect::<Vec<_>>());
        dir.free_hot(self.hot.cost());
        dir.remove_log(self.id);
        turn.note(Event::LogRemoved { topic: self.id.topic, partition: self.id.partition });
    }
}
