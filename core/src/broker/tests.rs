//! Topics over a log dir in memory, one turn at a time: what tests of handlers ask.

mod disk;
mod peers;

use bytes::BytesMut;
use kafka_wire_core::{ApiVersion, KafkaDecode, KafkaEncode};

pub(in crate::broker) use self::disk::Disk;
use super::{
    api::{Ask, Handled, decode},
    topics::Topics,
    wait::Waits,
};
use crate::{
    config::BrokerConfig,
    controller::{Catalog, NewTopic},
    effect::*,
    error::ErrorCode,
    ids::*,
    log::*,
    record::{Batch, BatchBuilder, Compression},
    replica::Partitions,
    rng::Rng,
    time::*,
    trace::{Event, Trace},
    turn::{Ids, Turn},
    wire::{Api, limits},
};

/// A request's answer comes when `commit` or `load` has storage do what was asked of it.
pub(in crate::broker) struct TestBroker {
    pub topics: Topics,
    pub waits: Waits,
    pub disk: Disk,
    pub now: Now,
    pub trace: Trace,
    rng: Rng,
    ids: Ids,
    effects: Vec<Effect<NodeAnswer>>,
}

impl TestBroker {
    /// On an empty dir.
    pub fn new() -> Self {
        Self::open(Disk::default(), DirOptions::default())
    }

    /// On an empty dir that keeps nothing in memory that it has in storage.
    pub fn cold() -> Self {
        Self::open(Disk::default(), DirOptions { hot_bytes_max: 0, ..DirOptions::default() })
    }

    /// On what `disk` holds.
    pub fn open(mut disk: Disk, options: DirOptions) -> Self {
        let mut state = Turning::default();
        let mut recovery = Recovery::start(&mut state.turn(), options);
        let mut catalog = catalog();
        let mut step = RecoveryStep::Working { done: 0, total: 0 };
        let opened = loop {
            match step {
                RecoveryStep::Done(opened) => break opened,
                RecoveryStep::Failed(fatal) => panic!("{fatal}"),
                RecoveryStep::Catalog(document) => {
                    catalog.restore(document).unwrap();
                    step = recovery.open_logs(&mut state.turn(), logs(&catalog));
                }
                RecoveryStep::Working { .. } => {
                    let effect = state.effects.remove(0);
                    step = recover(&mut disk, &mut recovery, &mut state.turn(), effect);
                }
            }
        };
        let config_of = |id: TopicPartition| catalog.topic(id.topic).unwrap().config.clone();
        let partitions = Partitions::open(&opened.dir, opened.logs, config_of);
        let Turning { now, rng, trace, ids, effects } = state;
        Self {
            topics: Topics::new(catalog, partitions, opened.dir),
            waits: Waits::default(),
            disk,
            now,
            trace,
            rng,
            ids,
            effects,
        }
    }

