//! What topics there are, their partitions' logs, and the log dir that keeps both.

use std::sync::Arc;

use crate::{
    controller::{Catalog, Change, Image, Topic, catalog::document::CATALOG_DOCUMENT},
    effect::WriteOp,
    error::ErrorCode,
    ids::*,
    log::{CommitOutcome, DirState, LogDir, Mark},
    replica::{Partition, Partitions},
    sorted::SortedSet,
    time::Instant,
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
    /// Partitions to which something happened that a parked request may wait for.
    touched: SortedSet<TopicPartition>,
    /// Topics that a client asked for and that the controller is to create.
    wanted: SortedSet<String>,
}

/// More are not wanted at once: who asks again wants them again.
const WANTED_MAX: usize = 100;

impl Topics {
    pub fn new(catalog: Catalog, partitions: Partitions, dir: LogDir) -> Self {
        let committed_version = catalog.version();
        Self { catalog, partitions, dir, committed_version, touched: SortedSet::new(), wanted: SortedSet::new() }
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

    /// A partition that this broker leads.
    ///
    /// # Errors
    /// `NotLeaderOrFollower` of one that another broker leads, or nobody; `UnknownTopicOrPartition`.
    pub fn partition(&self, topic: TopicId, partition: PartitionIndex) -> Result<&Partition, ErrorCode> {
        let id = TopicPartition { topic, partition };
        match self.partitions.get(id) {
            Some(found) if found.is_led() => Ok(found),
            Some(_) => Err(ErrorCode::NotLeaderOrFollower),
            None if self.catalog.placed(id).is_some() => Err(ErrorCode::NotLeaderOrFollower),
            None => Err(ErrorCode::UnknownTopicOrPartition),
        }
    }

    /// A partition by its topic's name, while its log can be read.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`; `KafkaStorageError` while the log dir is offline.
    pub fn readable(&self, topic: &str, partition: PartitionIndex) -> Result<&Partition, ErrorCode> {
        let topic = self.find(topic, TopicId::ZERO)?.id;
        self.readable_by_id(TopicPartition { topic, partition })
    }

    pub fn readable_by_id(&self, id: TopicPartition) -> Result<&Partition, ErrorCode> {
        let found = self.partition(id.topic, id.partition)?;
        if matches!(self.dir.state(), DirState::Offline(_)) { Err(ErrorCode::KafkaStorageError) } else { Ok(found) }
    }

    /// Does what the catalog decided: makes and removes logs, and queues the catalog's document, synced, behind them.
    /// Gives the version to wait for before anyone is told (`Ask::after_commit`).
    pub fn carry_out(&mut self, turn: &mut Turn<'_>, changes: Vec<Change>) -> u64 {
        changes.into_iter().for_each(|change| self.carry_out_one(turn, change));
        self.queue_document()
    }

    fn carry_out_one(&mut self, turn: &mut Turn<'_>, change: Change) {
        match change {
            Change::TopicCreated(id) => self.on_topic_created(turn, id),
            Change::TopicDeleted(topic) => self.on_topic_deleted(turn, &topic),
            Change::PartitionsAdded { topic, from } => self.on_partitions_added(turn, topic, from),
            Change::TopicConfigured(id) => self.on_topic_configured(turn, id),
            Change::BrokerConfigured => self.on_broker_configured(turn),
            Change::Led(id) => self.on_led(id),
        }
    }

    /// This broker is one of a cluster: nothing is led here before the controller says so.
    pub fn enter_cluster(&mut self) {
        self.catalog.enter_cluster();
        self.partitions.withhold();
    }

    /// Does what the controller decided, as far as records that are committed tell it (Q10).
    pub fn follow(&mut self, turn: &mut Turn<'_>, image: &Image, end: Offset) {
        for change in self.catalog.follow(image, end) {
            self.carry_out_one(turn, change);
        }
    }

    /// All of the metadata is known: what storage has of partitions that are not here goes.
    pub fn remove_strays(&mut self, turn: &mut Turn<'_>) {
        let is_stray = |partition: &&Partition| !self.catalog.is_here(partition.id());
        let strays: Vec<TopicPartition> = self.partitions.iter().filter(is_stray).map(Partition::id).collect();
        for id in strays {
            if let Some(stray) = self.partitions.take(id) {
                stray.remove(turn, &mut self.dir);
            }
        }
    }

    /// Which version of the catalog to wait for until `version` is durable; `None` if it is. Queues the document again
    /// where its commit failed.
    pub fn wait_for_catalog(&mut self, version: u64) -> Option<u64> {
        if version <= self.committed_version {
            return None;
        }
        let awaited = self.dir.awaited_catalog().filter(|awaited| *awaited >= version);
        Some(awaited.unwrap_or_else(|| self.queue_document()))
    }

    fn queue_document(&mut self) -> u64 {
        let version = self.catalog.version();
        let put = WriteOp::Put { file: CATALOG_DOCUMENT.into(), bytes: self.catalog.document() };
        self.dir.enqueue([put], Some(Mark::Catalog(version)), true);
        version
    }

    /// Queues the catalog's document though nothing in it changed: a first start.
    pub fn keep_catalog(&mut self) {
        self.queue_document();
    }

    /// A commit ended: moves what depends on it.
    pub fn on_outcome(&mut self, turn: &mut Turn<'_>, outcome: &CommitOutcome) {
        let moved = self.partitions.on_outcome(turn, &mut self.dir, outcome);
        self.touched.extend(moved);
        match outcome {
            CommitOutcome::Committed(marks) => {
                for mark in marks {
                    match mark {
                        // Whoever asked for one replica's copy waits for the commit, not for the high watermark.
                        Mark::LogEnd(id, _) => _ = self.touched.insert(*id),
                        Mark::Catalog(version) => self.committed_version = self.committed_version.max(*version),
                        Mark::LogStart(..) | Mark::CleanShutdown => {}
                        Mark::QuorumState(_) | Mark::SnapshotPiece(_) | Mark::Snapshot(..) => {}
                    }
                }
            }
            // Readers of an offline dir are told at once.
            CommitOutcome::Failed { .. } => self.touched.extend(self.partitions.iter().map(Partition::id)),
        }
    }

    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        self.partitions.on_tick(turn, &mut self.dir);
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.partitions.next_deadline(&self.dir)
    }

