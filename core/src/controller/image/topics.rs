//! What topics there are.

use std::sync::Arc;

use super::PartitionRegistration;
use crate::{
    ids::*,
    record::internal::metadata::{PartitionChangeRecord, PartitionRecord, TopicRecord},
    sorted::SortedMap,
};

/// All topics, by their ids and by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topics {
    by_id: SortedMap<TopicId, Arc<TopicRegistration>>,
    /// Exactly the names of `by_id`.
    names: SortedMap<Arc<str>, TopicId>,
    /// Of all topics together.
    partitions: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRegistration {
    id: TopicId,
    name: Arc<str>,
    partitions: SortedMap<PartitionIndex, PartitionRegistration>,
}

impl TopicRegistration {
    pub fn id(&self) -> TopicId {
        self.id
    }

    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// From 0 on, without a gap in any log that a controller wrote.
    pub fn partitions(&self) -> &SortedMap<PartitionIndex, PartitionRegistration> {
        &self.partitions
    }

    /// How many partitions there are.
    pub fn count(&self) -> i32 {
        self.partitions.len() as i32
    }

    /// How many replicas each of its partitions has, as its first one tells.
    pub fn replication_factor(&self) -> usize {
        self.partitions.values().next().map_or(0, |partition| partition.replicas.len())
    }
}

impl Topics {
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// How many partitions all topics have together.
    pub fn partition_count(&self) -> i64 {
        self.partitions
    }

    pub fn get(&self, id: TopicId) -> Option<&TopicRegistration> {
        self.by_id.get(&id).map(Arc::as_ref)
    }

    pub fn named(&self, name: &str) -> Option<&TopicRegistration> {
        self.get(*self.names.get(name)?)
    }

    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.keys()
    }

    /// By rising name, as Kafka's tools list them.
    pub fn iter(&self) -> impl Iterator<Item = &TopicRegistration> {
        self.names.values().filter_map(|id| self.get(*id))
    }

    /// Every partition, by rising name and index.
    pub fn partitions(&self) -> impl Iterator<Item = (TopicPartition, &PartitionRegistration)> {
        self.iter().flat_map(|topic| {
            let id = |partition| TopicPartition { topic: topic.id, partition };
            topic.partitions.iter().map(move |(index, partition)| (id(*index), partition))
        })
    }

    pub(super) fn create(&mut self, record: &TopicRecord) {
        if self.names.contains_key(&record.name) || self.by_id.contains_key(&record.topic_id) {
            return;
        }
        let TopicRecord { name, topic_id: id } = record.clone();
        self.names.insert(Arc::clone(&name), id);
        self.by_id.insert(id, Arc::new(TopicRegistration { id, name, partitions: SortedMap::new() }));
    }

    pub(super) fn remove(&mut self, id: TopicId) -> Option<Arc<TopicRegistration>> {
        let removed = self.by_id.remove(&id)?;
        self.names.remove(&removed.name);
        self.partitions -= removed.partitions.len() as i64;
        Some(removed)
    }

    pub(super) fn put_partition(&mut self, record: &PartitionRecord) {
        let Some(topic) = self.by_id.get_mut(&record.topic_id) else { return };
        let partitions = &mut Arc::make_mut(topic).partitions;
        if partitions.insert(record.partition_id, PartitionRegistration::of(record)).is_none() {
            self.partitions += 1;
        }
    }

    pub(super) fn change_partition(&mut self, record: &PartitionChangeRecord) {
        let Some(topic) = self.by_id.get_mut(&record.topic_id) else { return };
        if let Some(partition) = Arc::make_mut(topic).partitions.get_mut(&record.partition_id) {
            partition.change(record);
        }
    }

    /// Of all topics where no name is given.
    pub(super) fn clear_eligible(&mut self, name: &str) {
        for topic in self.by_id.values_mut() {
            if name.is_empty() || name == &*topic.name {
                Arc::make_mut(topic).partitions.values_mut().for_each(PartitionRegistration::clear_eligible);
            }
        }
    }
}
