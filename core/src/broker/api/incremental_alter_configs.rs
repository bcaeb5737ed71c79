//! IncrementalAlterConfigs (key 44, versions 0–1)

use kafka_wire::IncrementalAlterConfigsRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_incremental_alter_configs(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: IncrementalAlterConfigsRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