    /// One turn, its end included.
    pub fn turn<T>(&mut self, work: impl FnOnce(&mut Topics, &mut Turn<'_>) -> T) -> T {
        self.turn_with_waits(|topics, _, turn| work(topics, turn))
    }

    pub fn turn_with_waits<T>(&mut self, work: impl FnOnce(&mut Topics, &mut Waits, &mut Turn<'_>) -> T) -> T {
        let Self { topics, waits, now, rng, trace, ids, effects, .. } = self;
        let mut turn = Turn { now: *now, rng, trace, ids, effects };
        let done = work(topics, waits, &mut turn);
        topics.finish_round(&mut turn);
        done
    }

    /// Hands a request to `handler` as a connection would: encoded, then decoded in `version`.
    pub fn ask<R: KafkaEncode + KafkaDecode>(
        &mut self,
        (api, version): (Api, i16),
        request: &R,
        handler: impl FnOnce(&mut Topics, &mut Turn<'_>, Ask, R) -> Handled,
    ) -> Asked {
        self.ask_with_waits((api, version), request, |topics, turn, ask, request, _| {
            handler(topics, turn, ask, request)
        })
    }

    pub fn ask_with_waits<R: KafkaEncode + KafkaDecode>(
        &mut self,
        (api, version): (Api, i16),
        request: &R,
        handler: impl FnOnce(&mut Topics, &mut Turn<'_>, Ask, R, &mut Waits) -> Handled,
    ) -> Asked {
        let mut body = BytesMut::new();
        request.encode_into(&mut body, ApiVersion::new(version)).unwrap();
        self.turn_with_waits(|topics, waits, turn| {
            let (request, connection, listener) = (turn.next_request(), ConnectionId(7), Listener::Client);
            let ask = Ask { request, connection, listener, api, version, correlation: 5 };
            let request = decode(ask, body.freeze()).unwrap();
            let handled = handler(topics, turn, ask, request, waits);
            Asked { ask, handled }
        })
    }

    /// Storage does the commits that are asked for, and those that follow. Gives what was answered.
    pub fn commit(&mut self) -> Vec<Asked> {
        let mut answered = Vec::new();
        while let Some(at) = self.effects.iter().position(|effect| matches!(effect, Effect::Commit { .. })) {
            let Effect::Commit { io, ops, .. } = self.effects.remove(at) else { unreachable!() };
            let committed = self.disk.commit(ops);
            answered.extend(self.turn_with_waits(|topics, waits, turn| {
                let outcome = match committed {
                    Ok(()) => topics.dir.on_committed(turn, io),
                    Err(why) => topics.dir.on_failed(turn, io, why),
                };
                let Some(outcome) = outcome else { return Vec::new() };
                topics.on_outcome(turn, &outcome);
                waits.delete_records.on_outcome(turn, topics, &outcome)
            }));
        }
        answered.into_iter().map(Asked::from).collect()
    }

    /// Storage does the one load that is asked for. Gives what was answered.
    pub fn load(&mut self) -> Vec<Asked> {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Load { .. })).expect("nothing to load");
        let Effect::Load { io, file, at, len } = self.effects.remove(at) else { unreachable!() };
        let loaded = self.disk.load(&file, at, len);
        let answered = self.turn_with_waits(|topics, waits, turn| match loaded {
            Ok(bytes) => {
                topics.dir.on_loaded(turn, io, &bytes);
                waits.list_offsets.on_loaded(turn, topics, io, &bytes)
            }
            Err(why) => {
                topics.dir.on_failed(turn, io, why);
                waits.list_offsets.on_load_failed(turn, topics, io)
            }
        });
        answered.into_iter().map(Asked::from).collect()
    }

    /// How many loads are asked for and not done.
    pub fn loads(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Load { .. })).count()
    }

    /// A topic that storage knows of.
    pub fn with_topic(&mut self, name: &str, partitions: i32, configs: &[(&str, &str)]) -> TopicId {
        let overrides = configs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let new = NewTopic { name: name.into(), partitions, replication_factor: 1, assignments: vec![], overrides };
        self.turn(|topics, turn| {
            let changes = topics.catalog.create_topic(turn.rng, &new).unwrap();
            topics.carry_out(turn, changes);
        });
        self.commit();
        self.topics.catalog.topic_named(name).unwrap().id
    }

    /// Appends a batch of records with these timestamps, each with the value `x`, that storage has.
    pub fn append(&mut self, topic: TopicId, partition: PartitionIndex, timestamps: &[i64]) {
        self.append_uncommitted(topic, partition, timestamps);
        self.commit();
    }

    pub fn append_uncommitted(&mut self, topic: TopicId, partition: PartitionIndex, timestamps: &[i64]) {
        let batch = batch(timestamps);
        self.turn(|topics, turn| {
            let id = TopicPartition { topic, partition };
            let request = turn.next_request();
            topics.partitions.get_mut(id).unwrap().append(turn, &mut topics.dir, request, batch).unwrap();
        });
    }

    /// Storage fails the commit that is asked for, or the next one, and takes the dir offline or has it read only.
    pub fn fail_commit(&mut self, outcome: Outcome) -> Vec<Asked> {
        self.disk.fail_next_commit(outcome);
        self.commit()
    }

