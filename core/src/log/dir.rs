//! One log dir: the queue of its commits (one in flight), its loads, and whether it can be written and read.

use bytes::Bytes;

use super::read::ColdRange;
use crate::{effect::*, ids::*, trace::Event, turn::Turn};

/// What a log dir can do right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirState {
    Online,
    /// A commit failed for certain: what is committed is served, nothing is appended until there is room again.
    ReadOnly(StorageErrorKind),
    /// Nobody knows what is on it until it is opened again.
    Offline(StorageErrorKind),
}

/// Something in a commit that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The partition's log is committed up to this offset (exclusive).
    LogEnd(TopicPartition, Offset),
    /// The catalog's change of this number is durable.
    Catalog(u64),
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    Committed(Vec<Mark>),
    Failed { lost: Vec<Mark>, state: DirState },
}

#[derive(Clone, Debug)]
pub struct LogDir {}

impl LogDir {
    pub fn state(&self) -> DirState {
        todo!()
    }
    /// Adds work to the commit that is being gathered. Bytes queued are bounded by `queued_bytes`.
    pub fn enqueue(&mut self, ops: impl IntoIterator<Item = WriteOp>, mark: Option<Mark>, sync: bool) {
        let _ = (ops.into_iter().count(), mark, sync);
        todo!()
    }
    /// Issues the gathered commit unless one is in flight. Called once at the end of every turn.
    pub fn issue(&mut self, turn: &mut Turn<'_>) {
        turn.note(Event::BrokerStarted {});
        todo!()
    }
    /// Bytes that wait for a commit or are in one; handlers rest while it is above their bound.
    pub fn queued_bytes(&self) -> u64 {
        todo!()
    }
    pub fn on_committed(&mut self, turn: &mut Turn<'_>, io: IoId) -> Option<CommitOutcome> {
        let _ = (turn, io);
        todo!()
    }
    pub fn on_failed(&mut self, turn: &mut Turn<'_>, io: IoId, why: StorageError) -> Option<CommitOutcome> {
        let _ = (turn, io, why);
        todo!()
    }
    /// Starts a load for a reader; its answer comes back as `Loaded{io}`.
    pub fn load(&mut self, turn: &mut Turn<'_>, range: &ColdRange) -> IoId {
        let _ = (turn, range);
        todo!()
    }
    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, io: IoId, bytes: &Bytes) {
        let _ = (turn, io, bytes);
        todo!()
    }
}
