//! A page's calls, short enough for tests.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, BigInt, JSON, Object, Reflect, Uint8Array};
use ottla_wasm::{
    cluster::{Cluster, Listener, StartOptions, Told, database_name},
    idb::IdbStorage,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(inline_js = "
const transaction = IDBDatabase.prototype.transaction;
export function lose_connection() {
  IDBDatabase.prototype.transaction = function () {
    IDBDatabase.prototype.transaction = transaction;
    this.close();
    throw new DOMException('as a test wants it', 'InvalidStateError');
  };
}
")]
extern "C" {
    /// The next transaction finds its database closed.
    pub fn lose_connection();
}

#[derive(Default)]
pub struct Heard {
    pub gone: RefCell<Vec<String>>,
}

impl Listener for Heard {
    fn on_recovery(&self, done: u64, total: u64) {
        assert!(done <= total);
    }

    fn on_gone(&self, why: &str) {
        self.gone.borrow_mut().push(why.to_owned());
    }
}

pub fn listener() -> Rc<Heard> {
    Rc::default()
}

pub async fn fresh(name: &str) -> StartOptions {
    IdbStorage::delete(&database_name(name)).await.expect("a database of our own");
    StartOptions { name: name.to_owned(), ..StartOptions::default() }
}

pub async fn start(options: &StartOptions) -> Cluster {
    Cluster::start(options.clone(), listener()).await.expect("a cluster")
}

pub async fn create_topic(cluster: &Cluster, name: &str, partitions: u32) {
    let topic = json(&format!(r#"{{"name":"{name}","partitions":{partitions}}}"#));
    cluster.create_topic(topic).await.expect("a new topic");
}

pub fn records(topic: &str, partition: i32, values: &[&str]) -> JsValue {
    let records: Vec<_> = values.iter().map(|value| format!(r#"{{"key":"k","value":"{value}"}}"#)).collect();
    json(&format!(r#"{{"topic":"{topic}","partition":{partition},"records":[{}]}}"#, records.join(",")))
}

/// The offset of the first.
pub async fn produce(cluster: &Cluster, topic: &str, partition: i32, values: &[&str]) -> i64 {
    let produced = cluster.produce(records(topic, partition, values), None).await.expect("it is kept");
    bigint(&get(&produced, "baseOffset"))
}

/// The batches of a partition, from 0 on, as they lie in its log. One answer may end where memory begins.
pub async fn read(cluster: &Cluster, topic: &str, partition: i32) -> Vec<(Vec<u8>, Vec<String>)> {
    let batch = |batch: &JsValue| {
        let value = |record: &JsValue| String::from_utf8_lossy(&bytes(&get(record, "value"))).into_owned();
        (bytes(&get(batch, "bytes")), each(&get(batch, "records")).iter().map(value).collect::<Vec<String>>())
    };
    let mut all: Vec<(Vec<u8>, Vec<String>)> = Vec::new();
    loop {
        let next: usize = all.iter().map(|(_, records)| records.len()).sum();
        let request = json(&format!(r#"{{"topic":"{topic}","partition":{partition},"offset":{next},"maxWaitMs":0}}"#));
        let fetched = cluster.fetch(request, None).await.expect("it can be read");
        let found = each(&get(&fetched, "batches"));
        if found.is_empty() {
            return all;
        }
        all.extend(found.iter().map(batch));
    }
}

pub fn values(batches: &[(Vec<u8>, Vec<String>)]) -> Vec<String> {
    batches.iter().flat_map(|(_, values)| values.clone()).collect()
}

pub fn refused(told: Told) -> &'static str {
    told.expect_err("it is refused").code
}

pub fn json(text: &str) -> JsValue {
    JSON::parse(text).expect("JSON")
}

pub fn get(object: &JsValue, name: &str) -> JsValue {
    assert!(object.has_type::<Object>(), "{object:?} has no `{name}`");
    Reflect::get(object, &name.into()).expect("a property")
}

pub fn each(array: &JsValue) -> Vec<JsValue> {
    array.dyn_ref::<Array>().expect("an array").to_vec()
}

pub fn text(value: &JsValue) -> String {
    value.as_string().expect("a text")
}

pub fn number(value: &JsValue) -> f64 {
    value.as_f64().expect("a number")
}

pub fn bigint(value: &JsValue) -> i64 {
    i64::try_from(value.dyn_ref::<BigInt>().expect("a BigInt").clone()).expect("64 bits")
}

pub fn bytes(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().expect("bytes").to_vec()
}
