//! The broker that `core` makes, as this host starts it.

use ottla_core::{
    broker::NetworkLimits,
    effect::{NodeAnswer, NodeCall},
    machine::Machine,
    node::{Node, NodeOptions},
};

use super::Seed;

/// A producer sends ahead of its answers (`max.in.flight.requests.per.connection`), and raw clients further.
const REQUESTS_IN_HAND_MAX: u32 = 16;

pub(super) fn make(seed: Seed) -> impl Machine<Call = NodeCall, Answer = NodeAnswer> + 'static {
    let network = NetworkLimits { requests_in_hand_max: REQUESTS_IN_HAND_MAX, ..NetworkLimits::default() };
    // Its peers are nothing to a node that has no part in a quorum.
    let Seed { id, address, config, dir, random, peers: _ } = seed;
    // Nobody looks at the trace of a host.
    let options = NodeOptions { id, config, dir, seed: random, network, trace_kept: 0, ..NodeOptions::new(address) };
    Node::new(options)
}
