//! Acceptor and processors: connections dealt round-robin, bytes to requests, answers back in order.
//!
//! P1: every request gets exactly one answer in order per connection, or the connection closes.
//!
//! Kafka keeps one request of a connection in hand. Here a Produce may follow while Produces before it are in hand, up to
//! `requests_in_hand_max`; appends and answers keep their order. Memory of requests that are read or in hand is bounded: a
//! frame is read on only once its length was set aside, and one that was begun may always be finished.

mod audit;
mod connection;
mod processor;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;

use self::{
    connection::{Answer, Connection, Next},
    processor::{Processor, Work},
};
use super::{
    request_queue::{Request, RequestQueue},
    respond::Response,
    stages::StageTimes,
};
use crate::{
    config::BrokerConfig,
    effect::{Effect, Frame, Listener},
    ids::{ConnectionId, RequestId},
    sorted::SortedMap,
    time::{Instant, sooner},
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkLimits {
    /// Requests of one connection that are read and not answered. Kafka: 1.
    pub requests_in_hand_max: u32,
    /// Bytes of requests that are read or in hand, of all connections. The last frame to be begun may exceed it
    /// (`queued.max.request.bytes`, which Kafka leaves open).
    pub request_memory_max: u64,
    /// `max.incremental.fetch.session.cache.slots`.
    pub fetch_sessions_max: u32,
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self {
            requests_in_hand_max: 1,
            request_memory_max: 256 * 1024 * 1024,
            fetch_sessions_max: crate::replica::fetch_session::SESSIONS_MAX,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Network {
    limits: NetworkLimits,
    stages: StageTimes,
    connections: SortedMap<ConnectionId, Connection>,
    processors: Vec<Processor>,
    next_processor: u32,
    /// Those whose next frame waits for memory.
    starved: VecDeque<ConnectionId>,
    /// Bytes of frames that are under way or in hand.
    memory: u64,
    /// Closed and not yet told to whoever holds requests of theirs.
    closed: Vec<ConnectionId>,
    idle_check_at: Option<Instant>,
}

impl Network {
    pub fn new(limits: NetworkLimits, stages: StageTimes) -> Self {
        Self {
            limits,
            stages,
            connections: SortedMap::new(),
            processors: Vec::new(),
            next_processor: 0,
            starved: VecDeque::new(),
            memory: 0,
            closed: Vec::new(),
            idle_check_at: None,
        }
    }

    /// `from`: by which door, and what the transport calls the peer.
    pub fn on_opened(&mut self, turn: &mut Turn<'_>, config: &BrokerConfig, id: ConnectionId, from: (Listener, &str)) {
        let processor = self.next_processor % config.network_threads;
        self.next_processor = self.next_processor.wrapping_add(1);
        if self.processors.len() <= processor as usize {
            self.processors.resize_with(processor as usize + 1, Processor::default);
        }
        turn.note(Event::ConnectionOpened { connection: id, processor });
        self.connections.insert(id, Connection::new(id, from, processor, turn.now.monotonic));
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

    pub fn is_open(&self, id: ConnectionId) -> bool {
        self.connections.contains_key(&id)
    }

    /// The peer closed it.
    pub fn on_closed(&mut self, turn: &mut Turn<'_>, id: ConnectionId) {
        if let Some(connection) = self.connections.remove(&id) {
            self.forget(turn, connection, CloseReason::Peer);
        }
    }

    /// Ends a connection. What was answered goes out first; what was not never will be.
    pub fn close(&mut self, turn: &mut Turn<'_>, id: ConnectionId, why: CloseReason) {
        let Some(connection) = self.connections.remove(&id) else { return };
        let answered = self.processors[connection.processor as usize].take_responses(id);
        answered.into_iter().for_each(|response| response.send(turn));
        turn.effects.push(Effect::Close { connection: id });
        self.forget(turn, connection, why);
    }

    pub fn close_all(&mut self, turn: &mut Turn<'_>, why: CloseReason) {
        let all: Vec<ConnectionId> = self.connections.keys().copied().collect();
        all.into_iter().for_each(|id| self.close(turn, id, why));
    }

    /// Connections that ended since this was asked last.
    pub fn take_closed(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.closed)
    }

    /// Processors write responses and hand over requests, as far as time and room allow. True if any did something.
    pub fn work(&mut self, turn: &mut Turn<'_>, queue: &mut RequestQueue, config: &BrokerConfig) -> bool {
        let mut has_worked = false;
        loop {
            let before = has_worked;
            has_worked = false;
            for index in 0..self.processors.len() {
                has_worked |= self.step(turn, index, queue, config);
            }
            if !has_worked {
                self.hold_back(turn);
                return before;
            }
        }
    }

    /// One thing that a processor can do. False if it can do nothing.
    fn step(&mut self, turn: &mut Turn<'_>, index: usize, queue: &mut RequestQueue, config: &BrokerConfig) -> bool {
        let now = turn.now.monotonic;
        let processor = &mut self.processors[index];
        match processor.current.take() {
            Some((due, work)) if due > now => {
                processor.current = Some((due, work));
                return false;
            }
            Some((due, Work::Receive(request))) => {
                if !queue.has_room(config.queued_requests_max) {
                    processor.current = Some((due, Work::Receive(request)));
                    return false;
                }
                queue.push(turn, request);
            }
            Some((_, Work::Send(response))) => response.send(turn),
            None => {
                if let Some(response) = processor.responses.pop_front() {
                    processor.current = Some((now + self.stages.send.draw(turn.rng), Work::Send(response)));
                } else if let Some(id) = processor.runnable.pop_front() {
                    if let Some(request) = self.receive(turn, id, config.request_bytes_max) {
                        let due = now + self.stages.receive.draw(turn.rng);
                        self.processors[index].current = Some((due, Work::Receive(request)));
                    }
                } else {
                    return false;
                }
            }
        }
        true
    }

    /// The next request of a connection, if it has one that may go on.
    fn receive(&mut self, turn: &mut Turn<'_>, id: ConnectionId, bytes_max: u32) -> Option<Request> {
        let connection = self.connections.get_mut(&id)?;
        connection.is_runnable = false;
        let memory_left = self.limits.request_memory_max.saturating_sub(self.memory);
        let next = connection.next(turn, bytes_max, self.limits.requests_in_hand_max, memory_left);
        self.memory += std::mem::take(&mut connection.newly_reserved);
        match next {
            Next::Request(request) => {
                self.make_runnable(id);
                return Some(request);
            }
            Next::Nothing => self.adjust_reading(turn, id, false),
            Next::Held => self.adjust_reading(turn, id, true),
            Next::Starved => {
                self.starved.push_back(id);
                self.adjust_reading(turn, id, true);
            }
            Next::Close(why) => self.close(turn, id, why),
        }
        None
    }

    /// Connections whose processor is busy or held up are read no further than they must.
    fn hold_back(&mut self, turn: &mut Turn<'_>) {
        for index in 0..self.processors.len() {
            for at in 0..self.processors[index].runnable.len() {
                self.adjust_reading(turn, self.processors[index].runnable[at], true);
            }
        }
    }

    /// A request is done. Its answer, if it has one, goes to the processor's response queue once those of requests
    /// before it have.
    pub fn answer(&mut self, turn: &mut Turn<'_>, id: ConnectionId, request: RequestId, frame: Option<Frame>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let processor = connection.processor;
        connection.set_answer(request, frame.map_or(Answer::Nothing, Answer::Frame));
        while let Some((request, bytes, answer)) = connection.next_answer() {
            self.memory -= bytes;
            if let Answer::Frame(frame) = answer {
                turn.note(Event::ResponseQueued { request, processor });
                let response = Response { request, connection: id, frame };
                self.processors[processor as usize].responses.push_back(response);
            }
        }
        connection.last_active = turn.now.monotonic;
        self.make_runnable(id);
        self.feed_starved();
    }

    /// Bytes of requests that are read or in hand, from here on.
    pub fn limit_memory(&mut self, request_bytes: u64) {
        self.limits.request_memory_max = request_bytes;
        self.feed_starved();
    }

    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let processors = self.processors.iter().filter_map(|processor| processor.next_deadline(now));
        processors.fold(self.idle_check_at, |soonest, due| sooner(soonest, Some(due)))
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
        self.processors[connection.processor as usize].forget(connection.id);
        self.closed.push(connection.id);
        self.feed_starved();
    }

    fn make_runnable(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id)
            && !std::mem::replace(&mut connection.is_runnable, true)
        {
            self.processors[connection.processor as usize].runnable.push_back(id);
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
