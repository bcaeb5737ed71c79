//! Snapshots: files beside the log's segments that stand for all of it up to some offset (KIP-630).
//!
//! One that is written, by the owner or with what the leader sends, has a name of its own until it is whole and durable;
//! then it gets its final one, and only when that is durable too does the log begin behind it.

use bytes::Bytes;

use super::{
    BATCH_BYTES_MAX, BATCH_RECORDS_MAX, MetadataLog, State, Told,
    reader::{SnapshotParser, SnapshotPart},
};
use crate::{
    effect::WriteOp,
    ids::*,
    log::{DirState, LogDir, Mark, layout},
    quorum::{LogPosition, SnapshotPiece},
    record::{
        Batch, BatchBuilder, Compression,
        internal::{
            ControlRecord,
            control::{SnapshotFooterRecord, SnapshotHeaderRecord},
        },
    },
    sorted::SortedMap,
    turn::Turn,
};

/// Why a snapshot is not begun, or cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotRefused {
    /// It would stand for more than was told to be committed, for nothing new, or for part of a batch.
    Offset,
    /// One is being written or fetched, or none is being written.
    Busy,
    /// More than one batch takes.
    Size,
    /// Nothing can be written.
    Storage,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Snapshots {
    /// Whole and durable, with their sizes.
    kept: SortedMap<Offset, (LeaderEpoch, u64)>,
    writing: Option<Writing>,
}

#[derive(Clone, Debug)]
struct Writing {
    snapshot: LogPosition,
    /// Bytes queued so far.
    size: u64,
    /// Records in it, which number its batches.
    records: Offset,
    /// Of one that is fetched.
    fetched: Option<SnapshotParser>,
    /// The voters it names.
    voters: Option<ControlRecord>,
    is_finished: bool,
}

impl Snapshots {
    pub(super) fn new(found: Vec<(LogPosition, u64)>) -> Self {
        let kept = found.into_iter().map(|(snapshot, size)| (snapshot.offset, (snapshot.epoch, size)));
        Self { kept: kept.collect(), writing: None }
    }

    pub(super) fn latest(&self) -> Option<LogPosition> {
        self.kept.iter().next_back().map(|(offset, (epoch, _))| LogPosition { epoch: *epoch, offset: *offset })
    }

    pub(super) fn size_of(&self, snapshot: LogPosition) -> Option<u64> {
        self.kept.get(&snapshot.offset).filter(|(epoch, _)| *epoch == snapshot.epoch).map(|(_, size)| *size)
    }

    /// Those before the latest go once what is queued in this turn is durable.
    pub(super) fn retire_older(&mut self, dir: &mut LogDir) {
        let Some(latest) = self.latest() else { return };
        let older: Vec<(Offset, LeaderEpoch)> = self
            .kept
            .iter()
            .map(|(offset, (epoch, _))| (*offset, *epoch))
            .filter(|(at, _)| *at < latest.offset)
            .collect();
        for (offset, epoch) in older {
            self.kept.remove(&offset);
            dir.retire([layout::checkpoint(offset, epoch)]);
        }
    }

    /// The one that is being written will not be.
    pub(super) fn give_up(&mut self, dir: &mut LogDir) {
        if let Some(writing) = self.writing.take() {
            dir.retire([part_of(writing.snapshot)]);
        }
    }
}

fn part_of(snapshot: LogPosition) -> crate::effect::FileName {
    layout::checkpoint_part(snapshot.offset, snapshot.epoch)
}

impl MetadataLog {
    /// The snapshot that the log begins with.
    pub fn latest_snapshot(&self) -> Option<LogPosition> {
        self.snapshots.latest()
    }

