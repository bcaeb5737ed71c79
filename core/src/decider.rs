//! Decisions as records: how the controller and the coordinators change what they know.
//!
//! ```text
//! state at the end ──decide──▶ Decision { records, reply, after_commit } ──append──▶ log
//!        ▲                                                                            │
//!        └── apply ◀── on_appended           committed state ◀── apply ── on_committed ┘──▶ the reply may go
//! ```
//! There are two views. Decisions are made on the *end*, which has all that was appended; everybody else sees what is
//! *committed*. `Decided::apply` is the only function that changes either. The log is the owner's: it appends what a
//! decision holds and says at which offset. Timers and elections are its inputs too (`CoordinatorRuntime`).

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::ids::Offset;

/// A state that records make: the same records in the same order give the same state on every node.
pub trait Decided: Clone {
    type Record: Clone;
    /// What a committed decision sets off beyond its reply: a prepared transaction's markers, say.
    type After;

    fn apply(&mut self, record: &Self::Record, offset: Offset);
}

/// What is to be done about one request. Nothing has happened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<R, A, F = ()> {
    pub records: Vec<R>,
    /// All of the records in one batch or none: where they do not fit in one, the decision cannot be carried out.
    pub is_atomic: bool,
    pub reply: A,
    pub after_commit: Vec<F>,
}

impl<R, A, F> Decision<R, A, F> {
    /// Changes nothing.
    pub fn reply(reply: A) -> Self {
        Self { records: Vec::new(), is_atomic: false, reply, after_commit: Vec::new() }
    }

    pub fn new(records: Vec<R>, reply: A) -> Self {
        Self { records, ..Self::reply(reply) }
    }

    pub fn atomic(records: Vec<R>, reply: A) -> Self {
        Self { is_atomic: true, ..Self::new(records, reply) }
    }

    /// The same with another reply: the owner puts to it who is to have it.
    pub fn map<B>(self, reply: impl FnOnce(A) -> B) -> Decision<R, B, F> {
        let Self { records, is_atomic, after_commit, .. } = self;
        Decision { records, is_atomic, reply: reply(self.reply), after_commit }
    }
}

/// A decision that counts: its reply may go and what follows it may be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released<A, F = ()> {
    pub reply: A,
    pub after_commit: Vec<F>,
}

/// Appended, and not known to be committed.
#[derive(Clone, Debug)]
struct Pending<R, A, F> {
    /// Offset after the last record.
    end: Offset,
    /// Empty for a reply that only waits for what it was decided on.
    records: Vec<R>,
    /// `None` for what others appended.
    released: Option<Released<A, F>>,
}

/// How many decisions may wait for their commit.
const PENDING_MAX: usize = 10_000;

/// The two views of a state and the replies that wait between them.
#[derive(Clone, Debug)]
pub struct Decider<S: Decided, A> {
    committed: S,
    /// Offset after the last record in `committed`.
    committed_end: Offset,
    /// `None` while it would be the same as `committed`: nobody decides and nothing is pending.
    end: Option<S>,
    pending: VecDeque<Pending<S::Record, A, S::After>>,
    is_active: bool,
}

impl<S: Decided, A> Decider<S, A> {
    /// Starts as standby from a state that has all records below `end`: an empty one, or a snapshot.
    pub fn new(state: S, end: Offset) -> Self {
        Self { committed: state, committed_end: end, end: None, pending: VecDeque::new(), is_active: false }
    }

    /// What everybody may see.
    pub fn committed(&self) -> &S {
        &self.committed
    }

    /// Offset after the last record that `committed` has.
    pub fn committed_end(&self) -> Offset {
        self.committed_end
    }

    /// What decisions are made on; `None` for a standby and while the log is still being read.
    pub fn active(&self) -> Option<&S> {
        self.is_active.then(|| self.end())
    }

    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// Whether another decision may be taken. Where not, its request is refused as by a coordinator that is not there.
    pub fn has_room(&self) -> bool {
        self.pending.len() < PENDING_MAX
    }

