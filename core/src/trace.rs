//! What happened, as data. The playground draws it, tests compare it, a failing seed prints it, a digest sums it.
//!
//! Events carry small copyable fields and never payload bytes or prose; each names the request or the storage
//! work that led to it, so that one request's path can be followed.

pub mod digest;
pub mod event;
pub mod print;

pub use digest::Digest;
pub use event::Event;

use crate::{ids::BrokerId, runs::Runs, time::Instant};

/// An event, when and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traced {
    pub at: Instant,
    pub node: BrokerId,
    /// Rises by one per event of this node, whether kept or not.
    pub number: u64,
    pub event: Event,
}

/// The latest events of one node in a ring of fixed size, and the digest of all of them.
#[derive(Clone, Debug)]
pub struct Trace {
    node: BrokerId,
    kept: Runs<Traced>,
    kept_max: u64,
    next: u64,
    digest: Digest,
}

impl Trace {
    pub fn new(node: BrokerId, kept_max: u32) -> Self {
        Self { node, kept: Runs::default(), kept_max: u64::from(kept_max), next: 0, digest: Digest::default() }
    }

    pub fn note(&mut self, at: Instant, event: Event) {
        let traced = Traced { at, node: self.node, number: self.next, event };
        self.next += 1;
        self.digest.add(&traced);
        if self.kept_max == 0 {
            return;
        }
        self.kept.push(traced);
        self.kept.drop_below(self.next.saturating_sub(self.kept_max));
    }

    /// Events from `number` on that are still kept.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &Traced> {
        self.kept.iter_from(number.max(self.next.saturating_sub(self.kept_max)))
    }

    /// Lets go of events before `number`, about: whoever wanted them has them.
    pub(crate) fn forget_before(&mut self, number: u64) {
        self.kept.drop_below(number);
    }

    /// How many events are kept.
    pub(crate) fn kept(&self) -> u64 {
        self.kept.end() - self.kept.first()
    }

    /// What a clone copies, in bytes.
    pub(crate) fn own_bytes(&self) -> u64 {
        self.kept.own_bytes()
    }

    /// The number that the next event will get.
    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn digest(&self) -> u64 {
        self.digest.value()
    }
}
