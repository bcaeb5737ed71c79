//! A database that is filled from elsewhere (an import, a copy): until its filling is over it is marked, and whoever
//! finds the mark later knows that the filling was broken off.

use ottla_core::effect::{Outcome, StorageError};
use wasm_bindgen::JsValue;

use super::{Durability, IdbStorage, NAMES, event::End, storage_error};

/// In the store of names, where no file can have this one.
pub(super) const UNFINISHED: &str = ".unfinished";

impl IdbStorage {
    /// A database of its own for what will be filled in, in the place of whatever had its name.
    pub async fn begin_filling(name: &str) -> Result<Self, StorageError> {
        Self::delete(name).await?;
        let fresh = Self::open(name, Durability::Strict).await?;
        fresh.mark(true).await?;
        Ok(fresh)
    }

    /// All is there and durable: from here on the database counts.
    pub async fn finish_filling(&self) -> Result<(), StorageError> {
        let last = self.0.last.borrow().clone();
        let _ = last.await;
        self.mark(false).await
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.0.directory.borrow().is_unfinished()
    }

    async fn mark(&self, is_unfinished: bool) -> Result<(), StorageError> {
        let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
        let transaction = self.0.database.write(Durability::Strict)?;
        let end = End::of(&transaction);
        let names = transaction.object_store(NAMES).map_err(failed)?;
        let request = match is_unfinished {
            true => names.put_with_key(&JsValue::TRUE, &UNFINISHED.into()),
            false => names.delete(&UNFINISHED.into()),
        };
        request.map_err(failed)?;
        end.reached().await
    }
}
