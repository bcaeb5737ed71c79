//! A machine's own clocks (K6): the monotonic one drifts, the wall clock is off and may be set in between.

use std::time::Duration;

use crate::time::{Instant, Now, Timestamp};

/// Wall time at the world's beginning: 14 November 2023.
const ORIGIN: i64 = 1_700_000_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Milliseconds by which the wall clock is off.
    pub offset: i64,
    /// Millionths by which it runs fast.
    pub drift: i64,
}

impl Clock {
    pub fn now(&self, at: Instant) -> Now {
        let millis = (at.0 / 1000) as i64;
        let drifted = millis + millis * self.drift / 1_000_000;
        Now { monotonic: at, wall: Timestamp(ORIGIN + drifted + self.offset) }
    }

    /// Somebody sets it.
    pub fn step(&mut self, millis: i64) {
        self.offset += millis;
    }
}

/// In microseconds.
pub(super) fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}
