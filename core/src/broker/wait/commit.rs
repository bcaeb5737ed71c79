//! Administrative requests that wait until storage has their change.

use std::time::Duration;

use super::Released;
use crate::{
    broker::api::{Ask, CommitAnswers, Handled},
    ids::*,
    purgatory::Purgatory,
    time::Instant,
    trace::{Event, event::WaitReason},
    turn::Turn,
};

#[derive(Clone, Debug)]
struct ParkedChange {
    ask: Ask,
    /// Of the catalog that carries the change.
    version: u64,
    answers: Box<CommitAnswers>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct CommitWaits {
    parked: Purgatory<(), ParkedChange>,
}

impl CommitWaits {
    pub fn park(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        version: u64,
        timeout: Duration,
        answers: Box<CommitAnswers>,
    ) {
        turn.note(Event::RequestParked { request: ask.request, why: WaitReason::MetadataCommit });
        self.parked.park(turn.now.monotonic + timeout, Vec::new(), ParkedChange { ask, version, answers });
    }

    /// Storage has the catalog up to `version`.
    pub fn on_committed(&mut self, turn: &mut Turn<'_>, version: u64) -> Released {
        let done = self.parked.take_where(|change| change.version <= version);
        done.into_iter().map(|change| change.release(turn, false, |answers| answers.done)).collect()
    }

    /// A commit failed, and with it everything queued.
    pub fn on_dir_failed(&mut self, turn: &mut Turn<'_>) -> Released {
        let all = self.parked.take_where(|_| true);
        all.into_iter().map(|change| change.release(turn, false, |answers| answers.failed)).collect()
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.take_where(|change| change.ask.connection == connection);
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.parked.next_deadline()
    }

    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Released {
        let due = self.parked.expire(turn.now.monotonic);
        due.into_iter().map(|change| change.release(turn, true, |answers| answers.late)).collect()
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.parked.iter().map(|(.., change)| change.ask.request)
    }

    pub fn len(&self) -> usize {
        self.parked.len()
    }
}

impl ParkedChange {
    fn release(
        self,
        turn: &mut Turn<'_>,
        expired: bool,
        answer: impl FnOnce(CommitAnswers) -> crate::effect::Frame,
    ) -> (Ask, Handled) {
        turn.note(Event::RequestReleased { request: self.ask.request, expired });
        (self.ask, Handled::Reply(answer(*self.answers)))
    }
}
