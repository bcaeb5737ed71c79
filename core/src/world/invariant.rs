//! What must always hold, checked after every step. The sentences are those of `core/invariants.md`.
//!
//! Ghosts are kept here and never by brokers: every batch that was appended, how far it was promised, which requests wait.
//! The quorum and replication bring invariants of their own, each a file here.

mod exchange;
mod files;
mod ghost;
mod memory;
mod quorum;
mod repeat;

use std::sync::Arc;

use bytes::Bytes;

use self::{
    exchange::{Exchanges, KeptBatch},
    ghost::{Ghost, log_in, log_of},
    memory::Seen,
    quorum::QuorumGhost,
};
use super::{
    Phase,
    fault::Fault,
    history::History,
    mark,
    server::Server,
    swarm::{Row, Swarm},
    visitor::Visitor,
};
use crate::{
    client::{ClientAnswer, ClientError},
    error::Fatal,
    ids::{ConnectionId, PartitionIndex, TopicId, TopicPartition},
    log::layout,
    sorted::{SortedMap, SortedSet},
    time::Instant,
    trace::{Event, Traced},
};

/// Ticks at one moment after which a machine is said to go round for ever.
const TICKS_MAX: u32 = 10_000;
/// Every so many steps in which something happened a broker's memory is looked at.
const MEMORY_EVERY: u32 = 16;

/// A code and what is wrong.
type Checked = Result<(), (&'static str, String)>;

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub at: Instant,
    /// Its code.
    pub code: &'static str,
    pub what: String,
}

/// What an end of a process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// A clean shutdown.
    Nothing,
    /// The process, not what it wrote.
    Process,
    /// And what was not synced.
    Unsynced,
}

#[derive(Clone, Debug)]
pub struct Invariants {
    row: Row,
    violation: Option<Violation>,
    /// Of every log there ever was: a deletion that is not durable comes undone.
    /// Each broker keeps its own.
    ghosts: SortedMap<(u32, TopicPartition), Ghost>,
    quorum: QuorumGhost,
    exchanges: Exchanges,
    /// Of each server.
    memory: SortedMap<u32, Seen>,
    looks: u32,
    /// S3: since an IO error no append is accepted, by server.
    has_failed: SortedMap<u32, bool>,
    ticks: (Instant, u32),
    /// Faults that happened, by code.
    pub faults: SortedMap<&'static str, u32>,
    /// Whole requests that reached a broker.
    pub(super) messages: u64,
    /// Of each server, the logs whose files are not what was written; the empty name for all of them.
    damaged: SortedSet<(u32, Arc<str>)>,
    /// Branches that some test must have driven.
    pub marks: SortedMap<&'static str, u32>,
}

impl Invariants {
    pub(super) fn new(swarm: &Swarm) -> Self {
        Self {
            row: swarm.row,
            violation: None,
            ghosts: SortedMap::new(),
            quorum: QuorumGhost::new(swarm),
            exchanges: Exchanges::default(),
            memory: SortedMap::new(),
            looks: 0,
            has_failed: SortedMap::new(),
            ticks: (Instant(0), 0),
            faults: SortedMap::new(),
            messages: 0,
            damaged: SortedSet::new(),
            marks: SortedMap::new(),
        }
    }

    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// What a clone copies, in bytes.
    pub(super) fn own_bytes(&self) -> u64 {
        self.ghosts.values().map(Ghost::own_bytes).sum::<u64>() + self.quorum.own_bytes()
    }

    pub(super) fn on_fault(&mut self, fault: &Fault) {
        *self.faults.entry(fault.code()).or_default() += 1;
    }

    pub(super) fn mark(&mut self, name: &'static str) {
        debug_assert!(mark::MARKS.contains(&name), "{name} is no mark");
        *self.marks.entry(name).or_default() += 1;
    }

    pub(super) fn violated(&mut self, at: Instant, code: &'static str, what: String) {
        if self.violation.is_none() {
            self.violation = Some(Violation { at, code, what });
        }
    }

