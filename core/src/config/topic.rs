//! What one topic can be told (`org.apache.kafka.common.config.TopicConfig`).

use std::time::Duration;

use super::{
    batch::{CompressionType, TimestampType},
    configs,
    value::Limit,
};

configs! { TopicConfig;
    /// How much of the log is kept: up to this many bytes per partition, whole segments at a time.
    retention_bytes: Limit = "retention.bytes", true, "-1";
    /// How long records are kept, by the largest timestamp of their segment.
    retention: Limit = "retention.ms", true, "604800000";
    /// Size at which the active segment is sealed and a new one begins.
    segment_bytes: u32 = "segment.bytes", true, "1073741824", |bytes| if *bytes >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// Age at which the active segment is sealed even when it is not full.
    segment_age: Duration = "segment.ms", true, "604800000", |age| if !age.is_zero() { Ok(()) } else { Err("must be at least 1".into()) };
    /// Largest record batch that is taken, after compression.
    message_bytes_max: u32 = "max.message.bytes", true, "1048588";
    /// Records appended before a flush. 1 means: acknowledge only what is committed to storage.
    flush_messages: u64 = "flush.messages", true, "9223372036854775807", |count| if *count >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// Replicas that must hold a record before `acks=all` is answered.
    min_in_sync_replicas: u32 = "min.insync.replicas", true, "1", |count| if *count >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// The codec that batches are stored with; `producer` keeps what was sent.
    compression_type: CompressionType = "compression.type", true, "producer";
    /// Whether a record keeps its producer's time or gets the time of its append.
    timestamp_type: TimestampType = "message.timestamp.type", true, "CreateTime";
    /// How far a producer's time may lie behind the broker's.
    timestamp_before_max: Duration = "message.timestamp.before.max.ms", true, "9223372036854775807";
    /// How far a producer's time may lie ahead of the broker's.
    timestamp_after_max: Duration = "message.timestamp.after.max.ms", true, "3600000";
}
