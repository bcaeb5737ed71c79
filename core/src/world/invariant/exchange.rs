//! P1, P2, R11 and T1 as they look on the wire: what each connection brought to a broker, and what went back.
//!
//! Frames are split and read here by other code than the broker's own, so that a mistake there is none here.

mod asked;

use std::collections::VecDeque;

use bytes::Bytes;

pub(super) use self::asked::Kept as KeptBatch;
use self::asked::{Asked, Kept};
use super::Checked;
use crate::{
    ids::{ConnectionId, Offset, RequestId, TopicPartition},
    sorted::{SortedMap, SortedSet},
    time::Instant,
    trace::Event,
    world::server::Server,
};

/// Bytes of a frame that are looked at: a request says in front how it wants to be answered.
const HEAD_BYTES: usize = 512;
/// Default of `socket.request.max.bytes`: a longer frame closes its connection.
const FRAME_BYTES_MAX: u32 = 100 * 1024 * 1024;

/// All connections to all brokers.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchanges {
    connections: SortedMap<ConnectionId, Connection>,
    /// Requests that brokers have in hand.
    of: SortedMap<(u32, RequestId), ConnectionId>,
    /// What is parked, by when it must have left.
    parked: SortedSet<(Instant, u32, RequestId)>,
    /// Written in this step.
    written: Vec<(ConnectionId, Bytes)>,
    closed: Vec<ConnectionId>,
    /// The largest frame and the largest piece that ever came.
    pub frame_max: u64,
    pub piece_max: u64,
}

#[derive(Clone, Debug, Default)]
struct Connection {
    server: u32,
    /// The front of the frame under way, its length included, and how much of it came.
    head: Vec<u8>,
    came: u64,
    /// A length that no frame has: nothing behind it can be read.
    is_garbled: bool,
    /// In the order in which they must be answered.
    waiting: VecDeque<Asked>,
}

impl Connection {
    /// Adds as much of `rest` as belongs to the frame under way. Gives a whole frame's head.
    fn take(&mut self, rest: &mut &[u8]) -> Option<Vec<u8>> {
        let whole = if self.came < 4 { 4 } else { 4 + u64::from(self.claimed()) };
        let (part, left) = rest.split_at(rest.len().min((whole - self.came) as usize));
        *rest = left;
        let kept = part.len().min(HEAD_BYTES - self.head.len());
        self.head.extend_from_slice(&part[..kept]);
        self.came += part.len() as u64;
        if self.came < 4 {
            return None;
        }
        let claimed = self.claimed();
        self.is_garbled = claimed == 0 || claimed > i32::MAX as u32;
        let is_whole = self.came == 4 + u64::from(claimed);
        (is_whole && !self.is_garbled).then(|| {
            self.came = 0;
            std::mem::take(&mut self.head).split_off(4)
        })
    }

    fn claimed(&self) -> u32 {
        self.head.first_chunk().map_or(0, |length| u32::from_be_bytes(*length))
    }
}

impl Exchanges {
    /// Bytes came to a broker.
    pub fn on_bytes(&mut self, server: u32, id: ConnectionId, bytes: &[u8], now: Instant) {
        self.piece_max = self.piece_max.max(bytes.len() as u64);
        let connection = self.connections.entry(id).or_default();
        connection.server = server;
        let mut rest = bytes;
        while !rest.is_empty() && !connection.is_garbled {
            let came = connection.came + rest.len() as u64;
            match connection.take(&mut rest) {
                Some(head) => {
                    self.frame_max = self.frame_max.max(came - rest.len() as u64);
                    connection.waiting.push_back(Asked::read(&head, now));
                }
                // Room is set aside for a frame as soon as its length is in, whatever comes of it.
                None if connection.came >= 4 && connection.claimed() <= FRAME_BYTES_MAX => {
                    self.frame_max = self.frame_max.max(u64::from(connection.claimed()));
                }
                None => {}
            }
        }
    }

    /// A broker wrote a frame. It is looked at once the events of this step are known.
    pub fn on_frame(&mut self, id: ConnectionId, frame: Bytes) {
        self.written.push((id, frame));
    }

    /// The process is gone, and its connections with it.
    pub fn on_ended(&mut self, server: u32) {
        self.connections.retain(|_, connection| connection.server != server);
        self.of.retain(|(of, _), _| *of != server);
        self.parked.retain(|(_, of, _)| *of != server);
        let connections = &self.connections;
        self.written.retain(|(id, _)| connections.contains_key(id));
    }

