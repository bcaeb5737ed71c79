//! JavaScript's values and the core's. Offsets are BigInt, times are Date, bytes are Uint8Array and always copies.

mod pairs;
mod question;
mod reply;

use js_sys::{Date, Uint8Array};
use ottla_core::time::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

use crate::error::Refusal;

pub use pairs::Pairs;
pub use question::{alter_configs, create_topic, fetch, offset_at, produce};
pub use reply::{config_entry, fetched, found_offset, produced};

/// What a caller gave.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Refusal> {
    serde_wasm_bindgen::from_value(value).map_err(|why| Refusal::invalid(why.to_string()))
}

/// Plain objects: 64 bits as BigInt, maps as objects, nothing as null.
pub fn to_js<T: Serialize + ?Sized>(value: &T) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new()
        .serialize_maps_as_objects(true)
        .serialize_large_number_types_as_bigints(true)
        .serialize_missing_as_null(true);
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

fn date(at: Timestamp) -> JsValue {
    Date::new(&(at.0 as f64).into()).into()
}

fn bytes_or_null(bytes: Option<&[u8]>) -> JsValue {
    bytes.map_or(JsValue::NULL, |bytes| Uint8Array::from(bytes).into())
}
