//! Reading back what the metadata log holds, in order: the snapshot it begins with, then its batches, in pieces.

use bytes::{Bytes, BytesMut};

use super::{CommittedBatch, MetadataLog, READ_BYTES, State, Told};
use crate::{
    effect::Frame,
    ids::*,
    log::{DirState, Log, LogDir, Read, layout, read::ColdRange},
    quorum::LogPosition,
    record::{Batch, BatchError, BatchHeader, HEADER_BYTES, internal::ControlRecord},
    turn::Turn,
};

/// A batch of a snapshot, or of the log, is no larger.
const BATCH_READ_MAX: usize = 16 * 1024 * 1024;

/// Where it reads.
#[derive(Clone, Debug, Default)]
pub(super) struct LogReader {
    /// Everything before it was given.
    next: Offset,
    snapshot: Option<(LogPosition, u64, SnapshotParser)>,
    load: Option<(IoId, Option<ColdRange>)>,
    has_failed: bool,
}

impl LogReader {
    pub(super) fn next(&self) -> Offset {
        self.next
    }

    pub(super) fn is_loading(&self, io: IoId) -> bool {
        self.load.as_ref().is_some_and(|(loading, _)| *loading == io)
    }
}

/// What a snapshot holds.
#[derive(Clone, Debug)]
pub(super) enum SnapshotPart {
    Control(ControlRecord),
    Records(Vec<Bytes>),
}

/// Reads a snapshot's bytes as they come: control records at its beginning, its footer at its end
/// (`RecordsSnapshotReader`).
#[derive(Clone, Debug, Default)]
pub(super) struct SnapshotParser {
    rest: BytesMut,
    has_header: bool,
    has_footer: bool,
}

impl SnapshotParser {
    /// The footer was read, and nothing follows it.
    pub(super) fn is_whole(&self) -> bool {
        self.has_footer && self.rest.is_empty()
    }

    /// # Errors
    /// Where they are no snapshot's.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<SnapshotPart>, BatchError> {
        self.rest.extend_from_slice(bytes);
        let mut parts = Vec::new();
        while self.rest.len() >= HEADER_BYTES {
            let size = BatchHeader::parse(&self.rest)?.size();
            if size > BATCH_READ_MAX || self.has_footer {
                return Err(BatchError::Length);
            }
            if self.rest.len() < size {
                break;
            }
            let batch = Batch::parse(self.rest.split_to(size).freeze())?;
            if !batch.crc_is_right() {
                return Err(BatchError::Crc);
            }
            if batch.header().is_control() {
                for (_, record) in ControlRecord::of_batch(&batch)? {
                    self.has_header |= matches!(record, ControlRecord::SnapshotHeader(_));
                    self.has_footer |= matches!(record, ControlRecord::SnapshotFooter(_));
                    parts.push(SnapshotPart::Control(record));
                }
            } else {
                parts.push(SnapshotPart::Records(values(&batch)?));
            }
            if !self.has_header {
                return Err(BatchError::Attributes);
            }
        }
        Ok(parts)
    }
}

fn values(batch: &Batch) -> Result<Vec<Bytes>, BatchError> {
    let records = batch.records(BATCH_READ_MAX)?;
    records.map(|record| record.map(|record| record.value.unwrap_or_default())).collect()
}

impl MetadataLog {
    /// Reads on as far as memory has it, and has the rest loaded.
    pub(super) fn read_on(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        while self.reader.load.is_none() && self.cut.is_none() && !matches!(dir.state(), DirState::Offline(_)) {
            let below = match &self.state {
                State::Loading(_) => self.log.log_end_offset(),
                State::Member(_) | State::Unavailable => self.high_watermark.min(self.log.log_end_offset()),
                State::Ended => return,
            };
            if self.reader.snapshot.is_none() && self.reader.next < self.log.log_start_offset() {
                let start = self.log.log_start_offset();
                let Some(snapshot) = self.snapshots.latest().filter(|snapshot| snapshot.offset >= start) else {
                    return self
                        .enter_ended(format!("the metadata log begins at {start}, and its snapshot is missing"));
                };
                self.reader.snapshot = Some((snapshot, 0, SnapshotParser::default()));
                self.tell(Told::SnapshotBegun(snapshot));
            }
            if let Some((snapshot, at, _)) = &self.reader.snapshot {
                let file = layout::checkpoint(snapshot.offset, snapshot.epoch);
                let io = dir.load_part(turn, file, *at, u64::from(READ_BYTES));
                self.reader.load = Some((io, None));
                return;
            }
            if self.reader.next >= below {
                return self.on_all_read(turn, dir);
            }
            match self.log.read(self.reader.next, below, READ_BYTES, true) {
                Ok(Read::Hot(frame)) if frame.is_empty() => return self.on_all_read(turn, dir),
                Ok(Read::Hot(frame)) => self.give(&frame),
                Ok(Read::Cold(range)) => {
                    let io = dir.load(turn, &range);
                    self.reader.load = Some((io, Some(range)));
                }
                Err(error) => return self.enter_ended(format!("the metadata log cannot be read: {error}")),
            }
        }
    }

