//! Reading one log back: its documents, the indexes of what is durable, then every batch from there on.

mod segments;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;

use super::scan::Scan;
use crate::{
    effect::{FileName, WriteOp},
    error::Fatal,
    ids::*,
    log::{
        checkpoint,
        dir::DirOptions,
        index::OffsetIndex,
        layout::{self, LogFile},
        leader_epoch::LeaderEpochs,
        log::LogParts,
        producer_state::ProducerState,
        segment::Segment,
    },
    record::{BatchHeader, HEADER_BYTES},
    sorted::SortedMap,
    time::Timestamp,
    trace::event::Mended,
};

/// A segment larger than this without an index is read, so that readers need not load it whole.
const UNINDEXED_BYTES_MAX: u64 = 1024 * 1024;

/// A range of a file that is needed next.
#[derive(Debug)]
pub(super) struct LoadWanted {
    pub(super) file: FileName,
    pub(super) at: u64,
    pub(super) len: u64,
}

/// What the dir's documents say of a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    /// Where the log begins at least.
    pub(super) start: Offset,
    /// Up to here it was durable.
    pub(super) point: Offset,
    /// No batch is of a later epoch, if that is known.
    pub(super) epoch_max: Option<LeaderEpoch>,
}

/// A log as it will be once `cut` and then `write` are durable.
#[derive(Clone, Debug)]
pub(super) struct RecoveredLog {
    pub(super) parts: LogParts,
    /// What was noted of it and not of another that had its name: start and recovery point.
    pub(super) start: Offset,
    pub(super) point: Offset,
    pub(super) cut: Vec<WriteOp>,
    pub(super) write: Vec<WriteOp>,
    pub(super) bytes_scanned: u64,
    pub(super) bytes_cut: u64,
    pub(super) mended: Vec<Mended>,
}

#[derive(Clone, Debug)]
pub(super) struct LogRecovery {
    id: TopicPartition,
    dir: Arc<str>,
    files: SortedMap<LogFile, u64>,
    /// Where the log begins at least.
    start: Offset,
    /// Up to here it was durable.
    point: Offset,
    epoch_max: Option<LeaderEpoch>,
    /// From here on batches are read; everything before it is taken from indexes, checkpoint and snapshot.
    read_from: Offset,
    /// What producers sent below it is in the snapshot.
    snapshot: Offset,
    now: Timestamp,
    load_bytes: u32,
    expiration: Duration,
    stage: Stage,
    /// It is of no topic, and nothing in it was ever durable.
    is_nobodys: bool,
    epochs: LeaderEpochs,
    producers: ProducerState,
    /// Segments not yet begun: base offset and length of the log file.
    waiting: VecDeque<(Offset, u64)>,
    segments: Vec<Segment>,
    /// Where the next batch must begin.
    next_offset: Offset,
    has_read_batches: bool,
    cut: Vec<WriteOp>,
    write: Vec<WriteOp>,
    bytes_scanned: u64,
    bytes_cut: u64,
    mended: Vec<Mended>,
}

#[derive(Clone, Debug)]
enum Stage {
    Metadata,
    Epochs,
    /// Snapshots that may serve; the last is tried next.
    Snapshot(Vec<Offset>),
    Index(Segment, u64),
    TimeIndex(Segment, u64, OffsetIndex),
    /// The first batch's header, for the segment's age.
    First(Box<Scan>),
    Scan(Box<Scan>),
    Done,
}

impl LogRecovery {
    pub(super) fn new(
        id: TopicPartition,
        dir: Arc<str>,
        files: SortedMap<LogFile, u64>,
        Noted { start, point, epoch_max }: Noted,
        (options, now): (&DirOptions, Timestamp),
    ) -> Self {
        Self {
            id,
            dir,
            files,
            start,
            point,
            epoch_max,
            read_from: 0,
            snapshot: 0,
            now,
            load_bytes: options.load_bytes,
            expiration: options.producer_expiration,
            stage: Stage::Metadata,
            is_nobodys: false,
            epochs: LeaderEpochs::default(),
            producers: ProducerState::new(options.producer_expiration),
            waiting: VecDeque::new(),
            segments: Vec::new(),
            next_offset: 0,
            has_read_batches: false,
            cut: Vec::new(),
            write: Vec::new(),
            bytes_scanned: 0,
            bytes_cut: 0,
            mended: Vec::new(),
        }
    }

