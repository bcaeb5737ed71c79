//! What the machines of one wasm instance share.

use wasm_bindgen::JsValue;

use crate::{channel::Router, clock::PageClock, slice::Slices};

#[derive(Clone, Debug)]
pub struct World {
    pub router: Router,
    pub clock: PageClock,
    pub slices: Slices,
}

impl World {
    pub fn new() -> Result<Self, JsValue> {
        let clock = PageClock::new()?;
        Ok(Self { router: Router::default(), slices: Slices::new(clock.clone())?, clock })
    }
}
