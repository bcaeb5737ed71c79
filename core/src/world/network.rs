//! Connections between those who dial and brokers: bytes in order, late, in pieces, held, cut off, reset, lost.
//!
//! A connection is one of TCP: what comes through comes once and in order, and what a peer sent before it went away still
//! arrives, perhaps after what was sent in its place (N2). A broker that dials another is a dialler like any visitor.

use std::time::Duration;

use bytes::Bytes;

use super::schedule::Dialler;
use crate::{ids::ConnectionId, rng::Rng, sorted::SortedMap, time::Instant};

/// Who is at an end of a connection. Numbers count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    Visitor(u32),
    Server(u32),
    /// Nobody's: what it is told goes nowhere.
    Stranger,
}

/// One direction between two, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    pub from: Peer,
    pub to: Peer,
    pub is_both: bool,
}

impl Path {
    /// Both directions of a link are the same whoever stands first: a visitor does, or the broker of the lower number.
    pub fn in_order(self) -> Self {
        match self.is_both && self.from > self.to {
            true => Self { from: self.to, to: self.from, ..self },
            false => self,
        }
    }

    pub fn directions(self) -> impl Iterator<Item = (Peer, Peer)> {
        [(self.from, self.to), (self.to, self.from)].into_iter().take(1 + usize::from(self.is_both))
    }
}

/// One connection, known by the same number at both ends.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub dialler: Peer,
    /// Which life of the dialler's it belongs to.
    pub dialler_life: u32,
    pub server: u32,
    /// Which life of the broker it leads to.
    pub life: u32,
    pub to_server: Direction,
    pub to_dialler: Direction,
    /// What the dialler sent last, one whole request.
    pub last_request: Bytes,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Direction {
    /// Nothing arrives before what was sent earlier.
    pub last_due: Instant,
    /// The receiver does not read.
    pub is_paused: bool,
    /// Nothing gets out of the network before.
    pub held_until: Instant,
    /// Arrived while it was paused or held, in order.
    pub held: Vec<Bytes>,
    /// The sender is gone, which the receiver hears behind what is held.
    pub is_ending: bool,
    /// What is sent vanishes.
    pub is_silent: bool,
    /// The receiver has let go of it, or has been told that the sender has.
    pub is_closed: bool,
}

/// Some pieces are late (N3), or some requests (N4).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lateness {
    pub until: Instant,
    /// One of so many.
    pub one_in: u32,
    pub most: Duration,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    pub links: SortedMap<ConnectionId, Link>,
    next: u64,
    /// Until when nothing gets from one to the other.
    cuts: SortedMap<(Peer, Peer), Instant>,
    pub lag: Lateness,
    /// Of requests of one kind.
    pub slow_api: Option<(i16, Lateness)>,
}

impl Network {
    pub fn open(&mut self, dialler: Dialler, server: u32, life: u32) -> ConnectionId {
        let Dialler { peer: dialler, life: dialler_life } = dialler;
        self.next += 1;
        let id = ConnectionId(self.next);
        let (to_server, to_dialler) = (Direction::default(), Direction::default());
        self.links.insert(
            id,
            Link { dialler, dialler_life, server, life, to_server, to_dialler, last_request: Bytes::new() },
        );
        id
    }

    pub fn cut(&mut self, from: Peer, to: Peer, until: Instant) {
        let cut = self.cuts.entry((from, to)).or_default();
        *cut = (*cut).max(until);
    }

    /// What `from` sends on the connections that there are vanishes.
    pub fn silence(&mut self, from: Peer, to: Peer) {
        for (connection, to_server) in self.between(from, to) {
            if let Some(link) = self.links.get_mut(&connection) {
                link.direction(to_server).is_silent = true;
            }
        }
    }

    /// When something sent at `at` gets through, by the cuts.
    pub fn passes_at(&self, from: Peer, to: Peer, at: Instant) -> Instant {
        self.cuts.get(&(from, to)).copied().unwrap_or_default().max(at)
    }

    /// How much later than others a piece is.
    pub fn lateness(&self, now: Instant, request: Option<i16>, rng: &mut Rng) -> Duration {
        let slow = self.slow_api.filter(|(api, _)| request == Some(*api)).map(|(_, lateness)| lateness);
        self.lag.draw(now, rng) + slow.unwrap_or_default().draw(now, rng)
    }

    pub fn heal(&mut self) {
        self.cuts.clear();
        (self.lag, self.slow_api) = (Lateness::default(), None);
    }

    /// Connections on which `from` sends to `to`, and whether that is towards the server.
    pub fn between(&self, from: Peer, to: Peer) -> Vec<(ConnectionId, bool)> {
        let ends = |link: &Link| (link.dialler, Peer::Server(link.server));
        let directed = |link: &Link| match ends(link) {
            ends if ends == (from, to) => Some(true),
            ends if ends == (to, from) => Some(false),
            _ => None,
        };
        self.links.iter().filter_map(|(id, link)| directed(link).map(|to_server| (*id, to_server))).collect()
    }

    pub fn of_dialler(&self, dialler: Peer) -> Vec<ConnectionId> {
        self.links.iter().filter(|(_, link)| link.dialler == dialler).map(|(id, _)| *id).collect()
    }

    /// Whether `peer` is who dialled it.
    pub fn is_dialler(&self, connection: ConnectionId, peer: Peer) -> bool {
        self.links.get(&connection).is_some_and(|link| link.dialler == peer)
    }

    pub fn of_server(&self, server: u32) -> Vec<ConnectionId> {
        self.links.iter().filter(|(_, link)| link.server == server).map(|(id, _)| *id).collect()
    }

    /// Forgets it once both ends are done with it.
    pub fn tidy(&mut self, id: ConnectionId) {
        if self.links.get(&id).is_some_and(|link| link.to_server.is_closed && link.to_dialler.is_closed) {
            self.links.remove(&id);
        }
    }
}

impl Link {
    pub fn dialler(&self) -> Dialler {
        Dialler { peer: self.dialler, life: self.dialler_life }
    }

    pub fn direction(&mut self, to_server: bool) -> &mut Direction {
        if to_server { &mut self.to_server } else { &mut self.to_dialler }
    }

    /// Sender and receiver.
    pub fn ends(&self, to_server: bool) -> (Peer, Peer) {
        let server = Peer::Server(self.server);
        if to_server { (self.dialler, server) } else { (server, self.dialler) }
    }
}

impl Direction {
    /// Whether what arrives must wait behind what has.
    pub fn is_held(&self, now: Instant) -> bool {
        self.is_paused || now < self.held_until || !self.held.is_empty()
    }
}

impl Lateness {
    /// Mostly none, sometimes some, and now and then much: twice as long is half as likely.
    fn draw(&self, now: Instant, rng: &mut Rng) -> Duration {
        if now >= self.until || self.one_in == 0 || rng.below(u64::from(self.one_in)) > 0 {
            return Duration::ZERO;
        }
        let halved = self.most.as_micros() as u64 >> rng.below(8);
        Duration::from_micros(rng.below(halved + 1))
    }
}
