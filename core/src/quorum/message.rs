//! What members of a quorum ask and answer. `broker/peer` brings it to the wire.

use bytes::Bytes;

use super::voters::ReplicaKey;
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, Offset},
};

/// A place in the metadata log: the end of a log, and the epoch of the record before it. A snapshot is named by it (Q8):
/// it stands for everything before `offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    // The order of the fields is the order of logs: the one with the later epoch is ahead.
    pub epoch: LeaderEpoch,
    pub offset: Offset,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// `epoch`: the one it asks to lead; with a pre-vote the one it is in.
    Vote {
        epoch: LeaderEpoch,
        candidate: ReplicaKey,
        voter: ReplicaKey,
        last: LogPosition,
        is_pre_vote: bool,
    },
    /// Somebody leads.
    BeginQuorumEpoch {
        epoch: LeaderEpoch,
        leader: BrokerId,
        voter: ReplicaKey,
    },
    /// Somebody leads no more; who is furthest comes first among its successors.
    EndQuorumEpoch {
        epoch: LeaderEpoch,
        leader: BrokerId,
        successors: Vec<ReplicaKey>,
    },
    Fetch {
        epoch: LeaderEpoch,
        replica: ReplicaKey,
        from: LogPosition,
        high_watermark: Offset,
    },
    /// The snapshot's bytes from `position` on.
    FetchSnapshot {
        epoch: LeaderEpoch,
        replica: ReplicaKey,
        snapshot: LogPosition,
        position: u64,
    },
}

/// What every answer says of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub epoch: LeaderEpoch,
    pub leader: Option<BrokerId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub standing: Standing,
    pub said: Result<Said, ErrorCode>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Vote {
        is_granted: bool,
    },
    /// To BeginQuorumEpoch and EndQuorumEpoch.
    Heard,
    Fetched {
        high_watermark: Offset,
        records: Records,
    },
    /// The asker's log is not a prefix of the leader's: what the leader has of that epoch, or of the one before it, ends here.
    Diverging {
        end: LogPosition,
    },
    /// The leader's log begins behind what the asker has: this snapshot stands for what lies before.
    BelowStart {
        snapshot: LogPosition,
    },
    /// A piece of a snapshot of `size` bytes.
    SnapshotFetched {
        snapshot: LogPosition,
        size: u64,
        position: u64,
        bytes: Bytes,
    },
}

/// Batches of the metadata log as the leader has them, with the epochs that begin in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    pub bytes: Bytes,
    /// Each epoch with its first offset here, rising.
    pub epochs: Vec<(LeaderEpoch, Offset)>,
    pub end: Offset,
}

impl Records {
    pub fn is_empty(&self) -> bool {
        self.epochs.is_empty()
    }
}
