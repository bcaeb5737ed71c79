//! Opening a log dir after any end: clean, killed, power lost at any moment.
//!
//! ```text
//! Listing ─▶ Documents ─▶ AwaitingCatalog ─(the broker: open_logs)─▶ Logs ─▶ Committing ─▶ Ended
//! ```
//!
//! S1: recovery after any crash point yields a log that is a prefix of appended batches including everything that was
//! synced; recovery is idempotent. Up to `Committing` nothing is changed, so what cannot be read is left as it is.
//! There the clean-shutdown marker goes first (B18), then what is removed and cut, then what is written, each durable
//! before the next. The last write raises the broker's epoch, and with it the leader epoch of every log.

mod member;
mod one_log;
mod scan;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;

use self::one_log::{LoadWanted, LogRecovery, Noted, RecoveredLog};
use super::{
    Log, MetaProperties, checkpoint,
    dir::{DirOptions, LogDir},
    layout::{self, LogFile},
};
use crate::{
    effect::*,
    error::Fatal,
    ids::*,
    sorted::{SortedMap, SortedSet},
    trace::Event,
    turn::Turn,
};

/// Logs that are read side by side.
const LOGS_AT_ONCE: usize = 8;
const DOCUMENTS: [&str; 7] = [
    layout::CATALOG,
    layout::BROKER_EPOCH,
    layout::RECOVERY_POINTS,
    layout::LOG_STARTS,
    layout::CLEAN_SHUTDOWN,
    layout::META_PROPERTIES,
    layout::QUORUM_STATE,
];

/// A log that should be there, as the catalog knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenLog {
    pub id: TopicPartition,
    pub topic: String,
}

/// Who opens the dir, as a member of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `None`: as the dir says, and a new one is drawn at the first start.
    pub cluster_id: Option<String>,
    pub node: BrokerId,
}

/// What a member of a cluster finds beside its logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedMember {
    pub properties: MetaProperties,
    /// The document `quorum-state`.
    pub quorum_state: Option<Bytes>,
    /// Snapshots of the metadata log: end offset, epoch and size.
    pub checkpoints: Vec<(Offset, LeaderEpoch, u64)>,
}

/// What comes next.
#[derive(Debug)]
pub enum RecoveryStep {
    /// Storage works. Bytes read, of bytes to read as far as is known.
    Working { done: u64, total: u64 },
    /// The catalog's document, `None` on a first start. The broker reads it and calls `Recovery::open_logs`.
    Catalog(Option<Bytes>),
    /// The dir takes appends.
    Done(Box<Opened>),
    /// The dir does not open. Nothing was changed in it, unless its last commit failed half way, which is no harm.
    Failed(Fatal),
}

/// An open log dir.
#[derive(Debug)]
pub struct Opened {
    pub dir: LogDir,
    /// Those that were asked for, in that order. A log that was not there is empty. Of a member of a cluster: the
    /// metadata log, then all others that are there.
    pub logs: Vec<Log>,
    pub member: Option<OpenedMember>,
    /// It was shut down cleanly.
    pub was_clean: bool,
}

/// The phases of opening a log dir.
#[derive(Clone, Debug)]
pub struct Recovery {
    options: DirOptions,
    phase: Phase,
    /// Of each partition's directory, its files and their lengths.
    files: SortedMap<Arc<str>, SortedMap<LogFile, u64>>,
    /// Names of what is left over in partitions' directories.
    leftovers: Vec<FileName>,
    has_kept_room: bool,
    /// What is committed leaves the kept room there.
    leaves_room: bool,
    documents: SortedMap<&'static str, Bytes>,
    member: Option<OpenedMember>,
    done: u64,
}

