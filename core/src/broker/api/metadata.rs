//! Metadata (key 3, versions 0–13)
//!
//! Behaviour
//! - Tells the brokers that serve, and the topics that are asked for by name or id; all of them where none is named (an empty list
//!   in version 0, a null one later).
//! - A topic that is missing is created where the broker and the client allow it; this answer still says
//!   UNKNOWN_TOPIC_OR_PARTITION, and the client asks again.
//! - A topic that is asked for twice is told once.
//! - A partition whose leader is fenced or has its log dir offline has none (LEADER_NOT_AVAILABLE).
//!
//! Versions
//! - 1 controller, internal topics · 2 cluster id · 4 auto-creation is asked for · 5 offline replicas · 7 leader epoch
//! - 8 authorized operations · 9 flexible · 10 topic ids · 11 no cluster operations · 12 asked by id · 13 top-level error
//!
//! Differs from Kafka
//! - The broker that is asked is told as the controller; Kafka tells any broker, since each takes what is for it.

use kafka_wire::{
    MetadataRequest, MetadataResponse,
    metadata_request::MetadataRequestTopic,
    metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
};
use kafka_wire_core::{StrBytes, Uuid};

use super::{Ask, CLUSTER_OPERATIONS, Handled, TOPIC_OPERATIONS};
use crate::{
    broker::Topics,
    controller::{
        Change, NewTopic, Topic,
        catalog::{ToldBroker, check_topic_name},
        image::PartitionRegistration,
    },
    error::ErrorCode,
    ids::*,
    log::dir::DirState,
    sorted::SortedSet,
    turn::Turn,
};

/// The first version in which topics can be asked for by id: versions 10 and 11 only look as if they could (KAFKA-10774).
const BY_ID_FROM: i16 = 12;

impl Topics {
    pub(in crate::broker) fn on_metadata(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: MetadataRequest,
    ) -> Handled {
        let mut response = MetadataResponse::default();
        let serving = self.catalog.told_brokers().into_iter().filter(|broker| !broker.is_fenced);
        response.brokers = serving.map(told_broker).collect();
        response.cluster_id = Some(StrBytes::from(self.catalog.cluster_id.as_str()));
        // Whoever is asked takes what is for the controller, and is there.
        response.controller_id = self.catalog.broker.0;
        if request.include_cluster_authorized_operations {
            response.cluster_authorized_operations = CLUSTER_OPERATIONS;
        }
        let asked = request.topics.filter(|topics| ask.version > 0 || !topics.is_empty());
        let has_id = |topic: &MetadataRequestTopic| !topic.topic_id.is_zero() || topic.name.is_none();
        if let Some(asked) = asked.as_ref().filter(|asked| ask.version < BY_ID_FROM && asked.iter().any(has_id)) {
            return refuse_ids(turn, ask, asked);
        }
        response.topics = match asked {
            None => self.catalog.topics().map(|topic| self.told_topic(topic)).collect(),
            Some(asked) => self.told_topics(turn, ask, &asked, request.allow_auto_topic_creation),
        };
        if request.include_topic_authorized_operations {
            response.topics.iter_mut().for_each(|topic| topic.topic_authorized_operations = TOPIC_OPERATIONS);
        }
        ask.reply(&response)
    }

    fn told_topics(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        asked: &[MetadataRequestTopic],
        may_create: bool,
    ) -> Vec<MetadataResponseTopic> {
        let mut changes = Vec::new();
        let mut told = Vec::with_capacity(asked.len());
        let mut met = SortedSet::new();
        for topic in asked {
            let id = TopicId(topic.topic_id.to_bytes());
            let name = topic.name.as_deref().unwrap_or_default();
            let error = match self.find(name, id) {
                Ok(topic) => {
                    if met.insert((topic.id, String::new())) {
                        told.push(self.told_topic(topic));
                    }
                    continue;
                }
                Err(error) => error,
            };
            if !met.insert((id, if id.is_zero() { name.to_owned() } else { String::new() })) {
                continue;
            }
            let mut missing = MetadataResponseTopic::default();
            missing.name = topic.name.clone().filter(|_| id.is_zero());
            missing.topic_id = topic.topic_id;
            let error = match id.is_zero() {
                true => self.create_missing(turn, name, may_create, &mut changes),
                false => error,
            };
            missing.error_code = ask.refuse(turn, error);
            told.push(missing);
        }
        if !changes.is_empty() {
            self.carry_out(turn, changes);
        }
        told
    }

    /// What the answer says of a missing topic, which may be on its way.
    fn create_missing(
        &mut self,
        turn: &mut Turn<'_>,
        name: &str,
        may_create: bool,
        changes: &mut Vec<Change>,
    ) -> ErrorCode {
        if let Err(refused) = check_topic_name(name) {
            return refused.error;
        }
        if may_create && self.catalog.config.auto_create_topics && self.catalog.image().is_some() {
            self.want(name);
        } else if may_create && self.catalog.config.auto_create_topics {
            let new = NewTopic { name: name.to_owned(), partitions: -1, replication_factor: -1, ..NewTopic::default() };
            // Why it cannot be is told to nobody: the client asks again, and finds nothing.
            changes.extend(self.catalog.create_topic(turn.rng, &new).unwrap_or_default());
        }
        ErrorCode::UnknownTopicOrPartition
    }

