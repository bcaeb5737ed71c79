//! One broker process.

use std::collections::BTreeMap;

use crate::{
    config::BrokerConfig,
    effect::{Address, Effect, Input, NodeAnswer, NodeCall},
    ids::BrokerId,
    machine::Machine,
    time::{Instant, Now},
    trace::Trace,
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
    /// Topic configs, by name, that stand in for Kafka's defaults.
    pub topic_defaults: BTreeMap<String, String>,
    /// Events that the trace keeps.
    pub trace_kept: usize,
    /// Serves what is there and changes nothing: no commit is ever issued.
    pub read_only: bool,
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
            topic_defaults: BTreeMap::new(),
            trace_kept: 10_000,
            read_only: false,
        }
    }
}

/// A broker process. Wants a `Tick` at once after it was made, with which recovery begins.
#[derive(Clone, Debug)]
pub struct Node {}

impl Node {
    pub fn new(options: NodeOptions) -> Self {
        let _ = options;
        todo!()
    }

    pub fn trace(&self) -> &Trace {
        todo!()
    }
}

impl Machine for Node {
    type Call = NodeCall;
    type Answer = NodeAnswer;

    fn handle(&mut self, now: Now, input: Input<NodeCall>, effects: &mut Vec<Effect<NodeAnswer>>) {
        let _ = (now, input, effects);
        todo!()
    }

    fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
}
