//! Worlds in Node: the same as natively. What is not configured for a browser runs there.

#![cfg(target_arch = "wasm32")]

#[path = "worlds/expected.rs"]
mod expected;

use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn each_seed_comes_to_what_it_came_to_natively() {
    expected::each_seed_comes_to_what_it_came_to_natively();
}

#[wasm_bindgen_test]
fn a_journal_comes_to_its_end() {
    expected::a_journal_comes_to_its_end();
}
