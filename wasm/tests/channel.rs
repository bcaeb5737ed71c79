//! Connections within the page, as a machine sees them.

#![cfg(target_arch = "wasm32")]

use std::{cell::RefCell, future::poll_fn, ops::ControlFlow, rc::Rc};

use bytes::Bytes;
use futures::{FutureExt, poll};
use ottla_core::{
    effect::{Address, Effect, Frame, Input},
    host::{self, Host, InputSender, MemoryStorage, Observer, Transport, inbox},
    ids::{ConnectionId, DialId},
    machine::Machine,
    time::{Instant, Now},
};
use ottla_wasm::{
    channel::{ChannelTransport, Router, Wire},
    clock::PageClock,
};
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Notes what it is given, and does nothing.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<String>>>);

impl Machine for Notes {
    type Call = ();
    type Answer = ();

    fn handle(&mut self, _: Now, input: Input<()>, _: &mut Vec<Effect<()>>) {
        self.0.borrow_mut().push(match input {
            Input::Opened { connection, .. } => format!("{connection} opened"),
            Input::Dialled { dial, connection } => format!("{connection} dialled {dial}"),
            Input::DialFailed { dial, .. } => format!("dial {dial} failed"),
            Input::Bytes { connection, bytes } => format!("{connection} {}", String::from_utf8_lossy(&bytes)),
            Input::Closed { connection } => format!("{connection} closed"),
            other => format!("{other:?}"),
        });
    }

    fn next_deadline(&self) -> Option<Instant> {
        None
    }
}

struct Nobody;

impl Observer<Notes> for Nobody {
    fn on_answer(&mut self, (): ()) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

struct Running {
    notes: Notes,
    transport: ChannelTransport<()>,
    _inbox: InputSender<()>,
}

fn run(router: &Router) -> Running {
    let notes = Notes::default();
    let (sender, inbox) = inbox(4);
    let transport = ChannelTransport::new(router.clone(), sender.clone());
    let host = Host {
        storage: MemoryStorage::default(),
        transport: transport.clone(),
        clock: PageClock::new().expect("a clock"),
        observer: Nobody,
    };
    spawn_local(host::run(notes.clone(), inbox, host).map(drop));
    Running { notes, transport, _inbox: sender }
}

fn address() -> Address {
    Address { host: "here".to_owned(), port: 1 }
}

/// A machine that listens, and one end of a connection to it.
async fn connected() -> (Running, Wire) {
    let router = Router::default();
    let server = run(&router);
    let incoming = router.listen(address());
    spawn_local({
        let transport = server.transport.clone();
        async move { transport.accept(incoming).await }
    });
    let wire = router.dial(&address()).expect("somebody listens");
    settle().await;
    (server, wire)
}

async fn settle() {
    gloo_timers::future::TimeoutFuture::new(5).await;
}

fn frame(text: &'static str) -> Frame {
    Bytes::from_static(text.as_bytes()).into()
}

async fn read(wire: &Wire) -> Option<Bytes> {
    poll_fn(|context| wire.poll_read(context)).await
}

const FIRST: ConnectionId = ConnectionId(1);

#[wasm_bindgen_test]
async fn what_is_written_arrives_in_order_and_the_end_after_it() {
    let (server, wire) = connected().await;
    for text in ["one", "two", "three", "four", "five", "six", "seven"] {
        wire.write(Bytes::from_static(text.as_bytes()));
    }
    wire.close();
    settle().await;
    let expected = ["1 opened", "1 one", "1 two", "1 three", "1 four", "1 five", "1 six", "1 seven", "1 closed"];
    assert_eq!(*server.notes.0.borrow(), expected);
}

#[wasm_bindgen_test]
async fn a_paused_connection_is_not_read_until_it_is_resumed() {
    let (server, wire) = connected().await;
    server.transport.pause(FIRST);
    wire.write(Bytes::from_static(b"later"));
    settle().await;
    assert_eq!(*server.notes.0.borrow(), ["1 opened"]);
    server.transport.resume(FIRST);
    settle().await;
    assert_eq!(*server.notes.0.borrow(), ["1 opened", "1 later"]);
}

#[wasm_bindgen_test]
async fn what_a_machine_wrote_before_it_closed_is_read() {
    let (server, wire) = connected().await;
    server.transport.write(FIRST, frame("last words"));
    server.transport.close(FIRST);
    wire.write(Bytes::from_static(b"for nobody"));
    assert_eq!(read(&wire).await.as_deref(), Some(&b"last words"[..]));
    assert_eq!(read(&wire).await, None);
    settle().await;
    assert_eq!(*server.notes.0.borrow(), ["1 opened"]);
}

#[wasm_bindgen_test]
async fn who_does_not_take_answers_is_read_no_further() {
    let (server, wire) = connected().await;
    server.transport.write(FIRST, Bytes::from(vec![0; 5 << 20]).into());
    wire.write(Bytes::from_static(b"more"));
    settle().await;
    assert_eq!(*server.notes.0.borrow(), ["1 opened"]);
    assert_eq!(read(&wire).await.map(|bytes| bytes.len()), Some(5 << 20));
    settle().await;
    assert_eq!(*server.notes.0.borrow(), ["1 opened", "1 more"]);
}

#[wasm_bindgen_test]
async fn who_takes_nothing_at_all_is_given_up() {
    let (server, wire) = connected().await;
    let piece = Bytes::from(vec![0; 64 << 20]);
    for _ in 0..5 {
        server.transport.write(FIRST, piece.clone().into());
    }
    settle().await;
    assert_eq!(*server.notes.0.borrow(), ["1 opened", "1 closed"]);
    assert_eq!(read(&wire).await, None);
}

#[wasm_bindgen_test]
async fn the_end_of_a_machine_ends_its_connections() {
    let (server, wire) = connected().await;
    let mut end = Box::pin(read(&wire));
    assert!(poll!(&mut end).is_pending());
    server.transport.close_all();
    assert_eq!(end.await, None);
}

#[wasm_bindgen_test]
async fn a_dial_is_answered_by_a_connection_or_by_why_not() {
    let router = Router::default();
    let (server, client) = (run(&router), run(&router));
    client.transport.dial(DialId(1), address());
    settle().await;
    let incoming = router.listen(address());
    let accepting = server.transport.clone();
    spawn_local(async move { accepting.accept(incoming).await });
    client.transport.dial(DialId(2), address());
    settle().await;
    client.transport.write(FIRST, frame("hello"));
    settle().await;
    server.transport.write(FIRST, frame("good day"));
    settle().await;
    assert_eq!(*client.notes.0.borrow(), ["dial 1 failed", "1 dialled 2", "1 good day"]);
    assert_eq!(*server.notes.0.borrow(), ["1 opened", "1 hello"]);
}
