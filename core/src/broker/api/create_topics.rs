//! CreateTopics (key 19, versions 2–7)
//!
//! Behaviour
//! - Each topic is created or refused for itself; one that is named twice is refused.
//! - The answer waits until storage has the topics, no longer than the client's timeout.
//! - With `validate_only` everything is checked and nothing done.
//!
//! Versions
//! - 4 defaults as -1 · 5 flexible, the topic's configs · 7 topic ids
//!
//! Differs from Kafka
//! - Brokers do not replicate yet, so a replication factor above 1 is INVALID_REPLICATION_FACTOR.
//! - With `validate_only` there is no id; Kafka tells one that nobody will have.
//! - `segment.bytes` may be as small as 1; Kafka wants 1 MiB.
//! - Of two new names that make the same metric the second is refused in one request too.
//! - A cluster holds 4,000 topics and 10,000 partitions at most; beyond them it is POLICY_VIOLATION.

use kafka_wire::{
    CreateTopicsRequest, CreateTopicsResponse,
    create_topics_request::CreatableTopic,
    create_topics_response::{CreatableTopicConfigs, CreatableTopicResult},
};
use kafka_wire_core::{StrBytes, Uuid};

use super::{
    Ask, Handled,
    describe_configs::{ConfigSource, topic_source},
    named_twice,
};
use crate::{
    broker::{Topics, decide::Due},
    config::TopicConfig,
    controller::{Change, Controller, CreatedTopic, Decision, NewTopic, Refused, Topic, catalog::check_topic_name},
    error::ErrorCode,
    ids::BrokerId,
    sorted::SortedMap,
    turn::Turn,
};