    /// Begins a snapshot of all records before `end`, which is the end of a batch that was told to be committed.
    ///
    /// # Errors
    /// See `SnapshotRefused`.
    pub fn begin_snapshot(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        end: LogPosition,
        last_timestamp: i64,
    ) -> Result<(), SnapshotRefused> {
        if self.snapshots.writing.is_some() || !matches!(self.state, State::Member(_)) {
            return Err(SnapshotRefused::Busy);
        }
        if dir.state() != DirState::Online {
            return Err(SnapshotRefused::Storage);
        }
        // What was told may be committed by others while this member lost it with a commit of its own.
        let known = self.told_end().min(self.log.committed_end());
        let is_new = end.offset > self.log.log_start_offset() && end.offset <= known;
        if !is_new || self.log.epoch_at(end.offset - 1) != Some(end.epoch) {
            return Err(SnapshotRefused::Offset);
        }
        self.begin_writing(dir, end, None);
        let header = SnapshotHeaderRecord { version: 0, last_contained_log_timestamp: last_timestamp };
        let mut records = vec![ControlRecord::SnapshotHeader(header)];
        records.extend(self.history.records_before(end.offset));
        self.write_batch(dir, ControlRecord::batch(&records, turn.now.wall));
        Ok(())
    }

    /// Adds records, as one batch. How much may be queued at once is the owner's to bound (`LogDir::queued_bytes`).
    ///
    /// # Errors
    /// See `SnapshotRefused`.
    pub fn add_to_snapshot(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        records: &[Bytes],
    ) -> Result<(), SnapshotRefused> {
        self.snapshots.writing.as_ref().filter(|writing| writing.is_own()).ok_or(SnapshotRefused::Busy)?;
        let bytes: usize = records.iter().map(Bytes::len).sum();
        if records.is_empty() || records.len() > BATCH_RECORDS_MAX || bytes > BATCH_BYTES_MAX {
            return Err(SnapshotRefused::Size);
        }
        let mut builder = BatchBuilder::new(Compression::None);
        records.iter().for_each(|record| builder.append(turn.now.wall, None, Some(record), &[]));
        self.write_batch(dir, builder.finish(None));
        Ok(())
    }

    /// All records are in it. `Told::SnapshotKept` comes once it is durable.
    ///
    /// # Errors
    /// See `SnapshotRefused`.
    pub fn finish_snapshot(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) -> Result<(), SnapshotRefused> {
        self.snapshots.writing.as_ref().filter(|writing| writing.is_own()).ok_or(SnapshotRefused::Busy)?;
        let footer = ControlRecord::SnapshotFooter(SnapshotFooterRecord { version: 0 });
        self.write_batch(dir, ControlRecord::batch(&[footer], turn.now.wall));
        self.finish_writing(dir);
        Ok(())
    }

    fn begin_writing(&mut self, dir: &mut LogDir, snapshot: LogPosition, fetched: Option<SnapshotParser>) {
        // What an attempt before left.
        dir.enqueue([WriteOp::Remove { file: part_of(snapshot) }], None, false);
        self.snapshots.writing =
            Some(Writing { snapshot, size: 0, records: 0, fetched, voters: None, is_finished: false });
    }

    fn write_batch(&mut self, dir: &mut LogDir, mut batch: Batch) {
        let Some(writing) = &mut self.snapshots.writing else { return };
        batch.place(writing.records, writing.snapshot.epoch);
        writing.records = batch.header().last_offset() + 1;
        self.write_bytes(dir, batch.to_bytes());
    }

    fn write_bytes(&mut self, dir: &mut LogDir, bytes: Bytes) {
        let Some(writing) = &mut self.snapshots.writing else { return };
        let (file, at) = (part_of(writing.snapshot), writing.size);
        writing.size += bytes.len() as u64;
        dir.enqueue(
            [WriteOp::Append { file, at, bytes: bytes.into() }],
            Some(Mark::SnapshotPiece(writing.size)),
            false,
        );
    }

