//! What one broker can be told (`kafka.server.KafkaConfig`).

use std::time::Duration;

use super::{
    batch::{CompressionType, TimestampType},
    configs,
    value::Limit,
};

configs! { BrokerConfig;
    /// Processors: each owns some connections and a response queue.
    network_threads: u32 = "num.network.threads", true, "3", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Handler slots: how many requests may be worked on at once.
    io_threads: u32 = "num.io.threads", true, "8", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Requests that may wait in the request queue before reading stops.
    queued_requests_max: u32 = "queued.max.requests", false, "500", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Largest frame that is read.
    request_bytes_max: u32 = "socket.request.max.bytes", false, "104857600", |bytes| if *bytes >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// A connection silent for this long is closed.
    connection_idle_max: Duration = "connections.max.idle.ms", false, "600000";
    /// Partitions of a topic that is created without saying how many.
    partitions_default: i32 = "num.partitions", false, "1", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Replicas of a topic that is created without saying how many.
    replication_factor_default: i32 = "default.replication.factor", false, "1", |factor| if (1..=i32::from(i16::MAX)).contains(factor) { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Whether asking for a missing topic creates it.
    auto_create_topics: bool = "auto.create.topics.enable", false, "true";
    /// Of topics that do not set `retention.bytes`.
    retention_bytes: Limit = "log.retention.bytes", true, "-1";
    /// Of topics that do not set `retention.ms`. In Kafka `log.retention.minutes` and `.hours` stand behind it.
    retention: Limit = "log.retention.ms", true, "604800000";
    /// Of topics that do not set `segment.bytes`.
    segment_bytes: u32 = "log.segment.bytes", true, "1073741824", |bytes| if *bytes >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Of topics that do not set `segment.ms`. In Kafka `log.roll.hours` stands behind it.
    segment_age: Duration = "log.roll.ms", true, "604800000", |age| if !age.is_zero() { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Of topics that do not set `max.message.bytes`.
    message_bytes_max: u32 = "message.max.bytes", true, "1048588";
    /// Of topics that do not set `flush.messages`.
    flush_messages: u64 = "log.flush.interval.messages", true, "9223372036854775807", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Of topics that do not set their own.
    min_in_sync_replicas: u32 = "min.insync.replicas", true, "1", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Of topics that do not set their own.
    unclean_leader_election: bool = "unclean.leader.election.enable", true, "false";
    /// Of topics that do not set their own.
    compression_type: CompressionType = "compression.type", true, "producer";
    /// Of topics that do not set `message.timestamp.type`.
    timestamp_type: TimestampType = "log.message.timestamp.type", true, "CreateTime";
    /// Of topics that do not set `message.timestamp.before.max.ms`.
    timestamp_before_max: Duration = "log.message.timestamp.before.max.ms", true, "9223372036854775807";
    /// Of topics that do not set `message.timestamp.after.max.ms`.
    timestamp_after_max: Duration = "log.message.timestamp.after.max.ms", true, "3600000";
}
