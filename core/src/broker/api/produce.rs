//! Produce (key 0, versions 3–13)
//!
//! Behaviour
//! - Each partition takes exactly one batch or refuses it for itself; what was sent is checked before it is kept.
//! - acks=0 is never answered; if something was refused, the connection ends, which is the only way to say so.
//! - acks=1 is answered once this broker has the batch: at append, or at the commit where the topic flushes.
//! - acks=-1 waits in `wait/produce` until the high watermark has passed the last record, no longer than the timeout.
//! - A batch that an idempotent producer sent before is not kept again; its first offset is answered, as late as it was.
//!
//! Versions
//! - 5 log start offset · 7 zstd · 8 record errors · 9 flexible · 10 current leader · 12 implicit transaction add · 13 topic ids
//!
//! Differs from Kafka
//! - A batch of a transaction is refused with INVALID_TXN_STATE: there is no coordinator that could have begun it. One
//!   without a transactional id is TRANSACTIONAL_ID_AUTHORIZATION_FAILED, but alone: Kafka refuses the whole request.
//! - INVALID_RECORD also for what Kafka takes: offsets that are not consecutive in an uncompressed batch, a delete
//!   horizon, an idempotent batch without an epoch, bytes behind the batch. INVALID_TIMESTAMP for a batch that says to
//!   have the time of its append on a topic that keeps its producers'.
//! - A refusal has more to say: in words, and of the first wrong record only. It does not tell where the log begins.
//! - acks=1 waits for a commit to storage in `wait/produce` where Kafka's thread would block.

use kafka_wire_core::{StrBytes, Uuid};

use super::{Ask, Handled};
use crate::{
    broker::{
        Topics,
        wait::produce::{Awaited, ParkedProduce, ProduceWaits},
    },
    effect::Frame,
    error::ErrorCode,
    ids::*,
    log::Appended,
    record::{Batch, BatchError, Compression},
    replica::AppendRefused,
    time::Timestamp,
    trace::event::CloseReason,
    turn::Turn,
    wire::{
        produce::{ProducePartition, ProduceRequest, ProduceTopic},
        produce_answer::{ProduceAnswerWriter, ProducedRow},
    },
};

const ACKS_ALL: i16 = -1;
/// The first version in which a batch may be compressed with zstd (KIP-110).
const ZSTD_FROM: i16 = 7;

/// What became of the batches of a request, as it will be told.
#[derive(Clone, Debug)]
pub(in crate::broker) struct ProduceAnswer {
    topics: Vec<ProducedTopic>,
}

#[derive(Clone, Debug)]
struct ProducedTopic {
    name: StrBytes,
    id: Uuid,
    partitions: Vec<Produced>,
}

#[derive(Clone, Debug)]
struct Produced {
    partition: PartitionIndex,
    result: Result<Appended, AppendRefused>,
    /// What its producer asked for did not happen after the append. The offset is told all the same.
    failed: Option<ErrorCode>,
    log_start: Offset,
}

/// A partition's place in an answer: of its topic, and in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::broker) struct Place(u32, u32);

impl ProduceAnswer {
    pub fn set_failed(&mut self, turn: &mut Turn<'_>, ask: Ask, Place(topic, partition): Place, error: ErrorCode) {
        ask.refuse(turn, error);
        if let Some(produced) =
            self.topics.get_mut(topic as usize).and_then(|topic| topic.partitions.get_mut(partition as usize))
        {
            produced.failed = Some(error);
        }
    }

    fn has_refused(&self) -> bool {
        self.topics.iter().flat_map(|topic| &topic.partitions).any(|produced| produced.result.is_err())
    }

    pub fn reply(self, ask: Ask) -> Handled {
        let mut answer = ProduceAnswerWriter::new(ask.correlation, ask.version, self.topics.len());
        for topic in &self.topics {
            answer.topic(&topic.name, topic.id, topic.partitions.len());
            topic.partitions.iter().for_each(|produced| answer.row(produced.row()));
            answer.end_topic();
        }
        Handled::Reply(answer.finish())
    }
}

impl Topics {
    pub(in crate::broker) fn on_produce(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: ProduceRequest,
        frame_bytes: u64,
        waits: &mut ProduceWaits,
    ) -> Handled {
        let ProduceRequest { acks, timeout, topics, transactional_id } = request;
        let terms = Terms { acks, has_transactional_id: transactional_id.is_some() };
        let keeps = Keeps::of(&topics, frame_bytes);
        let mut answer = ProduceAnswer { topics: Vec::with_capacity(topics.len()) };
        let mut awaited = Vec::new();
        for ProduceTopic { name, id, partitions } in topics {
            let mut produced = Vec::with_capacity(partitions.len());
            for sent in partitions {
                let place = Place(answer.topics.len() as u32, produced.len() as u32);
                let partition = sent.partition;
                let found = self.find(&name, TopicId(id.to_bytes())).map(|topic| topic.id);
                let result = found
                    .map_err(AppendRefused::from)
                    .and_then(|topic| self.append_sent(turn, ask, terms, topic, keeps.records(sent)));
                let mut log_start = -1;
                match (&result, found) {
                    (Ok(appended), Ok(topic)) => {
                        let id = TopicPartition { topic, partition };
                        log_start = self.partitions.get(id).map_or(-1, |found| found.log().log_start_offset());
                        awaited.push(Awaited { id, end: appended.last_offset + 1, place });
                    }
                    (Err(refused), _) => _ = ask.refuse(turn, refused.error),
                    (Ok(_), Err(_)) => {}
                }
                produced.push(Produced { partition, result, failed: None, log_start });
            }
            answer.topics.push(ProducedTopic { name, id, partitions: produced });
        }
        if acks == 0 {
            return if answer.has_refused() { Handled::Close(CloseReason::Acks0Failed) } else { Handled::Silent };
        }
        waits.finish(turn, self, ParkedProduce { ask, is_all: acks == ACKS_ALL, answer, awaited }, timeout)
    }

