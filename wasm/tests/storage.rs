//! The storage contract on IndexedDB, in a dedicated Worker, where the engine lives.

#![cfg(target_arch = "wasm32")]

use ottla_contract::storage::Disk;
use ottla_wasm::idb::{Durability, IdbStorage};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

struct Database(String);

impl Database {
    async fn new(name: &str) -> Self {
        IdbStorage::delete(name).await.expect("a database of our own");
        Self(name.to_owned())
    }
}

impl Disk for Database {
    type Storage = IdbStorage;

    async fn open(&mut self) -> IdbStorage {
        IdbStorage::open(&self.0, Durability::Relaxed).await.expect("a database of our own")
    }
}

macro_rules! test {
    ($($rule:ident)*) => {$(
        #[wasm_bindgen_test]
        async fn $rule() {
            ottla_contract::storage::$rule(&mut Database::new(stringify!($rule)).await).await;
        }
    )*};
}
ottla_contract::each_storage_rule!(test);
