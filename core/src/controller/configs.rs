//! What is set while the cluster runs, for topics, single brokers and all brokers (KIP-339, `ConfigurationControlManager`).

use std::sync::Arc;

use super::{
    Controller, Decision,
    catalog::{
        ConfigEdit, ConfigOperation, Refused, check_topic_name,
        configs::{edited, refused},
    },
    draft::Draft,
    features::ELIGIBLE_LEADER_REPLICAS,
    image::{ConfigResource, Image, ResourceKind},
    rules::MIN_IN_SYNC,
};
use crate::{
    config::{BrokerConfig, TopicConfig},
    error::ErrorCode,
    ids::BrokerId,
    record::internal::metadata::{ClearElrRecord, ConfigRecord, MetadataRecord},
    sorted::SortedMap,
};

/// Longest value that is kept, as in Kafka.
const VALUE_BYTES_MAX: usize = i16::MAX as usize;

/// All edits of one resource, which are made together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigAlteration {
    pub resource: ConfigResource,
    pub edits: Vec<ConfigEdit>,
}

impl<A> Controller<A> {
    /// IncrementalAlterConfigs: each resource is altered or refused for itself, in the order asked. Resources that are there
    /// twice are the caller's to refuse.
    ///
    /// # Errors
    /// Each of one resource: `UnknownTopicOrPartition`, `BrokerIdNotRegistered`, `InvalidConfig`, `InvalidRequest`,
    /// `InvalidTopicException`.
    pub fn alter_configs(
        &self,
        alterations: &[ConfigAlteration],
        validate_only: bool,
    ) -> Decision<Vec<Result<(), Refused>>> {
        let mut draft = self.draft();
        let results = alterations.iter().map(|alteration| draft.alter_config(alteration)).collect();
        if validate_only { Decision::reply(results) } else { draft.atomic(results) }
    }
}

