//! What was asked and is not answered.

use super::{CallId, ClientError, Question, idempotence::Parcel, links::Lane, metadata::Place};
use crate::{
    ids::ConnectionId,
    sorted::{SortedMap, SortedSet},
    time::Instant,
};

/// Connections for long polls. With more calls than these, some wait for one another.
const FETCH_LANES: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Of a Produce without its records: they are in `parcel`.
    pub question: Question,
    pub parcel: Option<Parcel>,
    pub lane: Lane,
    /// When it is answered with `TimedOut`.
    pub deadline: Instant,
    /// Not sent again before.
    pub from: Instant,
    pub failures: u32,
    /// What kept it from being answered last.
    pub problem: Option<ClientError>,
    /// By which connection and to what place it was sent, while its answer is due.
    pub sent: Option<(ConnectionId, Place)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    calls: SortedMap<CallId, Call>,
    /// Exactly the pairs (deadline, call) of `calls`.
    deadlines: SortedSet<(Instant, CallId)>,
    /// Calls to be sent: all but those that are under way or wait for another batch of their partition.
    waiting: SortedSet<CallId>,
    /// Whether some began to wait, or something happened, since they were last looked at.
    is_woken: bool,
    /// Of all parcels.
    parcel_bytes: u64,
    /// Calls in each of the long polls' lanes.
    fetches: [u32; FETCH_LANES],
}

impl Calls {
    pub fn len(&self) -> u32 {
        self.calls.len() as u32
    }

    pub fn parcel_bytes(&self) -> u64 {
        self.parcel_bytes
    }

    pub fn get(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    pub fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut(&id)
    }

    pub fn lane_of(&self, question: &Question) -> Lane {
        match question {
            Question::Produce(_) => Lane::Produce,
            Question::Fetch(_) => {
                let lanes = self.fetches.iter().enumerate();
                Lane::Fetch(lanes.min_by_key(|(_, calls)| **calls).map_or(0, |(lane, _)| lane as u8))
            }
            _ => Lane::Ask,
        }
    }

    pub fn insert(&mut self, id: CallId, call: Call) {
        if let Lane::Fetch(lane) = call.lane {
            self.fetches[usize::from(lane)] += 1;
        }
        self.parcel_bytes += call.parcel.as_ref().map_or(0, Parcel::bytes);
        self.deadlines.insert((call.deadline, id));
        let before = self.calls.insert(id, call);
        assert!(before.is_none(), "a call's id is used once");
    }

    pub fn remove(&mut self, id: CallId) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        if let Lane::Fetch(lane) = call.lane {
            self.fetches[usize::from(lane)] -= 1;
        }
        self.parcel_bytes -= call.parcel.as_ref().map_or(0, Parcel::bytes);
        self.deadlines.remove(&(call.deadline, id));
        self.waiting.remove(&id);
        Some(call)
    }

    /// Has the call sent when it can be.
    pub fn wait(&mut self, id: CallId) {
        if self.calls.contains_key(&id) {
            self.waiting.insert(id);
            self.is_woken = true;
        }
    }

    /// Something happened that may let calls go.
    pub fn wake(&mut self) {
        self.is_woken = true;
    }

    pub fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.is_woken)
    }

    pub fn sent(&mut self, id: CallId, by: ConnectionId, to: Place) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.sent = Some((by, to));
            self.waiting.remove(&id);
        }
    }

    /// In the order asked.
    pub fn waiting(&self) -> Vec<CallId> {
        self.waiting.iter().copied().collect()
    }

    /// Calls whose time is over.
    pub fn due(&self, now: Instant) -> Vec<CallId> {
        self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now).map(|(_, id)| *id).collect()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }
}
