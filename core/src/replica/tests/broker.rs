//! The part of a broker that keeps things, driven by hand: a catalog of lines, partitions, their dir, a disk.

use std::sync::Arc;

use bytes::Bytes;

use super::model::{Model, ModelLog, ModelTopic, Told};
use crate::{
    config::TopicConfig,
    effect::*,
    error::{ErrorCode, Fatal},
    ids::*,
    log::{
        CommitOutcome, DirState, LogDir, Mark, OpenLog, layout,
        tests::{disk::Disk, world::World},
    },
    record::Batch,
    replica::{Partition, Partitions},
    turn::Turn,
};

/// A moment at which power could be lost: a storage call that is about to be done.
pub(super) struct CrashPoint {
    pub(super) disk: Disk,
    pub(super) model: Model,
    pub(super) call: Option<Effect<NodeAnswer>>,
}

pub(super) struct Broker {
    pub(super) world: World,
    pub(super) dir: LogDir,
    pub(super) partitions: Partitions,
    pub(super) model: Model,
    pub(super) is_stopped: bool,
    is_stopping: bool,
    version: u64,
    /// Every moment so far, if they are wanted.
    pub(super) points: Option<Vec<CrashPoint>>,
}

/// Why a broker is not there.
#[derive(Debug)]
pub(super) enum Down {
    PowerLost,
    CannotOpen(Fatal),
}

impl Broker {
    /// Opens what is on the disk and holds it to `model`.
    pub(super) fn open(mut world: World, mut model: Model) -> Result<Self, (Box<World>, Down)> {
        let opened = match world.open(|document| logs_of(&topics_of(document.as_ref()))) {
            None => return Err((Box::new(world), Down::PowerLost)),
            Some(Err(fatal)) => return Err((Box::new(world), Down::CannotOpen(fatal))),
            Some(Ok(opened)) => opened,
        };
        let listed = topics_of(world.disk.file(layout::CATALOG).map(Bytes::copy_from_slice).as_ref());
        let ids: Vec<TopicId> = listed.iter().map(|topic| topic.id).collect();
        model.assert_kept(&opened, &ids, &world.disk);
        model.adopt(&opened, &ids);
        let config_of = |id: TopicPartition| {
            let topic = listed.iter().find(|topic| topic.id == id.topic).expect("a listed topic");
            Arc::new(config(topic.is_flushing, topic.segment_bytes))
        };
        let partitions = Partitions::open(&opened.dir, opened.logs, config_of);
        let is_first_start = world.disk.file(layout::CATALOG).is_none();
        let dir = opened.dir;
        let (is_stopped, is_stopping, version, points) = (false, false, 0, None);
        let mut broker = Self { world, dir, partitions, model, is_stopped, is_stopping, version, points };
        if is_first_start {
            // As a node does: a dir with records but without a catalog does not open.
            broker.put_catalog();
        }
        broker.end_turn();
        Ok(broker)
    }

    /// A broker on an empty disk.
    pub(super) fn new(seed: u64) -> Self {
        Self::open(World::new(seed), Model::default()).map_err(|(_, down)| down).expect("an empty disk opens")
    }

