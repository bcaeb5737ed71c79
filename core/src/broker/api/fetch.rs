//! Fetch (key 1, versions 4–18)
//!
//! Behaviour
//! - Whole batches from the one that holds the asked offset on, never at or beyond the high watermark; the first partition
//!   that has any gives at least one, however large.
//! - An offset up to the log's end is answered with nothing; below the log's start or above its end it is OFFSET_OUT_OF_RANGE.
//! - With less than the asked bytes, and no partition in error, it waits in `wait/fetch` up to the asked time.
//! - Batches that are not in memory are loaded first; such an answer does not wait for more.
//! - In a session (KIP-227) only partitions with something new are told.
//! - A reader whose last epoch ends elsewhere here is told where (KIP-595), and gets no records.
//!
//! Versions
//! - 5 log start offset · 7 sessions · 9 current leader epoch · 11 rack · 12 flexible, last fetched epoch · 13 topic ids
//! - 15 replica state · 16 node endpoints · 17 replica directory · 18 high watermark of the reader
//!
//! Differs from Kafka
//! - A Fetch with a replica id is refused per partition with TOPIC_AUTHORIZATION_FAILED, as by a Kafka whose client lacks
//!   ClusterAction.
//! - Kafka may cut the last batch at the size limit; here batches are whole.
//! - Sizes below 0 are 0, and an isolation level that does not exist is 0; there Kafka is at a loss (UNKNOWN_SERVER_ERROR).
//! - Partitions are told in the order in which they were asked for; Kafka has those it does not know last.
//! - There are no transactions, so the last stable offset is the high watermark.

use std::time::Duration;

use kafka_wire::FetchRequest;
use kafka_wire_core::{StrBytes, Uuid};

use super::{Ask, Handled};
use crate::{
    broker::Topics,
    effect::Frame,
    error::ErrorCode,
    ids::*,
    log::{ColdRange, Read},
    replica::fetch_session::{FetchContext, FetchKey, FetchPosition, SessionAsk, Told, TopicKey},
    time::Instant,
    trace::Event,
    turn::Turn,
    wire::fetch::{FetchAnswer, FetchedPartition, FetchedTopic},
};

/// `fetch.max.bytes` of a broker: no answer carries more, but for one batch.
const BYTES_MAX: i32 = 55 * 1024 * 1024;
/// Bytes that one request may have loaded from storage at once.
const COLD_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The longest wait a client may ask for.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// A Fetch under way.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Fetching {
    pub ask: Ask,
    pub context: FetchContext,
    pub partitions: Vec<(FetchKey, FetchPosition)>,
    pub bytes_max: u64,
    pub bytes_min: u64,
    pub deadline: Instant,
    pub is_read_committed: bool,
    /// Somebody who says to be a broker.
    pub is_replica: bool,
}

/// What there is for a Fetch right now.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Found {
    /// One per asked partition, in order.
    pub partitions: Vec<FetchedPartition>,
    pub bytes: u64,
    /// Some partition has something to tell that is not records.
    pub is_urgent: bool,
    /// What has to be loaded, and for which partition.
    pub cold: Vec<(u32, ColdRange)>,
}

impl Found {
    pub fn is_enough_for(&self, fetching: &Fetching) -> bool {
        self.is_urgent || self.bytes >= fetching.bytes_min || self.partitions.is_empty()
    }
}

