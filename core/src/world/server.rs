//! A broker process, its disk and its clock, across its lives.

use std::collections::VecDeque;

use super::{address, clock::Clock, fault::CallFault, peer_address, swarm::Swarm};
use crate::{
    disk::{CrashGrain, Disk},
    effect::{Effect, Input, Listener, NodeAnswer, NodeCall, StorageErrorKind},
    ids::{BrokerId, ConnectionId},
    machine::Machine,
    node::{Node, NodeOptions, cluster::ClusterOptions},
    rng::Rng,
    sorted::{SortedMap, SortedSet},
    time::Instant,
    trace::{Trace, Traced},
};

/// Events kept of each server between steps.
const TRACE_KEPT: u64 = 100;

#[derive(Clone, Debug)]
pub struct Server {
    pub id: BrokerId,
    /// `None` between two lives.
    pub node: Option<Node>,
    /// Which life it is, from 1.
    pub life: u32,
    pub disk: Disk,
    pub clock: Clock,
    pub(super) options: NodeOptions,
    /// It said that it serves, in this life.
    pub(super) is_ready: bool,
    /// A clean shutdown is under way.
    pub(super) is_stopping: bool,
    /// Nothing happens in it until then.
    pub(super) paused_until: Instant,
    /// Connections that it does not read for now.
    pub(super) unread: SortedSet<ConnectionId>,
    /// What came meanwhile.
    pub(super) waiting: VecDeque<Input<NodeCall>>,
    /// When the last commit will be done: they end in order.
    pub(super) commits_until: Instant,
    /// Commits that storage was given and has not done, oldest first.
    pub(super) in_flight: VecDeque<Effect<NodeAnswer>>,
    pub(super) storage: StorageMood,
    /// What the next loss of power leaves, if not what others leave.
    pub(super) grain_next: Option<CrashGrain>,
    /// The next process finds an empty disk.
    pub(super) is_replaced: bool,
    /// What memory there is, if little.
    pub(super) memory: Option<MemoryLimits>,
    /// Events of this life that were looked at.
    looked_at: u64,
    /// Of all lives before this one.
    past_digest: u64,
}

/// Bytes that requests and batches may take (K8).
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryLimits {
    pub request_bytes: u64,
    pub hot_bytes: u64,
}

/// What a broker process is up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    Down,
    Opening,
    Serving,
    Stopping,
    Paused,
}

impl ServerState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Opening => "opening",
            Self::Serving => "serving",
            Self::Stopping => "stopping",
            Self::Paused => "paused",
        }
    }
}

/// How storage feels today.
#[derive(Clone, Debug, Default)]
pub(super) struct StorageMood {
    /// The next calls fail like this and are not done, first the next.
    pub failing: VecDeque<StorageErrorKind>,
    /// Single calls that go wrong, by their number.
    pub at_call: SortedMap<u64, CallFault>,
    /// The next commit's outcome is unknown.
    pub is_lost: bool,
    /// Nothing answers until it is opened again.
    pub is_gone: bool,
    /// So often opening it again fails.
    pub unopened: u32,
    /// Opening it does not end before.
    pub blocked_until: Instant,
    /// The next append lands elsewhere.
    pub is_misdirected: bool,
    /// The next append lands nowhere.
    pub is_dropped: bool,
    /// The next load reads elsewhere.
    pub is_misread: bool,
    /// It ends with its process, and has so much room.
    pub memory_only: Option<u64>,
    /// It takes so many times as long, until then.
    pub slow: Option<(u32, Instant)>,
    /// Some call of this life failed.
    pub has_failed: bool,
    /// Calls since the world began.
    pub calls: u64,
}

impl StorageMood {
    /// Everything is well. Says whether it was gone, which only opening it again ends.
    pub fn heal(&mut self) -> bool {
        let Self { is_gone, memory_only, calls, has_failed, .. } = *self;
        *self = Self { memory_only, calls, has_failed, ..Self::default() };
        is_gone
    }
}

/// Bytes of committed metadata between two snapshots.
const SNAPSHOT_BYTES: u64 = 2_000;
/// Of every cluster in a world.
const CLUSTER_ID: &str = "b3R0bGEgaW4gYSB3b3JsZA";

fn cluster_options(id: BrokerId, swarm: &Swarm) -> ClusterOptions {
    let voters = (1..=swarm.voters as i32).map(BrokerId).map(|voter| (voter, peer_address(voter)));
    // A world's minute holds many snapshots.
    let options = ClusterOptions::new(voters.collect(), peer_address(id));
    let mut options = ClusterOptions { snapshot_bytes: SNAPSHOT_BYTES, ..options };
    swarm.cluster.apply(&mut options);
    options
}

