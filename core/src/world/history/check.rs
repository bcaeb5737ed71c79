//! What may not be in a history. Names and definitions are those of Jepsen's Kafka checker, as far as they apply to one
//! partition at a time.
//!
//! - `inconsistent-offsets`: an offset had two values.
//! - `duplicate`: a value that was sent once only stands at two offsets.
//! - `lost-write`: a value was acknowledged, a later one was read, and it was not.
//! - `unseen`: the same of a value behind which nothing was read.
//! - `G1a`: a value that was refused was read.
//! - `precommitted-read`: a value was read before it was sent.
//! - `poll-skip`, `nonmonotonic-poll`: between two polls of one reader values are left out, or come again.
//! - `int-poll-skip`, `int-nonmonotonic-poll`: the same within one poll.
//! - `nonmonotonic-send`: of two sends the later one stands before the earlier one.
//! - `offset-rewrite` (ours): a value does not stand where its acknowledgement says.
//!
//! Where values stand is taken from everything that was read and from acknowledgements. Offsets are compared by their rank
//! among those that hold something, since a log may have gaps.
//!
//! Transactions bring `G1b`, `G1c` and their kin: a pass of its own over the same `Standing`.

use super::{Anomaly, History, Key, Operation, Outcome, Recorded};
use crate::{
    ids::Offset,
    sorted::{SortedMap, SortedSet},
    time::Instant,
    world::swarm::Row,
};

/// Where the values of one log stand.
#[derive(Debug, Default)]
struct Standing {
    at: SortedMap<Offset, SortedSet<u64>>,
    /// Of those that were read, each value's offsets.
    read: SortedMap<u64, SortedSet<Offset>>,
    /// The last readers': from where on, and what.
    last: Option<(Offset, SortedSet<u64>)>,
    /// The last offset that anybody read.
    bound: Option<Offset>,
    /// The place of each offset that holds something.
    ranks: SortedMap<Offset, i64>,
}

impl History {
    /// Everything in it that may not be. What a row lets a loss of power take, it may take.
    pub fn check(&self, row: Row) -> Vec<Anomaly> {
        let standings = self.standings();
        let mut found = Vec::new();
        self.check_within_polls(&standings, &mut found);
        if row == Row::Commit || !self.may_have_lost {
            check_offsets(&standings, &mut found);
            self.check_sends(&standings, &mut found);
            self.check_polls(&standings, &mut found);
            self.check_order_of_sends(&standings, &mut found);
        }
        found
    }

    fn kept(&self) -> impl Iterator<Item = &Recorded> {
        self.recorded().filter(|recorded| !self.is_forgotten(recorded.operation.key()))
    }

    fn standings(&self) -> SortedMap<Key, Standing> {
        let mut standings: SortedMap<Key, Standing> = SortedMap::new();
        for recorded in self.kept() {
            let standing = standings.entry(recorded.operation.key()).or_default();
            match &recorded.operation {
                Operation::Send { values, outcome: Outcome::Acknowledged(base), .. } => {
                    for (value, offset) in values.iter().zip(*base..) {
                        standing.at.entry(offset).or_default().insert(*value);
                    }
                }
                Operation::Poll { records, .. } | Operation::Read { records, .. } => {
                    for (offset, value) in records {
                        standing.at.entry(*offset).or_default().insert(*value);
                        standing.read.entry(*value).or_default().insert(*offset);
                        standing.bound = standing.bound.max(Some(*offset));
                    }
                    if let Operation::Read { start, .. } = &recorded.operation {
                        standing.last = Some((*start, records.iter().map(|(_, value)| *value).collect()));
                    }
                }
                Operation::Send { .. } | Operation::Reset { .. } => {}
            }
        }
        for standing in standings.values_mut() {
            standing.ranks = standing.at.keys().copied().zip(0..).collect();
        }
        standings
    }

    fn check_sends(&self, standings: &SortedMap<Key, Standing>, found: &mut Vec<Anomaly>) {
        let mut begun: SortedMap<u64, Instant> = SortedMap::new();
        for recorded in self.kept() {
            let Operation::Send { key, values, outcome, is_once } = &recorded.operation else { continue };
            let Some(standing) = standings.get(key) else { continue };
            for (value, place) in values.iter().zip(0..) {
                begun.insert(*value, recorded.begun);
                let at = standing.read.get(value);
                let mut anomaly = |code, what: String| found.push(Anomaly { code, what: format!("{key:?}: {what}") });
                if let Some(at) = at.filter(|at| at.len() > 1 && *is_once) {
                    anomaly("duplicate", format!("{value} at {at:?}"));
                }
                match outcome {
                    Outcome::Refused if at.is_some() => {
                        anomaly("G1a", format!("{value} was refused and was read at {at:?}"));
                    }
                    Outcome::Acknowledged(base) => {
                        let offset = base + place;
                        if let Some(at) = at.filter(|at| *is_once && !at.contains(&offset)) {
                            anomaly("offset-rewrite", format!("{value} was acknowledged at {offset} and is at {at:?}"));
                        }
                        if standing.last.as_ref().is_some_and(|(start, seen)| offset >= *start && !seen.contains(value))
                        {
                            let is_within = standing.bound.is_some_and(|bound| offset < bound);
                            let code = if is_within { "lost-write" } else { "unseen" };
                            anomaly(code, format!("{value} was acknowledged at {offset} and is not there"));
                        }
                    }
                    Outcome::Refused | Outcome::Unknown => {}
                }
            }
        }
        self.check_times(&begun, found);
    }

