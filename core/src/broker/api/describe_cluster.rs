//! DescribeCluster (key 60, versions 0–2)

use kafka_wire::DescribeClusterRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_describe_cluster(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DescribeClusterRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
