//! Metadata (key 3, versions 0–13)

use kafka_wire::MetadataRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_metadata(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: MetadataRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
