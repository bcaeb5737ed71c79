//! Acceptor and processors: connections dealt round-robin, bytes to requests, answers back in order.
//!
//! P1: every request gets exactly one answer in order per connection, or the connection closes.
//!
//! Kafka keeps one request of a connection in hand. Here a Produce may follow while Produces before it are in hand, up to
//! `requests_in_hand_max`; appends and answers keep their order. Memory of requests that are read or in hand is bounded: a
//! frame is read on only once its length was set aside, and one that was begun may always be finished.

mod connection;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;

use self::connection::{Answer, Connection, Next};
use super::{request_queue::RequestQueue, respond::ResponseQueues};
use crate::{
    config::BrokerConfig,
    effect::{Effect, Frame},
    ids::{ConnectionId, RequestId},
    time::Instant,
    trace::{Event, event::CloseReason},
    turn::Turn,
};

/// Connections at once. Kafka's `max.connections` has no bound unless told.
const CONNECTIONS_MAX: usize = 10_000;
/// A connection that may not go on is read no further than this.
const READ_AHEAD_BYTES: u64 = 128 * 1024;
/// Silent connections are looked for this many times per `connections.max.idle.ms`.
const IDLE_CHECKS: u32 = 10;
const IDLE_CHECK_MIN: Duration = Duration::from_millis(100);

/// What of the network is ours to choose, where Kafka has no such setting or leaves it open.
#[derive(Clone, Copy, Debug)]
pub struct NetworkLimits {
    /// Requests of one connection that are read and not answered. Kafka: 1.
    pub requests_in_hand_max: u32,
    /// Bytes of requests that are read or in hand, of all connections. The last frame to be begun may exceed it
    /// (`queued.max.request.bytes`, which Kafka leaves open).
    pub request_memory_max: u64,
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self { requests_in_hand_max: 1, request_memory_max: 256 * 1024 * 1024 }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Network {
    limits: NetworkLimits,
    connections: BTreeMap<ConnectionId, Connection>,
    next_processor: u32,
    /// Those that may have a request to hand over, in the order in which they became so.
    runnable: VecDeque<ConnectionId>,
    /// Those whose next frame waits for memory.
    starved: VecDeque<ConnectionId>,
    /// Bytes of frames that are under way or in hand.
    memory: u64,
    /// Closed and not yet told to whoever holds requests of theirs.
    closed: Vec<ConnectionId>,
    idle_check_at: Option<Instant>,
}

impl Network {
    pub fn new(limits: NetworkLimits) -> Self {
        Self {
            limits,
            connections: BTreeMap::new(),
            next_processor: 0,
            runnable: VecDeque::new(),
            starved: VecDeque::new(),
            memory: 0,
            closed: Vec::new(),
            idle_check_at: None,
        }
    }

    pub fn on_opened(&mut self, turn: &mut Turn<'_>, config: &BrokerConfig, id: ConnectionId) {
        let processor = self.next_processor % config.network_threads;
        self.next_processor = self.next_processor.wrapping_add(1);
        turn.note(Event::ConnectionOpened { connection: id, processor });
        self.connections.insert(id, Connection::new(id, processor, turn.now.monotonic));
        if self.connections.len() > CONNECTIONS_MAX {
            return self.close(turn, id, CloseReason::TooMany);
        }
        if self.idle_check_at.is_none() {
            self.idle_check_at = Some(turn.now.monotonic + idle_check(config));
        }
    }

