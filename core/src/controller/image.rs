//! The metadata of the whole cluster, as the records up to one offset make it (`MetadataImage`).
//!
//! Every part stands behind an `Arc` and is copied when it changes while somebody else holds it, so that a clone costs
//! pointers. `apply` alone changes an image. A record that fits nothing, a partition of no topic say, changes nothing: on
//! every node alike, so that images stay equal whatever the log holds (Q9).

mod brokers;
mod configs;
mod effective;
mod partition;
mod quotas;
mod snapshot;
#[cfg(test)]
mod tests;
mod topics;

use std::sync::Arc;

pub use self::{
    brokers::{BrokerRegistration, ControllerRegistration},
    configs::{ConfigResource, Configs, ResourceKind},
    partition::{PartitionRegistration, RECOVERING},
    quotas::{QuotaSubject, Quotas},
    topics::{TopicRegistration, Topics},
};
use crate::{
    decider::Decided,
    ids::*,
    record::internal::metadata::{AccessControlEntryRecord, MetadataRecord},
    sorted::SortedMap,
    trace::digest::Digest,
};

/// Levels of features by their names; what is at 0 is not there.
pub type Features = SortedMap<Arc<str>, i16>;
pub type AccessControlEntries = SortedMap<AccessControlEntryId, AccessControlEntryRecord>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    features: Arc<Features>,
    brokers: Arc<SortedMap<BrokerId, BrokerRegistration>>,
    controllers: Arc<SortedMap<BrokerId, ControllerRegistration>>,
    topics: Arc<Topics>,
    configs: Arc<Configs>,
    quotas: Arc<Quotas>,
    access_control_entries: Arc<AccessControlEntries>,
    next_producer_id: ProducerId,
    /// What was there before the transaction of records that is not at its end yet (KIP-868).
    before_transaction: Option<Arc<Self>>,
}

impl Image {
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// 0: the feature is off.
    pub fn feature_level(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }

    pub fn brokers(&self) -> &SortedMap<BrokerId, BrokerRegistration> {
        &self.brokers
    }

    pub fn broker(&self, id: BrokerId) -> Option<&BrokerRegistration> {
        self.brokers.get(&id)
    }

    /// Whether the broker may lead and be in sync: registered, not fenced, not about to leave.
    pub fn is_active(&self, id: BrokerId) -> bool {
        self.broker(id).is_some_and(BrokerRegistration::is_active)
    }

    pub fn controllers(&self) -> &SortedMap<BrokerId, ControllerRegistration> {
        &self.controllers
    }

    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    pub fn topic(&self, id: TopicId) -> Option<&TopicRegistration> {
        self.topics.get(id)
    }

    pub fn topic_named(&self, name: &str) -> Option<&TopicRegistration> {
        self.topics.named(name)
    }

    pub fn partition(&self, id: TopicPartition) -> Option<&PartitionRegistration> {
        self.topic(id.topic)?.partitions().get(&id.partition)
    }

    pub fn configs(&self) -> &Configs {
        &self.configs
    }

    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    pub fn access_control_entries(&self) -> &AccessControlEntries {
        &self.access_control_entries
    }

    /// The first id that no block holds.
    pub fn next_producer_id(&self) -> ProducerId {
        self.next_producer_id
    }

    /// What counts: this image, or what was there before the transaction that is not at its end.
    pub fn settled(&self) -> &Self {
        self.before_transaction.as_deref().unwrap_or(self)
    }

    pub fn is_in_transaction(&self) -> bool {
        self.before_transaction.is_some()
    }

