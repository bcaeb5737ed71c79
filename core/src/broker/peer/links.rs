//! Connections that this member dials: to the other members' own listener, one for each peer and lane.
//!
//! ```text
//! Idle ── something is to be asked, the peer has rested ──▶ Dialling ── dialled ──▶ Open
//!  ▲                                                           │                      │
//!  └───────────── could not be reached, ended: it rests ───────┴──────────────────────┘
//! ```
//! Every errand ends once, in `take_heard`: answered, or lost when its time is over, its connection ends or its peer cannot
//! be reached. It is not asked again from here.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use super::{Answered, Errand, Heard, Lost, Member, connection::Connection, errand::Lane};
use crate::{
    effect::{Address, Effect},
    ids::{BrokerId, ConnectionId, DialId},
    sorted::SortedMap,
    time::Instant,
    turn::Turn,
};

/// Errands that wait for one peer's connection at most.
const WAITING_MAX: usize = 1_000;
/// `socket.connection.setup.timeout.ms`, shorter than Kafka's 10 s: an election does not wait for it.
const DIAL_TIMEOUT: Duration = Duration::from_secs(2);
/// `reconnect.backoff.ms` and `reconnect.backoff.max.ms` as `KafkaRaftManager` has them.
const REST: Duration = Duration::from_millis(50);
const REST_MAX: Duration = Duration::from_millis(500);

type Route = (BrokerId, Lane);

#[derive(Clone, Debug, Default)]
struct Link {
    state: State,
    /// To be sent, in order, each with when its time is over.
    waiting: VecDeque<(Errand, Instant)>,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Idle,
    Dialling {
        dial: DialId,
        deadline: Instant,
    },
    Open(Connection),
}

/// A peer, where it is and how it was lately.
#[derive(Clone, Debug)]
struct Peer {
    address: Address,
    /// Since it last answered.
    failures: u32,
    /// Not dialled before.
    rests_until: Instant,
}

#[derive(Clone, Debug)]
pub struct Links {
    member: Member,
    peers: SortedMap<BrokerId, Peer>,
    links: SortedMap<Route, Link>,
    /// Exactly the open connections of `links`.
    routes: SortedMap<ConnectionId, Route>,
    next_dial: u64,
    heard: Vec<Heard>,
}

impl Links {
    pub fn new(member: Member) -> Self {
        let (peers, links, routes) = (SortedMap::new(), SortedMap::new(), SortedMap::new());
        Self { member, peers, links, routes, next_dial: 0, heard: Vec::new() }
    }

    pub fn member(&self) -> &Member {
        &self.member
    }

    pub fn address(&self, peer: BrokerId) -> Option<&Address> {
        match peer == self.member.key.id {
            true => Some(&self.member.address),
            false => self.peers.get(&peer).map(|peer| &peer.address),
        }
    }

    /// Where a peer is. Connections to where it was end.
    pub fn learn(&mut self, turn: &mut Turn<'_>, peer: BrokerId, address: &Address) {
        if peer == self.member.key.id || self.address(peer) == Some(address) {
            return;
        }
        let known = Peer { address: address.clone(), failures: 0, rests_until: Instant(0) };
        self.peers.insert(peer, known);
        let routes: Vec<Route> =
            self.links.range((peer, Lane::MIN)..=(peer, Lane::MAX)).map(|(route, _)| *route).collect();
        for route in routes {
            self.close(turn, route, Lost::Disconnected);
            self.pursue(turn, route);
        }
    }

    /// Asks it as soon as there is a connection, within `patience`.
    pub fn ask(&mut self, turn: &mut Turn<'_>, to: BrokerId, errand: Errand, patience: Duration) {
        if !self.peers.contains_key(&to) {
            return self.lose(to, errand, Lost::Unreachable);
        }
        let route = (to, errand.lane());
        let link = self.links.entry(route).or_default();
        if link.waiting.len() >= WAITING_MAX {
            return self.lose(to, errand, Lost::Full);
        }
        link.waiting.push_back((errand, turn.now.monotonic + patience));
        self.pursue(turn, route);
    }

    /// Errands that ended since this was called last, in order.
    pub fn take_heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    /// Whether it is one of these, and not one that was taken in.
    pub fn has(&self, connection: ConnectionId) -> bool {
        self.routes.contains_key(&connection)
    }

    pub fn on_dialled(&mut self, turn: &mut Turn<'_>, dial: DialId, connection: ConnectionId) {
        // It was given up meanwhile.
        let Some(route) = self.dialled(dial) else { return turn.effects.push(Effect::Close { connection }) };
        self.routes.insert(connection, route);
        self.links.entry(route).or_default().state = State::Open(Connection::new(connection));
        self.pursue(turn, route);
    }

    pub fn on_dial_failed(&mut self, turn: &mut Turn<'_>, dial: DialId) {
        if let Some(route) = self.dialled(dial) {
            self.fail_dial(turn, route);
        }
    }

    pub fn on_bytes(&mut self, turn: &mut Turn<'_>, connection: ConnectionId, bytes: Bytes) {
        let Some(route) = self.routes.get(&connection).copied() else { return };
        if let Some(open) = self.open(route) {
            open.on_bytes(bytes);
        }
        while let Some(open) = self.open(route) {
            let (errand, body) = match open.next_answer() {
                Ok(Some(answer)) => answer,
                Ok(None) => break,
                Err(why) => {
                    self.close(turn, route, why);
                    break;
                }
            };
            if let Some(peer) = self.peers.get_mut(&route.0) {
                (peer.failures, peer.rests_until) = (0, Instant(0));
            }
            let what = errand.read(body);
            if let Ok(Answered::Quorum(told)) = &what
                && let Some((leader, address)) = told.leader.clone()
                && !self.peers.contains_key(&leader)
            {
                self.learn(turn, leader, &address);
            }
            self.heard.push(Heard { from: route.0, errand, what });
        }
        self.pursue(turn, route);
    }

