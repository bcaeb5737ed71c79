//! What a visitor does while faults happen.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Pending, Visitor, What, topic_name};
use crate::{
    client::{
        ClientCall, Question,
        question::{
            Acks, CallId, ConfigEdit, ConfigOperation, ConfigResource, FetchFrom, NewBatch, NewRecord, NewTopic,
            OffsetAt,
        },
    },
    ids::{Offset, PartitionIndex},
    record::Compression,
    time::{Instant, Timestamp},
    world::{caller, clock::Clock, history::Key, swarm::Swarm},
};

/// How old records may be that are sent late, in milliseconds.
const TIME_SPREAD: u64 = 3_600_000;

impl Visitor {
    pub(super) fn busy(&mut self, swarm: &Swarm, now: Instant) -> Vec<ClientCall> {
        let key = Key {
            topic: self.rng.below(u64::from(swarm.topics).max(1)) as u32,
            partition: self.rng.below(swarm.partitions as u64) as PartitionIndex,
        };
        if !std::mem::replace(&mut self.has_topics, true) && swarm.topics > 0 {
            return (0..swarm.topics).map(|topic| self.create(swarm, now, topic_name(topic))).collect();
        }
        let what = match self.rng.below(20) {
            0..=10 => "send",
            11..=16 => "poll",
            17 if swarm.churned > 0 => "churn",
            18 if self.index == 0 => "administer",
            18 => "call",
            _ => "ask",
        };
        let is_of_topics = !matches!(what, "churn" | "ask" | "call");
        if !swarm.work.contains(&what) || swarm.topics == 0 && is_of_topics {
            return Vec::new();
        }
        vec![match what {
            "send" => self.send(now, key),
            "poll" => self.poll(now, key),
            "churn" => return self.churn(swarm, now),
            "administer" => self.administer(now, key),
            "call" => {
                self.frames = caller::frames(swarm, &mut self.rng);
                return Vec::new();
            }
            _ => self.cancel().unwrap_or_else(|| self.ask_around(now, topic_name(key.topic))),
        }]
    }

    /// Sometimes it does not want the oldest of its batches any more, which may be there all the same.
    fn cancel(&mut self) -> Option<ClientCall> {
        let is_sent = |(call, pending): (&CallId, &Pending)| matches!(pending.what, What::Send { .. }).then_some(*call);
        let call = self.pending.iter().find_map(is_sent).filter(|_| self.rng.below(3) == 0)?;
        Some(ClientCall::Cancel { call })
    }

    fn ask_around(&mut self, now: Instant, topic: String) -> ClientCall {
        let question = match self.rng.below(4) {
            0 | 1 => Question::Metadata { topics: None, create: false },
            2 => Question::DescribeConfigs { resource: ConfigResource::Topic(topic), names: None },
            _ => Question::DescribeCluster,
        };
        self.ask(now, What::Other, question)
    }

    fn create(&mut self, swarm: &Swarm, now: Instant, name: String) -> ClientCall {
        let topic = NewTopic { name, partitions: Some(swarm.partitions), ..NewTopic::default() };
        self.ask(now, What::Other, Question::CreateTopics { topics: vec![topic], validate_only: false })
    }

    fn send(&mut self, now: Instant, key: Key) -> ClientCall {
        let count = 1 + self.rng.below(5);
        let values: Vec<u64> = (0..count).map(|_| self.next_value()).collect();
        let acks = [Acks::All, Acks::All, Acks::All, Acks::Leader, Acks::None][self.rng.below(5) as usize];
        let batch = self.batch(now, (topic_name(key.topic), key.partition), &values, acks);
        self.ask(now, What::Send { key, values, acks }, Question::Produce(batch))
    }

    fn batch(
        &mut self,
        now: Instant,
        (topic, partition): (String, PartitionIndex),
        values: &[u64],
        acks: Acks,
    ) -> NewBatch {
        // Gzip takes as long as everything else that is done for a batch.
        let compression = match self.rng.below(20) {
            0 => Compression::Gzip,
            1..=5 => Compression::Lz4,
            6..=10 => Compression::Snappy,
            _ => Compression::None,
        };
        let is_old = self.rng.below(4) == 0;
        let records = values.iter().map(|&value| {
            let timestamp = is_old.then(|| Timestamp(wall(now).0 - self.rng.below(TIME_SPREAD) as i64));
            NewRecord { value: Some(self.bytes_of(value)), timestamp, ..NewRecord::default() }
        });
        let records = records.collect();
        NewBatch { topic, partition, records, compression, acks }
    }