    /// Equal for equal images, on every target (Q9). Reads the whole image.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        for record in self.to_records() {
            digest.add_bytes(&record.encode());
        }
        digest.value()
    }

    fn apply_topic_change(&mut self, record: &MetadataRecord) {
        let topics = Arc::make_mut(&mut self.topics);
        match record {
            MetadataRecord::Topic(record) => topics.create(record),
            MetadataRecord::Partition(record) => topics.put_partition(record),
            MetadataRecord::PartitionChange(record) => topics.change_partition(record),
            MetadataRecord::ClearElr(record) => topics.clear_eligible(&record.topic_name),
            MetadataRecord::RemoveTopic(record) => {
                if let Some(removed) = topics.remove(record.topic_id) {
                    Arc::make_mut(&mut self.configs).forget(&ConfigResource::topic(removed.name()));
                }
            }
            _ => {}
        }
    }

    fn apply_broker_change(&mut self, record: &MetadataRecord) {
        let brokers = Arc::make_mut(&mut self.brokers);
        match record {
            MetadataRecord::RegisterBroker(record) => {
                brokers.insert(record.broker_id, BrokerRegistration::of(record));
            }
            MetadataRecord::UnregisterBroker(record) => {
                brokers.retain(|id, broker| *id != record.broker_id || broker.epoch != record.broker_epoch);
            }
            MetadataRecord::FenceBroker(record) => {
                if let Some(broker) = brokers::at_epoch(brokers, record.id, record.epoch) {
                    broker.is_fenced = true;
                }
            }
            MetadataRecord::UnfenceBroker(record) => {
                if let Some(broker) = brokers::at_epoch(brokers, record.id, record.epoch) {
                    broker.is_fenced = false;
                }
            }
            MetadataRecord::BrokerRegistrationChange(record) => {
                if let Some(broker) = brokers::at_epoch(brokers, record.broker_id, record.broker_epoch) {
                    broker.change(record);
                }
            }
            _ => {}
        }
    }

    fn apply_controller_change(&mut self, record: &MetadataRecord) {
        let controllers = Arc::make_mut(&mut self.controllers);
        match record {
            MetadataRecord::RegisterController(record) => {
                controllers.insert(record.controller_id, ControllerRegistration::of(record));
            }
            MetadataRecord::UnregisterController(record) => _ = controllers.remove(&record.controller_id),
            _ => {}
        }
    }

    fn apply_entry_change(&mut self, record: &MetadataRecord) {
        let entries = Arc::make_mut(&mut self.access_control_entries);
        match record {
            MetadataRecord::AccessControlEntry(record) => _ = entries.insert(record.id, record.clone()),
            MetadataRecord::RemoveAccessControlEntry(record) => _ = entries.remove(&record.id),
            _ => {}
        }
    }

    fn apply_transaction_change(&mut self, record: &MetadataRecord) {
        match (record, self.before_transaction.take()) {
            (MetadataRecord::AbortTransaction(_), Some(before)) => *self = (*before).clone(),
            (MetadataRecord::BeginTransaction(_), None) => self.before_transaction = Some(Arc::new(self.clone())),
            // One that begins within another is part of it.
            (MetadataRecord::BeginTransaction(_), before) => self.before_transaction = before,
            _ => {}
        }
    }

    fn set_feature(&mut self, name: &Arc<str>, level: i16) {
        let features = Arc::make_mut(&mut self.features);
        match level {
            0 => _ = features.remove(name),
            _ => _ = features.insert(Arc::clone(name), level),
        }
    }
}

impl Decided for Image {
    type Record = MetadataRecord;
    type After = ();

    fn apply(&mut self, record: &MetadataRecord, _: Offset) {
        use MetadataRecord as Record;
        match record {
            Record::Topic(_)
            | Record::Partition(_)
            | Record::PartitionChange(_)
            | Record::RemoveTopic(_)
            | Record::ClearElr(_) => self.apply_topic_change(record),
            Record::RegisterBroker(_)
            | Record::UnregisterBroker(_)
            | Record::FenceBroker(_)
            | Record::UnfenceBroker(_)
            | Record::BrokerRegistrationChange(_) => self.apply_broker_change(record),
            Record::RegisterController(_) | Record::UnregisterController(_) => self.apply_controller_change(record),
            Record::AccessControlEntry(_) | Record::RemoveAccessControlEntry(_) => self.apply_entry_change(record),
            Record::BeginTransaction(_) | Record::EndTransaction | Record::AbortTransaction(_) => {
                self.apply_transaction_change(record);
            }
            Record::Config(record) => Arc::make_mut(&mut self.configs).set(record),
            Record::ClientQuota(record) => Arc::make_mut(&mut self.quotas).set(record),
            Record::FeatureLevel(record) => self.set_feature(&record.name, record.feature_level),
            Record::ProducerIds(record) => self.next_producer_id = record.next_producer_id,
            Record::NoOp => {}
        }
    }
}
