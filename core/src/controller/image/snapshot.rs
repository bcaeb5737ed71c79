//! An image as the records of a snapshot: replayed into nothing they make it again.

use std::sync::Arc;

use super::Image;
use crate::record::internal::metadata::*;

/// Which feature everything else depends on, and is written first.
pub const METADATA_VERSION: &str = "metadata.version";

impl Image {
    /// What counts of the image, in Kafka's order (`MetadataImage.write`).
    pub fn to_records(&self) -> Vec<MetadataRecord> {
        let image = self.settled();
        let mut records = Vec::new();
        image.put_features(&mut records);
        let registered = |broker: &super::BrokerRegistration| MetadataRecord::RegisterBroker(broker.to_record());
        records.extend(image.brokers.values().map(registered));
        let registered = |one: &super::ControllerRegistration| MetadataRecord::RegisterController(one.to_record());
        records.extend(image.controllers.values().map(registered));
        image.put_topics(&mut records);
        image.put_configs(&mut records);
        image.put_quotas(&mut records);
        if image.next_producer_id > 0 {
            let next_producer_id = image.next_producer_id;
            records.push(MetadataRecord::ProducerIds(ProducerIdsRecord {
                broker_id: NO_LEADER,
                next_producer_id,
                ..ProducerIdsRecord::default()
            }));
        }
        records.extend(image.access_control_entries.values().cloned().map(MetadataRecord::AccessControlEntry));
        records
    }

    fn put_features(&self, records: &mut Vec<MetadataRecord>) {
        let is_first = |name: &&Arc<str>| &***name == METADATA_VERSION;
        let names = self.features.keys().filter(is_first).chain(self.features.keys().filter(|name| !is_first(name)));
        records.extend(names.map(|name| {
            let (name, feature_level) = (Arc::clone(name), self.feature_level(name));
            MetadataRecord::FeatureLevel(FeatureLevelRecord { name, feature_level })
        }));
    }

    fn put_topics(&self, records: &mut Vec<MetadataRecord>) {
        for topic in self.topics.iter() {
            let (name, topic_id) = (Arc::clone(topic.name()), topic.id());
            records.push(MetadataRecord::Topic(TopicRecord { name, topic_id }));
            let whole = topic.partitions().iter().map(|(index, partition)| {
                let id = crate::ids::TopicPartition { topic: topic_id, partition: *index };
                MetadataRecord::Partition(partition.to_record(id))
            });
            records.extend(whole);
        }
    }

    fn put_configs(&self, records: &mut Vec<MetadataRecord>) {
        for (resource, values) in self.configs.iter() {
            records.extend(values.iter().map(|(name, value)| {
                MetadataRecord::Config(ConfigRecord {
                    resource_type: resource.kind as i8,
                    resource_name: Arc::clone(&resource.name),
                    name: Arc::clone(name),
                    value: Some(Arc::clone(value)),
                })
            }));
        }
    }

    fn put_quotas(&self, records: &mut Vec<MetadataRecord>) {
        for (subject, values) in self.quotas.iter() {
            let part = |(kind, name): &(Arc<str>, Option<Arc<str>>)| QuotaEntity {
                entity_type: Arc::clone(kind),
                entity_name: name.clone(),
            };
            let entity: Vec<QuotaEntity> = subject.iter().map(part).collect();
            records.extend(values.iter().map(|(key, value)| {
                let (entity, key) = (entity.clone(), Arc::clone(key));
                MetadataRecord::ClientQuota(ClientQuotaRecord { entity, key, value: *value, remove: false })
            }));
        }
    }
}