    fn poll(&mut self, now: Instant, key: Key) -> ClientCall {
        // One reader reads a log in one go, so that what it leaves out is somebody's mistake.
        let is_reading = |pending: &Pending| match pending.what {
            What::Poll { key: other, .. } | What::Seek { key: other } => other == key,
            _ => false,
        };
        if self.pending.values().any(is_reading) {
            return self.send(now, key);
        }
        if self.rng.below(40) == 0 {
            return self.seek(now, key);
        }
        let from = self.cursors.get(&key).copied().unwrap_or(0);
        // What stands behind it on its connection may have to wait as long.
        let wait = Duration::from_millis(self.rng.below(if self.is_behind { 60 } else { 600 }));
        let bytes_max = 200 + self.rng.below(20_000) as u32;
        let fetch = FetchFrom { wait, bytes_max, ..FetchFrom::new(&topic_name(key.topic), key.partition, from) };
        self.ask(now, What::Poll { key, from }, Question::Fetch(fetch))
    }

    /// Reads on from the log's beginning.
    pub(super) fn seek(&mut self, now: Instant, key: Key) -> ClientCall {
        let question =
            Question::ListOffsets { topic: topic_name(key.topic), partition: key.partition, at: OffsetAt::Earliest };
        self.ask(now, What::Seek { key }, question)
    }

    /// Topics that come and go: whatever happens to them, nothing else may suffer.
    fn churn(&mut self, swarm: &Swarm, now: Instant) -> Vec<ClientCall> {
        let topic = format!("churned-{}", self.rng.below(u64::from(swarm.churned)));
        vec![match self.rng.below(7) {
            0 => self.delete(now, topic),
            // Before anything of the one that goes is gone.
            1 => return vec![self.delete(now, topic.clone()), self.create(swarm, now, topic)],
            2 | 3 => self.create(swarm, now, topic),
            4 => {
                let edit = ("segment.bytes", 500 + self.rng.below(3_000));
                self.alter(now, topic, edit)
            }
            _ => {
                let value = self.next_value();
                let batch = self.batch(now, (topic, 0), &[value], Acks::All);
                self.ask(now, What::Other, Question::Produce(batch))
            }
        }]
    }

    fn delete(&mut self, now: Instant, topic: String) -> ClientCall {
        self.ask(now, What::Other, Question::DeleteTopics { topics: vec![topic] })
    }

    /// Of topics that stay: records are deleted, segments change their size.
    fn administer(&mut self, now: Instant, key: Key) -> ClientCall {
        let (topic, partition) = (topic_name(key.topic), key.partition);
        match self.rng.below(10) {
            0 | 7..=9 => {
                let read = self.cursors.get(&key).copied().unwrap_or(0);
                // All that may go, what was read, or perhaps more than there is.
                let before = [-1, read, read + self.rng.below(40) as Offset][self.rng.below(3) as usize];
                self.ask(now, What::Other, Question::DeleteRecords { topic, partition, before })
            }
            1 => {
                // `max.message.bytes` is let be: a retry that is refused says nothing of what was sent first.
                let edits =
                    [("segment.bytes", 1_000 + self.rng.below(50_000)), ("segment.ms", 200 + self.rng.below(20_000))];
                let edit = edits[self.rng.below(edits.len() as u64) as usize];
                self.alter(now, topic, edit)
            }
            2 => {
                let edit = ("retention.bytes", 2_000 + self.rng.below(100_000));
                self.alter(now, topic, edit)
            }
            3 => {
                let edit = ("retention.ms", 1_000 + self.rng.below(7_200_000));
                self.alter(now, topic, edit)
            }
            4 => {
                // More than there are brokers, and soon no more.
                let edit = ("min.insync.replicas", 1 + u64::from(self.rng.below(6) == 0));
                self.alter(now, topic, edit)
            }
            5 => {
                let question = Question::ListOffsets { topic, partition, at: OffsetAt::MaxTimestamp };
                self.ask(now, What::Other, question)
            }
            _ => {
                let time = Timestamp(wall(now).0 - self.rng.below(TIME_SPREAD) as i64);
                self.ask(now, What::Other, Question::ListOffsets { topic, partition, at: OffsetAt::Time(time) })
            }
        }
    }

    fn alter(&mut self, now: Instant, topic: String, (name, value): (&str, u64)) -> ClientCall {
        let edit = ConfigEdit { name: name.to_owned(), operation: ConfigOperation::Set(value.to_string()) };
        let resource = ConfigResource::Topic(topic);
        self.ask(
            now,
            What::Other,
            Question::IncrementalAlterConfigs { resource, edits: vec![edit], validate_only: false },
        )
    }

    fn next_value(&mut self) -> u64 {
        self.values += 1;
        self.values
    }

    fn bytes_of(&mut self, value: u64) -> Bytes {
        let padding = [10, 100, 1_000][self.rng.below(3) as usize];
        let mut bytes = BytesMut::with_capacity(8 + padding);
        bytes.put_u64(value);
        bytes.put_bytes(b'.', padding);
        bytes.freeze()
    }
}

/// By a clock that is right.
fn wall(now: Instant) -> Timestamp {
    Clock::default().now(now).wall
}
