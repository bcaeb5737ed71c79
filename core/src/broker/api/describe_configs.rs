//! DescribeConfigs (key 32, versions 1–4)

use kafka_wire::DescribeConfigsRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_describe_configs(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DescribeConfigsRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
