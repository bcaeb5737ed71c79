//! What a member is at the moment, and what it keeps only while it is that.

use crate::sorted::{SortedMap, SortedSet};

use super::{message::LogPosition, voters::ReplicaKey};
use crate::{
    ids::{BrokerId, Offset, RequestId},
    time::Instant,
};

#[derive(Clone, Debug)]
pub enum Role {
    Unattached(Unattached),
    Prospective(Ballot),
    Candidate(Ballot),
    Leader(Leader),
    Follower(Follower),
    Resigned(Resigned),
}

/// Knows of nobody who leads.
#[derive(Clone, Debug)]
pub struct Unattached {
    /// `None`: an observer waits for ever.
    pub election_at: Option<Instant>,
    /// Whom an observer asked last.
    pub asked: Option<BrokerId>,
}

/// Counts votes: a prospective would-be votes, a candidate true ones.
#[derive(Clone, Debug)]
pub struct Ballot {
    pub election_at: Instant,
    pub granted: SortedSet<BrokerId>,
    pub refused: SortedSet<BrokerId>,
    /// The election state whose durability makes its own vote count.
    pub version: u64,
    /// Elections lost in a row.
    pub lost: u32,
}

#[derive(Clone, Debug)]
pub struct Leader {
    /// Where its epoch begins in the log.
    pub epoch_start: Offset,
    pub progress: SortedMap<BrokerId, Progress>,
    /// The same of whoever else fetches.
    pub observers: SortedMap<ReplicaKey, Progress>,
    /// Voters that have not said that they know.
    pub unaware: SortedSet<BrokerId>,
    /// By then a majority must have fetched.
    pub quorum_until: Instant,
    /// Voters that fetched since that was set.
    pub heard: SortedSet<BrokerId>,
    pub remind_at: Instant,
    /// Fetches that found nothing new, one for each member.
    pub parked: SortedMap<BrokerId, ParkedFetch>,
}

/// How far a voter is, by what it fetches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub end: Offset,
    pub fetched_at: Option<Instant>,
    /// When it last had all that the leader had.
    pub caught_up_at: Option<Instant>,
    /// Where the leader's log ended when it fetched last.
    pub leader_end: Option<Offset>,
}

#[derive(Clone, Copy, Debug)]
pub struct ParkedFetch {
    pub request: RequestId,
    pub from: LogPosition,
    pub high_watermark: Offset,
    pub until: Instant,
}

#[derive(Clone, Debug)]
pub struct Follower {
    pub leader: BrokerId,
    /// By then the leader must have answered. `None`: an observer.
    pub fetch_until: Option<Instant>,
    /// It has, in this epoch.
    pub has_fetched: bool,
    /// What it fetches instead of records.
    pub snapshot: Option<SnapshotFetch>,
}

/// How far a snapshot is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotFetch {
    pub snapshot: LogPosition,
    pub position: u64,
    /// The owner writes a piece: the next one is asked for when it has.
    pub is_storing: bool,
}

/// Led, and does no more.
#[derive(Clone, Debug)]
pub struct Resigned {
    pub election_at: Instant,
    /// Voters that have not said that they know.
    pub unaware: SortedSet<BrokerId>,
}

impl Role {
    /// Before anything was read.
    pub(super) fn begin() -> Self {
        Self::Unattached(Unattached { election_at: None, asked: None })
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Unattached(unattached) => unattached.election_at,
            Self::Prospective(ballot) | Self::Candidate(ballot) => Some(ballot.election_at),
            Self::Leader(leader) => Some(leader.quorum_until.min(leader.remind_at)),
            Self::Follower(follower) => follower.fetch_until,
            Self::Resigned(resigned) => Some(resigned.election_at),
        }
    }

    pub(super) fn next_parked(&self) -> Option<Instant> {
        match self {
            Self::Leader(leader) => leader.parked.values().map(|parked| parked.until).min(),
            _ => None,
        }
    }

    /// Kafka's word for it, as in `kafka-metadata-quorum` and the metric `current-state`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unattached(_) => "unattached",
            Self::Prospective(_) => "prospective",
            Self::Candidate(_) => "candidate",
            Self::Leader(_) => "leader",
            Self::Follower(_) => "follower",
            Self::Resigned(_) => "resigned",
        }
    }
}