    /// Errors that were told, in order.
    pub fn refused(&self) -> Vec<ErrorCode> {
        let told = self.trace.since(0).filter_map(|traced| match traced.event {
            Event::RequestRefused { error, .. } => Some(error),
            _ => None,
        });
        told.collect()
    }
}

/// A request and what became of it.
#[derive(Debug)]
pub(in crate::broker) struct Asked {
    pub ask: Ask,
    pub handled: Handled,
}

impl From<(Ask, Handled)> for Asked {
    fn from((ask, handled): (Ask, Handled)) -> Self {
        Self { ask, handled }
    }
}

impl Asked {
    /// The answer that was given at once.
    pub fn answer<R: KafkaDecode>(&self) -> R {
        match &self.handled {
            Handled::Reply(frame) => self.decode(frame),
            other => panic!("not answered: {other:?}"),
        }
    }

    /// The answers that wait for a commit: for its success, for its failure, and for none in time.
    pub fn answers<R: KafkaDecode>(&self) -> [R; 3] {
        match &self.handled {
            Handled::AfterCommit { answers, .. } => {
                [&answers.done, &answers.failed, &answers.late].map(|frame| self.decode(frame))
            }
            other => panic!("it does not wait for a commit: {other:?}"),
        }
    }

    pub fn is_parked(&self) -> bool {
        matches!(self.handled, Handled::Parked)
    }

    fn decode<R: KafkaDecode>(&self, frame: &Frame) -> R {
        let frame = frame.to_bytes();
        assert_eq!(frame[..4], (frame.len() as u32 - 4).to_be_bytes());
        assert_eq!(frame[4..8], self.ask.correlation.to_be_bytes());
        let tagged = usize::from(self.ask.api.has_tagged_response_header(self.ask.version));
        let body = frame.slice(8 + tagged..);
        let limits = limits::decode_limits(body.len());
        R::decode_from_bytes(body, ApiVersion::new(self.ask.version), limits).unwrap()
    }
}

pub(in crate::broker) fn batch(timestamps: &[i64]) -> Batch {
    let mut builder = BatchBuilder::new(Compression::None);
    for timestamp in timestamps {
        builder.append(Timestamp(*timestamp), None, Some(b"x"), &[]);
    }
    builder.finish(None)
}

fn catalog() -> Catalog {
    let address = Address { host: "localhost".into(), port: 9092 };
    Catalog::new("cluster".into(), BrokerId(1), address, BrokerConfig::default())
}

fn logs(catalog: &Catalog) -> Vec<OpenLog> {
    let partitions = catalog.topics().flat_map(|topic| {
        (0..topic.partitions)
            .map(|partition| OpenLog { id: TopicPartition { topic: topic.id, partition }, topic: topic.name.clone() })
    });
    partitions.collect()
}

/// What a turn is made of.
struct Turning {
    now: Now,
    rng: Rng,
    trace: Trace,
    ids: Ids,
    effects: Vec<Effect<NodeAnswer>>,
}

impl Default for Turning {
    fn default() -> Self {
        Self {
            now: Now { monotonic: Instant::from_millis(1), wall: Timestamp(1_000_000) },
            rng: Rng::new(1),
            trace: Trace::new(BrokerId(1), 10_000),
            ids: Ids::default(),
            effects: Vec::new(),
        }
    }
}

impl Turning {
    fn turn(&mut self) -> Turn<'_> {
        let Self { now, rng, trace, ids, effects } = self;
        Turn { now: *now, rng, trace, ids, effects }
    }
}

fn recover(disk: &mut Disk, recovery: &mut Recovery, turn: &mut Turn<'_>, effect: Effect<NodeAnswer>) -> RecoveryStep {
    match effect {
        Effect::List { io, .. } => recovery.on_listed(turn, io, disk.list()),
        Effect::Load { io, file, at, len } => recovery.on_loaded(turn, io, disk.load(&file, at, len).unwrap()),
        Effect::Commit { io, ops, .. } => {
            disk.commit(ops).unwrap();
            recovery.on_committed(turn, io)
        }
        other => panic!("no part of recovery: {other:?}"),
    }
}
