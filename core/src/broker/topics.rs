//! What topics there are, their partitions' logs, and the log dir that keeps both.

use std::sync::Arc;

use crate::{
    controller::{Catalog, Change, Topic, catalog::document::CATALOG_DOCUMENT},
    effect::WriteOp,
    error::ErrorCode,
    ids::*,
    log::{LogDir, dir::Mark},
    replica::{Partition, Partitions},
    trace::Event,
    turn::Turn,
};

/// The part of a broker that administrative requests decide on, and that records go to and come from.
#[derive(Clone, Debug)]
pub struct Topics {
    /// As decided: what requests see at once, and what is on its way to storage.
    pub catalog: Catalog,
    pub partitions: Partitions,
    pub dir: LogDir,
    /// The latest version of the catalog that storage has.
    committed_version: u64,
}

impl Topics {
    pub fn new(catalog: Catalog, partitions: Partitions, dir: LogDir) -> Self {
        let committed_version = catalog.version();
        Self { catalog, partitions, dir, committed_version }
    }

    pub fn committed_version(&self) -> u64 {
        self.committed_version
    }

    /// The topic that a request means: by its id where the version has ids, else by its name.
    pub fn find(&self, name: &str, id: TopicId) -> Result<&Topic, ErrorCode> {
        if id.is_zero() {
            self.catalog.topic_named(name).ok_or(ErrorCode::UnknownTopicOrPartition)
        } else {
            self.catalog.topic(id).ok_or(ErrorCode::UnknownTopicId)
        }
    }

    pub fn partition(&self, topic: TopicId, partition: PartitionIndex) -> Result<&Partition, ErrorCode> {
        self.partitions.get(TopicPartition { topic, partition }).ok_or(ErrorCode::UnknownTopicOrPartition)
    }

    /// Does what the catalog decided: makes and removes logs, and queues the catalog's document, synced, behind them.
    /// Gives the version to wait for before anyone is told (`Ask::after_commit`).
    pub fn carry_out(&mut self, turn: &mut Turn<'_>, changes: Vec<Change>) -> u64 {
        for change in changes {
            match change {
                Change::TopicCreated(id) => self.on_topic_created(turn, id),
                Change::TopicDeleted(topic) => self.on_topic_deleted(turn, &topic),
                Change::PartitionsAdded { topic, from } => self.on_partitions_added(turn, topic, from),
                Change::TopicConfigured(id) => self.on_topic_configured(turn, id),
                Change::BrokerConfigured => self.on_broker_configured(turn),
            }
        }
        self.queue_document()
    }

    fn queue_document(&mut self) -> u64 {
        let version = self.catalog.version();
        let put = WriteOp::Put { file: CATALOG_DOCUMENT.into(), bytes: self.catalog.document() };
        self.dir.enqueue([put], Some(Mark::Catalog(version)), true);
        version
    }

    /// Storage has the catalog up to `version`.
    pub fn on_catalog_committed(&mut self, version: u64) {
        self.committed_version = self.committed_version.max(version);
    }

    fn on_topic_created(&mut self, turn: &mut Turn<'_>, id: TopicId) {
        let Some(topic) = self.catalog.topic(id).cloned() else { return };
        turn.note(Event::TopicCreated { topic: id, partitions: topic.partitions });
        self.create_partitions(turn, &topic, 0);
    }

    fn on_topic_deleted(&mut self, turn: &mut Turn<'_>, topic: &Topic) {
        for partition in 0..topic.partitions {
            if let Some(removed) = self.partitions.take(TopicPartition { topic: topic.id, partition }) {
                removed.remove(turn, &mut self.dir);
            }
        }
        turn.note(Event::TopicDeleted { topic: topic.id });
    }

    fn on_partitions_added(&mut self, turn: &mut Turn<'_>, id: TopicId, from: PartitionIndex) {
        let Some(topic) = self.catalog.topic(id).cloned() else { return };
        turn.note(Event::PartitionsAdded { topic: id, partitions: topic.partitions });
        self.create_partitions(turn, &topic, from);
    }

    fn create_partitions(&mut self, turn: &mut Turn<'_>, topic: &Topic, from: PartitionIndex) {
        for partition in from..topic.partitions {
            let id = TopicPartition { topic: topic.id, partition };
            let config = Arc::clone(&topic.config);
            self.partitions.insert(Partition::create(turn, &mut self.dir, id, &topic.name, config));
        }
    }

    fn on_topic_configured(&mut self, turn: &mut Turn<'_>, id: TopicId) {
        let Some(topic) = self.catalog.topic(id) else { return };
        turn.note(Event::ConfigChanged { topic: id });
        for partition in 0..topic.partitions {
            if let Some(found) = self.partitions.get_mut(TopicPartition { topic: id, partition }) {
                found.reconfigure(turn, &mut self.dir, Arc::clone(&topic.config));
            }
        }
    }

    /// A broker's value is the default of every topic that does not set its own.
    fn on_broker_configured(&mut self, turn: &mut Turn<'_>) {
        let ids: Vec<TopicId> = self.catalog.topics().map(|topic| topic.id).collect();
        ids.into_iter().for_each(|id| self.on_topic_configured(turn, id));
    }
}
