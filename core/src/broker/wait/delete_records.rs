//! DeleteRecords requests whose logs begin elsewhere from here on, until storage has that durable.

use std::time::Duration;

use kafka_wire::{DeleteRecordsResponse, delete_records_response::DeleteRecordsPartitionResult};

use super::Released;
use crate::{
    broker::{
        Topics,
        api::{Ask, Handled},
    },
    error::ErrorCode,
    ids::*,
    log::CommitOutcome,
    purgatory::Purgatory,
    time::Instant,
    trace::{Event, event::WaitReason},
    turn::Turn,
};

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct DeleteRecordsWaits {
    /// Every commit may be what they wait for, so nothing is watched.
    parked: Purgatory<(), Deletion>,
}

/// A request, and its answer if all of it becomes durable.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Deletion {
    pub ask: Ask,
    pub response: DeleteRecordsResponse,
    pub moved: Vec<MovedStart>,
}

/// A log that begins at `start`.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) struct MovedStart {
    pub id: TopicPartition,
    pub start: Offset,
    /// The topic's and the partition's place in the answer.
    pub place: (u32, u32),
}

impl MovedStart {
    /// `None`: it is not decided yet.
    fn outcome(&self, topics: &Topics) -> Option<Result<(), ErrorCode>> {
        match topics.partition(self.id.topic, self.id.partition) {
            Ok(_) => (topics.dir.durable_log_start(self.id) >= self.start).then_some(Ok(())),
            // The topic was deleted meanwhile.
            Err(error) => Some(Err(error)),
        }
    }
}

impl Deletion {
    fn is_decided(&self, topics: &Topics) -> bool {
        self.moved.iter().all(|moved| moved.outcome(topics).is_some())
    }

    /// The answer; what is not decided is told `undecided`.
    fn answer(mut self, turn: &mut Turn<'_>, topics: &Topics, undecided: ErrorCode) -> (Ask, Handled) {
        for moved in std::mem::take(&mut self.moved) {
            if let Err(error) = moved.outcome(topics).unwrap_or(Err(undecided))
                && let Some(row) = row(&mut self.response, moved.place)
            {
                (row.low_watermark, row.error_code) = (-1, self.ask.refuse(turn, error));
            }
        }
        let expired = undecided == ErrorCode::RequestTimedOut;
        turn.note(Event::RequestReleased { request: self.ask.request, expired });
        (self.ask, self.ask.reply(&self.response))
    }
}

impl DeleteRecordsWaits {
    pub fn park(&mut self, turn: &mut Turn<'_>, deletion: Deletion, timeout_ms: i32) -> Handled {
        turn.note(Event::RequestParked { request: deletion.ask.request, why: WaitReason::MetadataCommit });
        let deadline = turn.now.monotonic + Duration::from_millis(timeout_ms.max(0) as u64);
        self.parked.park(deadline, Vec::new(), deletion);
        Handled::Parked
    }

    /// After the dir and the partitions know of it. A commit that failed takes all of them along: what it leaves to be
    /// written later, nobody waits for.
    pub fn on_outcome(&mut self, turn: &mut Turn<'_>, topics: &Topics, outcome: &CommitOutcome) -> Released {
        let has_failed = matches!(outcome, CommitOutcome::Failed { .. });
        let decided = self.parked.take_where(|deletion| has_failed || deletion.is_decided(topics));
        decided.into_iter().map(|deletion| deletion.answer(turn, topics, ErrorCode::KafkaStorageError)).collect()
    }

    /// The deadline of these is over: what is not decided is REQUEST_TIMED_OUT, and may still happen.
    pub fn expire(&mut self, turn: &mut Turn<'_>, topics: &Topics) -> Released {
        let late = self.parked.expire(turn.now.monotonic);
        late.into_iter().map(|deletion| deletion.answer(turn, topics, ErrorCode::RequestTimedOut)).collect()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.parked.next_deadline()
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.take_where(|deletion| deletion.ask.connection == connection);
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.parked.iter().map(|(.., deletion)| deletion.ask.request)
    }

    pub fn len(&self) -> usize {
        self.parked.len()
    }
}

fn row(response: &mut DeleteRecordsResponse, place: (u32, u32)) -> Option<&mut DeleteRecordsPartitionResult> {
    response.topics.get_mut(place.0 as usize)?.partitions.get_mut(place.1 as usize)
}
