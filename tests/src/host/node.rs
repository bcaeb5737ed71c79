//! The broker that `core` makes, as this host starts it.

use ottla_core::{
    broker::NetworkLimits,
    effect::{NodeAnswer, NodeCall},
    ids::BrokerId,
    machine::Machine,
    node::{Node, NodeOptions, cluster::ClusterOptions},
};

use super::{Membership, Seed};

/// A producer sends ahead of its answers (`max.in.flight.requests.per.connection`), and raw clients further.
const REQUESTS_IN_HAND_MAX: u32 = 16;

pub(super) fn make(seed: Seed) -> impl Machine<Call = NodeCall, Answer = NodeAnswer> + 'static {
    let network = NetworkLimits { requests_in_hand_max: REQUESTS_IN_HAND_MAX, ..NetworkLimits::default() };
    let Seed { id, address, config, dir, random, membership } = seed;
    let cluster_id = membership.as_ref().map(|membership| membership.cluster_id.clone());
    let cluster = membership.and_then(|membership| cluster_options(id, membership));
    // Nobody looks at the trace of a host.
    let options = NodeOptions { id, config, dir, seed: random, network, trace_kept: 0, ..NodeOptions::new(address) };
    Node::new(NodeOptions { cluster_id, cluster, ..options })
}

fn cluster_options(id: BrokerId, Membership { peers, voters, .. }: Membership) -> Option<ClusterOptions> {
    let (_, own) = peers.iter().find(|(peer, _)| *peer == id)?.clone();
    Some(ClusterOptions::new(peers.into_iter().take(usize::from(voters)).collect(), own))
}