impl Server {
    pub(super) fn new(id: BrokerId, swarm: &Swarm, rng: &mut Rng) -> Self {
        let options = NodeOptions {
            config: swarm.config.clone(),
            id,
            network: swarm.network,
            stages: swarm.stages,
            dir: swarm.dir,
            // All of a step is looked at, however much it is; then it is let go.
            trace_kept: u32::MAX,
            cluster_id: (swarm.voters > 0).then(|| CLUSTER_ID.to_owned()),
            cluster: (swarm.voters > 0).then(|| cluster_options(id, swarm)),
            ..NodeOptions::new(address(id))
        };
        Self {
            id,
            node: None,
            life: 0,
            disk: Disk::with_crashes(),
            clock: swarm.draw_clock(rng),
            options,
            is_ready: false,
            is_stopping: false,
            paused_until: Instant(0),
            unread: SortedSet::new(),
            waiting: VecDeque::new(),
            commits_until: Instant(0),
            in_flight: VecDeque::new(),
            storage: StorageMood::default(),
            grain_next: None,
            is_replaced: false,
            memory: None,
            looked_at: 0,
            past_digest: 0,
        }
    }

    /// A new process on the same disk.
    pub(super) fn start(&mut self, seed: u64) {
        self.end();
        self.life += 1;
        let mut options = NodeOptions { seed, ..self.options.clone() };
        let MemoryLimits { request_bytes, hot_bytes } = self.memory_limits();
        (options.network.request_memory_max, options.dir.hot_bytes_max) = (request_bytes, hot_bytes);
        self.node = Some(Node::new(options));
        self.looked_at = 0;
    }

    pub(super) fn memory_limits(&self) -> MemoryLimits {
        let Self { options: NodeOptions { network, dir, .. }, .. } = self;
        let whole = MemoryLimits { request_bytes: network.request_memory_max, hot_bytes: dir.hot_bytes_max };
        self.memory.unwrap_or(whole)
    }

    /// The process is gone.
    pub(super) fn end(&mut self) {
        if let Some(node) = self.node.take() {
            self.is_replaced |= self.storage.memory_only.is_some();
            self.past_digest = self.past_digest.rotate_left(13) ^ node.trace().digest();
        }
        (self.is_ready, self.is_stopping) = (false, false);
        self.unread.clear();
        self.waiting.clear();
        self.in_flight.clear();
        (self.commits_until, self.paused_until) = (Instant(0), Instant(0));
    }

    /// Whether a dial finds somebody there. Peers are let in as soon as there is a process, which may close the connection.
    pub(super) fn is_listening(&self, listener: Listener) -> bool {
        match listener {
            Listener::Client => self.is_serving(),
            Listener::Broker => self.node.is_some() && !self.is_stopping,
        }
    }

    pub fn is_serving(&self) -> bool {
        self.is_ready && !self.is_stopping && self.node.is_some()
    }

    pub fn state(&self, now: Instant) -> ServerState {
        match &self.node {
            None => ServerState::Down,
            Some(_) if now < self.paused_until => ServerState::Paused,
            Some(_) if self.is_stopping => ServerState::Stopping,
            Some(_) if self.is_ready => ServerState::Serving,
            Some(_) => ServerState::Opening,
        }
    }

    /// What it traced in this step, oldest first.
    pub(super) fn fresh(&self) -> impl Iterator<Item = &Traced> {
        self.trace().into_iter().flat_map(|trace| trace.since(self.looked_at))
    }

    /// Its events were looked at. A few are kept for who wants to see the last ones.
    pub(super) fn forget_trace(&mut self) {
        if let Some(node) = &mut self.node {
            self.looked_at = node.trace().next();
            node.forget_trace_before(self.looked_at.saturating_sub(TRACE_KEPT));
        }
    }

    /// Storage calls since the world began.
    pub fn storage_calls(&self) -> u64 {
        self.storage.calls
    }

    pub fn trace(&self) -> Option<&Trace> {
        self.node.as_ref().map(Node::trace)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deadline = self.node.as_ref()?.next_deadline()?;
        Some(deadline.max(self.paused_until))
    }

    pub(super) fn digest(&self) -> u64 {
        self.past_digest.rotate_left(13) ^ self.trace().map_or(0, Trace::digest)
    }
}
