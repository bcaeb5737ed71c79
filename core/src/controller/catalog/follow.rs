//! The catalog of a broker in a cluster: what the controller decided, as far as this broker has followed the metadata log.

use std::sync::Arc;

use super::{Catalog, Change, Topic};
use crate::{
    config::{BrokerConfig, TopicConfig},
    controller::image::{BrokerRegistration, ConfigResource, Image, PartitionRegistration, TopicRegistration},
    effect::Address,
    ids::*,
    sorted::SortedMap,
};

/// The listener that clients are told of. Brokers' own is none of theirs.
pub const CLIENT_LISTENER: &str = "PLAINTEXT";

/// The cluster as committed records make it.
#[derive(Clone, Debug, Default)]
pub(super) struct Followed {
    image: Image,
    /// Offset after the last record that `image` has.
    end: Offset,
    block: Block,
}

/// Where the next block of producer ids is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Block {
    #[default]
    Unwanted,
    Wanted,
    AskedFor,
}

/// A broker as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldBroker {
    pub id: BrokerId,
    pub address: Address,
    pub rack: Option<Arc<str>>,
    pub is_fenced: bool,
}

impl Catalog {
    /// From here on the controller decides, and `follow` alone changes topics and configs.
    pub fn enter_cluster(&mut self) {
        self.followed = Some(Followed::default());
    }

    /// `None`: this broker is on its own.
    pub fn image(&self) -> Option<&Image> {
        self.followed.as_ref().map(|followed| &followed.image)
    }

    /// Offset after the last record that `image` has; 0 where there is none.
    pub fn image_end(&self) -> Offset {
        self.followed.as_ref().map_or(0, |followed| followed.end)
    }

    /// True once for each block that is wanted.
    pub fn take_wish_for_producer_ids(&mut self) -> bool {
        let Some(followed) = &mut self.followed else { return false };
        let is_wanted = followed.block == Block::Wanted;
        if is_wanted {
            followed.block = Block::AskedFor;
        }
        is_wanted
    }

    /// The controller's block: what was committed before it was told is never given again.
    pub fn take_producer_ids(&mut self, block: Option<std::ops::Range<ProducerId>>) {
        if let Some(followed) = &mut self.followed {
            followed.block = Block::Unwanted;
        }
        if let Some(block) = block {
            self.producer_ids = block;
        }
    }

    /// An id of the block in hand. `None` until there is one again, which is asked for.
    pub(super) fn next_given_producer_id(&mut self) -> Option<ProducerId> {
        let next = self.producer_ids.next();
        if let Some(followed) = self.followed.as_mut().filter(|followed| followed.block == Block::Unwanted)
            && next.is_none()
        {
            followed.block = Block::Wanted;
        }
        next
    }

    /// Every broker that clients may be told of, by rising id; with those that are fenced.
    pub fn told_brokers(&self) -> Vec<ToldBroker> {
        let Some(followed) = &self.followed else {
            let address = self.address.clone();
            return vec![ToldBroker { id: self.broker, address, rack: None, is_fenced: false }];
        };
        followed.image.brokers().values().filter_map(told_broker).collect()
    }

    /// What the controller says of a partition; `None` where there is none, or nobody else to say anything.
    pub fn placed(&self, id: TopicPartition) -> Option<&PartitionRegistration> {
        self.image()?.partition(id)
    }

    /// Whether this broker has a replica of the partition.
    pub fn is_here(&self, id: TopicPartition) -> bool {
        match &self.followed {
            None => self.topic(id.topic).is_some_and(|topic| (0..topic.partitions).contains(&id.partition)),
            Some(_) => self.placed(id).is_some_and(|placed| placed.replicas.contains(&self.broker)),
        }
    }