impl Draft<'_> {
    fn alter_config(&mut self, alteration: &ConfigAlteration) -> Result<(), Refused> {
        let ConfigAlteration { resource, edits } = alteration;
        let current = own_values(&self.image, resource);
        let wanted = match resource.kind {
            ResourceKind::Topic => self.edited_topic(&resource.name, &current, edits)?,
            ResourceKind::Broker => self.edited_broker(resource, &current, edits)?,
            other => {
                let why = format!("Unknown resource type {}", other as i8);
                return Err(Refused::new(ErrorCode::InvalidRequest, why));
            }
        };
        if wanted.values().any(|value| value.len() > VALUE_BYTES_MAX) {
            let why = format!(
                "The configuration value cannot be added because it exceeds the maximum value size of {VALUE_BYTES_MAX} bytes."
            );
            return Err(Refused::new(ErrorCode::InvalidConfig, why));
        }
        self.check_batch(edits.len() + 1)?;
        for edit in edits {
            let value = wanted.get(&edit.name);
            // A broker takes a value again though it is the same: what it read beside it may be another (KAFKA-14136).
            if value != current.get(&edit.name) || resource.kind == ResourceKind::Broker {
                self.set_config(resource, &edit.name, value.map(|value| value.as_str().into()));
            }
        }
        let names_min_in_sync = edits.iter().any(|edit| edit.name == MIN_IN_SYNC);
        if names_min_in_sync && self.is_elr_enabled() {
            let topic_name = if resource.kind == ResourceKind::Topic { Arc::clone(&resource.name) } else { "".into() };
            self.push(MetadataRecord::ClearElr(ClearElrRecord { topic_name }));
        }
        Ok(())
    }

    fn edited_topic(
        &self,
        topic: &str,
        current: &SortedMap<String, String>,
        edits: &[ConfigEdit],
    ) -> Result<SortedMap<String, String>, Refused> {
        if topic.is_empty() {
            return Err(Refused::new(ErrorCode::InvalidRequest, "Default topic resources are not allowed."));
        }
        check_topic_name(topic)?;
        if self.image.topic_named(topic).is_none() {
            let why = format!("The topic '{topic}' does not exist.");
            return Err(Refused::new(ErrorCode::UnknownTopicOrPartition, why));
        }
        let wanted = edited(current, edits, "topic", |name| TopicConfig::row(name).map(|row| row.kind))?;
        let values = wanted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        checked_topic_config(self.rules.topic_default(&self.image), values)?;
        Ok(wanted)
    }

    fn edited_broker(
        &self,
        resource: &ConfigResource,
        current: &SortedMap<String, String>,
        edits: &[ConfigEdit],
    ) -> Result<SortedMap<String, String>, Refused> {
        self.check_broker(&resource.name)?;
        let is_fixed = |edit: &&ConfigEdit| {
            edit.operation != ConfigOperation::Delete && BrokerConfig::row(&edit.name).is_some_and(|row| !row.dynamic)
        };
        if let Some(edit) = edits.iter().find(is_fixed) {
            let why = format!("Cannot update these configs dynamically: [{}]", edit.name);
            return Err(Refused::new(ErrorCode::InvalidRequest, why));
        }
        let wanted = edited(current, edits, "broker", |name| BrokerConfig::row(name).map(|row| row.kind))?;
        let mut config = self.rules.options.config.clone();
        for (name, value) in &wanted {
            // Kafka has one code for a topic's bad value and another for a broker's.
            let of_broker = |why| Refused { error: ErrorCode::InvalidRequest, ..refused("broker", value, why) };
            config.set(name, value).map_err(of_broker)?;
        }
        self.check_min_in_sync(resource, edits)?;
        Ok(wanted)
    }

    /// Who is eligible depends on it, so all brokers must go by the same.
    fn check_min_in_sync(&self, resource: &ConfigResource, edits: &[ConfigEdit]) -> Result<(), Refused> {
        let Some(edit) = edits.iter().find(|edit| edit.name == MIN_IN_SYNC) else { return Ok(()) };
        if self.image.feature_level(ELIGIBLE_LEADER_REPLICAS) == 0 {
            return Ok(());
        }
        let refuse = |why| Err(Refused::new(ErrorCode::InvalidConfig, why));
        match (resource.name.is_empty(), edit.operation) {
            (false, _) => refuse("Broker-level min.insync.replicas cannot be altered while ELR is enabled."),
            (true, ConfigOperation::Delete) => {
                refuse("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.")
            }
            (true, _) => Ok(()),
        }
    }

    fn check_broker(&self, name: &str) -> Result<(), Refused> {
        if name.is_empty() {
            return Ok(());
        }
        let Ok(id) = name.parse::<i32>() else {
            let why = format!("Node id must be an integer, but it is: {name}");
            return Err(Refused::new(ErrorCode::InvalidRequest, why));
        };
        if id < 0 {
            return Err(Refused::new(ErrorCode::InvalidRequest, "Invalid negative broker ID."));
        }
        let id = BrokerId(id);
        if self.image.broker(id).is_some() || self.image.controllers().contains_key(&id) {
            return Ok(());
        }
        Err(Refused::new(ErrorCode::BrokerIdNotRegistered, format!("No broker with id {id} found.")))
    }

    fn set_config(&mut self, resource: &ConfigResource, name: &str, value: Option<Arc<str>>) {
        self.push(MetadataRecord::Config(ConfigRecord {
            resource_type: resource.kind as i8,
            resource_name: Arc::clone(&resource.name),
            name: name.into(),
            value,
        }));
    }

    /// Eligible replicas begin to be kept: the least size of an in-sync set becomes the cluster's, and no single broker's.
    pub fn fix_min_in_sync(&mut self) {
        let all = ConfigResource::all_brokers();
        if self.image.configs().value(&all, MIN_IN_SYNC).is_none() {
            let value = self.rules.options.config.min_in_sync_replicas.to_string();
            self.set_config(&all, MIN_IN_SYNC, Some(value.into()));
        }
        let is_single = |resource: &&ConfigResource| resource.kind == ResourceKind::Broker && !resource.name.is_empty();
        let resources = self.image.configs().iter().filter(|(_, values)| values.contains_key(MIN_IN_SYNC));
        let single: Vec<_> = resources.map(|(resource, _)| resource).filter(is_single).cloned().collect();
        single.iter().for_each(|resource| self.set_config(resource, MIN_IN_SYNC, None));
    }
}

fn own_values(image: &Image, resource: &ConfigResource) -> SortedMap<String, String> {
    let values = image.configs().get(resource).into_iter().flatten();
    values.map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// What a topic with these configs of its own goes by.
///
/// # Errors
/// `InvalidConfig` for a name that is not known, and for a value that it does not take.
pub(super) fn checked_topic_config<'a>(
    default: TopicConfig,
    values: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<TopicConfig, Refused> {
    let mut config = default;
    for (name, value) in values {
        config.set(name, value).map_err(|why| refused("topic", value, why))?;
    }
    Ok(config)
}
