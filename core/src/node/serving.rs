//! A node that serves: its broker and, if it is one of a cluster, what that takes.

use std::time::Duration;

use super::{Next, cluster::Cluster, enter_failed, enter_stopped};
use crate::{
    broker::{Broker, registration::Life},
    effect::{Effect, Input, NodeAnswer, NodeCall, StorageError},
    ids::*,
    time::{Instant, sooner},
    turn::Turn,
};

/// How long a node that stops waits for others to lead what it leads. Kafka waits for ever.
const LEAVING: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub broker: Broker,
    pub cluster: Option<Box<Cluster>>,
    /// It was told to stop; by then it does, whether others lead or not.
    leaves_by: Option<Instant>,
}

impl Serving {
    pub fn new(broker: Broker, cluster: Option<Box<Cluster>>) -> Self {
        Self { broker, cluster, leaves_by: None }
    }

    /// The first turn. A broker on its own serves at once.
    pub fn begin(&mut self, turn: &mut Turn<'_>) {
        if self.cluster.as_ref().is_none_or(|cluster| cluster.life().is_none()) {
            turn.effects.push(Effect::Answer(NodeAnswer::Ready));
        }
        self.finish_turn(turn);
    }

    pub fn on_input(&mut self, turn: &mut Turn<'_>, input: Input<NodeCall>) -> Option<Next> {
        let Self { broker, cluster, .. } = self;
        match input {
            Input::Opened { connection, listener, peer } => broker.on_opened(turn, connection, (listener, &peer)),
            Input::Bytes { connection, bytes } => {
                match cluster.as_deref_mut().filter(|of| of.links().has(connection)) {
                    Some(cluster) => cluster.links_mut().on_bytes(turn, connection, bytes),
                    None => broker.on_bytes(connection, bytes),
                }
            }
            Input::Closed { connection } => match cluster.as_deref_mut().filter(|of| of.links().has(connection)) {
                Some(cluster) => cluster.links_mut().on_closed(turn, connection),
                None => broker.on_closed(turn, connection),
            },
            Input::Dialled { dial, connection } => {
                if let Some(cluster) = cluster {
                    cluster.links_mut().on_dialled(turn, dial, connection);
                }
            }
            Input::DialFailed { dial, .. } => {
                if let Some(cluster) = cluster {
                    cluster.links_mut().on_dial_failed(turn, dial);
                }
            }
            Input::Committed { io } => {
                let outcome = broker.on_committed(turn, io);
                if let (Some(cluster), Some(outcome)) = (cluster, outcome) {
                    cluster.on_outcome(turn, broker, &outcome);
                }
            }
            Input::Failed { io, why } => self.on_failed(turn, io, why),
            Input::Loaded { io, bytes } => {
                let is_of_cluster =
                    cluster.as_mut().is_some_and(|cluster| cluster.on_loaded(turn, broker, io, Some(&bytes)));
                if !is_of_cluster {
                    broker.on_loaded(turn, io, &bytes);
                }
            }
            Input::Tick => {
                broker.on_tick(turn);
                if let Some(cluster) = cluster {
                    cluster.on_tick(turn, broker);
                }
            }
            Input::Call(NodeCall::Stop) => self.begin_to_stop(turn),
            Input::Call(NodeCall::LimitMemory { request_bytes, hot_bytes }) => {
                broker.limit_memory(request_bytes, hot_bytes);
            }
            Input::Listed { .. } => {}
        }
        self.finish_turn(turn);
        if let Some(fatal) = self.cluster.as_ref().and_then(|cluster| cluster.fatal()) {
            self.broker.close_all(turn);
            return Some(enter_failed(turn, fatal));
        }
        self.may_stop(turn.now.monotonic).then(|| self.stop(turn))
    }

    fn on_failed(&mut self, turn: &mut Turn<'_>, io: IoId, why: StorageError) {
        let Self { broker, cluster, .. } = self;
        let Some(cluster) = cluster else { return drop(broker.on_failed(turn, io, why)) };
        if !cluster.on_loaded(turn, broker, io, None)
            && let Some(outcome) = broker.on_failed(turn, io, why)
        {
            cluster.on_outcome(turn, broker, &outcome);
        }
    }

    fn finish_turn(&mut self, turn: &mut Turn<'_>) {
        let Self { broker, cluster, .. } = self;
        broker.finish_turn(turn);
        if let Some(cluster) = cluster {
            while cluster.work(turn, broker) {
                broker.finish_turn(turn);
            }
        }
    }

    fn begin_to_stop(&mut self, turn: &mut Turn<'_>) {
        let asks = self.cluster.as_mut().is_some_and(|cluster| cluster.leave(turn));
        let wait = if asks { LEAVING } else { Duration::ZERO };
        self.leaves_by.get_or_insert(turn.now.monotonic + wait);
    }

    fn may_stop(&self, now: Instant) -> bool {
        let has_left = self.cluster.as_ref().is_none_or(|cluster| matches!(cluster.life(), Some(Life::Left) | None));
        self.leaves_by.is_some_and(|by| has_left || by <= now)
    }

    fn stop(&mut self, turn: &mut Turn<'_>) -> Next {
        if let Some(cluster) = &mut self.cluster {
            cluster.resign(turn, &mut self.broker);
        }
        match self.broker.stop(turn) {
            true => Next::Stopping,
            false => enter_stopped(turn, &mut self.broker),
        }
    }

    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let cluster = self.cluster.as_ref().and_then(|cluster| cluster.next_deadline(now));
        sooner(sooner(self.broker.next_deadline(now), cluster), self.leaves_by)
    }
}
