//! The topics, configs and producer ids of a cluster of one.
//!
//! A decision changes the catalog at once and tells what else must change; the broker carries that out, puts the
//! document (synced) and answers its client when the document is durable. What nobody was told may be lost with it.

pub(in crate::controller) mod configs;
pub mod document;
mod follow;
mod partitions;
mod topics;

use std::sync::Arc;

use crate::{
    config::{BrokerConfig, TopicConfig},
    effect::Address,
    error::ErrorCode,
    ids::*,
    sorted::SortedMap,
};

pub use configs::{ConfigEdit, ConfigOperation};
use follow::Followed;
pub use follow::{CLIENT_LISTENER, ToldBroker};
pub use topics::{NewTopic, check_topic_name};

/// Producer ids are given out of blocks, so that not each costs a document (`ProducerIdManager`).
const PRODUCER_ID_BLOCK: i64 = 1000;

/// A topic as its creator wanted it.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    pub name: String,
    pub id: TopicId,
    pub partitions: i32,
    pub is_internal: bool,
    /// Only what was set on the topic itself.
    pub overrides: SortedMap<String, String>,
    /// Overrides over the cluster's values over Kafka's defaults.
    pub config: Arc<TopicConfig>,
}

/// What a decision changes beyond the catalog. The broker carries it out, then commits the catalog's document.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    TopicCreated(TopicId),
    TopicDeleted(Topic),
    PartitionsAdded {
        topic: TopicId,
        from: i32,
    },
    TopicConfigured(TopicId),
    BrokerConfigured,
    /// Somebody else leads the partition than before, or in another epoch.
    Led(TopicPartition),
}

/// Why a decision was not made: what the answer carries for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub error: ErrorCode,
    /// `None`: the client has words of its own for the error.
    pub message: Option<String>,
}

impl Refused {
    pub fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self { error, message: Some(message.into()) }
    }

    pub fn wordless(error: ErrorCode) -> Self {
        Self { error, message: None }
    }
}

/// How much a catalog holds at most. Beyond it a creation is refused with `POLICY_VIOLATION`.
#[derive(Clone, Copy, Debug)]
pub struct CatalogLimits {
    pub topics_max: usize,
    /// Of all topics together.
    pub partitions_max: i64,
}

impl Default for CatalogLimits {
    fn default() -> Self {
        Self { topics_max: 4_000, partitions_max: 10_000 }
    }
}

/// Everything the broker knows that is not records.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub cluster_id: String,
    pub broker: BrokerId,
    pub address: Address,
    /// What the broker was started with, and over it what was set while it ran.
    pub config: BrokerConfig,
    /// What the broker was started with alone.
    started_config: BrokerConfig,
    /// Set while the broker ran, by name.
    broker_overrides: SortedMap<String, String>,
    topics: SortedMap<TopicId, Topic>,
    /// Exactly the names of `topics`.
    names: SortedMap<String, TopicId>,
    /// The next id that no block holds.
    next_producer_id_block: ProducerId,
    /// What is left of the block in hand. A new life starts a new block.
    producer_ids: std::ops::Range<ProducerId>,
    /// The version in which that block was taken.
    producer_ids_version: u64,
    version: u64,
    limits: CatalogLimits,
    /// `None`: this broker is on its own, and decides for itself.
    followed: Option<Followed>,
}

impl Catalog {
    pub fn new(cluster_id: String, broker: BrokerId, address: Address, config: BrokerConfig) -> Self {
        Self {
            cluster_id,
            broker,
            address,
            started_config: config.clone(),
            config,
            broker_overrides: SortedMap::new(),
            topics: SortedMap::new(),
            names: SortedMap::new(),
            next_producer_id_block: 0,
            producer_ids: 0..0,
            producer_ids_version: 0,
            version: 0,
            limits: CatalogLimits::default(),
            followed: None,
        }
    }

    /// Rises with every change; `Mark::Catalog` carries it.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn topic(&self, id: TopicId) -> Option<&Topic> {
        self.topics.get(&id)
    }

    pub fn topic_named(&self, name: &str) -> Option<&Topic> {
        self.topics.get(self.names.get(name)?)
    }

    /// By rising name, as Kafka's tools list them.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.names.values().filter_map(|id| self.topics.get(id))
    }

    /// A producer id that was never given before, and the version of the catalog that must be durable before it is told:
    /// what a crash forgets would be given again. `None`: there are no more.
    pub fn next_producer_id(&mut self) -> Option<(ProducerId, u64)> {
        if self.followed.is_some() {
            return Some((self.next_given_producer_id()?, 0));
        }
        if self.producer_ids.is_empty() {
            let start = self.next_producer_id_block;
            self.next_producer_id_block = start.checked_add(PRODUCER_ID_BLOCK)?;
            self.producer_ids = start..self.next_producer_id_block;
            self.version += 1;
            self.producer_ids_version = self.version;
        }
        Some((self.producer_ids.next()?, self.producer_ids_version))
    }

    fn insert(&mut self, topic: Topic) {
        self.names.insert(topic.name.clone(), topic.id);
        self.topics.insert(topic.id, topic);
    }

    fn partitions(&self) -> i64 {
        self.topics.values().map(|topic| i64::from(topic.partitions)).sum()
    }
}

#[cfg(test)]
mod tests;
