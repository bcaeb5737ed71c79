//! Every connection of a client: whom it leads to, what it is for, when it is dialled.
//!
//! A connection is dialled when something waits for it. An address that could not be reached, or that closed its
//! connection, rests before it is dialled again.

use super::{CallId, ClientError, connection::Connection, connection::Purpose, turn::Turn};
use crate::{
    effect::{Address, Effect},
    ids::{ConnectionId, DialId},
    sorted::{SortedMap, SortedSet},
    time::Instant,
};

/// What a connection is for. A broker answers one request of a connection after the other, so that what may wait there
/// has connections of its own, as the Java client's producer, consumer and admin have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    Ask,
    Produce,
    /// A long poll, one at a time for as long as there are lanes.
    Fetch(u8),
}

type Route = (Address, Lane);

#[derive(Clone, Debug)]
enum Link {
    Dialling { dial: DialId, deadline: Instant },
    Open(Box<Connection>),
}

/// Failures of an address since it last answered, and how long it rests.
#[derive(Clone, Copy, Debug)]
struct Rest {
    failures: u32,
    until: Instant,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    links: SortedMap<Route, Link>,
    /// Exactly the connections of `links`.
    routes: SortedMap<ConnectionId, Route>,
    rests: SortedMap<Address, Rest>,
    next_dial: u64,
    /// Why the last address that failed did.
    pub trouble: Option<ClientError>,
}

impl Links {
    /// The connection, if it can take one more request. If there is none, it is dialled.
    pub fn ready(&mut self, turn: &mut Turn<'_>, address: &Address, lane: Lane) -> Option<&mut Connection> {
        let route = (address.clone(), lane);
        match self.links.get(&route) {
            None => {
                self.dial(turn, route);
                None
            }
            Some(Link::Dialling { .. }) => None,
            Some(Link::Open(_)) => self.with_room(turn, &route),
        }
    }

    /// The connection to any of `addresses` with the fewest requests under way, if it can take one more. If there is none
    /// and none is being dialled, the address that failed least is.
    pub fn any(&mut self, turn: &mut Turn<'_>, addresses: &[Address], lane: Lane) -> Option<&mut Connection> {
        let routes = || addresses.iter().map(|address| (address.clone(), lane));
        let load = |route: &Route| match self.links.get(route)? {
            Link::Open(connection) if connection.is_ready() => Some(connection.in_flight()),
            _ => None,
        };
        let best = routes().filter_map(|route| load(&route).map(|load| (load, route))).min_by_key(|(load, _)| *load);
        if let Some((_, route)) = best {
            return self.with_room(turn, &route);
        }
        if routes().any(|route| self.links.contains_key(&route)) {
            return None;
        }
        let rested = |route: &Route| {
            let rest = self.rests.get(&route.0);
            (rest.map_or(Instant(0), |rest| rest.until), rest.map_or(0, |rest| rest.failures))
        };
        let is_due = |route: &Route| rested(route).0 <= turn.now.monotonic;
        let due = routes().filter(is_due).min_by_key(|route| rested(route).1);
        match due.or_else(|| routes().min_by_key(|route| rested(route).0)) {
            Some(route) => self.dial(turn, route),
            None => self.trouble = Some(ClientError::Unreachable("no address is known".to_owned())),
        }
        None
    }

    fn with_room(&mut self, turn: &Turn<'_>, route: &Route) -> Option<&mut Connection> {
        match self.links.get_mut(route) {
            Some(Link::Open(connection)) => {
                let has_room = connection.is_ready() && connection.in_flight() < turn.options.in_flight_max;
                has_room.then_some(&mut **connection)
            }
            _ => None,
        }
    }

    fn dial(&mut self, turn: &mut Turn<'_>, route: Route) {
        if let Some(rest) = self.rests.get(&route.0).filter(|rest| rest.until > turn.now.monotonic) {
            return turn.wake_at(rest.until);
        }
        self.next_dial += 1;
        let dial = DialId(self.next_dial);
        turn.effects.push(Effect::Dial { dial, address: route.0.clone() });
        self.links.insert(route, Link::Dialling { dial, deadline: turn.now.monotonic + turn.options.dial_timeout });
    }

    fn dialled(&self, dial: DialId) -> Option<Route> {
        let is_it = |link: &Link| matches!(link, Link::Dialling { dial: dialled, .. } if *dialled == dial);
        self.links.iter().find(|(_, link)| is_it(link)).map(|(route, _)| route.clone())
    }

