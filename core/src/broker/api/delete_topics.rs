//! DeleteTopics (key 20, versions 1–6)
//!
//! Behaviour
//! - Each topic goes or is refused for itself; one that is named twice is refused twice.
//! - The answer waits until storage has lost the topics, no longer than the client's timeout.
//!
//! Versions
//! - 4 flexible · 5 error messages · 6 by topic id
//!
//! Differs from Kafka
//! - `delete.topic.enable` cannot be turned off.

use kafka_wire::{
    DeleteTopicsRequest, DeleteTopicsResponse, delete_topics_request::DeleteTopicState,
    delete_topics_response::DeletableTopicResult,
};
use kafka_wire_core::{StrBytes, Uuid};

use super::{Ask, Handled};
use crate::{
    broker::Topics,
    controller::{Change, Refused},
    error::ErrorCode,
    ids::TopicId,
    turn::Turn,
};

impl Topics {
    pub(in crate::broker) fn on_delete_topics(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DeleteTopicsRequest,
    ) -> Handled {
        let named = request.topic_names.into_iter().map(|name| {
            let mut topic = DeleteTopicState::default();
            topic.name = Some(name);
            topic
        });
        let asked: Vec<_> = request.topics.into_iter().chain(named).collect();
        let mut changes = Vec::new();
        let mut results = Vec::with_capacity(asked.len());
        for topic in &asked {
            let is_twice = asked.iter().filter(|other| is_same(other, topic)).count() > 1;
            let gone = match is_twice {
                true => Err(Refused::new(ErrorCode::InvalidRequest, "Duplicate topic.")),
                false => self.delete_asked(topic, &mut changes),
            };
            results.push(deleted_result(turn, ask, topic, gone));
        }
        let answer = move |error: Option<ErrorCode>| {
            let mut response = DeleteTopicsResponse::default();
            response.responses = results.clone();
            for result in response.responses.iter_mut().filter(|result| result.error_code == 0) {
                result.error_code = error.map_or(0, ErrorCode::code);
            }
            response
        };
        if changes.is_empty() {
            return ask.reply(&answer(None));
        }
        let version = self.carry_out(turn, changes);
        ask.after_commit(version, request.timeout_ms, answer)
    }

    /// Gives the name and id of what is gone.
    fn delete_asked(
        &mut self,
        asked: &DeleteTopicState,
        changes: &mut Vec<Change>,
    ) -> Result<(String, TopicId), Refused> {
        let id = TopicId(asked.topic_id.to_bytes());
        let name = asked.name.as_deref().unwrap_or_default();
        if !name.is_empty() && !id.is_zero() {
            let why = "You may not specify both topic name and topic id.";
            return Err(Refused::new(ErrorCode::InvalidRequest, why));
        }
        let unknown = |error| Refused::new(error, "This server does not host this topic-partition.");
        let topic = self.find(name, id).map_err(unknown)?;
        let gone = (topic.name.clone(), topic.id);
        changes.extend(self.catalog.delete_topic(gone.1)?);
        Ok(gone)
    }
}

fn is_same(one: &DeleteTopicState, other: &DeleteTopicState) -> bool {
    one.name == other.name && one.topic_id == other.topic_id
}

fn deleted_result(
    turn: &mut Turn<'_>,
    ask: Ask,
    asked: &DeleteTopicState,
    gone: Result<(String, TopicId), Refused>,
) -> DeletableTopicResult {
    let mut result = DeletableTopicResult::default();
    match gone {
        Ok((name, id)) => {
            result.name = Some(StrBytes::from(name));
            result.topic_id = Uuid::from_bytes(id.0);
        }
        Err(refused) => {
            result.name = asked.name.clone();
            result.topic_id = asked.topic_id;
            result.error_code = ask.refuse(turn, refused.error);
            result.error_message = Some(StrBytes::from(refused.message));
        }
    }
    // Versions before 6 have no null names.
    if ask.version < 6 && result.name.is_none() {
        result.name = Some(StrBytes::from(""));
    }
    result
}