    /// What must be loaded next; `None`: all is read.
    pub(super) fn wanted(&mut self) -> Result<Option<LoadWanted>, Fatal> {
        loop {
            let file = match &self.stage {
                Stage::Metadata => LogFile::PartitionMetadata,
                Stage::Epochs => LogFile::LeaderEpochs,
                Stage::Snapshot(candidates) => match candidates.last() {
                    Some(offset) => LogFile::Snapshot(*offset),
                    None => {
                        self.stage = Stage::Done;
                        self.enter_segments()?;
                        continue;
                    }
                },
                Stage::Index(segment, _) => LogFile::Index(segment.base_offset()),
                Stage::TimeIndex(segment, ..) => LogFile::TimeIndex(segment.base_offset()),
                Stage::First(scan) => {
                    let file = scan.segment.log_file().clone();
                    return Ok(Some(LoadWanted { file, at: 0, len: HEADER_BYTES as u64 }));
                }
                Stage::Scan(scan) => {
                    let (at, len) = scan.wanted(self.load_bytes);
                    if len == 0 {
                        self.on_loaded(Bytes::new())?;
                        continue;
                    }
                    return Ok(Some(LoadWanted { file: scan.segment.log_file().clone(), at, len }));
                }
                Stage::Done => return Ok(None),
            };
            match self.files.get(&file) {
                Some(&len) if len > 0 => {
                    return Ok(Some(LoadWanted { file: layout::path(&self.dir, file), at: 0, len }));
                }
                _ => self.on_loaded(Bytes::new())?,
            }
        }
    }