    fn expect(&mut self, at: Instant, result: Checked) {
        if let Err((code, what)) = result {
            self.violated(at, code, what);
        }
    }

    /// A server takes bytes off a connection.
    pub(super) fn on_bytes(&mut self, server: u32, connection: ConnectionId, bytes: &[u8], now: Instant) {
        self.exchanges.on_bytes(server, connection, bytes, now);
    }

    /// A server writes a frame.
    pub(super) fn on_frame(&mut self, connection: ConnectionId, frame: Bytes) {
        self.exchanges.on_frame(connection, frame);
    }

    /// Looks at what a step has done.
    pub(super) fn after_step(&mut self, now: Instant, servers: &[Server]) {
        self.ticks = if self.ticks.0 == now { (now, self.ticks.1 + 1) } else { (now, 0) };
        if self.ticks.1 > TICKS_MAX {
            self.violated(now, "P2", "a machine goes round at one moment".to_owned());
        }
        for (server, index) in servers.iter().zip(0..) {
            if !self.is_damaged_at_all(index) {
                let result = self.quorum.look(now, index, servers);
                self.expect(now, result);
            }
            let mut fresh = server.fresh().peekable();
            if fresh.peek().is_none() {
                continue;
            }
            fresh.for_each(|traced| self.on_event(index, server, traced));
            self.looks += 1;
            if self.looks.is_multiple_of(MEMORY_EVERY)
                && let Some(broker) = server.node.as_ref().and_then(|node| node.broker())
            {
                let (frame_max, piece_max) = (self.exchanges.frame_max, self.exchanges.piece_max);
                let result = self.memory.entry(index).or_default().check(broker, frame_max, piece_max);
                self.expect(now, result);
            }
        }
        let result = self.exchanges.settle(now, servers);
        self.expect(now, result);
    }

    fn on_event(&mut self, index: u32, server: &Server, traced: &Traced) {
        let (now, event) = (traced.at, &traced.event);
        let ghosts = &self.ghosts;
        let watermark = |id| ghosts.get(&(index, id)).map_or(0, Ghost::high_watermark);
        let result = self.exchanges.on_event(index, now, event, watermark);
        self.expect(now, result);
        if let Some(mark) = mark::of_event(event) {
            self.mark(mark);
        }
        match *event {
            // S3: after an IO error no append is accepted by that log dir.
            Event::LogDirReadOnly { .. } | Event::LogDirOffline { .. } => _ = self.has_failed.insert(index, true),
            Event::LogDirOpened { recovered } => {
                self.mark(if recovered { "opened after a crash" } else { "opened after a clean stop" });
                self.has_failed.insert(index, false);
            }
            Event::BatchAppended { request, topic, partition, offset, .. } => {
                let id = TopicPartition { topic, partition };
                if self.has_failed.get(&index) == Some(&true) {
                    self.violated(now, "S3", format!("{id:?}: an append at {offset} after an IO error"));
                }
                let ghost = self.ghosts.entry((index, id)).or_default();
                let result = ghost.on_appended(server, id, offset);
                if let Some(end) = ghost.end_of(offset) {
                    let kept = KeptBatch { id, base: offset, end, is_duplicate: false, is_reached: false };
                    self.exchanges.on_kept(index, request, kept);
                }
                self.expect(now, result);
            }
            Event::DuplicateFound { request, topic, partition, offset, .. } => {
                let id = TopicPartition { topic, partition };
                let ghost = self.ghosts.entry((index, id)).or_default();
                let result = ghost.on_duplicate(offset);
                if let Some(end) = ghost.end_of(offset) {
                    let kept = KeptBatch { id, base: offset, end, is_duplicate: true, is_reached: false };
                    self.exchanges.on_kept(index, request, kept);
                }
                self.expect(now, result);
            }
            // The metadata log's watermark is the quorum's (Q6).
            Event::LogTruncated { topic, .. } | Event::LogStartMoved { topic, .. } if topic == TopicId::METADATA => {}
            Event::LogTruncated { topic, partition, to, .. } => {
                let id = TopicPartition { topic, partition };
                self.ghosts.entry((index, id)).or_default().truncate(to);
                let result = log_in(server, id).map_or(Ok(()), |log| files::check_end(id, log));
                self.expect(now, result);
            }
            Event::LogStartMoved { topic, partition, to, .. } => {
                let id = TopicPartition { topic, partition };
                let result = self.ghosts.entry((index, id)).or_default().on_log_start(server, id, to);
                self.expect(now, result);
            }
            Event::HighWatermarkMoved { topic, partition, from, to } => {
                let id = TopicPartition { topic, partition };
                let result = self.ghosts.entry((index, id)).or_default().on_high_watermark(server, id, from, to);
                self.expect(now, result);
            }
            Event::RequestReceived { .. } => self.messages += 1,
            _ => {}
        }
    }

