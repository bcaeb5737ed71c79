//! What a leader takes from a client, and what it makes of it (Kafka's `LogValidator`).

use super::AppendRefused;
use crate::{config::TopicConfig, error::ErrorCode, record::*, time::Timestamp};

/// Bytes that a batch may decompress to, however large it is itself.
const DECOMPRESSED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How much a codec may have saved.
const COMPRESSION_RATIO_MAX: usize = 100;

/// A batch as it will be kept, and when it was stamped if the topic wants that.
#[derive(Debug)]
pub(super) struct Valid {
    pub(super) batch: Batch,
    pub(super) append_time: Option<Timestamp>,
}

pub(super) fn validate(mut batch: Batch, config: &TopicConfig, now: Timestamp) -> Result<Valid, AppendRefused> {
    let header = *batch.header();
    check_size(&batch, config)?;
    if header.base_offset != 0 {
        let message = format!("The base offset of the record batch should be 0, but it is {}", header.base_offset);
        return Err(refused(ErrorCode::InvalidRecord, message));
    }
    let limits = limits(&batch, config, now);
    let checked = batch.check(&limits).map_err(refused_batch)?;
    if header.is_transactional() {
        // Nobody can have begun the transaction: there is no coordinator to begin it with.
        return Err(refused(ErrorCode::InvalidTxnState, "The broker has no transaction for this batch"));
    }
    if let CompressionType::Fixed(codec) = config.compression_type
        && header.compression() != Ok(codec)
    {
        batch = compress_again(&batch, codec, limits.decompressed_bytes_max)?;
        check_size(&batch, config)?;
    }
    match config.timestamp_type {
        TimestampType::LogAppendTime => {
            batch.stamp(TimestampType::LogAppendTime, now);
            Ok(Valid { batch, append_time: Some(now) })
        }
        TimestampType::CreateTime => {
            batch.stamp(TimestampType::CreateTime, checked.max_timestamp);
            Ok(Valid { batch, append_time: None })
        }
    }
}

fn check_size(batch: &Batch, config: &TopicConfig) -> Result<(), AppendRefused> {
    let (size, most) = (batch.size() as u64, u64::from(config.message_bytes_max));
    if size > most {
        let message = format!("The record batch size is {size} bytes, which exceeds the maximum of {most}");
        return Err(refused(ErrorCode::MessageTooLarge, message));
    }
    Ok(())
}

fn limits(batch: &Batch, config: &TopicConfig, now: Timestamp) -> BatchLimits {
    let decompressed_bytes_max = (batch.size() * COMPRESSION_RATIO_MAX).min(DECOMPRESSED_BYTES_MAX);
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match config.timestamp_type {
        TimestampType::CreateTime => BatchLimits {
            decompressed_bytes_max,
            timestamp_min: Timestamp(now.0.saturating_sub(millis(config.timestamp_before_max))),
            timestamp_max: Timestamp(now.0.saturating_add(millis(config.timestamp_after_max))),
        },
        // The producer's times are overwritten, whatever they are.
        TimestampType::LogAppendTime => BatchLimits::any_time(decompressed_bytes_max),
    }
}

fn compress_again(batch: &Batch, codec: Compression, bytes_max: usize) -> Result<Batch, AppendRefused> {
    let header = batch.header();
    let mut builder = BatchBuilder::new(codec);
    for record in batch.records(bytes_max).map_err(refused_batch)? {
        let record = record.map_err(refused_batch)?;
        builder.append(record.timestamp, record.key.as_deref(), record.value.as_deref(), &record.headers);
    }
    let producer = header.has_producer().then_some(ProducerStamp {
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        is_transactional: false,
    });
    Ok(builder.finish(producer))
}

fn refused_batch(error: BatchError) -> AppendRefused {
    AppendRefused {
        error: error.code(),
        record: error.record().map(|index| (index, error.why())),
        message: Some(error.to_string()),
    }
}

fn refused(error: ErrorCode, message: impl Into<String>) -> AppendRefused {
    AppendRefused { error, record: None, message: Some(message.into()) }
}