    fn append_sent(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        terms: Terms,
        topic: TopicId,
        sent: ProducePartition,
    ) -> Result<Appended, AppendRefused> {
        let Terms { acks, has_transactional_id } = terms;
        if !matches!(acks, ACKS_ALL..=1) {
            return Err(ErrorCode::InvalidRequiredAcks.into());
        }
        let batch = only_batch(ask.version, sent.records)?;
        if batch.header().is_transactional() && !has_transactional_id {
            return Err(ErrorCode::TransactionalIdAuthorizationFailed.into());
        }
        let id = TopicPartition { topic, partition: sent.partition };
        let is_internal = self.catalog.topic(topic).is_some_and(|topic| topic.is_internal);
        self.partition(id.topic, id.partition)?;
        let partition = self.partitions.get_mut(id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if is_internal {
            let message = "Cannot append to an internal topic".to_owned();
            return Err(AppendRefused { message: Some(message), ..ErrorCode::InvalidTopicException.into() });
        }
        // There is one replica, and it is in sync.
        if acks == ACKS_ALL && partition.config().min_in_sync_replicas > 1 {
            return Err(ErrorCode::NotEnoughReplicas.into());
        }
        let appended = partition.append(turn, &mut self.dir, ask.request, batch)?;
        self.touch(id);
        Ok(appended)
    }
}

/// What a request says of all that it carries.
#[derive(Clone, Copy)]
struct Terms {
    acks: i16,
    has_transactional_id: bool,
}

/// The one batch a partition of a request carries (`ProduceRequest.validateRecords`).
fn only_batch(version: i16, records: Option<Frame>) -> Result<Batch, AppendRefused> {
    let refused = |error, message: &str| AppendRefused { error, record: None, message: Some(message.to_owned()) };
    let bytes = records.map(|records| records.to_bytes()).unwrap_or_default();
    let batch = Batch::parse(bytes).map_err(|why| match why {
        BatchError::Truncated => {
            refused(ErrorCode::InvalidRecord, "A Produce request must have exactly one record batch per partition")
        }
        BatchError::Magic(magic @ (..0 | 3..)) => {
            refused(ErrorCode::CorruptMessage, &format!("Invalid magic found in record: {magic}"))
        }
        BatchError::Magic(_) => {
            refused(ErrorCode::InvalidRecord, "A Produce request may only contain record batches with magic version 2")
        }
        other => refused(other.code(), other.why()),
    })?;
    if version < ZSTD_FROM && batch.header().compression() == Ok(Compression::Zstd) {
        let why = "Produce requests before version 7 must not use ZStandard compression";
        return Err(refused(ErrorCode::UnsupportedCompressionType, why));
    }
    Ok(batch)
}

/// Whether records stay where they came in: not if they would pin a frame of which they are less than half.
#[derive(Clone, Copy)]
struct Keeps {
    buffer: bool,
}

impl Keeps {
    fn of(topics: &[ProduceTopic], frame_bytes: u64) -> Self {
        let sent = topics.iter().flat_map(|topic| &topic.partitions).filter_map(|sent| sent.records.as_ref());
        Self { buffer: sent.map(Frame::len).sum::<u64>() * 2 >= frame_bytes }
    }

    fn records(self, sent: ProducePartition) -> ProducePartition {
        let copied = |records: Frame| Frame::from(bytes::Bytes::copy_from_slice(&records.to_bytes()));
        let records = if self.buffer { sent.records } else { sent.records.map(copied) };
        ProducePartition { records, ..sent }
    }
}

impl Produced {
    fn row(&self) -> ProducedRow<'_> {
        let (partition, nowhere, never) = (self.partition, -1, Timestamp::NONE);
        match &self.result {
            Ok(appended) => ProducedRow {
                partition,
                error: self.failed.map_or(0, ErrorCode::code),
                base_offset: appended.base_offset,
                append_time: appended.append_time.unwrap_or(never),
                log_start: self.log_start,
                record: None,
                message: None,
            },
            Err(refused) => ProducedRow {
                partition,
                error: refused.error.code(),
                base_offset: nowhere,
                append_time: never,
                log_start: nowhere,
                record: refused.record,
                message: refused.message.as_deref(),
            },
        }
    }
}
