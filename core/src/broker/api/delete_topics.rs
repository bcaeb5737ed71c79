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

use super::{Ask, Handled, named_twice};
use crate::{
    broker::Topics,
    controller::{Change, Refused},
    error::ErrorCode,
    ids::TopicId,
    sorted::SortedSet,
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
        let twice = named_twice(asked.iter().map(key));
        let mut untold = twice.clone();
        let both_ways = self.named_both_ways(&asked);
        for topic in &asked {
            let is_twice = twice.contains(&key(topic));
            if is_twice && !untold.remove(&key(topic)) {
                continue;
            }
            let meant = if is_twice { Err(duplicate(topic)) } else { self.meant(topic) };
            let mut told_id = topic.topic_id;
            let gone = match meant {
                // It is told by its name.
                Ok(id) if both_ways.contains(&id) && topic.name.is_none() => continue,
                Ok(id) if both_ways.contains(&id) => {
                    told_id = Uuid::from_bytes(id.0);
                    let why = "The provided topic name maps to an ID that was already supplied.";
                    Err(Refused::new(ErrorCode::InvalidRequest, why))
                }
                Ok(id) => self.delete_meant(id, &mut changes),
                Err(why) => Err(why),
            };
            results.push(deleted_result(turn, ask, (&topic.name, told_id), gone));
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

    /// Topics that are named and whose id is there too.
    fn named_both_ways(&self, asked: &[DeleteTopicState]) -> SortedSet<TopicId> {
        let by_id: SortedSet<TopicId> = asked.iter().map(|topic| key(topic).1).collect();
        let named = asked.iter().filter_map(|topic| self.catalog.topic_named(topic.name.as_deref()?));
        named.map(|topic| topic.id).filter(|id| by_id.contains(id)).collect()
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

fn key(asked: &DeleteTopicState) -> (Option<&str>, TopicId) {
    (asked.name.as_deref(), TopicId(asked.topic_id.to_bytes()))
}

fn duplicate(asked: &DeleteTopicState) -> Refused {
    let what = if asked.name.is_some() { "Duplicate topic name." } else { "Duplicate topic id." };
    Refused::new(ErrorCode::InvalidRequest, what)
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
