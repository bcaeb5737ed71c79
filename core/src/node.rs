//! One broker process.
//!
//! ```text
//! New ──first tick──▶ Opening (recovery) ──▶ Serving ──stop──▶ Stopping ──▶ Ended
//!                        └──── cannot be opened ─────────────────────────────▲
//! ```
//! One of a cluster serves its peers first, and clients once the controller has unfenced it; before it stops, others lead what
//! it leads.

pub mod cluster;
mod opening;
mod serving;

use self::{
    cluster::{Cluster, ClusterOptions},
    opening::Opening,
    serving::Serving,
};
use crate::{
    broker::{Broker, NetworkLimits, Topics, stages::StageTimes},
    config::BrokerConfig,
    effect::{Address, Effect, Input, NodeAnswer, NodeCall},
    error::Fatal,
    ids::BrokerId,
    log::{CommitOutcome, DirOptions, Mark},
    machine::Machine,
    rng::Rng,
    time::{Instant, Now},
    trace::{Event, Trace},
    turn::{Ids, Turn},
};

/// What a broker process is started with. Everything else it finds in its log dir.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// What Metadata tells clients.
    pub address: Address,
    pub config: BrokerConfig,
    /// Of all its randomness.
    pub seed: u64,
    pub id: BrokerId,
    /// `None`: as the log dir says; a new one is drawn from the seed at the first start.
    pub cluster_id: Option<String>,
    /// Events that the trace keeps.
    pub trace_kept: u32,
    pub network: NetworkLimits,
    pub stages: StageTimes,
    pub dir: DirOptions,
    /// `None`: the broker is on its own, and keeps a catalog.
    pub cluster: Option<ClusterOptions>,
}

impl NodeOptions {
    /// Kafka's defaults, broker 1.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            config: BrokerConfig::default(),
            seed: 0,
            id: BrokerId(1),
            cluster_id: None,
            trace_kept: 10_000,
            network: NetworkLimits::default(),
            stages: StageTimes::default(),
            dir: DirOptions::default(),
            cluster: None,
        }
    }
}

/// A broker process. Wants a `Tick` at once after it was made, with which recovery begins.
#[derive(Clone, Debug)]
pub struct Node {
    phase: Phase,
    /// Only a turn changes it.
    deadline: Option<Instant>,
    rng: Rng,
    ids: Ids,
    trace: Trace,
}

#[derive(Clone, Debug)]
enum Phase {
    New(Box<NodeOptions>),
    Opening(Box<Opening>),
    Serving(Box<Serving>),
    Stopping(Box<Broker>),
    Ended,
}

impl Node {
    pub fn new(options: NodeOptions) -> Self {
        Self {
            deadline: Some(Instant(0)),
            rng: Rng::new(options.seed),
            ids: Ids::default(),
            trace: Trace::new(options.id, options.trace_kept),
            phase: Phase::New(Box::new(options)),
        }
    }

    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Lets go of events before `number`, about.
    pub(crate) fn forget_trace_before(&mut self, number: u64) {
        self.trace.forget_before(number);
    }

    /// While it serves or stops.
    pub fn broker(&self) -> Option<&Broker> {
        match &self.phase {
            Phase::Serving(serving) => Some(&serving.broker),
            Phase::Stopping(broker) => Some(broker),
            Phase::New(_) | Phase::Opening(_) | Phase::Ended => None,
        }
    }

    pub fn topics(&self) -> Option<&Topics> {
        self.broker().map(Broker::topics)
    }

    /// While it serves as one of a cluster.
    pub fn cluster(&self) -> Option<&Cluster> {
        match &self.phase {
            Phase::Serving(serving) => serving.cluster.as_deref(),
            _ => None,
        }
    }
}

impl Machine for Node {
    type Call = NodeCall;
    type Answer = NodeAnswer;