    fn finish_writing(&mut self, dir: &mut LogDir) {
        let Some(writing) = &mut self.snapshots.writing else { return };
        writing.is_finished = true;
        let LogPosition { epoch, offset } = writing.snapshot;
        let rename = WriteOp::Rename { from: part_of(writing.snapshot), to: layout::checkpoint(offset, epoch) };
        // A name that outlives a crash stands for bytes that do.
        dir.barrier();
        dir.enqueue([rename], Some(Mark::Snapshot(offset, epoch)), true);
    }

    /// A piece of the leader's snapshot.
    pub(super) fn store_snapshot(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, piece: SnapshotPiece) {
        let is_next = |writing: &Writing| writing.snapshot == piece.snapshot && writing.size == piece.position;
        if piece.position == 0 && self.snapshots.writing.as_ref().is_none_or(|writing| !writing.is_finished) {
            self.snapshots.give_up(dir);
            self.begin_writing(dir, piece.snapshot, Some(SnapshotParser::default()));
        }
        let writing = self.snapshots.writing.as_mut().filter(|writing| is_next(writing));
        let is_sound = writing.is_some_and(|writing| writing.take(&piece));
        if !is_sound || dir.state() != DirState::Online {
            self.snapshots.give_up(dir);
            return self.step(turn, dir, |quorum, scene| quorum.on_snapshot_refused(scene));
        }
        self.write_bytes(dir, piece.bytes.clone());
        if piece.is_last() {
            self.finish_writing(dir);
        }
    }

    pub(super) fn on_snapshot_piece_kept(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, end: u64) {
        let Some(writing) = &self.snapshots.writing else { return };
        if writing.fetched.is_some() && writing.size == end && !writing.is_finished {
            let snapshot = writing.snapshot;
            self.step(turn, dir, |quorum, scene| quorum.on_snapshot_stored(scene, snapshot, end));
        }
    }

    pub(super) fn on_snapshot_kept(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, snapshot: LogPosition) {
        let Some(writing) = self.snapshots.writing.take_if(|writing| writing.snapshot == snapshot) else { return };
        if writing.is_own() {
            self.snapshots.kept.insert(snapshot.offset, (snapshot.epoch, writing.size));
            self.log.raise_start(turn, dir, snapshot.offset);
            self.snapshots.retire_older(dir);
            if let State::Member(quorum) = &mut self.state {
                quorum.on_log_start(snapshot);
            }
            return self.told.push(Told::SnapshotKept(snapshot));
        }
        // Q8: who leads by now, or follows another, has no use for it.
        let is_wanted = self.quorum().is_some_and(|quorum| quorum.is_fetching(snapshot)) && self.cut.is_none();
        if !is_wanted || self.log.log_end_offset() > self.log.committed_end() {
            dir.retire([layout::checkpoint(snapshot.offset, snapshot.epoch)]);
            return self.step(turn, dir, |quorum, scene| quorum.on_snapshot_refused(scene));
        }
        self.snapshots.kept.insert(snapshot.offset, (snapshot.epoch, writing.size));
        self.log.restart_at(turn, dir, snapshot.offset);
        self.snapshots.retire_older(dir);
        self.history.forget();
        if let Some(voters) = &writing.voters {
            self.history.note(snapshot.offset - 1, voters);
        }
        self.read_anew();
        self.step(turn, dir, |quorum, scene| quorum.on_snapshot_loaded(scene, snapshot));
        self.follow_voters(turn, dir);
    }
}

impl Writing {
    /// Takes notice of a piece of the leader's. False: it is no snapshot's.
    fn take(&mut self, piece: &SnapshotPiece) -> bool {
        let Some(parser) = &mut self.fetched else { return false };
        let Ok(parts) = parser.push(&piece.bytes) else { return false };
        let is_whole = parser.is_whole();
        for part in parts {
            if let SnapshotPart::Control(record @ ControlRecord::Voters(_)) = part {
                self.voters = Some(record);
            }
        }
        !piece.is_last() || is_whole
    }

    /// The owner's, which may still add to it.
    fn is_own(&self) -> bool {
        self.fetched.is_none()
    }
}
