//! DescribeConfigs (key 32, versions 1–4)
//!
//! Behaviour
//! - Tells what a topic or this broker is told, where each value comes from, and on request what lies under it.
//! - Keys that are named filter; a null list or an empty one asks for all. Names that do not exist are left out.
//! - The broker's empty name means what is set for all brokers, and nothing else. A broker on its own has nothing of that.
//!
//! Versions
//! - 1 synonyms · 3 types and documentation · 4 flexible
//!
//! Differs from Kafka
//! - Only configs that Ottla honours are there.
//! - `log.retention.ms` and `log.roll.ms` have defaults; Kafka's are null, and those in hours count.
//! - `min.insync.replicas` is by default what it is by default: Kafka sets it for the cluster when it learns of eligible
//!   leader replicas (KIP-966).
//! - A refusal comes with a reason in words where Kafka's has none.

use kafka_wire::{
    DescribeConfigsRequest, DescribeConfigsResponse,
    describe_configs_request::DescribeConfigsResource,
    describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym},
};
use kafka_wire_core::StrBytes;

use super::{Ask, Handled};
use crate::{
    broker::Topics,
    config::{BrokerConfig, ConfigRow, TopicConfig},
    controller::{Catalog, Refused, Topic, catalog::check_topic_name, image::ConfigResource},
    error::ErrorCode,
    turn::Turn,
};

/// `ConfigResource.Type`.
pub(super) const TOPIC_RESOURCE: i8 = 2;
pub(super) const BROKER_RESOURCE: i8 = 4;

/// Where a value comes from (`DescribeConfigsResponse.ConfigSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConfigSource {
    DynamicTopic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
}