impl Topics {
    pub(in crate::broker) fn on_create_topics(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: CreateTopicsRequest,
    ) -> Handled {
        let mut changes = Vec::new();
        let mut results = Vec::with_capacity(request.topics.len());
        let twice = named_twice(request.topics.iter().map(|asked| &asked.name));
        let mut untold = twice.clone();
        for asked in &request.topics {
            let made = match twice.contains(&asked.name) {
                true if !untold.remove(&asked.name) => continue,
                true => Err(Refused::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
                false => self.create_asked(turn, asked, request.validate_only, &mut changes),
            };
            results.push(self.created_result(turn, ask, asked, made));
        }
        let answer = move |error: Option<ErrorCode>| {
            let mut response = CreateTopicsResponse::default();
            response.topics = results.clone();
            for result in response.topics.iter_mut().filter(|result| result.error_code == 0) {
                if let Some(error) = error {
                    *result = failed(result.name.clone(), error);
                }
            }
            response
        };
        if changes.is_empty() {
            return ask.reply(&answer(None));
        }
        let version = self.carry_out(turn, changes);
        ask.after_commit(version, request.timeout_ms, answer)
    }

    fn create_asked(
        &mut self,
        turn: &mut Turn<'_>,
        asked: &CreatableTopic,
        validate_only: bool,
        changes: &mut Vec<Change>,
    ) -> Result<Topic, Refused> {
        check_topic_name(&asked.name)?;
        let new = new_topic(asked)?;
        if validate_only {
            return self.catalog.plan_topic(&new);
        }
        changes.extend(self.catalog.create_topic(turn.rng, &new)?);
        let missing = || Refused::new(ErrorCode::UnknownServerError, "the topic is gone again");
        self.catalog.topic_named(&new.name).cloned().ok_or_else(missing)
    }

    fn created_result(
        &self,
        turn: &mut Turn<'_>,
        ask: Ask,
        asked: &CreatableTopic,
        made: Result<Topic, Refused>,
    ) -> CreatableTopicResult {
        let topic = match made {
            Ok(topic) => topic,
            Err(refused) => {
                ask.refuse(turn, refused.error);
                let mut result = failed(asked.name.clone(), refused.error);
                result.error_message = refused.message.map(StrBytes::from);
                return result;
            }
        };
        let mut result = CreatableTopicResult::default();
        result.name = asked.name.clone();
        result.topic_id = Uuid::from_bytes(topic.id.0);
        result.num_partitions = topic.partitions;
        result.replication_factor = 1;
        // Its default is empty text, which would be a message.
        result.error_message = None;
        result.configs = Some(self.created_configs(&topic));
        result
    }

    fn created_configs(&self, topic: &Topic) -> Vec<CreatableTopicConfigs> {
        let told = TopicConfig::ROWS.iter().map(|row| {
            let mut config = CreatableTopicConfigs::default();
            config.name = StrBytes::from(row.name);
            config.value = topic.config.get(row.name).map(StrBytes::from);
            config.config_source = topic_source(&self.catalog, topic, row.name) as i8;
            config
        });
        told.collect()
    }
}

/// What the controller decides. Topics that cannot be asked for at all are refused beside those that it creates.
pub(in crate::broker) fn decide(
    turn: &mut Turn<'_>,
    controller: &Controller<Due>,
    ask: Ask,
    request: CreateTopicsRequest,
) -> Decision<Due> {
    let twice = named_twice(request.topics.iter().map(|asked| &asked.name));
    let mut untold = twice.clone();
    let mut rows: Vec<(&CreatableTopic, Result<(), Refused>)> = Vec::with_capacity(request.topics.len());
    let mut new = Vec::new();
    for asked in &request.topics {
        let meant = match twice.contains(&asked.name) {
            true if !untold.remove(&asked.name) => continue,
            true => Err(Refused::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
            false => check_topic_name(&asked.name).and_then(|()| new_topic(asked)),
        };
        rows.push((asked, meant.map(|topic| new.push(topic))));
    }
    let decision = controller.create_topics(turn.rng, &new, request.validate_only);
    decision.map(|created| {
        let mut created = created.into_iter();
        let mut response = CreateTopicsResponse::default();
        for (asked, meant) in rows {
            let made = meant.and_then(|()| created.next().unwrap_or_else(|| Err(gone())));
            response.topics.push(decided_result(turn, ask, asked, made, request.validate_only));
        }
        ask.due(&response, &refusal(&request, ErrorCode::NotController))
    })
}

fn gone() -> Refused {
    Refused::new(ErrorCode::UnknownServerError, "the topic is gone again")
}

fn decided_result(
    turn: &mut Turn<'_>,
    ask: Ask,
    asked: &CreatableTopic,
    made: Result<CreatedTopic, Refused>,
    validate_only: bool,
) -> CreatableTopicResult {
    let created = match made {
        Ok(created) => created,
        Err(refused) => {
            let mut result = failed(asked.name.clone(), ErrorCode::UnknownServerError);
            result.error_code = ask.refuse(turn, refused.error);
            result.error_message = refused.message.map(StrBytes::from);
            return result;
        }
    };
    let mut result = failed(asked.name.clone(), ErrorCode::UnknownServerError);
    result.error_code = 0;
    result.topic_id = if validate_only { Uuid::ZERO } else { Uuid::from_bytes(created.id.0) };
    result.num_partitions = created.partitions;
    result.replication_factor = created.replication_factor;
    let is_own = |name: &str| asked.configs.iter().any(|config| &*config.name == name);
    let told = TopicConfig::ROWS.iter().map(|row| {
        let mut config = CreatableTopicConfigs::default();
        config.name = StrBytes::from(row.name);
        config.value = created.config.get(row.name).map(StrBytes::from);
        config.config_source = if is_own(row.name) { ConfigSource::DynamicTopic } else { ConfigSource::Default } as i8;
        config
    });
    result.configs = Some(told.collect());
    result
}

/// Every topic is told the same.
pub(in crate::broker) fn refusal(request: &CreateTopicsRequest, error: ErrorCode) -> CreateTopicsResponse {
    let mut response = CreateTopicsResponse::default();
    response.topics = request.topics.iter().map(|asked| failed(asked.name.clone(), error)).collect();
    response
}

fn failed(name: StrBytes, error: ErrorCode) -> CreatableTopicResult {
    let mut result = CreatableTopicResult::default();
    result.name = name;
    result.error_code = error.code();
    result.error_message = None;
    result.num_partitions = -1;
    result.replication_factor = -1;
    result.configs = Some(Vec::new());
    result
}

fn new_topic(asked: &CreatableTopic) -> Result<NewTopic, Refused> {
    let mut overrides = SortedMap::new();
    for config in &asked.configs {
        let null = || {
            let why = format!("Null value not supported for topic configs: {}", &*config.name);
            Refused::new(ErrorCode::InvalidConfig, why)
        };
        overrides.insert(config.name.to_string(), config.value.as_deref().ok_or_else(null)?.to_owned());
    }
    let brokers = |ids: &[i32]| ids.iter().copied().map(BrokerId).collect();
    let assignments = asked.assignments.iter().map(|given| (given.partition_index, brokers(&given.broker_ids)));
    Ok(NewTopic {
        name: asked.name.to_string(),
        partitions: asked.num_partitions,
        replication_factor: asked.replication_factor,
        assignments: assignments.collect(),
        overrides,
    })
}
