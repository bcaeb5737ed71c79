//! The segments of a log that is read back: which there are, from where on they are read, and where each ends.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{LogRecovery, Stage};
use crate::{
    effect::WriteOp,
    error::Fatal,
    ids::*,
    log::{
        index::{OffsetIndex, TimeIndex},
        layout::{self, LogFile},
        leader_epoch::LeaderEpochs,
        recover::scan::{Begin, Scan, Scanned},
        segment::Segment,
    },
    record::BatchHeader,
    trace::event::Mended,
};

impl LogRecovery {
    /// Decides which segments there are and from where on they are read.
    pub(super) fn enter_segments(&mut self) -> Result<(), Fatal> {
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

    pub(super) fn on_indexes(
        &mut self,
        mut segment: Segment,
        len: u64,
        offsets: OffsetIndex,
        bytes: &[u8],
    ) -> Result<(), Fatal> {
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

    pub(super) fn enter_scan(&mut self, segment: Segment, len: u64, position: u64) {
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

    pub(super) fn on_scanned(&mut self, mut scan: Box<Scan>, bytes: Bytes) -> Result<(), Fatal> {
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
