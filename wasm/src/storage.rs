//! Where a broker of the page keeps its log dir.

use bytes::Bytes;
use futures::future::Either;
use ottla_core::{
    effect::{Entry, FileName, StorageError, WriteOp},
    host::{MemoryStorage, Storage},
};

use crate::idb::{Durability, IdbStorage, Piece};

/// Bytes that are read or committed at once when all of a storage is copied.
const COPY_BYTES: u64 = 4 * 1024 * 1024;

/// Either kind. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub enum PageStorage {
    Idb(IdbStorage),
    Memory(MemoryStorage),
}

impl PageStorage {
    /// Bytes of all files and documents.
    pub fn used(&self) -> u64 {
        match self {
            Self::Idb(storage) => storage.used(),
            Self::Memory(storage) => storage.used(),
        }
    }

    /// What a power loss takes of what was acknowledged, in a word: nothing, the last seconds, or all.
    pub fn durability(&self) -> &'static str {
        match self {
            Self::Idb(storage) if storage.durability() == Durability::Strict => "strict",
            Self::Idb(_) => "relaxed",
            Self::Memory(_) => "none",
        }
    }

    /// What is committed afterwards fails where a database is behind it.
    pub fn close(&self) {
        if let Self::Idb(storage) = self {
            storage.close();
        }
    }

    /// Gives every file as they stood at one moment.
    pub async fn snapshot(&self, mut each: impl FnMut(Piece) -> Result<(), StorageError>) -> Result<(), StorageError> {
        let storage = match self {
            Self::Idb(storage) => return storage.snapshot(each).await,
            Self::Memory(storage) => storage,
        };
        // Memory answers at once, so that nobody else has a turn in between.
        for Entry { file, len } in storage.list(String::new()).await? {
            each(Piece::File { name: file.to_string(), len })?;
            let mut at = 0;
            while at < len {
                let bytes = storage.load(file.clone(), at, COPY_BYTES).await?;
                at += bytes.len() as u64;
                each(Piece::Bytes(js_sys::Uint8Array::from(&bytes[..])))?;
            }
        }
        Ok(())
    }
}

/// All that a database holds at one moment, in memory.
pub async fn in_memory(source: &IdbStorage) -> Result<MemoryStorage, StorageError> {
    let memory = MemoryStorage::default();
    let (mut ops, mut file, mut at) = (Vec::new(), FileName::from(""), 0);
    source
        .snapshot(|piece| {
            let bytes = match piece {
                Piece::File { name, .. } => {
                    (file, at) = (name.into(), 0);
                    Bytes::new()
                }
                Piece::Bytes(bytes) => Bytes::from(bytes.to_vec()),
            };
            let len = bytes.len() as u64;
            ops.push(WriteOp::Append { file: file.clone(), at, bytes: bytes.into() });
            at += len;
            Ok(())
        })
        .await?;
    memory.commit(ops, true).await?;
    Ok(memory)
}

/// Commits all of `source` to `target`, which holds nothing.
pub async fn fill(target: &IdbStorage, source: &MemoryStorage) -> Result<(), StorageError> {
    for Entry { file, len } in source.list(String::new()).await? {
        let mut at = 0;
        // A file of nothing is a file, too.
        while at < len || (at == 0 && len == 0) {
            let bytes = source.load(file.clone(), at, COPY_BYTES).await?;
            let next = at + bytes.len() as u64;
            target.commit(vec![WriteOp::Append { file: file.clone(), at, bytes: bytes.into() }], false).await?;
            at = next;
            if len == 0 {
                break;
            }
        }
    }
    target.finish_filling().await
}

impl Storage for PageStorage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>> {
        match self {
            Self::Idb(storage) => Either::Left(storage.commit(ops, sync)),
            Self::Memory(storage) => Either::Right(storage.commit(ops, sync)),
        }
    }

    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        match self {
            Self::Idb(storage) => Either::Left(storage.load(file, at, len)),
            Self::Memory(storage) => Either::Right(storage.load(file, at, len)),
        }
    }

    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        match self {
            Self::Idb(storage) => Either::Left(storage.list(prefix)),
            Self::Memory(storage) => Either::Right(storage.list(prefix)),
        }
    }
}
