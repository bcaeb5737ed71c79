//! One question at a time to each member (`RequestManager`).

use std::time::Duration;

use crate::{ids::BrokerId, sorted::SortedMap, time::Instant};

/// One question that was asked. Rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId(pub u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Waiting {
        ask: AskId,
        until: Instant,
    },
    /// Nothing is asked before.
    Resting {
        until: Instant,
    },
}

#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    /// Members that are not here may be asked.
    links: SortedMap<BrokerId, Link>,
    next: u64,
}

impl Links {
    /// A question may go to `to`.
    pub fn is_free(&self, to: BrokerId, now: Instant) -> bool {
        match self.links.get(&to) {
            None => true,
            Some(Link::Waiting { until, .. } | Link::Resting { until }) => *until <= now,
        }
    }

    pub fn ask(&mut self, to: BrokerId, until: Instant) -> AskId {
        self.next += 1;
        let ask = AskId(self.next);
        self.links.insert(to, Link::Waiting { ask, until });
        ask
    }

    /// False: nobody waits for that answer any more.
    pub fn answered(&mut self, from: BrokerId, ask: AskId) -> bool {
        let is_awaited = matches!(self.links.get(&from), Some(Link::Waiting { ask: waiting, .. }) if *waiting == ask);
        if is_awaited {
            self.links.remove(&from);
        }
        is_awaited
    }

    pub fn rest(&mut self, from: BrokerId, until: Instant) {
        self.links.insert(from, Link::Resting { until });
    }

    /// What was asked before does not count any more.
    pub fn forget(&mut self) {
        self.links.clear();
    }

    /// When some link is free again.
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let times = self.links.values().map(|link| match link {
            Link::Waiting { until, .. } | Link::Resting { until } => *until,
        });
        times.filter(|until| *until > now).min()
    }
}

/// How long a member rests whose last question failed.
pub(super) const RETRY_BACKOFF: Duration = Duration::from_millis(20);