    pub fn on_dialled(&mut self, turn: &mut Turn<'_>, dial: DialId, connection: ConnectionId) {
        // It was given up meanwhile.
        let Some(route) = self.dialled(dial) else { return turn.effects.push(Effect::Close { connection }) };
        self.routes.insert(connection, route.clone());
        self.links.insert(route, Link::Open(Box::new(Connection::open(turn, connection))));
    }

    pub fn on_dial_failed(&mut self, turn: &mut Turn<'_>, dial: DialId, why: String) {
        if let Some(route) = self.dialled(dial) {
            self.links.remove(&route);
            self.rest(turn, route.0, ClientError::Unreachable(why));
        }
    }

    pub fn get_mut(&mut self, connection: ConnectionId) -> Option<&mut Connection> {
        match self.links.get_mut(self.routes.get(&connection)?) {
            Some(Link::Open(connection)) => Some(connection),
            _ => None,
        }
    }

    /// The broker has told its versions or answered a request: it is well.
    pub fn on_answered(&mut self, connection: ConnectionId) {
        if let Some((address, _)) = self.routes.get(&connection) {
            self.rests.remove(address);
            self.trouble = None;
        }
    }

    /// Whom the answers that will not come were for.
    pub fn on_closed(&mut self, turn: &mut Turn<'_>, connection: ConnectionId, why: ClientError) -> Vec<Purpose> {
        let Some(route) = self.routes.remove(&connection) else { return Vec::new() };
        let link = self.links.remove(&route);
        self.rest(turn, route.0, why);
        match link {
            Some(Link::Open(connection)) => connection.into_purposes(),
            _ => Vec::new(),
        }
    }

    /// Ends a connection. Whom the answers that will not come were for.
    pub fn close(&mut self, turn: &mut Turn<'_>, connection: ConnectionId, why: ClientError) -> Vec<Purpose> {
        turn.effects.push(Effect::Close { connection });
        self.on_closed(turn, connection, why)
    }

    /// The call's answer is for nobody. A long poll that is alone on its connection ends with it: the next one need not
    /// wait for it, and its broker forgets it.
    pub fn abandon(&mut self, turn: &mut Turn<'_>, connection: ConnectionId, call: CallId) {
        let Some(route) = self.routes.get(&connection).cloned() else { return };
        let Some(Link::Open(open)) = self.links.get_mut(&route) else { return };
        open.abandon(call);
        if matches!(route.1, Lane::Fetch(_)) && open.in_flight() == 1 {
            self.routes.remove(&connection);
            self.links.remove(&route);
            turn.effects.push(Effect::Close { connection });
        }
    }

    /// Ends what is overdue: dials, and connections whose answers are.
    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Vec<Purpose> {
        let now = turn.now.monotonic;
        let is_due = |link: &Link| link.deadline().is_some_and(|deadline| deadline <= now);
        let due: Vec<Route> =
            self.links.iter().filter(|(_, link)| is_due(link)).map(|(route, _)| route.clone()).collect();
        let mut lost = Vec::new();
        for route in due {
            match self.links.get(&route) {
                Some(Link::Open(connection)) => {
                    let id = connection.id();
                    lost.extend(self.close(turn, id, ClientError::Disconnected));
                }
                _ => {
                    self.links.remove(&route);
                    self.rest(turn, route.0, ClientError::Unreachable("timed out".to_owned()));
                }
            }
        }
        lost
    }

    /// Ends every connection to an address that nobody has any more.
    pub fn retain(&mut self, turn: &mut Turn<'_>, addresses: &SortedSet<Address>) -> Vec<Purpose> {
        self.rests.retain(|address, _| addresses.contains(address));
        let gone: Vec<Route> = self.links.keys().filter(|(address, _)| !addresses.contains(address)).cloned().collect();
        let mut lost = Vec::new();
        for route in gone {
            if let Some(Link::Open(connection)) = self.links.remove(&route) {
                self.routes.remove(&connection.id());
                turn.effects.push(Effect::Close { connection: connection.id() });
                lost.extend(connection.into_purposes());
            }
        }
        lost
    }

    fn rest(&mut self, turn: &mut Turn<'_>, address: Address, why: ClientError) {
        let failures = self.rests.get(&address).map_or(0, |rest| rest.failures).saturating_add(1);
        let until = turn.reconnect_at(failures);
        self.rests.insert(address, Rest { failures, until });
        self.trouble = Some(why);
    }

    /// When the first dial or answer is overdue.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.links.values().filter_map(Link::deadline).min()
    }
}

impl Link {
    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Dialling { deadline, .. } => Some(*deadline),
            Self::Open(connection) => connection.deadline(),
        }
    }
}