    fn handle(&mut self, now: Now, input: Input<NodeCall>, effects: &mut Vec<Effect<NodeAnswer>>) {
        // Splitting the borrow once, here, is what keeps every handler below free of RefCell.
        let Self { phase, rng, ids, trace, .. } = self;
        let mut turn = Turn { now, rng, trace, ids, effects };
        let next = match phase {
            Phase::New(options) => begin(&mut turn, options, &input),
            Phase::Opening(opening) => opening.on_input(&mut turn, input),
            Phase::Serving(serving) => serving.on_input(&mut turn, input),
            Phase::Stopping(broker) => stop(&mut turn, broker, input),
            Phase::Ended => {
                refuse_connection(&mut turn, &input);
                None
            }
        };
        match next {
            Some(Next::Phase(next)) => *phase = next,
            Some(Next::Stopping) => {
                if let Phase::Serving(serving) = std::mem::replace(phase, Phase::Ended) {
                    *phase = Phase::Stopping(Box::new(serving.broker));
                }
            }
            None => {}
        }
        self.deadline = match &self.phase {
            Phase::New(_) => Some(Instant(0)),
            Phase::Serving(serving) => serving.next_deadline(now.monotonic),
            Phase::Opening(_) | Phase::Stopping(_) | Phase::Ended => None,
        };
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

enum Next {
    Phase(Phase),
    /// The broker stays as it is.
    Stopping,
}

fn begin(turn: &mut Turn<'_>, options: &mut NodeOptions, input: &Input<NodeCall>) -> Option<Next> {
    refuse_connection(turn, input);
    match input {
        Input::Call(NodeCall::Stop) => return Some(enter_ended(turn)),
        Input::Call(NodeCall::LimitMemory { request_bytes, hot_bytes }) => {
            options.network.request_memory_max = *request_bytes;
            options.dir.hot_bytes_max = *hot_bytes;
            return None;
        }
        Input::Tick => {}
        _ => return None,
    }
    Some(Next::Phase(Phase::Opening(Box::new(Opening::begin(turn, options)))))
}

/// Requests wait for their end; what comes in is not read.
fn stop(turn: &mut Turn<'_>, broker: &mut Broker, input: Input<NodeCall>) -> Option<Next> {
    refuse_connection(turn, &input);
    let outcome = match input {
        Input::Committed { io } => broker.on_committed(turn, io),
        Input::Failed { io, why } => broker.on_failed(turn, io, why),
        Input::Loaded { io, bytes } => {
            broker.on_loaded(turn, io, &bytes);
            None
        }
        Input::Closed { connection } => {
            broker.on_closed(turn, connection);
            None
        }
        _ => None,
    };
    let is_over = match outcome {
        Some(CommitOutcome::Committed(marks)) => marks.contains(&Mark::CleanShutdown),
        // The next start recovers.
        Some(CommitOutcome::Failed { .. }) => true,
        None => false,
    };
    if is_over {
        return Some(enter_stopped(turn, broker));
    }
    broker.go_on_stopping(turn);
    None
}

fn enter_stopped(turn: &mut Turn<'_>, broker: &mut Broker) -> Next {
    broker.close_all(turn);
    enter_ended(turn)
}

fn enter_ended(turn: &mut Turn<'_>) -> Next {
    turn.note(Event::BrokerStopped {});
    turn.effects.push(Effect::Answer(NodeAnswer::Stopped));
    Next::Phase(Phase::Ended)
}

fn enter_failed(turn: &mut Turn<'_>, fatal: Fatal) -> Next {
    turn.note(Event::BrokerStopped {});
    turn.effects.push(Effect::Answer(NodeAnswer::CannotOpen(fatal)));
    Next::Phase(Phase::Ended)
}

/// Nobody is served outside `Serving`.
fn refuse_connection(turn: &mut Turn<'_>, input: &Input<NodeCall>) {
    if let Input::Opened { connection, .. } = input {
        turn.effects.push(Effect::Close { connection: *connection });
    }
}
