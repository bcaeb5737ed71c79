//! One log dir: the queue of its commits (one in flight), its loads, and whether it can be written and read.
//!
//! ```text
//! Online ──commit failed, nothing of it done──▶ ReadOnly ──room proved, new epoch synced──▶ Online
//!    └────────── outcome unknown, or gone ─────────┴──▶ Offline, until opened again (`Recovery`)
//! ```
//!
//! A commit that fails takes everything queued behind it along. What must happen all the same (the catalog, the document
//! of log starts, removing files) is state here and is queued again; appends are taken back by their logs.

mod checkpoints;
mod cuts;
mod gathered;
mod memory;
mod room;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;

pub(in crate::log) use self::cuts::Cut;
use self::{gathered::Gathered, memory::HotBudget, room::Room};
use super::{
    layout::{self, LogFile},
    read::ColdRange,
};
use crate::{
    effect::*,
    ids::*,
    sorted::{SortedMap, SortedSet},
    time::Instant,
    trace::Event,
    turn::Turn,
};

/// What a log dir can do right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirState {
    Online,
    /// A commit failed for certain: what is committed is served, nothing is appended until there is room again.
    ReadOnly(StorageErrorKind),
    /// Nobody knows what is on it until it is opened again.
    Offline(StorageErrorKind),
}

/// Something in a commit that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The partition's log is committed up to this offset (exclusive).
    LogEnd(TopicPartition, Offset),
    /// It is durable that the partition's log begins at this offset.
    LogStart(TopicPartition, Offset),
    /// The catalog's change of this number is durable.
    Catalog(u64),
    /// The quorum's election state of this version is durable.
    QuorumState(u64),
    /// So many bytes of the metadata snapshot that is being written are.
    SnapshotPiece(u64),
    /// The snapshot of the metadata log that ends here is durable and has its name.
    Snapshot(Offset, LeaderEpoch),
    /// The clean-shutdown marker is durable. Nothing is written after it.
    CleanShutdown,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    Committed(Vec<Mark>),
    Failed { lost: Vec<Mark>, state: DirState },
}

/// Sizes and times of a log dir. Kafka's names where Kafka has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirOptions {
    /// Memory for batches that are committed. What is not committed comes on top.
    pub hot_bytes_max: u64,
    /// `producer.id.expiration.ms`.
    pub producer_expiration: Duration,
    /// `log.retention.check.interval.ms`.
    pub retention_check: Duration,
    /// `log.flush.offset.checkpoint.interval.ms`: how often recovery points are written, at least.
    pub checkpoint: Duration,
    /// Recovery points are also written after this many bytes, which bounds what an unclean start reads again.
    pub checkpoint_bytes: u64,
    /// Size of the document that is given up when storage is full.
    pub kept_room: u32,
    /// How often a read-only dir looks whether there is room again.
    pub retry: Duration,
    /// Bytes that recovery loads at once.
    pub load_bytes: u32,
}

impl Default for DirOptions {
    fn default() -> Self {
        Self {
            hot_bytes_max: 64 * 1024 * 1024,
            producer_expiration: Duration::from_secs(86_400),
            retention_check: Duration::from_secs(300),
            checkpoint: Duration::from_secs(60),
            checkpoint_bytes: 16 * 1024 * 1024,
            kept_room: 128 * 1024,
            retry: Duration::from_secs(5),
            load_bytes: 1024 * 1024,
        }
    }
}

/// Of a document that is loaded as a whole.
const DOCUMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

#[derive(Clone, Debug)]
struct InFlight {
    io: IoId,
    work: Gathered,
    /// The commit that proves room and raises the epoch.
    is_probe: bool,
}

#[derive(Clone, Debug)]
pub struct LogDir {
    options: DirOptions,
    state: DirState,
    epoch: LeaderEpoch,
    in_flight: Option<InFlight>,
    /// Commits to be issued one after the other; the last one is being gathered.
    queue: VecDeque<Gathered>,
    queued_bytes: u64,
    /// Files to be removed whose removal is not queued.
    garbage: SortedSet<FileName>,
    /// What is cut off from logs, and not queued yet.
    cuts: SortedMap<FileName, Cut>,
    /// The latest catalog that did not get to storage, and who waits for it.
    lost_catalog: Option<(Bytes, Option<Mark>)>,
    /// The clean-shutdown marker is queued: nothing of the dir's own follows it.
    is_closing: bool,
    /// Loads in flight and the bytes they asked for.
    loads: SortedMap<IoId, u64>,
    hot: HotBudget,
    room: Room,
    /// The directory of every log here.
    names: SortedMap<TopicPartition, Arc<str>>,
    log_starts: SortedMap<TopicPartition, Offset>,
    durable_log_starts: SortedMap<TopicPartition, Offset>,
    is_log_starts_dirty: bool,
    /// Somebody waits until where logs begin is durable.
    is_log_start_awaited: bool,
    /// Logs were removed. The documents may forget them only once a catalog without them is durable: until then a
    /// crash brings them back.
    has_removed_logs: bool,
    /// Committed, but not yet known to be durable.
    committed: SortedMap<TopicPartition, Offset>,
    durable: SortedMap<TopicPartition, Offset>,
    /// What recovery would go by: the document of recovery points that is written, and the one that is durable.
    points_written: Option<SortedMap<TopicPartition, Offset>>,
    points_durable: SortedMap<TopicPartition, Offset>,
    is_recovery_points_dirty: bool,
    bytes_since_checkpoint: u64,
}