    /// The end of a round of handlers: what they queued for storage is issued.
    pub fn finish_round(&mut self, turn: &mut Turn<'_>) {
        self.partitions.finish_turn(turn, &mut self.dir);
    }

    /// Issues the next commit of what is queued already.
    pub fn issue(&mut self, turn: &mut Turn<'_>) {
        self.dir.issue(turn);
    }

    /// Queues a clean shutdown. False if the dir cannot be written: there is nothing to wait for.
    pub fn stop(&mut self) -> bool {
        self.partitions.stop(&mut self.dir)
    }

    /// The controller is to create the topic, if it can be.
    pub fn want(&mut self, topic: &str) {
        if self.wanted.len() < WANTED_MAX {
            self.wanted.insert(topic.to_owned());
        }
    }

    /// What was wanted since this was called last.
    pub fn take_wanted(&mut self) -> SortedSet<String> {
        std::mem::take(&mut self.wanted)
    }

    /// Something happened to the partition that a parked request may wait for.
    pub fn touch(&mut self, id: TopicPartition) {
        self.touched.insert(id);
    }

    pub fn take_touched(&mut self) -> SortedSet<TopicPartition> {
        std::mem::take(&mut self.touched)
    }

    fn on_topic_created(&mut self, turn: &mut Turn<'_>, id: TopicId) {
        let Some(topic) = self.catalog.topic(id).cloned() else { return };
        turn.note(Event::TopicCreated { topic: id, partitions: topic.partitions });
        self.create_partitions(turn, &topic, 0);
    }

    fn on_topic_deleted(&mut self, turn: &mut Turn<'_>, topic: &Topic) {
        for partition in 0..topic.partitions {
            let id = TopicPartition { topic: topic.id, partition };
            if let Some(removed) = self.partitions.take(id) {
                self.touched.insert(id);
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
            match self.partitions.get_mut(id) {
                // Its log was opened before anybody could say what it is.
                Some(found) => found.reconfigure(turn, &mut self.dir, config),
                None if !self.catalog.is_here(id) => {}
                None => self.partitions.insert(Partition::create(turn, &mut self.dir, id, &topic.name, config)),
            }
        }
    }

    fn on_led(&mut self, id: TopicPartition) {
        let Some(placed) = self.catalog.placed(id) else { return };
        if let Some(found) = self.partitions.get_mut(id) {
            found.set_leadership(placed.leader_epoch, placed.leader == Some(self.catalog.broker));
            // Whoever waits here may wait for nothing now.
            self.touched.insert(id);
        }
    }

    fn on_topic_configured(&mut self, turn: &mut Turn<'_>, id: TopicId) {
        let Some(topic) = self.catalog.topic(id) else { return };
        turn.note(Event::ConfigChanged { topic: id });
        for partition in 0..topic.partitions {
            let id = TopicPartition { topic: id, partition };
            if let Some(found) = self.partitions.get_mut(id) {
                self.touched.insert(id);
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
