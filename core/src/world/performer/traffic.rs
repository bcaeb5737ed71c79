//! Bytes on their way.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::super::{
    World, address,
    director::SCRIPT,
    network::{Direction, Peer},
    peer_address,
    schedule::{Dialler, Occurrence},
    swarm::Cut,
    visitor::name_of,
};
use crate::{
    effect::*,
    ids::{BrokerId, ConnectionId, DialId},
    time::Instant,
};

/// Frames up to this size come byte by byte where the seed wants it.
const BYTEWISE_MAX: usize = 300;
/// One of so many of them.
const BYTEWISE_ONE_IN: u64 = 4;
/// Others come in pieces of up to so many bytes.
const PIECE_MAX: u64 = 4_000;
/// How long it takes to notice that nobody listens.
const REFUSED_AFTER: Duration = Duration::from_millis(1);
/// How long a stranger stays.
const STRANGERS_STAY: Duration = Duration::from_secs(5);

impl World {
    /// Somebody dials, if it is still the one that did.
    pub(super) fn dial(&mut self, dialler: Dialler, dial: DialId, to: &Address) {
        if self.life_of(dialler.peer) != dialler.life {
            return;
        }
        let at = |address: fn(BrokerId) -> Address| self.servers.iter().position(|server| address(server.id) == *to);
        let (found, listener) = match at(address) {
            Some(found) => (Some(found), Listener::Client),
            None => (at(peer_address), Listener::Broker),
        };
        let server = found.unwrap_or_default() as u32;
        let passes = self.network.passes_at(dialler.peer, Peer::Server(server), self.now);
        if passes > self.now {
            // The first packet is sent again until it gets through.
            let again = Occurrence::Dial { dialler, dial, address: to.clone() };
            return self.schedule.push(passes, again);
        }
        let Some(index) = found.filter(|index| self.servers[*index].is_listening(listener)) else {
            self.now = self.now + REFUSED_AFTER;
            let why = "connection refused".to_owned();
            return self.hand_to_dialler(dialler, Heard::DialFailed { dial, why });
        };
        let connection = self.open(dialler, index as u32, listener);
        self.hand_to_dialler(dialler, Heard::Dialled { dial, connection });
    }

    /// Nothing if it is not the one that dialled any more.
    fn hand_to_dialler(&mut self, dialler: Dialler, heard: Heard) {
        match dialler.peer {
            Peer::Visitor(visitor) => self.hand_to_visitor(visitor, heard.into_input()),
            Peer::Server(server) if self.life_of(dialler.peer) == dialler.life => {
                self.hand_to_server(server, heard.into_input());
            }
            Peer::Server(_) | Peer::Stranger => {}
        }
    }

    fn life_of(&self, dialler: Peer) -> u32 {
        match dialler {
            Peer::Visitor(visitor) => self.visitors.get(visitor as usize).map_or(0, |visitor| visitor.life),
            Peer::Server(server) => self.servers[server as usize].life,
            Peer::Stranger => 0,
        }
    }

    fn open(&mut self, dialler: Dialler, server: u32, listener: Listener) -> ConnectionId {
        let peer = match dialler.peer {
            Peer::Visitor(SCRIPT) => "script".to_owned(),
            Peer::Visitor(visitor) => name_of(visitor),
            Peer::Server(server) => format!("broker-{}", self.servers[server as usize].id),
            Peer::Stranger => "stranger".to_owned(),
        };
        let connection = self.network.open(dialler, server, self.servers[server as usize].life);
        self.hand_to_server(server, Input::Opened { connection, listener, peer });
        connection
    }

    /// Somebody who is no client sends `frames`, and is gone after a while. Where brokers have peers, it may come in by
    /// their door.
    pub(super) fn meet_stranger(&mut self, server: u32, frames: Vec<Bytes>) {
        let is_among_peers = self.servers.len() > 1 && self.rng.below(2) == 0;
        let listener = if is_among_peers { Listener::Broker } else { Listener::Client };
        if !self.servers[server as usize].is_listening(listener) {
            return;
        }
        let connection = self.open(Dialler::STRANGER, server, listener);
        frames.iter().for_each(|frame| self.send(connection, true, frame));
        self.schedule.push(self.now + STRANGERS_STAY, Occurrence::Closed { connection, to_server: false });
        self.schedule.push(self.now + STRANGERS_STAY, Occurrence::Closed { connection, to_server: true });
    }

