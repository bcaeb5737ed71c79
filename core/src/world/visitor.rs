//! A client and what it is up to: it produces values that are unique, reads, and some of them administer.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    caller,
    clock::Clock,
    history::{History, Key, Operation, Outcome, Recorded},
    swarm::Swarm,
};
use crate::{
    client::{
        Client, ClientAnswer, ClientCall, ClientError, ClientOptions, Question, Reply,
        question::{
            Acks, CallId, ConfigEdit, ConfigOperation, ConfigResource, FetchFrom, NewBatch, NewRecord, NewTopic,
            OffsetAt,
        },
        reply::Fetched,
    },
    effect::Address,
    error::ErrorCode,
    ids::{Offset, PartitionIndex},
    record::{Batch, Compression},
    rng::Rng,
    runs::Runs,
    sorted::SortedMap,
    time::{Instant, Timestamp},
};

/// Calls that a visitor has under way at most.
const CALLS_MAX: usize = 8;
/// Bytes that a batch of ours decompresses to at most.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// How old records may be that are sent late, in milliseconds.
const TIME_SPREAD: u64 = 3_600_000;
/// Rest before a read that failed is tried again.
const READ_AGAIN: Duration = Duration::from_millis(200);

#[derive(Clone, Debug)]
pub struct Visitor {
    index: u32,
    /// Which process of it it is, from 0.
    pub(super) life: u32,
    pub client: Client,
    options: ClientOptions,
    rng: Rng,
    work: Work,
    calls: u64,
    /// What it sends past its client.
    pub(super) frames: Vec<Bytes>,
    /// The topics that stay are to be made before anything else.
    has_topics: bool,
    values: u64,
    pending: SortedMap<CallId, Pending>,
    /// Where it reads next.
    cursors: SortedMap<Key, Offset>,
    /// What the last readers have to read, and up to where (unknown at first).
    unread: SortedMap<Key, Reading>,
    has_begun_reading: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Busy,
    /// Nothing new is begun.
    Ending,
    Reading,
}

#[derive(Clone, Debug, Default)]
struct Reading {
    start: Option<Offset>,
    end: Option<Offset>,
    records: Runs<(Offset, u64)>,
    next: Offset,
}

#[derive(Clone, Debug)]
struct Pending {
    begun: Instant,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Send {
        key: Key,
        values: Vec<u64>,
        acks: Acks,
    },
    Poll {
        key: Key,
        from: Offset,
    },
    /// Where to go on reading.
    Seek {
        key: Key,
    },
    Ends {
        key: Key,
        is_start: bool,
    },
    Read {
        key: Key,
    },
    /// Nobody keeps a record of it.
    Other,
}

impl Visitor {
    pub(super) fn new(index: u32, swarm: &Swarm, bootstrap: &[Address], rng: &mut Rng) -> Self {
        let mut options = ClientOptions::new(bootstrap.to_vec());
        options.client_id = name_of(index);
        options.seed = rng.next_u64();
        options.request_timeout = swarm.request_timeout.draw(rng);
        options.delivery_timeout = swarm.delivery_timeout.draw(rng);
        options.api_timeout = swarm.api_timeout.draw(rng);
        options.dial_timeout = Duration::from_secs(2);
        options.first_sequence = swarm.first_sequence;
        Self {
            index,
            life: 0,
            client: Client::new(options.clone()),
            options,
            frames: Vec::new(),
            has_topics: false,
            rng: Rng::new(rng.next_u64() ^ swarm.seed),
            work: Work::Busy,
            calls: 0,
            values: u64::from(index) << 40,
            pending: SortedMap::new(),
            cursors: SortedMap::new(),
            unread: SortedMap::new(),
            has_begun_reading: false,
        }
    }

    /// Its process ends and another begins, which knows nothing of what the first had under way.
    pub(super) fn restart(&mut self, now: Instant, history: &mut History) {
        self.life += 1;
        let seed = self.rng.next_u64();
        self.client = Client::new(ClientOptions { seed, ..self.options.clone() });
        for (_, Pending { begun, what }) in std::mem::take(&mut self.pending) {
            if let What::Send { key, values, acks } = what {
                let operation = Operation::Send { key, values, outcome: Outcome::Unknown, is_once: acks == Acks::All };
                history.push(Recorded { visitor: self.index, begun, ended: now, operation });
            }
        }
        for (key, _) in std::mem::take(&mut self.cursors) {
            let operation = Operation::Reset { key };
            history.push(Recorded { visitor: self.index, begun: now, ended: now, operation });
        }
        self.has_topics = false;
    }

