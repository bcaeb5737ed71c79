//! One broker process.
//!
//! ```text
//! New ──first tick──▶ Opening (recovery) ──▶ Serving ──stop──▶ Stopping ──▶ Ended
//!                        └──── cannot be opened ─────────────────────────────▲
//! ```

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    broker::{Broker, NetworkLimits, Topics, stages::StageTimes},
    config::BrokerConfig,
    controller::Catalog,
    effect::{Address, Effect, Input, NodeAnswer, NodeCall},
    error::Fatal,
    ids::{BrokerId, TopicId},
    log::{CommitOutcome, DirOptions, Mark, OpenLog, Recovery, RecoveryStep},
    machine::Machine,
    replica::Partitions,
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
    Serving(Box<Broker>),
    Stopping(Box<Broker>),
    Ended,
}

#[derive(Clone, Debug)]
struct Opening {
    recovery: Recovery,
    catalog: Catalog,
    network: NetworkLimits,
    stages: StageTimes,
    has_catalog: bool,
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
            Phase::Serving(broker) | Phase::Stopping(broker) => Some(broker),
            Phase::New(_) | Phase::Opening(_) | Phase::Ended => None,
        }
    }

    pub fn topics(&self) -> Option<&Topics> {
        self.broker().map(Broker::topics)
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
            Phase::Serving(broker) => serve(&mut turn, broker, input),
            Phase::Stopping(broker) => stop(&mut turn, broker, input),
            Phase::Ended => {
                refuse_connection(&mut turn, &input);
                None
            }
        };
        match next {
            Some(Next::Phase(next)) => *phase = next,
            Some(Next::Stopping) => {
                if let Phase::Serving(broker) = std::mem::replace(phase, Phase::Ended) {
                    *phase = Phase::Stopping(broker);
                }
            }
            None => {}
        }
        self.deadline = match &self.phase {
            Phase::New(_) => Some(Instant(0)),
            Phase::Serving(broker) => broker.next_deadline(now.monotonic),
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
    let cluster_id = options.cluster_id.clone().unwrap_or_else(|| TopicId(turn.rng.uuid()).to_string());
    let catalog = Catalog::new(cluster_id, options.id, options.address.clone(), options.config.clone());
    let recovery = Recovery::start(turn, options.dir);
    let (network, stages) = (options.network, options.stages);
    Some(Next::Phase(Phase::Opening(Box::new(Opening { recovery, catalog, network, stages, has_catalog: false }))))
}

impl Opening {
    fn on_input(&mut self, turn: &mut Turn<'_>, input: Input<NodeCall>) -> Option<Next> {
        refuse_connection(turn, &input);
        let step = match input {
            Input::Listed { io, entries } => self.recovery.on_listed(turn, io, entries),
            Input::Loaded { io, bytes } => self.recovery.on_loaded(turn, io, bytes),
            Input::Committed { io } => self.recovery.on_committed(turn, io),
            Input::Failed { io, why } => self.recovery.on_failed(turn, io, why),
            // Recovery can be broken off anywhere, and is begun anew by the next start.
            Input::Call(NodeCall::Stop) => return Some(enter_ended(turn)),
            Input::Call(NodeCall::LimitMemory { request_bytes, hot_bytes }) => {
                self.network.request_memory_max = request_bytes;
                self.recovery.limit_memory(hot_bytes);
                return None;
            }
            _ => return None,
        };
        self.on_step(turn, step)
    }

    fn on_step(&mut self, turn: &mut Turn<'_>, step: RecoveryStep) -> Option<Next> {
        match step {
            RecoveryStep::Working { done, total } => {
                turn.effects.push(Effect::Answer(NodeAnswer::Recovering { done, total }));
                None
            }
            RecoveryStep::Catalog(document) => self.on_catalog(turn, document),
            RecoveryStep::Done(opened) => {
                let catalog = self.catalog.clone();
                let config_of = |id: crate::ids::TopicPartition| {
                    catalog.topic(id.topic).map(|topic| Arc::clone(&topic.config)).unwrap_or_default()
                };
                let partitions = Partitions::open(&opened.dir, opened.logs, config_of);
                let mut topics = Topics::new(catalog, partitions, opened.dir);
                if !self.has_catalog {
                    // The cluster's identity is kept before anything that depends on it.
                    topics.keep_catalog();
                }
                let mut broker = Broker::new(topics, self.network, self.stages);
                turn.note(Event::BrokerStarted {});
                turn.effects.push(Effect::Answer(NodeAnswer::Ready));
                broker.finish_turn(turn);
                Some(Next::Phase(Phase::Serving(Box::new(broker))))
            }
            RecoveryStep::Failed(fatal) => Some(enter_failed(turn, fatal)),
        }
    }

    fn on_catalog(&mut self, turn: &mut Turn<'_>, document: Option<Bytes>) -> Option<Next> {
        self.has_catalog = document.is_some();
        if let Err(fatal) = self.catalog.restore(document) {
            return Some(enter_failed(turn, fatal));
        }
        let logs = self.catalog.topics().flat_map(|topic| {
            (0..topic.partitions).map(|partition| OpenLog {
                id: crate::ids::TopicPartition { topic: topic.id, partition },
                topic: topic.name.clone(),
            })
        });
        let logs = logs.collect();
        let step = self.recovery.open_logs(turn, logs);
        self.on_step(turn, step)
    }
}

fn serve(turn: &mut Turn<'_>, broker: &mut Broker, input: Input<NodeCall>) -> Option<Next> {
    match input {
        Input::Opened { connection, listener, peer } => broker.on_opened(turn, connection, (listener, &peer)),
        Input::Bytes { connection, bytes } => broker.on_bytes(connection, bytes),
        Input::Closed { connection } => broker.on_closed(turn, connection),
        Input::Committed { io } => _ = broker.on_committed(turn, io),
        Input::Failed { io, why } => _ = broker.on_failed(turn, io, why),
        Input::Loaded { io, bytes } => broker.on_loaded(turn, io, &bytes),
        Input::Tick => broker.on_tick(turn),
        Input::Call(NodeCall::Stop) => {
            broker.finish_turn(turn);
            if broker.stop(turn) {
                return Some(Next::Stopping);
            }
            return Some(enter_stopped(turn, broker));
        }
        Input::Call(NodeCall::LimitMemory { request_bytes, hot_bytes }) => {
            broker.limit_memory(request_bytes, hot_bytes);
        }
        Input::Listed { .. } | Input::Dialled { .. } | Input::DialFailed { .. } => {}
    }
    broker.finish_turn(turn);
    None
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
