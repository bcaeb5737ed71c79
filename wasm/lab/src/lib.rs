//! A simulated cluster whose time the page moves: the world that the tests run, behind a handle.

#![deny(clippy::unwrap_used)]

mod events;
mod state;

use std::cell::RefCell;

use ottla_core::{
    time::Instant,
    world::{
        World,
        happened::Who,
        scenario::{Scenario, ScenarioError},
        timeline::{Timeline, Until},
    },
};
use ottla_js::{
    error::Refusal,
    value::{from_js, to_js},
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

/// Opens a scenario or a journal.
#[wasm_bindgen(js_name = openLab)]
pub fn open_lab(text: &str) -> Result<Lab, JsValue> {
    Ok(Lab(RefCell::new(timeline(text)?)))
}

fn timeline(text: &str) -> Result<Timeline, Refusal> {
    Ok(Timeline::new(World::new(Scenario::parse(text).map_err(bad_scenario)?)))
}

fn bad_scenario(why: ScenarioError) -> Refusal {
    Refusal::new("bad-scenario", why.to_string())
}

/// Calls are short and call nobody back, so none finds the timeline borrowed.
#[wasm_bindgen]
pub struct Lab(RefCell<Timeline>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsUntil {
    events: Vec<String>,
    at: Option<f64>,
}

#[derive(Serialize)]
struct JsAdvanced {
    taken: f64,
    reached: bool,
    over: bool,
    now: f64,
}

#[wasm_bindgen]
impl Lab {
    pub fn state(&self) -> JsValue {
        state::of(&self.0.borrow())
    }

    /// Goes on for at most so many steps.
    pub fn advance(&self, steps: f64, until: JsValue) -> Result<JsValue, JsValue> {
        let JsUntil { events, at } = if until.is_undefined() { JsUntil::default() } else { from_js(until)? };
        let until = Until { events, at: at.map(moment) };
        let mut timeline = self.0.borrow_mut();
        let advanced = timeline.advance(steps as u64, &until);
        Ok(to_js(&JsAdvanced {
            taken: advanced.taken as f64,
            reached: advanced.has_arrived,
            over: advanced.is_over,
            now: timeline.world().now().0 as f64,
        }))
    }

    /// Goes to the snapshot from which the moment is reached soonest, if that is nearer.
    pub fn jump(&self, at: f64) {
        self.0.borrow_mut().jump(moment(at));
    }

    pub fn command(&self, lines: &str) -> Result<(), JsValue> {
        Ok(self.0.borrow_mut().command(lines).map_err(bad_scenario)?)
    }

    /// `who`: of one kind of machine only.
    pub fn events(&self, limit: f64, who: Option<String>) -> JsValue {
        let who = who.and_then(|name| Who::ALL.into_iter().find(|who| who.name() == name));
        events::newest(self.0.borrow().world(), limit as u32, who)
    }

    pub fn fork(&self) -> Self {
        Self(RefCell::new(self.0.borrow().fork()))
    }

    pub fn journal(&self) -> String {
        self.0.borrow().journal().to_string()
    }
}

/// Microseconds; what is no number is the beginning.
fn moment(at: f64) -> Instant {
    Instant(at as u64)
}