/// What a value is and under which name it was set, from the top down: the first is the one that holds.
type Layers = Vec<(ConfigSource, &'static str, String)>;

impl Topics {
    pub(in crate::broker) fn on_describe_configs(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DescribeConfigsRequest,
    ) -> Handled {
        let mut response = DescribeConfigsResponse::default();
        for resource in &request.resources {
            let mut result = DescribeConfigsResult::default();
            result.resource_type = resource.resource_type;
            result.resource_name = resource.resource_name.clone();
            match self.described(resource, request.include_synonyms, request.include_documentation) {
                Ok(configs) => result.configs = configs,
                Err(refused) => {
                    result.error_code = ask.refuse(turn, refused.error);
                    result.error_message = refused.message.map(StrBytes::from);
                }
            }
            response.results.push(result);
        }
        ask.reply(&response)
    }

    fn described(
        &self,
        resource: &DescribeConfigsResource,
        with_synonyms: bool,
        with_documentation: bool,
    ) -> Result<Vec<DescribeConfigsResourceResult>, Refused> {
        let catalog = &self.catalog;
        let name = &*resource.resource_name;
        let keys = resource.configuration_keys.as_ref().filter(|keys| !keys.is_empty());
        let is_asked = |row: &str| keys.is_none_or(|keys| keys.iter().any(|key| &**key == row));
        let tell = Tell { with_synonyms, with_documentation };
        match resource.resource_type {
            TOPIC_RESOURCE => {
                check_topic_name(name)?;
                let unknown = || {
                    Refused::new(ErrorCode::UnknownTopicOrPartition, "This server does not host this topic-partition.")
                };
                let topic = catalog.topic_named(name).ok_or_else(unknown)?;
                let rows = TopicConfig::ROWS.iter().filter(|row| is_asked(row.name));
                Ok(rows.map(|row| tell.row(row, topic_layers(catalog, topic, row.name))).collect())
            }
            BROKER_RESOURCE if name.is_empty() => {
                let rows = BrokerConfig::ROWS.iter().filter(|row| is_asked(row.name));
                let of_all =
                    |(source, ..): &(ConfigSource, &str, String)| *source == ConfigSource::DynamicDefaultBroker;
                let set = rows.map(|row| (row, dynamic_layers(catalog, row.name).into_iter().filter(of_all)));
                let set = set.map(|(row, layers)| (row, layers.collect::<Layers>()));
                Ok(set.filter(|(_, layers)| !layers.is_empty()).map(|(row, layers)| tell.row(row, layers)).collect())
            }
            BROKER_RESOURCE => {
                check_broker(catalog, name)?;
                let rows = BrokerConfig::ROWS.iter().filter(|row| is_asked(row.name));
                Ok(rows.map(|row| tell.row(row, broker_layers(catalog, row.name))).collect())
            }
            other => {
                let why = format!("Unsupported resource type: {other}");
                Err(Refused::new(ErrorCode::InvalidRequest, why))
            }
        }
    }
}

/// A broker is asked about itself only.
fn check_broker(catalog: &Catalog, name: &str) -> Result<(), Refused> {
    if name.parse() == Ok(catalog.broker.0) {
        return Ok(());
    }
    let why = match name.parse::<i32>() {
        Ok(_) => format!("Unexpected broker id, expected {} or empty string, but received {name}", catalog.broker),
        Err(_) => format!("Broker id must be an integer, but it is: {name}"),
    };
    Err(Refused::new(ErrorCode::InvalidRequest, why))
}

/// Where the value of a topic's config comes from.
pub(super) fn topic_source(catalog: &Catalog, topic: &Topic, name: &'static str) -> ConfigSource {
    topic_layers(catalog, topic, name).first().map_or(ConfigSource::Default, |(source, ..)| *source)
}

fn topic_layers(catalog: &Catalog, topic: &Topic, name: &'static str) -> Layers {
    let set = topic.overrides.get(name).map(|value| (ConfigSource::DynamicTopic, name, value.clone()));
    let under = TopicConfig::synonym(name).map(|synonym| broker_layers(catalog, synonym)).unwrap_or_default();
    set.into_iter().chain(under).collect()
}

fn broker_layers(catalog: &Catalog, name: &'static str) -> Layers {
    let default = BrokerConfig::default().get(name);
    let started = catalog.started_config().get(name).filter(|value| Some(value) != default.as_ref());
    let started = started.map(|value| (ConfigSource::StaticBroker, name, value));
    dynamic_layers(catalog, name)
        .into_iter()
        .chain(started)
        .chain(default.map(|value| (ConfigSource::Default, name, value)))
        .collect()
}

/// What was set while brokers ran: for this one, under it what was set for all.
fn dynamic_layers(catalog: &Catalog, name: &'static str) -> Layers {
    let Some(image) = catalog.image() else {
        let set = catalog.broker_overrides().get(name);
        return set.map(|value| (ConfigSource::DynamicBroker, name, value.clone())).into_iter().collect();
    };
    let set = [
        (ConfigSource::DynamicBroker, ConfigResource::broker(catalog.broker)),
        (ConfigSource::DynamicDefaultBroker, ConfigResource::all_brokers()),
    ];
    let set = set.into_iter();
    set.filter_map(|(source, of)| Some((source, name, image.configs().value(&of, name)?.to_string()))).collect()
}

struct Tell {
    with_synonyms: bool,
    with_documentation: bool,
}

impl Tell {
    fn row<C>(&self, row: &ConfigRow<C>, layers: Layers) -> DescribeConfigsResourceResult {
        let mut result = DescribeConfigsResourceResult::default();
        result.name = StrBytes::from(row.name);
        if let Some((source, _, value)) = layers.first() {
            result.value = Some(StrBytes::from(value.as_str()));
            result.config_source = *source as i8;
        }
        result.read_only = !row.dynamic;
        result.config_type = row.kind as i8;
        result.documentation = self.with_documentation.then(|| StrBytes::from(row.doc.trim()));
        if self.with_synonyms {
            result.synonyms = layers.into_iter().map(|(source, name, value)| synonym(name, source, value)).collect();
        }
        result
    }
}

fn synonym(name: &str, source: ConfigSource, value: String) -> DescribeConfigsSynonym {
    let mut synonym = DescribeConfigsSynonym::default();
    synonym.name = StrBytes::from(name);
    synonym.value = Some(StrBytes::from(value));
    synonym.source = source as i8;
    synonym
}
