//! What was set while the cluster ran, for topics, brokers and all brokers.

use std::sync::Arc;

use crate::{ids::BrokerId, record::internal::metadata::ConfigRecord, sorted::SortedMap};

/// `ConfigResource.Type`, as far as metadata records have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    Topic = 2,
    Broker = 4,
    ClientMetrics = 16,
    Group = 32,
}

impl ResourceKind {
    pub fn from_number(number: i8) -> Option<Self> {
        [Self::Topic, Self::Broker, Self::ClientMetrics, Self::Group].into_iter().find(|kind| *kind as i8 == number)
    }
}

/// What a config is set for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigResource {
    pub kind: ResourceKind,
    /// A broker's id as text; empty for all brokers.
    pub name: Arc<str>,
}

impl ConfigResource {
    pub fn topic(name: &str) -> Self {
        Self { kind: ResourceKind::Topic, name: name.into() }
    }

    pub fn broker(id: BrokerId) -> Self {
        Self { kind: ResourceKind::Broker, name: id.to_string().into() }
    }

    pub fn all_brokers() -> Self {
        Self { kind: ResourceKind::Broker, name: "".into() }
    }
}

type Values = SortedMap<Arc<str>, Arc<str>>;

/// No resource is there without a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configs(SortedMap<ConfigResource, Arc<Values>>);

impl Configs {
    pub fn get(&self, resource: &ConfigResource) -> Option<&Values> {
        self.0.get(resource).map(Arc::as_ref)
    }

    pub fn value(&self, resource: &ConfigResource, name: &str) -> Option<&Arc<str>> {
        self.get(resource)?.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&ConfigResource, &Values)> {
        self.0.iter().map(|(resource, values)| (resource, values.as_ref()))
    }

    pub(super) fn set(&mut self, record: &ConfigRecord) {
        let Some(kind) = ResourceKind::from_number(record.resource_type) else { return };
        let resource = ConfigResource { kind, name: Arc::clone(&record.resource_name) };
        match &record.value {
            Some(value) => {
                let values = self.0.entry(resource).or_default();
                Arc::make_mut(values).insert(Arc::clone(&record.name), Arc::clone(value));
            }
            None => {
                let Some(values) = self.0.get_mut(&resource) else { return };
                Arc::make_mut(values).remove(&record.name);
                if values.is_empty() {
                    self.forget(&resource);
                }
            }
        }
    }

    pub(super) fn forget(&mut self, resource: &ConfigResource) {
        self.0.remove(resource);
    }
}
