//! A cluster as files, out and in.

use std::cell::RefCell;

use bytes::Bytes;
use ottla_core::{
    effect::{FileName, StorageErrorKind, WriteOp},
    host::{Storage, check_name},
};
use ottla_js::error::Refusal;

use crate::{
    cluster::{Locks, check_cluster_name, database_name},
    idb::{Durability, IdbStorage},
};

/// Bytes that are committed at once.
const COMMIT_BYTES: u64 = 4 * 1024 * 1024;
/// Of one import.
const FILES_MAX: u32 = 200_000;
const BYTES_MAX: u64 = 64 << 30;

/// An import under way. Files come one after the other, each with its size first. Until `finish` the database is marked
/// as unfinished, and removed by whoever opens it next.
#[derive(Debug)]
pub struct Import {
    storage: IdbStorage,
    name: String,
    state: RefCell<State>,
    /// Let go of when it has ended: JavaScript may keep the import itself for long.
    locks: RefCell<Option<Locks>>,
}

#[derive(Debug, Default)]
struct State {
    file: Option<FileName>,
    /// Where the next bytes go, and how many are to come.
    at: u64,
    left: u64,
    files: u32,
    bytes: u64,
    ops: Vec<WriteOp>,
    ops_bytes: u64,
}

impl Import {
    /// # Errors
    /// `exists` where a cluster of the name has records and `replace` is not said; `in-use`.
    pub async fn begin(name: &str, replace: bool) -> Result<Self, Refusal> {
        check_cluster_name(name)?;
        let locks = Locks::take(name).await?;
        let database = database_name(name);
        if !replace && has_logs(&database).await? {
            return Err(Refusal::new("exists", format!("`{name}` has topics; say that they are to be replaced")));
        }
        let storage = IdbStorage::begin_filling(&database).await.map_err(Refusal::of_opening)?;
        Ok(Self { storage, name: name.to_owned(), state: RefCell::default(), locks: RefCell::new(Some(locks)) })
    }

    /// The next file.
    pub fn file(&self, name: &str, len: u64) -> Result<(), Refusal> {
        check_file_name(name)?;
        let state = &mut *self.state.borrow_mut();
        state.check_complete()?;
        state.files += 1;
        state.bytes = state.bytes.saturating_add(len);
        if state.files > FILES_MAX || state.bytes > BYTES_MAX {
            return Err(bad_file(format!("more than {FILES_MAX} files or {BYTES_MAX} bytes")));
        }
        let file = FileName::from(name);
        // A name that was there already is appended to at 0, which storage refuses.
        state.ops.push(WriteOp::Append { file: file.clone(), at: 0, bytes: Bytes::new().into() });
        (state.file, state.at, state.left) = (Some(file), 0, len);
        Ok(())
    }

    /// The next bytes of the file.
    pub async fn write(&self, bytes: Bytes) -> Result<(), Refusal> {
        let is_due = {
            let state = &mut *self.state.borrow_mut();
            let len = bytes.len() as u64;
            let file = state.file.clone().filter(|_| len <= state.left).ok_or_else(|| bad_file("bytes of no file"))?;
            state.ops.push(WriteOp::Append { file, at: state.at, bytes: bytes.into() });
            state.at += len;
            state.left -= len;
            state.ops_bytes += len;
            state.ops_bytes >= COMMIT_BYTES || state.ops.len() >= 1_000
        };
        if is_due { self.commit().await } else { Ok(()) }
    }

    /// All is there.
    pub async fn finish(&self) -> Result<(), Refusal> {
        self.state.borrow().check_complete()?;
        if self.state.borrow().files == 0 {
            return Err(bad_file("no files"));
        }
        self.commit().await?;
        self.storage.finish_filling().await?;
        self.storage.close();
        drop(self.locks.take());
        Ok(())
    }

    /// Leaves nothing of it.
    pub async fn give_up(&self) -> Result<(), Refusal> {
        self.storage.close();
        let deleted = IdbStorage::delete(&database_name(&self.name)).await.map_err(Refusal::of_opening);
        drop(self.locks.take());
        deleted
    }

    async fn commit(&self) -> Result<(), Refusal> {
        let ops = {
            let state = &mut *self.state.borrow_mut();
            state.ops_bytes = 0;
            std::mem::take(&mut state.ops)
        };
        self.storage.commit(ops, false).await.map_err(|why| match why.kind {
            StorageErrorKind::Broken => bad_file(why.detail),
            _ => why.into(),
        })
    }
}

impl State {
    fn check_complete(&self) -> Result<(), Refusal> {
        match (&self.file, self.left) {
            (Some(file), left) if left > 0 => Err(bad_file(format!("{file}: {left} bytes are missing"))),
            _ => Ok(()),
        }
    }
}

pub fn check_file_name(name: &str) -> Result<(), Refusal> {
    check_name(name).map_err(|why| bad_file(why.detail))
}

fn bad_file(why: impl Into<String>) -> Refusal {
    Refusal::new("bad-file", why)
}

async fn has_logs(database: &str) -> Result<bool, Refusal> {
    match IdbStorage::open_existing(database, Durability::Relaxed).await {
        Err(why) if why.kind == StorageErrorKind::Missing => Ok(false),
        Err(why) => Err(Refusal::of_opening(why)),
        Ok(there) => {
            let files = there.list(String::new()).await;
            there.close();
            Ok(files.map_err(Refusal::of_opening)?.iter().any(|entry| entry.file.contains('/')))
        }
    }
}
