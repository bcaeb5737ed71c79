//! A machine driven by hand: virtual time, storage in memory, connections that are lists of answers.
//!
//! Storage answers at once, unless it is held: then every call waits for `release`. Whatever the machine does is summed
//! up, so that two runs can be compared by one number.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, Bytes, BytesMut};
use futures::FutureExt;
use ottla_core::{
    effect::{Effect, Frame, Input, Listener, NodeAnswer, NodeCall, StorageError, WriteOp},
    host::{MemoryStorage, Storage},
    ids::ConnectionId,
    machine::Machine,
    time::{Instant, Now, Timestamp},
};

/// How far ahead a deadline may lie for `tick_until_quiet` to wait for it, in microseconds.
const PATIENCE: u64 = 10_000_000;
/// Wall time at the monotonic clock's origin.
const ORIGIN: i64 = 1_700_000_000_000;
const AT_ONCE: &str = "storage in memory answers at once";

type NodeEffect = Effect<NodeAnswer>;

#[derive(Debug)]
pub struct Driven<M> {
    pub machine: M,
    pub storage: MemoryStorage,
    /// FNV-1a over every effect in order, bytes included.
    pub effects: u64,
    /// Turns it took.
    pub turns: u64,
    /// What the machine told its operator.
    pub told: Vec<NodeAnswer>,
    /// Microseconds.
    now: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    is_held: bool,
    held: VecDeque<NodeEffect>,
}

#[derive(Debug, Default)]
struct Connection {
    received: BytesMut,
    is_closed: bool,
    is_paused: bool,
}

impl<M: Machine<Call = NodeCall, Answer = NodeAnswer>> Driven<M> {
    /// Starts it on this disk and lets it become quiet.
    pub fn start(machine: M, storage: MemoryStorage) -> Self {
        let mut driven = Self {
            machine,
            storage,
            effects: 0xcbf2_9ce4_8422_2325,
            turns: 0,
            told: Vec::new(),
            now: 1_000_000,
            connections: BTreeMap::new(),
            is_held: false,
            held: VecDeque::new(),
        };
        driven.tick_until_quiet();
        driven
    }

    /// Opens a connection and gives back its number.
    pub fn open(&mut self, connection: u64) -> u64 {
        let id = ConnectionId(connection);
        self.connections.insert(id, Connection::default());
        self.turn(Input::Opened { connection: id, listener: Listener::Client, peer: format!("script:{connection}") });
        connection
    }

    /// Delivers `bytes` in one piece.
    pub fn send(&mut self, connection: u64, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.turn(Input::Bytes { connection: ConnectionId(connection), bytes });
    }

    /// The peer goes away.
    pub fn hang_up(&mut self, connection: u64) {
        self.connections.remove(&ConnectionId(connection));
        self.turn(Input::Closed { connection: ConnectionId(connection) });
    }

    /// The next whole answer that came in, from its correlation id on.
    pub fn receive(&mut self, connection: u64) -> Option<Bytes> {
        let received = &mut self.connections.get_mut(&ConnectionId(connection))?.received;
        let len = i32::from_be_bytes(*received.first_chunk()?) as usize;
        if received.len() < 4 + len {
            return None;
        }
        received.advance(4);
        Some(received.split_to(len).freeze())
    }

    /// Sends a request and takes its answer.
    ///
    /// # Panics
    /// If there is none at once.
    pub fn ask(&mut self, connection: u64, request: &[u8]) -> Bytes {
        self.send(connection, request);
        self.receive(connection).expect("an answer")
    }

    /// Whether the machine closed it.
    pub fn is_closed(&self, connection: u64) -> bool {
        self.connections.get(&ConnectionId(connection)).is_none_or(|connection| connection.is_closed)
    }

    /// Whether the machine reads no more of it for now.
    pub fn is_paused(&self, connection: u64) -> bool {
        self.connections.get(&ConnectionId(connection)).is_some_and(|connection| connection.is_paused)
    }

    pub fn call(&mut self, call: NodeCall) {
        self.turn(Input::Call(call));
    }

    /// From here on storage answers only when it is released.
    pub fn hold(&mut self) {
        self.is_held = true;
    }

    /// Storage calls that wait.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Does the held calls, and all that follow, and answers at once again.
    pub fn release(&mut self) {
        self.is_held = false;
        while let Some(effect) = self.held.pop_front() {
            let input = self.perform_storage(effect);
            self.turn(input);
        }
    }

    /// Does the first held call.
    pub fn release_one(&mut self) {
        if let Some(effect) = self.held.pop_front() {
            let input = self.perform_storage(effect);
            self.turn(input);
        }
    }

    /// The first held call is not done and fails.
    pub fn fail_one(&mut self, why: StorageError) {
        if let Some(Effect::Commit { io, .. } | Effect::Load { io, .. } | Effect::List { io, .. }) =
            self.held.pop_front()
        {
            self.turn(Input::Failed { io, why });
        }
    }

    /// Lets time pass, with a tick at every deadline on the way.
    pub fn wait(&mut self, millis: u64) {
        let end = self.now + millis * 1000;
        self.tick_until(end);
        self.now = self.now.max(end);
    }