#[derive(Clone, Debug)]
enum Phase {
    Listing(IoId),
    Documents(SortedMap<IoId, &'static str>),
    AwaitingCatalog,
    Logs(Logs),
    Committing { io: IoId, recovered: Vec<RecoveredLog>, epoch: LeaderEpoch, stages: VecDeque<Vec<WriteOp>> },
    Ended,
}

#[derive(Clone, Debug)]
struct Logs {
    /// In the order in which they were asked for; `None` while one is being read.
    recovered: Vec<Option<RecoveredLog>>,
    waiting: VecDeque<(u32, LogRecovery)>,
    reading: SortedMap<IoId, (u32, LogRecovery, FileName)>,
    orphans: Vec<FileName>,
    /// Bytes that are still to be read, at most.
    left: u64,
}

impl Recovery {
    /// Begins to open the dir: asks storage what is there.
    pub fn start(turn: &mut Turn<'_>, options: DirOptions) -> Self {
        let io = turn.next_io();
        turn.effects.push(Effect::List { io, prefix: String::new() });
        Self {
            options,
            phase: Phase::Listing(io),
            files: SortedMap::new(),
            leftovers: Vec::new(),
            has_kept_room: false,
            leaves_room: true,
            documents: SortedMap::new(),
            member: None,
            done: 0,
        }
    }

    /// For the dir that it opens.
    pub fn limit_memory(&mut self, hot_bytes: u64) {
        self.options.hot_bytes_max = hot_bytes;
    }

    pub fn on_listed(&mut self, turn: &mut Turn<'_>, io: IoId, entries: Vec<Entry>) -> RecoveryStep {
        if !matches!(self.phase, Phase::Listing(listing) if listing == io) {
            return self.working();
        }
        let mut loads = SortedMap::new();
        for Entry { file, len } in entries {
            if let Some(document) = DOCUMENTS.into_iter().find(|document| **document == *file) {
                let io = turn.next_io();
                turn.effects.push(Effect::Load { io, file, at: 0, len });
                loads.insert(io, document);
                continue;
            }
            self.has_kept_room |= &*file == layout::KEPT_ROOM;
            match layout::parse(&file) {
                Some((_, LogFile::Leftover)) => self.leftovers.push(file),
                Some((dir, kind)) => _ = self.files.entry(dir.into()).or_default().insert(kind, len),
                // Not ours; nothing here reads or removes it.
                None => {}
            }
        }
        self.phase = Phase::Documents(loads);
        self.after_documents()
    }

    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, io: IoId, bytes: Bytes) -> RecoveryStep {
        self.done += bytes.len() as u64;
        match &mut self.phase {
            Phase::Documents(loads) => {
                if let Some(document) = loads.remove(&io) {
                    self.documents.insert(document, bytes);
                }
                self.after_documents()
            }
            Phase::Logs(logs) => {
                let Some((index, mut log, _)) = logs.reading.remove(&io) else { return self.working() };
                logs.left -= log.bytes_left();
                if let Err(fatal) = log.on_loaded(bytes) {
                    return self.enter_failed(fatal);
                }
                logs.left += log.bytes_left();
                logs.waiting.push_front((index, log));
                self.read_on(turn)
            }
            _ => self.working(),
        }
    }

    pub fn on_committed(&mut self, turn: &mut Turn<'_>, io: IoId) -> RecoveryStep {
        match &mut self.phase {
            Phase::Committing { io: committing, .. } if *committing == io => {
                turn.note(Event::CommitDone { io });
                self.commit_next(turn)
            }
            _ => self.working(),
        }
    }

    pub fn on_failed(&mut self, turn: &mut Turn<'_>, io: IoId, why: StorageError) -> RecoveryStep {
        let file = match &mut self.phase {
            Phase::Listing(listing) if *listing == io => String::new(),
            Phase::Documents(loads) if loads.contains_key(&io) => loads[&io].to_owned(),
            Phase::Logs(logs) if logs.reading.contains_key(&io) => logs.reading[&io].2.to_string(),
            Phase::Committing { io: committing, stages, .. } if *committing == io => {
                turn.note(Event::CommitFailed { io, why: why.kind });
                if why.kind == StorageErrorKind::NoSpace && std::mem::take(&mut self.leaves_room) {
                    // The room was kept for this. It is made again when there is some.
                    for stage in stages.iter_mut() {
                        stage.retain(|op| !matches!(op, WriteOp::Put { file, .. } if &**file == layout::KEPT_ROOM));
                    }
                    if let Some(stage) = stages.front_mut() {
                        stage.insert(0, remove(layout::KEPT_ROOM));
                    }
                    return self.issue_stage(turn);
                }
                String::new()
            }
            _ => return self.working(),
        };
        self.enter_failed(Fatal { file, why: why.detail })
    }

