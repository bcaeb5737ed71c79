//! The core's client, asked by promises.

use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
    rc::Rc,
};

use futures::{
    FutureExt,
    channel::oneshot,
    future::{AbortHandle, Either, abortable, select},
};
use ottla_core::{
    client::{CallId, Client, ClientAnswer, ClientCall, ClientError, ClientOptions, Question, Reply},
    effect::{Address, Input},
    host::{self, Host, InputSender, MemoryStorage, Observer, inbox},
    sorted::SortedMap,
};
use ottla_js::error::Refusal;
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortSignal;

use crate::{channel::ChannelTransport, random, world::World};

const INBOX_DEPTH: u16 = 64;
/// A broker that cannot say yes says so soon: its storage is in the same tab.
const DELIVERY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
const API_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

type Result<T> = std::result::Result<T, Refusal>;
type Unanswered = Rc<RefCell<SortedMap<CallId, oneshot::Sender<std::result::Result<Reply, ClientError>>>>>;

/// A client that runs until it is dropped. What was not answered then is refused with `closed`.
#[derive(Debug)]
pub struct PageClient {
    inbox: InputSender<ClientCall>,
    transport: ChannelTransport<ClientCall>,
    unanswered: Unanswered,
    next_call: Cell<u64>,
    running: AbortHandle,
}

struct Answers(Unanswered);

impl Observer<Client> for Answers {
    fn on_answer(&mut self, answer: ClientAnswer) -> ControlFlow<()> {
        // Who does not wait any more has dropped its end.
        if let Some(asked) = self.0.borrow_mut().remove(&answer.call) {
            let _ = asked.send(answer.result);
        }
        ControlFlow::Continue(())
    }
}

impl PageClient {
    pub fn start(world: &World, bootstrap: Address) -> Self {
        let options = ClientOptions {
            client_id: "ottla-page".to_owned(),
            delivery_timeout: DELIVERY_TIMEOUT,
            api_timeout: API_TIMEOUT,
            request_timeout: API_TIMEOUT,
            seed: random::seed(),
            ..ClientOptions::new(vec![bootstrap])
        };
        let (sender, inbox) = inbox(INBOX_DEPTH);
        let transport = ChannelTransport::new(world.router.clone(), sender.clone());
        let unanswered = Unanswered::default();
        let host = Host {
            // A client keeps nothing.
            storage: MemoryStorage::default(),
            transport: transport.clone(),
            clock: world.clock.clone(),
            observer: Answers(Rc::clone(&unanswered)),
        };
        let slices = world.slices.clone();
        let run = async move { slices.run(host::run(Client::new(options), inbox, host)).await };
        let (run, running) = abortable(run);
        spawn_local(async move { _ = run.await });
        Self { inbox: sender, transport, unanswered, next_call: Cell::new(1), running }
    }

    /// Asks, and waits for the answer. Nothing here borrows the client while it waits.
    pub fn ask(&self, question: Question, signal: Option<AbortSignal>) -> impl Future<Output = Result<Reply>> + use<> {
        let call = CallId(self.next_call.replace(self.next_call.get() + 1));
        let (asked, answer) = oneshot::channel();
        let (mut inbox, unanswered) = (self.inbox.clone(), Rc::clone(&self.unanswered));
        async move {
            if signal.as_ref().is_some_and(AbortSignal::aborted) {
                return Err(ClientError::Cancelled.into());
            }
            unanswered.borrow_mut().insert(call, asked);
            let cancelling = signal.map(Cancelling::new);
            if !inbox.send(Input::Call(ClientCall::Ask { call, question })).await {
                return Err(Refusal::closed());
            }
            let answer = answer.map(|told| match told {
                Ok(result) => result.map_err(Refusal::from),
                Err(oneshot::Canceled) => Err(Refusal::closed()),
            });
            let Some(mut cancelling) = cancelling else { return answer.await };
            match select(answer, &mut cancelling.happened).await {
                Either::Left((answer, _)) => answer,
                Either::Right((_, answer)) => {
                    // By the same sender, after the question: a call that is not asked yet cannot be cancelled.
                    inbox.send(Input::Call(ClientCall::Cancel { call })).await;
                    answer.await
                }
            }
        }
    }
}

impl Drop for PageClient {
    fn drop(&mut self) {
        self.running.abort();
        self.transport.close_all();
        self.unanswered.borrow_mut().clear();
    }
}

/// Hears when a signal says that a call is given up. Stops listening when it is dropped.
struct Cancelling {
    signal: AbortSignal,
    listener: Closure<dyn FnMut()>,
    happened: oneshot::Receiver<()>,
}

impl Cancelling {
    fn new(signal: AbortSignal) -> Self {
        let (sender, happened) = oneshot::channel();
        let mut sender = Some(sender);
        let listener = Closure::<dyn FnMut()>::new(move || {
            if let Some(sender) = sender.take() {
                let _ = sender.send(());
            }
        });
        let _ = signal.add_event_listener_with_callback("abort", listener.as_ref().unchecked_ref());
        Self { signal, listener, happened }
    }
}

impl Drop for Cancelling {
    fn drop(&mut self) {
        let _ = self.signal.remove_event_listener_with_callback("abort", self.listener.as_ref().unchecked_ref());
    }
}
