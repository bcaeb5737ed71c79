//! What goes wrong, by the codes of `core/invariants.md`.

mod draw;

use std::time::Duration;

pub(super) use self::draw::draw;
pub use self::draw::{FAULTS, LOSSY};
use super::network::{Path, Peer};

/// One fault of the schedule. `server` and `visitor` count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// N1: what is sent on the connections that there are vanishes from here on, and nobody is told.
    Silence { path: Path },
    /// N2: a visitor's process ends and another begins; what the first has sent arrives this much later.
    Abandon { visitor: u32, late: Duration },
    /// N2: each connection's last request comes once more, on a connection of nobody's, this much later.
    Replay { visitor: u32, after: Duration },
    /// N3: for a while one piece of `one_in` is late, by `most` at most and most often by much less.
    Lag { one_in: u32, most: Duration, duration: Duration },
    /// N4: for a while every fourth request of one kind is late, by `most` at most.
    SlowApi { api: i16, most: Duration, duration: Duration },
    /// N5: nothing that is sent gets through for a while.
    Cut { path: Path, duration: Duration },
    /// N6: as N5, and what is under way is held too.
    Clog { path: Path, duration: Duration },
    /// N7: every connection of a visitor is reset, in the middle of whatever is under way.
    Reset { visitor: u32 },
    /// N8: a stranger sends so many frames that are none, or are not what they say.
    Hostile { server: u32, frames: u32 },
    /// K1: the process is gone at once; what it wrote is there. It starts again after `down`.
    Kill { server: u32, down: Duration },
    /// K2: as K1, and what was not synced may be lost.
    PowerLoss { server: u32, down: Duration },
    /// K3: a clean shutdown, and a start.
    Restart { server: u32, down: Duration },
    /// K4: nothing happens in the process for a while; what comes for it waits.
    Pause { server: u32, duration: Duration },
    /// K5: the process is gone, and its disk is replaced by an empty one.
    ReplaceDisk { server: u32, down: Duration },
    /// K6: the wall clock is set.
    ClockStep { server: u32, millis: i64 },
    /// K8: for a while there is no more memory than this for requests and for batches.
    LowMemory { server: u32, request_bytes: u64, hot_bytes: u64, duration: Duration },
    /// D1: the next storage calls fail; nothing of them is done.
    StorageFails { server: u32, calls: u32 },
    /// D1: the next commit's outcome is unknown, and the dir is gone until it is opened again.
    StorageLost { server: u32 },
    /// D2: one bit of one file flips, at rest.
    Rot { server: u32 },
    /// D3: the next append lands in another place of a file of its kind.
    Misdirect { server: u32 },
    /// D3: the next load gives what stands in another place of its file.
    Misread { server: u32 },
    /// D4: the next append is acknowledged and never reaches the medium.
    LoseWrite { server: u32 },
    /// D5: no room for more than `room` bytes beyond what is there, for a while.
    DiskFull { server: u32, room: u64, duration: Duration },
    /// D6: as K2, but exactly what is not synced of names comes undone: files that are new, renamed, removed, replaced.
    ForgetNames { server: u32, down: Duration },
    /// D7: storage takes `times` as long for a while.
    SlowDisk { server: u32, times: u32, duration: Duration },
    /// I1: the quota is exceeded, so many times; the transaction aborts and is undone.
    Quota { server: u32, calls: u32 },
    /// I2: the next transactions abort and are undone.
    Abort { server: u32, calls: u32 },
    /// I4: the connection to the database is lost: all calls fail until it is opened again, which fails so many times.
    ConnectionLost { server: u32, times: u32 },
    /// I5: the process ends, and its store does not open so many times.
    Unopened { server: u32, times: u32 },
    /// I6: the store is emptied under the running process.
    Evict { server: u32 },
    /// I7: another tab takes the database: the connection is closed, and opening it again is blocked for a while.
    Blocked { server: u32, duration: Duration },
    /// I8: from here on storage is in memory only, with so much room, and ends with each process.
    MemoryOnly { server: u32, room: u64 },
    /// One storage call, counted from the server's first: the `call`th goes wrong in this way.
    AtCall { server: u32, call: u64, way: CallFault },
}

/// How one storage call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallFault {
    /// D1: nothing of it is done, and it is said so.
    Error,
    /// D5, I1: as `Error`, for want of room.
    Quota,
    /// I2: as `Error`; the transaction was undone.
    Abort,
    /// D1, I4: some of it is done; nobody is told what, and storage is gone until it is opened again.
    Unknown,
    /// K1: the process is killed in the middle of it.
    Torn,
    /// K2: power is lost in the middle of it.
    PowerLoss,
    /// K2: it is done, and power is lost before anybody hears of it.
    DonePowerLoss,
}

