//! Long work in slices, so that what else the thread has to do (a page's drawing, a database's events) gets its turn.
//!
//! Machines wake each other in microtasks, and the platform lets nothing else in before these have run dry.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageChannel, MessagePort};

use crate::clock::PageClock;

/// Milliseconds of a slice.
const SLICE: f64 = 4.0;

/// What is left of the slice of one thread. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Slices(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: PageClock,
    /// When the slice began; `None` until there is work.
    began: Rc<Cell<Option<f64>>>,
    waiting: Rc<RefCell<Vec<Waker>>>,
    sender: MessagePort,
    receiver: MessagePort,
    _on_message: Closure<dyn FnMut()>,
}

impl Slices {
    pub fn new(clock: PageClock) -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        let (sender, receiver) = (channel.port1(), channel.port2());
        let (began, waiting) = (Rc::new(Cell::new(None)), Rc::new(RefCell::new(Vec::<Waker>::new())));
        let on_message = Closure::<dyn FnMut()>::new({
            let (began, waiting) = (Rc::clone(&began), Rc::clone(&waiting));
            move || {
                began.set(None);
                waiting.take().into_iter().for_each(Waker::wake);
            }
        });
        receiver.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Ok(Self(Rc::new(Inner { clock, began, waiting, sender, receiver, _on_message: on_message })))
    }

    /// `work`, which rests at its next wait once the slice is over.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| if self.0.is_over(context) { Poll::Pending } else { work.as_mut().poll(context) }).await
    }
}

impl Inner {
    fn is_over(&self, context: &Context<'_>) -> bool {
        let now = self.clock.millis();
        match self.began.get() {
            // A message comes after everything that is due by now: then the next slice may begin.
            None => {
                self.began.set(Some(now));
                let _ = self.sender.post_message(&JsValue::NULL);
                false
            }
            Some(began) if now - began < SLICE => false,
            Some(_) => {
                let mut waiting = self.waiting.borrow_mut();
                if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    waiting.push(context.waker().clone());
                }
                true
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.receiver.set_onmessage(None);
        self.sender.close();
        self.receiver.close();
    }
}
