//! What must be true of every log, whatever happened to it.

use super::disk::Disk;
use crate::{
    error::ErrorCode,
    ids::*,
    log::{Log, Read, producer_state::ProducerState, segment::Segment},
    record::{Batch, BatchHeader},
    time::Timestamp,
};

/// All batches from `from` to the log's end, read in small pieces from wherever they are.
pub(crate) fn read_from(log: &Log, disk: &Disk, from: Offset, bytes_max: u32) -> Result<Vec<Batch>, ErrorCode> {
    let (mut next, end) = (from, log.log_end_offset());
    let mut batches = Vec::new();
    while next < end {
        let frame = match log.read(next, end, bytes_max, true)? {
            Read::Hot(frame) => frame,
            Read::Cold(range) => {
                let bytes = disk.load(&range.file, range.at, range.len).map_err(|_| ErrorCode::KafkaStorageError)?;
                Log::cut(&range, bytes)?
            }
        };
        assert!(!frame.is_empty(), "nothing at offset {next} of a log that ends at {end}");
        for batch in Batch::split(frame.to_bytes(), false) {
            let batch = batch.expect("whole batches");
            assert!(batch.crc_is_right(), "S2: a damaged batch was served");
            let header = *batch.header();
            assert!(header.base_offset <= next && next <= header.last_offset(), "{next} is not in {header:?}");
            next = header.last_offset() + 1;
            batches.push(batch);
        }
    }
    Ok(batches)
}

/// S5: files are as long as they are taken to be, and the indexes, in memory and on the disk, are what is found by
/// reading the log. Only while nothing is on its way to the disk.
pub(crate) fn assert_indexes_are_fresh(log: &Log, disk: &Disk) {
    let count = log.segments().count();
    for (at, segment) in log.segments().enumerate() {
        let mut fresh = Segment::new(&log.dir, segment.base_offset(), Timestamp(0));
        let bytes = disk.file(segment.log_file()).unwrap_or_default();
        for batch in Batch::split(bytes::Bytes::copy_from_slice(bytes), false) {
            fresh.note(batch.expect("whole batches").header());
        }
        if at + 1 < count {
            fresh.seal(&mut Vec::new());
        }
        let name = segment.log_file();
        assert_eq!(segment.size(), bytes.len() as u64, "size of {name}");
        assert_eq!(segment.offsets(), fresh.offsets(), "index of {name}");
        assert_eq!(segment.times(), fresh.times(), "time index of {name}");
        assert_eq!(segment.max_timestamp().0, fresh.max_timestamp().0, "{name}");
        let [_, index, times] = segment.files();
        assert_eq!(disk.file(&index).unwrap_or_default(), segment.offsets().encode_from(0), "{index}");
        assert_eq!(disk.file(&times).unwrap_or_default(), segment.times().encode_from(0), "{times}");
    }
}

/// S5: the leader epochs are those of the batches.
pub(crate) fn assert_epochs_are_the_batches(log: &Log, batches: &[Batch]) {
    let mut rows: Vec<(LeaderEpoch, Offset)> = Vec::new();
    for header in batches.iter().map(Batch::header) {
        if rows.last().is_none_or(|row| row.0 < header.partition_leader_epoch) {
            rows.push((header.partition_leader_epoch, header.base_offset.max(log.log_start_offset())));
        }
    }
    // Of a log in which nothing is left the last epoch is remembered all the same.
    match log.epochs.rows() {
        [(_, at)] if rows.is_empty() => assert_eq!(*at, log.log_start_offset()),
        found => assert_eq!(found, rows, "{:?}", log.id()),
    }
}

/// T1, T7: of each producer that has a batch in the log it is known which were its last; nothing else is made up.
/// `sent` is everything that was ever appended below the log's end.
pub(crate) fn assert_producers_are_known<'a>(log: &Log, sent: impl Iterator<Item = &'a BatchHeader>) {
    let mut expected = ProducerState::new(std::time::Duration::MAX);
    let mut ids = crate::sorted::SortedSet::new();
    for header in sent.filter(|header| header.has_producer()) {
        expected.update(header, Timestamp(0));
        ids.insert(header.producer_id);
    }
    assert!(log.producers().len() <= ids.len());
    for id in ids {
        let all = expected.get(id).expect("a producer that sent");
        let found = log.producers().get(id);
        let is_in_log = |last: Offset| last >= log.log_start_offset();
        if let Some(found) = found {
            assert_eq!(found.epoch, all.epoch);
            assert!(found.batches.iter().all(|kept| all.batches.contains(kept)), "{found:?} of {all:?}");
        }
        for kept in all.batches.iter().filter(|kept| is_in_log(kept.last_offset)) {
            assert!(found.is_some_and(|found| found.batches.contains(kept)), "{kept:?} is forgotten: {found:?}");
        }
    }
}
