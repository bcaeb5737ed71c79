//! Cutting the end of a log off while it is in use, hot and cold, and power lost at any call of it.

use super::{
    check,
    disk::Disk,
    world::{Fault, World, batch, idempotent},
};
use crate::{
    config::TopicConfig,
    effect::{Effect, Input, StorageErrorKind, WriteOp},
    error::ErrorCode,
    ids::*,
    log::{
        CommitOutcome, DirState, FollowerBatches, Log, LogDir, Mark, OpenLog, Truncation, TruncationNeeds, checkpoint,
        layout,
    },
    record::Batch,
    rng::Rng,
};

const ID: TopicPartition = TopicPartition { topic: TopicId([3; 16]), partition: 0 };

/// A log that does not lead, and what it was given.
struct Follower {
    world: World,
    dir: LogDir,
    log: Log,
    config: TopicConfig,
    batches: Vec<Batch>,
    epoch: LeaderEpoch,
    sequence: Sequence,
}

fn listed() -> Vec<OpenLog> {
    vec![OpenLog { id: ID, topic: "one".to_owned() }]
}

fn open(world: &mut World) -> (LogDir, Log) {
    let mut opened = world.open(|_| listed()).expect("power stays on").unwrap_or_else(|fatal| panic!("{fatal}"));
    (opened.dir, opened.logs.remove(0))
}

impl Follower {
    fn new(seed: u64) -> Self {
        let mut disk = Disk::default();
        // Its leaders' epochs are below that of the dir.
        let put = WriteOp::Put { file: layout::BROKER_EPOCH.into(), bytes: checkpoint::write_broker_epoch(1_000) };
        disk.commit(&[put], true).unwrap();
        let mut world = World::on(disk, seed);
        let (dir, log) = open(&mut world);
        let config = TopicConfig { segment_bytes: 9_000, flush_messages: 1, ..TopicConfig::default() };
        Self { world, dir, log, config, batches: Vec::new(), epoch: 0, sequence: 0 }
    }

    fn give(&mut self, mut batch: Batch) {
        batch.place(self.log.log_end_offset(), self.epoch);
        let given = FollowerBatches::check(&self.log, batch.to_bytes()).unwrap();
        let turn = &mut self.world.turn();
        self.log.append_as_follower(turn, &mut self.dir, &self.config, given);
        self.dir.issue(turn);
        self.batches.push(batch);
    }

    /// Some batches of some epochs, some of them an idempotent producer's.
    fn give_some(&mut self, rng: &mut Rng, count: u64) {
        let now = self.world.now.wall;
        for _ in 0..count {
            self.epoch += i32::from(rng.below(6) == 0);
            match rng.below(4) {
                0 => {
                    self.give(idempotent(2, now, (7, 0, self.sequence)));
                    self.sequence += 2;
                }
                _ => self.give(batch(1 + rng.below(4) as u32, rng.below(1_500) as usize, now)),
            }
            if rng.below(8) == 0 {
                self.settle();
                self.log.checkpoint(&mut self.dir);
                self.dir.checkpoint();
            }
            self.world.pass(10);
        }
        self.settle();
    }

    /// Does what storage has to do. False: power was lost.
    fn settle(&mut self) -> bool {
        self.dir.issue(&mut self.world.turn());
        while self.world.next_call().is_some() {
            let Some(input) = self.world.perform() else { return false };
            let turn = &mut self.world.turn();
            let outcome = match input {
                Input::Committed { io } => self.dir.on_committed(turn, io),
                Input::Failed { io, why } => self.dir.on_failed(turn, io, why),
                other => panic!("{other:?}"),
            };
            match outcome {
                Some(CommitOutcome::Committed(marks)) => {
                    for mark in marks {
                        if let Mark::LogEnd(_, end) = mark {
                            self.log.on_committed(end);
                        }
                    }
                }
                Some(CommitOutcome::Failed { .. }) => self.log.take_back(turn, &mut self.dir),
                None => {}
            }
            self.dir.issue(turn);
        }
        true
    }

    fn chill(&mut self) {
        while let Some((_, run)) = self.dir.next_run() {
            assert!(!self.log.has_run(run) || self.log.evict(&mut self.dir, run));
        }
    }

