//! One log against a list of what was appended to it: hot and cold, by offset and by time.

use proptest::prelude::*;

use super::{
    check,
    world::{World, batch},
};
use crate::{
    config::TopicConfig,
    effect::Input,
    error::ErrorCode,
    ids::*,
    log::{CommitOutcome, Log, LogDir, Mark, Read, TimestampSearch},
    record::Batch,
    time::Timestamp,
};

const ID: TopicPartition = TopicPartition { topic: TopicId([3; 16]), partition: 0 };
const START: i64 = 1_700_000_000_000;

struct Shelf {
    world: World,
    dir: LogDir,
    log: Log,
    config: TopicConfig,
    batches: Vec<Batch>,
}

impl Shelf {
    fn new(config: TopicConfig) -> Self {
        let mut world = World::new(1);
        let mut dir = world.open(|_| Vec::new()).unwrap().unwrap().dir;
        let log = Log::create(&mut world.turn(), &mut dir, ID, "one");
        Self { world, dir, log, config, batches: Vec::new() }
    }

    fn append(&mut self, batch: Batch) -> Result<Offset, ErrorCode> {
        let epoch = self.dir.epoch();
        let turn = &mut self.world.turn();
        let appended = self.log.append(turn, &mut self.dir, &self.config, epoch, batch.clone())?;
        self.dir.issue(turn);
        let mut placed = batch;
        placed.place(appended.base_offset, epoch);
        assert_eq!(appended.last_offset, placed.header().last_offset());
        self.batches.push(placed);
        Ok(appended.base_offset)
    }

    /// Does what storage has to do.
    fn settle(&mut self) {
        self.dir.issue(&mut self.world.turn());
        while let Some(input) = self.world.perform() {
            let Input::Committed { io } = input else { panic!("{input:?}") };
            let turn = &mut self.world.turn();
            if let Some(CommitOutcome::Committed(marks)) = self.dir.on_committed(turn, io) {
                for mark in marks {
                    if let Mark::LogEnd(_, end) = mark {
                        self.log.on_committed(end);
                    }
                }
            }
            self.dir.issue(turn);
        }
    }

    /// Everything that is committed leaves memory.
    fn chill(&mut self) {
        self.settle();
        while let Some((_, run)) = self.dir.next_run() {
            assert!(self.log.evict(&mut self.dir, run));
        }
        assert_eq!(self.dir.hot_bytes(), 0);
    }

    /// Bytes of one read, from memory or from the disk.
    fn read(&self, from: Offset, below: Offset, bytes_max: u32, at_least_one: bool) -> Vec<u8> {
        let frame = match self.log.read(from, below, bytes_max, at_least_one).unwrap() {
            Read::Hot(frame) => frame,
            Read::Cold(range) => {
                let bytes = self.world.disk.load(&range.file, range.at, range.len).unwrap();
                Log::cut(&range, bytes).unwrap()
            }
        };
        frame.to_bytes().to_vec()
    }

    fn find(&self, mut search: TimestampSearch) -> Option<(Timestamp, Offset)> {
        loop {
            match search {
                TimestampSearch::Found { timestamp, offset, leader_epoch } => {
                    assert_eq!(leader_epoch, self.dir.epoch());
                    return Some((timestamp, offset));
                }
                TimestampSearch::NotFound => return None,
                TimestampSearch::Load { at_or_after, range } => {
                    let bytes = self.world.disk.load(&range.file, range.at, range.len).unwrap();
                    search = self.log.search_timestamp_in(at_or_after, &range, bytes);
                }
            }
        }
    }

    /// What the list says: whole batches, none that reaches beyond `below`, the first whatever its size if it must be.
    /// A read ends with its segment if it is cold, so a prefix is right too if it is not empty.
    fn assert_reads(&self, from: Offset, below: Offset, bytes_max: u32, at_least_one: bool) {
        let mut expected = Vec::new();
        for batch in self.batches.iter().filter(|batch| batch.header().last_offset() >= from) {
            let fits = expected.len() + batch.size() <= bytes_max as usize || (at_least_one && expected.is_empty());
            if batch.header().last_offset() >= below || !fits {
                break;
            }
            expected.extend_from_slice(&batch.to_bytes());
        }
        let found = self.read(from, below, bytes_max, at_least_one);
        let is_hot = self.dir.hot_bytes() > 0;
        assert!(expected.starts_with(&found) && found.is_empty() == expected.is_empty(), "from {from} below {below}");
        assert!(!is_hot || found == expected, "from {from} below {below}");
    }

    fn assert_finds(&self, at: Timestamp) {
        let start = self.log.log_start_offset();
        let records = self.batches.iter().flat_map(|batch| batch.records(1 << 20).unwrap().map(Result::unwrap));
        let mut there = records.filter(|record| record.offset >= start);
        let expected = there.find(|record| record.timestamp >= at).map(|record| (record.timestamp, record.offset));
        assert_eq!(self.find(self.log.search_timestamp(at)), expected, "at {at}");
    }
}

fn config(segment_bytes: u32) -> TopicConfig {
    TopicConfig { segment_bytes, ..TopicConfig::default() }
}

#[test]
fn a_read_is_bounded_by_bytes_by_offset_and_gives_one_batch_at_least_if_it_must() {
    let mut shelf = Shelf::new(config(100_000));
    for at in 0..10 {
        assert_eq!(shelf.append(batch(3, 400, Timestamp(START + at))), Ok(at * 3));
    }
    for is_cold in [false, true] {
        for (from, below) in [(0, 30), (1, 30), (4, 9), (4, 8), (29, 30), (0, 2), (0, 0), (30, 30)] {
            for bytes_max in [0, 1, 1_300, 1_301, 4_000, u32::MAX] {
                for at_least_one in [false, true] {
                    shelf.assert_reads(from, below, bytes_max, at_least_one);
                }
            }
        }
        for from in [-1, 31, i64::MAX] {
            assert_eq!(shelf.log.read(from, 30, 100, true).map(|_| ()), Err(ErrorCode::OffsetOutOfRange));
        }
        if !is_cold {
            shelf.chill();
        }
    }
}