    /// S1, S2, R1: what recovery has opened is a prefix of what was appended, with everything that was promised.
    pub(super) fn on_opened(&mut self, now: Instant, server: &Server) {
        self.mark("opened");
        let Some(topics) = server.node.as_ref().and_then(|node| node.topics()) else { return };
        let ids: Vec<TopicPartition> = topics.partitions.iter().map(|partition| partition.id()).collect();
        for id in ids {
            let name = topics.catalog.topic(id.topic).map_or("", |topic| &topic.name);
            let is_damaged = self.is_damaged(server, &layout::partition_dir(name, id.partition));
            let found = log_of(server, id, is_damaged);
            if is_damaged {
                self.mark("damage in a log that is open");
            }
            let ghost = self.ghosts.entry((index_of(server), id)).or_default();
            let result = found.and_then(|found| ghost.on_opened(id, &found));
            self.expect(now, result);
            if let Some(log) = log_in(server, id).filter(|_| !is_damaged) {
                let result = files::check(server, id, log);
                self.expect(now, result);
            }
        }
    }

    /// S2, S5: what is on storage can be read through, and its indexes are its own.
    fn check_logs(&mut self, now: Instant, server: &Server) {
        let Some(topics) = server.node.as_ref().and_then(|node| node.topics()) else { return };
        for partition in topics.partitions.iter() {
            let (log, id) = (partition.log(), partition.id());
            let name = topics.catalog.topic(id.topic).map_or("", |topic| &topic.name);
            let is_damaged = self.is_damaged(server, &layout::partition_dir(name, id.partition));
            if log.committed_end() == log.log_end_offset() && !is_damaged {
                let result = log_of(server, id, is_damaged).and_then(|_| files::check(server, id, log));
                self.expect(now, result);
            }
        }
    }

    /// D2, D3, D4: what a file holds is not what was written. What was promised of its log is promised no more, or of all
    /// logs where it is a document of the broker's. Gives topics and partitions; nothing for all of them.
    pub(super) fn on_damaged(&mut self, server: u32, file: &str) -> Option<(String, PartitionIndex)> {
        let dir = layout::parse(file).map(|(dir, _)| dir);
        self.damaged.insert((server, dir.unwrap_or_default().into()));
        self.quorum.forget(server);
        let (topic, partition) = layout::parse_partition_dir(dir?)?;
        Some((topic.to_owned(), partition))
    }

    fn is_damaged(&self, server: &Server, dir: &str) -> bool {
        let index = index_of(server);
        ["", dir].into_iter().any(|dir| self.damaged.contains(&(index, dir.into())))
    }

    fn is_damaged_at_all(&self, server: u32) -> bool {
        self.damaged.iter().any(|(damaged, _)| *damaged == server)
    }

    /// K5: the broker's disk is another, empty one.
    pub(super) fn on_disk_replaced(&mut self, server: u32) {
        self.mark("disk replaced");
        self.damaged.retain(|(damaged, _)| *damaged != server);
        self.ghosts.retain(|(of, _), _| *of != server);
        self.quorum.forget(server);
    }