    /// Ticks at every deadline that is near.
    pub fn tick_until_quiet(&mut self) {
        self.tick_until(self.now + PATIENCE);
    }

    fn tick_until(&mut self, end: u64) {
        while let Some(deadline) = self.machine.next_deadline().filter(|deadline| deadline.0 < end) {
            self.now = self.now.max(deadline.0);
            self.turn(Input::Tick);
        }
    }

    /// One turn, and those that storage's answers make of it.
    pub fn turn(&mut self, input: Input<NodeCall>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut effects = Vec::new();
            self.now += 100;
            let now = Now { monotonic: Instant(self.now), wall: Timestamp(ORIGIN + (self.now / 1_000) as i64) };
            self.machine.handle(now, input, &mut effects);
            self.turns += 1;
            inputs.extend(effects.into_iter().filter_map(|effect| self.perform(effect)));
        }
    }

    fn perform(&mut self, effect: NodeEffect) -> Option<Input<NodeCall>> {
        match effect {
            Effect::Write { connection, frame } => {
                self.sum(1, connection.0, frame.parts());
                if let Some(open) = self.connections.get_mut(&connection).filter(|open| !open.is_closed) {
                    frame.parts().iter().for_each(|part| open.received.extend_from_slice(part));
                }
            }
            Effect::Pause { connection } => {
                self.sum(2, connection.0, &[]);
                self.connections.get_mut(&connection).into_iter().for_each(|found| found.is_paused = true);
            }
            Effect::Resume { connection } => {
                self.sum(3, connection.0, &[]);
                self.connections.get_mut(&connection).into_iter().for_each(|found| found.is_paused = false);
            }
            Effect::Close { connection } => {
                self.sum(4, connection.0, &[]);
                self.connections.get_mut(&connection).into_iter().for_each(|found| found.is_closed = true);
            }
            Effect::Dial { dial, .. } => self.sum(5, dial.0, &[]),
            Effect::Answer(answer) => self.perform_answer(answer),
            storage => {
                self.sum_storage(&storage);
                match self.is_held {
                    true => self.held.push_back(storage),
                    false => return Some(self.perform_storage(storage)),
                }
            }
        }
        None
    }

    fn perform_answer(&mut self, answer: NodeAnswer) {
        match &answer {
            NodeAnswer::Ready => self.sum(9, 0, &[]),
            NodeAnswer::Recovering { done, total } => self.sum(10, done ^ total.rotate_left(32), &[]),
            NodeAnswer::Stopped => self.sum(11, 0, &[]),
            NodeAnswer::CannotOpen(_) => self.sum(12, 0, &[]),
        }
        self.told.push(answer);
    }

    fn perform_storage(&self, effect: NodeEffect) -> Input<NodeCall> {
        match effect {
            Effect::Commit { io, ops, sync } => {
                let result = self.storage.commit(ops, sync).now_or_never().expect(AT_ONCE);
                result.map_or_else(|why| Input::Failed { io, why }, |()| Input::Committed { io })
            }
            Effect::Load { io, file, at, len } => {
                let result = self.storage.load(file, at, len).now_or_never().expect(AT_ONCE);
                result.map_or_else(|why| Input::Failed { io, why }, |bytes| Input::Loaded { io, bytes })
            }
            Effect::List { io, prefix } => {
                let result = self.storage.list(prefix).now_or_never().expect(AT_ONCE);
                result.map_or_else(|why| Input::Failed { io, why }, |entries| Input::Listed { io, entries })
            }
            _ => Input::Tick,
        }
    }

    fn sum_storage(&mut self, effect: &NodeEffect) {
        match effect {
            Effect::Commit { io, ops, sync } => {
                self.sum(6, io.0 * 2 + u64::from(*sync), &[]);
                ops.iter().for_each(|op| self.sum_op(op));
            }
            Effect::Load { file, at, len, .. } => {
                self.sum(7, at ^ len.rotate_left(32), &[Bytes::copy_from_slice(file.as_bytes())]);
            }
            Effect::List { io, prefix } => self.sum(8, io.0, &[Bytes::copy_from_slice(prefix.as_bytes())]),
            _ => {}
        }
    }

    fn sum_op(&mut self, op: &WriteOp) {
        let (kind, number, file, bytes) = match op {
            WriteOp::Append { file, at, bytes } => (20, *at, file, bytes.clone()),
            WriteOp::Truncate { file, len } => (21, *len, file, Frame::default()),
            WriteOp::Rename { from, to } => (22, 0, from, Bytes::copy_from_slice(to.as_bytes()).into()),
            WriteOp::Remove { file } => (23, 0, file, Frame::default()),
            WriteOp::Put { file, bytes } => (24, 0, file, bytes.clone().into()),
        };
        self.sum(kind, number, &[Bytes::copy_from_slice(file.as_bytes())]);
        self.sum(kind, bytes.len(), bytes.parts());
    }

    /// How bytes are split in parts makes no difference.
    fn sum(&mut self, kind: u8, number: u64, parts: &[Bytes]) {
        let number = number.to_le_bytes();
        let bytes = [kind].into_iter().chain(number).chain(parts.iter().flatten().copied());
        self.effects =
            bytes.fold(self.effects, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    }
}
