//! Where a native broker keeps its log dir.

pub mod files;

use bytes::Bytes;
use ottla_core::{
    effect::{Entry, FileName, StorageError, WriteOp},
    host::{MemoryStorage, Storage},
};

pub use files::FileStorage;

/// Either kind, chosen when the host starts.
#[derive(Debug)]
pub enum AnyStorage {
    Memory(MemoryStorage),
    Files(FileStorage),
}

impl Storage for AnyStorage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>> {
        match self {
            Self::Memory(storage) => futures::future::Either::Left(storage.commit(ops, sync)),
            Self::Files(storage) => futures::future::Either::Right(storage.commit(ops, sync)),
        }
    }

    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        match self {
            Self::Memory(storage) => futures::future::Either::Left(storage.load(file, at, len)),
            Self::Files(storage) => futures::future::Either::Right(storage.load(file, at, len)),
        }
    }

    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        match self {
            Self::Memory(storage) => futures::future::Either::Left(storage.list(prefix)),
            Self::Files(storage) => futures::future::Either::Right(storage.list(prefix)),
        }
    }
}