    pub fn on_bytes(&mut self, id: ConnectionId, bytes: Bytes) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.on_bytes(bytes);
            self.make_runnable(id);
        }
    }

    /// The peer closed it.
    pub fn on_closed(&mut self, turn: &mut Turn<'_>, id: ConnectionId) {
        if let Some(connection) = self.connections.remove(&id) {
            self.forget(turn, connection, CloseReason::Peer);
        }
    }

    /// Ends a connection. What was not answered never will be.
    pub fn close(&mut self, turn: &mut Turn<'_>, id: ConnectionId, why: CloseReason) {
        if let Some(connection) = self.connections.remove(&id) {
            turn.effects.push(Effect::Close { connection: id });
            self.forget(turn, connection, why);
        }
    }

    pub fn close_all(&mut self, turn: &mut Turn<'_>, why: CloseReason) {
        let all: Vec<ConnectionId> = self.connections.keys().copied().collect();
        all.into_iter().for_each(|id| self.close(turn, id, why));
    }

    /// Connections that ended since this was asked last.
    pub fn take_closed(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.closed)
    }

    /// Hands over requests for as long as there are any and the queue has room.
    pub fn fill(&mut self, turn: &mut Turn<'_>, queue: &mut RequestQueue, config: &BrokerConfig) {
        while queue.has_room(config.queued_requests_max) {
            let Some(id) = self.runnable.pop_front() else { break };
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.is_runnable = false;
            let memory_left = self.limits.request_memory_max.saturating_sub(self.memory);
            let next = connection.next(turn, config.request_bytes_max, self.limits.requests_in_hand_max, memory_left);
            self.memory += std::mem::take(&mut connection.newly_reserved);
            match next {
                Next::Request(request) => {
                    self.make_runnable(id);
                    queue.push(turn, request);
                }
                Next::Nothing => self.adjust_reading(turn, id, false),
                Next::Held => self.adjust_reading(turn, id, true),
                Next::Starved => {
                    self.starved.push_back(id);
                    self.adjust_reading(turn, id, true);
                }
                Next::Close(why) => self.close(turn, id, why),
            }
        }
        for at in 0..self.runnable.len() {
            // The queue is full: what they have is held back.
            self.adjust_reading(turn, self.runnable[at], true);
        }
    }

    /// A request is done. Its answer, if it has one, goes to the processor's response queue once those of requests
    /// before it have.
    pub fn answer(
        &mut self,
        turn: &mut Turn<'_>,
        responses: &mut ResponseQueues,
        id: ConnectionId,
        request: RequestId,
        frame: Option<Frame>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.set_answer(request, frame.map_or(Answer::Nothing, Answer::Frame));
        while let Some((request, bytes, answer)) = connection.next_answer() {
            self.memory -= bytes;
            if let Answer::Frame(frame) = answer {
                responses.push(turn, connection.processor, id, request, frame);
            }
        }
        connection.last_active = turn.now.monotonic;
        self.make_runnable(id);
        self.feed_starved();
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.idle_check_at
    }

    /// Closes connections that were silent for `connections.max.idle.ms` while nothing of theirs was in hand.
    pub fn on_tick(&mut self, turn: &mut Turn<'_>, config: &BrokerConfig) {
        let now = turn.now.monotonic;
        if self.idle_check_at.is_none_or(|at| at > now) {
            return;
        }
        self.idle_check_at = (!self.connections.is_empty()).then(|| now + idle_check(config));
        let is_idle = |connection: &Connection| {
            connection.in_hand() == 0 && now.since(connection.last_active) >= config.connection_idle_max
        };
        let idle: Vec<ConnectionId> =
            self.connections.iter().filter(|(_, connection)| is_idle(connection)).map(|(id, _)| *id).collect();
        idle.into_iter().for_each(|id| self.close(turn, id, CloseReason::Idle));
    }

    fn forget(&mut self, turn: &mut Turn<'_>, connection: Connection, why: CloseReason) {
        turn.note(Event::ConnectionClosed { connection: connection.id, why });
        self.memory -= connection.memory();
        self.closed.push(connection.id);
        self.feed_starved();
    }

    fn make_runnable(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id)
            && !std::mem::replace(&mut connection.is_runnable, true)
        {
            self.runnable.push_back(id);
        }
    }

    fn feed_starved(&mut self) {
        if self.memory < self.limits.request_memory_max {
            std::mem::take(&mut self.starved).into_iter().for_each(|id| self.make_runnable(id));
        }
    }

    /// Stops reading a connection that may not go on and has enough to go on with; reads it again once it may.
    fn adjust_reading(&mut self, turn: &mut Turn<'_>, id: ConnectionId, is_held: bool) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let should_pause = is_held && connection.buffered() > READ_AHEAD_BYTES;
        match (connection.is_paused, should_pause) {
            (false, true) => {
                turn.note(Event::ReadingPaused { connection: id });
                turn.effects.push(Effect::Pause { connection: id });
            }
            (true, false) => {
                turn.note(Event::ReadingResumed { connection: id });
                turn.effects.push(Effect::Resume { connection: id });
            }
            _ => {}
        }
        connection.is_paused = should_pause;
    }
}

fn idle_check(config: &BrokerConfig) -> Duration {
    (config.connection_idle_max / IDLE_CHECKS).max(IDLE_CHECK_MIN)
}
