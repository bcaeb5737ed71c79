//! P1: every request gets exactly one answer in order per connection, or the connection closes.

use std::collections::VecDeque;

use crate::{
    ids::{ConnectionId, RequestId},
    sorted::SortedMap,
    trace::Event,
    wire::Api,
};

/// Requests that wait for their answer, by the connection they came in by.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    waiting: SortedMap<ConnectionId, VecDeque<(RequestId, bool)>>,
    of: SortedMap<RequestId, ConnectionId>,
}

impl Requests {
    pub fn on_event(&mut self, event: &Event) -> Result<(), (&'static str, String)> {
        match *event {
            Event::RequestReceived { request, connection, api_key, .. } => {
                // A Produce with acks=0 is never answered.
                let may_be_silent = api_key == Api::Produce.key();
                self.waiting.entry(connection).or_default().push_back((request, may_be_silent));
                self.of.insert(request, connection);
            }
            Event::ConnectionClosed { connection, .. } => {
                for (request, _) in self.waiting.remove(&connection).unwrap_or_default() {
                    self.of.remove(&request);
                }
            }
            Event::ResponseSent { request, .. } => return self.answered(request),
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, request: RequestId) -> Result<(), (&'static str, String)> {
        let Some(connection) = self.of.get(&request).copied() else {
            return Err(("P1", format!("request {request} is answered though nobody waits for it")));
        };
        let waiting = self.waiting.entry(connection).or_default();
        while let Some((first, may_be_silent)) = waiting.pop_front() {
            self.of.remove(&first);
            if first == request {
                return Ok(());
            }
            if !may_be_silent {
                return Err(("P1", format!("request {request} is answered before {first} of the same connection")));
            }
        }
        Err(("P1", format!("request {request} is answered twice")))
    }
}
