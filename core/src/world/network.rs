//! Connections between visitors and brokers: bytes in order, late, in pieces, cut off, reset.
//!
//! N2: what a peer sent before it went away still arrives, so a request may come after the one that was sent in its place.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{ids::ConnectionId, time::Instant};

/// One connection, known by the same number at both ends.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub visitor: u32,
    pub server: u32,
    /// Which life of the broker it leads to.
    pub life: u32,
    pub to_server: Direction,
    pub to_visitor: Direction,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Direction {
    /// Nothing arrives before what was sent earlier.
    pub last_due: Instant,
    /// The receiver does not read.
    pub is_paused: bool,
    /// Arrived while it did not.
    pub held: Vec<Bytes>,
    /// The receiver has let go of it, or has been told that the sender has.
    pub is_closed: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    pub links: BTreeMap<ConnectionId, Link>,
    next: u64,
    /// Of each visitor, until when nothing gets to the brokers, and from them.
    cuts: BTreeMap<(u32, bool), Instant>,
}

impl Network {
    pub fn open(&mut self, visitor: u32, server: u32, life: u32) -> ConnectionId {
        self.next += 1;
        let id = ConnectionId(self.next);
        let (to_server, to_visitor) = (Direction::default(), Direction::default());
        self.links.insert(id, Link { visitor, server, life, to_server, to_visitor });
        id
    }

    pub fn cut(&mut self, visitor: u32, to_server: bool, until: Instant) {
        let cut = self.cuts.entry((visitor, to_server)).or_default();
        *cut = (*cut).max(until);
    }

    /// When something sent at `at` gets through, by the visitor's cuts.
    pub fn passes_at(&self, visitor: u32, to_server: bool, at: Instant) -> Instant {
        self.cuts.get(&(visitor, to_server)).copied().unwrap_or_default().max(at)
    }

    pub fn heal(&mut self) {
        self.cuts.clear();
    }

    pub fn of_visitor(&self, visitor: u32) -> Vec<ConnectionId> {
        self.links.iter().filter(|(_, link)| link.visitor == visitor).map(|(id, _)| *id).collect()
    }

    pub fn of_server(&self, server: u32) -> Vec<ConnectionId> {
        self.links.iter().filter(|(_, link)| link.server == server).map(|(id, _)| *id).collect()
    }

    /// Forgets it once both ends are done with it.
    pub fn tidy(&mut self, id: ConnectionId) {
        if self.links.get(&id).is_some_and(|link| link.to_server.is_closed && link.to_visitor.is_closed) {
            self.links.remove(&id);
        }
    }
}

impl Link {
    pub fn direction(&mut self, to_server: bool) -> &mut Direction {
        if to_server { &mut self.to_server } else { &mut self.to_visitor }
    }
}
