//! Between the exports and what they stand for.

use std::{future::poll_fn, pin::Pin, rc::Rc};

use js_sys::{Promise, Uint8Array};
use ottla_core::effect::{Outcome, StorageError, StorageErrorKind};
use ottla_js::{error::Refusal, value::to_js};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::{
    channel::Wire,
    cluster::{Cluster, Listener, Told},
    idb::Piece,
};

/// Bytes that were sent and that the broker has not read: with more, the connection is closed.
const UNREAD_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[wasm_bindgen]
extern "C" {
    /// Called between turns.
    pub type JsListener;
    #[wasm_bindgen(method, js_name = onRecovery)]
    fn on_recovery(this: &JsListener, done: f64, total: f64);
    #[wasm_bindgen(method, js_name = onGone)]
    fn on_gone(this: &JsListener, why: &str);

    /// Takes files one after the other: a name and a size, then as many bytes.
    pub type FileSink;
    #[wasm_bindgen(method, catch)]
    fn file(this: &FileSink, name: &str, len: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn bytes(this: &FileSink, bytes: &Uint8Array) -> Result<(), JsValue>;
}

impl Listener for JsListener {
    fn on_recovery(&self, done: u64, total: u64) {
        Self::on_recovery(self, done as f64, total as f64);
    }

    fn on_gone(&self, why: &str) {
        Self::on_gone(self, why);
    }
}

pub(crate) fn promise(work: impl Future<Output = Told> + 'static) -> Promise {
    boxed(Box::pin(work))
}

/// The machinery of a promise is there once, not once for each call.
fn boxed(work: Pin<Box<dyn Future<Output = Told>>>) -> Promise {
    future_to_promise(async move { work.await.map_err(JsValue::from) })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About<'a> {
    name: &'a str,
    cluster_id: &'a str,
    mode: &'static str,
    storage: &'static str,
    /// Version of the engine.
    build: &'static str,
}

pub(crate) fn about(cluster: &Cluster) -> JsValue {
    to_js(&About {
        name: cluster.name(),
        cluster_id: cluster.cluster_id(),
        mode: if cluster.is_read_only() { "read-only" } else { "read-write" },
        storage: if cluster.is_in_memory() { "memory" } else { "indexeddb" },
        build: env!("CARGO_PKG_VERSION"),
    })
}

impl Cluster {
    pub(crate) async fn export(&self, sink: &FileSink) -> Told {
        let storage = self.storage()?;
        let refused = |why: JsValue| StorageError {
            outcome: Outcome::Definite,
            kind: StorageErrorKind::Broken,
            detail: format!("the export was refused: {why:?}"),
        };
        let snapshot = storage.snapshot(|piece| match piece {
            Piece::File { name, len } => sink.file(&name, len as f64).map_err(refused),
            Piece::Bytes(bytes) => sink.bytes(&bytes).map_err(refused),
        });
        snapshot.await.map_err(Refusal::from)?;
        Ok(JsValue::UNDEFINED)
    }
}

pub(crate) fn send(wire: &Wire, bytes: Vec<u8>) {
    wire.write(bytes.into());
    if wire.unread_bytes() > UNREAD_BYTES_MAX {
        wire.close();
    }
}

pub(crate) async fn read(wire: &Rc<Wire>) -> JsValue {
    match poll_fn(|context| wire.poll_read(context)).await {
        Some(bytes) => Uint8Array::from(&bytes[..]).into(),
        None => JsValue::UNDEFINED,
    }
}