impl LogDir {
    /// A dir as recovery leaves it: everything in it durable, `epoch` durable too.
    pub(super) fn new(options: DirOptions, epoch: LeaderEpoch) -> Self {
        Self {
            options,
            state: DirState::Online,
            epoch,
            in_flight: None,
            queue: VecDeque::new(),
            queued_bytes: 0,
            garbage: SortedSet::new(),
            cuts: SortedMap::new(),
            lost_catalog: None,
            is_closing: false,
            loads: SortedMap::new(),
            hot: HotBudget::default(),
            room: Room::default(),
            names: SortedMap::new(),
            log_starts: SortedMap::new(),
            durable_log_starts: SortedMap::new(),
            is_log_starts_dirty: false,
            is_log_start_awaited: false,
            has_removed_logs: false,
            committed: SortedMap::new(),
            durable: SortedMap::new(),
            points_written: None,
            points_durable: SortedMap::new(),
            is_recovery_points_dirty: false,
            // The first checkpoint comes soon: an unclean start need not be followed by another long one.
            bytes_since_checkpoint: options.checkpoint_bytes,
        }
    }

    pub fn options(&self) -> &DirOptions {
        &self.options
    }

    pub fn state(&self) -> DirState {
        self.state
    }

    /// The leader epoch of every log here: raised and synced each time the dir takes appends again.
    pub fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// Adds work to the commit that is being gathered. Bytes queued are bounded by `queued_bytes`. Nothing is queued
    /// while the dir is offline: the mark is lost with it.
    pub fn enqueue(&mut self, ops: impl IntoIterator<Item = WriteOp>, mark: Option<Mark>, sync: bool) {
        if matches!(self.state, DirState::Offline(_)) {
            return;
        }
        for op in ops {
            if !self.cuts.is_empty() || (!self.garbage.is_empty() && self.uses_name_of_garbage(&op)) {
                self.queue_own_work();
            }
            if matches!(&op, WriteOp::Put { file, .. } if &**file == layout::CATALOG) {
                self.lost_catalog = None;
            }
            self.queued_bytes += self.back().push(op);
        }
        let back = self.back();
        back.marks.extend(mark);
        back.sync |= sync;
    }

    /// What is queued from here on is issued only when everything before it is durable.
    pub fn barrier(&mut self) {
        if self.queue.back().is_some_and(|back| !back.is_empty()) {
            self.back().sync = true;
            self.queue.push_back(Gathered::default());
        }
    }

    /// Removes `files` once what is queued in this turn is durable. A name may be used again at once.
    pub fn retire(&mut self, files: impl IntoIterator<Item = FileName>) {
        self.garbage.extend(files);
    }

    /// Issues the gathered commit unless one is in flight. Called once at the end of every turn.
    pub fn issue(&mut self, turn: &mut Turn<'_>) {
        if self.in_flight.is_some() || matches!(self.state, DirState::Offline(_)) {
            return;
        }
        if !self.is_closing && self.is_work_of_its_own_due(turn) {
            self.queue_own_work();
        }
        self.queue.retain(|work| !work.is_empty());
        let is_probe = self.queue.is_empty() && self.room.is_probe_due();
        let work = if is_probe { self.probe() } else { self.queue.pop_front() };
        let Some(mut work) = work else { return };
        self.room.give_up(&mut work, is_probe, self.state);
        let io = turn.next_io();
        let (bytes, sync) = (work.bytes, work.sync);
        turn.note(Event::CommitIssued { io, ops: work.ops.len() as u32, bytes, sync });
        // Appends are their logs' own to take back; of the rest a failure must know.
        let kept = work.ops.iter().filter(|op| !matches!(op, WriteOp::Append { .. })).cloned().collect();
        turn.effects.push(Effect::Commit { io, ops: std::mem::replace(&mut work.ops, kept), sync });
        self.in_flight = Some(InFlight { io, work, is_probe });
    }

    /// Bytes that wait for a commit or are in one; handlers rest while it is above their bound.
    pub fn queued_bytes(&self) -> u64 {
        self.queued_bytes
    }

