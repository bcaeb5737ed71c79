//! Worlds in a browser: the same as natively.

#![cfg(target_arch = "wasm32")]

mod expected;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
fn each_seed_comes_to_what_it_came_to_natively() {
    expected::each_seed_comes_to_what_it_came_to_natively();
}

#[wasm_bindgen_test]
fn a_journal_comes_to_its_end() {
    expected::a_journal_comes_to_its_end();
}
