//! The script of inputs in the browser: the same numbers as natively.

#![cfg(target_arch = "wasm32")]

use ottla_contract::{
    PlainBroker,
    script::{NODE_EFFECTS, NODE_TRACE, PLAIN_EFFECTS, node, play},
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
fn the_script_does_the_same_everywhere() {
    assert_eq!(play(PlainBroker::new(true)).effects, PLAIN_EFFECTS);
}

#[wasm_bindgen_test]
fn the_broker_does_the_same_everywhere() {
    let played = play(node());
    assert_eq!((played.effects, played.machine.trace().digest()), (NODE_EFFECTS, NODE_TRACE));
}
