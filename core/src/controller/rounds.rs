//! What the controller does of itself, by the clock.

use super::{Controller, Decision, rules::is_due};
use crate::{
    record::internal::metadata::MetadataRecord,
    time::{Instant, sooner},
};

/// When each was last done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rounds {
    no_op: Instant,
    balance: Instant,
    unclean: Instant,
}

impl Rounds {
    pub fn begin(now: Instant) -> Self {
        Self { no_op: now, balance: now, unclean: now }
    }
}

impl<A> Controller<A> {
    /// The next thing that is due. Asked again, after its records were appended, until there is none.
    pub fn next_due(&mut self, now: Instant) -> Option<Decision<()>> {
        if !self.is_active() || !self.decider.has_room() {
            return None;
        }
        if let Some(fenced) = self.fence_stale(now) {
            return Some(fenced);
        }
        let options = &self.rules.options;
        if options.balance_interval.is_some_and(|interval| is_due(self.rounds.balance, interval, now)) {
            self.rounds.balance = now;
            return Some(self.balance());
        }
        if is_due(self.rounds.unclean, options.unclean_interval, now) {
            self.rounds.unclean = now;
            return Some(self.elect_uncleanly());
        }
        if is_due(self.rounds.no_op, options.no_op_interval, now) {
            self.rounds.no_op = now;
            return Some(Decision::new(vec![MetadataRecord::NoOp], ()));
        }
        None
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        if !self.is_active() {
            return None;
        }
        let options = &self.rules.options;
        let balance = options.balance_interval.map(|interval| self.rounds.balance + interval);
        let unclean = Some(self.rounds.unclean + options.unclean_interval);
        let no_op = Some(self.rounds.no_op + options.no_op_interval);
        let stale = self.heartbeats.next_deadline(self.end());
        sooner(sooner(stale, balance), sooner(unclean, no_op))
    }
}
