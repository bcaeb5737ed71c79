//! DeleteTopics (key 20, versions 1–6)

use kafka_wire::DeleteTopicsRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_delete_topics(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DeleteTopicsRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
