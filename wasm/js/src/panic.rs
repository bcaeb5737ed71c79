//! A panic's text, handed to the page before the trap ends everything.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;

thread_local! {
    static TELL: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// `tell` is called with what panicked and where. Nothing of this instance may be called after it.
pub(crate) fn tell(tell: Function) {
    TELL.set(Some(tell));
    std::panic::set_hook(Box::new(|panic| {
        // Once: what panics while it is told is not worth more words.
        if let Some(tell) = TELL.take() {
            let _ = tell.call1(&JsValue::UNDEFINED, &JsValue::from_str(&panic.to_string()));
        }
    }));
}
