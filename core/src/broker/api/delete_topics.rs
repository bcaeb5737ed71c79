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
    broker::{Topics, decide::Due},
    controller::{Catalog, Change, Controller, Decision, Image, Refused, image::TopicRegistration},
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
        let timeout_ms = request.timeout_ms;
        let asked = asked(request);
        let mut changes = Vec::new();
        let mut results = Vec::with_capacity(asked.len());
        let twice = named_twice(asked.iter().map(key));
        let mut untold = twice.clone();
        let both_ways = named_both_ways(&self.catalog, &asked);
        for topic in &asked {
            let is_twice = twice.contains(&key(topic));
            if is_twice && !untold.remove(&key(topic)) {
                continue;
            }
            let meant = if is_twice { Err(duplicate(topic)) } else { meant(&self.catalog, topic) };
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
        ask.after_commit(version, timeout_ms, answer)
    }

    /// Gives the name and id of what is gone.
    fn delete_meant(&mut self, id: TopicId, changes: &mut Vec<Change>) -> Result<(String, TopicId), Refused> {
        let name = self.catalog.topic(id).map(|topic| topic.name.clone()).unwrap_or_default();
        changes.extend(self.catalog.delete_topic(id)?);
        Ok((name, id))
    }
}

/// What topics there are, by whoever decides.
trait Known {
    fn id_of(&self, name: &str) -> Option<TopicId>;
    fn name_of(&self, id: TopicId) -> Option<String>;
}

impl Known for Catalog {
    fn id_of(&self, name: &str) -> Option<TopicId> {
        self.topic_named(name).map(|topic| topic.id)
    }

    fn name_of(&self, id: TopicId) -> Option<String> {
        self.topic(id).map(|topic| topic.name.clone())
    }
}

impl Known for Image {
    fn id_of(&self, name: &str) -> Option<TopicId> {
        self.topic_named(name).map(TopicRegistration::id)
    }

    fn name_of(&self, id: TopicId) -> Option<String> {
        self.topic(id).map(|topic| topic.name().to_string())
    }
}

/// What the controller decides.
pub(in crate::broker) fn decide(
    turn: &mut Turn<'_>,
    controller: &Controller<Due>,
    ask: Ask,
    request: DeleteTopicsRequest,
) -> Decision<Due> {
    let refused = refusal(request.clone(), ErrorCode::NotController);
    let asked = asked(request);
    let known = controller.decided();
    let both_ways = named_both_ways(known, &asked);
    let twice = named_twice(asked.iter().map(key));
    let mut untold = twice.clone();
    let mut rows = Vec::with_capacity(asked.len());
    let mut ids = Vec::new();
    for topic in &asked {
        let is_twice = twice.contains(&key(topic));
        if is_twice && !untold.remove(&key(topic)) {
            continue;
        }
        let found = if is_twice { Err(duplicate(topic)) } else { meant(known, topic) };
        let mut told = (&topic.name, topic.topic_id);
        let found = match found {
            Ok(id) if both_ways.contains(&id) && topic.name.is_none() => continue,
            Ok(id) if both_ways.contains(&id) => {
                told.1 = Uuid::from_bytes(id.0);
                let why = "The provided topic name maps to an ID that was already supplied.";
                Err(Refused::new(ErrorCode::InvalidRequest, why))
            }
            found => found,
        };
        rows.push((told, found.map(|id| (known.name_of(id).unwrap_or_default(), id))));
        ids.extend(rows.last().and_then(|(_, found)| found.as_ref().ok()).map(|(_, id)| *id));
    }
    let decision = controller.delete_topics(&ids);
    decision.map(|deleted| {
        let mut deleted = deleted.into_iter();
        let results = rows.into_iter().map(|(told, found)| {
            let gone = found.and_then(|named| deleted.next().unwrap_or(Ok(())).map(|()| named));
            deleted_result(turn, ask, told, gone)
        });
        let mut response = DeleteTopicsResponse::default();
        response.responses = results.collect();
        ask.due(&response, &refused)
    })
}

/// Every topic is told the same.
pub(in crate::broker) fn refusal(request: DeleteTopicsRequest, error: ErrorCode) -> DeleteTopicsResponse {
    let mut response = DeleteTopicsResponse::default();
    let refused = asked(request).into_iter().map(|topic| {
        let mut result = DeletableTopicResult::default();
        // Versions before 6 have no null names.
        result.name = Some(topic.name.unwrap_or_default());
        result.topic_id = topic.topic_id;
        result.error_code = error.code();
        result
    });
    response.responses = refused.collect();
    response
}

/// Names alone are what versions before 6 say.
fn asked(request: DeleteTopicsRequest) -> Vec<DeleteTopicState> {
    let named = request.topic_names.into_iter().map(|name| {
        let mut topic = DeleteTopicState::default();
        topic.name = Some(name);
        topic
    });
    request.topics.into_iter().chain(named).collect()
}

/// Topics that are named and whose id is there too.
fn named_both_ways(known: &impl Known, asked: &[DeleteTopicState]) -> SortedSet<TopicId> {
    let by_id: SortedSet<TopicId> = asked.iter().map(|topic| key(topic).1).collect();
    let named = asked.iter().filter_map(|topic| known.id_of(topic.name.as_deref()?));
    named.filter(|id| by_id.contains(id)).collect()
}

/// The topic that is meant, whether or not it may be named so.
fn meant(known: &impl Known, asked: &DeleteTopicState) -> Result<TopicId, Refused> {
    let id = TopicId(asked.topic_id.to_bytes());
    let refuse = |error, why: &str| Err(Refused::new(error, why));
    match (&asked.name, id.is_zero()) {
        (None, true) => refuse(ErrorCode::InvalidRequest, "Neither topic name nor id were specified."),
        (Some(_), false) => refuse(ErrorCode::InvalidRequest, "You may not specify both topic name and topic id."),
        (None, false) if known.name_of(id).is_some() => Ok(id),
        (None, false) => refuse(ErrorCode::UnknownTopicId, "This server does not host this topic ID."),
        (Some(name), true) => match known.id_of(name) {
            Some(id) => Ok(id),
            None => refuse(ErrorCode::UnknownTopicOrPartition, "This server does not host this topic-partition."),
        },
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