    pub(super) fn on_loaded(&mut self, bytes: Bytes) -> Result<(), Fatal> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Metadata => self.on_metadata(&bytes),
            Stage::Epochs => {
                let rows = checkpoint::read_epochs(&bytes).unwrap_or_default();
                self.epochs = LeaderEpochs::from_rows(rows).unwrap_or_default();
                let of_snapshot =
                    |file: &LogFile| if let LogFile::Snapshot(offset) = file { Some(*offset) } else { None };
                let mut candidates: Vec<Offset> = self.files.keys().filter_map(of_snapshot).collect();
                candidates.retain(|offset| *offset <= self.point.max(self.start));
                self.stage = Stage::Snapshot(candidates);
                Ok(())
            }
            Stage::Snapshot(mut candidates) => {
                let offset = candidates.pop().unwrap_or(0);
                match ProducerState::from_snapshot(&bytes, self.expiration) {
                    Some(producers) => {
                        (self.producers, self.snapshot) = (producers, offset);
                        self.producers.expire(self.now);
                        self.enter_segments()
                    }
                    None => {
                        if self.files.contains_key(&LogFile::Snapshot(offset)) {
                            self.note_mended(Mended::SnapshotDamaged);
                        }
                        self.files.remove(&LogFile::Snapshot(offset));
                        self.remove(LogFile::Snapshot(offset));
                        self.stage = Stage::Snapshot(candidates);
                        Ok(())
                    }
                }
            }
            Stage::Index(segment, len) => {
                match OffsetIndex::decode(&bytes, len) {
                    Some(offsets) if !offsets.is_empty() || len <= UNINDEXED_BYTES_MAX => {
                        self.stage = Stage::TimeIndex(segment, len, offsets);
                    }
                    _ => {
                        self.note_mended(Mended::IndexDamaged);
                        self.enter_scan(segment, len, 0);
                    }
                }
                Ok(())
            }
            Stage::TimeIndex(segment, len, offsets) => self.on_indexes(segment, len, offsets, &bytes),
            Stage::First(mut scan) => {
                if let Ok(first) = BatchHeader::parse(&bytes) {
                    scan.segment.set_first_timestamp(first.max_timestamp);
                }
                self.stage = Stage::Scan(scan);
                Ok(())
            }
            Stage::Scan(scan) => self.on_scanned(scan, bytes),
            Stage::Done => Ok(()),
        }
    }

    /// Bytes that are still to be read, at most.
    pub(super) fn bytes_left(&self) -> u64 {
        let scanning = if let Stage::Scan(scan) = &self.stage { scan.bytes_left() } else { 0 };
        let is_unread = |file: &LogFile| match file {
            LogFile::Log(base) => matches!(self.stage, Stage::Metadata) && *base >= self.point,
            _ => false,
        };
        let unread: u64 = self.files.iter().filter(|(file, _)| is_unread(file)).map(|(_, len)| *len).sum();
        let waiting: u64 = self.waiting.iter().filter(|(base, _)| *base >= self.read_from).map(|(_, len)| *len).sum();
        scanning + unread + waiting
    }

    /// Its files are to be removed.
    pub(super) fn is_nobodys(&self) -> bool {
        self.is_nobodys
    }

    pub(super) fn into_files(self) -> Vec<FileName> {
        self.files.keys().map(|file| layout::path(&self.dir, *file)).collect()
    }

    pub(super) fn finish(mut self) -> Result<RecoveredLog, Fatal> {
        if self.next_offset < self.durable() {
            let why = format!("ends at offset {}, but {} was durable", self.next_offset, self.point);
            return Err(self.fatal(why));
        }
        let log_start = self.start.max(self.segments.first().map_or(0, Segment::base_offset));
        if self.segments.is_empty() || self.next_offset < self.start {
            // Everything below the log's start is gone, or about to be: the log goes on from there.
            if log_start > 0 {
                self.note_mended(Mended::Emptied);
            }
            let gone: Vec<FileName> = self.segments.drain(..).flat_map(|segment| segment.files()).collect();
            self.cut.extend(gone.into_iter().map(|file| WriteOp::Remove { file }));
            self.write.retain(|op| !matches!(op, WriteOp::Append { .. }));
            self.segments.push(Segment::new(&self.dir, log_start, self.now));
            self.next_offset = log_start;
        }
        let log_end = self.next_offset;
        let before = self.epochs.rows().to_vec();
        self.epochs.truncate_end(log_end);
        self.epochs.truncate_start(log_start);
        if self.epochs.rows() != before || self.has_read_batches {
            let file = layout::path(&self.dir, LogFile::LeaderEpochs);
            self.write.push(WriteOp::Put { file, bytes: checkpoint::write_epochs(self.epochs.rows()) });
        }
        let mut snapshots = Vec::new();
        for file in self.files.keys().copied().collect::<Vec<_>>() {
            match file {
                LogFile::Snapshot(offset) if offset <= log_end => snapshots.push(offset),
                LogFile::Snapshot(_) => self.remove(file),
                _ => {}
            }
        }
        let Self { id, dir, start, point, segments, epochs, producers, cut, write, .. } = self;
        let Self { bytes_scanned, bytes_cut, mended, .. } = self;
        let parts = LogParts { id, dir, log_start, log_end, segments, epochs, producers, snapshots };
        Ok(RecoveredLog { parts, start, point, cut, write, bytes_scanned, bytes_cut, mended })
    }

    /// The directory may be of a topic that had the same name and was deleted. Then its files go, and the offsets that
    /// were noted for the name with them; the document itself is replaced when they are gone, so that what a crash leaves
    /// of them is not taken for the new topic's. Where it is missing the log was being created: what is noted is its own.
    fn on_metadata(&mut self, bytes: &[u8]) -> Result<(), Fatal> {
        let has_document = self.files.contains_key(&LogFile::PartitionMetadata);
        let found = checkpoint::read_topic_id(bytes);
        if has_document && found.is_none() {
            return Err(self.fatal("partition.metadata is damaged".to_owned()));
        }
        if !has_document && self.durable() > 0 {
            return Err(self.fatal("partition.metadata is missing, but records were durable".to_owned()));
        }
        if self.id.topic.is_zero() {
            match found {
                Some(topic) => self.id.topic = topic,
                None => {
                    self.is_nobodys = true;
                    return Ok(());
                }
            }
        }
        if found != Some(self.id.topic) {
            if has_document {
                self.note_mended(Mended::OtherTopic);
                (self.start, self.point) = (0, 0);
                self.files.remove(&LogFile::PartitionMetadata);
                for file in std::mem::take(&mut self.files).into_keys() {
                    self.remove(file);
                }
            }
            let file = layout::path(&self.dir, LogFile::PartitionMetadata);
            self.write.push(WriteOp::Put { file, bytes: checkpoint::write_topic_id(self.id.topic) });
        }
        self.stage = Stage::Epochs;
        Ok(())
    }

    /// Below this offset nothing may be missing. What lies below the log's start may.
    fn durable(&self) -> Offset {
        if self.point > self.start { self.point } else { 0 }
    }

    fn remove(&mut self, file: LogFile) {
        self.cut.push(WriteOp::Remove { file: layout::path(&self.dir, file) });
    }

    /// Each is told once.
    fn note_mended(&mut self, what: Mended) {
        if !self.mended.contains(&what) {
            self.mended.push(what);
        }
    }

    fn fatal(&self, why: String) -> Fatal {
        Fatal { file: self.dir.to_string(), why }
    }
}
