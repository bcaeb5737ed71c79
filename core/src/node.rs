//! One broker process.

use crate::{
    config::BrokerConfig,
    effect::{Address, Effect, Input, NodeAnswer, NodeCall},
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