#[test]
fn a_damaged_batch_that_seems_to_reach_beyond_everything_is_not_nothing() {
    let mut shelf = Shelf::new(config(100_000));
    for at in 0..3 {
        shelf.append(batch(3, 40, Timestamp(START + at))).unwrap();
    }
    shelf.chill();
    let Read::Cold(range) = shelf.log.read(0, 9, 10_000, true).unwrap() else { panic!("it is hot") };
    let mut bytes = shelf.world.disk.load(&range.file, range.at, range.len).unwrap().to_vec();
    // The last offset delta.
    bytes[23] ^= 0x10;
    assert_eq!(Log::cut(&range, bytes.into()).map(|_| ()), Err(ErrorCode::CorruptMessage));
}

#[test]
fn what_is_in_memory_is_found_below_the_logs_start() {
    let mut shelf = Shelf::new(config(100_000));
    shelf.append(batch(3, 40, Timestamp(START))).unwrap();
    shelf.append(batch(2, 40, Timestamp(START))).unwrap();
    shelf.log.raise_start(&mut shelf.world.turn(), &mut shelf.dir, 5);
    let found = |offset| shelf.log.hot_header(offset).map(|header| header.base_offset);
    assert_eq!([0, 2, 3, 5].map(found), [Some(0), Some(0), Some(3), None]);
}

#[test]
fn a_segment_ends_by_size_by_age_and_where_its_offsets_end() {
    let mut shelf = Shelf::new(TopicConfig { segment_age: std::time::Duration::from_millis(50), ..config(1_000) });
    let bases = |shelf: &Shelf| shelf.log.segments().map(|segment| segment.base_offset()).collect::<Vec<_>>();
    shelf.append(batch(1, 400, Timestamp(START))).unwrap();
    shelf.append(batch(1, 400, Timestamp(START + 50))).unwrap();
    assert_eq!(bases(&shelf), [0]);
    shelf.append(batch(1, 400, Timestamp(START + 50))).unwrap();
    assert_eq!(bases(&shelf), [0, 2], "by size");
    shelf.append(batch(1, 10, Timestamp(START + 101))).unwrap();
    assert_eq!(bases(&shelf), [0, 2, 3], "by age: the time of the batch, counted from the first one's");
    assert_eq!(shelf.append(batch(1, 1_000, Timestamp(START))), Err(ErrorCode::RecordListTooLarge));
    shelf.settle();
    check::assert_indexes_are_fresh(&shelf.log, &shelf.world.disk);
    let segment = crate::log::segment::Segment::new("one-0", 5, Timestamp(0));
    let limits = crate::log::segment::RollLimits { bytes: 1_000, age_ms: 1_000, now: Timestamp(0) };
    let header = *batch(1, 1, Timestamp(0)).header();
    let is_full = |offset| segment.is_full_for(&header, offset, &limits);
    assert!(!is_full(5 + i64::from(i32::MAX)) && is_full(6 + i64::from(i32::MAX)), "offsets of 31 bits");
}

#[test]
fn the_largest_timestamp_is_found_where_it_was_first() {
    let mut shelf = Shelf::new(config(5_000));
    assert_eq!(shelf.find(shelf.log.search_max_timestamp()), None);
    for at in [5, 40, 7, 40, 39, 1] {
        shelf.append(batch(2, 1_000, Timestamp(START + at))).unwrap();
    }
    // Records of a batch are one millisecond apart: the second of the second batch is the latest.
    assert_eq!(shelf.find(shelf.log.search_max_timestamp()), Some((Timestamp(START + 41), 3)));
    shelf.chill();
    assert_eq!(shelf.find(shelf.log.search_max_timestamp()), Some((Timestamp(START + 41), 3)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_log_is_the_list_of_what_was_appended(
        appends in prop::collection::vec((1_u32..5, 0_usize..1_500, 0_i64..300), 1..40),
        reads in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u32..9_000), 12),
        start in any::<prop::sample::Index>(),
        segment_bytes in 7_000_u32..20_000,
    ) {
        let mut shelf = Shelf::new(config(segment_bytes));
        for (records, bytes, at) in appends {
            shelf.append(batch(records, bytes, Timestamp(START + at))).unwrap();
        }
        let end = shelf.log.log_end_offset();
        for is_cold in [false, true] {
            let first = shelf.log.log_start_offset();
            for (from, below, bytes_max) in &reads {
                let from = first + from.index((end - first) as usize + 1) as i64;
                let below = below.index(end as usize + 1) as i64;
                shelf.assert_reads(from, below, *bytes_max, true);
            }
            for at in (-10..310).step_by(23) {
                shelf.assert_finds(Timestamp(START + at));
            }
            if !is_cold {
                shelf.chill();
                check::assert_indexes_are_fresh(&shelf.log, &shelf.world.disk);
                let start = start.index(end as usize + 1) as i64;
                shelf.log.raise_start(&mut shelf.world.turn(), &mut shelf.dir, start);
                shelf.settle();
                prop_assert_eq!(shelf.log.log_start_offset(), start);
                let found = check::read_from(&shelf.log, &shelf.world.disk, start, 2_000).unwrap();
                let kept = shelf.batches.iter().filter(|batch| batch.header().last_offset() >= start);
                prop_assert!(found.iter().map(Batch::to_bytes).eq(kept.map(Batch::to_bytes)));
            }
        }
    }
}
