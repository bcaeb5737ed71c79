//! JavaScript's values and the core's. Offsets are BigInt, times are Date, bytes are Uint8Array and always copies.

mod pairs;
mod question;
mod reply;

use js_sys::{Date, Uint8Array};
use ottla_core::time::Timestamp;
use wasm_bindgen::JsValue;

pub use pairs::Pairs;
pub use question::{alter_configs, create_topic, fetch, offset_at, produce};
pub use reply::{config_entry, fetched, found_offset, produced};

fn date(at: Timestamp) -> JsValue {
    Date::new(&(at.0 as f64).into()).into()
}

fn bytes_or_null(bytes: Option<&[u8]>) -> JsValue {
    bytes.map_or(JsValue::NULL, |bytes| Uint8Array::from(bytes).into())
}
