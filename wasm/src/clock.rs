//! The page's clocks and timers.

use gloo_timers::future::TimeoutFuture;
use ottla_core::{
    host::Clock,
    time::{Instant, Now, Timestamp},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Performance;

/// `performance.now()`, whose step is 0.1 ms in Chromium and 1 ms in Firefox, and `Date.now()`.
#[derive(Clone, Debug)]
pub struct PageClock(Performance);

impl PageClock {
    /// # Errors
    /// No window and no Worker: there is no such clock here.
    pub fn new() -> Result<Self, JsValue> {
        js_sys::Reflect::get(&js_sys::global(), &"performance".into())?.dyn_into().map(Self)
    }

    /// Milliseconds since the page or Worker began.
    pub fn millis(&self) -> f64 {
        self.0.now()
    }
}

impl Clock for PageClock {
    fn now(&self) -> Now {
        Now { monotonic: Instant((self.millis() * 1000.0) as u64), wall: Timestamp(js_sys::Date::now() as i64) }
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> {
        let micros = at.since(self.now().monotonic).as_micros();
        // A timer takes 31 bits; who sleeps longer is asked again.
        let millis = micros.div_ceil(1000).min(i32::MAX as u128) as u32;
        TimeoutFuture::new(millis)
    }
}
