//! A broker process, its disk and its clock, across its lives.

use std::collections::VecDeque;

use super::{address, clock::Clock, swarm::Swarm};
use crate::{
    disk::Disk,
    effect::{Effect, Input, NodeAnswer, NodeCall},
    ids::BrokerId,
    machine::Machine,
    node::{Node, NodeOptions},
    rng::Rng,
    time::Instant,
    trace::Trace,
};

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
    /// What came meanwhile.
    pub(super) waiting: VecDeque<Input<NodeCall>>,
    /// When the last commit will be done: they end in order.
    pub(super) commits_until: Instant,
    /// Commits that storage was given and has not done, oldest first.
    pub(super) in_flight: VecDeque<Effect<NodeAnswer>>,
    pub(super) storage: StorageMood,
    /// Of all lives before this one.
    past_digest: u64,
}

/// How storage feels today.
#[derive(Clone, Debug, Default)]
pub(super) struct StorageMood {
    /// So many calls fail and are not done.
    pub failing: u32,
    /// The next commit's outcome is unknown.
    pub is_lost: bool,
    /// It takes so many times as long, until then.
    pub slow: Option<(u32, Instant)>,
    /// Some call of this life failed.
    pub has_failed: bool,
    /// Calls since the world began.
    pub calls: u64,
}

impl Server {
    pub(super) fn new(id: BrokerId, swarm: &Swarm, rng: &mut Rng) -> Self {
        let options = NodeOptions {
            config: swarm.config.clone(),
            id,
            network: swarm.network,
            stages: swarm.stages,
            dir: swarm.dir,
            trace_kept: 4_000,
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
            waiting: VecDeque::new(),
            commits_until: Instant(0),
            in_flight: VecDeque::new(),
            storage: StorageMood::default(),
            past_digest: 0,
        }
    }

    /// A new process on the same disk.
    pub(super) fn start(&mut self, seed: u64) {
        self.end();
        self.life += 1;
        self.node = Some(Node::new(NodeOptions { seed, ..self.options.clone() }));
    }

    /// The process is gone.
    pub(super) fn end(&mut self) {
        if let Some(node) = self.node.take() {
            self.past_digest = self.past_digest.rotate_left(13) ^ node.trace().digest();
        }
        (self.is_ready, self.is_stopping) = (false, false);
        self.waiting.clear();
        self.in_flight.clear();
        (self.commits_until, self.paused_until) = (Instant(0), Instant(0));
    }

    pub fn is_serving(&self) -> bool {
        self.is_ready && !self.is_stopping && self.node.is_some()
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
