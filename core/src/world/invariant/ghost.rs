//! What one partition's log must be, whatever happens to its broker.

use super::{Checked, Loss};
use crate::{
    ids::{Offset, ProducerEpoch, ProducerId, Sequence, TopicPartition},
    log::{Log, Read},
    record::{Batch, BatchHeader},
    runs::Runs,
    sorted::{SortedMap, SortedSet},
    world::{server::Server, swarm::Row},
};

/// One batch as it was appended. Two with the same of these are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    base: Offset,
    last: Offset,
    epoch: i32,
    crc: u32,
    producer: ProducerId,
    producer_epoch: ProducerEpoch,
    sequence: Sequence,
}

impl Kept {
    pub fn base(&self) -> Offset {
        self.base
    }

    fn of(header: &BatchHeader) -> Self {
        Self {
            base: header.base_offset,
            last: header.last_offset(),
            epoch: header.partition_leader_epoch,
            crc: header.crc,
            producer: header.producer_id,
            producer_epoch: header.producer_epoch,
            sequence: header.base_sequence,
        }
    }
}

/// The batches of a log that was opened.
#[derive(Clone, Debug)]
pub(super) struct FoundLog {
    start: Offset,
    end: Offset,
    batches: Vec<Kept>,
    /// Its files are not what was written.
    is_damaged: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Ghost {
    /// By base offset.
    batches: Runs<Kept>,
    /// Of each producer, the offset of its last batch.
    latest: SortedMap<ProducerId, Offset>,
    /// The furthest that the log's start was ever moved.
    start: Offset,
    end: Offset,
    /// Of this life: what was announced to readers.
    high_watermark: Offset,
    /// What the next life must have, by the durability row.
    promised: Offset,
    /// And if power is lost before it has opened the log.
    durable: Offset,
}

impl Ghost {
    /// R10: offsets are dense on append, strictly increasing, never given twice. T1: sequences have no gap.
    pub fn on_appended(&mut self, server: &Server, id: TopicPartition, offset: Offset) -> Checked {
        if offset != self.end {
            return Err(("R10", format!("{id:?}: appended at {offset}, but the log ended at {}", self.end)));
        }
        let Some(kept) = appended_at(server, id, offset) else {
            // It is gone again within the step: taken back, or the topic deleted.
            return Ok(());
        };
        let log_start = log_in(server, id).map_or(0, Log::log_start_offset);
        self.check_sequence(id, log_start, &kept)?;
        self.end = kept.last + 1;
        if kept.producer >= 0 {
            self.latest.insert(kept.producer, kept.base);
        }
        self.batches.push(kept);
        Ok(())
    }

    /// Behind the last record of the batch that begins at `offset`.
    pub fn end_of(&self, offset: Offset) -> Option<Offset> {
        Some(self.at(offset)?.last + 1)
    }

    /// What readers may see, as was last announced.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    fn check_sequence(&self, id: TopicPartition, log_start: Offset, kept: &Kept) -> Checked {
        if kept.producer < 0 {
            return Ok(());
        }
        // What lies below the log's start was let go, and who sent it may have been forgotten with it (KIP-360).
        let before = self.latest.get(&kept.producer).and_then(|offset| self.at(*offset));
        let before = before.filter(|before| before.last >= log_start);
        let Some(before) = before else { return Ok(()) };
        let expected = match before.producer_epoch == kept.producer_epoch {
            // After the last sequence there is comes 0.
            true => ((i64::from(before.sequence) + before.last - before.base + 1) % (1 << 31)) as Sequence,
            false => 0,
        };
        match expected == kept.sequence && kept.producer_epoch >= before.producer_epoch {
            true => Ok(()),
            false => Err(("T1", format!("{id:?}: {kept:?} was appended behind {before:?}"))),
        }
    }

    /// T1: the answer to a duplicate carries the original offset.
    pub fn on_duplicate(&self, offset: Offset) -> Checked {
        match self.at(offset).is_some_and(|kept| kept.producer >= 0) {
            true => Ok(()),
            false => Err(("T1", format!("a duplicate is answered with offset {offset}, where no batch begins"))),
        }
    }

