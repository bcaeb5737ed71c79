//! What happened, as the page's `LabEvent`s.

use js_sys::{Array, Object};
use ottla_core::world::{
    World,
    happened::{Happened, What, Who},
};
use ottla_js::event::{set, set_fields};
use wasm_bindgen::JsValue;

/// The newest `limit`, oldest first.
pub(super) fn newest(world: &World, limit: u32, who: Option<Who>) -> JsValue {
    let kinds = Who::ALL.into_iter().filter(|kind| who.is_none_or(|who| who == *kind));
    let mut newest: Vec<&Happened> = kinds.flat_map(|kind| world.happened(kind).rev().take(limit as usize)).collect();
    newest.sort_unstable_by_key(|happened| happened.number);
    let from = newest.len().saturating_sub(limit as usize);
    newest[from..].iter().map(|happened| event(happened)).collect::<Array>().into()
}

fn event(happened: &Happened) -> JsValue {
    let object = Object::new();
    set(&object, "number", &(happened.number as f64).into());
    set(&object, "at", &(happened.at.0 as f64).into());
    set(&object, "who", &happened.what.who().name().into());
    set(&object, "index", &happened.index.into());
    set(&object, "name", &happened.what.name().into());
    match &happened.what {
        What::Traced(event) => set_fields(&object, event),
        What::Answered { question, outcome } => {
            set(&object, "question", &(*question).into());
            set(&object, "outcome", &(*outcome).into());
        }
        What::Fault { code, command } => {
            set(&object, "code", &(*code).into());
            set(&object, "command", &(&**command).into());
        }
        What::Script { command } => set(&object, "command", &(&**command).into()),
        What::Heal => {}
        What::Phase(phase) => set(&object, "phase", &(*phase).into()),
    }
    object.into()
}
