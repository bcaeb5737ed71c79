//! A log dir in one IndexedDB database.
//!
//! Two object stores: `names` gives a file's number by its name, `chunks` its bytes by number and place. A file grows by
//! records of at most 60 KiB (beyond 64 KiB Chromium is three times slower) that are never written again; a rename
//! touches its name alone. Each commit is one transaction, and its `complete` is the only success.
//!
//! More than the contract asks: a commit is atomic over all its files.

mod commit;
mod directory;
mod event;
mod filling;
mod load;
mod open;
mod snapshot;

use std::{cell::RefCell, rc::Rc};

use bytes::Bytes;
use futures::{FutureExt, channel::oneshot, future::Shared};
use ottla_core::{
    effect::{Entry, FileName, Outcome, StorageError, StorageErrorKind, WriteOp},
    host::Storage,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::DomException;

use self::{directory::Directory, open::Database};

pub use snapshot::Piece;

/// Bytes of one record at most.
const CHUNK_BYTES_MAX: u64 = 60 << 10;
const NAMES: &str = "names";
const CHUNKS: &str = "chunks";

/// When a transaction that syncs reports `complete`: when the system has the bytes, or when its disk has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A loss of power may take the last seconds. A kill of the browser takes nothing.
    Relaxed,
    Strict,
}

/// Storage in one database. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct IdbStorage(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    durability: Durability,
    directory: RefCell<Directory>,
    /// Ends when the last commit that was called has ended.
    last: RefCell<Shared<oneshot::Receiver<()>>>,
}

impl IdbStorage {
    /// Opens the database of this name, which is made if it is missing. One whose filling was broken off is removed.
    pub async fn open(name: &str, durability: Durability) -> Result<Self, StorageError> {
        let opened = Self::open_as_it_is(name, durability, true).await?;
        if !opened.is_unfinished() {
            return Ok(opened);
        }
        opened.close();
        Self::delete(name).await?;
        Self::open_as_it_is(name, durability, true).await
    }

    /// Opens a database that is there, and was filled to its end if it was filled.
    ///
    /// # Errors
    /// `Missing` where it is not.
    pub async fn open_existing(name: &str, durability: Durability) -> Result<Self, StorageError> {
        let opened = Self::open_as_it_is(name, durability, false).await?;
        match opened.is_unfinished() {
            false => Ok(opened),
            true => {
                let detail = format!("`{name}` was never filled to its end");
                Err(StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Missing, detail })
            }
        }
    }

    async fn open_as_it_is(name: &str, durability: Durability, may_create: bool) -> Result<Self, StorageError> {
        let database = Database::open(name, may_create).await?;
        let directory = Directory::read(&database).await?;
        let (ended, last) = oneshot::channel();
        drop(ended);
        let last = RefCell::new(last.shared());
        Ok(Self(Rc::new(Inner { database, durability, directory: RefCell::new(directory), last })))
    }

    /// Closes the database: what is committed afterwards fails.
    pub fn close(&self) {
        self.0.database.close();
    }

    /// What is promised: strict only where the platform said so, too.
    pub fn durability(&self) -> Durability {
        if self.0.database.knows_strict() { self.0.durability } else { Durability::Relaxed }
    }

    /// Bytes of all files and documents.
    pub fn used(&self) -> u64 {
        self.0.directory.borrow().used()
    }

    /// Removes a database and all it holds. It must not be open anywhere.
    pub async fn delete(name: &str) -> Result<(), StorageError> {
        Database::delete(name).await
    }
}

impl Storage for IdbStorage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>> {
        let inner = Rc::clone(&self.0);
        let (ended, last) = oneshot::channel::<()>();
        let before = inner.last.replace(last.shared());
        async move {
            let _ = before.await;
            let result = inner.commit(&ops, sync).await;
            // Dropped where the caller lets go of the future, too: who waits goes on.
            drop(ended);
            result
        }
    }

    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        let inner = Rc::clone(&self.0);
        let before = inner.last.borrow().clone();
        // A task of its own: its transaction makes a second request in the first one's microtask, and would be over by
        // the time a loop that polls many futures comes round.
        let (loaded, result) = oneshot::channel();
        spawn_local(async move {
            let _ = before.await;
            _ = loaded.send(inner.load(&file, at, len).await);
        });
        async move { result.await.unwrap_or_else(|_| Err(open::gone("the load was dropped"))) }
    }

    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        let inner = Rc::clone(&self.0);
        let before = inner.last.borrow().clone();
        async move {
            let _ = before.await;
            inner.database.check_open()?;
            Ok(inner.directory.borrow().list(&prefix))
        }
    }
}

/// What the platform threw or reported, as the core understands it.
fn storage_error(outcome: Outcome, why: &JsValue) -> StorageError {
    use wasm_bindgen::JsCast;
    let (name, detail) = match why.dyn_ref::<DomException>() {
        Some(exception) => (exception.name(), format!("{}: {}", exception.name(), exception.message())),
        None => (String::new(), format!("{why:?}")),
    };
    let kind = match name.as_str() {
        "QuotaExceededError" => StorageErrorKind::NoSpace,
        "AbortError" => StorageErrorKind::Aborted,
        "InvalidStateError" => StorageErrorKind::Gone,
        _ => StorageErrorKind::Broken,
    };
    StorageError { outcome, kind, detail }
}