    pub fn own_bytes(&self) -> u64 {
        self.batches.own_bytes()
    }

    /// The first batch that begins at or beyond `offset`.
    fn number_of(&self, offset: Offset) -> u64 {
        self.batches.partition_point(|kept| kept.base < offset)
    }

    /// The batch that begins at `offset`.
    fn at(&self, offset: Offset) -> Option<&Kept> {
        self.batches.get(self.number_of(offset)).filter(|kept| kept.base == offset)
    }

    pub fn truncate(&mut self, to: Offset) {
        let end = self.number_of(to);
        let gone: SortedSet<ProducerId> = self.batches.iter_from(end).map(|kept| kept.producer).collect();
        self.batches.truncate(end);
        for producer in gone {
            self.latest.remove(&producer);
            let before = self.batches.iter().rev().find(|kept| kept.producer == producer);
            if let Some(before) = before.filter(|_| producer >= 0) {
                self.latest.insert(producer, before.base);
            }
        }
        self.end = self.end.min(to);
    }

    /// R10: retention and DeleteRecords remove nothing at or above the high watermark.
    pub fn on_log_start(&mut self, server: &Server, id: TopicPartition, to: Offset) -> Checked {
        self.start = self.start.max(to);
        if to > self.high_watermark {
            return Err(("R10", format!("{id:?} begins at {to}, beyond its watermark {}", self.high_watermark)));
        }
        let Some(first) = log_in(server, id).and_then(|log| log.segments().next()) else { return Ok(()) };
        match first.base_offset() > self.start {
            true => Err(("R10", format!("{id:?} begins at {to}, and its first segment at {}", first.base_offset()))),
            false => Ok(()),
        }
    }

    /// R10: the log's start never passes the watermark, nor the watermark the log's end. It only rises within a life.
    pub fn on_high_watermark(&mut self, server: &Server, id: TopicPartition, from: Offset, to: Offset) -> Checked {
        let lowered = to < from && to < self.end;
        self.high_watermark = to;
        let Some(log) = log_in(server, id) else { return Ok(()) };
        if to > log.log_end_offset() || log.log_start_offset() > log.log_end_offset() || lowered {
            let (start, end) = (log.log_start_offset(), log.log_end_offset());
            return Err(("R10", format!("{id:?}: watermark {from} to {to} in a log from {start} to {end}")));
        }
        Ok(())
    }

    /// A life ends. `committed`: what storage has; `high_watermark`: what was acknowledged and shown.
    pub fn on_ended(&mut self, committed: Offset, high_watermark: Offset, loss: Loss, row: Row) {
        // Where an acknowledgement waits for the commit, whatever was shown is promised too.
        let shown = match (row, loss) {
            (Row::Commit, _) | (Row::CommitRelaxed, Loss::Nothing | Loss::Process) => high_watermark,
            _ => 0,
        };
        self.promised = committed.max(shown);
    }

    /// What of it was synced when the life ended.
    pub fn set_durable(&mut self, durable: Offset) {
        self.durable = durable;
    }

    /// Power is lost before the dir was opened.
    pub fn lose_power(&mut self, row: Row) {
        match row {
            Row::CommitRelaxed => self.promised = 0,
            // What was acknowledged at the append, and survived the process, was not synced.
            Row::Append => self.promised = self.promised.min(self.durable),
            Row::Commit => {}
        }
    }

