//! What is answered.

use super::ClientError;
use crate::{effect::Address, error::ErrorCode, ids::*, record::Batch, time::Timestamp};

/// The answer to the question of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Metadata(ClusterMetadata),
    /// One for each topic asked, in order.
    CreateTopics(Vec<Result<CreatedTopic, ClientError>>),
    /// One for each topic asked, in order.
    DeleteTopics(Vec<Result<(), ClientError>>),
    DescribeConfigs(Vec<ConfigEntry>),
    IncrementalAlterConfigs,
    DescribeCluster(ClusterDescription),
    /// `None`: no record is so late.
    ListOffsets(Option<FoundOffset>),
    /// The partition's new log start.
    DeleteRecords(Offset),
    Produce(Produced),
    Fetch(Fetched),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterMetadata {
    pub cluster_id: Option<String>,
    pub controller: Option<BrokerId>,
    pub brokers: Vec<ClusterBroker>,
    pub topics: Vec<TopicMetadata>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterBroker {
    pub id: BrokerId,
    pub address: Address,
    pub rack: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMetadata {
    pub name: String,
    /// Zero where the broker's version does not tell it.
    pub id: TopicId,
    pub error: Option<ErrorCode>,
    pub is_internal: bool,
    pub partitions: Vec<PartitionMetadata>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionMetadata {
    pub partition: PartitionIndex,
    pub error: Option<ErrorCode>,
    pub leader: Option<BrokerId>,
    /// -1 where the broker's version does not tell it.
    pub leader_epoch: LeaderEpoch,
    pub replicas: Vec<BrokerId>,
    pub in_sync: Vec<BrokerId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTopic {
    pub name: String,
    /// Zero where the broker's version does not tell it.
    pub id: TopicId,
    /// `None` where the broker's version does not tell it.
    pub partitions: Option<i32>,
    /// `None` where the broker's version does not tell it.
    pub replication_factor: Option<i16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    pub name: String,
    /// `None`: none is set, or it is a secret.
    pub value: Option<String>,
    pub source: ConfigSource,
    pub is_read_only: bool,
    pub is_sensitive: bool,
    /// `None` where the broker's version does not tell it.
    pub documentation: Option<String>,
}

/// Where a value comes from (`DescribeConfigsResponse.ConfigSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    Unknown = 0,
    DynamicTopic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
    DynamicBrokerLogger = 6,
    ClientMetrics = 7,
    Group = 8,
}

impl ConfigSource {
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::DynamicTopic,
        Self::DynamicBroker,
        Self::DynamicDefaultBroker,
        Self::StaticBroker,
        Self::Default,
        Self::DynamicBrokerLogger,
        Self::ClientMetrics,
        Self::Group,
    ];

    pub fn from_number(number: i8) -> Self {
        Self::ALL.into_iter().find(|source| *source as i8 == number).unwrap_or(Self::Unknown)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterDescription {
    pub cluster_id: String,
    pub controller: Option<BrokerId>,
    pub brokers: Vec<ClusterBroker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundOffset {
    pub offset: Offset,
    /// Of the record, where a record was looked for.
    pub timestamp: Option<Timestamp>,
    pub leader_epoch: Option<LeaderEpoch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Produced {
    /// Of the first record. `None` with `Acks::None`, and where the batch was there already and the broker has forgotten
    /// where.
    pub base_offset: Option<Offset>,
    /// The broker's time, where the topic has it stand for every record's own.
    pub append_time: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Records before it may be read.
    pub high_watermark: Offset,
    pub last_stable_offset: Offset,
    /// -1 where the broker's version does not tell it.
    pub log_start: Offset,
    /// As they lie in the log, CRC checked; `Batch::records` gives the records. The first may begin before the offset
    /// asked.
    pub batches: Vec<Batch>,
}
