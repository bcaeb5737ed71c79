//! Produces that wait for the high watermark or for storage (Kafka's `DelayedProduce`).

use std::time::Duration;

use super::Released;
use crate::{
    broker::{
        Topics,
        api::{
            Ask, Handled,
            produce::{Place, ProduceAnswer},
        },
    },
    error::ErrorCode,
    ids::*,
    purgatory::Purgatory,
    trace::{Event, event::WaitReason},
    turn::Turn,
};

/// acks=1 has no time-out in Kafka. Storage answers long before this, or is given up.
const FLUSH_PATIENCE: Duration = Duration::from_secs(60);

/// The end that a partition has to reach.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) struct Awaited {
    pub id: TopicPartition,
    /// Behind the last record of the batch.
    pub end: Offset,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub(in crate::broker) struct ParkedProduce {
    pub ask: Ask,
    /// acks=-1: the high watermark has to pass; otherwise what storage has.
    pub is_all: bool,
    pub answer: ProduceAnswer,
    /// What has not happened yet.
    pub awaited: Vec<Awaited>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct ProduceWaits {
    parked: Purgatory<TopicPartition, ParkedProduce>,
}

impl ParkedProduce {
    /// Takes off what has happened. True if nothing is left to wait for.
    fn settle(&mut self, turn: &mut Turn<'_>, topics: &Topics) -> bool {
        let Self { ask, is_all, answer, awaited } = self;
        awaited.retain(|awaited| match topics.partitions.get(awaited.id) {
            Some(partition) if !partition.is_led() => {
                // It may be there: whoever leads next has it or not.
                answer.set_failed(turn, *ask, awaited.place, ErrorCode::NotLeaderOrFollower);
                false
            }
            Some(partition) => {
                let reached = if *is_all { partition.high_watermark() } else { partition.committed_end() };
                reached < awaited.end
            }
            None => {
                answer.set_failed(turn, *ask, awaited.place, ErrorCode::UnknownTopicOrPartition);
                false
            }
        });
        awaited.is_empty()
    }

    fn fail(mut self, turn: &mut Turn<'_>, error: ErrorCode) -> (Ask, Handled) {
        for awaited in std::mem::take(&mut self.awaited) {
            self.answer.set_failed(turn, self.ask, awaited.place, error);
        }
        (self.ask, self.answer.reply(self.ask))
    }
}

impl ProduceWaits {
    /// Answers what need not wait, parks what must. `timeout` in milliseconds.
    pub fn finish(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        mut produce: ParkedProduce,
        timeout: i32,
    ) -> Handled {
        if produce.settle(turn, topics) {
            return produce.answer.reply(produce.ask);
        }
        let (why, timeout) = match produce.is_all {
            true => (WaitReason::HighWatermark, Duration::from_millis(timeout.max(0) as u64)),
            false => (WaitReason::Flush, FLUSH_PATIENCE),
        };
        turn.note(Event::RequestParked { request: produce.ask.request, why });
        let mut keys: Vec<TopicPartition> = produce.awaited.iter().map(|awaited| awaited.id).collect();
        keys.dedup();
        self.parked.park(turn.now.monotonic + timeout, keys, produce);
        Handled::Parked
    }

    /// Something happened to the partition.
    pub fn on_touched(&mut self, turn: &mut Turn<'_>, topics: &Topics, id: TopicPartition) -> Released {
        let done = self.parked.release(id, |produce| produce.settle(turn, topics));
        done.into_iter()
            .map(|produce| {
                turn.note(Event::RequestReleased { request: produce.ask.request, expired: false });
                (produce.ask, produce.answer.reply(produce.ask))
            })
            .collect()
    }

    /// A commit failed, and with it everything queued: nobody's batch will be on storage by waiting.
    pub fn on_dir_failed(&mut self, turn: &mut Turn<'_>) -> Released {
        let all = self.parked.take_where(|_| true);
        all.into_iter()
            .map(|produce| {
                turn.note(Event::RequestReleased { request: produce.ask.request, expired: false });
                produce.fail(turn, ErrorCode::KafkaStorageError)
            })
            .collect()
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.take_where(|produce| produce.ask.connection == connection);
    }

    pub fn next_deadline(&self) -> Option<crate::time::Instant> {
        self.parked.next_deadline()
    }

    /// Whose time is over is told so; the batches stay and may still count.
    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Released {
        let due = self.parked.expire(turn.now.monotonic);
        due.into_iter()
            .map(|produce| {
                turn.note(Event::RequestReleased { request: produce.ask.request, expired: true });
                produce.fail(turn, ErrorCode::RequestTimedOut)
            })
            .collect()
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.parked.iter().map(|(.., produce)| produce.ask.request)
    }

    pub fn len(&self) -> usize {
        self.parked.len()
    }
}
