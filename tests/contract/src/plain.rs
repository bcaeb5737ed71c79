//! The least that can be called a broker: it frames, appends and hands out, and checks next to nothing.
//!
//! What a host costs without a broker's work is measured with it, and a host's own tests drive it. It answers what
//! `frames` asks, in those versions only, and keeps all records in memory beside storage.

mod log;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use ottla_core::{
    effect::{Effect, FileName, Frame, Input, NodeAnswer, NodeCall, WriteOp},
    ids::{ConnectionId, IoId},
    machine::Machine,
    time::{Instant, Now},
};

use self::log::Log;
use crate::frames::Reader;

/// Larger frames close the connection.
const FRAME_BYTES_MAX: i32 = 100 << 20;
/// The document that names the topics and their partitions.
const TOPICS: &str = "topics";

type Effects = Vec<Effect<NodeAnswer>>;

#[derive(Clone, Debug)]
pub struct PlainBroker {
    /// Produce is answered once storage has synced it.
    flushes: bool,
    phase: Phase,
    topics: BTreeMap<String, i32>,
    logs: BTreeMap<(String, i32), Log>,
    connections: BTreeMap<ConnectionId, BytesMut>,
    /// Work for the next commit, and the answers that wait for it.
    queued: Vec<WriteOp>,
    queued_answers: Vec<(ConnectionId, Frame)>,
    in_flight: Option<Vec<(ConnectionId, Frame)>>,
    fetches: Vec<ParkedFetch>,
    io: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    New,
    /// Files still to be loaded.
    Loading(BTreeMap<IoId, FileName>),
    Ready,
    Stopping,
}

#[derive(Clone, Debug)]
struct ParkedFetch {
    deadline: Instant,
    connection: ConnectionId,
    correlation: i32,
    asked: AskedFetch,
}

#[derive(Clone, Debug)]
struct AskedFetch {
    partition: (String, i32),
    offset: i64,
    bytes_max: u64,
}

impl PlainBroker {
    pub fn new(flushes: bool) -> Self {
        Self {
            flushes,
            phase: Phase::New,
            topics: BTreeMap::new(),
            logs: BTreeMap::new(),
            connections: BTreeMap::new(),
            queued: Vec::new(),
            queued_answers: Vec::new(),
            in_flight: None,
            fetches: Vec::new(),
            io: 0,
        }
    }

    fn next_io(&mut self) -> IoId {
        self.io += 1;
        IoId(self.io)
    }

    fn on_bytes(&mut self, now: Now, connection: ConnectionId, mut bytes: Bytes, effects: &mut Effects) {
        let Some(mut partial) = self.connections.remove(&connection) else { return };
        while let Some(frame) = next_frame(&mut partial, &mut bytes) {
            let Some(frame) = frame else { return effects.push(Effect::Close { connection }) };
            self.on_request(now, connection, frame, effects);
        }
        self.connections.insert(connection, partial);
    }

    fn on_request(&mut self, now: Now, connection: ConnectionId, frame: Bytes, effects: &mut Effects) {
        let mut request = Reader::new(frame);
        let (api, version, correlation) = (request.i16(), request.i16(), request.i32());
        request.string();
        let answer = match (api, version) {
            (0, 7) => return self.on_produce(connection, correlation, &mut request, effects),
            (1, 11) => return self.on_fetch(now, connection, correlation, &mut request, effects),
            (19, 4) => {
                self.on_create_topic(connection, correlation, &mut request);
                return;
            }
            (18, 2) => answer(correlation, |answer| answer.put_bytes(0, 10)),
            (2, 5) => self.list_offset(correlation, &mut request),
            _ => return effects.push(Effect::Close { connection }),
        };
        effects.push(Effect::Write { connection, frame: answer });
    }

