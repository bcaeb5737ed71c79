//! Who leads what: the brokers, the controller, and the leaders of the topics that were asked about.
//!
//! Nothing is asked for before a call needs it. A topic is forgotten when its leader is found wrong, and asked for again
//! when it is needed next. A topic's error is told to the calls that wait in the turn it comes in, and kept no longer.

use kafka_wire::{MetadataRequest, MetadataResponse, metadata_request::MetadataRequestTopic, metadata_response};
use kafka_wire_core::StrBytes;

use super::{
    ClientError,
    message::{Answer, Head},
    reply::{ClusterBroker, ClusterMetadata, PartitionMetadata, TopicMetadata},
    turn::Turn,
};
use crate::{
    effect::{Address, Frame},
    error::ErrorCode,
    ids::*,
    sorted::{SortedMap, SortedSet},
    time::Instant,
};

/// Topics remembered. One more, and all are asked for again as they are needed.
const TOPICS_KEPT_MAX: usize = 10_000;

/// Where a request goes, and what of it the request must say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// `None`: any broker.
    pub address: Option<Address>,
    /// Zero where the broker's version does not tell it.
    pub topic_id: TopicId,
    pub leader_epoch: LeaderEpoch,
}

#[derive(Clone, Debug)]
struct KnownTopic {
    id: TopicId,
    as_of: Instant,
    leaders: SortedMap<PartitionIndex, Result<(BrokerId, LeaderEpoch), ErrorCode>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    brokers: SortedMap<BrokerId, Address>,
    controller: Option<BrokerId>,
    topics: SortedMap<String, KnownTopic>,
    /// Topics that an answer of this turn says something is wrong with.
    errors: SortedMap<String, ErrorCode>,
    /// Topics of which some partition was found without a leader in this turn.
    stale: SortedSet<String>,
    /// Whether brokers and controller are of this turn.
    is_fresh: bool,
    /// Topics that a call waits for.
    wanted: SortedSet<String>,
    /// Whether a call waits for brokers or the controller.
    is_cluster_wanted: bool,
    /// The topics of the request under way.
    asked: Option<SortedSet<String>>,
    failures: u32,
    rests_until: Instant,
}

impl Metadata {
    /// Where the leader of a partition is. `None`: it will be asked for.
    ///
    /// # Errors
    /// What the broker says of the topic or the partition.
    pub fn leader(
        &mut self,
        turn: &Turn<'_>,
        topic: &str,
        partition: PartitionIndex,
    ) -> Result<Option<Place>, ErrorCode> {
        if let Some(error) = self.errors.get(topic) {
            return Err(*error);
        }
        let age_max = turn.options.metadata_age_max;
        let Some(known) = self.topics.get(topic).filter(|known| turn.now.monotonic.since(known.as_of) < age_max) else {
            if !self.asked.as_ref().is_some_and(|asked| asked.contains(topic)) {
                self.wanted.insert(topic.to_owned());
            }
            return Ok(None);
        };
        let leader = known.leaders.get(&partition).copied().unwrap_or(Err(ErrorCode::UnknownTopicOrPartition));
        let address = leader.and_then(|(broker, epoch)| {
            let address = self.brokers.get(&broker).cloned().ok_or(ErrorCode::LeaderNotAvailable)?;
            Ok(Place { address: Some(address), topic_id: known.id, leader_epoch: epoch })
        });
        match address {
            Ok(place) => Ok(Some(place)),
            Err(error) => {
                self.stale.insert(topic.to_owned());
                Err(error)
            }
        }
    }

    /// `None`: it will be asked for. Where nobody says who it is, any broker will do: it knows whether it is the one.
    pub fn controller(&mut self) -> Result<Option<Place>, ClientError> {
        match self.controller {
            Some(broker) => self.broker(broker),
            None if self.is_fresh => Ok(Some(Place::default())),
            None => Ok(self.want_cluster()),
        }
    }

    /// `None`: it will be asked for.
    pub fn broker(&mut self, id: BrokerId) -> Result<Option<Place>, ClientError> {
        match self.brokers.get(&id) {
            Some(address) => Ok(Some(Place { address: Some(address.clone()), ..Place::default() })),
            None if self.is_fresh => Err(ClientError::Unreachable(format!("broker {id} is not there"))),
            None => Ok(self.want_cluster()),
        }
    }

