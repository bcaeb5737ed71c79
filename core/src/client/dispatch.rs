//! Where each question goes, as what it travels, and what is read out of its answer.

use std::time::Duration;

use super::{
    ClientError, ClientOptions, Question, Reply,
    admin::{
        create_topics, delete_records, delete_topics, describe_cluster, describe_configs, incremental_alter_configs,
        list_offsets,
    },
    fetch,
    message::{Answer, Head},
    metadata::{self, Place},
    question::{ConfigResource, NewBatch},
    reply::ClusterMetadata,
};
use crate::{effect::Frame, error::ErrorCode, ids::*, wire::Api};

/// Who can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Any,
    Controller,
    Broker(BrokerId),
    Leader(&'a str, PartitionIndex),
}

/// From which version on topics are said by id (KIP-516).
const TOPIC_IDS_FROM: i16 = 13;
/// As many milliseconds as a request can say.
const WAIT_MAX: Duration = Duration::from_millis(i32::MAX as u64);
/// Of a topic (`Topic.MAX_NAME_LENGTH`).
const TOPIC_NAME_BYTES_MAX: usize = 249;

impl Question {
    /// Which of Kafka's APIs it is.
    pub fn api(&self) -> Api {
        match self {
            Self::Metadata { .. } => Api::Metadata,
            Self::CreateTopics { .. } => Api::CreateTopics,
            Self::DeleteTopics { .. } => Api::DeleteTopics,
            Self::DescribeConfigs { .. } => Api::DescribeConfigs,
            Self::IncrementalAlterConfigs { .. } => Api::IncrementalAlterConfigs,
            Self::DescribeCluster => Api::DescribeCluster,
            Self::ListOffsets { .. } => Api::ListOffsets,
            Self::DeleteRecords { .. } => Api::DeleteRecords,
            Self::Produce(_) => Api::Produce,
            Self::Fetch(_) => Api::Fetch,
        }
    }

