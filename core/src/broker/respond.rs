//! Response queues: one per processor, from which it writes to its connections.

use std::collections::VecDeque;

use crate::{
    effect::{Effect, Frame},
    ids::{ConnectionId, RequestId},
    trace::Event,
    turn::Turn,
};

/// An answer on its way out.
#[derive(Clone, Debug)]
struct Response {
    request: RequestId,
    connection: ConnectionId,
    frame: Frame,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ResponseQueues {
    queues: Vec<VecDeque<Response>>,
}

impl ResponseQueues {
    pub fn push(
        &mut self,
        turn: &mut Turn<'_>,
        processor: u32,
        connection: ConnectionId,
        request: RequestId,
        frame: Frame,
    ) {
        let index = processor as usize;
        if self.queues.len() <= index {
            self.queues.resize_with(index + 1, VecDeque::new);
        }
        turn.note(Event::ResponseQueued { request, processor });
        self.queues[index].push_back(Response { request, connection, frame });
    }

    /// Every processor writes what is in its queue.
    pub fn send(&mut self, turn: &mut Turn<'_>) {
        for queue in &mut self.queues {
            while let Some(Response { request, connection, frame }) = queue.pop_front() {
                let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
                turn.note(Event::ResponseSent { request, bytes });
                turn.effects.push(Effect::Write { connection, frame });
            }
        }
    }
}
