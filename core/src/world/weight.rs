//! What a clone of a world takes, about: snapshots are kept within a budget.

use super::{World, server::Server};
use crate::trace::Traced;

/// What a broker, a visitor and a log hold beside what is counted.
const SERVER_BYTES: u64 = 24 * 1024;
const VISITOR_BYTES: u64 = 8 * 1024;

/// Contents that clones share: how much there ever was of it, and how much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    pub made: u64,
    pub held: u64,
}

impl Shared {
    /// Of what is held, what a later `next` does not hold any more.
    fn beside(&self, next: &Self) -> u64 {
        let gone = (next.made - next.held.min(next.made)).saturating_sub(self.made - self.held.min(self.made));
        gone.min(self.held)
    }
}

/// In bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// What a clone copies.
    own: u64,
    events: Shared,
    records: Shared,
}

impl Weight {
    /// What goes if this one goes and the next later one stays.
    pub fn beside(&self, next: &Self) -> u64 {
        self.own + self.events.beside(&next.events) + self.records.beside(&next.records)
    }
}

impl World {
    pub(super) fn weight(&self) -> Weight {
        let mut weight = Weight { own: self.schedule.own_bytes() + self.happenings.own_bytes(), ..Weight::default() };
        weight.own += self.history.own_bytes() + self.invariants.own_bytes();
        weight.own += self.visitors.len() as u64 * VISITOR_BYTES;
        (weight.events.made, weight.events.held) = self.happenings.contents();
        for server in &self.servers {
            server.weigh(&mut weight);
        }
        weight
    }
}

impl Server {
    fn weigh(&self, weight: &mut Weight) {
        weight.own += SERVER_BYTES + self.disk.own_bytes();
        weight.records.made += self.disk.written();
        weight.records.held += self.disk.used();
        if let Some(trace) = self.trace() {
            let of = |events: u64| events * size_of::<Traced>() as u64;
            weight.own += trace.own_bytes();
            weight.events.made += of(trace.next());
            weight.events.held += of(trace.kept());
        }
        if let Some(topics) = self.node.as_ref().and_then(|node| node.topics()) {
            weight.own += topics.partitions.iter().map(|partition| partition.log().own_bytes()).sum::<u64>();
        }
    }
}