    /// S1: recovery yields a log that is a prefix of appended batches including everything promised.
    ///
    /// Of a log whose files are damaged nothing is promised but that no batch in it is another than it was (S2).
    pub fn on_opened(&mut self, id: TopicPartition, found: &FoundLog) -> Checked {
        if found.start > self.start && !found.is_damaged {
            return Err(("R10", format!("{id:?} begins at {}, and was only let go up to {}", found.start, self.start)));
        }
        if found.end < self.promised && !found.is_damaged {
            return Err(("S1", format!("{id:?}: opened up to {}, promised up to {}", found.end, self.promised)));
        }
        for batch in &found.batches {
            match self.at(batch.base) {
                Some(kept) if kept == batch => {}
                // A batch of the commit under way when the process ended, which no step saw appended.
                other => return Err(("S1", format!("{id:?}: found {batch:?}, appended was {other:?}"))),
            }
        }
        let expected = (self.number_of(found.end) - self.number_of(found.start)) as usize;
        let whole = found.batches.iter().filter(|batch| batch.base >= found.start).count();
        if expected != whole && !found.is_damaged {
            return Err(("S1", format!("{id:?}: {whole} batches of {expected} from {} to {}", found.start, found.end)));
        }
        self.truncate(found.end);
        self.end = found.end;
        (self.promised, self.high_watermark) = (0, found.end);
        Ok(())
    }
}

pub(super) fn log_in(server: &Server, id: TopicPartition) -> Option<&Log> {
    let topics = server.node.as_ref()?.topics()?;
    Some(topics.partitions.get(id)?.log())
}

/// The batch that was appended at `offset` in this step: in memory, even if the log's start has passed it since.
fn appended_at(server: &Server, id: TopicPartition, offset: Offset) -> Option<Kept> {
    let header = log_in(server, id)?.hot_header(offset)?;
    (header.base_offset == offset).then(|| Kept::of(&header))
}

/// Reads a log through, from memory and from the disk, and checks every CRC (S2).
pub(super) fn log_of(
    server: &Server,
    id: TopicPartition,
    is_damaged: bool,
) -> Result<FoundLog, (&'static str, String)> {
    let Some(log) = log_in(server, id) else { return Err(("S1", format!("{id:?} is not there"))) };
    let (start, end) = (log.log_start_offset(), log.log_end_offset());
    let mut found = FoundLog { start, end, batches: Vec::new(), is_damaged };
    match read_through(server, id, &mut found) {
        // It is told to whoever asks for it.
        Err(("S2", _)) if is_damaged => {}
        read => read?,
    }
    Ok(found)
}

fn read_through(server: &Server, id: TopicPartition, found: &mut FoundLog) -> Checked {
    let Some(log) = log_in(server, id) else { return Ok(()) };
    let FoundLog { start, end, .. } = *found;
    read_into(&mut found.batches, server, log, (id, start, end))
}

/// The batches of a log between two offsets at which batches begin, their CRCs checked (S2).
pub(super) fn batches_between(
    server: &Server,
    log: &Log,
    id: TopicPartition,
    (from, to): (Offset, Offset),
) -> Result<Vec<Kept>, (&'static str, String)> {
    let mut found = Vec::new();
    read_into(&mut found, server, log, (id, from, to))?;
    found.retain(|kept: &Kept| kept.base < to);
    Ok(found)
}

fn read_into(
    batches: &mut Vec<Kept>,
    server: &Server,
    log: &Log,
    (id, start, end): (TopicPartition, Offset, Offset),
) -> Checked {
    let mut next = start;
    while next < end {
        let read =
            log.read(next, Offset::MAX, 1 << 20, true).map_err(|why| ("S2", format!("{id:?} at {next}: {why}")))?;
        let frame = match read {
            Read::Hot(frame) => frame,
            Read::Cold(range) => {
                let bytes = server.disk.load(&range.file, range.at, range.len);
                let bytes = bytes.map_err(|why| ("S2", format!("{id:?} at {next}: {}", why.detail)))?;
                Log::cut(&range, bytes).map_err(|why| ("S2", format!("{id:?} at {next}: {why}")))?
            }
        };
        let before = next;
        for batch in Batch::split(frame.to_bytes(), false) {
            let batch = batch.map_err(|why| ("S2", format!("{id:?} at {next}: {why}")))?;
            if !batch.crc_is_right() {
                return Err(("S2", format!("{id:?} at {next}: the CRC is wrong")));
            }
            let kept = Kept::of(batch.header());
            next = kept.last + 1;
            batches.push(kept);
        }
        if next == before {
            return Err(("S1", format!("{id:?}: nothing is found at {next}, though the log ends at {end}")));
        }
    }
    Ok(())
}
