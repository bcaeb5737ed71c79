//! The queue between processors and handlers, bounded by `queued.max.requests`. A processor that finds it full is held up.

use std::{collections::VecDeque, net::IpAddr};

use bytes::Bytes;

use super::api::Ask;
use crate::{ids::RequestId, trace::Event, turn::Turn};

/// A request whose head was read.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub ask: Ask,
    /// Header and body. A slice of what the connection delivered.
    pub frame: Bytes,
    /// Unread. A slice of the frame.
    pub body: Bytes,
    /// Whom it came from.
    pub host: IpAddr,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RequestQueue {
    waiting: VecDeque<Request>,
}

impl RequestQueue {
    pub fn has_room(&self, requests_max: u32) -> bool {
        self.waiting.len() < requests_max as usize
    }

    pub fn push(&mut self, turn: &mut Turn<'_>, request: Request) {
        let (id, depth) = (request.ask.request, self.waiting.len() as u32 + 1);
        turn.note(Event::RequestQueued { request: id, depth });
        self.waiting.push_back(request);
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.waiting.iter().map(|request| request.ask.request)
    }

    pub fn pop(&mut self) -> Option<Request> {
        self.waiting.pop_front()
    }
}
