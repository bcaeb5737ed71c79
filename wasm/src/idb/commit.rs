//! One commit, one transaction.

use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use gloo_timers::future::sleep;
use js_sys::Uint8Array;
use ottla_core::effect::{Outcome, StorageError, StorageErrorKind, WriteOp};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursorDirection, IdbCursorWithValue, IdbKeyRange, IdbObjectStore, IdbTransaction};

use super::{
    CHUNK_BYTES_MAX, CHUNKS, Durability, Inner, NAMES,
    directory::Step,
    event::{self, End},
    load::{chunk_key, range_of},
    storage_error,
};

/// A transaction that has not ended by then is not waited for: nobody knows what will become of it.
const PATIENCE: Duration = Duration::from_secs(30);

impl Inner {
    pub(super) async fn commit(&self, ops: &[WriteOp], sync: bool) -> Result<(), StorageError> {
        self.database.check_open()?;
        let (steps, undo) = self.directory.borrow_mut().plan(ops)?;
        if steps.is_empty() && !sync {
            return Ok(());
        }
        let result = self.write(&steps, sync).await;
        if let Err(why) = &result {
            self.directory.borrow_mut().undo(undo);
            if why.outcome == Outcome::Unknown {
                self.database.close();
            }
        }
        result
    }

    async fn write(&self, steps: &[Step<'_>], sync: bool) -> Result<(), StorageError> {
        let durability = if sync { self.durability } else { Durability::Relaxed };
        let transaction = self.database.write(durability)?;
        let end = End::of(&transaction);
        let written = async {
            let Err(why) = issue(&transaction, steps).await else { return end.reached().await };
            // Where the platform had ended it already, what was thrown is only the echo of that.
            let is_echo = transaction.abort().is_err();
            match end.reached().await {
                Err(ended) if is_echo || ended.kind == StorageErrorKind::NoSpace => Err(ended),
                Err(_) => Err(why),
                Ok(()) => Err(StorageError { outcome: Outcome::Unknown, ..why }),
            }
        };
        let written = std::pin::pin!(written);
        match select(written, std::pin::pin!(sleep(PATIENCE))).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(StorageError {
                outcome: Outcome::Unknown,
                kind: StorageErrorKind::TimedOut,
                detail: format!("a transaction has not ended for {} s", PATIENCE.as_secs()),
            }),
        }
    }
}

async fn issue(transaction: &IdbTransaction, steps: &[Step<'_>]) -> Result<(), StorageError> {
    let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
    let names = transaction.object_store(NAMES).map_err(failed)?;
    let chunks = transaction.object_store(CHUNKS).map_err(failed)?;
    for step in steps {
        match step {
            Step::Name(name, number) => {
                names.put_with_key(&(*number).into(), &JsValue::from_str(name)).map_err(failed)?;
            }
            Step::Unname(name) => {
                names.delete(&JsValue::from_str(name)).map_err(failed)?;
            }
            Step::Write { number, at, parts } => write_chunks(&chunks, *number, *at, parts).map_err(failed)?,
            Step::Cut { number, len } => cut(&chunks, *number, *len).await?,
        }
    }
    Ok(())
}

/// Copies the bytes out of wasm memory: storing a view would clone all of it.
fn write_chunks(chunks: &IdbObjectStore, number: u32, mut at: u64, parts: &[Bytes]) -> Result<(), JsValue> {
    let mut left: u64 = parts.iter().map(|part| part.len() as u64).sum();
    let mut parts = parts.iter().flat_map(|part| part.chunks(CHUNK_BYTES_MAX as usize));
    let mut part: &[u8] = &[];
    while left > 0 {
        let len = left.min(CHUNK_BYTES_MAX) as u32;
        let chunk = Uint8Array::new_with_length(len);
        let mut filled = 0;
        while filled < len {
            if part.is_empty() {
                part = parts.next().unwrap_or_default();
                continue;
            }
            let (now, later) = part.split_at(part.len().min((len - filled) as usize));
            let end = filled + now.len() as u32;
            chunk.subarray(filled, end).copy_from(now);
            (part, filled) = (later, end);
        }
        chunks.put_with_key(&chunk, &chunk_key(number, at))?;
        at += u64::from(len);
        left -= u64::from(len);
    }
    Ok(())
}

/// Removes the chunks at or after `len`, and shortens the one that lies across it.
async fn cut(chunks: &IdbObjectStore, number: u32, len: u64) -> Result<(), StorageError> {
    let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
    chunks.delete(range_of(number, len, None).map_err(failed)?.as_ref()).map_err(failed)?;
    if len == 0 {
        return Ok(());
    }
    let before: IdbKeyRange = range_of(number, 0, Some(len)).map_err(failed)?;
    let request = chunks.open_cursor_with_range_and_direction(&before, IdbCursorDirection::Prev).map_err(failed)?;
    let Ok(cursor) = event::result(&request).await?.dyn_into::<IdbCursorWithValue>() else { return Ok(()) };
    let key = cursor.key().map_err(failed)?;
    let at = key.unchecked_ref::<js_sys::Array>().get(1).as_f64().unwrap_or_default() as u64;
    let chunk: Uint8Array = cursor.value().map_err(failed)?.unchecked_into();
    if at + u64::from(chunk.length()) > len {
        chunks.put_with_key(&chunk.slice(0, (len - at) as u32), &key).map_err(failed)?;
    }
    Ok(())
}