    /// One turn of a handler, and what ends every turn.
    pub(super) fn turn<T>(&mut self, act: impl FnOnce(&mut Turn<'_>, &mut Partitions, &mut LogDir) -> T) -> T {
        let turn = &mut self.world.turn();
        let done = act(turn, &mut self.partitions, &mut self.dir);
        self.partitions.finish_turn(turn, &mut self.dir);
        self.follow();
        done
    }

    pub(super) fn create(&mut self, name: &str, partitions: i32, is_flushing: bool, segment_bytes: u32) {
        let id = TopicId(self.world.rng.uuid());
        let logs = vec![ModelLog::default(); partitions as usize];
        let (creation, name) = (Told::NotYet, name.to_owned());
        let topic = ModelTopic { name: name.clone(), id, is_flushing, segment_bytes, logs, creation, deletion: None };
        self.model.topics.push(topic);
        let turn = &mut self.world.turn();
        for partition in 0..partitions {
            let id = TopicPartition { topic: id, partition };
            let config = Arc::new(config(is_flushing, segment_bytes));
            self.partitions.insert(Partition::create(turn, &mut self.dir, id, &name, config));
        }
        self.put_catalog();
    }

    pub(super) fn delete(&mut self, name: &str) {
        let topic = self.model.topics.iter_mut().find(|topic| topic.name == name && topic.deletion.is_none());
        let Some(topic) = topic else { return };
        topic.deletion = Some(Told::NotYet);
        let (id, count) = (topic.id, topic.logs.len() as i32);
        let turn = &mut self.world.turn();
        for partition in 0..count {
            let partition = self.partitions.take(TopicPartition { topic: id, partition });
            partition.expect("a partition of the topic").remove(turn, &mut self.dir);
        }
        self.put_catalog();
    }

    pub(super) fn append(&mut self, id: TopicPartition, batch: Batch) -> Result<Offset, ErrorCode> {
        let appended = self.turn(|turn, partitions, dir| {
            let partition = partitions.get_mut(id).expect("a partition to append to");
            let appended = partition.append(turn, dir, RequestId(0), batch.clone()).map_err(|why| why.error)?;
            Ok((appended, partition.leader_epoch()))
        });
        let (appended, epoch) = appended?;
        if !appended.is_duplicate {
            let mut placed = batch;
            placed.place(appended.base_offset, epoch);
            self.model.epoch = self.model.epoch.max(Some(epoch));
            self.model.log_mut(id).expect("a partition of the model").batches.push(placed);
            self.follow();
        }
        Ok(appended.base_offset)
    }

    /// After it nothing is appended: the clean-shutdown marker is the last word.
    pub(super) fn stop(&mut self) {
        self.is_stopping |= self.turn(|_, partitions, dir| partitions.stop(dir));
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    pub(super) fn end_turn(&mut self) {
        self.turn(|_, _, _| ());
    }

    /// Does one storage call. False: there is none, or power was lost.
    pub(super) fn step(&mut self) -> bool {
        assert!(self.world.calls < 3_000, "no end of work: {:#?}", self.world.next_call());
        let call = self.world.next_call().cloned();
        if let Some(points) = &mut self.points {
            let (disk, model) = (self.world.disk.clone(), self.model.clone());
            points.push(CrashPoint { disk, model, call: call.clone() });
        }
        let Some(input) = self.world.perform() else { return false };
        let turn = &mut self.world.turn();
        let outcome = match input {
            Input::Committed { io } => self.dir.on_committed(turn, io),
            Input::Failed { io, why } => self.dir.on_failed(turn, io, why),
            other => panic!("nothing was asked that is answered by {other:?}"),
        };
        let outcome = outcome.expect("an outcome of a commit that was issued");
        self.partitions.on_outcome(turn, &mut self.dir, &outcome);
        match outcome {
            CommitOutcome::Committed(marks) => marks.into_iter().for_each(|mark| self.on_mark(mark)),
            CommitOutcome::Failed { state, .. } if !matches!(state, DirState::Offline(_)) => self.on_taken_back(),
            CommitOutcome::Failed { .. } => {}
        }
        self.end_turn();
        true
    }

    /// Does all storage calls there are. False: power was lost on the way.
    pub(super) fn settle(&mut self) -> bool {
        while self.world.next_call().is_some() {
            if !self.step() {
                return false;
            }
        }
        true
    }

    fn on_mark(&mut self, mark: Mark) {
        match mark {
            Mark::Catalog(version) if version == self.version => {
                for topic in &mut self.model.topics {
                    topic.creation = Told::Done;
                    topic.deletion = topic.deletion.map(|_| Told::Done);
                }
            }
            Mark::CleanShutdown => self.is_stopped = true,
            _ => {}
        }
    }

    /// A commit failed for certain: what was not committed is gone, and nothing that anyone was told of.
    fn on_taken_back(&mut self) {
        self.is_stopping = false;
        for partition in self.partitions.iter() {
            let (start, end) = (partition.log().log_start_offset(), partition.log().log_end_offset());
            let log = self.model.log_mut(partition.id()).expect("a partition of the model");
            assert!(end >= log.end_durable, "{:?} lost what was durable", partition.id());
            log.batches.retain(|batch| batch.header().last_offset() < end);
            assert!(end == log.end() || end == start, "{:?} ends in the middle of a batch", partition.id());
        }
    }

    /// What anyone is told or may see of each partition.
    fn follow(&mut self) {
        for partition in self.partitions.iter() {
            let Some(log) = self.model.log_mut(partition.id()) else { continue };
            log.start = log.start.max(partition.log().log_start_offset());
            log.end_durable = log.end_durable.max(self.dir.durable_end(partition.id()));
            log.start_durable = log.start_durable.max(self.dir.durable_log_start(partition.id()));
            if partition.is_flushing() {
                log.end_durable = log.end_durable.max(partition.high_watermark());
            }
        }
    }

    fn put_catalog(&mut self) {
        self.version += 1;
        let topics = self.model.topics.iter().filter(|topic| topic.deletion.is_none());
        let line = |topic: &ModelTopic| {
            let ModelTopic { id, name, is_flushing, segment_bytes, logs, .. } = topic;
            format!("{id} {name} {} {is_flushing} {segment_bytes}\n", logs.len())
        };
        let document: String = topics.map(line).collect();
        let put = WriteOp::Put { file: layout::CATALOG.into(), bytes: document.into() };
        self.dir.enqueue([put], Some(Mark::Catalog(self.version)), true);
    }
}

pub(super) fn config(is_flushing: bool, segment_bytes: u32) -> TopicConfig {
    let flush_messages = if is_flushing { 1 } else { u64::MAX };
    TopicConfig { flush_messages, segment_bytes, ..TopicConfig::default() }
}

pub(super) struct Listed {
    id: TopicId,
    name: String,
    partitions: i32,
    is_flushing: bool,
    segment_bytes: u32,
}

pub(super) fn topics_of(document: Option<&Bytes>) -> Vec<Listed> {
    let text = document.map(|bytes| String::from_utf8(bytes.to_vec()).expect("text")).unwrap_or_default();
    let topic = |line: &str| {
        let [id, name, partitions, is_flushing, segment_bytes] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("no topic: {line}")
        };
        Listed {
            id: TopicId::parse(id).unwrap(),
            name: name.to_owned(),
            partitions: partitions.parse().unwrap(),
            is_flushing: is_flushing.parse().unwrap(),
            segment_bytes: segment_bytes.parse().unwrap(),
        }
    };
    text.lines().map(topic).collect()
}

pub(super) fn logs_of(topics: &[Listed]) -> Vec<OpenLog> {
    let logs = |topic: &Listed| {
        let (id, name) = (topic.id, topic.name.clone());
        let log = move |partition| OpenLog { id: TopicPartition { topic: id, partition }, topic: name.clone() };
        (0..topic.partitions).map(log)
    };
    topics.iter().flat_map(logs).collect()
}
