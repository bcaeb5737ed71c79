//! A broker driven by hand over a disk of plain vectors: storage answers at once, time moves only when it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use ottla_core::{
    config::BrokerConfig,
    effect::{
        Address, Effect, Entry, FileName, Input, Listener, NodeAnswer, NodeCall, Outcome, StorageError,
        StorageErrorKind, WriteOp,
    },
    ids::{ConnectionId, Offset, TopicPartition},
    log::DirOptions,
    machine::Machine,
    node::{Node, NodeOptions},
    time::{Instant, Now, Timestamp},
};

pub type Files = BTreeMap<FileName, Vec<u8>>;

/// 14 November 2023.
const WALL_START: i64 = 1_700_000_000_000;

/// The broker, its disk and what came out of it.
#[derive(Clone, Debug)]
pub struct Driven {
    node: Node,
    now: Instant,
    pub files: Files,
    pub answers: Vec<NodeAnswer>,
    /// What each connection was sent, whole frames one behind the other.
    pub sent: BTreeMap<ConnectionId, Vec<u8>>,
    pub closed: BTreeSet<ConnectionId>,
}

impl Driven {
    /// A broker that has not begun to open this log dir.
    pub fn on(files: Files) -> Self {
        let address = Address { host: "broker".to_owned(), port: 9092 };
        let dir = DirOptions { kept_room: 16, ..DirOptions::default() };
        let config = BrokerConfig { flush_messages: 1, ..BrokerConfig::default() };
        let options = NodeOptions { seed: 1, trace_kept: 0, config, dir, ..NodeOptions::new(address) };
        Self {
            node: Node::new(options),
            now: Instant(0),
            files,
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
            Effect::Commit { io, ops, .. } => {
                ops.into_iter().for_each(|op| self.apply(op));
                Some(Input::Committed { io })
            }
            Effect::Load { io, file, at, len } => Some(match self.files.get(&file) {
                Some(content) => {
                    let from = (at as usize).min(content.len());
                    let to = from.saturating_add(len as usize).min(content.len());
                    Input::Loaded { io, bytes: Bytes::copy_from_slice(&content[from..to]) }
                }
                None => Input::Failed { io, why: missing(&file) },
            }),
            Effect::List { io, prefix } => {
                let listed = self.files.iter().filter(|(file, _)| file.starts_with(&prefix));
                let entries = listed.map(|(file, content)| Entry { file: file.clone(), len: content.len() as u64 });
                Some(Input::Listed { io, entries: entries.collect() })
            }
            Effect::Answer(answer) => {
                self.answers.push(answer);
                None
            }
            Effect::Pause { .. } | Effect::Resume { .. } | Effect::Dial { .. } => None,
        }
    }

    fn apply(&mut self, op: WriteOp) {
        match op {
            WriteOp::Append { file, at, bytes } => {
                let content = self.files.entry(file.clone()).or_default();
                assert_eq!(at, content.len() as u64, "an append that is not at the end of {file}");
                content.extend_from_slice(&bytes.to_bytes());
            }
            WriteOp::Truncate { file, len } => {
                self.files.entry(file).and_modify(|content| content.truncate(len as usize));
            }
            WriteOp::Rename { from, to } => {
                let content = self.files.remove(&from).unwrap_or_else(|| panic!("{from} is not there to be renamed"));
                self.files.insert(to, content);
            }
            WriteOp::Remove { file } => _ = self.files.remove(&file),
            WriteOp::Put { file, bytes } => _ = self.files.insert(file, bytes.to_vec()),
        }
    }
}

fn missing(file: &str) -> StorageError {
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Missing, detail: format!("there is no {file}") }
}
