//! What an onlooker may ask of a broker as a whole, counted anew each time: the world's invariants do.

use super::Broker;
use crate::{ids::RequestId, sorted::SortedSet};

/// What is in memory for requests, and what of it nobody works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Bytes of requests that are being read or in hand, and what the broker counts for them and allows.
    pub request_bytes: u64,
    pub request_bytes_counted: u64,
    pub request_bytes_max: u64,
    /// The most that any connection delivered beyond what it has in hand.
    pub read_ahead_most: u64,
    /// Requests that are read and not answered, and those among them that wait for something.
    pub in_hand: usize,
    pub parked: usize,
    /// A request in hand that is neither queued nor handled nor parked.
    pub forgotten: Option<RequestId>,
    pub sessions: usize,
    pub session_partitions: usize,
}

impl Broker {
    /// Takes time as requests are in hand: a look now and then, not one per request.
    pub fn audit(&self) -> Audit {
        let mut audit = self.network.audit();
        let parked: Vec<RequestId> = self.waits.requests().collect();
        audit.parked = parked.len();
        (audit.sessions, audit.session_partitions) = self.waits.fetch.sessions();
        let in_work = self.queue.requests().chain(self.handlers.requests()).chain(self.network.receiving());
        let attended: SortedSet<RequestId> = in_work.chain(parked).collect();
        audit.forgotten = self.network.unanswered().find(|request| !attended.contains(request));
        audit
    }
}
