//! What a part of a client may use and add to while it runs.

use std::time::Duration;

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
        self.now.monotonic + backoff(rng, failures, options.retry_backoff, options.retry_backoff_max)
    }

    /// When to dial again after so many failures in a row.
    pub fn reconnect_at(&mut self, failures: u32) -> Instant {
        let Self { options, rng, .. } = self;
        self.now.monotonic + backoff(rng, failures, options.reconnect_backoff, options.reconnect_backoff_max)
    }
}

/// Doubled with every failure after the first, a fifth more or less by chance, never over the bound
/// (`org.apache.kafka.common.utils.ExponentialBackoff`).
fn backoff(rng: &mut Rng, failures: u32, first: Duration, bound: Duration) -> Duration {
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(bound);
    let percent = 80 + rng.below(41) as u32;
    // Never none at all: what rests does not go on in the same turn.
    (doubled.saturating_mul(percent) / 100).min(bound).max(Duration::from_millis(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_stay_under_their_bound() {
        let mut rng = Rng::new(1);
        let (first, bound) = (Duration::from_millis(100), Duration::from_secs(1));
        for (failures, doubled) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (u32::MAX, 1000)] {
            for _ in 0..100 {
                let rest = backoff(&mut rng, failures, first, bound).as_millis();
                assert!((doubled * 8 / 10..=(doubled * 12 / 10).min(1000)).contains(&rest), "{failures} {rest}");
            }
        }
    }
}