    /// The latest version of the catalog whose commit is queued or in flight.
    pub fn awaited_catalog(&self) -> Option<u64> {
        let in_flight = self.in_flight.iter().map(|in_flight| &in_flight.work);
        in_flight.chain(&self.queue).flat_map(Gathered::catalogs).max()
    }

    /// `None`: no commit of this dir.
    pub fn on_committed(&mut self, turn: &mut Turn<'_>, io: IoId) -> Option<CommitOutcome> {
        let InFlight { mut work, is_probe, .. } = self.in_flight.take_if(|in_flight| in_flight.io == io)?;
        turn.note(Event::CommitDone { io });
        self.queued_bytes -= work.bytes;
        self.bytes_since_checkpoint += work.bytes;
        let marks = work.marks();
        for mark in &marks {
            match mark {
                Mark::LogEnd(id, end) => _ = self.committed.insert(*id, *end),
                Mark::LogStart(id, start) => self.note_durable_log_start(*id, *start),
                _ => {}
            }
        }
        self.points_written = work.points.take().or(self.points_written.take());
        if work.sync {
            self.points_durable = self.points_written.take().unwrap_or(std::mem::take(&mut self.points_durable));
            for (id, end) in std::mem::take(&mut self.committed) {
                if self.names.contains_key(&id) {
                    self.durable.insert(id, end);
                }
            }
            self.is_recovery_points_dirty |= work.is_checkpoint;
        }
        self.room.on_committed(&work, is_probe, self.state);
        if is_probe {
            self.enter_online(turn);
        }
        Some(CommitOutcome::Committed(marks))
    }

    /// `None`: a load failed. That is no failure of the dir (its file may have been removed meanwhile), unless storage is
    /// gone.
    pub fn on_failed(&mut self, turn: &mut Turn<'_>, io: IoId, why: StorageError) -> Option<CommitOutcome> {
        if self.loads.remove(&io).is_some() {
            turn.note(Event::LoadFailed { io, why: why.kind });
            if why.kind != StorageErrorKind::Gone || matches!(self.state, DirState::Offline(_)) {
                return None;
            }
            return Some(self.enter_failed(turn, DirState::Offline(why.kind)));
        }
        if self.in_flight.as_ref().is_none_or(|in_flight| in_flight.io != io) {
            return None;
        }
        turn.note(Event::CommitFailed { io, why: why.kind });
        let state = match (why.outcome, why.kind) {
            (Outcome::Unknown, kind) | (_, kind @ StorageErrorKind::Gone) => DirState::Offline(kind),
            (Outcome::Definite, kind) => DirState::ReadOnly(kind),
        };
        Some(self.enter_failed(turn, state))
    }

    /// Starts a load for a reader; its answer comes back as `Loaded{io}` (or `Failed{io}`).
    pub fn load(&mut self, turn: &mut Turn<'_>, range: &ColdRange) -> IoId {
        self.load_part(turn, range.file.clone(), range.at, range.len)
    }

    /// As `load`, of a whole document.
    pub fn load_document(&mut self, turn: &mut Turn<'_>, file: FileName) -> IoId {
        self.load_part(turn, file, 0, DOCUMENT_BYTES_MAX)
    }

