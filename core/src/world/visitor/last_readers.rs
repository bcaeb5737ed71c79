//! Once everything is healed, every log is read through, from its beginning to its end.

use std::time::Duration;

use super::{Visitor, What, Work, records_of, topic_name};
use crate::{
    client::{
        ClientCall, ClientError, Question, Reply,
        question::{FetchFrom, OffsetAt},
    },
    error::ErrorCode,
    ids::Offset,
    runs::Runs,
    time::Instant,
    world::{
        history::{History, Key, Operation},
        swarm::Swarm,
    },
};

/// Rest before a read that failed is tried again.
const READ_AGAIN: Duration = Duration::from_millis(200);

#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    start: Option<Offset>,
    end: Option<Offset>,
    records: Runs<(Offset, u64)>,
    next: Offset,
}

impl Visitor {
    pub(super) fn read_ends(&mut self, swarm: &Swarm, now: Instant) -> Vec<ClientCall> {
        let keys: Vec<Key> = (0..swarm.topics)
            .flat_map(|topic| (0..swarm.partitions).map(move |partition| Key { topic, partition }))
            .collect();
        self.has_begun_reading = true;
        let mut calls = Vec::new();
        for key in keys {
            self.unread.insert(key, Reading::default());
            calls.extend([true, false].map(|is_start| self.ask_end(now, key, is_start)));
        }
        calls
    }

    pub(super) fn ask_end(&mut self, now: Instant, key: Key, is_start: bool) -> ClientCall {
        let at = if is_start { OffsetAt::Earliest } else { OffsetAt::Latest };
        let question = Question::ListOffsets { topic: topic_name(key.topic), partition: key.partition, at };
        self.ask(now, What::Ends { key, is_start }, question)
    }

    pub(super) fn read_on(&mut self, now: Instant, key: Key) -> Option<ClientCall> {
        let reading = self.unread.get(&key)?;
        let (_, end) = (reading.start?, reading.end?);
        if reading.next >= end {
            return None;
        }
        let from =
            FetchFrom { wait: READ_AGAIN, ..FetchFrom::new(&topic_name(key.topic), key.partition, reading.next) };
        Some(self.ask(now, What::Read { key }, Question::Fetch(from)))
    }

    pub(super) fn on_end(
        &mut self,
        now: Instant,
        key: Key,
        is_start: bool,
        result: Result<Reply, ClientError>,
    ) -> Option<ClientCall> {
        let found = match result {
            Ok(Reply::ListOffsets(Some(found))) => found.offset,
            // The topic was never made.
            Err(ClientError::TimedOut(_) | ClientError::Kafka(ErrorCode::UnknownTopicOrPartition, _)) => {
                self.unread.remove(&key);
                return None;
            }
            _ => return Some(self.ask_end(now, key, is_start)),
        };
        let reading = self.unread.get_mut(&key)?;
        if is_start {
            (reading.start, reading.next) = (Some(found), reading.next.max(found));
        } else {
            reading.end = Some(found);
        }
        self.read_on(now, key)
    }

    pub(super) fn on_read(&mut self, key: Key, result: Result<Reply, ClientError>, history: &History) {
        let Some(reading) = self.unread.get_mut(&key) else { return };
        if result.is_err() && history.is_forgotten(key) {
            // It is damaged, and says so until the call's time is over. There is nothing more to be read.
            reading.end = Some(reading.next);
        }
        if let Ok(Reply::Fetch(fetched)) = result {
            let records = records_of(&fetched, reading.next);
            if let Some((last, _)) = records.last() {
                reading.next = last + 1;
            }
            reading.records.extend(records);
        }
    }

    pub(super) fn read_through(&mut self, key: Key) -> Option<Operation> {
        let reading = self.unread.get(&key).filter(|reading| reading.end.is_some_and(|end| reading.next >= end))?;
        let start = reading.start?;
        // Retention may have let go of what lies between records that were read and where the log begins by now.
        let records = reading.records.iter().copied().filter(|(offset, _)| *offset >= start).collect();
        Some(Operation::Read { key, start, records })
    }

    pub(in crate::world) fn has_read_all(&self) -> bool {
        self.unread.values().all(|reading| reading.end.is_some_and(|end| reading.next >= end))
    }

    pub(in crate::world) fn begin_reading(&mut self) {
        self.work = Work::Reading;
    }
}
