//! Cutting off the end of a log while it is in use (Kafka's `UnifiedLog.truncateTo`).
//!
//! Where the cut goes through a segment its batches are read from the last index entry on; what producers had sent up to
//! there is read from their last snapshot on. That may have to be loaded, so a cut has two steps: `Truncation` reads,
//! then `Log::truncate` cuts.

use bytes::Bytes;

use super::{
    Log, Read,
    dir::{Cut, LogDir},
    index::{OffsetIndex, TimeIndex},
    layout::{self, LogFile},
    producer_state::ProducerState,
    read::ColdRange,
    segment::Segment,
};
use crate::{
    effect::{FileName, Frame},
    error::ErrorCode,
    ids::Offset,
    record::Batch,
    time::Timestamp,
    trace::Event,
    turn::Turn,
};

/// A cut that is being prepared. Nothing may be appended to the log meanwhile.
#[derive(Clone, Debug)]
pub struct Truncation {
    to: Offset,
    /// The log's end when it began.
    end: Offset,
    /// The one that the cut goes through, as far as it was read.
    segment: Segment,
    /// The batch that holds it is the first that the segment takes notice of.
    segment_from: Offset,
    /// Snapshots that producers may be read from; the last is tried next. `None`: that is done.
    snapshots: Option<Vec<Offset>>,
    producers: ProducerState,
    /// What producers sent below it is known.
    producers_from: Offset,
    /// The next batch to read is the one that holds it.
    next: Offset,
    now: Timestamp,
}

/// What a cut needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TruncationNeeds {
    /// A range of the log, through `LogDir::load`.
    Batches(ColdRange),
    /// A whole document.
    Document(FileName),
    Nothing,
}

impl Truncation {
    /// Prepares to cut `log` so that it ends at `to`, or at the beginning of the batch that holds `to`. `None` while
    /// something of the log is not committed: what becomes of that is not known before.
    pub fn begin(log: &Log, to: Offset, now: Timestamp) -> Option<Self> {
        if log.has_pending() {
            return None;
        }
        let to = to.clamp(log.log_start_offset(), log.log_end_offset());
        let mut segment = log.segment_of(to).clone();
        segment.rewind(to);
        let base = segment.base_offset();
        let next = segment.offsets().last().map_or(base, |(last, _)| base + i64::from(last));
        let mut truncation = Self {
            to,
            end: log.log_end_offset(),
            segment,
            segment_from: next,
            snapshots: None,
            producers: log.producers.emptied(),
            producers_from: Offset::MAX,
            next,
            now,
        };
        if !log.producers.is_empty() {
            truncation.snapshots = Some(log.snapshots.iter().copied().filter(|offset| *offset <= to).collect());
        }
        Some(truncation)
    }

    /// Reads on as far as memory has it.
    ///
    /// # Errors
    /// `CorruptMessage` where the log is damaged.
    pub fn needs(&mut self, log: &Log, bytes_max: u32) -> Result<TruncationNeeds, ErrorCode> {
        if let Some(snapshots) = &self.snapshots {
            if let Some(offset) = snapshots.last() {
                return Ok(TruncationNeeds::Document(layout::path(&log.dir, LogFile::Snapshot(*offset))));
            }
            self.read_producers_from(log.log_start_offset());
        }
        while self.next < self.to {
            // Below its start a log has no batches, though a segment may.
            match log.read_whole(self.next, self.to, bytes_max) {
                Read::Cold(range) => return Ok(TruncationNeeds::Batches(range)),
                Read::Hot(frame) if frame.is_empty() => self.to = self.next,
                Read::Hot(frame) => self.take(frame)?,
            }
        }
        Ok(TruncationNeeds::Nothing)
    }

    /// Takes the document that was asked for. One that cannot be read is passed over.
    pub fn on_document(&mut self, log: &Log, bytes: Option<&[u8]>) {
        let Some(offset) = self.snapshots.as_mut().and_then(Vec::pop) else { return };
        if let Some(producers) = bytes.and_then(|bytes| ProducerState::from_snapshot(bytes, log.producers.expiration()))
        {
            self.producers = producers;
            self.producers.expire(self.now);
            self.read_producers_from(offset);
        }
    }

    /// Takes the range that was asked for.
    ///
    /// # Errors
    /// `CorruptMessage` where it is damaged.
    pub fn on_batches(&mut self, range: &ColdRange, bytes: Bytes) -> Result<(), ErrorCode> {
        let frame = Log::cut(range, bytes)?;
        if frame.is_empty() {
            // The batch reaches beyond the cut.
            self.to = self.next;
        }
        self.take(frame)
    }