    fn on_create_topic(&mut self, connection: ConnectionId, correlation: i32, request: &mut Reader) {
        request.i32();
        let (topic, partitions) = (request.string(), request.i32());
        let exists = self.topics.contains_key(&topic);
        if !exists {
            (0..partitions).for_each(|index| {
                self.logs.insert((topic.clone(), index), Log::new(&topic, index));
            });
            self.topics.insert(topic.clone(), partitions);
            let text: String = self.topics.iter().map(|(name, count)| format!("{name} {count}\n")).collect();
            self.queued.push(WriteOp::Put { file: TOPICS.into(), bytes: text.into() });
        }
        let frame = answer(correlation, |answer| {
            answer.put_i32(0);
            answer.put_i32(1);
            put_string(answer, &topic);
            answer.put_i16(if exists { 36 } else { 0 });
            answer.put_i16(-1);
        });
        self.queued_answers.push((connection, frame));
    }

    fn on_produce(&mut self, connection: ConnectionId, correlation: i32, request: &mut Reader, effects: &mut Effects) {
        request.string();
        let acks = request.i16();
        request.i32();
        request.i32();
        let topic = request.string();
        request.i32();
        let partition = request.i32();
        let len = request.i32() as usize;
        let (error, base_offset) = match self.logs.get_mut(&(topic.clone(), partition)) {
            Some(log) => (0, log.append(request.take(len), &mut self.queued)),
            None => (3, -1),
        };
        let frame = answer(correlation, |answer| {
            answer.put_i32(1);
            put_string(answer, &topic);
            answer.put_i32(1);
            answer.put_i32(partition);
            answer.put_i16(error);
            answer.put_i64(base_offset);
            answer.put_i64(-1);
            answer.put_i64(0);
            answer.put_i32(0);
        });
        match acks {
            0 => {}
            _ if self.flushes && error == 0 => self.queued_answers.push((connection, frame)),
            _ => effects.push(Effect::Write { connection, frame }),
        }
        self.release_fetches(effects);
    }

    fn on_fetch(
        &mut self,
        now: Now,
        connection: ConnectionId,
        correlation: i32,
        request: &mut Reader,
        effects: &mut Effects,
    ) {
        request.i32();
        let wait = request.i32().max(0) as u64;
        request.take(4 + 4 + 1 + 4 + 4 + 4);
        let topic = request.string();
        request.i32();
        let partition = (topic, request.i32());
        request.i32();
        let offset = request.i64();
        request.i64();
        let asked = AskedFetch { partition, offset, bytes_max: request.i32().max(0) as u64 };
        let frame = self.fetched(correlation, &asked);
        match frame {
            Some(frame) => effects.push(Effect::Write { connection, frame }),
            None => {
                let deadline = now.monotonic + Duration::from_millis(wait);
                self.fetches.push(ParkedFetch { deadline, connection, correlation, asked });
            }
        }
    }

    /// `None`: there is nothing yet.
    fn fetched(&self, correlation: i32, asked: &AskedFetch) -> Option<Frame> {
        let log = self.logs.get(&asked.partition);
        let records = log.map(|log| log.read(asked.offset, asked.bytes_max)).unwrap_or_default();
        if log.is_some_and(|log| log.next_offset() == asked.offset) {
            return None;
        }
        Some(fetch_answer(correlation, asked, log, records))
    }

    fn release_fetches(&mut self, effects: &mut Effects) {
        for parked in std::mem::take(&mut self.fetches) {
            match self.fetched(parked.correlation, &parked.asked) {
                Some(frame) => effects.push(Effect::Write { connection: parked.connection, frame }),
                None => self.fetches.push(parked),
            }
        }
    }

    fn on_tick(&mut self, now: Now, effects: &mut Effects) {
        if self.phase == Phase::New {
            let io = self.next_io();
            self.phase = Phase::Loading(BTreeMap::new());
            return effects.push(Effect::List { io, prefix: String::new() });
        }
        let (due, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.fetches).into_iter().partition(|fetch| fetch.deadline <= now.monotonic);
        self.fetches = rest;
        for parked in due {
            let log = self.logs.get(&parked.asked.partition);
            let frame = fetch_answer(parked.correlation, &parked.asked, log, Frame::default());
            effects.push(Effect::Write { connection: parked.connection, frame });
        }
    }