    pub(super) fn target(&self) -> Target<'_> {
        match self {
            Self::Metadata { .. } | Self::DescribeCluster => Target::Any,
            Self::CreateTopics { .. } | Self::DeleteTopics { .. } => Target::Controller,
            Self::DescribeConfigs { resource, .. } => resource.target().unwrap_or(Target::Any),
            Self::IncrementalAlterConfigs { resource, .. } => resource.target().unwrap_or(Target::Controller),
            Self::ListOffsets { topic, partition, .. } | Self::DeleteRecords { topic, partition, .. } => {
                Target::Leader(topic, *partition)
            }
            Self::Produce(new) => Target::Leader(&new.topic, new.partition),
            Self::Fetch(from) => Target::Leader(&from.topic, from.partition),
        }
    }

    /// The highest version that says where it goes as `place` can say it.
    pub(super) fn version_max(&self, place: &Place) -> i16 {
        let says_ids = matches!(self, Self::Produce(_) | Self::Fetch(_));
        if says_ids && place.topic_id.is_zero() { TOPIC_IDS_FROM - 1 } else { i16::MAX }
    }

    /// Whether the question is asked again after this error. Administrators hear of all but those that another broker or
    /// another connection may end, as from the Java client's `Admin`.
    pub(super) fn is_asked_again(&self, error: &ClientError) -> bool {
        match (self.target(), error) {
            (Target::Leader(..), error) => error.is_retriable(),
            (_, ClientError::Kafka(code, _)) if matches!(self, Self::Metadata { .. }) => code.is_retriable(),
            (_, ClientError::Kafka(code, _)) => *code == ErrorCode::NotController,
            (_, error) => error.is_retriable(),
        }
    }

    /// The request, for all but Produce.
    pub(super) fn request(&self, options: &ClientOptions, head: Head<'_>, place: &Place) -> Result<Frame, ClientError> {
        let timeout = options.request_timeout;
        match self {
            Self::Metadata { topics, create } => metadata::request(head, topics.as_deref(), *create),
            Self::CreateTopics { topics, validate_only } => {
                create_topics::request(head, topics, *validate_only, timeout)
            }
            Self::DeleteTopics { topics } => delete_topics::request(head, topics, timeout),
            Self::DescribeConfigs { resource, names } => describe_configs::request(head, resource, names.as_deref()),
            Self::IncrementalAlterConfigs { resource, edits, validate_only } => {
                incremental_alter_configs::request(head, resource, edits, *validate_only)
            }
            Self::DescribeCluster => describe_cluster::request(head),
            Self::ListOffsets { topic, partition, at } => {
                let asked = list_offsets::Asked { topic, partition: *partition, at: *at };
                list_offsets::request(head, asked, place, timeout)
            }
            Self::DeleteRecords { topic, partition, before } => {
                delete_records::request(head, (topic, *partition), *before, timeout)
            }
            Self::Fetch(from) => fetch::request(head, from, place),
            Self::Produce(_) => Err(ClientError::Invalid("a batch is sent as a parcel")),
        }
    }

    /// What the answer says, for all but Produce.
    pub(super) fn read(&self, answer: &Answer, place: &Place) -> Result<Reply, ClientError> {
        match self {
            Self::Metadata { topics, create } => {
                asked_metadata(metadata::read(answer)?, topics.as_deref(), *create).map(Reply::Metadata)
            }
            Self::CreateTopics { topics, .. } => create_topics::read(answer, topics).map(Reply::CreateTopics),
            Self::DeleteTopics { topics } => delete_topics::read(answer, topics).map(Reply::DeleteTopics),
            Self::DescribeConfigs { resource, .. } => {
                describe_configs::read(answer, resource).map(Reply::DescribeConfigs)
            }
            Self::IncrementalAlterConfigs { resource, .. } => {
                incremental_alter_configs::read(answer, resource).map(|()| Reply::IncrementalAlterConfigs)
            }
            Self::DescribeCluster => describe_cluster::read(answer).map(Reply::DescribeCluster),
            Self::ListOffsets { topic, partition, at } => {
                let asked = list_offsets::Asked { topic, partition: *partition, at: *at };
                list_offsets::read(answer, asked).map(Reply::ListOffsets)
            }
            Self::DeleteRecords { topic, partition, .. } => {
                delete_records::read(answer, (topic, *partition)).map(Reply::DeleteRecords)
            }
            Self::Fetch(from) => fetch::read(answer, from, place).map(Reply::Fetch),
            Self::Produce(_) => Err(answer.bad()),
        }
    }

    /// The topics that a `Metadata` of the cluster may tell otherwise once this is answered.
    pub(super) fn changed_topics(&self) -> Vec<&str> {
        match self {
            Self::CreateTopics { topics, .. } => topics.iter().map(|topic| topic.name.as_str()).collect(),
            Self::DeleteTopics { topics } => topics.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// What no request can carry.
    pub(super) fn check(&self) -> Result<(), ClientError> {
        let is_too_long = matches!(self.target(), Target::Leader(topic, _) if topic.len() > TOPIC_NAME_BYTES_MAX);
        match self {
            _ if is_too_long => Err(ErrorCode::InvalidTopicException.into()),
            Self::Produce(NewBatch { records, .. }) if records.is_empty() => {
                Err(ClientError::Invalid("a batch has at least one record"))
            }
            Self::Fetch(from) if from.bytes_max == 0 => Err(ClientError::Invalid("a Fetch takes at least one byte")),
            Self::Fetch(from) if from.wait > WAIT_MAX => Err(ClientError::Invalid("a Fetch waits for 24 days at most")),
            _ => Ok(()),
        }
    }
}

impl ConfigResource {
    /// `None`: anyone knows.
    fn target(&self) -> Option<Target<'_>> {
        match self {
            Self::Topic(_) => None,
            Self::Broker(id) => Some(Target::Broker(*id)),
        }
    }
}

/// With `create`, an answer that has a topic that is still being made is none yet.
fn asked_metadata(
    mut told: ClusterMetadata,
    topics: Option<&[String]>,
    create: bool,
) -> Result<ClusterMetadata, ClientError> {
    if let Some(asked) = topics {
        // Version 0 answers a list of none with all.
        told.topics.retain(|topic| asked.contains(&topic.name));
    }
    let is_coming = |error| matches!(error, ErrorCode::UnknownTopicOrPartition | ErrorCode::LeaderNotAvailable);
    let mut errors = told.topics.iter().filter_map(|topic| topic.error);
    match errors.find(|error| create && is_coming(*error)) {
        Some(error) => Err(error.into()),
        None => Ok(told),
    }
}
