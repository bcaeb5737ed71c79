//! What may be asked of a cluster.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    ids::*,
    record::{Compression, Header},
    time::Timestamp,
};

/// One thing asked of a client. Given by the application, rises, never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Each is one of Kafka's APIs, and is asked again after an error that may pass until its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Brokers, and the topics named, or all. With `create` a broker that may makes the missing ones, and the answer
    /// waits for them; without it they come with their error.
    Metadata {
        topics: Option<Vec<String>>,
        create: bool,
    },
    CreateTopics {
        topics: Vec<NewTopic>,
        validate_only: bool,
    },
    DeleteTopics {
        topics: Vec<String>,
    },
    /// `names`: only these; none of them missing is an error.
    DescribeConfigs {
        resource: ConfigResource,
        names: Option<Vec<String>>,
    },
    IncrementalAlterConfigs {
        resource: ConfigResource,
        edits: Vec<ConfigEdit>,
        validate_only: bool,
    },
    DescribeCluster,
    ListOffsets {
        topic: String,
        partition: PartitionIndex,
        at: OffsetAt,
    },
    /// Everything before the offset goes; -1: before the high watermark.
    DeleteRecords {
        topic: String,
        partition: PartitionIndex,
        before: Offset,
    },
    Produce(NewBatch),
    Fetch(FetchFrom),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    pub name: String,
    /// `None`: as the cluster is set.
    pub partitions: Option<i32>,
    /// `None`: as the cluster is set.
    pub replication_factor: Option<i16>,
    pub configs: Vec<(String, String)>,
}

/// Whose configs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigResource {
    Topic(String),
    Broker(BrokerId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEdit {
    pub name: String,
    pub operation: ConfigOperation,
}

/// `AlterConfigOp.OpType`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigOperation {
    Set(String),
    /// Back to what lies under it.
    Delete,
    /// To and from a list.
    Append(String),
    Subtract(String),
}

/// Which offset (`OffsetSpec`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetAt {
    Earliest,
    /// The high watermark: of the next record.
    Latest,
    /// Of the record with the largest timestamp.
    MaxTimestamp,
    /// Of the first record that is as late or later.
    Time(Timestamp),
}

/// Records for one partition. They travel, and are kept or refused, as one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    pub topic: String,
    pub partition: PartitionIndex,
    pub records: Vec<NewRecord>,
    pub compression: Compression,
    pub acks: Acks,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRecord {
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
    /// `None`: when it was asked.
    pub timestamp: Option<Timestamp>,
}

/// When a batch counts as kept. Only with `All` is it sent under a producer id, so that it is kept once however often it
/// is sent (as the Java client turns `enable.idempotence` off otherwise).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// At once; nobody says that it is.
    None = 0,
    /// When the leader has it.
    Leader = 1,
    /// When every in-sync replica has it.
    #[default]
    All = -1,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchFrom {
    pub topic: String,
    pub partition: PartitionIndex,
    /// The answer begins with the batch that holds it.
    pub offset: Offset,
    /// Whole batches up to this size; the first one whatever its size.
    pub bytes_max: u32,
    /// The broker waits for so many.
    pub bytes_min: u32,
    /// But no longer than this.
    pub wait: Duration,
}

impl FetchFrom {
    /// With the Java consumer's `max.partition.fetch.bytes`, `fetch.min.bytes` and `fetch.max.wait.ms`.
    pub fn new(topic: &str, partition: PartitionIndex, offset: Offset) -> Self {
        Self {
            topic: topic.to_owned(),
            partition,
            offset,
            bytes_max: 1024 * 1024,
            bytes_min: 1,
            wait: Duration::from_millis(500),
        }
    }
}
