//! The platform's clocks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ottla_core::{
    host::Clock,
    time::{Instant, Now, Timestamp},
};
use tokio::time::{Instant as TokioInstant, sleep_until};

/// Monotonic time since this clock was made; wall time as the platform tells it.
#[derive(Debug)]
pub struct PlatformClock {
    origin: TokioInstant,
}

impl PlatformClock {
    pub fn start() -> Self {
        Self { origin: TokioInstant::now() }
    }
}

impl Clock for PlatformClock {
    fn now(&self) -> Now {
        // A wall clock before 1970 is none.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { monotonic: Instant(self.origin.elapsed().as_micros() as u64), wall: Timestamp(wall.as_millis() as i64) }
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> {
        sleep_until(self.origin + Duration::from_micros(at.0))
    }
}
