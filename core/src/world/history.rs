//! What clients saw. What may not be in it is in `check`.

mod check;

use std::sync::Arc;

use crate::{
    ids::{Offset, PartitionIndex},
    runs::Runs,
    sorted::SortedSet,
    time::Instant,
};

/// A partition of a topic that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub topic: u32,
    pub partition: PartitionIndex,
}

/// How a send ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first record's offset.
    Acknowledged(Offset),
    /// Refused for certain: it is not there and never will be.
    Refused,
    /// Nobody knows.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Values are unique over all sends. `is_once`: sent under a producer id.
    Send { key: Key, values: Vec<u64>, outcome: Outcome, is_once: bool },
    /// What a reader saw where it had left off, in order.
    Poll { key: Key, records: Vec<(Offset, u64)> },
    /// A reader goes on elsewhere than where it left off, because it was told to.
    Reset { key: Key },
    /// The last readers reached the end of the log, which began here.
    Read { key: Key, start: Offset, records: Vec<(Offset, u64)> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub visitor: u32,
    pub begun: Instant,
    pub ended: Instant,
    pub operation: Operation,
}

/// Something that may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    pub code: &'static str,
    pub what: String,
}

#[derive(Clone, Debug, Default)]
pub struct History {
    recorded: Runs<Arc<Recorded>>,
    /// Logs of which nothing is promised: their files were damaged.
    forgotten: SortedSet<Key>,
    /// A loss of power may have taken acknowledged records, by what the row promises.
    pub may_have_lost: bool,
}

impl History {
    pub fn push(&mut self, recorded: Recorded) {
        self.recorded.push(Arc::new(recorded));
    }

    /// The cluster is another one: nothing that was seen says anything of it.
    pub(super) fn begin_anew(&mut self) {
        self.recorded = Runs::default();
        (self.forgotten, self.may_have_lost) = (SortedSet::new(), false);
    }

    /// Nothing is promised of this log any more.
    pub(super) fn forget(&mut self, key: Key) {
        self.forgotten.insert(key);
    }

    pub fn is_forgotten(&self, key: Key) -> bool {
        self.forgotten.contains(&key)
    }

    pub fn recorded(&self) -> impl Iterator<Item = &Recorded> {
        self.recorded.iter().map(|recorded| &**recorded)
    }

    /// What a clone copies, in bytes.
    pub(super) fn own_bytes(&self) -> u64 {
        self.recorded.own_bytes()
    }
}

#[cfg(test)]
mod tests;
