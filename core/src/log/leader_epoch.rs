//! Where each leader epoch of a log starts (Kafka's `LeaderEpochFileCache`).

use crate::ids::{LeaderEpoch, Offset};

/// Invariant: epochs and their start offsets rise strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochs {
    starts: Vec<(LeaderEpoch, Offset)>,
}

impl LeaderEpochs {
    /// The rows of a checkpoint. `None` where they do not rise.
    pub fn from_rows(rows: Vec<(LeaderEpoch, Offset)>) -> Option<Self> {
        let rises = rows.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1);
        let is_sane = rows.first().is_none_or(|row| row.0 >= 0 && row.1 >= 0);
        (rises && is_sane).then_some(Self { starts: rows })
    }

    pub fn rows(&self) -> &[(LeaderEpoch, Offset)] {
        &self.starts
    }

    pub fn latest(&self) -> Option<LeaderEpoch> {
        self.starts.last().map(|row| row.0)
    }

    /// The epoch that the record at `offset` was written in.
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let after = self.starts.partition_point(|row| row.1 <= offset);
        after.checked_sub(1).map(|at| self.starts[at].0)
    }

    /// `epoch` begins at `start`, the log's end. An epoch that got no record before another began is forgotten. True
    /// if it is a new one.
    pub fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if self.latest().is_some_and(|latest| latest >= epoch) {
            return false;
        }
        self.truncate_end(start);
        self.starts.push((epoch, start));
        true
    }

    /// Takes the latest assignment back.
    pub fn truncate_last(&mut self) {
        self.starts.pop();
    }

    /// Forgets epochs that begin at or beyond `end`.
    pub fn truncate_end(&mut self, end: Offset) -> bool {
        let before = self.starts.len();
        self.starts.retain(|row| row.1 < end);
        self.starts.len() != before
    }

    /// Forgets epochs that end at or below `start`; the one that holds `start` begins there from then on.
    pub fn truncate_start(&mut self, start: Offset) -> bool {
        let after = self.starts.partition_point(|row| row.1 <= start);
        match after.checked_sub(1) {
            Some(holds) if holds > 0 || self.starts[0].1 < start => {
                self.starts.drain(..holds);
                self.starts[0].1 = start;
                true
            }
            _ => false,
        }
    }

    /// KIP-101/320: the largest epoch at or below `epoch`, and where it ends in a log that ends at `log_end`. `None` for
    /// an epoch beyond all.
    pub fn end_of(&self, epoch: LeaderEpoch, log_end: Offset) -> Option<(LeaderEpoch, Offset)> {
        if epoch < 0 || self.latest()? < epoch {
            return None;
        }
        if self.latest()? == epoch {
            return Some((epoch, log_end));
        }
        let higher = self.starts.partition_point(|row| row.0 <= epoch);
        let end = self.starts[higher].1;
        // Kafka answers for an epoch older than all of them that it ends where the first begins.
        Some((higher.checked_sub(1).map_or(epoch, |at| self.starts[at].0), end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> LeaderEpochs {
        LeaderEpochs::from_rows(vec![(2, 5), (4, 9), (7, 20)]).unwrap()
    }

    #[test]
    fn the_end_of_an_epoch_is_the_start_of_the_next() {
        let ends = [(1, Some((1, 5))), (2, Some((2, 9))), (3, Some((2, 9))), (6, Some((4, 20))), (7, Some((7, 30)))];
        for (epoch, end) in ends.into_iter().chain([(8, None), (-1, None)]) {
            assert_eq!(cache().end_of(epoch, 30), end, "epoch {epoch}");
        }
        assert_eq!(LeaderEpochs::default().end_of(0, 0), None);
        assert_eq!((cache().epoch_at(4), cache().epoch_at(19), cache().epoch_at(20)), (None, Some(4), Some(7)));
    }

    #[test]
    fn an_epoch_without_records_gives_way() {
        let mut epochs = cache();
        assert!(!epochs.assign(7, 40) && !epochs.assign(3, 40));
        assert!(epochs.assign(8, 30) && epochs.assign(9, 30));
        assert_eq!(epochs.rows(), [(2, 5), (4, 9), (7, 20), (9, 30)]);
    }

    #[test]
    fn both_ends_are_cut() {
        let mut epochs = cache();
        assert!(epochs.truncate_end(20) && !epochs.truncate_end(20));
        assert_eq!(epochs.rows(), [(2, 5), (4, 9)]);
        assert!(!epochs.truncate_start(5) && epochs.truncate_start(7));
        assert_eq!(epochs.rows(), [(2, 7), (4, 9)]);
        assert!(epochs.truncate_start(9) && !epochs.truncate_start(9));
        assert_eq!(epochs.rows(), [(4, 9)]);
    }

    #[test]
    fn rows_that_do_not_rise_are_refused() {
        for rows in [vec![(1, 0), (1, 5)], vec![(1, 5), (2, 5)], vec![(-1, 0)], vec![(0, -3)]] {
            assert_eq!(LeaderEpochs::from_rows(rows.clone()), None, "{rows:?}");
        }
    }
}
