//! DeleteTopics (key 20, versions 1–6)
//!
//! Behaviour
//! - Each topic goes or is refused for itself; one that is named twice is refused.
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
        let meant: Vec<_> = asked.iter().map(|topic| self.meant(topic)).collect();
        for (index, topic) in asked.iter().enumerate() {
            let (id, gone) = match told(&asked, &meant, index) {
                Told::Elsewhere => continue,
                Told::Refused(id, why) => (id, Err(why)),
                Told::Here(id) => (topic.topic_id, self.delete_meant(id, &mut changes)),
            };
            results.push(deleted_result(turn, ask, (&topic.name, id), gone));
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

    /// The topic that is meant, whether or not it may be named so.
    fn meant(&self, asked: &DeleteTopicState) -> Result<TopicId, Refused> {
        let id = TopicId(asked.topic_id.to_bytes());
        match (&asked.name, id.is_zero()) {
            (None, true) => Err(Refused::new(ErrorCode::InvalidRequest, "Neither topic name nor id were specified.")),
            (Some(_), false) => {
                let why = "You may not specify both topic name and topic id.";
                Err(Refused::new(ErrorCode::InvalidRequest, why))
            }
            (name, _) => match self.find(name.as_deref().unwrap_or_default(), id) {
                Ok(topic) => Ok(topic.id),
                Err(error @ ErrorCode::UnknownTopicId) => {
                    Err(Refused::new(error, "This server does not host this topic ID."))
                }
                Err(error) => Err(Refused::new(error, "This server does not host this topic-partition.")),
            },
        }
    }

    /// Gives the name and id of what is gone.
    fn delete_meant(&mut self, id: TopicId, changes: &mut Vec<Change>) -> Result<(String, TopicId), Refused> {
        let name = self.catalog.topic(id).map(|topic| topic.name.clone()).unwrap_or_default();
        changes.extend(self.catalog.delete_topic(id)?);
        Ok((name, id))
    }
}

/// Where the answer to one entry of a request stands.
enum Told {
    Here(TopicId),
    /// With the id that is told.
    Refused(Uuid, Refused),
    /// At another entry that means the same.
    Elsewhere,
}

fn told(asked: &[DeleteTopicState], meant: &[Result<TopicId, Refused>], index: usize) -> Told {
    let same = |other: &DeleteTopicState| other.name == asked[index].name && other.topic_id == asked[index].topic_id;
    let is_one_way = asked[index].name.is_some() == asked[index].topic_id.is_zero();
    if is_one_way && asked[..index].iter().any(same) {
        return Told::Elsewhere;
    }
    if is_one_way && asked[index + 1..].iter().any(same) {
        let what = if asked[index].name.is_some() { "Duplicate topic name." } else { "Duplicate topic id." };
        return Told::Refused(asked[index].topic_id, Refused::new(ErrorCode::InvalidRequest, what));
    }
    let id = match &meant[index] {
        Ok(id) => *id,
        Err(why) => return Told::Refused(asked[index].topic_id, why.clone()),
    };
    let is_meant_again = (0..asked.len()).any(|other| other != index && meant[other].as_ref() == Ok(&id));
    match &asked[index].name {
        _ if !is_meant_again => Told::Here(id),
        Some(_) => {
            let why = "The provided topic name maps to an ID that was already supplied.";
            Told::Refused(Uuid::from_bytes(id.0), Refused::new(ErrorCode::InvalidRequest, why))
        }
        None => Told::Elsewhere,
    }
}

fn deleted_result(
    turn: &mut Turn<'_>,
    ask: Ask,
    (name, id): (&Option<StrBytes>, Uuid),
    gone: Result<(String, TopicId), Refused>,
) -> DeletableTopicResult {
    let mut result = DeletableTopicResult::default();
    match gone {
        Ok((name, id)) => {
            result.name = Some(StrBytes::from(name));
            result.topic_id = Uuid::from_bytes(id.0);
        }
        Err(refused) => {
            result.name = name.clone();
            result.topic_id = id;
            result.error_code = ask.refuse(turn, refused.error);
            result.error_message = refused.message.map(StrBytes::from);
        }
    }
    // Versions before 6 have no null names.
    if ask.version < 6 && result.name.is_none() {
        result.name = Some(StrBytes::from(""));
    }
    result
}
