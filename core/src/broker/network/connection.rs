//! One connection: what it delivered, what of it is in hand, and the answers that wait for those before them.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr},
};

use bytes::Bytes;

use crate::{
    broker::{api::Ask, request_queue::Request},
    effect::{Frame, Listener},
    ids::{ConnectionId, RequestId},
    time::Instant,
    trace::{Event, event::CloseReason},
    turn::Turn,
    wire::{Api, FrameSplitter, HeaderError, RequestHead},
};

/// What a request ended with.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Frame(Frame),
    /// Nobody expects one (acks=0).
    Nothing,
}

/// What a connection has for the request queue.
#[derive(Debug)]
pub(super) enum Next {
    Request(Request),
    /// No whole frame is there.
    Nothing,
    /// One is there, but those before it must be answered first.
    Held,
    /// Its length does not fit into the memory that is left.
    Starved,
    Close(CloseReason),
}

#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub id: ConnectionId,
    listener: Listener,
    host: IpAddr,
    pub processor: u32,
    /// When it last had a whole request, or an answer. Bytes that never make a frame do not keep it alive.
    pub last_active: Instant,
    pub is_paused: bool,
    /// It is in the network's line of runnable ones.
    pub is_runnable: bool,
    /// Set aside by the latest `next` and not yet counted by the network.
    pub newly_reserved: u64,
    splitter: FrameSplitter,
    /// Of the frame under way, or of `held`.
    reserved: u64,
    /// Read, and not yet allowed to go on.
    held: Option<Request>,
    in_hand: VecDeque<InHand>,
}

#[derive(Clone, Debug)]
struct InHand {
    request: RequestId,
    api: Api,
    bytes: u64,
    answer: Option<Answer>,
}

impl Connection {
    pub fn new(id: ConnectionId, (listener, peer): (Listener, &str), processor: u32, now: Instant) -> Self {
        Self {
            id,
            listener,
            host: host_of(peer),
            processor,
            last_active: now,
            is_paused: false,
            is_runnable: false,
            newly_reserved: 0,
            splitter: FrameSplitter::default(),
            reserved: 0,
            held: None,
            in_hand: VecDeque::new(),
        }
    }

    pub fn on_bytes(&mut self, bytes: Bytes) {
        self.splitter.push(bytes);
    }

    /// Bytes delivered that no request holds.
    pub fn buffered(&self) -> u64 {
        self.splitter.buffered()
    }

    pub fn in_hand(&self) -> usize {
        self.in_hand.len()
    }

    /// Requests in hand that have no answer yet.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.in_hand.iter().filter(|request| request.answer.is_none()).map(|request| request.request)
    }

    /// Bytes that the network has set aside for it.
    pub fn memory(&self) -> u64 {
        self.reserved + self.in_hand.iter().map(|request| request.bytes).sum::<u64>()
    }

    /// The next request, if there is one and it may go on.
    pub fn next(&mut self, turn: &mut Turn<'_>, bytes_max: u32, in_hand_max: u32, memory_left: u64) -> Next {
        if self.in_hand.len() >= in_hand_max as usize {
            return Next::Held;
        }
        if self.held.is_none() {
            match self.read(turn, bytes_max, memory_left) {
                Ok(request) => self.held = Some(request),
                Err(next) => return next,
            }
        }
        // Only a Produce may follow, and only Produces: they are appended and answered in the order of the queue.
        let may_follow = |request: &Request| {
            request.ask.api == Api::Produce && self.in_hand.iter().all(|before| before.api == Api::Produce)
        };
        if !self.in_hand.is_empty() && !self.held.as_ref().is_some_and(may_follow) {
            return Next::Held;
        }
        let Some(request) = self.held.take() else { return Next::Nothing };
        let Ask { request: id, api, .. } = request.ask;
        let bytes = std::mem::take(&mut self.reserved);
        self.in_hand.push_back(InHand { request: id, api, bytes, answer: None });
        Next::Request(request)
    }

    fn read(&mut self, turn: &mut Turn<'_>, bytes_max: u32, memory_left: u64) -> Result<Request, Next> {
        let bad_length = |_| Next::Close(CloseReason::FrameLength);
        let Some(bytes) = self.splitter.frame_bytes(bytes_max).map_err(bad_length)? else { return Err(Next::Nothing) };
        if self.reserved == 0 {
            if memory_left == 0 {
                return Err(Next::Starved);
            }
            self.reserved = u64::from(bytes);
            self.newly_reserved = self.reserved;
        }
        let Some(frame) = self.splitter.next_frame(bytes_max).map_err(bad_length)? else { return Err(Next::Nothing) };
        let (head, body) = RequestHead::decode(frame.clone(), self.listener, bytes_max).map_err(|why| {
            Next::Close(match why {
                HeaderError::UnknownApi(_) => CloseReason::UnknownApi,
                HeaderError::UnsupportedVersion(..) => CloseReason::UnsupportedVersion,
                HeaderError::Undecodable => CloseReason::Undecodable,
            })
        })?;
        self.last_active = turn.now.monotonic;
        let RequestHead { api, version, correlation, .. } = head;
        let (request, connection, listener) = (turn.next_request(), self.id, self.listener);
        turn.note(Event::RequestReceived {
            request,
            connection,
            processor: self.processor,
            api_key: api.key(),
            api_version: version,
            correlation,
            bytes,
        });
        Ok(Request {
            ask: Ask { request, connection, listener, api, version, correlation },
            frame,
            body,
            host: self.host,
        })
    }

    pub fn set_answer(&mut self, request: RequestId, answer: Answer) {
        let waiting = self.in_hand.iter_mut().find(|in_hand| in_hand.request == request);
        debug_assert!(waiting.as_ref().is_some_and(|waiting| waiting.answer.is_none()), "P1: one answer per request");
        if let Some(waiting) = waiting {
            waiting.answer = Some(answer);
        }
    }

    /// The first request in hand, if it has its answer: the request, its bytes, the answer.
    pub fn next_answer(&mut self) -> Option<(RequestId, u64, Answer)> {
        self.in_hand.front()?.answer.as_ref()?;
        let done = self.in_hand.pop_front()?;
        Some((done.request, done.bytes, done.answer?))
    }
}

/// Of a peer as its transport names it: `127.0.0.1:40000`, `[::1]:40000`. Whoever has no address is on this machine.
fn host_of(peer: &str) -> IpAddr {
    let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host).trim_matches(['[', ']']);
    host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
