//! One holder of a name at a time.

#![cfg(target_arch = "wasm32")]

use std::time::Duration;

use futures::{FutureExt, join};
use gloo_timers::future::TimeoutFuture;
use ottla_wasm::lock::WebLock;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

async fn take(name: &str, patience: u64) -> Option<WebLock> {
    WebLock::take(name, Duration::from_millis(patience)).await.expect("Web Locks")
}

#[wasm_bindgen_test]
async fn a_lock_that_is_held_is_not_given_again() {
    let held = take("held", 5_000).await;
    assert!(held.is_some());
    assert!(take("held", 50).await.is_none());
    assert!(take("another", 5_000).await.is_some());
    drop(held);
    assert!(take("held", 5_000).await.is_some());
}

#[wasm_bindgen_test]
async fn who_waits_gets_what_is_let_go_of() {
    let held = take("awaited", 5_000).await;
    let (next, ()) = join!(take("awaited", 10_000), TimeoutFuture::new(50).map(|()| drop(held)));
    assert!(next.is_some());
}

/// Otherwise it would be held for as long as the page is there.
#[wasm_bindgen_test]
async fn a_lock_that_nobody_waits_for_any_more_is_not_kept() {
    let held = take("given-up", 5_000).await;
    assert!(take("given-up", 10).await.is_none());
    drop(held);
    assert!(take("given-up", 5_000).await.is_some());
}
