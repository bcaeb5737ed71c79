//! Requests that came in an envelope: whatever answers them, the answer leaves in an envelope too.

use crate::{
    broker::{
        api::{Ask, Handled},
        peer,
    },
    error::ErrorCode,
    ids::{ConnectionId, RequestId},
    sorted::SortedMap,
};

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct Envelopes {
    /// The Envelope requests whose contents are in hand.
    opened: SortedMap<RequestId, Ask>,
}

impl Envelopes {
    pub fn on_opened(&mut self, outer: Ask) {
        self.opened.insert(outer.request, outer);
    }

    /// What the peer is answered when `handled` became of what was in its envelope. Anything else is left as it is.
    pub fn seal(&mut self, request: RequestId, handled: Handled) -> Handled {
        let told = match handled {
            Handled::Reply(frame) if self.opened.contains_key(&request) => Ok(frame.to_bytes().slice(4..)),
            // What would have cost a client its connection costs the peer nothing.
            Handled::Close(_) if self.opened.contains_key(&request) => Err(ErrorCode::InvalidRequest),
            other => return other,
        };
        match self.opened.remove(&request) {
            Some(outer) => peer::seal(outer, told),
            None => unreachable!("it was there"),
        }
    }

    /// The answer of an envelope that this node does not take: it is not the controller (any more).
    pub fn give_back(&mut self, request: RequestId) -> Option<(Ask, Handled)> {
        let outer = self.opened.remove(&request)?;
        Some((outer, peer::seal(outer, Err(ErrorCode::NotController))))
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.opened.retain(|_, ask| ask.connection != connection);
    }
}
