//! What one topic can be told (`org.apache.kafka.common.config.TopicConfig`).

use std::time::Duration;

use super::{
    BrokerConfig,
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
    segment_bytes: u32 = "segment.bytes", true, "1073741824", |bytes| if *bytes >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Age at which the active segment is sealed even when it is not full.
    segment_age: Duration = "segment.ms", true, "604800000", |age| if !age.is_zero() { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Largest record batch that is taken, after compression.
    message_bytes_max: u32 = "max.message.bytes", true, "1048588";
    /// Records appended before a flush. 1 means: acknowledge only what is committed to storage.
    flush_messages: u64 = "flush.messages", true, "9223372036854775807", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Replicas that must hold a record before `acks=all` is answered.
    min_in_sync_replicas: u32 = "min.insync.replicas", true, "1", |count| if *count >= 1 { Ok(()) } else { Err("Value must be at least 1".into()) };
    /// Whether a replica that is not in sync may lead where no other can: what only the others had is lost.
    unclean_leader_election: bool = "unclean.leader.election.enable", true, "false";
    /// The codec that batches are stored with; `producer` keeps what was sent.
    compression_type: CompressionType = "compression.type", true, "producer";
    /// Whether a record keeps its producer's time or gets the time of its append.
    timestamp_type: TimestampType = "message.timestamp.type", true, "CreateTime";
    /// How far a producer's time may lie behind the broker's.
    timestamp_before_max: Duration = "message.timestamp.before.max.ms", true, "9223372036854775807";
    /// How far a producer's time may lie ahead of the broker's.
    timestamp_after_max: Duration = "message.timestamp.after.max.ms", true, "3600000";
}

/// Topic configs and the broker's configs that stand in for them (`ServerTopicConfigSynonyms`).
const SYNONYMS: [(&str, &str); 12] = [
    ("retention.bytes", "log.retention.bytes"),
    ("retention.ms", "log.retention.ms"),
    ("segment.bytes", "log.segment.bytes"),
    ("segment.ms", "log.roll.ms"),
    ("max.message.bytes", "message.max.bytes"),
    ("flush.messages", "log.flush.interval.messages"),
    ("min.insync.replicas", "min.insync.replicas"),
    ("unclean.leader.election.enable", "unclean.leader.election.enable"),
    ("compression.type", "compression.type"),
    ("message.timestamp.type", "log.message.timestamp.type"),
    ("message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms"),
    ("message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms"),
];

impl TopicConfig {
    /// The broker's config that a topic goes by where it does not set `name` itself.
    pub fn synonym(name: &str) -> Option<&'static str> {
        SYNONYMS.iter().find(|(topic, _)| *topic == name).map(|(_, broker)| *broker)
    }

    /// What a topic without configs of its own goes by.
    pub fn of_broker(broker: &BrokerConfig) -> Self {
        let mut config = Self::default();
        for (name, synonym) in SYNONYMS {
            let value = broker.get(synonym).expect("the table names rows of the broker");
            config.set(name, &value).expect("both rows take the same values");
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_synonym_and_the_same_default() {
        assert_eq!(SYNONYMS.len(), TopicConfig::ROWS.len());
        for row in TopicConfig::ROWS {
            let synonym = TopicConfig::synonym(row.name).and_then(BrokerConfig::row).expect(row.name);
            assert_eq!((row.default, row.kind), (synonym.default, synonym.kind), "{}", row.name);
        }
        assert_eq!(TopicConfig::of_broker(&BrokerConfig::default()), TopicConfig::default());
    }
}
