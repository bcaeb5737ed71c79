//! Requests that cannot be answered yet: the pull queue of the note's third drawing, one file per kind of wait.
//!
//! A parked request is a row with a reason and a deadline. What may make its condition true hands over the partitions it
//! touched; what it was waiting for decides the answer, once.

pub(super) mod commit;
pub(super) mod fetch;
pub(super) mod produce;

use self::{commit::CommitWaits, fetch::FetchWaits, produce::ProduceWaits};
use super::api::{Ask, Handled};

/// What became of requests that were parked.
pub(super) type Released = Vec<(Ask, Handled)>;

#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    pub produce: ProduceWaits,
    pub fetch: FetchWaits,
    pub commit: CommitWaits,
}