    /// Goes on once the broker knows which logs there should be. Directories of others are removed.
    pub fn open_logs(&mut self, turn: &mut Turn<'_>, logs: Vec<OpenLog>) -> RecoveryStep {
        if !matches!(self.phase, Phase::AwaitingCatalog) {
            return self.working();
        }
        match self.plan(turn, logs) {
            Ok(logs) => {
                self.phase = Phase::Logs(logs);
                self.read_on(turn)
            }
            Err(fatal) => self.enter_failed(fatal),
        }
    }

    /// Goes on for a member of a cluster: opens the metadata log, which is created if there is none, and all logs that are
    /// there, since which there should be is known only when that log is read.
    pub fn open_member(&mut self, turn: &mut Turn<'_>, identity: &Identity) -> RecoveryStep {
        if !matches!(self.phase, Phase::AwaitingCatalog) {
            return self.working();
        }
        match self.plan_member(turn, identity) {
            Ok(logs) => {
                self.phase = Phase::Logs(logs);
                self.read_on(turn)
            }
            Err(fatal) => self.enter_failed(fatal),
        }
    }

    fn after_documents(&mut self) -> RecoveryStep {
        match &self.phase {
            Phase::Documents(loads) if loads.is_empty() => {
                self.phase = Phase::AwaitingCatalog;
                RecoveryStep::Catalog(self.documents.get(layout::CATALOG).cloned())
            }
            _ => self.working(),
        }
    }

    fn plan(&mut self, turn: &Turn<'_>, logs: Vec<OpenLog>) -> Result<Logs, Fatal> {
        let starts = self.offsets(layout::LOG_STARTS)?;
        let points = self.offsets(layout::RECOVERY_POINTS)?;
        let epoch_max = self.epoch_before()?;
        let mut files = std::mem::take(&mut self.files);
        let mut waiting = VecDeque::new();
        for (index, log) in logs.into_iter().enumerate() {
            let dir = layout::partition_dir(&log.topic, log.id.partition);
            let offset = |of: &SortedMap<Arc<str>, Offset>| of.get(&dir).copied().unwrap_or(0).max(0);
            let noted = Noted { start: offset(&starts), point: offset(&points), epoch_max };
            let found = files.remove(&dir).unwrap_or_default();
            let log = LogRecovery::new(log.id, dir, found, noted, (&self.options, turn.now.wall));
            waiting.push_back((index as u32, log));
        }
        if !self.documents.contains_key(layout::CATALOG)
            && let Some((dir, _)) = files.iter().find(|(_, found)| has_records(found))
        {
            let why = "holds records, but the catalog of topics is missing".to_owned();
            return Err(Fatal { file: dir.to_string(), why });
        }
        let paths = |(dir, found): (Arc<str>, SortedMap<LogFile, u64>)| {
            found.into_keys().map(move |file| layout::path(&dir, file)).collect::<Vec<_>>()
        };
        let mut orphans: Vec<FileName> = files.into_iter().flat_map(paths).collect();
        orphans.append(&mut self.leftovers);
        let left = waiting.iter().map(|(_, log)| log.bytes_left()).sum();
        Ok(Logs { recovered: vec![None; waiting.len()], waiting, reading: SortedMap::new(), orphans, left })
    }

    /// The epoch of the life before. No batch has a higher one: it was durable before the first in it was appended.
    fn epoch_before(&self) -> Result<Option<LeaderEpoch>, Fatal> {
        let Some(bytes) = self.documents.get(layout::BROKER_EPOCH) else { return Ok(None) };
        checkpoint::read_broker_epoch(bytes).map(Some).ok_or_else(|| damaged(layout::BROKER_EPOCH))
    }

