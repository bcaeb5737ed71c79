//! What the browser does to a database, and what storage says of it.

#![cfg(target_arch = "wasm32")]

use bytes::Bytes;
use ottla_core::{
    effect::{Outcome, StorageErrorKind, WriteOp},
    host::Storage,
};
use ottla_wasm::idb::{Durability, IdbStorage};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = "
const put = IDBObjectStore.prototype.put;
export function fail_puts_from(number, name) {
  let count = 0;
  IDBObjectStore.prototype.put = function (...given) {
    const request = put.apply(this, given);
    if (count++ >= number) {
      if (name === 'abort') this.transaction.abort();
      else throw new DOMException('as a test wants it', name);
    }
    return request;
  };
}
export function mend_puts() { IDBObjectStore.prototype.put = put; }
export function make_later_version(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1000);
    request.onsuccess = () => { request.result.close(); resolve(); };
    request.onerror = () => reject(request.error);
  });
}
")]
extern "C" {
    fn fail_puts_from(number: u32, name: &str);
    fn mend_puts();
    #[wasm_bindgen(catch)]
    async fn make_later_version(name: &str) -> Result<JsValue, JsValue>;
}

fn append(file: &str, at: u64, bytes: &'static [u8]) -> WriteOp {
    WriteOp::Append { file: file.into(), at, bytes: Bytes::from_static(bytes).into() }
}

async fn fresh(name: &str) -> IdbStorage {
    IdbStorage::delete(name).await.unwrap();
    IdbStorage::open(name, Durability::Strict).await.unwrap()
}

async fn held(storage: &IdbStorage, file: &str) -> Bytes {
    storage.load(file.into(), 0, 1 << 30).await.unwrap()
}

/// W02 and I2: whichever write of a commit fails, nothing of it is there, and the next commit goes on where this began.
#[wasm_bindgen_test]
async fn a_failure_at_each_write_undoes_the_commit() {
    for (word, kind) in [("abort", StorageErrorKind::Aborted), ("QuotaExceededError", StorageErrorKind::NoSpace)] {
        let storage = fresh("failure-at-each-write").await;
        storage.commit(vec![append("a/log", 0, b"kept"), append("b/log", 0, b"kept")], true).await.unwrap();
        for number in 0..4 {
            fail_puts_from(number, word);
            let ops = vec![append("a/log", 4, b"lost"), append("b/log", 4, b"lost"), append("new", 0, b"lost")];
            let why = storage.commit(ops, true).await.expect_err(word);
            mend_puts();
            assert_eq!(why.outcome, Outcome::Definite, "{word} at {number}: {why:?}");
            assert!(word == "abort" || why.kind == kind, "{word} at {number}: {why:?}");
            assert_eq!(held(&storage, "a/log").await, "kept");
            assert_eq!(storage.list(String::new()).await.unwrap().len(), 2);
        }
        storage.commit(vec![append("a/log", 4, b" and more")], true).await.unwrap();
        drop(storage);
        let storage = IdbStorage::open("failure-at-each-write", Durability::Strict).await.unwrap();
        assert_eq!(held(&storage, "a/log").await, "kept and more");
        assert_eq!(held(&storage, "b/log").await, "kept");
    }
}

#[wasm_bindgen_test]
async fn a_closed_database_says_so_and_takes_nothing() {
    let storage = fresh("closed").await;
    storage.commit(vec![append("log", 0, b"kept")], true).await.unwrap();
    storage.close();
    let why = storage.commit(vec![append("log", 4, b"lost")], true).await.unwrap_err();
    assert_eq!((why.outcome, why.kind), (Outcome::Unknown, StorageErrorKind::Gone));
    assert!(storage.load("log".into(), 0, 4).await.is_err());
    let again = IdbStorage::open("closed", Durability::Strict).await.unwrap();
    assert_eq!(held(&again, "log").await, "kept");
}

/// I7: another tab deletes the cluster while it is open here.
#[wasm_bindgen_test]
async fn a_database_deleted_elsewhere_is_let_go() {
    let storage = fresh("deleted-elsewhere").await;
    storage.commit(vec![append("log", 0, b"kept")], true).await.unwrap();
    IdbStorage::delete("deleted-elsewhere").await.unwrap();
    let why = storage.commit(vec![append("log", 4, b"lost")], true).await.unwrap_err();
    assert_eq!(why.kind, StorageErrorKind::Gone);
}

#[wasm_bindgen_test]
async fn a_later_format_is_refused_in_words() {
    IdbStorage::delete("later").await.unwrap();
    make_later_version("later").await.unwrap();
    let why = IdbStorage::open("later", Durability::Relaxed).await.unwrap_err();
    assert!(why.detail.contains("later version"), "{why:?}");
    IdbStorage::delete("later").await.unwrap();
}