    fn read_producers_from(&mut self, offset: Offset) {
        self.snapshots = None;
        self.producers_from = offset;
        self.next = self.next.min(offset);
    }

    fn take(&mut self, frame: Frame) -> Result<(), ErrorCode> {
        for batch in Batch::split(frame.to_bytes(), false) {
            let batch = batch.map_err(|_| ErrorCode::CorruptMessage)?;
            let header = batch.header();
            if header.has_producer() && header.last_offset() >= self.producers_from {
                self.producers.update(header, self.now);
            }
            if header.last_offset() >= self.segment_from {
                self.segment.note(header);
            }
            self.next = header.last_offset() + 1;
        }
        Ok(())
    }
}

impl Log {
    /// Cuts the log off where `truncation` has read up to, and queues the storage work: whenever power is lost, the log
    /// ends there or further on. Gives the new end, which lies before the one asked for where no batch ended there.
    pub fn truncate(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, truncation: Truncation) -> Offset {
        let Truncation { to, end, segment, producers, .. } = truncation;
        assert!(end == self.log_end && !self.has_pending(), "R10: the log that is cut changed meanwhile");
        if to >= end {
            return end;
        }
        if to < self.log_start {
            // The batch that holds the start goes with it.
            self.restart(turn, dir, self.log_start);
            self.producers = producers;
            return self.log_end;
        }
        let mut cuts = self.cuts_behind(&segment);
        let base = segment.base_offset();
        let lost = self.snapshots.partition_point(|offset| *offset <= to);
        let lost = self.snapshots.split_off(lost);
        cuts.extend(lost.iter().map(|offset| (layout::path(&self.dir, LogFile::Snapshot(*offset)), Cut::Nothing)));
        while self.sealed.back().is_some_and(|sealed| sealed.base_offset() >= base) {
            self.sealed.pop_back();
        }
        self.active = segment;
        self.end_at(turn, dir, to);
        self.producers = producers;
        dir.cut_log(self.id, to, cuts);
        if self.epochs.truncate_end(to) {
            dir.enqueue([self.epochs_document()], None, true);
        }
        to
    }

    /// Lets go of all there is: the log goes on from `start`, which something that is durable stands for.
    pub fn restart_at(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, start: Offset) {
        assert!(!self.has_pending(), "R10: the log that is begun anew is being written");
        self.restart(turn, dir, start);
    }

    fn restart(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, start: Offset) {
        let segments = self.segments().flat_map(Segment::files);
        let snapshots = self.snapshots.iter().map(|offset| layout::path(&self.dir, LogFile::Snapshot(*offset)));
        let cuts: Vec<(FileName, Cut)> = segments.chain(snapshots).map(|file| (file, Cut::Nothing)).collect();
        self.snapshots.clear();
        self.sealed.clear();
        self.active = Segment::new(&self.dir, start, turn.now.wall);
        // A batch that reaches beyond the start is of the log that was, too.
        dir.free_hot(self.hot.truncate(0));
        self.end_at(turn, dir, start);
        self.producers = self.producers.emptied();
        let from = std::mem::replace(&mut self.log_start, start);
        if from != start {
            dir.set_log_start(self.id, start);
            let (topic, partition) = (self.id.topic, self.id.partition);
            turn.note(Event::LogStartMoved { topic, partition, from, to: start });
        }
        dir.cut_log(self.id, start, cuts);
        if self.epochs.truncate_end(0) {
            dir.enqueue([self.epochs_document()], None, true);
        }
    }

    /// What is to be cut of the files of `last`, as it will be, and of the segments behind it.
    fn cuts_behind(&self, last: &Segment) -> Vec<(FileName, Cut)> {
        let [log, index, time_index] = last.files();
        let offsets = u64::from(last.offsets().len()) * OffsetIndex::ENTRY_BYTES;
        let times = u64::from(last.times().len()) * TimeIndex::ENTRY_BYTES;
        let mut cuts =
            vec![(log, Cut::Bytes(last.size())), (index, Cut::Bytes(offsets)), (time_index, Cut::Bytes(times))];
        let behind = self.segments().filter(|segment| segment.base_offset() > last.base_offset());
        cuts.extend(behind.flat_map(Segment::files).map(|file| (file, Cut::Nothing)));
        cuts
    }

    fn end_at(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, to: Offset) {
        let from = std::mem::replace(&mut self.log_end, to);
        self.committed_end = to;
        self.unsure_snapshot.take_if(|offset| *offset > to);
        dir.free_hot(self.hot.truncate(to));
        if to < from {
            let (topic, partition) = (self.id.topic, self.id.partition);
            turn.note(Event::LogTruncated { topic, partition, from, to });
        }
    }
}