    fn check_times(&self, begun: &SortedMap<u64, Instant>, found: &mut Vec<Anomaly>) {
        for recorded in self.kept() {
            let Some(records) = recorded.operation.records() else { continue };
            for (offset, value) in records {
                if begun.get(value).is_some_and(|begun| *begun > recorded.ended) {
                    let what =
                        format!("{:?}: {value} was read at {offset} before it was sent", recorded.operation.key());
                    found.push(Anomaly { code: "precommitted-read", what });
                }
            }
        }
    }

    fn check_within_polls(&self, standings: &SortedMap<Key, Standing>, found: &mut Vec<Anomaly>) {
        for recorded in self.kept() {
            let Some(records) = recorded.operation.records() else { continue };
            let key = recorded.operation.key();
            let ranks = standings.get(&key).map(|standing| &standing.ranks);
            for pair in records.windows(2) {
                let (before, after) = (pair[0].0, pair[1].0);
                let code = match ranks.and_then(|ranks| step(ranks, before, after)) {
                    Some(2..) => "int-poll-skip",
                    Some(..=0) => "int-nonmonotonic-poll",
                    _ => continue,
                };
                found.push(Anomaly { code, what: format!("{key:?}: from {before} to {after}") });
            }
        }
    }

    /// Between two polls of one reader, unless it was told to go on elsewhere.
    fn check_polls(&self, standings: &SortedMap<Key, Standing>, found: &mut Vec<Anomaly>) {
        let mut left_off: SortedMap<(u32, Key), Offset> = SortedMap::new();
        for recorded in self.kept() {
            let reader = (recorded.visitor, recorded.operation.key());
            match &recorded.operation {
                Operation::Reset { .. } => _ = left_off.remove(&reader),
                Operation::Poll { key, records } => {
                    let (Some((first, _)), Some((last, _))) = (records.first(), records.last()) else { continue };
                    let before = left_off.insert(reader, *last);
                    let ranks = standings.get(key).map(|standing| &standing.ranks);
                    let step = before.and_then(|before| step(ranks?, before, *first));
                    let code = match step {
                        Some(2..) => "poll-skip",
                        Some(..=0) => "nonmonotonic-poll",
                        _ => continue,
                    };
                    let what = format!("{key:?}: visitor {} left off at {before:?} and goes on at {first}", reader.0);
                    found.push(Anomaly { code, what });
                }
                Operation::Send { .. } | Operation::Read { .. } => {}
            }
        }
    }

    /// A send that began after another had been acknowledged stands behind it.
    fn check_order_of_sends(&self, standings: &SortedMap<Key, Standing>, found: &mut Vec<Anomaly>) {
        // In the order in which they ended: when, and the furthest offset until then.
        let mut ended: SortedMap<(u32, Key), Vec<(Instant, Offset)>> = SortedMap::new();
        for recorded in self.kept() {
            let Operation::Send { key, outcome: Outcome::Acknowledged(base), .. } = &recorded.operation else {
                continue;
            };
            let before = ended.entry((recorded.visitor, *key)).or_default();
            let earlier = before.partition_point(|(ended, _)| *ended <= recorded.begun);
            if let Some((_, furthest)) = earlier.checked_sub(1).and_then(|last| before.get(last))
                && standings.get(key).and_then(|standing| step(&standing.ranks, *furthest, *base)) < Some(1)
            {
                let what = format!("{key:?}: visitor {} sent to {base} after {furthest}", recorded.visitor);
                found.push(Anomaly { code: "nonmonotonic-send", what });
            }
            let furthest = before.last().map_or(*base, |(_, furthest)| *base.max(furthest));
            before.push((recorded.ended, furthest));
        }
    }
}

fn check_offsets(standings: &SortedMap<Key, Standing>, found: &mut Vec<Anomaly>) {
    for (key, standing) in standings {
        for (offset, values) in standing.at.iter().filter(|(_, values)| values.len() > 1) {
            found.push(Anomaly { code: "inconsistent-offsets", what: format!("{key:?} at {offset}: {values:?}") });
        }
    }
}

/// How many ranks it is from one offset to the other.
fn step(ranks: &SortedMap<Offset, i64>, from: Offset, to: Offset) -> Option<i64> {
    Some(ranks.get(&to)? - ranks.get(&from)?)
}

impl Operation {
    fn key(&self) -> Key {
        match self {
            Self::Send { key, .. } | Self::Poll { key, .. } | Self::Reset { key } | Self::Read { key, .. } => *key,
        }
    }

    fn records(&self) -> Option<&[(Offset, u64)]> {
        match self {
            Self::Poll { records, .. } | Self::Read { records, .. } => Some(records),
            Self::Send { .. } | Self::Reset { .. } => None,
        }
    }
}
