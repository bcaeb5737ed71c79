//! What clients saw, and what may not be in it (definitions after Jepsen's Kafka checker, in `core/invariants.md`).

use std::sync::Arc;

use super::swarm::Row;
use crate::{
    ids::{Offset, PartitionIndex},
    runs::Runs,
    sorted::{SortedMap, SortedSet},
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
    /// What a reader saw from an offset on, in order.
    Poll { key: Key, records: Vec<(Offset, u64)> },
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

    pub fn check(&self, row: Row) -> Vec<Anomaly> {
        let mut found = Vec::new();
        let mut logs: SortedMap<Key, SortedMap<Offset, u64>> = SortedMap::new();
        let is_safe = row == Row::Commit || !self.may_have_lost;
        for recorded in self.recorded() {
            let (Operation::Poll { key, records } | Operation::Read { key, records, .. }) = &recorded.operation else {
                continue;
            };
            if self.is_forgotten(*key) {
                continue;
            }
            let log = logs.entry(*key).or_default();
            let mut last = None;
            for &(offset, value) in records {
                if last.is_some_and(|last| last >= offset) {
                    found.push(Anomaly { code: "int-nonmonotonic-poll", what: format!("{key:?} at {offset}") });
                }
                last = Some(offset);
                let before = *log.entry(offset).or_insert(value);
                if before != value && is_safe {
                    let what = format!("{key:?} at {offset}: {before} and {value}");
                    found.push(Anomaly { code: "inconsistent-offsets", what });
                }
            }
        }
        if is_safe {
            self.check_sends(&logs, &mut found);
        }
        found
    }

    fn check_sends(&self, logs: &SortedMap<Key, SortedMap<Offset, u64>>, found: &mut Vec<Anomaly>) {
        let mut offsets: SortedMap<u64, Vec<Offset>> = SortedMap::new();
        for log in logs.values() {
            log.iter().for_each(|(offset, value)| offsets.entry(*value).or_default().push(*offset));
        }
        let reads: SortedMap<Key, (Offset, SortedSet<u64>)> = self.recorded().filter_map(read_of).collect();
        for recorded in self.recorded() {
            let Operation::Send { key, values, outcome, is_once } = &recorded.operation else { continue };
            if self.is_forgotten(*key) {
                continue;
            }
            for (value, place) in values.iter().zip(0..) {
                let at = offsets.get(value).map(Vec::as_slice).unwrap_or_default();
                if at.len() > 1 && *is_once {
                    found.push(Anomaly { code: "duplicate", what: format!("{key:?}: {value} at {at:?}") });
                }
                match outcome {
                    Outcome::Refused if !at.is_empty() => {
                        found.push(Anomaly {
                            code: "R11",
                            what: format!("{key:?}: {value} was refused and is at {at:?}"),
                        });
                    }
                    Outcome::Acknowledged(base) => {
                        let offset = base + place;
                        if at.iter().any(|at| *at != offset) && *is_once {
                            let what = format!("{key:?}: {value} was acknowledged at {offset} and is at {at:?}");
                            found.push(Anomaly { code: "offset-rewrite", what });
                        }
                        let is_lost =
                            reads.get(key).is_some_and(|(start, seen)| offset >= *start && !seen.contains(value));
                        if is_lost {
                            let what = format!("{key:?}: {value} was acknowledged at {offset} and is not there");
                            found.push(Anomaly { code: "lost-write", what });
                        }
                    }
                    Outcome::Refused | Outcome::Unknown => {}
                }
            }
        }
    }
}

fn read_of(recorded: &Recorded) -> Option<(Key, (Offset, SortedSet<u64>))> {
    match &recorded.operation {
        Operation::Read { key, start, records } => {
            Some((*key, (*start, records.iter().map(|(_, value)| *value).collect())))
        }
        _ => None,
    }
}
