//! Produce: one batch for one partition.

use bytes::Bytes;
use kafka_wire::{ProduceResponse, produce_response::PartitionProduceResponse};
use kafka_wire_core::{StrBytes, Uuid};

use super::{
    ClientError, ClientOptions,
    message::{Answer, Head},
    metadata::Place,
    question::{Acks, NewBatch, NewRecord},
    reply::Produced,
};
use crate::{
    effect::Frame,
    error::ErrorCode,
    record::{Batch, BatchBuilder},
    time::Timestamp,
    wire::produce::{ProducePartition, ProduceRequest, ProduceTopic},
};

/// Overheads of a record over its fields, at most (`DefaultRecord.MAX_RECORD_OVERHEAD`).
const RECORD_OVERHEAD_BYTES: u64 = 21;

/// Makes the batch. Nobody's until it is stamped.
///
/// # Errors
/// `TooLarge` where the Java client refuses a record, or where the batch compressed is larger than a request may be.
pub(super) fn build(options: &ClientOptions, asked: Timestamp, new: &NewBatch) -> Result<Batch, ClientError> {
    if new.records.is_empty() {
        return Err(ClientError::Invalid("a batch has at least one record"));
    }
    let mut builder = BatchBuilder::new(new.compression);
    for record in &new.records {
        check_size(options, record_bytes(record) + RECORD_OVERHEAD_BYTES)?;
        let timestamp = record.timestamp.unwrap_or(asked);
        builder.append(timestamp, record.key.as_deref(), record.value.as_deref(), &record.headers);
    }
    let batch = builder.finish(None);
    check_size(options, batch.size() as u64)?;
    Ok(batch)
}

fn check_size(options: &ClientOptions, bytes: u64) -> Result<(), ClientError> {
    let bytes_max = u64::from(options.request_bytes_max);
    if bytes > bytes_max { Err(ClientError::TooLarge { bytes, bytes_max }) } else { Ok(()) }
}

/// Bytes of a record's fields.
pub(super) fn record_bytes(record: &NewRecord) -> u64 {
    let field = |field: &Option<Bytes>| field.as_ref().map_or(0, |field| field.len() as u64);
    let headers = record.headers.iter().map(|header| 10 + header.key.len() as u64 + field(&header.value));
    field(&record.key) + field(&record.value) + headers.sum::<u64>()
}

pub(super) fn request(options: &ClientOptions, head: Head<'_>, new: &NewBatch, batch: &Batch, place: &Place) -> Frame {
    let mut records = Frame::default();
    batch.push_to(&mut records);
    let partition = ProducePartition { partition: new.partition, records: Some(records) };
    let request = ProduceRequest {
        transactional_id: None,
        acks: new.acks as i16,
        timeout: options.request_timeout.as_millis().min(i32::MAX as u128) as i32,
        topics: vec![ProduceTopic {
            name: StrBytes::from(new.topic.as_str()),
            id: Uuid::from_bytes(place.topic_id.0),
            partitions: vec![partition],
        }],
    };
    request.encode(head.correlation, Some(head.client_id), head.version)
}

/// What the broker says of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Kept(Produced),
    /// Send it again as it is: it may be there already, and then it is found.
    Again(ClientError),
    /// Send it again under the next epoch: the broker has lost count of this producer.
    Restamped(ClientError),
    Refused(ClientError),
    /// As `Refused`, and the producer id is fenced for good.
    Fenced(ClientError),
}

/// Reads the answer (`Sender.completeBatch`, `TransactionManager.canRetry`).
pub(super) fn read(answer: &Answer, new: &NewBatch, place: &Place) -> Result<Outcome, ClientError> {
    let told: ProduceResponse = answer.decode()?;
    let [topic] = told.responses.as_slice() else { return Err(answer.bad()) };
    let is_topic = match answer.version {
        ..=12 => *topic.name == *new.topic,
        _ => topic.topic_id.to_bytes() == place.topic_id.0,
    };
    let [partition] = topic.partition_responses.as_slice() else { return Err(answer.bad()) };
    if !is_topic || partition.index != new.partition {
        return Err(answer.bad());
    }
    let Some(error) = ClientError::from_answer(partition.error_code, message(partition)) else {
        return Ok(Outcome::Kept(produced(partition)));
    };
    let ClientError::Kafka(code, _) = &error else { return Err(answer.bad()) };
    let is_idempotent = new.acks == Acks::All;
    Ok(match code {
        // So old that the broker has forgotten where it is, but it is there.
        ErrorCode::DuplicateSequenceNumber => Outcome::Kept(Produced { base_offset: None, append_time: None }),
        // The broker will know its log start in time.
        ErrorCode::UnknownProducerId if is_idempotent && partition.log_start_offset == -1 => Outcome::Again(error),
        ErrorCode::UnknownProducerId | ErrorCode::OutOfOrderSequenceNumber if is_idempotent => {
            Outcome::Restamped(error)
        }
        ErrorCode::ProducerFenced | ErrorCode::InvalidProducerIdMapping => Outcome::Fenced(error),
        code if code.is_retriable() => Outcome::Again(error),
        _ => Outcome::Refused(error),
    })
}

fn message(partition: &PartitionProduceResponse) -> Option<&str> {
    let of_record = partition.record_errors.iter().find_map(|error| error.batch_index_error_message.as_deref());
    of_record.or(partition.error_message.as_deref())
}

fn produced(partition: &PartitionProduceResponse) -> Produced {
    Produced {
        base_offset: (partition.base_offset >= 0).then_some(partition.base_offset),
        append_time: (partition.log_append_time_ms >= 0).then_some(Timestamp(partition.log_append_time_ms)),
    }
}
