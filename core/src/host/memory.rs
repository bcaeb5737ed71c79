//! A log dir in memory: a handle of a `Disk` that outlives the broker that writes it.

#![expect(
    clippy::disallowed_types,
    reason = "a disk is part of the host: its handles share it, across threads natively"
)]

use std::{
    future::{Future, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::Storage;
use crate::{
    disk::{CrashGrain, Disk},
    effect::{Entry, FileName, StorageError, WriteOp},
    rng::Rng,
};

/// Clones are handles of the same disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Arc<Mutex<Disk>>);

impl MemoryStorage {
    /// A disk that remembers what is not synced.
    pub fn with_crashes() -> Self {
        Self(Arc::new(Mutex::new(Disk::with_crashes())))
    }

    /// From here on a commit that would keep more bytes than this fails with `NoSpace`.
    pub fn set_capacity(&self, capacity: Option<u64>) {
        self.disk().set_capacity(capacity);
    }

    /// The next commit fails with this and is not done. Several queue up.
    pub fn fail_next_commit(&self, why: StorageError) {
        self.disk().fail_next_commit(why);
    }

    /// Bytes of all files and documents.
    pub fn used(&self) -> u64 {
        self.disk().used()
    }

    /// Power is lost: of what was not synced each file keeps some prefix, drawn from `rng`, its end possibly torn.
    ///
    /// # Panics
    /// If the disk was not made by `with_crashes`.
    pub fn crash(&self, rng: &mut Rng) {
        self.disk().crash(CrashGrain::Files, rng);
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>> {
        ready(self.disk().commit(ops, sync))
    }

    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        ready(self.disk().load(&file, at, len))
    }

    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        ready(Ok(self.disk().list(&prefix)))
    }
}
