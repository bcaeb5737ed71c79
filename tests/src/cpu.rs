//! CPU time, as the kernel counts it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// CPU time of the calling thread so far.
pub fn this_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What some threads have used together, each counting itself. A clone made for a thread counts that one's share.
#[derive(Clone, Debug, Default)]
pub struct CpuClock {
    nanos: Arc<AtomicU64>,
    counted: u64,
}

impl CpuClock {
    /// Adds what the calling thread has used since it last did so with this clone.
    pub fn count_this_thread(&mut self) {
        let used = this_thread().as_nanos() as u64;
        self.nanos.fetch_add(used.saturating_sub(self.counted), Ordering::Relaxed);
        self.counted = used;
    }

    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}
