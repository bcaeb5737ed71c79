//! Web Locks: of one origin's tabs and Workers, one at a time holds a name.
//!
//! A lock goes with its holder, however that ends. A page that was just reloaded may come before its former self is
//! quite gone, so that a lock in use is asked for a moment longer.

use std::{cell::RefCell, pin::pin, rc::Rc, time::Duration};

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use gloo_timers::future::sleep;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

#[wasm_bindgen]
extern "C" {
    /// Not in the stable part of the bindings.
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, callback: &Function) -> Result<Promise, JsValue>;
}

/// A lock that is held. Let go of when it is dropped.
#[derive(Debug)]
pub struct WebLock {
    /// Resolves the promise that the platform holds the lock for.
    release: Function,
}

impl Drop for WebLock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

impl WebLock {
    /// `None`: somebody else has held it for as long as `patience`.
    ///
    /// # Errors
    /// This page has no Web Locks.
    pub async fn take(name: &str, patience: Duration) -> Result<Option<Self>, JsValue> {
        let (granted, is_granted) = oneshot::channel();
        let granted = RefCell::new(Some(granted));
        let callback = Closure::<dyn FnMut(JsValue) -> Promise>::new(move |_| {
            let mut granted = granted.borrow_mut().take();
            Promise::new(&mut |resolve, _| {
                // Nobody waits any more: the lock is let go of at once.
                let lock = Self { release: resolve };
                if let Some(granted) = granted.take() {
                    drop(granted.send(lock));
                }
            })
        });
        let (options, controller) = (js_sys::Object::new(), AbortController::new()?);
        js_sys::Reflect::set(&options, &"signal".into(), &controller.signal())?;
        let held = manager()?.request(name, &options, callback.as_ref().unchecked_ref())?;
        // Rejected where it was given up. The callback lives for as long as the platform may call it.
        let callback = Rc::new(callback);
        spawn_local(async move {
            let _ = JsFuture::from(held).await;
            drop(callback);
        });
        match select(is_granted, pin!(sleep(patience))).await {
            Either::Left((granted, _)) => Ok(granted.ok()),
            Either::Right(((), is_granted)) => {
                controller.abort();
                drop(is_granted);
                Ok(None)
            }
        }
    }
}

fn manager() -> Result<LockManager, JsValue> {
    let navigator = js_sys::Reflect::get(&js_sys::global(), &"navigator".into())?;
    let locks = js_sys::Reflect::get(&navigator, &"locks".into())?;
    if locks.is_object() { Ok(locks.unchecked_into()) } else { Err(locks) }
}
