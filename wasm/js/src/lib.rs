//! What the wasm modules have in common: JavaScript's values, what a call is refused with, the text of a panic.

#![deny(clippy::unwrap_used)]

pub mod error;
pub mod event;
mod panic;
pub mod value;

use js_sys::Function;
use wasm_bindgen::prelude::*;

/// To be called once, before anything else: `on_panic` gets the text of a panic, after which nothing here may be called.
#[wasm_bindgen]
pub fn init(on_panic: Function) {
    panic::tell(on_panic);
}