    /// Nothing of its is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn end_work(&mut self) {
        self.work = Work::Ending;
    }

    pub(super) fn begin_reading(&mut self) {
        self.work = Work::Reading;
    }

    pub(super) fn has_read_all(&self) -> bool {
        self.unread.values().all(|reading| reading.end.is_some_and(|end| reading.next >= end))
    }

    /// What it does now, and when it may do more.
    pub(super) fn beat(&mut self, swarm: &Swarm, now: Instant) -> (Vec<ClientCall>, Option<Duration>) {
        match self.work {
            Work::Ending => (Vec::new(), None),
            Work::Reading if self.index == 0 && !self.has_begun_reading => (self.read_ends(swarm, now), None),
            Work::Reading => (Vec::new(), None),
            Work::Busy if swarm.work.is_empty() => (Vec::new(), None),
            Work::Busy => {
                let after = u64::from(swarm.beat / 2) + self.rng.below(u64::from(swarm.beat) + 1);
                let calls = if self.pending.len() < CALLS_MAX { self.busy(swarm, now) } else { Vec::new() };
                (calls, Some(Duration::from_micros(after)))
            }
        }
    }

    fn busy(&mut self, swarm: &Swarm, now: Instant) -> Vec<ClientCall> {
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
            "churn" => self.churn(swarm, now),
            "administer" => self.administer(now, key),
            "call" => {
                self.frames = caller::frames(swarm, &mut self.rng);
                return Vec::new();
            }
            _ => self.ask_around(now, topic_name(key.topic)),
        }]
    }

    fn ask_around(&mut self, now: Instant, topic: String) -> ClientCall {
        let question = match self.rng.below(4) {
            0 | 1 => Question::Metadata { topics: None, create: false },
            2 => Question::DescribeConfigs { resource: ConfigResource::Topic(topic), names: None },
            _ => Question::DescribeCluster,
        };
        self.ask(now, What::Other, question)
    }

    fn ask(&mut self, now: Instant, what: What, question: Question) -> ClientCall {
        self.calls += 1;
        let call = CallId(self.calls);
        self.pending.insert(call, Pending { begun: now, what });
        ClientCall::Ask { call, question }
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
        let wait = Duration::from_millis(self.rng.below(600));
        let bytes_max = 200 + self.rng.below(20_000) as u32;
        let fetch = FetchFrom { wait, bytes_max, ..FetchFrom::new(&topic_name(key.topic), key.partition, from) };
        self.ask(now, What::Poll { key, from }, Question::Fetch(fetch))
    }

    /// Reads on from the log's beginning.
    fn seek(&mut self, now: Instant, key: Key) -> ClientCall {
        let question =
            Question::ListOffsets { topic: topic_name(key.topic), partition: key.partition, at: OffsetAt::Earliest };
        self.ask(now, What::Seek { key }, question)
    }

    /// Topics that come and go: whatever happens to them, nothing else may suffer.
    fn churn(&mut self, swarm: &Swarm, now: Instant) -> ClientCall {
        let topic = format!("churned-{}", self.rng.below(u64::from(swarm.churned)));
        match self.rng.below(6) {
            0 => self.ask(now, What::Other, Question::DeleteTopics { topics: vec![topic] }),
            1 | 2 => self.create(swarm, now, topic),
            3 => {
                let edit = ("segment.bytes", 500 + self.rng.below(3_000));
                self.alter(now, topic, edit)
            }
            _ => {
                let value = self.next_value();
                let batch = self.batch(now, (topic, 0), &[value], Acks::All);
                self.ask(now, What::Other, Question::Produce(batch))
            }
        }
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

    fn read_ends(&mut self, swarm: &Swarm, now: Instant) -> Vec<ClientCall> {
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

    fn ask_end(&mut self, now: Instant, key: Key, is_start: bool) -> ClientCall {
        let at = if is_start { OffsetAt::Earliest } else { OffsetAt::Latest };
        let question = Question::ListOffsets { topic: topic_name(key.topic), partition: key.partition, at };
        self.ask(now, What::Ends { key, is_start }, question)
    }

    fn read_on(&mut self, now: Instant, key: Key) -> Option<ClientCall> {
        let reading = self.unread.get(&key)?;
        let (_, end) = (reading.start?, reading.end?);
        if reading.next >= end {
            return None;
        }
        let from =
            FetchFrom { wait: READ_AGAIN, ..FetchFrom::new(&topic_name(key.topic), key.partition, reading.next) };
        Some(self.ask(now, What::Read { key }, Question::Fetch(from)))
    }

    /// Takes an answer, and gives what it asks next.
    pub(super) fn on_answer(&mut self, answer: ClientAnswer, now: Instant, history: &mut History) -> Vec<ClientCall> {
        let Some(Pending { begun, what }) = self.pending.remove(&answer.call) else { return Vec::new() };
        let (operation, next) = match what {
            What::Send { key, values, acks } => (Some(sent(key, values, acks, &answer.result)), None),
            What::Poll { key, from } => self.polled(now, key, from, answer.result),
            What::Seek { key } => {
                if let Ok(Reply::ListOffsets(Some(found))) = answer.result {
                    self.cursors.insert(key, found.offset);
                }
                (Some(Operation::Reset { key }), None)
            }
            What::Ends { key, is_start } => {
                let next = self.on_end(now, key, is_start, answer.result);
                (next.is_none().then(|| self.read_through(key)).flatten(), next)
            }
            // Retention has let go of what was to be read next.
            What::Read { key } if is_out_of_range(&answer.result) => (None, Some(self.ask_end(now, key, true))),
            What::Read { key } => {
                self.on_read(key, answer.result, history);
                let next = self.read_on(now, key);
                (next.is_none().then(|| self.read_through(key)).flatten(), next)
            }
            What::Other => (None, None),
        };
        if let Some(operation) = operation {
            history.push(Recorded { visitor: self.index, begun, ended: now, operation });
        }
        next.into_iter().collect()
    }

    fn polled(
        &mut self,
        now: Instant,
        key: Key,
        from: Offset,
        result: Result<Reply, ClientError>,
    ) -> (Option<Operation>, Option<ClientCall>) {
        match result {
            Ok(Reply::Fetch(fetched)) => {
                let records = records_of(&fetched, from);
                if let Some((last, _)) = records.last() {
                    self.cursors.insert(key, last + 1);
                }
                (Some(Operation::Poll { key, records }), None)
            }
            result if is_out_of_range(&result) && self.work == Work::Busy => (None, Some(self.seek(now, key))),
            _ => (None, None),
        }
    }

    fn on_end(
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

    fn on_read(&mut self, key: Key, result: Result<Reply, ClientError>, history: &History) {
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

    fn read_through(&mut self, key: Key) -> Option<Operation> {
        let reading = self.unread.get(&key).filter(|reading| reading.end.is_some_and(|end| reading.next >= end))?;
        let start = reading.start?;
        // Retention may have let go of what lies between records that were read and where the log begins by now.
        let records = reading.records.iter().copied().filter(|(offset, _)| *offset >= start).collect();
        Some(Operation::Read { key, start, records })
    }
}

/// As texts and brokers name a visitor.
pub(super) fn name_of(index: u32) -> String {
    format!("visitor-{}", index + 1)
}

/// Of a topic that stays.
pub(super) fn topic_name(topic: u32) -> String {
    format!("stays-{topic}")
}

fn sent(key: Key, values: Vec<u64>, acks: Acks, result: &Result<Reply, ClientError>) -> Operation {
    let outcome = match result {
        Ok(Reply::Produce(produced)) => match (acks, produced.base_offset) {
            (Acks::None, _) | (_, None) => Outcome::Unknown,
            (_, Some(base)) => Outcome::Acknowledged(base),
        },
        Err(ClientError::Kafka(error, _)) if is_definite(*error) => Outcome::Refused,
        Err(ClientError::TooLarge { .. } | ClientError::Full | ClientError::Invalid(_)) => Outcome::Refused,
        _ => Outcome::Unknown,
    };
    Operation::Send { key, values, outcome, is_once: acks == Acks::All }
}

/// R11: an explicit definite error is "not appended and will never be".
fn is_definite(error: ErrorCode) -> bool {
    matches!(error, ErrorCode::MessageTooLarge | ErrorCode::InvalidRecord | ErrorCode::InvalidRequiredAcks)
}

fn is_out_of_range(result: &Result<Reply, ClientError>) -> bool {
    // A client asks again in case the leader was another.
    let why = match result {
        Err(ClientError::TimedOut(Some(why))) => why,
        Err(why) => why,
        Ok(_) => return false,
    };
    matches!(why, ClientError::Kafka(ErrorCode::OffsetOutOfRange, _))
}

/// By a clock that is right.
fn wall(now: Instant) -> Timestamp {
    Clock::default().now(now).wall
}

fn records_of(fetched: &Fetched, from: Offset) -> Vec<(Offset, u64)> {
    let records = fetched.batches.iter().filter_map(|batch: &Batch| batch.records(BATCH_BYTES_MAX).ok()).flatten();
    records
        .filter_map(Result::ok)
        .filter(|record| record.offset >= from)
        .filter_map(|record| Some((record.offset, u64::from_be_bytes(*record.value?.first_chunk()?))))
        .collect()
}