    /// What was loaded for it; `None`: the load failed.
    pub(super) fn on_read(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, bytes: Option<&Bytes>) {
        let Some((_, range)) = self.reader.load.take() else { return };
        let is_read = match (range, bytes) {
            (Some(range), Some(bytes)) => self.on_cold_batches(&range, bytes.clone()),
            (None, Some(bytes)) => self.on_snapshot_bytes(bytes),
            // Its file may have gone since, with what lay below the log's start.
            (_, None) => !std::mem::replace(&mut self.reader.has_failed, true),
        };
        match is_read {
            true => self.reader.has_failed &= bytes.is_none(),
            false if matches!(dir.state(), DirState::Offline(_)) => {}
            false => return self.enter_ended("the metadata log or its snapshot is damaged".to_owned()),
        }
        self.read_on(turn, dir);
    }

    fn on_cold_batches(&mut self, range: &ColdRange, bytes: Bytes) -> bool {
        if range.from != self.reader.next || range.from < self.log.log_start_offset() {
            // The log began anew meanwhile.
            return true;
        }
        Log::cut(range, bytes).is_ok_and(|frame| {
            self.give(&frame);
            !frame.is_empty()
        })
    }

    fn on_snapshot_bytes(&mut self, bytes: &Bytes) -> bool {
        let Some((snapshot, at, parser)) = &mut self.reader.snapshot else { return true };
        let snapshot = *snapshot;
        *at += bytes.len() as u64;
        let Ok(parts) = parser.push(bytes) else { return false };
        let is_whole = parser.is_whole();
        for part in parts {
            match part {
                SnapshotPart::Control(record) => self.on_control_record(snapshot.offset - 1, &record),
                SnapshotPart::Records(records) => self.tell(Told::SnapshotRecords(records)),
            }
        }
        if is_whole {
            (self.reader.snapshot, self.reader.next) = (None, snapshot.offset);
            self.tell(Told::SnapshotEnded(snapshot));
        }
        is_whole || !bytes.is_empty()
    }

    fn give(&mut self, frame: &Frame) {
        for batch in Batch::split(frame.to_bytes(), false).filter_map(Result::ok) {
            let header = *batch.header();
            let end = LogPosition { epoch: header.partition_leader_epoch, offset: header.last_offset() + 1 };
            self.reader.next = end.offset;
            let records = if header.is_control() {
                for (offset, record) in ControlRecord::of_batch(&batch).unwrap_or_default() {
                    self.on_control_record(offset, &record);
                }
                Vec::new()
            } else {
                values(&batch).unwrap_or_default()
            };
            let (first, timestamp) = (header.base_offset, header.max_timestamp);
            self.tell(Told::Committed(CommittedBatch { first, end, timestamp, records }));
        }
    }

    /// What is read while it opens is told when it is known to be committed.
    fn tell(&mut self, told: Told) {
        if !matches!(self.state, State::Loading(_)) {
            self.told.push(told);
        }
    }

    fn on_all_read(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        if matches!(self.state, State::Loading(_)) {
            self.reader = LogReader::default();
            self.enter_member(turn, dir);
        }
    }

    /// A fetched snapshot stands for the log: what it holds is read anew.
    pub(super) fn read_anew(&mut self) {
        let load = self.reader.load.take();
        // What is on its way is of the log that was.
        self.reader = LogReader { load: load.map(|(io, _)| (io, None)), ..LogReader::default() };
    }

    /// Of what was appended in this life notice was taken then.
    fn on_control_record(&mut self, offset: Offset, record: &ControlRecord) {
        if matches!(self.state, State::Loading(_)) {
            self.history.note(offset, record);
        }
    }
}
