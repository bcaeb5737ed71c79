//! What goes wrong, by the codes of `core/invariants.md`.

use std::time::Duration;

/// One fault of the schedule. `server` counts from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// K1: the process is gone at once; what it wrote is there. It starts again after `down`.
    Kill { server: u32, down: Duration },
    /// K2: as K1, and what was not synced may be lost.
    PowerLoss { server: u32, down: Duration },
    /// K3: a clean shutdown, and a start.
    Restart { server: u32, down: Duration },
    /// K4: nothing happens in the process for a while; what comes for it waits.
    Pause { server: u32, duration: Duration },
    /// K6: the wall clock is set.
    ClockStep { server: u32, millis: i64 },
    /// N5: nothing gets through, in one direction or both, for a while.
    Cut { visitor: u32, to_server: bool, to_visitor: bool, duration: Duration },
    /// N7: every connection of a visitor is reset, in the middle of whatever is under way.
    Reset { visitor: u32 },
    /// D1: the next storage calls fail; nothing of them is done.
    StorageFails { server: u32, calls: u32 },
    /// D1: the next commit's outcome is unknown, and the dir is gone until it is opened again.
    StorageLost { server: u32 },
    /// D5: no room for more than `room` bytes beyond what is there, for a while.
    DiskFull { server: u32, room: u64, duration: Duration },
    /// D7: storage takes `times` as long for a while.
    SlowDisk { server: u32, times: u32, duration: Duration },
}

impl Fault {
    /// Its code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "K1",
            Self::PowerLoss { .. } => "K2",
            Self::Restart { .. } => "K3",
            Self::Pause { .. } => "K4",
            Self::ClockStep { .. } => "K6",
            Self::Cut { .. } => "N5",
            Self::Reset { .. } => "N7",
            Self::StorageFails { .. } | Self::StorageLost { .. } => "D1",
            Self::DiskFull { .. } => "D5",
            Self::SlowDisk { .. } => "D7",
        }
    }
}