    fn want_cluster(&mut self) -> Option<Place> {
        // Any answer tells of the cluster.
        self.is_cluster_wanted |= self.asked.is_none();
        None
    }

    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.brokers.values()
    }

    pub fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }

    pub fn forget_controller(&mut self) {
        self.controller = None;
    }

    /// Whether a request for what is wanted should go out.
    pub fn is_due(&self, turn: &mut Turn<'_>) -> bool {
        let is_wanted = self.asked.is_none() && (self.is_cluster_wanted || !self.wanted.is_empty());
        if is_wanted && self.rests_until > turn.now.monotonic {
            turn.wake_at(self.rests_until);
            return false;
        }
        is_wanted
    }

    /// The request for what is wanted.
    pub fn ask(&mut self, head: Head<'_>) -> Result<Frame, ClientError> {
        let topics: Vec<&String> = self.wanted.iter().collect();
        let frame = request(head, Some(&topics), false)?;
        self.asked = Some(std::mem::take(&mut self.wanted));
        self.is_cluster_wanted = false;
        Ok(frame)
    }

    /// The answer to `ask`.
    pub fn on_answer(&mut self, turn: &mut Turn<'_>, answer: &Answer) -> Result<(), ClientError> {
        let told = read(answer)?;
        let asked = self.asked.take().unwrap_or_default();
        self.failures = 0;
        self.learn(&told);
        if self.topics.len() + asked.len() > TOPICS_KEPT_MAX {
            self.topics.clear();
        }
        for name in asked {
            // A broker that says nothing of a topic says no more than that it does not know it.
            let found = told.topics.iter().find(|topic| topic.name == name);
            let error = found.map_or(Some(ErrorCode::UnknownTopicOrPartition), |topic| topic.error);
            self.topics.remove(&name);
            match (found, error) {
                (Some(topic), None) => drop(self.topics.insert(name, known(turn.now.monotonic, topic))),
                (_, error) => drop(self.errors.insert(name, error.unwrap_or(ErrorCode::UnknownServerError))),
            }
        }
        Ok(())
    }

    /// There will be no answer to `ask`. What is still wanted will be wanted again.
    pub fn on_lost(&mut self, turn: &mut Turn<'_>) {
        self.asked = None;
        self.failures = self.failures.saturating_add(1);
        self.rests_until = turn.retry_at(self.failures);
    }

    /// Takes brokers and controller over, as any answer to Metadata tells them.
    pub fn learn(&mut self, told: &ClusterMetadata) {
        if !told.brokers.is_empty() {
            self.brokers = told.brokers.iter().map(|broker| (broker.id, broker.address.clone())).collect();
            self.controller = told.controller;
        }
        self.is_fresh = true;
    }

    /// What is wrong is kept no longer: calls that come later ask anew.
    pub fn end_turn(&mut self) {
        self.is_fresh = false;
        self.errors.clear();
        for name in std::mem::take(&mut self.stale) {
            self.topics.remove(&name);
        }
    }

    /// At the start of the walk over what waits, which says anew what is wanted.
    pub fn begin_walk(&mut self) {
        self.wanted.clear();
        self.is_cluster_wanted = false;
    }
}

fn known(as_of: Instant, topic: &TopicMetadata) -> KnownTopic {
    let leader = |partition: &PartitionMetadata| {
        let led = partition.leader.map(|leader| (leader, partition.leader_epoch));
        let led = led.ok_or(partition.error.unwrap_or(ErrorCode::LeaderNotAvailable));
        (partition.partition, led)
    };
    KnownTopic { id: topic.id, as_of, leaders: topic.partitions.iter().map(leader).collect() }
}

/// Before version 4 a broker's own setting decides whether asking creates a topic.
pub(super) fn request<T: AsRef<str>>(head: Head<'_>, topics: Option<&[T]>, create: bool) -> Result<Frame, ClientError> {
    let mut request = MetadataRequest::default();
    request.allow_auto_topic_creation = create || head.version < 4;
    let named = |name: &T| {
        let mut topic = MetadataRequestTopic::default();
        topic.name = Some(StrBytes::from(name.as_ref()));
        topic
    };
    let topics = topics.map(|names| names.iter().map(named).collect());
    // Version 0 says "all" by naming none.
    request.topics = topics.or((head.version == 0).then(Vec::new));
    head.frame(&request)
}

pub(super) fn read(answer: &Answer) -> Result<ClusterMetadata, ClientError> {
    let told: MetadataResponse = answer.decode()?;
    if let Some(error) = ClientError::from_answer(told.error_code, None) {
        return Err(error);
    }
    let brokers = told.brokers.into_iter().map(|broker| {
        let port = u16::try_from(broker.port).map_err(|_| answer.bad())?;
        let address = Address { host: broker.host.to_string(), port };
        let rack = broker.rack.map(StrBytes::into_string);
        Ok(ClusterBroker { id: BrokerId(broker.node_id), address, rack })
    });
    Ok(ClusterMetadata {
        cluster_id: told.cluster_id.map(StrBytes::into_string),
        controller: (told.controller_id >= 0).then_some(BrokerId(told.controller_id)),
        brokers: brokers.collect::<Result<_, ClientError>>()?,
        topics: told.topics.into_iter().map(topic).collect(),
    })
}

fn topic(told: metadata_response::MetadataResponseTopic) -> TopicMetadata {
    TopicMetadata {
        name: told.name.map(StrBytes::into_string).unwrap_or_default(),
        id: TopicId(told.topic_id.to_bytes()),
        error: code(told.error_code),
        is_internal: told.is_internal,
        partitions: told.partitions.into_iter().map(partition).collect(),
    }
}

fn partition(told: metadata_response::MetadataResponsePartition) -> PartitionMetadata {
    let brokers = |ids: Vec<i32>| ids.into_iter().map(BrokerId).collect();
    PartitionMetadata {
        partition: told.partition_index,
        error: code(told.error_code),
        leader: (told.leader_id >= 0).then_some(BrokerId(told.leader_id)),
        leader_epoch: told.leader_epoch,
        replicas: brokers(told.replica_nodes),
        in_sync: brokers(told.isr_nodes),
    }
}

/// Numbers of Kafkas to come are UNKNOWN_SERVER_ERROR, as in the Java client.
fn code(code: i16) -> Option<ErrorCode> {
    (code != 0).then(|| ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError))
}
