//! What topics and the broker are told while they run (KIP-339, `ConfigurationControlManager`).

use std::sync::Arc;

use super::{Catalog, Change, Refused, topics::check_topic_name};
use crate::{
    config::{BrokerConfig, ConfigError, TopicConfig, value::Kind},
    error::ErrorCode,
    ids::TopicId,
    sorted::{SortedMap, SortedSet},
};

/// What one edit does (`AlterConfigOp.OpType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigOperation {
    Set,
    Delete,
    /// To a list.
    Append,
    /// From a list.
    Subtract,
}

impl ConfigOperation {
    pub fn from_number(number: i8) -> Option<Self> {
        [Self::Set, Self::Delete, Self::Append, Self::Subtract].into_iter().nth(usize::try_from(number).ok()?)
    }
}

/// One edit of one config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEdit {
    pub name: String,
    pub operation: ConfigOperation,
    pub value: Option<String>,
}

impl Catalog {
    /// What the broker was started with, before anything was set while it ran.
    pub fn started_config(&self) -> &BrokerConfig {
        &self.started_config
    }

    /// What a topic without overrides is told.
    pub fn topic_config_default(&self) -> TopicConfig {
        TopicConfig::of_broker(&self.config)
    }

    pub(super) fn topic_config(&self, overrides: &SortedMap<String, String>) -> Result<TopicConfig, Refused> {
        let mut config = self.topic_config_default();
        for (name, value) in overrides {
            config.set(name, value).map_err(|why| refused("topic", value, why))?;
        }
        Ok(config)
    }

    /// What a topic's own configs would be after the edits. Changes nothing.
    pub fn plan_topic_configs(&self, topic: &str, edits: &[ConfigEdit]) -> Result<SortedMap<String, String>, Refused> {
        let unknown =
            || Refused::new(ErrorCode::UnknownTopicOrPartition, format!("The topic '{topic}' does not exist."));
        check_topic_name(topic)?;
        let topic = self.topic_named(topic).ok_or_else(unknown)?;
        let kind = |name: &str| TopicConfig::row(name).map(|row| row.kind);
        let overrides = edited(&topic.overrides, edits, "topic", kind)?;
        self.topic_config(&overrides)?;
        Ok(overrides)
    }

    pub fn configure_topic(&mut self, topic: &str, edits: &[ConfigEdit]) -> Result<Vec<Change>, Refused> {
        let overrides = self.plan_topic_configs(topic, edits)?;
        let config = Arc::new(self.topic_config(&overrides)?);
        let id = self.names.get(topic).copied().unwrap_or(TopicId::ZERO);
        let Some(topic) = self.topics.get_mut(&id) else { return Ok(Vec::new()) };
        (topic.overrides, topic.config) = (overrides, config);
        self.version += 1;
        Ok(vec![Change::TopicConfigured(id)])
    }

    /// What was set on the broker while it ran.
    pub fn broker_overrides(&self) -> &SortedMap<String, String> {
        &self.broker_overrides
    }

    /// What the broker's own configs would be after the edits. Changes nothing.
    pub fn plan_broker_configs(&self, edits: &[ConfigEdit]) -> Result<SortedMap<String, String>, Refused> {
        let is_fixed = |edit: &&ConfigEdit| {
            edit.operation != ConfigOperation::Delete && BrokerConfig::row(&edit.name).is_some_and(|row| !row.dynamic)
        };
        if let Some(edit) = edits.iter().find(is_fixed) {
            let why = format!("Cannot update these configs dynamically: [{}]", edit.name);
            return Err(Refused::new(ErrorCode::InvalidRequest, why));
        }
        let kind = |name: &str| BrokerConfig::row(name).map(|row| row.kind);
        let overrides = edited(&self.broker_overrides, edits, "broker", kind)?;
        self.broker_config(&overrides)?;
        Ok(overrides)
    }