    fn told_topic(&self, topic: &Topic) -> MetadataResponseTopic {
        let mut told = MetadataResponseTopic::default();
        told.name = Some(StrBytes::from(topic.name.as_str()));
        told.topic_id = Uuid::from_bytes(topic.id.0);
        told.is_internal = topic.is_internal;
        told.partitions = (0..topic.partitions).map(|index| self.told_partition(topic.id, index)).collect();
        told
    }

    fn told_partition(&self, topic: TopicId, index: PartitionIndex) -> MetadataResponsePartition {
        let told_partition = self.told_replicas(TopicPartition { topic, partition: index });
        let mut told = MetadataResponsePartition::default();
        told.partition_index = index;
        told.error_code = told_partition.error();
        told.leader_id = told_partition.leader.0;
        told.leader_epoch = told_partition.leader_epoch;
        told.replica_nodes = numbers(&told_partition.replicas);
        told.isr_nodes = numbers(&told_partition.in_sync);
        told.offline_replicas = numbers(&told_partition.offline);
        told
    }

    /// What a client is told of the replicas that a partition has.
    pub(super) fn told_replicas(&self, id: TopicPartition) -> ToldReplicas {
        if let Some(placed) = self.catalog.placed(id) {
            return self.placed_replicas(placed);
        }
        let partition = self.partition(id.topic, id.partition).ok();
        let is_online = partition.is_some() && self.is_online();
        let own = vec![self.catalog.broker];
        ToldReplicas {
            leader: if is_online { self.catalog.broker } else { NOBODY },
            leader_epoch: partition.map_or(-1, |partition| partition.leader_epoch()),
            offline: if is_online { Vec::new() } else { own.clone() },
            replicas: own.clone(),
            in_sync: own,
            ..ToldReplicas::default()
        }
    }

    fn placed_replicas(&self, placed: &PartitionRegistration) -> ToldReplicas {
        let broker = |id: BrokerId| self.catalog.image().and_then(|image| image.broker(id));
        let is_fenced = |id: BrokerId| broker(id).is_none_or(|broker| broker.is_fenced);
        // Of what is here this broker knows more than the controller has heard.
        let is_offline = |broker: BrokerId| is_fenced(broker) || broker == self.catalog.broker && !self.is_online();
        let leader = placed.leader.filter(|leader| !is_offline(*leader));
        ToldReplicas {
            leader: leader.unwrap_or(NOBODY),
            leader_epoch: placed.leader_epoch,
            offline: placed.replicas.iter().copied().filter(|broker| is_offline(*broker)).collect(),
            replicas: placed.replicas.clone(),
            in_sync: placed.in_sync.clone(),
            eligible: placed.eligible.clone(),
            last_known_eligible: placed.last_known_eligible.clone(),
        }
    }

    fn is_online(&self) -> bool {
        !matches!(self.dir.state(), DirState::Offline(_))
    }
}

fn told_broker(known: ToldBroker) -> MetadataResponseBroker {
    let mut broker = MetadataResponseBroker::default();
    broker.node_id = known.id.0;
    broker.host = StrBytes::from(known.address.host.as_str());
    broker.port = i32::from(known.address.port);
    broker.rack = known.rack.map(|rack| StrBytes::from(&*rack));
    broker
}

/// Who asks by id too early is told nothing else.
fn refuse_ids(turn: &mut Turn<'_>, ask: Ask, asked: &[MetadataRequestTopic]) -> Handled {
    let error = ask.refuse(turn, ErrorCode::InvalidRequest);
    let mut response = MetadataResponse::default();
    let refused = asked.iter().map(|topic| {
        let mut told = MetadataResponseTopic::default();
        told.name = Some(topic.name.clone().unwrap_or_default());
        told.topic_id = topic.topic_id;
        told.error_code = error;
        told
    });
    response.topics = refused.collect();
    ask.reply(&response)
}

/// The id that stands for no broker.
const NOBODY: BrokerId = BrokerId(-1);

#[derive(Clone, Debug, Default)]
pub(super) struct ToldReplicas {
    /// -1: none.
    pub leader: BrokerId,
    pub leader_epoch: LeaderEpoch,
    pub replicas: Vec<BrokerId>,
    pub in_sync: Vec<BrokerId>,
    pub eligible: Vec<BrokerId>,
    pub last_known_eligible: Vec<BrokerId>,
    pub offline: Vec<BrokerId>,
}

impl ToldReplicas {
    pub fn error(&self) -> i16 {
        if self.leader == NOBODY { ErrorCode::LeaderNotAvailable.code() } else { 0 }
    }
}

pub(super) fn numbers(brokers: &[BrokerId]) -> Vec<i32> {
    brokers.iter().map(|broker| broker.0).collect()
}
