//! Responses on their way out: each processor has a queue of them, which it writes before it reads on.

use crate::{
    effect::{Effect, Frame},
    ids::{ConnectionId, RequestId},
    trace::Event,
    turn::Turn,
};

#[derive(Clone, Debug)]
pub(super) struct Response {
    pub request: RequestId,
    pub connection: ConnectionId,
    pub frame: Frame,
}

impl Response {
    pub fn send(self, turn: &mut Turn<'_>) {
        let Self { request, connection, frame } = self;
        let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        turn.note(Event::ResponseSent { request, bytes });
        turn.effects.push(Effect::Write { connection, frame });
    }
}