    /// Reads from the disk what the cut needs, then cuts.
    fn truncate(&mut self, to: Offset) -> Offset {
        let mut truncation = Truncation::begin(&self.log, to, self.world.now.wall).expect("nothing is pending");
        loop {
            match truncation.needs(&self.log, 3_000).unwrap() {
                TruncationNeeds::Batches(range) => {
                    let bytes = self.world.disk.load(&range.file, range.at, range.len).unwrap();
                    truncation.on_batches(&range, bytes).unwrap();
                }
                TruncationNeeds::Document(file) => truncation.on_document(&self.log, self.world.disk.file(&file)),
                TruncationNeeds::Nothing => break,
            }
        }
        let turn = &mut self.world.turn();
        let end = self.log.truncate(turn, &mut self.dir, truncation);
        self.dir.issue(turn);
        self.batches.retain(|batch| batch.header().last_offset() < end);
        end
    }

    fn assert_holds_what_it_was_given(&self) {
        assert_holds(&self.log, &self.world.disk, &self.batches);
    }
}

fn assert_holds(log: &Log, disk: &Disk, batches: &[Batch]) {
    let start = log.log_start_offset();
    let found = check::read_from(log, disk, start, 2_000).unwrap();
    let kept = batches.iter().filter(|batch| batch.header().last_offset() >= start);
    assert!(found.iter().map(Batch::to_bytes).eq(kept.map(Batch::to_bytes)), "S1: other records than were given");
    check::assert_indexes_are_fresh(log, disk);
    check::assert_epochs_are_the_batches(log, &found);
    check::assert_producers_are_known(log, batches.iter().map(Batch::header));
}

#[test]
fn a_log_that_was_cut_is_what_it_was_before_what_is_cut_off() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let mut follower = Follower::new(seed);
        let count = 1 + rng.below(40);
        follower.give_some(&mut rng, count);
        if rng.below(3) == 0 {
            let start = rng.below(follower.log.log_end_offset() as u64 + 1) as i64;
            follower.log.raise_start(&mut follower.world.turn(), &mut follower.dir, start);
            follower.settle();
        }
        if rng.below(2) == 0 {
            follower.chill();
        }
        for _ in 0..2 {
            let (start, end) = (follower.log.log_start_offset(), follower.log.log_end_offset());
            let to = start + rng.below((end - start) as u64 + 1) as i64;
            let end = follower.truncate(to);
            assert!(end <= to && follower.log.log_end_offset() == end, "seed {seed}");
            let boundary = follower.batches.last().map_or(0, |batch| batch.header().last_offset() + 1);
            assert!(end == boundary || end == start, "seed {seed}: {end} is no end of a batch");
            follower.settle();
            follower.assert_holds_what_it_was_given();
            follower.epoch += 1;
            follower.give_some(&mut rng, 6);
            follower.assert_holds_what_it_was_given();
        }
        let Follower { mut world, batches, .. } = follower;
        world.crash(None, false);
        let (_, log) = open(&mut world);
        assert_holds(&log, &world.disk, &batches);
    }
}

/// S1: whatever happens to a call of the cut or of what follows it, the log is what it was, up to the cut at least; or
/// what it became.
#[test]
fn power_lost_at_any_call_leaves_the_old_log_or_the_new_one() {
    for seed in 0..40 {
        for call in 0.. {
            let mut rng = Rng::new(seed);
            let mut follower = Follower::new(seed * 100 + call);
            follower.give_some(&mut rng, 30);
            let old = follower.batches.clone();
            follower.world.fault = Some((follower.world.calls + call, Fault::Crash(rng.below(4) == 0)));
            let to = rng.below(follower.log.log_end_offset() as u64 + 1) as i64;
            let end = follower.truncate(to);
            follower.epoch += 1;
            let now = follower.world.now.wall;
            for _ in 0..4 {
                follower.give(batch(2, 900, now));
            }
            let is_whole = follower.settle();
            let Follower { mut world, batches: new, .. } = follower;
            world.fault = None;
            if is_whole {
                world.crash(None, false);
            }
            let (_, log) = open(&mut world);
            let found = log.log_end_offset();
            assert!(found >= end, "seed {seed}, call {call}: {found} is less than was left of the log");
            let below = |batches: &[Batch]| -> Vec<Batch> {
                batches.iter().filter(|batch| batch.header().last_offset() < found).cloned().collect()
            };
            let is_new = log.latest_epoch() == new.last().unwrap().header().partition_leader_epoch;
            assert!(!is_whole || (is_new && found == new.last().unwrap().header().last_offset() + 1));
            assert_holds(&log, &world.disk, &below(if is_new { &new } else { &old }));
            if is_whole {
                break;
            }
        }
    }
}

