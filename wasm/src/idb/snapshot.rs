//! Everything that a database holds at one moment: one read transaction over both stores.

use js_sys::{Array, Uint8Array};
use ottla_core::effect::{Outcome, StorageError, StorageErrorKind};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursorDirection, IdbCursorWithValue, IdbObjectStore};

use super::{
    CHUNKS, IdbStorage, NAMES,
    directory::end_of_chunk,
    event,
    filling::UNFINISHED,
    load::{lost, place_of, range_of, whole_file},
    storage_error,
};

/// Chunks that are read at once: 7.5 MiB.
const CHUNKS_AT_ONCE: u32 = 128;

/// A part of a snapshot: a file, then its bytes in order.
#[derive(Clone, Debug)]
pub enum Piece {
    File {
        name: String,
        len: u64,
    },
    /// Never empty.
    Bytes(Uint8Array),
}

impl IdbStorage {
    /// Gives every file in the order of their names, as they stood in one transaction. `each` is called between two
    /// requests of it, so that it cannot wait for anything.
    ///
    /// # Errors
    /// The platform's, and `each`'s own, which ends the snapshot.
    pub async fn snapshot(&self, mut each: impl FnMut(Piece) -> Result<(), StorageError>) -> Result<(), StorageError> {
        let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
        let last = self.0.last.borrow().clone();
        let _ = last.await;
        let transaction = self.0.database.read()?;
        let names = transaction.object_store(NAMES).map_err(failed)?;
        let chunks = transaction.object_store(CHUNKS).map_err(failed)?;
        let (keys, numbers) = (names.get_all_keys().map_err(failed)?, names.get_all().map_err(failed)?);
        let keys: Array = event::result(&keys).await?.unchecked_into();
        let numbers: Array = event::result(&numbers).await?.unchecked_into();
        for (name, number) in keys.iter().zip(numbers.iter()) {
            let name = name.as_string().unwrap_or_default();
            if name == UNFINISHED {
                let detail = "the database is being filled".to_owned();
                return Err(StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Missing, detail });
            }
            let number = number.as_f64().unwrap_or_default() as u32;
            let len = len_of(&chunks, number).await?;
            each(Piece::File { name: name.clone(), len })?;
            read_file(&chunks, &name, (number, len), &mut each).await?;
        }
        Ok(())
    }
}

async fn len_of(chunks: &IdbObjectStore, number: u32) -> Result<u64, StorageError> {
    let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
    let range = whole_file(number).map_err(failed)?;
    let last = chunks.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev).map_err(failed)?;
    match event::result(&last).await?.dyn_into::<IdbCursorWithValue>() {
        Ok(cursor) => end_of_chunk(&cursor).map_err(failed),
        Err(_) => Ok(0),
    }
}

async fn read_file(
    chunks: &IdbObjectStore,
    name: &str,
    (number, len): (u32, u64),
    each: &mut impl FnMut(Piece) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
    let mut at = 0;
    while at < len {
        let range = range_of(number, at, None).map_err(failed)?;
        let keys = chunks.get_all_keys_with_key_and_limit(&range, CHUNKS_AT_ONCE).map_err(failed)?;
        let values = chunks.get_all_with_key_and_limit(&range, CHUNKS_AT_ONCE).map_err(failed)?;
        let keys: Array = event::result(&keys).await?.unchecked_into();
        let values: Array = event::result(&values).await?.unchecked_into();
        let before = at;
        for (key, chunk) in keys.iter().zip(values.iter()) {
            let chunk: Uint8Array = chunk.unchecked_into();
            if place_of(&key) != Some(at) {
                return Err(lost(name, at));
            }
            at += u64::from(chunk.length());
            each(Piece::Bytes(chunk))?;
        }
        if at == before {
            return Err(lost(name, at));
        }
    }
    Ok(())
}
