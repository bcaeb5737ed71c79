//! The memory budget of a dir: which run of which log was begun first, so that it goes first.

use std::collections::VecDeque;

use super::LogDir;
use crate::ids::TopicPartition;

#[derive(Clone, Debug, Default)]
pub(super) struct HotBudget {
    used: u64,
    /// Runs in the order in which they were begun. Some are gone already.
    runs: VecDeque<(TopicPartition, u64)>,
}

impl LogDir {
    /// Memory of batches of all logs here, in bytes.
    pub fn hot_bytes(&self) -> u64 {
        self.hot.used
    }

    /// From here on there is so much of it.
    pub(crate) fn limit_memory(&mut self, hot_bytes: u64) {
        self.options.hot_bytes_max = hot_bytes;
    }

    pub(crate) fn is_over_budget(&self) -> bool {
        self.hot.used > self.options.hot_bytes_max
    }

    pub(in crate::log) fn add_hot(&mut self, id: TopicPartition, bytes: u64, new_run: Option<u64>) {
        self.hot.used += bytes;
        self.hot.runs.extend(new_run.map(|run| (id, run)));
    }

    pub(in crate::log) fn free_hot(&mut self, bytes: u64) {
        self.hot.used -= bytes;
    }

    /// How many runs may be asked to leave.
    pub(crate) fn run_count(&self) -> usize {
        self.hot.runs.len()
    }

    /// Forgets runs that are not there any more.
    pub(crate) fn retain_runs(&mut self, mut is_there: impl FnMut(TopicPartition, u64) -> bool) {
        self.hot.runs.retain(|(id, run)| is_there(*id, *run));
    }

    /// The run that was begun first. It leaves, or is put back.
    pub(crate) fn next_run(&mut self) -> Option<(TopicPartition, u64)> {
        self.hot.runs.pop_front()
    }

    /// To where it was taken from, if it `is_first`, or behind all others.
    pub(crate) fn put_run_back(&mut self, id: TopicPartition, run: u64, is_first: bool) {
        if is_first {
            self.hot.runs.push_front((id, run));
        } else {
            self.hot.runs.push_back((id, run));
        }
    }
}
