//! DeleteTopics, asked of the controller, by name.

use std::time::Duration;

use kafka_wire::{DeleteTopicsRequest, DeleteTopicsResponse, delete_topics_request::DeleteTopicState};
use kafka_wire_core::StrBytes;

use super::{each_or_again, millis};
use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
    },
    effect::Frame,
};

pub(in crate::client) fn request(head: Head<'_>, topics: &[String], timeout: Duration) -> Result<Frame, ClientError> {
    let mut request = DeleteTopicsRequest::default();
    let names = topics.iter().map(|name| StrBytes::from(name.as_str()));
    match head.version {
        ..=5 => request.topic_names = names.collect(),
        _ => request.topics = names.map(state).collect(),
    }
    request.timeout_ms = millis(timeout);
    head.frame(&request)
}

fn state(name: StrBytes) -> DeleteTopicState {
    let mut state = DeleteTopicState::default();
    state.name = Some(name);
    state
}

pub(in crate::client) fn read(answer: &Answer, topics: &[String]) -> Result<Vec<Result<(), ClientError>>, ClientError> {
    let told: DeleteTopicsResponse = answer.decode()?;
    let result = |topic: &String| {
        let is_it = |name: &StrBytes| **name == **topic;
        let told = told.responses.iter().find(|told| told.name.as_ref().is_some_and(is_it)).ok_or(answer.bad())?;
        Ok(ClientError::from_answer(told.error_code, told.error_message.as_deref()).map_or(Ok(()), Err))
    };
    let results: Vec<_> = topics.iter().map(result).collect::<Result<_, ClientError>>()?;
    each_or_again(results)
}
