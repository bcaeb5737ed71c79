//! Events of requests and transactions as futures.
//!
//! A transaction stays alive only through its own requests: whoever awaits one of them inside a transaction goes on in
//! a microtask of its event, where the next request may be made.

use futures::channel::oneshot;
use ottla_core::effect::{Outcome, StorageError, StorageErrorKind};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Event, EventTarget, IdbRequest, IdbTransaction};

use super::storage_error;

/// The first of some events of one target. Stops listening when it is dropped.
pub(super) struct First {
    target: EventTarget,
    names: &'static [&'static str],
    listener: Closure<dyn FnMut(Event)>,
    happened: oneshot::Receiver<String>,
}

impl First {
    pub(super) fn of(target: &EventTarget, names: &'static [&'static str]) -> Self {
        let (sender, happened) = oneshot::channel();
        let mut sender = Some(sender);
        let listener = Closure::new(move |event: Event| {
            // A failed request is told by its transaction; nothing is left for the page's own handler.
            if event.type_() == "error" {
                event.prevent_default();
            }
            if let Some(sender) = sender.take() {
                let _ = sender.send(event.type_());
            }
        });
        let target = target.clone();
        for name in names {
            let _ = target.add_event_listener_with_callback(name, Closure::as_ref(&listener).unchecked_ref());
        }
        Self { target, names, listener, happened }
    }

    /// The event's name.
    pub(super) async fn happened(mut self) -> String {
        (&mut self.happened).await.unwrap_or_default()
    }
}

impl Drop for First {
    fn drop(&mut self) {
        for name in self.names {
            let listener = Closure::as_ref(&self.listener).unchecked_ref();
            let _ = self.target.remove_event_listener_with_callback(name, listener);
        }
    }
}

/// What a request of a transaction gives.
pub(super) async fn result(request: &IdbRequest) -> Result<JsValue, StorageError> {
    match First::of(request, &["success", "error"]).happened().await.as_str() {
        "success" => request.result().map_err(|why| storage_error(Outcome::Definite, &why)),
        _ => {
            let why = request.error().ok().flatten().map_or(JsValue::NULL, JsValue::from);
            Err(storage_error(Outcome::Definite, &why))
        }
    }
}

/// How a transaction ends. Made before its first request.
pub(super) struct End {
    transaction: IdbTransaction,
    first: First,
}

impl End {
    pub(super) fn of(transaction: &IdbTransaction) -> Self {
        Self { transaction: transaction.clone(), first: First::of(transaction, &["complete", "abort"]) }
    }

    /// `complete` is the only success. An abort undid everything.
    pub(super) async fn reached(self) -> Result<(), StorageError> {
        match self.first.happened().await.as_str() {
            "complete" => Ok(()),
            _ => match self.transaction.error() {
                Some(why) => Err(storage_error(Outcome::Definite, &why)),
                None => Err(StorageError {
                    outcome: Outcome::Definite,
                    kind: StorageErrorKind::Aborted,
                    detail: "the transaction was aborted".to_owned(),
                }),
            },
        }
    }
}
