//! The network's part of an audit.

use super::{Network, connection::Connection, processor::Work};
use crate::{broker::audit::Audit, ids::RequestId};

impl Network {
    pub fn audit(&self) -> Audit {
        let connections = || self.connections.values();
        Audit {
            request_bytes: connections().map(Connection::memory).sum(),
            request_bytes_counted: self.memory,
            request_bytes_max: self.limits.request_memory_max,
            read_ahead_most: connections().map(Connection::buffered).max().unwrap_or(0),
            in_hand: connections().map(Connection::in_hand).sum(),
            ..Audit::default()
        }
    }

    /// Requests in hand that have no answer yet.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> {
        self.connections.values().flat_map(Connection::unanswered)
    }

    /// Requests on their way into the request queue.
    pub fn receiving(&self) -> impl Iterator<Item = RequestId> {
        self.processors.iter().filter_map(|processor| match &processor.current {
            Some((_, Work::Receive(request))) => Some(request.ask.request),
            _ => None,
        })
    }
}