    fn offsets(&self, document: &'static str) -> Result<SortedMap<Arc<str>, Offset>, Fatal> {
        let Some(bytes) = self.documents.get(document) else { return Ok(SortedMap::new()) };
        checkpoint::read_offsets(bytes).ok_or_else(|| damaged(document))
    }

    /// Has as many logs read as may be at once.
    fn read_on(&mut self, turn: &mut Turn<'_>) -> RecoveryStep {
        let Phase::Logs(logs) = &mut self.phase else { return self.working() };
        while logs.reading.len() < LOGS_AT_ONCE
            && let Some((index, mut log)) = logs.waiting.pop_front()
        {
            logs.left -= log.bytes_left();
            let wanted = log.wanted();
            logs.left += log.bytes_left();
            match wanted {
                Ok(Some(LoadWanted { file, at, len })) => {
                    let io = turn.next_io();
                    turn.effects.push(Effect::Load { io, file: file.clone(), at, len });
                    logs.reading.insert(io, (index, log, file));
                }
                Ok(None) if log.is_nobodys() => logs.orphans.extend(log.into_files()),
                Ok(None) => match log.finish() {
                    Ok(recovered) => logs.recovered[index as usize] = Some(recovered),
                    Err(fatal) => return self.enter_failed(fatal),
                },
                Err(fatal) => return self.enter_failed(fatal),
            }
        }
        if logs.reading.is_empty() && logs.waiting.is_empty() { self.enter_committing(turn) } else { self.working() }
    }

    fn enter_committing(&mut self, turn: &mut Turn<'_>) -> RecoveryStep {
        let Phase::Logs(logs) = std::mem::replace(&mut self.phase, Phase::Ended) else { return self.working() };
        let mut recovered: Vec<RecoveredLog> = logs.recovered.into_iter().flatten().collect();
        let ids: SortedSet<TopicPartition> = recovered.iter().map(|log| log.parts.id).collect();
        if self.member.is_some() && ids.len() < recovered.len() {
            let why = "two directories are of the same partition".to_owned();
            return self.enter_failed(Fatal { file: layout::PARTITION_METADATA.to_owned(), why });
        }
        let before = match self.epoch_before() {
            Ok(before) => before.unwrap_or(-1),
            Err(fatal) => return self.enter_failed(fatal),
        };
        // The metadata log's epochs are the quorum's.
        let of_dir = recovered.iter().filter(|log| log.parts.id.topic != TopicId::METADATA);
        let latest = of_dir.filter_map(|log| log.parts.epochs.latest()).max().unwrap_or(-1);
        let epoch = before.max(latest).saturating_add(1);
        if epoch > LEADER_EPOCH_MAX {
            return self.enter_failed(damaged(layout::BROKER_EPOCH));
        }
        let marker = Vec::from_iter(self.was_clean().then(|| remove(layout::CLEAN_SHUTDOWN)));
        let mut cut: Vec<WriteOp> = logs.orphans.into_iter().map(|file| WriteOp::Remove { file }).collect();
        cut.extend(self.cleaned_documents(&recovered));
        let mut write = Vec::new();
        for log in &mut recovered {
            cut.append(&mut log.cut);
            write.append(&mut log.write);
        }
        let bytes = checkpoint::write_broker_epoch(epoch);
        write.push(WriteOp::Put { file: layout::BROKER_EPOCH.into(), bytes });
        write.extend(self.properties_to_write());
        if !self.has_kept_room {
            let bytes = Bytes::from(vec![0; self.options.kept_room as usize]);
            write.push(WriteOp::Put { file: layout::KEPT_ROOM.into(), bytes });
        }
        let stages = [Vec::new(), marker, cut, write].into_iter().enumerate();
        let stages = stages.filter(|(at, stage)| *at == 0 || !stage.is_empty()).map(|(_, stage)| stage).collect();
        self.phase = Phase::Committing { io: IoId(0), recovered, epoch, stages };
        self.commit_next(turn)
    }

