//! Reading a range of a file out of its chunks.

use bytes::Bytes;
use js_sys::{Array, Uint8Array};
use ottla_core::effect::{Outcome, StorageError, StorageErrorKind};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursor, IdbCursorDirection, IdbKeyRange};

use super::{CHUNKS, Inner, event, storage_error};

impl Inner {
    pub(super) async fn load(&self, name: &str, at: u64, len: u64) -> Result<Bytes, StorageError> {
        self.database.check_open()?;
        let Some(file) = self.directory.borrow().file(name) else {
            let detail = format!("{name}: there is no such file");
            return Err(StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Missing, detail });
        };
        let end = at.saturating_add(len).min(file.len);
        if at >= end {
            return Ok(Bytes::new());
        }
        let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
        let chunks = self.database.read()?.object_store(CHUNKS).map_err(failed)?;
        let up_to = range_of(file.number, 0, Some(at + 1)).map_err(failed)?;
        let first =
            chunks.open_key_cursor_with_range_and_direction(&up_to, IdbCursorDirection::Prev).map_err(failed)?;
        let first = event::result(&first).await?.dyn_into::<IdbCursor>().ok();
        let Some(start) = first.and_then(|cursor| place_of(&cursor.key().ok()?)) else {
            return Err(lost(name, at));
        };
        let range = range_of(file.number, start, Some(end)).map_err(failed)?;
        let request = chunks.get_all_with_key(&range).map_err(failed)?;
        let loaded: Array = event::result(&request).await?.unchecked_into();
        let mut bytes = Vec::with_capacity((end - at) as usize);
        let mut place = start;
        for chunk in loaded.iter() {
            let chunk: Uint8Array = chunk.unchecked_into();
            let next = place + u64::from(chunk.length());
            let (from, to) = (at.max(place) - place, end.min(next).saturating_sub(place));
            if from < to {
                let filled = bytes.len();
                bytes.resize(filled + (to - from) as usize, 0);
                chunk.subarray(from as u32, to as u32).copy_to(&mut bytes[filled..]);
            }
            place = next;
        }
        if bytes.len() as u64 == end - at { Ok(bytes.into()) } else { Err(lost(name, at)) }
    }
}

/// A chunk that the directory knows of is not there: the database was changed by someone else.
pub(super) fn lost(name: &str, at: u64) -> StorageError {
    let detail = format!("{name}: bytes from {at} on are missing from the database");
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Broken, detail }
}

pub(super) fn chunk_key(number: u32, at: u64) -> JsValue {
    Array::of2(&number.into(), &(at as f64).into()).into()
}

pub(super) fn place_of(key: &JsValue) -> Option<u64> {
    Some(key.dyn_ref::<Array>()?.get(1).as_f64()? as u64)
}

/// Chunks of a file that begin at or after `from`, and before `below` if that is given.
pub(super) fn range_of(number: u32, from: u64, below: Option<u64>) -> Result<IdbKeyRange, JsValue> {
    let end = below.map_or(f64::INFINITY, |below| below as f64);
    IdbKeyRange::bound_with_lower_open_and_upper_open(
        &chunk_key(number, from),
        &Array::of2(&number.into(), &end.into()).into(),
        false,
        true,
    )
}

pub(super) fn whole_file(number: u32) -> Result<IdbKeyRange, JsValue> {
    range_of(number, 0, None)
}