    /// As `load`, of bytes `at..at + len`.
    pub fn load_part(&mut self, turn: &mut Turn<'_>, file: FileName, at: u64, len: u64) -> IoId {
        let io = turn.next_io();
        self.loads.insert(io, len);
        turn.note(Event::LoadIssued { io, bytes: len });
        turn.effects.push(Effect::Load { io, file, at, len });
        io
    }

    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, io: IoId, bytes: &Bytes) {
        if self.loads.remove(&io).is_some() {
            turn.note(Event::LoadDone { io, bytes: bytes.len() as u64 });
        }
    }

    /// When `on_tick` has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        match self.state {
            DirState::ReadOnly(_) if self.in_flight.is_none() => self.room.retry_at(),
            _ => None,
        }
    }

    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        if self.next_deadline().is_some_and(|at| at <= turn.now.monotonic) {
            self.room.enter_probe_due();
        }
    }

    /// Makes the log's directory known. What it holds is durable up to `end`.
    pub(super) fn add_log(&mut self, id: TopicPartition, dir: Arc<str>, start: Offset, end: Offset) {
        self.names.insert(id, dir);
        self.durable.insert(id, end);
        if start > 0 {
            self.log_starts.insert(id, start);
            self.durable_log_starts.insert(id, start);
        }
    }

    pub(super) fn remove_log(&mut self, id: TopicPartition) {
        self.names.remove(&id);
        self.committed.remove(&id);
        self.points_durable.remove(&id);
        self.has_removed_logs = true;
        self.is_recovery_points_dirty |= self.durable.remove(&id).is_some();
        self.is_log_starts_dirty |= self.log_starts.remove(&id).is_some();
        self.durable_log_starts.remove(&id);
    }

    fn back(&mut self) -> &mut Gathered {
        if self.queue.back().is_none_or(|back| back.is_cut) {
            self.queue.push_back(Gathered::default());
        }
        let last = self.queue.len() - 1;
        &mut self.queue[last]
    }

    fn enter_failed(&mut self, turn: &mut Turn<'_>, state: DirState) -> CommitOutcome {
        let in_flight = self.in_flight.take();
        let failed_bytes = in_flight.as_ref().map_or(0, |in_flight| in_flight.work.bytes);
        let mut lost = Vec::new();
        for work in in_flight.map(|in_flight| in_flight.work).into_iter().chain(std::mem::take(&mut self.queue)) {
            if work.is_cut {
                self.keep_cuts(&work.ops);
                continue;
            }
            let marks = work.marks();
            let catalog_mark = marks.iter().copied().rfind(|mark| matches!(mark, Mark::Catalog(_)));
            lost.extend(marks);
            self.is_recovery_points_dirty |= work.is_checkpoint;
            for op in work.ops {
                match op {
                    WriteOp::Remove { file } if &*file != layout::KEPT_ROOM => _ = self.garbage.insert(file),
                    WriteOp::Put { file, bytes } if &*file == layout::CATALOG => {
                        self.lost_catalog = Some((bytes, catalog_mark));
                    }
                    WriteOp::Put { file, .. } if &*file == layout::LOG_STARTS => self.is_log_starts_dirty = true,
                    WriteOp::Put { file, .. } if &*file == layout::RECOVERY_POINTS => {
                        self.is_recovery_points_dirty = true;
                    }
                    _ => {}
                }
            }
        }
        self.queued_bytes = 0;
        (self.is_closing, self.has_removed_logs) = (false, true);
        match state {
            DirState::ReadOnly(why) => turn.note(Event::LogDirReadOnly { why }),
            DirState::Offline(why) => turn.note(Event::LogDirOffline { why }),
            DirState::Online => {}
        }
        self.room.on_failed(turn.now.monotonic + self.options.retry, failed_bytes);
        self.state = state;
        CommitOutcome::Failed { lost, state }
    }

    fn enter_online(&mut self, turn: &mut Turn<'_>) {
        self.epoch += 1;
        self.state = DirState::Online;
        turn.note(Event::LogDirOpened { recovered: false });
    }

    /// Whether what is kept as state is queued now. A read-only dir tries it along with work that somebody asked for, or
    /// when it is time to look again, and not in every turn.
    fn is_work_of_its_own_due(&self, turn: &Turn<'_>) -> bool {
        match self.state {
            DirState::Online => true,
            DirState::ReadOnly(_) => {
                self.queue.iter().any(|work| !work.is_empty())
                    || self.is_log_start_awaited
                    || self.room.retry_at().is_some_and(|at| at <= turn.now.monotonic)
                    || self.room.is_probe_due()
            }
            DirState::Offline(_) => false,
        }
    }

    fn uses_name_of_garbage(&self, op: &WriteOp) -> bool {
        match op {
            WriteOp::Append { file, .. } | WriteOp::Put { file, .. } => self.garbage.contains(file),
            _ => false,
        }
    }

    /// The documents go first: a removed log must be out of them before its directory's name is free. Before them goes
    /// the catalog that says that it is removed.
    fn queue_own_work(&mut self) {
        let (garbage, cuts) = (std::mem::take(&mut self.garbage), std::mem::take(&mut self.cuts));
        if let Some((bytes, mark)) = self.lost_catalog.take() {
            self.enqueue([WriteOp::Put { file: layout::CATALOG.into(), bytes }], mark, true);
        }
        if std::mem::take(&mut self.has_removed_logs) {
            self.barrier();
        }
        self.queue_log_starts();
        self.queue_recovery_points();
        self.queue_cuts(cuts);
        self.garbage = garbage;
        self.queue_garbage();
    }

    /// Queues the removal of garbage behind everything queued so far. `partition.metadata` goes last: a directory in
    /// which it is missing is of the topic that the catalog names, not of one deleted before.
    fn queue_garbage(&mut self) {
        if self.garbage.is_empty() {
            return;
        }
        let is_metadata = |file: &FileName| matches!(layout::parse(file), Some((_, LogFile::PartitionMetadata)));
        let (last, first): (Vec<_>, Vec<_>) = std::mem::take(&mut self.garbage).into_iter().partition(is_metadata);
        for files in [first, last] {
            self.barrier();
            for file in files {
                self.back().push(WriteOp::Remove { file });
            }
        }
        self.barrier();
    }
}