impl CallFault {
    pub const ALL: [Self; 7] =
        [Self::Error, Self::Quota, Self::Abort, Self::Unknown, Self::Torn, Self::PowerLoss, Self::DonePowerLoss];

    /// In a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Quota => "quota",
            Self::Abort => "abort",
            Self::Unknown => "unknown",
            Self::Torn => "torn",
            Self::PowerLoss => "power",
            Self::DonePowerLoss => "done-power",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Error | Self::Unknown => "D1",
            Self::Quota => "I1",
            Self::Abort => "I2",
            Self::Torn => "K1",
            Self::PowerLoss | Self::DonePowerLoss => "K2",
        }
    }
}

impl Fault {
    /// Its code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Silence { .. } => "N1",
            Self::Abandon { .. } | Self::Replay { .. } => "N2",
            Self::Lag { .. } => "N3",
            Self::SlowApi { .. } => "N4",
            Self::Cut { .. } => "N5",
            Self::Clog { .. } => "N6",
            Self::Reset { .. } => "N7",
            Self::Hostile { .. } => "N8",
            Self::Kill { .. } => "K1",
            Self::PowerLoss { .. } => "K2",
            Self::Restart { .. } => "K3",
            Self::Pause { .. } => "K4",
            Self::ReplaceDisk { .. } => "K5",
            Self::ClockStep { .. } => "K6",
            Self::LowMemory { .. } => "K8",
            Self::StorageFails { .. } | Self::StorageLost { .. } => "D1",
            Self::Rot { .. } => "D2",
            Self::Misdirect { .. } | Self::Misread { .. } => "D3",
            Self::LoseWrite { .. } => "D4",
            Self::DiskFull { .. } => "D5",
            Self::ForgetNames { .. } => "D6",
            Self::SlowDisk { .. } => "D7",
            Self::Quota { .. } => "I1",
            Self::Abort { .. } => "I2",
            Self::ConnectionLost { .. } => "I4",
            Self::Unopened { .. } => "I5",
            Self::Evict { .. } => "I6",
            Self::Blocked { .. } => "I7",
            Self::MemoryOnly { .. } => "I8",
            Self::AtCall { way, .. } => way.code(),
        }
    }

    /// Whose machine it befalls.
    pub fn servers(&self) -> [Option<u32>; 2] {
        match *self {
            Self::Silence { path } | Self::Cut { path, .. } | Self::Clog { path, .. } => {
                [path.from, path.to].map(|peer| if let Peer::Server(server) = peer { Some(server) } else { None })
            }
            Self::Abandon { .. }
            | Self::Replay { .. }
            | Self::Lag { .. }
            | Self::SlowApi { .. }
            | Self::Reset { .. } => [None, None],
            Self::Hostile { server, .. }
            | Self::Kill { server, .. }
            | Self::PowerLoss { server, .. }
            | Self::Restart { server, .. }
            | Self::Pause { server, .. }
            | Self::ReplaceDisk { server, .. }
            | Self::ClockStep { server, .. }
            | Self::LowMemory { server, .. }
            | Self::StorageFails { server, .. }
            | Self::StorageLost { server }
            | Self::Rot { server }
            | Self::Misdirect { server }
            | Self::Misread { server }
            | Self::LoseWrite { server }
            | Self::DiskFull { server, .. }
            | Self::ForgetNames { server, .. }
            | Self::SlowDisk { server, .. }
            | Self::Quota { server, .. }
            | Self::Abort { server, .. }
            | Self::ConnectionLost { server, .. }
            | Self::Unopened { server, .. }
            | Self::Evict { server }
            | Self::Blocked { server, .. }
            | Self::MemoryOnly { server, .. }
            | Self::AtCall { server, .. } => [Some(server), None],
        }
    }

    pub fn visitors(&self) -> [Option<u32>; 2] {
        match *self {
            Self::Silence { path } | Self::Cut { path, .. } | Self::Clog { path, .. } => {
                [path.from, path.to].map(|peer| if let Peer::Visitor(visitor) = peer { Some(visitor) } else { None })
            }
            Self::Abandon { visitor, .. } | Self::Replay { visitor, .. } | Self::Reset { visitor } => {
                [Some(visitor), None]
            }
            _ => [None, None],
        }
    }
}
