//! What goes into a machine and what it asks of the world. Adding a variant is an architecture decision.

use std::sync::Arc;

use bytes::Bytes;

use crate::ids::{ConnectionId, DialId, IoId};

/// Relative path of a file or document in one log dir. `log/layout.rs` alone knows what the names mean.
pub type FileName = Arc<str>;

/// Which door a connection came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Listener {
    /// Everyone's: producers, consumers, tools.
    Client,
    /// Other brokers only. Nobody is let in here before there is a quorum.
    Broker,
}

/// Where a broker can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// One thing that happened. `Call` is the application's side of the machine.
#[derive(Clone, Debug)]
pub enum Input<Call> {
    Opened {
        connection: ConnectionId,
        listener: Listener,
        peer: String,
    },
    Bytes {
        connection: ConnectionId,
        bytes: Bytes,
    },
    Closed {
        connection: ConnectionId,
    },
    Dialled {
        dial: DialId,
        connection: ConnectionId,
    },
    DialFailed {
        dial: DialId,
        why: String,
    },
    /// The commit is as durable as it asked to be.
    Committed {
        io: IoId,
    },
    /// A commit, load or list failed. Never the end of the loop.
    Failed {
        io: IoId,
        why: StorageError,
    },
    /// Answers `Load`. Shorter than asked where the file ends earlier.
    Loaded {
        io: IoId,
        bytes: Bytes,
    },
    /// Answers `List`, sorted by name.
    Listed {
        io: IoId,
        entries: Vec<Entry>,
    },
    Call(Call),
    /// Nothing but time passing. Delivered no earlier than `Machine::next_deadline`, and before a full inbox.
    Tick,
}

/// One thing a machine wants done. The host does them in order.
#[derive(Clone, Debug)]
pub enum Effect<Answer> {
    Write {
        connection: ConnectionId,
        frame: Frame,
    },
    /// Stop reading from the connection: what is behind it is full.
    Pause {
        connection: ConnectionId,
    },
    Resume {
        connection: ConnectionId,
    },
    /// Send what was written, then close. Inputs of it that were under way may still come; nothing else does.
    Close {
        connection: ConnectionId,
    },
    Dial {
        dial: DialId,
        address: Address,
    },
    /// Apply `ops` in order. With `sync` it and everything before it is durable when `Committed` comes.
    /// A machine has at most one commit in flight per log dir.
    Commit {
        io: IoId,
        ops: Vec<WriteOp>,
        sync: bool,
    },
    Load {
        io: IoId,
        file: FileName,
        at: u64,
        len: u64,
    },
    /// Every file and document whose name starts with `prefix`.
    List {
        io: IoId,
        prefix: String,
    },
    Answer(Answer),
}

/// Whether storage takes the name (`host::Storage`). Every backend takes the same names.
pub fn check_name(name: &str) -> Result<(), StorageError> {
    let is_component =
        |part: &str| (1..=255).contains(&part.len()) && part != "." && part != ".." && !part.contains(['\\', '\0']);
    let is_reserved = name.starts_with('.') && !name.contains('/');
    if name.split('/').all(is_component) && !is_reserved {
        return Ok(());
    }
    let detail = format!("`{}` is not a name for a file", name.escape_debug());
    Err(StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Broken, detail })
}

/// A change to storage. Files and documents share one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOp {
    /// Adds `bytes` (in order, as one piece) at `at`, which is the file's end. A missing file starts empty.
    Append { file: FileName, at: u64, bytes: Frame },
    /// Cuts the file to `len` bytes. Nothing if it is shorter or missing.
    Truncate { file: FileName, len: u64 },
    /// Gives `from` the name `to`, replacing what had it, atomically.
    Rename { from: FileName, to: FileName },
    /// Nothing if it is missing.
    Remove { file: FileName },
    /// Replaces a small document, all or nothing.
    Put { file: FileName, bytes: Bytes },
}

/// A file or document that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub file: FileName,
    pub len: u64,
}

/// Why storage did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageError {
    pub outcome: Outcome,
    pub kind: StorageErrorKind,
    /// The platform's own words, for people.
    pub detail: String,
}

/// Whether a failed commit may have happened all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing of it was done; storage still works for reading.
    Definite,
    /// Nobody knows. The log dir is offline until it is opened again and recovered.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StorageErrorKind {
    /// Disk full, quota exceeded.
    NoSpace,
    /// A file that should be there is not (for a load: it may have been removed meanwhile).
    Missing,
    /// The transaction was undone.
    Aborted,
    /// The database or directory went away under us.
    Gone,
    TimedOut,
    /// Anything else the platform reports.
    Broken,
}

/// Bytes to be written as one piece: a short list of slices, so that record bodies travel by reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    parts: Vec<Bytes>,
    len: u64,
}

impl Frame {
    /// An empty one with room for so many parts.
    pub fn with_capacity(parts: usize) -> Self {
        Self { parts: Vec::with_capacity(parts), len: 0 }
    }

    pub fn push(&mut self, part: Bytes) {
        self.len += part.len() as u64;
        if !part.is_empty() {
            self.parts.push(part);
        }
    }

    pub fn append(&mut self, other: Frame) {
        self.len += other.len;
        self.parts.extend(other.parts);
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    pub fn into_parts(self) -> Vec<Bytes> {
        self.parts
    }

    /// All parts in one piece. Copies unless there is just one.
    pub fn to_bytes(&self) -> Bytes {
        match self.parts.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            parts => parts.concat().into(),
        }
    }
}

impl From<Bytes> for Frame {
    fn from(bytes: Bytes) -> Self {
        Self { len: bytes.len() as u64, parts: if bytes.is_empty() { Vec::new() } else { vec![bytes] } }
    }
}

/// What an operator asks of a broker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeCall {
    /// A clean shutdown: flush, write the checkpoints and the clean marker last, close every connection.
    Stop,
    /// From here on so many bytes for requests (`NetworkLimits::request_memory_max`) and for batches that are committed
    /// (`DirOptions::hot_bytes_max`). What is there and may not be, goes as it can.
    LimitMemory { request_bytes: u64, hot_bytes: u64 },
}

/// What a broker process tells its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeAnswer {
    /// Recovery is done; requests are served.
    Ready,
    /// How far recovery is, in bytes read of bytes to read.
    Recovering { done: u64, total: u64 },
    /// The clean shutdown is complete; nothing more will come.
    Stopped,
    /// The log dir cannot be opened. Nothing was changed in it.
    CannotOpen(crate::error::Fatal),
}
