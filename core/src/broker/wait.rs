//! Requests that cannot be answered yet: the pull queue of the note's third drawing, one file per kind of wait.
//!
//! A parked request is a row with a reason and a deadline. What may make its condition true hands over the partitions it
//! touched; what it was waiting for decides the answer, once.

pub(super) mod commit;
pub(super) mod delete_records;
pub(super) mod envelope;
pub(super) mod fetch;
pub(super) mod forward;
pub(super) mod list_offsets;
pub(super) mod peer;
pub(super) mod produce;

use self::{
    commit::CommitWaits, delete_records::DeleteRecordsWaits, envelope::Envelopes, fetch::FetchWaits,
    forward::ForwardWaits, list_offsets::ListOffsetsWaits, peer::PeerWaits, produce::ProduceWaits,
};
use super::api::{Ask, Handled};
use crate::{
    ids::{ConnectionId, RequestId},
    time::Instant,
};

/// What became of requests that were parked.
pub(super) type Released = Vec<(Ask, Handled)>;

#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    pub produce: ProduceWaits,
    pub fetch: FetchWaits,
    pub list_offsets: ListOffsetsWaits,
    pub delete_records: DeleteRecordsWaits,
    pub commit: CommitWaits,
    pub peer: PeerWaits,
    pub forward: ForwardWaits,
    pub envelopes: Envelopes,
}

impl Waits {
    pub fn new(fetch_sessions_max: u32) -> Self {
        Self { fetch: FetchWaits::new(fetch_sessions_max), ..Self::default() }
    }

    pub fn deadlines(&self) -> [Option<Instant>; 6] {
        [
            self.produce.next_deadline(),
            self.fetch.next_deadline(),
            self.list_offsets.next_deadline(),
            self.delete_records.next_deadline(),
            self.commit.next_deadline(),
            self.forward.next_deadline(),
        ]
    }

    /// All that are parked.
    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        let reads = self.fetch.requests().chain(self.list_offsets.requests());
        let changes = self.delete_records.requests().chain(self.commit.requests());
        self.produce.requests().chain(reads).chain(changes).chain(self.peer.requests()).chain(self.forward.requests())
    }

    /// Nobody is there to be answered.
    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.produce.on_closed(connection);
        self.fetch.on_closed(connection);
        self.list_offsets.on_closed(connection);
        self.delete_records.on_closed(connection);
        self.commit.on_closed(connection);
        self.peer.on_closed(connection);
        self.forward.on_closed(connection);
        self.envelopes.on_closed(connection);
    }
}