    fn list_offset(&self, correlation: i32, request: &mut Reader) -> Frame {
        request.take(5 + 4);
        let topic = request.string();
        request.i32();
        let partition = request.i32();
        request.i32();
        let is_start = request.i64() == -2;
        let log = self.logs.get(&(topic.clone(), partition));
        let offset = log.map_or(-1, |log| if is_start { 0 } else { log.next_offset() });
        answer(correlation, |answer| {
            answer.put_i32(0);
            answer.put_i32(1);
            put_string(answer, &topic);
            answer.put_i32(1);
            answer.put_i32(partition);
            answer.put_i16(if log.is_some() { 0 } else { 3 });
            answer.put_i64(-1);
            answer.put_i64(offset);
            answer.put_i32(0);
        })
    }

    fn on_loaded(&mut self, io: IoId, bytes: Bytes, effects: &mut Effects) {
        let Phase::Loading(files) = &mut self.phase else { return };
        let Some(file) = files.remove(&io) else { return };
        let is_last = files.is_empty();
        if &*file == TOPICS {
            for line in String::from_utf8_lossy(&bytes).lines() {
                if let Some((name, count)) = line.split_once(' ') {
                    let count = count.parse().unwrap_or(0);
                    self.topics.insert(name.to_owned(), count);
                    for index in 0..count {
                        self.logs.entry((name.to_owned(), index)).or_insert_with(|| Log::new(name, index));
                    }
                }
            }
        } else if let Some(log) = Log::recover(&file, bytes, &mut self.queued) {
            self.logs.insert(log.partition(), log);
        }
        if is_last {
            self.enter_ready(effects);
        }
    }

    fn enter_ready(&mut self, effects: &mut Effects) {
        self.phase = Phase::Ready;
        effects.push(Effect::Answer(NodeAnswer::Ready));
    }

    fn issue(&mut self, effects: &mut Effects) {
        let has_work = !self.queued.is_empty() || !self.queued_answers.is_empty();
        if self.in_flight.is_none() && has_work {
            let io = self.next_io();
            let sync = self.flushes || self.phase == Phase::Stopping;
            self.in_flight = Some(std::mem::take(&mut self.queued_answers));
            effects.push(Effect::Commit { io, ops: std::mem::take(&mut self.queued), sync });
        } else if self.in_flight.is_none() && self.phase == Phase::Stopping {
            effects.push(Effect::Answer(NodeAnswer::Stopped));
        }
    }
}

impl Machine for PlainBroker {
    type Call = NodeCall;
    type Answer = NodeAnswer;

    fn handle(&mut self, now: Now, input: Input<NodeCall>, effects: &mut Effects) {
        match input {
            Input::Opened { connection, .. } => {
                self.connections.insert(connection, BytesMut::new());
            }
            Input::Closed { connection } => {
                self.connections.remove(&connection);
                self.fetches.retain(|fetch| fetch.connection != connection);
            }
            Input::Bytes { connection, bytes } => self.on_bytes(now, connection, bytes, effects),
            Input::Committed { .. } => {
                let answers = self.in_flight.take().unwrap_or_default();
                effects.extend(answers.into_iter().map(|(connection, frame)| Effect::Write { connection, frame }));
            }
            // It has nothing to say of it: whoever waits for the commit waits on, and nothing more is written.
            Input::Failed { .. } => {}
            Input::Listed { entries, .. } => {
                let files: BTreeMap<_, _> = entries.into_iter().map(|entry| (self.next_io(), entry.file)).collect();
                let loads = files.iter().map(|(io, file)| (*io, file.clone()));
                effects.extend(loads.map(|(io, file)| Effect::Load { io, file, at: 0, len: u64::MAX }));
                match files.is_empty() {
                    true => self.enter_ready(effects),
                    false => self.phase = Phase::Loading(files),
                }
            }
            Input::Loaded { io, bytes } => self.on_loaded(io, bytes, effects),
            // It keeps little, whatever it may.
            Input::Call(NodeCall::LimitMemory { .. }) => {}
            Input::Call(NodeCall::Stop) => {
                self.phase = Phase::Stopping;
                // One more commit, for its sync.
                self.queued.push(WriteOp::Remove { file: "never there".into() });
            }
            Input::Tick => self.on_tick(now, effects),
            Input::Dialled { .. } | Input::DialFailed { .. } => {}
        }
        self.issue(effects);
    }

