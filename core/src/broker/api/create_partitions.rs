//! CreatePartitions (key 37, versions 0–3)

use kafka_wire::CreatePartitionsRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_create_partitions(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: CreatePartitionsRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