    /// How many decisions and records of others wait for their commit.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    fn end(&self) -> &S {
        self.end.as_ref().unwrap_or(&self.committed)
    }

    /// A record of the log that is known to be committed: what a standby follows, and what is loaded below the high
    /// watermark. Ones that the state already has change nothing.
    ///
    /// # Panics
    /// While decisions are made here: what is committed then is told by `on_committed`.
    pub fn replay(&mut self, offset: Offset, record: &S::Record) {
        assert!(self.end.is_none(), "a committed record is replayed into a state that is ahead of it");
        if offset >= self.committed_end {
            self.committed.apply(record, offset);
            self.committed_end = offset + 1;
        }
    }

    /// Takes another state in the place of the committed one: a snapshot that the log now begins with.
    pub fn restart_from(&mut self, state: S, end: Offset) -> Vec<A> {
        let failed = self.step_down();
        (self.committed, self.committed_end) = (state, end);
        failed
    }

    /// A record at the end of the log that no decision of this one put there and that may not be committed yet: what is
    /// loaded above the high watermark, a transaction's marker.
    pub fn on_record(&mut self, offset: Offset, record: S::Record) {
        if offset < self.committed_end {
            return;
        }
        self.end_mut().apply(&record, offset);
        self.pending.push_back(Pending { end: offset + 1, records: vec![record], released: None });
    }

    /// All of the log is in the state and this node leads: decisions are made from here on.
    pub fn enter_active(&mut self) {
        self.end_mut();
        self.is_active = true;
    }

    /// A decision's records are in the log, the last of them at `end - 1`. A decision without records counts once all that
    /// it was decided on is committed: what `end` says is then ignored. Gives it back if that is so already.
    ///
    /// # Panics
    /// Where nobody decides, or the log did not give the records the next offsets.
    pub fn on_appended(
        &mut self,
        end: Offset,
        decision: Decision<S::Record, A, S::After>,
    ) -> Option<Released<A, S::After>> {
        assert!(self.is_active, "a decision was made where nobody decides");
        let Decision { records, reply, after_commit, .. } = decision;
        let released = Released { reply, after_commit };
        let last = self.pending.back().map(|pending| pending.end);
        if records.is_empty() {
            let Some(end) = last else { return Some(released) };
            self.pending.push_back(Pending { end, records, released: Some(released) });
            return None;
        }
        let first = end - records.len() as Offset;
        assert!(first >= last.unwrap_or(self.committed_end), "records were appended in front of the end");
        let state = self.end_mut();
        for (offset, record) in (first..end).zip(&records) {
            state.apply(record, offset);
        }
        self.pending.push_back(Pending { end, records, released: Some(released) });
        None
    }

    /// Everything below `high_watermark` is committed: gives the decisions that count by that, in their order.
    pub fn on_committed(&mut self, high_watermark: Offset) -> Vec<Released<A, S::After>> {
        let mut all = Vec::new();
        while let Some(pending) = self.pending.pop_front_if(|pending| pending.end <= high_watermark) {
            let first = pending.end - pending.records.len() as Offset;
            for (offset, record) in (first..pending.end).zip(&pending.records) {
                self.committed.apply(record, offset);
            }
            self.committed_end = self.committed_end.max(pending.end);
            all.extend(pending.released);
        }
        all
    }

    /// Leadership is lost, or an append has failed: the end goes back to what is committed. Gives the replies that nobody
    /// can vouch for; their records may yet be committed by another leader, and then come by `replay`.
    pub fn step_down(&mut self) -> Vec<A> {
        self.is_active = false;
        self.end = None;
        let failed = std::mem::take(&mut self.pending).into_iter();
        failed.filter_map(|pending| pending.released).map(|released| released.reply).collect()
    }

    fn end_mut(&mut self) -> &mut S {
        self.end.get_or_insert_with(|| self.committed.clone())
    }
}
