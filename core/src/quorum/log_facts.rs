//! What a quorum knows of the log that its owner keeps.

use super::message::LogPosition;
use crate::{
    ids::{LeaderEpoch, Offset},
    log::leader_epoch::LeaderEpochs,
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFacts {
    pub start: Offset,
    /// Of the record before the start, if the log begins with a snapshot.
    pub start_epoch: LeaderEpoch,
    pub end: Offset,
    /// Everything below is durable.
    pub synced_end: Offset,
    pub epochs: LeaderEpochs,
}

impl LogFacts {
    pub fn last(&self) -> LogPosition {
        LogPosition { epoch: self.epochs.latest().unwrap_or(self.start_epoch), offset: self.end }
    }

    /// A log that holds nothing but a snapshot.
    pub fn from_snapshot(snapshot: LogPosition) -> Self {
        let LogPosition { epoch, offset } = snapshot;
        Self { start: offset, start_epoch: epoch, end: offset, synced_end: offset, epochs: LeaderEpochs::default() }
    }

    /// The snapshot it begins with.
    pub fn first(&self) -> LogPosition {
        LogPosition { epoch: self.start_epoch, offset: self.start }
    }

    /// Whether a log that ends at `from` can go on only with the snapshot this one begins with
    /// (`RaftLog.validateOffsetAndEpoch`).
    pub fn is_below_start(&self, from: LogPosition) -> bool {
        let is_other = from.offset == self.start && from.epoch != self.start_epoch;
        self.start > 0 && (from.offset < self.start || is_other || from.epoch < self.start_epoch)
    }

    /// What lies before `snapshot` is let go.
    pub fn raise_start(&mut self, snapshot: LogPosition) {
        (self.start, self.start_epoch) = (snapshot.offset, snapshot.epoch);
        self.epochs.truncate_start(snapshot.offset.min(self.end));
        if snapshot.offset == self.end {
            // What is left of the epochs is the snapshot's.
            self.epochs = LeaderEpochs::default();
        }
    }

    /// Where a log that ends at `from` parts from this one. `None`: it is a prefix of this one.
    pub fn divergence(&self, from: LogPosition) -> Option<LogPosition> {
        if from.offset == 0 && from.epoch == 0 {
            return None;
        }
        let (epoch, offset) = self.epochs.end_of(from.epoch, self.end).unwrap_or((self.last().epoch, self.end));
        let is_prefix = epoch == from.epoch && from.offset <= offset;
        (!is_prefix).then_some(LogPosition { epoch, offset })
    }

    /// Where this log must be cut so that it may be a prefix of one whose part up to `theirs.epoch` ends at `theirs`.
    pub fn cut_for(&self, theirs: LogPosition) -> Offset {
        match self.epochs.end_of(theirs.epoch, self.end) {
            Some((epoch, end)) if epoch == theirs.epoch => end.min(theirs.offset),
            // Nothing of that epoch is here: what lies in front of it may be common.
            Some((epoch, end)) if epoch < theirs.epoch => end.min(self.end),
            Some(_) => self.start,
            None => self.end.min(theirs.offset),
        }
    }

    /// Records of `epoch` were appended up to `end`.
    pub fn append(&mut self, epoch: LeaderEpoch, end: Offset) {
        self.epochs.assign(epoch, self.end);
        self.end = end;
    }

    pub fn truncate(&mut self, to: Offset) {
        self.epochs.truncate_end(to);
        self.end = self.end.min(to);
        self.synced_end = self.synced_end.min(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(rows: &[(LeaderEpoch, Offset)], end: Offset) -> LogFacts {
        LogFacts {
            end,
            synced_end: end,
            epochs: LeaderEpochs::from_rows(rows.to_vec()).unwrap(),
            ..LogFacts::default()
        }
    }

    fn at(epoch: LeaderEpoch, offset: Offset) -> LogPosition {
        LogPosition { epoch, offset }
    }

    #[test]
    fn a_log_parts_from_the_leaders_where_an_epoch_ends() {
        let leader = facts(&[(1, 0), (3, 10)], 20);
        let cases = [
            (at(0, 0), None),
            (at(1, 5), None),
            (at(1, 10), None),
            (at(1, 11), Some(at(1, 10))),
            (at(2, 10), Some(at(1, 10))),
            (at(2, 15), Some(at(1, 10))),
            (at(3, 20), None),
            (at(3, 21), Some(at(3, 20))),
            (at(4, 12), Some(at(3, 20))),
        ];
        for (from, parts) in cases {
            assert_eq!(leader.divergence(from), parts, "{from:?}");
        }
    }

    #[test]
    fn a_log_that_begins_with_a_snapshot_takes_up_others_behind_it() {
        let mut leader = facts(&[(1, 0), (3, 10)], 20);
        leader.raise_start(at(3, 15));
        assert_eq!((leader.first(), leader.epochs.rows()), (at(3, 15), &[(3, 15)][..]));
        let cases = [
            (at(0, 0), true),
            (at(1, 10), true),
            (at(3, 14), true),
            (at(2, 15), true),
            (at(2, 18), true),
            (at(3, 15), false),
            (at(3, 18), false),
            (at(4, 18), false),
        ];
        for (from, is_below) in cases {
            assert_eq!(leader.is_below_start(from), is_below, "{from:?}");
        }
        leader.raise_start(at(3, 20));
        assert_eq!((leader.last(), leader.divergence(at(3, 20))), (at(3, 20), None));
        leader.append(5, 22);
        assert_eq!((leader.divergence(at(3, 20)), leader.divergence(at(4, 21))), (None, Some(at(4, 20))));
        assert!(!facts(&[(1, 0)], 5).is_below_start(at(0, 0)));
    }

    #[test]
    fn a_log_is_cut_where_the_leaders_may_go_on() {
        assert_eq!(facts(&[(1, 0), (2, 10)], 15).cut_for(at(1, 10)), 10);
        assert_eq!(facts(&[(1, 0)], 12).cut_for(at(1, 10)), 10);
        assert_eq!(facts(&[(1, 0), (4, 7)], 12).cut_for(at(3, 20)), 7);
        assert_eq!(facts(&[(2, 0)], 5).cut_for(at(1, 10)), 0);
        assert_eq!(facts(&[], 0).cut_for(at(1, 10)), 0);
    }
}
