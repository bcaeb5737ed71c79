//! What a controller goes by beside the image, and what the two say together.

use std::time::Duration;

use super::{
    catalog::CatalogLimits,
    image::{ConfigResource, Image, TopicRegistration},
};
use crate::{
    config::{BrokerConfig, TopicConfig},
    ids::BrokerId,
    time::Instant,
};

/// What a controller is started with.
#[derive(Clone, Debug)]
pub struct ControllerOptions {
    pub cluster_id: String,
    pub node: BrokerId,
    /// What the node was started with, before anything was set while the cluster ran.
    pub config: BrokerConfig,
    pub limits: CatalogLimits,
    /// How many replicas a partition may have.
    pub replicas_max: usize,
    /// `broker.session.timeout.ms`: a broker that is silent for so long is fenced.
    pub session_timeout: Duration,
    /// `metadata.max.idle.interval.ms`: a record that says nothing is written so often, for followers to see a leader at work.
    pub no_op_interval: Duration,
    /// `leader.imbalance.check.interval.seconds`; `None` as with `auto.leader.rebalance.enable=false`.
    pub balance_interval: Option<Duration>,
    /// `unclean.leader.election.interval.ms`.
    pub unclean_interval: Duration,
}

impl ControllerOptions {
    /// With Kafka's defaults.
    pub fn new(cluster_id: impl Into<String>, node: BrokerId) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            node,
            config: BrokerConfig::default(),
            limits: CatalogLimits::default(),
            replicas_max: usize::MAX,
            session_timeout: Duration::from_secs(9),
            no_op_interval: Duration::from_millis(500),
            balance_interval: Some(Duration::from_secs(300)),
            unclean_interval: Duration::from_secs(300),
        }
    }
}

pub(super) const MIN_IN_SYNC: &str = "min.insync.replicas";
const UNCLEAN: &str = "unclean.leader.election.enable";

#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub options: ControllerOptions,
}

impl Rules {
    pub fn new(options: ControllerOptions) -> Self {
        Self { options }
    }

    /// What this node goes by.
    pub fn broker_config(&self, image: &Image) -> BrokerConfig {
        image.broker_config(self.options.node, &self.options.config)
    }

    /// What a topic without configs of its own goes by.
    pub fn topic_default(&self, image: &Image) -> TopicConfig {
        TopicConfig::of_broker(&self.broker_config(image))
    }

    /// The size of the in-sync set below which replicas are eligible: never more than the topic has replicas.
    pub fn min_in_sync(&self, image: &Image, topic: &TopicRegistration) -> usize {
        let own = self.own_value(image, topic, MIN_IN_SYNC).and_then(|value| value.trim().parse().ok());
        let set = own.unwrap_or_else(|| self.broker_config(image).min_in_sync_replicas);
        topic.replication_factor().min(set as usize)
    }

    pub fn is_unclean_allowed(&self, image: &Image, topic: &TopicRegistration) -> bool {
        match self.own_value(image, topic, UNCLEAN) {
            Some(value) => value.trim().eq_ignore_ascii_case("true"),
            None => self.broker_config(image).unclean_leader_election,
        }
    }

    fn own_value<'a>(&self, image: &'a Image, topic: &TopicRegistration, name: &str) -> Option<&'a str> {
        image.configs().value(&ConfigResource::topic(topic.name()), name).map(|value| &**value)
    }
}

/// When `every` passed since then.
pub(super) fn is_due(last: Instant, every: Duration, now: Instant) -> bool {
    now >= last + every
}