    /// What the documents note of directories that are of another topic, or of none, must be gone before a new topic
    /// can have the name.
    fn cleaned_documents(&self, recovered: &[RecoveredLog]) -> Vec<WriteOp> {
        let rows = |noted: fn(&RecoveredLog) -> Offset| -> SortedMap<Arc<str>, Offset> {
            recovered.iter().map(|log| (log.parts.dir.clone(), noted(log))).filter(|row| row.1 > 0).collect()
        };
        let mut ops = Vec::new();
        let documents = [(layout::LOG_STARTS, rows(|log| log.start)), (layout::RECOVERY_POINTS, rows(|log| log.point))];
        for (document, believed) in documents {
            let mut found = self.offsets(document).unwrap_or_default();
            found.retain(|_, offset| *offset != 0);
            if found != believed {
                let rows: Vec<_> = believed.iter().map(|(dir, offset)| (&**dir, *offset)).collect();
                let bytes = checkpoint::write_offsets(rows.into_iter());
                ops.push(WriteOp::Put { file: document.into(), bytes });
            }
        }
        ops
    }

    /// The stage in front is done.
    fn commit_next(&mut self, turn: &mut Turn<'_>) -> RecoveryStep {
        if let Phase::Committing { stages, .. } = &mut self.phase {
            stages.pop_front();
            if !stages.is_empty() {
                return self.issue_stage(turn);
            }
        }
        self.enter_done(turn)
    }

    fn issue_stage(&mut self, turn: &mut Turn<'_>) -> RecoveryStep {
        if let Phase::Committing { io, stages, .. } = &mut self.phase {
            let ops = stages.front().cloned().unwrap_or_default();
            *io = turn.next_io();
            let bytes = ops.iter().map(bytes_of).sum();
            turn.note(Event::CommitIssued { io: *io, ops: ops.len() as u32, bytes, sync: true });
            turn.effects.push(Effect::Commit { io: *io, ops, sync: true });
        }
        self.working()
    }

    fn enter_done(&mut self, turn: &mut Turn<'_>) -> RecoveryStep {
        let Phase::Committing { recovered, epoch, .. } = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return self.working();
        };
        let was_clean = self.was_clean();
        turn.note(Event::LogDirOpened { recovered: !was_clean });
        let mut dir = LogDir::new(self.options, epoch);
        dir.set_room_kept(self.leaves_room, turn.now.monotonic);
        let mut logs = Vec::with_capacity(recovered.len());
        for RecoveredLog { parts, bytes_scanned, bytes_cut, mended, .. } in recovered {
            dir.add_log(parts.id, parts.dir.clone(), parts.log_start, parts.log_end);
            let (topic, partition) = (parts.id.topic, parts.id.partition);
            let (start, end) = (parts.log_start, parts.log_end);
            mended.into_iter().for_each(|why| turn.note(Event::LogMended { topic, partition, why }));
            turn.note(Event::LogRecovered { topic, partition, start, end, bytes_scanned, bytes_cut });
            logs.push(Log::from_parts(parts));
        }
        let member = self.member.take();
        RecoveryStep::Done(Box::new(Opened { dir, logs, member, was_clean }))
    }

    fn enter_failed(&mut self, fatal: Fatal) -> RecoveryStep {
        self.phase = Phase::Ended;
        RecoveryStep::Failed(fatal)
    }

    fn was_clean(&self) -> bool {
        self.documents.contains_key(layout::CLEAN_SHUTDOWN)
    }

    fn working(&self) -> RecoveryStep {
        let left = if let Phase::Logs(logs) = &self.phase { logs.left } else { 0 };
        RecoveryStep::Working { done: self.done, total: self.done + left }
    }
}

fn has_records(files: &SortedMap<LogFile, u64>) -> bool {
    files.iter().any(|(file, len)| matches!(file, LogFile::Log(_)) && *len > 0)
}

fn remove(file: &str) -> WriteOp {
    WriteOp::Remove { file: file.into() }
}

fn damaged(file: &str) -> Fatal {
    Fatal { file: file.to_owned(), why: "is damaged".to_owned() }
}

fn bytes_of(op: &WriteOp) -> u64 {
    match op {
        WriteOp::Append { bytes, .. } => bytes.len(),
        WriteOp::Put { bytes, .. } => bytes.len() as u64,
        _ => 0,
    }
}