    pub fn on_closed(&mut self, turn: &mut Turn<'_>, connection: ConnectionId) {
        if let Some(route) = self.routes.get(&connection).copied() {
            self.end(turn, route, Lost::Disconnected);
            self.pursue(turn, route);
        }
    }

    /// Ends what is overdue: dials, errands that wait, connections whose answers are.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now.monotonic;
        let routes: Vec<Route> = self.links.keys().copied().collect();
        for route in routes {
            let link = self.links.entry(route).or_default();
            let (late, waiting): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(&mut link.waiting).into_iter().partition(|(_, deadline)| *deadline <= now);
            link.waiting = waiting;
            match &link.state {
                State::Dialling { deadline, .. } if *deadline <= now => self.fail_dial(turn, route),
                State::Open(open) if open.deadline().is_some_and(|deadline| deadline <= now) => {
                    self.close(turn, route, Lost::TimedOut);
                }
                _ => {}
            }
            late.into_iter().for_each(|(errand, _)| self.lose(route.0, errand, Lost::TimedOut));
            self.pursue(turn, route);
        }
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        let of_link = |(route, link): (&Route, &Link)| {
            let state = match &link.state {
                State::Idle if link.waiting.is_empty() => None,
                State::Idle => self.peers.get(&route.0).map(|peer| peer.rests_until),
                State::Dialling { deadline, .. } => Some(*deadline),
                State::Open(open) => open.deadline(),
            };
            link.waiting.iter().map(|(_, deadline)| *deadline).chain(state).min()
        };
        self.links.iter().filter_map(of_link).min()
    }

    pub fn close_all(&mut self, turn: &mut Turn<'_>) {
        self.routes.keys().for_each(|&connection| turn.effects.push(Effect::Close { connection }));
        self.routes.clear();
        self.links.clear();
        self.heard.clear();
    }

    fn open(&mut self, route: Route) -> Option<&mut Connection> {
        match &mut self.links.get_mut(&route)?.state {
            State::Open(connection) => Some(connection),
            _ => None,
        }
    }

    fn dialled(&self, dial: DialId) -> Option<Route> {
        let is_it = |link: &Link| matches!(link.state, State::Dialling { dial: dialled, .. } if dialled == dial);
        self.links.iter().find(|(_, link)| is_it(link)).map(|(route, _)| *route)
    }

    /// Dials where something waits, or sends it.
    fn pursue(&mut self, turn: &mut Turn<'_>, route: Route) {
        let (Some(link), Some(peer)) = (self.links.get_mut(&route), self.peers.get(&route.0)) else { return };
        match &mut link.state {
            State::Idle if !link.waiting.is_empty() && peer.rests_until <= turn.now.monotonic => {
                self.next_dial += 1;
                let dial = DialId(self.next_dial);
                turn.effects.push(Effect::Dial { dial, address: peer.address.clone() });
                link.state = State::Dialling { dial, deadline: turn.now.monotonic + DIAL_TIMEOUT };
            }
            State::Open(open) => {
                let mut unsaid = Vec::new();
                while open.has_room()
                    && let Some((errand, deadline)) = link.waiting.pop_front()
                {
                    unsaid.extend(open.send(turn, &self.member, errand, deadline).err());
                }
                unsaid.into_iter().for_each(|errand| self.lose(route.0, errand, Lost::Unreadable));
            }
            State::Idle | State::Dialling { .. } => {}
        }
    }

    fn fail_dial(&mut self, turn: &mut Turn<'_>, route: Route) {
        self.rest(turn, route.0);
        let Some(link) = self.links.get_mut(&route) else { return };
        link.state = State::Idle;
        let lost = std::mem::take(&mut link.waiting);
        lost.into_iter().for_each(|(errand, _)| self.lose(route.0, errand, Lost::Unreachable));
    }

    fn close(&mut self, turn: &mut Turn<'_>, route: Route, why: Lost) {
        if let Some(open) = self.open(route) {
            turn.effects.push(Effect::Close { connection: open.id });
        }
        self.end(turn, route, why);
    }

    /// The connection, if there is one, is over; a dial is forgotten. What waits goes on waiting.
    fn end(&mut self, turn: &mut Turn<'_>, route: Route, why: Lost) {
        let Some(link) = self.links.get_mut(&route) else { return };
        let State::Open(open) = std::mem::take(&mut link.state) else { return };
        self.routes.remove(&open.id);
        // A peer may end a connection on which nothing happens.
        if !open.is_idle() || why == Lost::Unreadable {
            self.rest(turn, route.0);
        }
        open.into_errands().for_each(|errand| self.lose(route.0, errand, why));
    }

    fn rest(&mut self, turn: &mut Turn<'_>, peer: BrokerId) {
        let Some(peer) = self.peers.get_mut(&peer) else { return };
        peer.failures = peer.failures.saturating_add(1);
        peer.rests_until = turn.now.monotonic + turn.rng.backoff(peer.failures, REST, REST_MAX);
    }

    fn lose(&mut self, from: BrokerId, errand: Errand, why: Lost) {
        self.heard.push(Heard { from, errand, what: Err(why) });
    }
}

#[cfg(test)]
mod tests;
