//! A broker and its disk as one value: made once, cloned for every input. Storage answers at once, time moves only when it
//! is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use ottla_core::{
    config::BrokerConfig,
    disk::Disk,
    effect::{Address, Effect, FileName, Input, Listener, NodeAnswer, NodeCall, WriteOp},
    ids::{ConnectionId, Offset, TopicPartition},
    log::DirOptions,
    machine::Machine,
    node::{Node, NodeOptions},
    time::{Instant, Now, Timestamp},
};

/// What lies in a log dir.
pub type Files = BTreeMap<FileName, Bytes>;

/// 14 November 2023.
const WALL_START: i64 = 1_700_000_000_000;

/// The broker, its disk and what came out of it.
#[derive(Clone, Debug)]
pub struct DrivenBroker {
    node: Node,
    now: Instant,
    disk: Disk,
    pub answers: Vec<NodeAnswer>,
    /// What each connection was sent, whole frames one behind the other.
    pub sent: BTreeMap<ConnectionId, Vec<u8>>,
    pub closed: BTreeSet<ConnectionId>,
}

impl DrivenBroker {
    /// A broker that has not begun to open this log dir.
    pub fn on(files: Files) -> Self {
        let mut disk = Disk::default();
        for (file, bytes) in files {
            // A name that no disk would take is not there.
            _ = disk.commit(vec![WriteOp::Put { file, bytes }], true);
        }
        let address = Address { host: "broker".to_owned(), port: 9092 };
        let dir = DirOptions { kept_room: 16, ..DirOptions::default() };
        let config = BrokerConfig { flush_messages: 1, ..BrokerConfig::default() };
        let options = NodeOptions { seed: 1, trace_kept: 0, config, dir, ..NodeOptions::new(address) };
        Self {
            node: Node::new(options),
            now: Instant(0),
            disk,
            answers: Vec::new(),
            sent: BTreeMap::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Recovers, as far as it goes.
    pub fn open(&mut self) {
        self.take(Input::Tick);
    }

    pub fn connect(&mut self, number: u64) -> ConnectionId {
        let connection = ConnectionId(number);
        self.take(Input::Opened { connection, listener: Listener::Client, peer: String::new() });
        connection
    }

    /// Nothing, if the connection was closed.
    pub fn send(&mut self, connection: ConnectionId, bytes: Bytes) {
        if !self.closed.contains(&connection) {
            self.take(Input::Bytes { connection, bytes });
        }
    }

    pub fn stop(&mut self) {
        self.take(Input::Call(NodeCall::Stop));
    }

    /// Moves to the next deadline within `within` microseconds, `count` times at most.
    pub fn pass(&mut self, within: u64, count: u32) {
        let end = Instant(self.now.0.saturating_add(within));
        for _ in 0..count {
            let Some(deadline) = self.node.next_deadline().filter(|deadline| *deadline <= end) else { break };
            self.now = self.now.max(deadline);
            self.take(Input::Tick);
        }
    }

    /// What is on its disk.
    pub fn files(&self) -> Files {
        let read = |file: FileName| self.disk.load(&file, 0, u64::MAX).map(|bytes| (file, bytes));
        self.disk.list("").into_iter().filter_map(|entry| read(entry.file).ok()).collect()
    }

    /// Each partition's first offset and the one behind its last.
    pub fn log_ends(&self) -> BTreeMap<TopicPartition, (Offset, Offset)> {
        let partitions = self.node.topics().into_iter().flat_map(|topics| topics.partitions.iter());
        partitions.map(|it| (it.id(), (it.log().log_start_offset(), it.log().log_end_offset()))).collect()
    }

    /// One input, and everything that storage answers to what follows from it.
    fn take(&mut self, input: Input<NodeCall>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let wall = Timestamp(WALL_START + (self.now.0 / 1000) as i64);
            let mut effects = Vec::new();
            self.node.handle(Now { monotonic: self.now, wall }, input, &mut effects);
            inputs.extend(effects.into_iter().filter_map(|effect| self.carry_out(effect)));
        }
    }

    fn carry_out(&mut self, effect: Effect<NodeAnswer>) -> Option<Input<NodeCall>> {
        match effect {
            Effect::Write { connection, frame } => {
                assert!(!self.closed.contains(&connection), "written to after it was closed: {connection}");
                self.sent.entry(connection).or_default().extend_from_slice(&frame.to_bytes());
                None
            }
            Effect::Close { connection } => {
                assert!(self.closed.insert(connection), "closed twice: {connection}");
                None
            }
            Effect::Commit { io, ops, sync } => Some(match self.disk.commit(ops, sync) {
                Ok(()) => Input::Committed { io },
                Err(why) => Input::Failed { io, why },
            }),
            Effect::Load { io, file, at, len } => Some(match self.disk.load(&file, at, len) {
                Ok(bytes) => Input::Loaded { io, bytes },
                Err(why) => Input::Failed { io, why },
            }),
            Effect::List { io, prefix } => Some(Input::Listed { io, entries: self.disk.list(&prefix) }),
            Effect::Answer(answer) => {
                self.answers.push(answer);
                None
            }
            Effect::Pause { .. } | Effect::Resume { .. } | Effect::Dial { .. } => None,
        }
    }
}