    /// `watermark`: what readers may see of a log.
    pub fn on_event(
        &mut self,
        server: u32,
        at: Instant,
        event: &Event,
        watermark: impl Fn(TopicPartition) -> Offset,
    ) -> Checked {
        match *event {
            Event::RequestReceived { request, connection, correlation, .. } => {
                return self.on_received(server, request, connection, correlation);
            }
            Event::RequestParked { request, why } => {
                if let Some(asked) = self.asked(server, request) {
                    let until = asked.park(at, why);
                    self.parked.insert((until, server, request));
                }
            }
            Event::RequestReleased { request, expired } => {
                if let Some(asked) = self.asked(server, request)
                    && let Some((until, is_wished)) = asked.release(expired)
                {
                    self.parked.remove(&(until, server, request));
                    if expired && is_wished && at < until {
                        return Err(("P2", format!("request {request} is given up at {at:?}, before {until:?}")));
                    }
                }
            }
            Event::HighWatermarkMoved { topic, partition, from, to } if to < from => {
                // Answers that were decided before it fell wait for those before them.
                let id = TopicPartition { topic, partition };
                let waiting = self.connections.values_mut().flat_map(|connection| connection.waiting.iter_mut());
                waiting.for_each(|asked| asked.note_reached(id, from));
            }
            Event::ResponseQueued { request, .. } => {
                if let Some(asked) = self.asked(server, request) {
                    asked.conclude(at, watermark);
                }
            }
            Event::ConnectionClosed { connection, .. } => self.closed.push(connection),
            _ => {}
        }
        Ok(())
    }

    /// A batch that a request brought is in the log, now or since before.
    pub fn on_kept(&mut self, server: u32, request: RequestId, kept: Kept) {
        if let Some(asked) = self.asked(server, request) {
            asked.kept.push(kept);
        }
    }

    /// The step is over: what was written is looked at, then what was closed is forgotten.
    pub fn settle(&mut self, now: Instant, servers: &[Server]) -> Checked {
        for (id, frame) in std::mem::take(&mut self.written) {
            self.answered(id, &frame)?;
        }
        for id in std::mem::take(&mut self.closed) {
            let Some(connection) = self.connections.remove(&id) else { continue };
            for asked in &connection.waiting {
                self.forget(connection.server, asked);
            }
        }
        self.check_overdue(now, servers)
    }

    /// P2: what is parked leaves no later than its deadline. L10: nothing is parked past its time-out.
    fn check_overdue(&self, now: Instant, servers: &[Server]) -> Checked {
        for (until, server, request) in self.parked.iter().take_while(|(until, ..)| *until < now) {
            let found = &servers[*server as usize];
            if found.is_serving() && found.paused_until.max(*until) < now {
                return Err(("P2", format!("request {request} is parked until {until:?}, and it is {now:?}")));
            }
        }
        Ok(())
    }

    fn on_received(&mut self, server: u32, request: RequestId, id: ConnectionId, correlation: i32) -> Checked {
        let waiting = self.connections.get_mut(&id).map(|connection| &mut connection.waiting);
        let next = waiting.and_then(|waiting| waiting.iter_mut().find(|asked| asked.request.is_none()));
        match next.filter(|asked| asked.correlation == Some(correlation)) {
            Some(asked) => asked.request = Some(request),
            None => return Err(("P1", format!("request {request} ({correlation}) was received and never sent"))),
        }
        self.of.insert((server, request), id);
        Ok(())
    }

    /// P1: every request gets exactly one answer, in order on its connection, or the connection closes.
    fn answered(&mut self, id: ConnectionId, frame: &Bytes) -> Checked {
        let Some(connection) = self.connections.get_mut(&id) else { return Ok(()) };
        let server = connection.server;
        let Some(correlation) = asked::number(frame, 4) else {
            return Err(("P1", format!("a frame of {} bytes on {id} is no answer", frame.len())));
        };
        let claimed = asked::number(frame, 0).unwrap_or(-1);
        if i64::from(claimed) != frame.len() as i64 - 4 {
            return Err(("P1", format!("a frame of {} bytes on {id} says that it has {claimed}", frame.len())));
        }
        let Some(asked) = std::iter::from_fn(|| connection.waiting.pop_front()).find(|asked| !asked.is_silent()) else {
            return Err(("P1", format!("{correlation} is answered on {id}, where nobody waits for an answer")));
        };
        self.forget(server, &asked);
        if asked.correlation != Some(correlation) {
            return Err(("P1", format!("{correlation} is answered on {id} before {:?}", asked.correlation)));
        }
        asked.check_answer(frame)
    }

    fn forget(&mut self, server: u32, asked: &Asked) {
        let Some(request) = asked.request else { return };
        self.of.remove(&(server, request));
        if let Some(until) = asked.parked_until {
            self.parked.remove(&(until, server, request));
        }
    }

    fn asked(&mut self, server: u32, request: RequestId) -> Option<&mut Asked> {
        let connection = self.connections.get_mut(self.of.get(&(server, request))?)?;
        connection.waiting.iter_mut().find(|asked| asked.request == Some(request))
    }
}

#[cfg(test)]
mod tests;
