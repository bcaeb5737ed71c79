//! The topics, configs and producer ids of a cluster of one.

use crate::{
    config::{BrokerConfig, TopicConfig},
    effect::Address,
    error::Fatal,
    ids::*,
};
use bytes::Bytes;
use std::{collections::BTreeMap, sync::Arc};

/// A topic as its creator wanted it.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    pub name: String,
    pub id: TopicId,
    pub partitions: i32,
    pub is_internal: bool,
    /** Only what was set on the topic itself. */
    pub overrides: BTreeMap<String, String>,
    /** Overrides over the broker's values over Kafka's defaults. */
    pub config: Arc<TopicConfig>,
}

/// What a decision changes beyond the catalog. The broker carries it out, then commits the catalog's document.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    TopicCreated(TopicId),
    TopicDeleted(Topic),
    PartitionsAdded { topic: TopicId, from: i32 },
    TopicConfigured(TopicId),
    BrokerConfigured,
}

/// Everything the broker knows that is not records.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub cluster_id: String,
    pub broker: BrokerId,
    pub address: Address,
    pub config: BrokerConfig,
}

impl Catalog {
    pub fn new(cluster_id: String, broker: BrokerId, address: Address, config: BrokerConfig) -> Self {
        Self { cluster_id, broker, address, config }
    }
    /// Reads the document of an earlier life; `None` for a first start.
    pub fn restore(&mut self, document: Option<Bytes>) -> Result<(), Fatal> {
        let _ = document;
        todo!()
    }
    /// The document to be put (synced) after a change.
    pub fn document(&self) -> Bytes {
        todo!()
    }
    /// Rises with every change; `Mark::Catalog` carries it.
    pub fn version(&self) -> u64 {
        todo!()
    }
    pub fn topic(&self, id: TopicId) -> Option<&Topic> {
        let _ = id;
        todo!()
    }
    pub fn topic_named(&self, name: &str) -> Option<&Topic> {
        let _ = name;
        todo!()
    }
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        std::iter::empty()
    }
}