    pub fn configure_broker(&mut self, edits: &[ConfigEdit]) -> Result<Vec<Change>, Refused> {
        let overrides = self.plan_broker_configs(edits)?;
        self.config = self.broker_config(&overrides)?;
        self.broker_overrides = overrides;
        self.refresh_topic_configs();
        self.version += 1;
        Ok(vec![Change::BrokerConfigured])
    }

    /// The broker's values have changed, which topics go by where they do not set their own.
    pub(super) fn refresh_topic_configs(&mut self) {
        let default = self.topic_config_default();
        for topic in self.topics.values_mut() {
            let mut config = default.clone();
            for (name, value) in &topic.overrides {
                // Checked when it was taken, by whoever decided: of another build it may be one that this one has not.
                _ = config.set(name, value);
            }
            topic.config = Arc::new(config);
        }
    }

    pub(super) fn broker_config(&self, overrides: &SortedMap<String, String>) -> Result<BrokerConfig, Refused> {
        let mut config = self.started_config.clone();
        for (name, value) in overrides {
            // Kafka has one code for a topic's bad value and another for a broker's.
            let refused = |why| Refused { error: ErrorCode::InvalidRequest, ..refused("broker", value, why) };
            config.set(name, value).map_err(refused)?;
        }
        Ok(config)
    }
}

/// What was set, after the edits.
pub(in crate::controller) fn edited(
    overrides: &SortedMap<String, String>,
    edits: &[ConfigEdit],
    of: &str,
    kind: impl Fn(&str) -> Option<Kind>,
) -> Result<SortedMap<String, String>, Refused> {
    let mut edited = overrides.clone();
    let mut names = SortedSet::new();
    for edit in edits {
        if !names.insert(&edit.name) {
            return Err(Refused::new(ErrorCode::InvalidRequest, "Error due to duplicate config keys"));
        }
        // What is not known cannot have been set, so there is nothing to unset.
        if edit.operation == ConfigOperation::Delete {
            edited.remove(&edit.name);
            continue;
        }
        let kind = kind(&edit.name).ok_or_else(|| refused(of, "", ConfigError::UnknownName(edit.name.clone())))?;
        apply(&mut edited, edit, kind)?;
    }
    Ok(edited)
}

fn apply(overrides: &mut SortedMap<String, String>, edit: &ConfigEdit, kind: Kind) -> Result<(), Refused> {
    let value = edit.value.as_ref().ok_or_else(|| {
        Refused::new(ErrorCode::InvalidRequest, format!("Null value not supported for : {}", edit.name))
    })?;
    if edit.operation == ConfigOperation::Set {
        overrides.insert(edit.name.clone(), value.trim().to_owned());
        return Ok(());
    }
    if kind != Kind::List {
        let operation = if edit.operation == ConfigOperation::Append { "APPEND" } else { "SUBTRACT" };
        let why = format!("Can't {operation} to key {} because its type is not LIST.", edit.name);
        return Err(Refused::new(ErrorCode::InvalidConfig, why));
    }
    let listed = overrides.get(&edit.name).cloned().unwrap_or_default();
    let mut items: Vec<&str> = listed.split(',').filter(|item| !item.is_empty()).collect();
    for item in value.split(',').filter(|item| !item.is_empty()) {
        items.retain(|other| *other != item);
        if edit.operation == ConfigOperation::Append {
            items.push(item);
        }
    }
    overrides.insert(edit.name.clone(), items.join(","));
    Ok(())
}

/// What a client is told of a config that cannot be, in Kafka's words.
pub(in crate::controller) fn refused(of: &str, value: &str, why: ConfigError) -> Refused {
    let message = match why {
        ConfigError::UnknownName(name) => format!("Unknown {of} config name: {name}"),
        ConfigError::InvalidValue { name, why } => format!("Invalid value {value} for configuration {name}: {why}"),
    };
    Refused::new(ErrorCode::InvalidConfig, message)
}
