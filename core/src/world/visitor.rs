//! A client and what it is up to: it produces values that are unique, reads, and some of them administer.

mod last_readers;
mod work;

use std::time::Duration;

use bytes::Bytes;

use self::last_readers::Reading;
use super::{
    history::{History, Key, Operation, Outcome, Recorded},
    swarm::Swarm,
};
use crate::{
    client::{
        Client, ClientAnswer, ClientCall, ClientError, ClientOptions, Question, Reply,
        question::{Acks, CallId},
        reply::Fetched,
    },
    effect::Address,
    error::ErrorCode,
    ids::Offset,
    record::Batch,
    rng::Rng,
    sorted::SortedMap,
    time::Instant,
};

/// Calls that a visitor has under way at most.
const CALLS_MAX: usize = 8;
/// How many times as much it does while less was done than there should be.
const HURRY: u32 = 4;
/// Bytes that a batch of ours decompresses to at most.
const BATCH_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Debug)]
pub struct Visitor {
    index: u32,
    /// Which process of it it is, from 0.
    pub(super) life: u32,
    pub client: Client,
    options: ClientOptions,
    rng: Rng,
    work: Work,
    /// Less was done so far than there should be.
    is_behind: bool,
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
            is_behind: false,
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

    /// What it does now, and when it may do more: soon, if less was done so far than there should be.
    pub(super) fn beat(&mut self, swarm: &Swarm, now: Instant, is_behind: bool) -> (Vec<ClientCall>, Option<Duration>) {
        self.is_behind = is_behind;
        match self.work {
            Work::Ending => (Vec::new(), None),
            Work::Reading if self.index == 0 && !self.has_begun_reading => (self.read_ends(swarm, now), None),
            Work::Reading => (Vec::new(), None),
            Work::Busy if swarm.work.is_empty() => (Vec::new(), None),
            Work::Busy => {
                let beat = if is_behind { swarm.beat / HURRY } else { swarm.beat };
                let after = u64::from(beat / 2) + self.rng.below(u64::from(beat) + 1);
                let calls = if self.pending.len() < CALLS_MAX { self.busy(swarm, now) } else { Vec::new() };
                (calls, Some(Duration::from_micros(after)))
            }
        }
    }

    fn ask(&mut self, now: Instant, what: What, question: Question) -> ClientCall {
        self.calls += 1;
        let call = CallId(self.calls);
        self.pending.insert(call, Pending { begun: now, what });
        ClientCall::Ask { call, question }
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

fn records_of(fetched: &Fetched, from: Offset) -> Vec<(Offset, u64)> {
    let records = fetched.batches.iter().filter_map(|batch: &Batch| batch.records(BATCH_BYTES_MAX).ok()).flatten();
    records
        .filter_map(Result::ok)
        .filter(|record| record.offset >= from)
        .filter_map(|record| Some((record.offset, u64::from_be_bytes(*record.value?.first_chunk()?))))
        .collect()
}
