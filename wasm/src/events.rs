//! The trace as plain objects, pulled by the page whenever it draws.

use js_sys::{Array, BigInt, Object};
use ottla_core::trace::{Trace, Traced};
use ottla_js::event::{set, set_fields};
use wasm_bindgen::JsValue;

/// Events of one pull. Who wants more pulls again.
const EVENTS_MAX: usize = 4_000;

/// Events from `after` on: `{next, missed, events}`. Numbers of a broker's trace go on from `before`, those of the
/// brokers that ran in its place before it.
pub fn pull(trace: &Trace, before: u64, after: u64) -> JsValue {
    let from = after.saturating_sub(before);
    let events = Array::new();
    let (mut next, mut missed) = (trace.next(), 0);
    for traced in trace.since(from).take(EVENTS_MAX) {
        if events.length() == 0 {
            missed = (before + traced.number).saturating_sub(after);
        }
        next = traced.number + 1;
        events.push(&event(traced, before));
    }
    let pulled = Object::new();
    set(&pulled, "next", &BigInt::from(before + next));
    set(&pulled, "missed", &BigInt::from(missed));
    set(&pulled, "events", &events);
    pulled.into()
}

fn event(traced: &Traced, before: u64) -> JsValue {
    let object = Object::new();
    set(&object, "number", &BigInt::from(before + traced.number));
    set(&object, "at", &(traced.at.0 as f64).into());
    set(&object, "node", &traced.node.0.into());
    set(&object, "name", &traced.event.name().into());
    set_fields(&object, &traced.event);
    object.into()
}
