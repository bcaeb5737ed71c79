//! All partitions of a broker over their one log dir: what has to be done for all of them, and when.

use std::sync::Arc;

use super::Partition;
use crate::{
    config::TopicConfig,
    ids::{LeaderEpoch, Offset, TopicPartition},
    log::{CommitOutcome, DirState, Log, LogDir, Mark},
    sorted::SortedMap,
    time::{Instant, sooner},
    turn::Turn,
};

/// How often silent producers are forgotten (`producer.id.expiration.check.interval.ms`).
const EXPIRATION_CHECK: std::time::Duration = std::time::Duration::from_secs(600);

/// Runs that are gone, by retention or with their topic, may be remembered up to this many and as many as are there.
const RUNS_UNSWEPT: usize = 1024;

#[derive(Clone, Debug, Default)]
pub struct Partitions {
    partitions: SortedMap<TopicPartition, Partition>,
    retention_at: Option<Instant>,
    checkpoint_at: Option<Instant>,
    expiration_at: Option<Instant>,
    /// The epoch that every partition has entered.
    epoch: LeaderEpoch,
    /// Runs of memory that were there when those that are gone were last forgotten.
    runs_swept: usize,
}

impl Partitions {
    /// Those that recovery opened; `config_of` gives each its topic's.
    pub fn open(dir: &LogDir, logs: Vec<Log>, config_of: impl Fn(TopicPartition) -> Arc<TopicConfig>) -> Self {
        let opened = logs.into_iter().map(|log| {
            let id = log.id();
            (id, Partition::open(dir, log, config_of(id)))
        });
        Self { partitions: opened.collect(), ..Self::default() }
    }

    pub fn insert(&mut self, partition: Partition) {
        self.partitions.insert(partition.id(), partition);
    }

    pub fn take(&mut self, id: TopicPartition) -> Option<Partition> {
        self.partitions.remove(&id)
    }

    pub fn get(&self, id: TopicPartition) -> Option<&Partition> {
        self.partitions.get(&id)
    }

    pub fn get_mut(&mut self, id: TopicPartition) -> Option<&mut Partition> {
        self.partitions.get_mut(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Partition> {
        self.partitions.values()
    }

    /// None is led here until the controller says so.
    pub fn withhold(&mut self) {
        for partition in self.partitions.values_mut() {
            let epoch = partition.log().latest_epoch();
            partition.set_leadership(epoch, false);
        }
    }

    /// Tells every partition what became of a commit. Gives those whose high watermark moved.
    pub fn on_outcome(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        outcome: &CommitOutcome,
    ) -> Vec<TopicPartition> {
        let mut moved = Vec::new();
        match outcome {
            CommitOutcome::Committed(marks) => {
                for mark in marks {
                    if let Mark::LogEnd(id, end) = mark
                        && let Some(partition) = self.partitions.get_mut(id)
                        && partition.on_committed(turn, *end)
                    {
                        moved.push(*id);
                    }
                }
                // Every commit comes by here: all partitions are looked at only when there is something to tell them.
                if self.epoch < dir.epoch() {
                    self.epoch = dir.epoch();
                    self.partitions.values_mut().for_each(|partition| partition.enter_epoch(dir.epoch()));
                }
            }
            CommitOutcome::Failed { state, .. } => {
                for (id, partition) in self.partitions.iter_mut() {
                    let before = partition.high_watermark();
                    // What became of it is unknown while the dir is offline: nothing of it is read or written either.
                    if !matches!(state, DirState::Offline(_)) {
                        partition.on_failed(turn, dir);
                    }
                    if partition.high_watermark() != before {
                        moved.push(*id);
                    }
                }
            }
        }
        moved
    }

    /// The end of a turn: memory over its budget goes, checkpoints are written when enough was, the commit is issued.
    pub fn finish_turn(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        if dir.state() == DirState::Online && dir.is_checkpoint_due() {
            self.checkpoint(turn, dir);
        }
        self.shed(dir);
        dir.issue(turn);
    }

    /// When `on_tick` has something to do.
    pub fn next_deadline(&self, dir: &LogDir) -> Option<Instant> {
        let own = sooner(sooner(self.retention_at, self.checkpoint_at), self.expiration_at);
        sooner(own, dir.next_deadline())
    }

    /// Retention, checkpoints, producers that are silent for long, and a dir that may be writable again.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let now = turn.now.monotonic;
        dir.on_tick(turn);
        // The first tick only sets the times.
        if is_due(&mut self.retention_at, now, dir.options().retention_check) {
            for partition in self.partitions.values_mut() {
                partition.apply_retention(turn, dir);
            }
        }
        if is_due(&mut self.expiration_at, now, EXPIRATION_CHECK) {
            for partition in self.partitions.values_mut() {
                partition.log_mut().expire_producers(turn.now.wall);
            }
        }
        if is_due(&mut self.checkpoint_at, now, dir.options().checkpoint) && dir.state() == DirState::Online {
            self.checkpoint(turn, dir);
        }
    }

    /// Queues a clean shutdown: `Mark::CleanShutdown` comes back once all of it is durable, and nothing may be queued
    /// after it. False if the dir cannot be written: there is nothing to wait for.
    pub fn stop(&mut self, dir: &mut LogDir) -> bool {
        if dir.state() != DirState::Online {
            return false;
        }
        let mut ends: SortedMap<TopicPartition, Offset> = SortedMap::new();
        for (id, partition) in self.partitions.iter_mut() {
            partition.log_mut().checkpoint(dir);
            ends.insert(*id, partition.log().log_end_offset());
        }
        dir.enqueue_clean_shutdown(&ends);
        true
    }

    fn checkpoint(&mut self, turn: &Turn<'_>, dir: &mut LogDir) {
        self.checkpoint_at = Some(turn.now.monotonic + dir.options().checkpoint);
        for partition in self.partitions.values_mut() {
            partition.log_mut().checkpoint(dir);
        }
        dir.checkpoint();
    }

    /// Has runs leave memory, those begun first before the others, until the budget is kept.
    fn shed(&mut self, dir: &mut LogDir) {
        if dir.run_count() > 2 * self.runs_swept + RUNS_UNSWEPT {
            let partitions = &self.partitions;
            dir.retain_runs(|id, run| partitions.get(&id).is_some_and(|partition| partition.log().has_run(run)));
            self.runs_swept = dir.run_count();
        }
        // Each run is asked once: what is not committed has to stay.
        for _ in 0..dir.run_count() {
            let Some((id, run)) = dir.next_run() else { break };
            let Some(partition) = self.partitions.get_mut(&id).filter(|partition| partition.log().has_run(run)) else {
                continue;
            };
            if !dir.is_over_budget() || !partition.log_mut().evict(dir, run) {
                dir.put_run_back(id, run, !dir.is_over_budget());
            }
            if !dir.is_over_budget() {
                break;
            }
        }
    }
}

/// Whether it is time; then the next time is set. Nothing is due at the first asking.
fn is_due(at: &mut Option<Instant>, now: Instant, every: std::time::Duration) -> bool {
    let is_due = at.is_some_and(|at| at <= now);
    if is_due || at.is_none() {
        *at = Some(now + every);
    }
    is_due
}