/// What a request says of its session, and all else of it once the session has said which partitions are meant.
pub(in crate::broker) fn session_ask(request: &FetchRequest, version: i16) -> SessionAsk {
    let by_id = version >= 13;
    let key = |name: &StrBytes, id: Uuid| match by_id {
        true => TopicKey::Id(TopicId(id.to_bytes())),
        false => TopicKey::Name((&**name).into()),
    };
    let mut named = Vec::new();
    for topic in &request.topics {
        let topic_key = key(&topic.topic, topic.topic_id);
        named.extend(topic.partitions.iter().map(|partition| {
            let position = FetchPosition {
                offset: partition.fetch_offset,
                bytes_max: partition.partition_max_bytes,
                current_leader_epoch: partition.current_leader_epoch,
                last_fetched_epoch: partition.last_fetched_epoch,
            };
            (FetchKey { topic: topic_key.clone(), partition: partition.partition }, position)
        }));
    }
    let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| {
        let topic_key = key(&topic.topic, topic.topic_id);
        topic.partitions.iter().map(move |&partition| FetchKey { topic: topic_key.clone(), partition })
    });
    // Before version 7 there were no sessions.
    let (session, epoch) = if version >= 7 { (request.session_id, request.session_epoch) } else { (0, -1) };
    SessionAsk { session, epoch, by_id, forgotten: forgotten.collect(), named }
}

impl Fetching {
    pub fn new(
        turn: &Turn<'_>,
        ask: Ask,
        request: &FetchRequest,
        context: FetchContext,
        partitions: Vec<(FetchKey, FetchPosition)>,
    ) -> Self {
        let wait = Duration::from_millis(request.max_wait_ms.max(0) as u64).min(WAIT_MAX);
        let bytes_max = request.max_bytes.clamp(0, BYTES_MAX) as u64;
        Self {
            ask,
            context,
            partitions,
            bytes_max,
            bytes_min: (request.min_bytes.max(0) as u64).min(bytes_max),
            deadline: turn.now.monotonic + wait,
            is_read_committed: request.isolation_level == 1,
            is_replica: request.replica_id >= 0 || request.replica_state.replica_id >= 0,
        }
    }

    /// The answer, told to the session if there is one.
    pub fn reply(
        self,
        turn: &mut Turn<'_>,
        found: Found,
        sessions: &mut crate::replica::fetch_session::FetchSessions,
    ) -> Handled {
        let mut told: Vec<(FetchKey, FetchPosition, FetchedPartition)> =
            self.partitions.into_iter().zip(found.partitions).map(|((key, at), found)| (key, at, found)).collect();
        let mut answer = FetchAnswer::default();
        match self.context {
            FetchContext::Sessionless => {}
            FetchContext::Full { by_id } => {
                let kept = told.iter().map(|(key, position, found)| (key.clone(), *position, told_of(found)));
                answer.session_id = sessions.open(turn.now.monotonic, turn.rng, by_id, kept.collect());
                if answer.session_id != 0 {
                    let (session, partitions) = (answer.session_id, told.len() as u32);
                    turn.note(Event::FetchSessionOpened { session, partitions });
                }
            }
            FetchContext::Incremental { session, epoch } => {
                answer.session_id = session;
                if !sessions.is_current(session, epoch) {
                    turn.note(Event::RequestRefused {
                        request: self.ask.request,
                        error: ErrorCode::InvalidFetchSessionEpoch,
                    });
                    answer.error = Some(ErrorCode::InvalidFetchSessionEpoch);
                    told.clear();
                }
                told.retain(|(key, _, found)| sessions.is_worth_telling(session, key, told_of(found)));
            }
        }
        for (key, _, found) in told {
            if let Some(error) = found.error {
                turn.note(Event::RequestRefused { request: self.ask.request, error });
            }
            push_told(&mut answer.topics, key, found);
        }
        Handled::Reply(answer.encode(self.ask.correlation, self.ask.version))
    }
}

/// An answer that tells only that something is wrong with the session.
pub(in crate::broker) fn refuse_session(turn: &mut Turn<'_>, ask: Ask, error: ErrorCode) -> Handled {
    ask.refuse(turn, error);
    let answer = FetchAnswer { error: Some(error), ..FetchAnswer::default() };
    Handled::Reply(answer.encode(ask.correlation, ask.version))
}

fn told_of(found: &FetchedPartition) -> Told {
    Told {
        high_watermark: found.high_watermark,
        log_start: found.log_start_offset,
        has_records: !found.records.is_empty(),
        is_urgent: found.error.is_some() || found.diverging_epoch.is_some(),
    }
}

