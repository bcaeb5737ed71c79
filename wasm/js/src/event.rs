//! Events as plain objects.

use js_sys::{BigInt, Object, Reflect};
use ottla_core::trace::{Event, event::Field};
use wasm_bindgen::JsValue;

/// Each of the event's fields under its name.
pub fn set_fields(object: &Object, event: &Event) {
    event.each_field(|name, field| {
        let value = match field {
            // Beyond it a number is no longer exact.
            Field::Number(number) if number.unsigned_abs() > 1 << 53 => BigInt::from(number).into(),
            Field::Number(number) => (number as f64).into(),
            Field::Word(word) => JsValue::from_str(word),
            Field::Topic(topic) => JsValue::from_str(&topic.to_string()),
        };
        set(object, name, &value);
    });
}

/// A plain object takes every property.
pub fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
