//! CreateTopics, asked of the controller.
//!
//! An answer that was lost is asked for again; a topic made by the first request is then TOPIC_ALREADY_EXISTS, as with
//! the Java client.

use std::time::Duration;

use kafka_wire::{
    CreateTopicsRequest, CreateTopicsResponse,
    create_topics_request::{CreatableTopic, CreatableTopicConfig},
    create_topics_response::CreatableTopicResult,
};
use kafka_wire_core::StrBytes;

use super::{each_or_again, millis};
use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
        question::NewTopic,
        reply::CreatedTopic,
    },
    effect::Frame,
    ids::TopicId,
};

pub(in crate::client) fn request(
    head: Head<'_>,
    topics: &[NewTopic],
    validate_only: bool,
    timeout: Duration,
) -> Result<Frame, ClientError> {
    // Older brokers do not know what "as the cluster is set" is (KIP-464).
    let is_unsaid = topics.iter().any(|topic| topic.partitions.is_none() || topic.replication_factor.is_none());
    if head.version < 4 && is_unsaid {
        return Err(ClientError::Unsupported(head.api));
    }
    let mut request = CreateTopicsRequest::default();
    request.topics = topics.iter().map(creatable).collect();
    request.timeout_ms = millis(timeout);
    request.validate_only = validate_only;
    head.frame(&request)
}

fn creatable(topic: &NewTopic) -> CreatableTopic {
    let config = |(name, value): &(String, String)| {
        let mut config = CreatableTopicConfig::default();
        config.name = StrBytes::from(name.as_str());
        config.value = Some(StrBytes::from(value.as_str()));
        config
    };
    let mut creatable = CreatableTopic::default();
    creatable.name = StrBytes::from(topic.name.as_str());
    creatable.num_partitions = topic.partitions.unwrap_or(-1);
    creatable.replication_factor = topic.replication_factor.unwrap_or(-1);
    creatable.configs = topic.configs.iter().map(config).collect();
    creatable
}

pub(in crate::client) fn read(
    answer: &Answer,
    topics: &[NewTopic],
) -> Result<Vec<Result<CreatedTopic, ClientError>>, ClientError> {
    let told: CreateTopicsResponse = answer.decode()?;
    let result = |topic: &NewTopic| {
        let told = told.topics.iter().find(|told| *told.name == *topic.name).ok_or(answer.bad())?;
        Ok(ClientError::from_answer(told.error_code, told.error_message.as_deref()).map_or(Ok(created(told)), Err))
    };
    each_or_again(topics.iter().map(result).collect::<Result<_, ClientError>>()?)
}

fn created(told: &CreatableTopicResult) -> CreatedTopic {
    CreatedTopic {
        name: told.name.to_string(),
        id: TopicId(told.topic_id.to_bytes()),
        partitions: (told.num_partitions >= 0).then_some(told.num_partitions),
        replication_factor: (told.replication_factor >= 0).then_some(told.replication_factor),
    }
}
