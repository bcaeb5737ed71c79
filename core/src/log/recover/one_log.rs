//! Reading one log back: its documents, the indexes of what is durable, then every batch from there on.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;

use super::scan::{Begin, Scan, Scanned};
use crate::{
    effect::{FileName, WriteOp},
    error::Fatal,
    ids::*,
    log::{
        checkpoint,
        dir::DirOptions,
        index::{OffsetIndex, TimeIndex},
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

    /// Decides which segments there are and from where on they are read.
    fn enter_segments(&mut self) -> Result<(), Fatal> {
        let of_log =
            |(file, len): (&LogFile, &u64)| if let LogFile::Log(base) = file { Some((*base, *len)) } else { None };
        let mut found: VecDeque<(Offset, u64)> = self.files.iter().filter_map(of_log).collect();
        while found.get(1).is_some_and(|next| next.0 <= self.start) {
            found.pop_front();
        }
        let is_kept = |base: Offset| found.iter().any(|segment| segment.0 == base);
        let is_stray = |file: &&LogFile| match file {
            LogFile::Log(base) | LogFile::Index(base) | LogFile::TimeIndex(base) => !is_kept(*base),
            _ => false,
        };
        for file in self.files.keys().filter(is_stray).copied().collect::<Vec<_>>() {
            self.note_mended(Mended::StrayFiles);
            self.remove(file);
        }
        let Some(&(first, _)) = found.front() else {
            self.next_offset = self.start;
            return Ok(());
        };
        if first > self.start {
            // Files of a log's beginning go only after its start is durable: the first ones never were.
            if self.durable() > 0 {
                return Err(self.fatal(format!("begins at {first} instead of {}", self.start)));
            }
            (self.next_offset, self.waiting) = (self.start, found);
            self.drop_waiting();
            return Ok(());
        }
        let knows_epochs = self.epochs.rows().first().is_some_and(|row| row.1 <= first.max(self.start));
        let has_snapshot = self.files.contains_key(&LogFile::Snapshot(self.snapshot)) && self.snapshot > 0;
        self.read_from = match knows_epochs && has_snapshot {
            true => self.point.min(self.snapshot).max(first),
            false => first,
        };
        if !knows_epochs {
            if found.iter().any(|(_, len)| *len > 0) {
                self.note_mended(Mended::EpochsMissing);
            }
            self.epochs = LeaderEpochs::default();
        }
        (self.next_offset, self.waiting) = (first, found);
        self.enter_next_segment()
    }

    fn enter_next_segment(&mut self) -> Result<(), Fatal> {
        let Some((base, len)) = self.waiting.pop_front() else { return Ok(()) };
        if base != self.next_offset {
            if base < self.next_offset || self.next_offset < self.durable() {
                return Err(self.fatal(format!("a segment begins at {base} instead of {}", self.next_offset)));
            }
            // The end of the segment before was not durable when the crash came, and nothing behind it either.
            self.waiting.push_front((base, len));
            self.drop_waiting();
            return Ok(());
        }
        let segment = Segment::new(&self.dir, base, self.now);
        if base < self.read_from {
            self.stage = Stage::Index(segment, len);
        } else {
            self.enter_scan(segment, len, 0);
        }
        Ok(())
    }

    fn on_indexes(&mut self, mut segment: Segment, len: u64, offsets: OffsetIndex, bytes: &[u8]) -> Result<(), Fatal> {
        let next = self.waiting.front().map(|next| next.0);
        // Not if it ends right there: the commit that sealed it may have been lost, and with it the last of the indexes.
        let is_durable = next.is_some_and(|next| next < self.read_from);
        let in_segment = |relative: u32| next.is_none_or(|next| segment.base_offset() + i64::from(relative) < next);
        let is_offset_sane = offsets.last().is_none_or(|last| in_segment(last.0));
        match TimeIndex::decode(bytes).filter(|times| times.last().is_none_or(|last| in_segment(last.1))) {
            _ if !is_offset_sane => {
                self.note_mended(Mended::IndexDamaged);
                self.enter_scan(segment, len, 0);
            }
            Some(times) if is_durable && !times.is_empty() => {
                segment.restore(offsets, times, len);
                self.segments.push(segment);
                self.next_offset = next.unwrap_or(self.next_offset);
                self.enter_next_segment()?;
            }
            Some(times) if !is_durable => {
                segment.restore(offsets, times, len);
                let position = segment.rewind(self.read_from);
                self.enter_scan(segment, len, position);
            }
            _ => {
                self.note_mended(Mended::IndexDamaged);
                self.enter_scan(segment, len, 0);
            }
        }
        Ok(())
    }

    fn enter_scan(&mut self, segment: Segment, len: u64, position: u64) {
        let next = self.waiting.front().map(|next| next.0);
        let base = segment.base_offset();
        let begin = match segment.offsets().last() {
            Some((relative, _)) if position > 0 => Begin::IndexedBatch { last_offset: base + i64::from(relative) },
            _ => Begin::Offset(base),
        };
        let mut scan = Box::new(Scan::new(segment, len, begin));
        // Read only because its indexes are lost: the rest is known of it.
        scan.is_rebuilt = next.is_some_and(|next| next <= self.read_from);
        scan.point = if scan.is_rebuilt { Offset::MAX } else { self.durable() };
        self.stage = if position > 0 { Stage::First(scan) } else { Stage::Scan(scan) };
    }

    fn on_scanned(&mut self, mut scan: Box<Scan>, bytes: Bytes) -> Result<(), Fatal> {
        let before = scan.segment.size();
        let epoch_max = self.epoch_max.unwrap_or(LeaderEpoch::MAX);
        let scanned = scan.read(bytes, |header| {
            if header.partition_leader_epoch > epoch_max {
                return false;
            }
            if notice_epoch(header, &mut self.epochs, self.has_read_batches) {
                self.has_read_batches = true;
                if header.has_producer() && header.base_offset >= self.snapshot {
                    self.producers.update(header, self.now);
                }
                return true;
            }
            false
        });
        self.bytes_scanned += scan.segment.size() - before;
        match scanned {
            Scanned::More => {
                self.stage = Stage::Scan(scan);
                Ok(())
            }
            Scanned::Misled => {
                self.note_mended(Mended::IndexMisled);
                let (base, len) = (scan.segment.base_offset(), scan.len());
                self.enter_scan(Segment::new(&self.dir, base, self.now), len, 0);
                Ok(())
            }
            Scanned::Damaged(why) => Err(self.fatal(format!("{}: {why}", scan.segment.log_file()))),
            Scanned::End { cut } => self.on_segment_end(scan, cut),
        }
    }

    fn on_segment_end(&mut self, scan: Box<Scan>, cut: u64) -> Result<(), Fatal> {
        let kept = scan.kept_entries;
        let next_offset = scan.next_offset();
        let mut segment = scan.segment;
        if cut > 0 {
            self.bytes_cut += cut;
            self.note_mended(Mended::TornEnd);
            let (file, len) = (segment.log_file().clone(), segment.size());
            self.cut.push(WriteOp::Truncate { file, len });
            self.drop_waiting();
        }
        self.next_offset = next_offset;
        if self.waiting.front().is_some_and(|next| next.0 == next_offset) {
            segment.seal(&mut Vec::new());
        }
        let base = segment.base_offset();
        let lens = [
            (LogFile::Index(base), u64::from(kept.0) * OffsetIndex::ENTRY_BYTES),
            (LogFile::TimeIndex(base), u64::from(kept.1) * TimeIndex::ENTRY_BYTES),
        ];
        for (file, len) in lens {
            if self.files.get(&file).is_some_and(|found| *found > len) {
                self.cut.push(WriteOp::Truncate { file: layout::path(&self.dir, file), len });
            }
        }
        segment.write_indexes(kept, &mut self.write);
        self.segments.push(segment);
        self.enter_next_segment()
    }

    /// What follows a torn end was never durable.
    fn drop_waiting(&mut self) {
        for (base, len) in std::mem::take(&mut self.waiting) {
            self.note_mended(Mended::LaterSegments);
            self.bytes_cut += len;
            for file in [LogFile::Log(base), LogFile::Index(base), LogFile::TimeIndex(base)] {
                if self.files.contains_key(&file) {
                    self.remove(file);
                }
            }
        }
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

/// Takes notice of a batch's leader epoch. What the checkpoint says of offsets from the first batch read on is forgotten
/// before (B19). False if the epoch is lower than one before it, which no log has.
fn notice_epoch(header: &BatchHeader, epochs: &mut LeaderEpochs, has_read_batches: bool) -> bool {
    if !has_read_batches {
        epochs.truncate_end(header.base_offset);
    }
    let epoch = header.partition_leader_epoch;
    if epoch < 0 || epochs.latest().is_some_and(|latest| latest > epoch) {
        return false;
    }
    epochs.assign(epoch, header.base_offset);
    true
}
