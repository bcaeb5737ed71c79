//! What a handler of a broker process may use and add to while it runs.

use crate::{
    effect::{Effect, NodeAnswer},
    ids::{IoId, RequestId},
    rng::Rng,
    time::Now,
    trace::{Event, Trace},
};

/// One turn of a node: the time it was given, and what it may draw from and add to.
#[derive(Debug)]
pub struct Turn<'a> {
    pub now: Now,
    pub rng: &'a mut Rng,
    pub trace: &'a mut Trace,
    pub ids: &'a mut Ids,
    pub effects: &'a mut Vec<Effect<NodeAnswer>>,
}

/// The numbers given out next. Part of the node's state.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    io: u64,
    request: u64,
}

impl Turn<'_> {
    pub fn note(&mut self, event: Event) {
        self.trace.note(self.now.monotonic, event);
    }

    pub fn next_io(&mut self) -> IoId {
        self.ids.io += 1;
        IoId(self.ids.io)
    }

    pub fn next_request(&mut self) -> RequestId {
        self.ids.request += 1;
        RequestId(self.ids.request)
    }
}