    /// Takes `image` in the place of what was known. Gives what else must change, in the order in which it must.
    pub fn follow(&mut self, image: &Image, end: Offset) -> Vec<Change> {
        let Some(followed) = &mut self.followed else { return Vec::new() };
        followed.end = end;
        let before = std::mem::replace(&mut followed.image, image.clone());
        let mut changes = Vec::new();
        if self.follow_broker_configs(image) {
            changes.push(Change::BrokerConfigured);
        }
        for gone in before.topics().iter().filter(|topic| image.topic(topic.id()).is_none()) {
            if let Some(topic) = self.topics.remove(&gone.id()) {
                self.names.remove(&topic.name);
                changes.push(Change::TopicDeleted(topic));
            }
        }
        for topic in image.topics().iter() {
            self.follow_topic(image, before.topic(topic.id()), topic, &mut changes);
        }
        changes
    }

    fn follow_topic(
        &mut self,
        image: &Image,
        before: Option<&TopicRegistration>,
        topic: &TopicRegistration,
        changes: &mut Vec<Change>,
    ) {
        let (id, overrides) = (topic.id(), values(image, &ConfigResource::topic(topic.name())));
        let Some(known) = self.topics.get_mut(&id) else {
            let config = Arc::new(config_of(self.topic_config_default(), &overrides));
            let (name, partitions) = (topic.name().to_string(), topic.count());
            self.insert(Topic { name, id, partitions, is_internal: false, overrides, config });
            changes.push(Change::TopicCreated(id));
            self.tell_leaders(None, topic, changes);
            return;
        };
        let from = std::mem::replace(&mut known.partitions, topic.count());
        if from < topic.count() {
            changes.push(Change::PartitionsAdded { topic: id, from });
        }
        if known.overrides != overrides {
            let config = Arc::new(config_of(TopicConfig::of_broker(&self.config), &overrides));
            (known.overrides, known.config) = (overrides, config);
            changes.push(Change::TopicConfigured(id));
        }
        // Images share the topics that did not change.
        if before.is_none_or(|before| !std::ptr::eq(before, topic)) {
            self.tell_leaders(before, topic, changes);
        }
    }

    fn tell_leaders(&self, before: Option<&TopicRegistration>, topic: &TopicRegistration, changes: &mut Vec<Change>) {
        for (&partition, placed) in topic.partitions() {
            let known = before.and_then(|before| before.partitions().get(&partition));
            let is_news = known.is_none_or(|known| {
                (known.leader, known.leader_epoch, &known.replicas)
                    != (placed.leader, placed.leader_epoch, &placed.replicas)
            });
            if is_news {
                changes.push(Change::Led(TopicPartition { topic: topic.id(), partition }));
            }
        }
    }

    /// What was set for this broker, over what was set for all. What it does not know is not for it.
    fn follow_broker_configs(&mut self, image: &Image) -> bool {
        let mut overrides = values(image, &ConfigResource::all_brokers());
        overrides.extend(values(image, &ConfigResource::broker(self.broker)));
        if overrides == self.broker_overrides {
            return false;
        }
        let mut config = self.started_config.clone();
        for (name, value) in &overrides {
            _ = BrokerConfig::set(&mut config, name, value);
        }
        (self.config, self.broker_overrides) = (config, overrides);
        self.refresh_topic_configs();
        true
    }
}

fn told_broker(broker: &BrokerRegistration) -> Option<ToldBroker> {
    let listener = broker.listeners.iter().find(|listener| &*listener.name == CLIENT_LISTENER)?;
    let address = Address { host: listener.host.to_string(), port: listener.port };
    Some(ToldBroker { id: broker.id, address, rack: broker.rack.clone(), is_fenced: broker.is_fenced })
}

fn values(image: &Image, resource: &ConfigResource) -> SortedMap<String, String> {
    let set = image.configs().get(resource).into_iter().flatten();
    set.map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// A value that this build does not take changes nothing.
fn config_of(mut config: TopicConfig, overrides: &SortedMap<String, String>) -> TopicConfig {
    for (name, value) in overrides {
        _ = config.set(name, value);
    }
    config
}