fn push_told(topics: &mut Vec<FetchedTopic>, key: FetchKey, found: FetchedPartition) {
    let (name, id) = match &key.topic {
        TopicKey::Name(name) => (&**name, Uuid::ZERO),
        TopicKey::Id(id) => ("", Uuid::from_bytes(id.0)),
    };
    match topics.last_mut().filter(|last| *last.name == *name && last.id == id) {
        Some(last) => last.partitions.push(found),
        None => topics.push(FetchedTopic { name: StrBytes::from(name), id, partitions: vec![found] }),
    }
}

impl Topics {
    /// What there is for a Fetch, as far as memory has it.
    pub(in crate::broker) fn read_all(&self, fetching: &Fetching) -> Found {
        let mut found = Found { partitions: Vec::new(), bytes: 0, is_urgent: false, cold: Vec::new() };
        let mut cold_left = COLD_BYTES_MAX;
        for (index, (key, position)) in fetching.partitions.iter().enumerate() {
            let is_first = found.bytes == 0;
            let left = fetching.bytes_max.saturating_sub(found.bytes);
            let bytes_max = left.min(position.bytes_max.max(0) as u64).min(BYTES_MAX as u64);
            let (mut told, read) = match self.read_partition(fetching, key, *position, (bytes_max as u32, is_first)) {
                Ok(read) => read,
                Err(error) => {
                    found.is_urgent = true;
                    found.partitions.push(FetchedPartition::refused(key.partition, error));
                    continue;
                }
            };
            found.is_urgent |= told.diverging_epoch.is_some();
            match read {
                Read::Hot(records) => {
                    found.bytes += records.len();
                    told.records = records;
                }
                Read::Cold(range) if is_first || range.len <= cold_left => {
                    let range = range.at_most(cold_left);
                    cold_left = cold_left.saturating_sub(range.len);
                    found.bytes += range.len;
                    found.cold.push((index as u32, range));
                }
                // It has its turn in the next request.
                Read::Cold(_) => {}
            }
            found.partitions.push(told);
        }
        found
    }

    /// Where the partition of a key is, if there is one.
    pub(in crate::broker) fn located(&self, key: &FetchKey) -> Result<TopicPartition, ErrorCode> {
        let topic = match &key.topic {
            TopicKey::Name(name) => self.find(name, TopicId::ZERO)?,
            // Nobody has the id of zeros.
            TopicKey::Id(id) => self.catalog.topic(*id).ok_or(ErrorCode::UnknownTopicId)?,
        };
        Ok(TopicPartition { topic: topic.id, partition: key.partition })
    }

    fn read_partition(
        &self,
        fetching: &Fetching,
        key: &FetchKey,
        position: FetchPosition,
        (bytes_max, at_least_one): (u32, bool),
    ) -> Result<(FetchedPartition, Read), ErrorCode> {
        if fetching.is_replica {
            return Err(ErrorCode::TopicAuthorizationFailed);
        }
        let id = self.located(key)?;
        let partition = self.partition(id.topic, id.partition)?;
        // Unlike ListOffsets, any negative epoch is none here.
        partition.check_leader_epoch(position.current_leader_epoch.max(-1))?;
        let mut told = FetchedPartition {
            partition: key.partition,
            error: None,
            high_watermark: partition.high_watermark(),
            last_stable_offset: partition.high_watermark(),
            log_start_offset: partition.log().log_start_offset(),
            diverging_epoch: None,
            current_leader: None,
            snapshot: None,
            is_read_committed: fetching.is_read_committed,
            records: Frame::default(),
        };
        if position.last_fetched_epoch >= 0 {
            let end = partition.end_of_epoch(position.last_fetched_epoch).ok_or(ErrorCode::OffsetOutOfRange)?;
            if end.0 < position.last_fetched_epoch || end.1 < position.offset {
                told.diverging_epoch = Some(end);
                return Ok((told, Read::Hot(Frame::default())));
            }
        }
        let read = partition.read(&self.dir, position.offset, bytes_max, at_least_one)?;
        Ok((told, read))
    }
}
