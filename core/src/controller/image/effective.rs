//! What nodes and topics go by: what was set for them, over what was set for all, over what the node was started with.

use super::{ConfigResource, Image};
use crate::{
    config::{BrokerConfig, TopicConfig},
    ids::BrokerId,
};

impl Image {
    /// What a node that was started with `started` goes by. A value that it does not take changes nothing: it was set by a
    /// controller of another build.
    pub fn broker_config(&self, node: BrokerId, started: &BrokerConfig) -> BrokerConfig {
        let mut config = started.clone();
        for resource in [ConfigResource::all_brokers(), ConfigResource::broker(node)] {
            for (name, value) in self.configs.get(&resource).into_iter().flatten() {
                _ = config.set(name, value);
            }
        }
        config
    }

    /// What a topic goes by on that node.
    pub fn topic_config(&self, node: BrokerId, started: &BrokerConfig, topic: &str) -> TopicConfig {
        let mut config = TopicConfig::of_broker(&self.broker_config(node, started));
        for (name, value) in self.configs.get(&ConfigResource::topic(topic)).into_iter().flatten() {
            _ = config.set(name, value);
        }
        config
    }
}