    /// S2: damage is found and told; a log dir that does not open tells it.
    pub(super) fn may_not_open(&mut self, server: u32) -> bool {
        let is_damaged = self.is_damaged_at_all(server);
        if is_damaged {
            self.mark("damage keeps a log dir closed");
        }
        is_damaged
    }

    /// A process is about to end: what it had promised is written down.
    pub(super) fn on_ended(&mut self, server: &Server, loss: Loss) {
        let index = index_of(server);
        self.exchanges.on_ended(index);
        if loss == Loss::Unsynced {
            // Of logs that are not open too: a deletion may come undone.
            let own = self.ghosts.iter_mut().filter(|((of, _), _)| *of == index);
            own.for_each(|(_, ghost)| ghost.lose_power(self.row));
            if self.row == Row::CommitRelaxed {
                self.quorum.forget(index);
            }
        }
        // If it had not opened its dir, the promises of the life before stand.
        let Some(topics) = server.node.as_ref().and_then(|node| node.topics()) else { return };
        for partition in topics.partitions.iter() {
            let id = partition.id();
            let promised = match (loss, self.row) {
                (Loss::Nothing, _) => partition.log().committed_end(),
                // Storage did it, and a killed process takes nothing back.
                (Loss::Process, _) => partition.log().committed_end(),
                (Loss::Unsynced, Row::CommitRelaxed) => 0,
                (Loss::Unsynced, Row::Commit | Row::Append) => topics.dir.durable_end(id),
            };
            let acknowledged = partition.high_watermark();
            let ghost = self.ghosts.entry((index_of(server), id)).or_default();
            ghost.on_ended(promised, acknowledged, loss, self.row);
            ghost.set_durable(topics.dir.durable_end(id));
        }
    }

    /// S2: what a client is served has the right CRC.
    pub(super) fn on_served(&mut self, now: Instant, answer: &ClientAnswer) {
        if let Err(ClientError::Corrupt(why)) = &answer.result {
            self.violated(now, "S2", format!("a client is served what is damaged: {why}"));
        }
    }

    pub(super) fn cannot_open(&mut self, now: Instant, server: u32, why: &Fatal) {
        self.violated(now, "S1", format!("server {server} cannot open its log dir: {why}"));
    }

    pub(super) fn on_healed(&mut self, now: Instant) {
        self.quorum.on_healed(now);
    }

    /// Whether the members of a cluster know who leads it, and all the same.
    pub(super) fn is_settled(&mut self, servers: &[Server]) -> bool {
        self.quorum.check_settled(servers).is_ok()
    }

    /// L3, L10: after everything was healed, everybody is answered.
    pub(super) fn is_over(&mut self, now: Instant, phase: Phase, servers: &[Server], visitors: &[Visitor]) {
        if phase == Phase::Reading && visitors.iter().all(|visitor| visitor.is_quiet() && visitor.has_read_all()) {
            self.violated(now, "P2", "nobody asks any more, and somebody waits".to_owned());
        }
        if phase != Phase::Over {
            let waiting: u32 = visitors.iter().map(|visitor| visitor.client.unanswered()).sum();
            if waiting == 0 {
                let result = self.quorum.check_settled(servers);
                self.expect(now, result);
            }
            self.violated(now, "L3", format!("{waiting} calls are not answered long after everything was healed"));
        }
    }

    pub(super) fn at_the_end(&mut self, now: Instant, servers: &[Server], history: &History) {
        for server in servers {
            let parked = server.node.as_ref().and_then(|node| node.broker()).map(|broker| broker.parked());
            if parked.is_some_and(|parked| parked != Default::default()) {
                self.violated(now, "P2", format!("nobody asks any more, and somebody waits: {parked:?}"));
            }
        }
        let result = self.quorum.check_settled(servers);
        self.expect(now, result);
        servers.iter().for_each(|server| self.check_logs(now, server));
        let anomalies = history.check(self.row);
        if let Some(first) = anomalies.first() {
            self.violated(now, first.code, format!("{} ({} in all)", first.what, anomalies.len()));
        }
    }
}

fn index_of(server: &Server) -> u32 {
    (server.id.0 - 1) as u32
}
