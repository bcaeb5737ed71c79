//! One connection to a peer: requests out, their answers in, in the same order.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Member, errand::Errand, errand::Lost};
use crate::{
    effect::Effect,
    ids::ConnectionId,
    time::Instant,
    turn::Turn,
    wire::{FrameSplitter, limits},
};

/// Requests of a connection whose answers are due (`max.in.flight.requests.per.connection`).
const IN_FLIGHT_MAX: usize = 5;

#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub id: ConnectionId,
    splitter: FrameSplitter,
    in_flight: VecDeque<InFlight>,
    next_correlation: i32,
}

#[derive(Clone, Debug)]
struct InFlight {
    correlation: i32,
    deadline: Instant,
    errand: Errand,
}

impl Connection {
    pub fn new(id: ConnectionId) -> Self {
        Self { id, splitter: FrameSplitter::default(), in_flight: VecDeque::new(), next_correlation: 0 }
    }

    pub fn has_room(&self) -> bool {
        self.in_flight.len() < IN_FLIGHT_MAX
    }

    pub fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Gives the errand back where no request can say it.
    pub fn send(
        &mut self,
        turn: &mut Turn<'_>,
        member: &Member,
        errand: Errand,
        deadline: Instant,
    ) -> Result<(), Errand> {
        let correlation = self.next_correlation;
        let Some(frame) = errand.frame(member, correlation) else { return Err(errand) };
        self.next_correlation = correlation.wrapping_add(1);
        turn.effects.push(Effect::Write { connection: self.id, frame });
        self.in_flight.push_back(InFlight { correlation, deadline, errand });
        Ok(())
    }

    pub fn on_bytes(&mut self, bytes: Bytes) {
        self.splitter.push(bytes);
    }

    /// The next errand that is answered, with the answer's body, if all of it is there.
    ///
    /// # Errors
    /// What comes is not the answer due: the connection must end.
    pub fn next_answer(&mut self) -> Result<Option<(Errand, Bytes)>, Lost> {
        let Some(due) = self.in_flight.front() else {
            return if self.splitter.is_inside_frame() { Err(Lost::Unreadable) } else { Ok(None) };
        };
        let frame = self.splitter.next_frame(limits::PLAIN_FRAME_BYTES_MAX as u32).map_err(|_| Lost::Unreadable)?;
        let Some(frame) = frame else { return Ok(None) };
        let answer = due.errand.split(frame).filter(|(correlation, _)| *correlation == due.correlation);
        let (_, body) = answer.ok_or(Lost::Unreadable)?;
        Ok(self.in_flight.pop_front().map(|done| (done.errand, body)))
    }

    /// When the first answer is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.in_flight.iter().map(|request| request.deadline).min()
    }

    /// Errands that will not be answered: the connection is gone.
    pub fn into_errands(self) -> impl Iterator<Item = Errand> {
        self.in_flight.into_iter().map(|request| request.errand)
    }
}
