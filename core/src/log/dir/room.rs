//! Room kept back on a full disk, and how a read-only dir finds out that it may write again.

use bytes::Bytes;

use super::{DirState, LogDir, gathered::Gathered};
use crate::{
    effect::{StorageErrorKind, WriteOp},
    log::{checkpoint, layout},
    time::Instant,
};

/// A probe proves room for at most this much beside the kept room.
const PROVED_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// The document is there.
    is_kept: bool,
    /// When a read-only dir looks again by itself.
    retry_at: Option<Instant>,
    is_probe_due: bool,
    /// Size of the commit that failed: less room than that is not worth coming back for.
    failed_bytes: u64,
}

impl Room {
    pub(super) fn is_probe_due(&self) -> bool {
        self.is_probe_due
    }

    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(super) fn enter_probe_due(&mut self) {
        self.is_probe_due = true;
    }

    pub(super) fn on_failed(&mut self, retry_at: Instant, bytes: u64) {
        self.retry_at = Some(retry_at);
        self.is_probe_due = false;
        self.failed_bytes = bytes.min(PROVED_BYTES_MAX).max(self.failed_bytes);
    }

    /// On a full disk the kept room makes place for the work that frees more.
    pub(super) fn give_up(&self, work: &mut Gathered, is_probe: bool, state: DirState) {
        if self.is_kept && !is_probe && state == DirState::ReadOnly(StorageErrorKind::NoSpace) {
            work.ops.insert(0, WriteOp::Remove { file: layout::KEPT_ROOM.into() });
        }
    }

    pub(super) fn on_committed(&mut self, work: &Gathered, is_probe: bool, state: DirState) {
        for op in &work.ops {
            match op {
                WriteOp::Remove { file } if &**file == layout::KEPT_ROOM => self.is_kept = false,
                WriteOp::Put { file, .. } if &**file == layout::KEPT_ROOM => self.is_kept = true,
                _ => {}
            }
        }
        if is_probe {
            (self.is_probe_due, self.retry_at, self.failed_bytes) = (false, None, 0);
        } else if matches!(state, DirState::ReadOnly(_)) {
            // Storage took something: there may be room.
            self.is_probe_due = true;
        }
    }
}

impl LogDir {
    /// How recovery leaves the document: there, or given up because storage is full. Then there is no room for appends
    /// before it is there again.
    pub(in crate::log) fn set_room_kept(&mut self, is_kept: bool, now: Instant) {
        self.room.is_kept = is_kept;
        if !is_kept {
            self.state = DirState::ReadOnly(StorageErrorKind::NoSpace);
            self.room.on_failed(now + self.options.retry, 0);
        }
    }

    /// The commit after which appends are taken again: it writes as much as failed, takes that back to the kept room,
    /// and raises the epoch, because what was appended and lost in the old one may have been seen.
    pub(super) fn probe(&self) -> Option<Gathered> {
        let zeros =
            |len: u64| WriteOp::Put { file: layout::KEPT_ROOM.into(), bytes: Bytes::from(vec![0; len as usize]) };
        let kept = u64::from(self.options.kept_room);
        let mut work = Gathered { sync: true, ..Gathered::default() };
        work.ops = vec![
            zeros(kept + self.room.failed_bytes),
            zeros(kept),
            WriteOp::Put { file: layout::BROKER_EPOCH.into(), bytes: checkpoint::write_broker_epoch(self.epoch + 1) },
        ];
        Some(work)
    }
}
