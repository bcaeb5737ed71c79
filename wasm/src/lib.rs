//! A live cluster in a tab, over IndexedDB or memory, and its JavaScript surface.
//!
//! Exports take `&self` and give promises that hold a handle of their own: no borrow of an exported object outlives its
//! call. JavaScript is called between turns only, never in one.

#![deny(clippy::unwrap_used)]

pub mod broker;
pub mod channel;
pub mod client;
pub mod clock;
pub mod cluster;
mod convert;
mod events;
mod exports;
pub mod idb;
pub mod lock;
mod random;
pub mod slice;
pub mod storage;
pub mod transfer;
pub mod world;

use std::rc::Rc;

use js_sys::{Promise, Uint8Array};
use ottla_js::value::from_js;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use channel::Wire;
use cluster::Cluster;
use exports::{FileSink, JsListener, promise};
use transfer::Import;

/// Opens a cluster and gives it as a `LiveCluster` once its broker serves.
#[wasm_bindgen(js_name = startCluster)]
pub fn start_cluster(options: JsValue, listener: JsListener) -> Promise {
    promise(async move {
        let cluster = Cluster::start(from_js(options)?, Rc::new(listener)).await?;
        Ok(LiveCluster(cluster).into())
    })
}

/// A cluster of one broker that runs here.
#[wasm_bindgen]
pub struct LiveCluster(Cluster);

#[wasm_bindgen]
impl LiveCluster {
    /// `{name, clusterId, mode, storage, build}`.
    pub fn about(&self) -> JsValue {
        exports::about(&self.0)
    }

    #[wasm_bindgen(js_name = createTopic)]
    pub fn create_topic(&self, topic: JsValue) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.create_topic(topic).await })
    }

    #[wasm_bindgen(js_name = deleteTopic)]
    pub fn delete_topic(&self, name: String) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.delete_topic(name).await })
    }

    pub fn topics(&self) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.topics().await })
    }

    pub fn configs(&self, topic: String) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.configs(topic).await })
    }

    #[wasm_bindgen(js_name = alterConfigs)]
    pub fn alter_configs(&self, topic: String, edits: JsValue) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.alter_configs(topic, edits).await })
    }

    #[wasm_bindgen(js_name = deleteRecords)]
    pub fn delete_records(&self, topic: String, partition: i32, before: i64) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.delete_records(topic, partition, before).await })
    }

    pub fn produce(&self, request: JsValue, signal: Option<AbortSignal>) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.produce(request, signal).await })
    }

    pub fn fetch(&self, request: JsValue, signal: Option<AbortSignal>) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.fetch(request, signal).await })
    }

    pub fn offset(&self, topic: String, partition: i32, at: JsValue) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.offset(topic, partition, at).await })
    }

    pub fn status(&self) -> Result<JsValue, JsValue> {
        Ok(self.0.status()?)
    }

    /// Events from number `after` on, a bounded number of them at once.
    pub fn trace(&self, after: u64) -> Result<JsValue, JsValue> {
        Ok(self.0.trace(after)?)
    }

    /// Gives `sink` every file of the log dir as they stand at one moment.
    pub fn export(&self, sink: FileSink) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.export(&sink).await })
    }

    pub fn connect(&self) -> Result<LiveConnection, JsValue> {
        Ok(LiveConnection(Rc::new(self.0.connect()?)))
    }

    /// Opens a log dir that is offline again.
    pub fn reopen(&self) -> Promise {
        let cluster = self.0.clone();
        promise(async move { cluster.reopen().await.map(|()| JsValue::UNDEFINED) })
    }

    /// A clean shutdown.
    pub fn stop(&self) -> Promise {
        let cluster = self.0.clone();
        promise(async move {
            cluster.stop().await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// The end, mid-air.
    pub fn kill(&self) {
        self.0.kill();
    }
}

/// Raw bytes to and from the broker.
#[wasm_bindgen]
pub struct LiveConnection(Rc<Wire>);

#[wasm_bindgen]
impl LiveConnection {
    pub fn send(&self, bytes: Vec<u8>) {
        exports::send(&self.0, bytes);
    }

    /// The next bytes, `undefined` once the connection is closed. One read at a time.
    pub fn read(&self) -> Promise {
        let wire = Rc::clone(&self.0);
        promise(async move { Ok(exports::read(&wire).await) })
    }

    pub fn close(&self) {
        self.0.close();
    }
}

/// A cluster that is being made from files.
#[wasm_bindgen]
pub struct LiveImport(Rc<Import>);

#[wasm_bindgen(js_name = beginImport)]
pub fn begin_import(name: String, replace: bool) -> Promise {
    promise(async move { Ok(LiveImport(Rc::new(Import::begin(&name, replace).await?)).into()) })
}

#[wasm_bindgen]
impl LiveImport {
    /// The next file and its size.
    pub fn file(&self, name: &str, len: f64) -> Result<(), JsValue> {
        Ok(self.0.file(name, len as u64)?)
    }

    /// The next bytes of the file.
    pub fn write(&self, bytes: &Uint8Array) -> Promise {
        let (import, bytes) = (Rc::clone(&self.0), bytes.to_vec());
        promise(async move { import.write(bytes.into()).await.map(|()| JsValue::UNDEFINED) })
    }

    pub fn finish(&self) -> Promise {
        let import = Rc::clone(&self.0);
        promise(async move { import.finish().await.map(|()| JsValue::UNDEFINED) })
    }

    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&self) -> Promise {
        let import = Rc::clone(&self.0);
        promise(async move { import.give_up().await.map(|()| JsValue::UNDEFINED) })
    }
}

/// Whether a log dir takes a file of this name. Throws why not.
#[wasm_bindgen(js_name = checkFileName)]
pub fn check_file_name(name: &str) -> Result<(), JsValue> {
    Ok(transfer::check_file_name(name)?)
}