    pub(in crate::world) fn send(&mut self, connection: ConnectionId, to_server: bool, bytes: &Bytes) {
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let (from, to) = link.ends(to_server);
        if to == Peer::Stranger || link.direction(to_server).is_silent {
            return;
        }
        let request = to_server.then(|| api_key(bytes)).flatten();
        if to_server {
            link.last_request = bytes.clone();
        }
        let late = self.network.lateness(self.now, request, &mut self.rng);
        let passes = self.network.passes_at(from, to, self.now);
        let len_max = self.piece_len_max(bytes);
        let Self { network, rng, schedule, scenario, now, .. } = self;
        let Some(link) = network.links.get_mut(&connection) else { return };
        let direction = link.direction(to_server);
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let len = len_max.map_or(rest.len(), |most| rest.len().min(1 + rng.below(most) as usize));
            let piece = rest.split_to(len);
            let sent = *now + scenario.swarm.latency.draw(rng) + late;
            direction.last_due = direction.last_due.max(sent).max(passes);
            schedule.push(direction.last_due, Occurrence::Bytes { connection, to_server, bytes: piece });
        }
    }

    /// `None`: it stays whole.
    fn piece_len_max(&mut self, bytes: &Bytes) -> Option<u64> {
        match self.scenario.swarm.cut {
            Cut::Whole => None,
            // Not each: a byte takes as long as a request.
            Cut::Bytes if bytes.len() <= BYTEWISE_MAX && self.rng.below(BYTEWISE_ONE_IN) == 0 => Some(1),
            Cut::Pieces | Cut::Bytes => Some(PIECE_MAX),
        }
    }

    /// One end lets go. What it sent is still under way; the other hears of it after that.
    pub(in crate::world) fn close(&mut self, connection: ConnectionId, by_dialler: bool) {
        let latency = self.scenario.swarm.latency.draw(&mut self.rng);
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let (from, to) = link.ends(by_dialler);
        link.direction(!by_dialler).is_closed = true;
        let direction = link.direction(by_dialler);
        let due = direction.last_due.max(self.now + latency);
        let due = self.network.passes_at(from, to, due);
        self.schedule.push(due, Occurrence::Closed { connection, to_server: by_dialler });
    }

    /// One end hears that the other is gone, behind everything it has sent.
    pub(super) fn hear_closed(&mut self, connection: ConnectionId, to_server: bool) {
        let now = self.now;
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let (dialler, server, life) = (link.dialler(), link.server, link.life);
        let direction = link.direction(to_server);
        if direction.is_silent && !direction.is_closed {
            return;
        }
        if direction.is_held(now) && !direction.is_paused && !direction.is_closed {
            direction.is_ending = true;
            return;
        }
        if std::mem::replace(&mut direction.is_closed, true) {
            return self.network.tidy(connection);
        }
        self.network.tidy(connection);
        match to_server {
            true if self.servers[server as usize].life == life => {
                self.hand_to_server(server, Input::Closed { connection });
            }
            true => {}
            false => self.hand_to_dialler(dialler, Heard::Closed { connection }),
        }
    }

    pub(super) fn arrive(&mut self, connection: ConnectionId, to_server: bool, bytes: Bytes) {
        let now = self.now;
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let (dialler, server, life) = (link.dialler(), link.server, link.life);
        let direction = link.direction(to_server);
        if direction.is_closed || direction.is_silent {
            return;
        }
        if direction.is_held(now) {
            return direction.held.push(bytes);
        }
        match to_server {
            true if self.servers[server as usize].life == life => {
                self.hand_to_server(server, Input::Bytes { connection, bytes });
            }
            true => {}
            false => self.hand_to_dialler(dialler, Heard::Bytes { connection, bytes }),
        }
    }

    /// The receiver reads, or does not.
    pub(super) fn set_paused(&mut self, server: u32, connection: ConnectionId, is_paused: bool) {
        let unread = &mut self.servers[server as usize].unread;
        _ = if is_paused { unread.insert(connection) } else { unread.remove(&connection) };
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        link.to_server.is_paused = is_paused;
        if !is_paused {
            self.schedule.push(self.now, Occurrence::Release { connection, to_server: true });
        }
    }

    /// Nothing that goes this way gets out of the network before `until`, whatever is under way included.
    pub(super) fn hold(&mut self, connection: ConnectionId, to_server: bool, until: Instant) {
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let direction = link.direction(to_server);
        direction.held_until = direction.held_until.max(until);
        self.schedule.push(until, Occurrence::Release { connection, to_server });
    }

    /// What was held arrives, in one piece.
    pub(super) fn release(&mut self, connection: ConnectionId, to_server: bool) {
        let now = self.now;
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let direction = link.direction(to_server);
        if direction.is_paused || now < direction.held_until {
            return;
        }
        let Direction { held, is_ending, .. } = direction;
        let (held, is_ending) = (std::mem::take(held), std::mem::take(is_ending));
        let mut all = BytesMut::new();
        held.into_iter().for_each(|bytes| all.put(bytes));
        if !all.is_empty() {
            self.arrive(connection, to_server, all.freeze());
        }
        if is_ending {
            self.hear_closed(connection, to_server);
        }
    }
}

/// What whoever dials hears of its connections.
enum Heard {
    Dialled { dial: DialId, connection: ConnectionId },
    DialFailed { dial: DialId, why: String },
    Bytes { connection: ConnectionId, bytes: Bytes },
    Closed { connection: ConnectionId },
}

impl Heard {
    fn into_input<Call>(self) -> Input<Call> {
        match self {
            Self::Dialled { dial, connection } => Input::Dialled { dial, connection },
            Self::DialFailed { dial, why } => Input::DialFailed { dial, why },
            Self::Bytes { connection, bytes } => Input::Bytes { connection, bytes },
            Self::Closed { connection } => Input::Closed { connection },
        }
    }
}

/// Which kind of request a frame is.
fn api_key(frame: &[u8]) -> Option<i16> {
    frame.get(4..6).map(|key| i16::from_be_bytes([key[0], key[1]]))
}