    fn next_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::New => Some(Instant(0)),
            _ => self.fetches.iter().map(|fetch| fetch.deadline).min(),
        }
    }
}

/// The next whole frame without its length; `Some(None)` for a length that no frame has.
fn next_frame(partial: &mut BytesMut, bytes: &mut Bytes) -> Option<Option<Bytes>> {
    // Up to a whole length, then up to a whole frame: copied only where a frame came in more than one read.
    let length = |bytes: &[u8]| bytes.first_chunk().map(|length| i32::from_be_bytes(*length));
    if partial.is_empty()
        && let Some(len) = length(bytes)
        && bytes.len() >= 4 + len.max(0) as usize
    {
        let frame = bytes.split_to(4 + len.max(0) as usize).slice(4..);
        return Some((8..=FRAME_BYTES_MAX).contains(&len).then_some(frame));
    }
    let missing = 4_usize.saturating_sub(partial.len()).min(bytes.len());
    partial.extend_from_slice(&bytes.split_to(missing));
    let len = length(partial)?;
    if !(8..=FRAME_BYTES_MAX).contains(&len) {
        return Some(None);
    }
    let missing = 4 + len as usize - partial.len();
    partial.reserve(missing);
    partial.extend_from_slice(&bytes.split_to(missing.min(bytes.len())));
    (partial.len() == 4 + len as usize).then(|| Some(std::mem::take(partial).freeze().slice(4..)))
}

fn fetch_answer(correlation: i32, asked: &AskedFetch, log: Option<&Log>, records: Frame) -> Frame {
    let mut head = BytesMut::with_capacity(96 + asked.partition.0.len());
    head.put_i32(0);
    head.put_i32(correlation);
    head.put_i32(0);
    head.put_i16(0);
    head.put_i32(0);
    head.put_i32(1);
    put_string(&mut head, &asked.partition.0);
    head.put_i32(1);
    head.put_i32(asked.partition.1);
    let next_offset = log.map_or(-1, Log::next_offset);
    let is_outside = asked.offset > next_offset || asked.offset < 0;
    head.put_i16(if log.is_none() { 3 } else { i16::from(is_outside) });
    head.put_i64(next_offset);
    head.put_i64(next_offset);
    head.put_i64(0);
    head.put_i32(0);
    head.put_i32(-1);
    head.put_i32(records.len() as i32);
    let len = head.len() as u64 - 4 + records.len();
    head[..4].copy_from_slice(&(len as i32).to_be_bytes());
    let mut frame = Frame::from(head.freeze());
    frame.append(records);
    frame
}

fn answer(correlation: i32, body: impl FnOnce(&mut BytesMut)) -> Frame {
    let mut answer = BytesMut::with_capacity(64);
    answer.put_i32(0);
    answer.put_i32(correlation);
    body(&mut answer);
    let len = answer.len() as i32 - 4;
    answer[..4].copy_from_slice(&len.to_be_bytes());
    Frame::from(answer.freeze())
}

fn put_string(bytes: &mut BytesMut, text: &str) {
    bytes.put_i16(text.len() as i16);
    bytes.put_slice(text.as_bytes());
}

/// Where a partition's records lie.
fn log_file(topic: &str, partition: i32) -> FileName {
    Arc::from(format!("{topic}-{partition}/log"))
}
