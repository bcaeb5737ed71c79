//! The broker that `core` makes, as this host starts it.

use ottla_core::{
    effect::{NodeAnswer, NodeCall},
    machine::Machine,
    node::{Node, NodeOptions},
};

use super::Seed;

pub(super) fn make(seed: Seed) -> impl Machine<Call = NodeCall, Answer = NodeAnswer> + 'static {
    Node::new(NodeOptions { config: seed.config, seed: seed.random, ..NodeOptions::new(seed.address) })
}
