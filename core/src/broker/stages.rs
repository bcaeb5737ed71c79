//! How long each stage of the request path takes, where time is not the host's but the world's.
//!
//! A live host leaves all of it at zero: there a stage takes the time it takes. In the world every stage draws its time
//! from the seed, so that queues are seen to fill.

use std::time::Duration;

use crate::rng::Rng;

/// From `min` to `max`, both in microseconds, each as likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub min: u32,
    pub max: u32,
}

impl Span {
    /// One of them.
    pub fn draw(self, rng: &mut Rng) -> Duration {
        match u64::from(self.max.saturating_sub(self.min)) {
            0 => Duration::from_micros(u64::from(self.min)),
            width => Duration::from_micros(u64::from(self.min) + rng.below(width + 1)),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// A processor takes a request off a connection.
    pub receive: Span,
    /// A handler works on a request.
    pub handle: Span,
    /// A processor writes a response.
    pub send: Span,
}
