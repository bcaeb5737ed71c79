//! S5: indexes and leader-epoch cache agree with the log after truncation, crash and compaction.
//!
//! What they must be is read from the batches in the files, by code that builds none of them.

use bytes::Bytes;

use super::Checked;
use crate::{
    ids::{LeaderEpoch, Offset, TopicPartition},
    log::{Log, segment::Segment},
    record::BatchHeader,
    time::Timestamp,
    world::server::Server,
};

/// One batch of a segment, and where it stands.
struct Placed {
    at: u64,
    last: Offset,
    epoch: LeaderEpoch,
    max_timestamp: Timestamp,
}

/// Of a log of which everything is on storage.
pub(super) fn check(server: &Server, id: TopicPartition, log: &Log) -> Checked {
    let mut epochs: Vec<(LeaderEpoch, Offset)> = Vec::new();
    let start = log.log_start_offset();
    for segment in log.segments() {
        let wrong = |what: String| Err(("S5", format!("{id:?}, {}: {what}", segment.log_file())));
        let bytes = server.disk.load(segment.log_file(), 0, u64::MAX).unwrap_or_default();
        if bytes.len() as u64 != segment.size() {
            return wrong(format!("{} bytes, and it is taken to have {}", bytes.len(), segment.size()));
        }
        let (mut base, mut placed) = (segment.base_offset(), Vec::new());
        for batch in batches(bytes) {
            if batch.last >= start && epochs.last().is_none_or(|row| row.0 != batch.epoch) {
                epochs.push((batch.epoch, base.max(start)));
            }
            base = batch.last + 1;
            placed.push(batch);
        }
        if let Err(what) = check_indexes(segment, &placed) {
            return wrong(what);
        }
    }
    // Of a log in which nothing is left the last epoch is remembered all the same.
    match log.epochs() {
        [(_, at)] if epochs.is_empty() && *at == start => Ok(()),
        rows if rows == epochs => Ok(()),
        rows => Err(("S5", format!("{id:?}: leader epochs are {rows:?}, and of the batches {epochs:?}"))),
    }
}

fn batches(bytes: Bytes) -> impl Iterator<Item = Placed> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let header = BatchHeader::parse(bytes.get(at..)?).ok()?;
        let placed = Placed {
            at: at as u64,
            last: header.last_offset(),
            epoch: header.partition_leader_epoch,
            max_timestamp: header.max_timestamp,
        };
        at += header.size();
        Some(placed)
    })
}

fn check_indexes(segment: &Segment, placed: &[Placed]) -> Result<(), String> {
    let base = segment.base_offset();
    for (relative, position) in segment.offsets().entries() {
        let found = placed.binary_search_by_key(&u64::from(position), |batch| batch.at);
        if found.is_err() || found.is_ok_and(|found| placed[found].last != base + i64::from(relative)) {
            return Err(format!("the index has offset {relative} at byte {position}"));
        }
    }
    for (timestamp, relative) in segment.times().entries() {
        let before = placed.iter().take_while(|batch| batch.last <= base + i64::from(relative));
        let largest = before.last().map(|batch| (batch.max_timestamp, batch.last));
        if largest != Some((timestamp, base + i64::from(relative))) {
            return Err(format!("the time index has {timestamp:?} at offset {relative}, where {largest:?} is"));
        }
    }
    let largest = placed.iter().map(|batch| batch.max_timestamp).max().unwrap_or(Timestamp::NONE);
    if segment.max_timestamp().0 != largest {
        return Err(format!("its largest timestamp is {largest:?}, and not {:?}", segment.max_timestamp().0));
    }
    Ok(())
}

/// After the end was taken back: nothing that is known of the log lies beyond it.
pub(super) fn check_end(id: TopicPartition, log: &Log) -> Checked {
    let end = log.log_end_offset();
    let Some(active) = log.segments().next_back() else { return Ok(()) };
    let base = active.base_offset();
    let of_index = active.offsets().last().map(|(relative, _)| base + i64::from(relative));
    let of_times = active.times().last().map(|(_, relative)| base + i64::from(relative));
    let of_epochs = log.epochs().last().map(|(_, start)| *start).filter(|start| *start > log.log_start_offset());
    let of_producers = log.producers().iter().filter_map(|(_, entry)| Some(entry.batches.back()?.last_offset)).max();
    for (what, found) in
        [("index", of_index), ("time index", of_times), ("leader epochs", of_epochs), ("producers", of_producers)]
    {
        if found.is_some_and(|found| found >= end) {
            return Err(("S5", format!("{id:?} ends at {end}, and its {what} know of {found:?}")));
        }
    }
    Ok(())
}
