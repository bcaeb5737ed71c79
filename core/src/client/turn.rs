//! What a part of a client may use and add to while it runs.

use super::{CallId, ClientAnswer, ClientError, ClientOptions, Reply};
use crate::{
    effect::Effect,
    rng::Rng,
    time::{Instant, Now},
};

/// One turn of a client.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub now: Now,
    pub options: &'a ClientOptions,
    pub rng: &'a mut Rng,
    pub effects: &'a mut Vec<Effect<ClientAnswer>>,
    /// When something that rests may go on, the earliest of all.
    pub wake: Option<Instant>,
}

impl Turn<'_> {
    pub fn wake_at(&mut self, at: Instant) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    pub fn answer(&mut self, call: CallId, result: Result<Reply, ClientError>) {
        self.effects.push(Effect::Answer(ClientAnswer { call, result }));
    }

    /// When to send again after so many failures in a row.
    pub fn retry_at(&mut self, failures: u32) -> Instant {
        let Self { options, rng, .. } = self;
        self.now.monotonic + rng.backoff(failures, options.retry_backoff, options.retry_backoff_max)
    }

    /// When to dial again after so many failures in a row.
    pub fn reconnect_at(&mut self, failures: u32) -> Instant {
        let Self { options, rng, .. } = self;
        self.now.monotonic + rng.backoff(failures, options.reconnect_backoff, options.reconnect_backoff_max)
    }
}