/// A cut that storage refuses is still to be done when it works again, before anything else is.
#[test]
fn a_cut_that_failed_is_done_before_the_next_append() {
    for call in 0..3 {
        let mut rng = Rng::new(call);
        let mut follower = Follower::new(5);
        follower.give_some(&mut rng, 30);
        follower.world.fault = Some((follower.world.calls + call, Fault::Definite(StorageErrorKind::Aborted)));
        let end = follower.truncate(follower.log.log_end_offset() / 3);
        follower.settle();
        assert!(matches!(follower.dir.state(), DirState::ReadOnly(_)), "call {call}");
        follower.world.pass(10_000);
        follower.dir.on_tick(&mut follower.world.turn());
        follower.settle();
        assert_eq!(follower.dir.state(), DirState::Online);
        assert_eq!(follower.log.log_end_offset(), end);
        follower.epoch += 1;
        follower.give_some(&mut rng, 10);
        follower.assert_holds_what_it_was_given();
    }
}

/// Another log's snapshot stands for all that was here.
#[test]
fn a_log_begins_anew_behind_a_snapshot() {
    for seed in 0..30 {
        for call in 0.. {
            let mut rng = Rng::new(seed);
            let mut follower = Follower::new(seed * 100 + call);
            follower.give_some(&mut rng, 20);
            let (old, end) = (follower.batches.clone(), follower.log.log_end_offset());
            let start = rng.below(2 * end as u64) as i64;
            follower.world.fault = Some((follower.world.calls + call, Fault::Crash(false)));
            let turn = &mut follower.world.turn();
            follower.log.restart_at(turn, &mut follower.dir, start);
            (follower.batches, follower.epoch) = (Vec::new(), follower.epoch + 1);
            let now = follower.world.now.wall;
            follower.give(batch(2, 900, now));
            let is_whole = follower.settle();
            if is_whole {
                follower.assert_holds_what_it_was_given();
            }
            let Follower { mut world, batches: new, .. } = follower;
            world.fault = None;
            if is_whole {
                world.crash(None, false);
            }
            let (_, log) = open(&mut world);
            let is_new = log.latest_epoch() == new[0].header().partition_leader_epoch;
            if is_new || log.log_start_offset() == log.log_end_offset() {
                assert_eq!(log.log_start_offset(), start, "seed {seed}, call {call}");
                assert!(is_new || !is_whole);
                if is_new {
                    assert_holds(&log, &world.disk, &new);
                }
            } else {
                let found = log.log_end_offset();
                let old: Vec<Batch> = old.into_iter().filter(|batch| batch.header().last_offset() < found).collect();
                let found = check::read_from(&log, &world.disk, log.log_start_offset(), 2_000).unwrap();
                assert!(
                    old.iter()
                        .map(Batch::to_bytes)
                        .rev()
                        .zip(found.iter().map(Batch::to_bytes).rev())
                        .all(|(old, found)| old == found)
                );
            }
            if is_whole {
                break;
            }
        }
    }
}

#[test]
fn what_does_not_follow_the_log_is_refused() {
    let mut follower = Follower::new(1);
    follower.epoch = 3;
    let now = follower.world.now.wall;
    follower.give(batch(2, 10, now));
    let placed = |offset, epoch| {
        let mut batch = batch(1, 10, now);
        batch.place(offset, epoch);
        batch.to_bytes()
    };
    let check = |bytes| FollowerBatches::check(&follower.log, bytes).map(|batches| batches.end());
    assert_eq!(check(placed(2, 3)), Ok(3));
    assert_eq!(check([placed(2, 3), placed(3, 5)].concat().into()), Ok(4));
    assert_eq!(check(placed(1, 3)), Err(ErrorCode::OffsetOutOfRange));
    assert_eq!(check(placed(3, 3)), Err(ErrorCode::OffsetOutOfRange));
    assert_eq!(check(placed(2, 2)), Err(ErrorCode::UnknownLeaderEpoch));
    assert_eq!(check([placed(2, 4), placed(3, 3)].concat().into()), Err(ErrorCode::UnknownLeaderEpoch));
    let whole = placed(2, 3);
    assert_eq!(check(whole.slice(..whole.len() - 1)), Err(ErrorCode::CorruptMessage));
    let mut flipped = whole.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(check(flipped.into()), Err(ErrorCode::CorruptMessage));
    assert!(follower.world.effects.iter().all(|effect| !matches!(effect, Effect::Close { .. })));
}
