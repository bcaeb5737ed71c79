//! CreateTopics (key 19, versions 2–7)

use kafka_wire::CreateTopicsRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_create_topics(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: CreateTopicsRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
