//! One processor (`kafka.network.Processor`): a thread that owns some connections, and its response queue.
//!
//! It does one thing at a time. Responses go before requests; a request that finds the request queue full holds it up, as
//! it holds up Kafka's thread.

use std::collections::VecDeque;

use crate::{
    broker::{request_queue::Request, respond::Response},
    ids::ConnectionId,
    time::Instant,
};

#[derive(Clone, Debug)]
pub(super) enum Work {
    /// On its way into the request queue.
    Receive(Request),
    /// On its way to its connection.
    Send(Response),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Processor {
    /// What it does, and when that is done.
    pub current: Option<(Instant, Work)>,
    /// Connections that may have a request to hand over, in the order in which they became so.
    pub runnable: VecDeque<ConnectionId>,
    pub responses: VecDeque<Response>,
}

impl Processor {
    /// When what it does is done, if that lies ahead.
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.current.as_ref().map(|(due, _)| *due).filter(|due| *due > now)
    }

    /// Takes out the responses to one connection, the one being written first.
    pub fn take_responses(&mut self, connection: ConnectionId) -> Vec<Response> {
        let mut taken = Vec::new();
        match self.current.take() {
            Some((_, Work::Send(response))) if response.connection == connection => taken.push(response),
            other => self.current = other,
        }
        let (theirs, others): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.responses).into_iter().partition(|response| response.connection == connection);
        self.responses = others;
        taken.extend(theirs);
        taken
    }

    /// Nothing of a connection that is gone is worth doing: neither handing over its request nor writing to it.
    pub fn forget(&mut self, connection: ConnectionId) {
        self.take_responses(connection);
        self.current
            .take_if(|(_, work)| matches!(work, Work::Receive(request) if request.ask.connection == connection));
    }
}
