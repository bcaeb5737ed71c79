//! Clients' requests that another node answers: the active controller (`ForwardingManager`). They wait for a controller to be
//! known, for its answer, or for the next try after it did not answer or was the controller no more.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::Released;
use crate::{
    broker::{
        api::{Ask, Handled},
        peer::{Letter, Lost},
    },
    error::ErrorCode,
    ids::{BrokerId, ConnectionId, RequestId},
    sorted::SortedMap,
    time::Instant,
    trace::{
        Event,
        event::{CloseReason, WaitReason},
    },
    turn::Turn,
};

/// `request.timeout.ms`: how long a controller is looked for. Differs from Kafka, which tells REQUEST_TIMED_OUT then: the
/// connection ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// `retry.backoff.ms`, of who has just been refused.
const REST: Duration = Duration::from_millis(50);

/// A request to be sent to the active controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    pub to: BrokerId,
    pub request: RequestId,
    pub letter: Letter,
    pub patience: Duration,
}

#[derive(Clone, Debug)]
struct Forwarded {
    ask: Ask,
    letter: Letter,
    deadline: Instant,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be sent from then on.
    Waiting(Instant),
    UnderWay,
}

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct ForwardWaits {
    /// `None`: nobody leads the quorum as far as is known here, or this node does.
    controller: Option<BrokerId>,
    /// One for each request in hand at most.
    parked: SortedMap<RequestId, Forwarded>,
}

impl ForwardWaits {
    pub fn on_controller(&mut self, controller: Option<BrokerId>) {
        self.controller = controller;
    }

    pub fn park(&mut self, turn: &mut Turn<'_>, ask: Ask, letter: Letter) {
        turn.note(Event::RequestParked { request: ask.request, why: WaitReason::MetadataCommit });
        let (now, deadline) = (turn.now.monotonic, turn.now.monotonic + PATIENCE);
        self.parked.insert(ask.request, Forwarded { ask, letter, deadline, state: State::Waiting(now) });
    }

    /// What is to be sent to the active controller now, each with the time that is left for it, and with an end that is to
    /// be told.
    pub fn take(&mut self, now: Instant) -> Vec<Sending> {
        let Some(to) = self.controller else { return Vec::new() };
        let is_due = |row: &Forwarded| matches!(row.state, State::Waiting(at) if at <= now);
        let due = self.parked.iter_mut().filter(|(_, row)| is_due(row));
        due.map(|(request, row)| {
            row.state = State::UnderWay;
            Sending { to, request: *request, letter: row.letter.clone(), patience: row.deadline.since(now) }
        })
        .collect()
    }

    /// The controller's answer, header and body, or why there is none. Nothing if nobody waits for it any more.
    pub fn on_told(&mut self, turn: &mut Turn<'_>, request: RequestId, told: Result<Bytes, Lost>) -> Released {
        let Some(row) = self.parked.get_mut(&request) else { return Released::new() };
        let handled = match told {
            Ok(answer) if is_answer_to(&answer, row.ask) => Handled::Reply(framed(&answer).into()),
            // It was not taken as a request, or its answer is none: no answer can be told.
            Ok(_) | Err(Lost::Unreadable) => Handled::Close(CloseReason::NoController),
            Err(Lost::Refused(error)) if error != ErrorCode::NotController => {
                row.ask.refuse(turn, error);
                Handled::Close(CloseReason::NoController)
            }
            // Asked again of whoever is the controller then. What was asked may have happened, as in Kafka.
            Err(_) => {
                row.state = State::Waiting(turn.now.monotonic + REST);
                return Released::new();
            }
        };
        self.release(turn, request, handled)
    }

    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Released {
        let now = turn.now.monotonic;
        let late = self.parked.iter().filter(|(_, row)| row.deadline <= now).map(|(request, _)| *request);
        let late: Vec<RequestId> = late.collect();
        late.into_iter()
            .flat_map(|request| self.release(turn, request, Handled::Close(CloseReason::NoController)))
            .collect()
    }

    fn release(&mut self, turn: &mut Turn<'_>, request: RequestId, handled: Handled) -> Released {
        let Some(row) = self.parked.remove(&request) else { return Released::new() };
        let expired = row.deadline <= turn.now.monotonic;
        turn.note(Event::RequestReleased { request, expired });
        vec![(row.ask, handled)]
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.retain(|_, row| row.ask.connection != connection);
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.parked.keys().copied()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        let times = self.parked.values().map(|row| match row.state {
            State::Waiting(at) if self.controller.is_some() => at.min(row.deadline),
            State::Waiting(_) | State::UnderWay => row.deadline,
        });
        times.min()
    }
}

fn is_answer_to(answer: &Bytes, ask: Ask) -> bool {
    answer.first_chunk().is_some_and(|correlation| i32::from_be_bytes(*correlation) == ask.correlation)
}

fn framed(answer: &Bytes) -> Bytes {
    let mut frame = BytesMut::with_capacity(4 + answer.len());
    frame.put_u32(answer.len() as u32);
    frame.put_slice(answer);
    frame.freeze()
}

#[cfg(test)]
mod tests;
