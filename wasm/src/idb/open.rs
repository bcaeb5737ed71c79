//! One open database, and whether it still is.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use futures::future::{Either, select};
use gloo_timers::future::sleep;
use ottla_core::effect::{Outcome, StorageError, StorageErrorKind};
use wasm_bindgen::{
    JsCast, JsValue,
    prelude::{Closure, wasm_bindgen},
};
use web_sys::{Event, IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbTransaction};

use super::{CHUNKS, Durability, NAMES, event::First, storage_error};

/// Of what the stores hold. A database of a later version is refused in words; an older one would be upgraded here.
const FORMAT_VERSION: u32 = 1;
/// A connection that was just closed may still block for a moment; one that another tab holds does for ever.
const BLOCKED_PATIENCE: Duration = Duration::from_secs(3);
/// A request behind one that is blocked hears nothing, not even that.
const PATIENCE: Duration = Duration::from_secs(10);

#[wasm_bindgen]
extern "C" {
    /// The durability option of `transaction` is not in the stable part of the bindings.
    #[wasm_bindgen(extends = IdbDatabase)]
    type WithOptions;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn transaction(
        this: &WithOptions,
        stores: &JsValue,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

#[derive(Debug)]
pub(super) struct Database {
    database: IdbDatabase,
    /// Set for good when the platform or another tab took the database away, or when nobody knows what is in it.
    is_gone: Rc<Cell<bool>>,
    on_close: Closure<dyn FnMut(Event)>,
    /// A platform that does not know the option opens every transaction in its own way.
    knows_strict: Cell<bool>,
}

impl Database {
    /// Without `may_create` a database that is not there is `Missing`.
    pub(super) async fn open(name: &str, may_create: bool) -> Result<Self, StorageError> {
        let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
        let request = factory()?.open_with_u32(name, FORMAT_VERSION).map_err(failed)?;
        let upgrade = Closure::<dyn FnMut(Event)>::new({
            let request = request.clone();
            move |_| {
                if let (false, Some(transaction)) = (may_create, request.transaction()) {
                    // Undoes its creation.
                    let _ = transaction.abort();
                    return;
                }
                let database = request.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok());
                for store in [NAMES, CHUNKS] {
                    // A store that cannot be made fails the request, which is where it is told.
                    let _ = database.as_ref().map(|database| database.create_object_store(store));
                }
            }
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let ended = ended(&request).await;
        request.set_onupgradeneeded(None);
        let database = ended.map_err(|error| match error.kind {
            StorageErrorKind::Aborted if !may_create => missing(name),
            _ => later_version_in_words(name, error),
        })?;
        let database = database.unchecked_into::<IdbDatabase>();
        let is_gone = Rc::new(Cell::new(false));
        let on_close = Closure::new({
            let (is_gone, database) = (Rc::clone(&is_gone), database.clone());
            // Another tab wants to delete or upgrade it: holding on would block that tab for ever.
            move |_| {
                is_gone.set(true);
                database.close();
            }
        });
        database.set_onversionchange(Some(on_close.as_ref().unchecked_ref()));
        database.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { database, is_gone, on_close, knows_strict: Cell::new(true) })
    }

    pub(super) async fn delete(name: &str) -> Result<(), StorageError> {
        let request = factory()?.delete_database(name).map_err(|why| storage_error(Outcome::Definite, &why))?;
        ended(&request).await.map(|_| ())
    }

    pub(super) fn close(&self) {
        self.is_gone.set(true);
        self.database.close();
    }

    pub(super) fn check_open(&self) -> Result<(), StorageError> {
        if self.is_gone.get() { Err(gone("the database was closed")) } else { Ok(()) }
    }

    pub(super) fn write(&self, durability: Durability) -> Result<IdbTransaction, StorageError> {
        let options = js_sys::Object::new();
        let word = if durability == Durability::Strict { "strict" } else { "relaxed" };
        let _ = js_sys::Reflect::set(&options, &"durability".into(), &word.into());
        let transaction = self.transaction("readwrite", &options)?;
        if durability == Durability::Strict {
            let kept = js_sys::Reflect::get(&transaction, &"durability".into());
            self.knows_strict.set(kept.is_ok_and(|kept| kept == word));
        }
        Ok(transaction)
    }

    /// Whether the last transaction that was asked to be strict was.
    pub(super) fn knows_strict(&self) -> bool {
        self.knows_strict.get()
    }

    pub(super) fn read(&self) -> Result<IdbTransaction, StorageError> {
        self.transaction("readonly", &JsValue::UNDEFINED)
    }

    fn transaction(&self, mode: &str, options: &JsValue) -> Result<IdbTransaction, StorageError> {
        self.check_open()?;
        let stores = js_sys::Array::of2(&NAMES.into(), &CHUNKS.into());
        self.database.unchecked_ref::<WithOptions>().transaction(&stores, mode, options).map_err(|why| {
            self.close();
            gone(&storage_error(Outcome::Unknown, &why).detail)
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.database.set_onversionchange(None);
        self.database.set_onclose(None);
        let _ = &self.on_close;
        self.database.close();
    }
}

/// Nothing more is known of what is in it: only opening it again tells.
pub(super) fn gone(detail: &str) -> StorageError {
    StorageError { outcome: Outcome::Unknown, kind: StorageErrorKind::Gone, detail: detail.to_owned() }
}

async fn ended(request: &IdbOpenDbRequest) -> Result<JsValue, StorageError> {
    // Listening from the start: the event may come while another is waited for.
    let blocked = First::of(request, &["blocked"]);
    let settled = pin!(First::of(request, &["success", "error"]).happened());
    let blocked = pin!(async {
        blocked.happened().await;
        sleep(BLOCKED_PATIENCE).await;
    });
    let silence = pin!(sleep(PATIENCE));
    let patience = select(blocked, silence);
    match select(settled, patience).await {
        Either::Left((event, _)) if event == "success" => {
            request.result().map_err(|why| storage_error(Outcome::Definite, &why))
        }
        Either::Left(_) => {
            let why = request.error().ok().flatten().map_or(JsValue::NULL, JsValue::from);
            Err(storage_error(Outcome::Definite, &why))
        }
        // The platform goes on waiting for the other tab, so that it may still be done later.
        Either::Right(_) => {
            close_late(request);
            Err(StorageError {
                outcome: Outcome::Unknown,
                kind: StorageErrorKind::TimedOut,
                detail: "the database is open in another tab".to_owned(),
            })
        }
    }
}

/// A database that opens when nobody waits for it any more would be held by nobody, and keep everybody else out.
fn close_late(request: &IdbOpenDbRequest) {
    let opened = request.clone();
    let close = Closure::once_into_js(move || {
        if let Some(database) = opened.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok()) {
            database.close();
        }
    });
    request.set_onsuccess(Some(close.unchecked_ref()));
}

fn missing(name: &str) -> StorageError {
    let detail = format!("there is no database `{name}`");
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Missing, detail }
}

fn later_version_in_words(name: &str, error: StorageError) -> StorageError {
    if !error.detail.starts_with("VersionError") {
        return error;
    }
    let detail = format!("`{name}` was written by a later version of Ottla; this one reads version {FORMAT_VERSION}");
    StorageError { detail, ..error }
}

fn factory() -> Result<IdbFactory, StorageError> {
    let factory = js_sys::Reflect::get(&js_sys::global(), &"indexedDB".into());
    factory.ok().and_then(|factory| factory.dyn_into().ok()).ok_or_else(|| StorageError {
        outcome: Outcome::Definite,
        kind: StorageErrorKind::Gone,
        detail: "this page has no IndexedDB".to_owned(),
    })
}
