//! Connections within the page: a router from addresses to who listens there, and the core's transport over it.
//!
//! A frame goes over by reference. What waits to be read is bounded on both sides: an inbox that is full makes its
//! connections wait, and a connection whose answers nobody takes is read no further, then closed.

mod wire;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::Poll,
};

use futures::{StreamExt, channel::mpsc, future::poll_fn};
use ottla_core::{
    effect::{Address, Frame, Input, Listener},
    host::{InputSender, Transport},
    ids::{ConnectionId, DialId},
    sorted::SortedMap,
};
use wasm_bindgen_futures::spawn_local;

pub use wire::Wire;

/// Connections that are dialled and not taken yet, per address.
const BACKLOG: usize = 128;
/// Connections of one machine at once. One more is closed as soon as it is there.
const CONNECTIONS_MAX: usize = 1024;
/// With more than this unread by its peer, nothing more is read from it.
const UNREAD_BYTES_HIGH: u64 = 4 * 1024 * 1024;
/// With more than this unread, the peer takes nothing and is given up.
const UNREAD_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Who listens where, in one wasm instance. Clones are handles of the same one.
#[derive(Clone, Debug, Default)]
pub struct Router(Rc<RefCell<SortedMap<Address, mpsc::Sender<Wire>>>>);

/// What comes in at one address. Nobody listens there once it is dropped.
#[derive(Debug)]
pub struct Incoming(mpsc::Receiver<Wire>);

impl Router {
    /// In the place of whoever listened there before.
    pub fn listen(&self, address: Address) -> Incoming {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        self.0.borrow_mut().insert(address, sender);
        Incoming(receiver)
    }

    /// `None`: nobody listens there, or too many wait to be taken.
    pub fn dial(&self, address: &Address) -> Option<Wire> {
        let mut listener = self.0.borrow().get(address)?.clone();
        let (near, far) = Wire::pair();
        listener.try_send(far).ok()?;
        Some(near)
    }
}

/// The connections of one machine. Clones are handles of the same ones.
#[derive(Debug)]
pub struct ChannelTransport<Call>(Rc<Connections<Call>>);

#[derive(Debug)]
struct Connections<Call> {
    router: Router,
    inbox: InputSender<Call>,
    open: RefCell<SortedMap<ConnectionId, Rc<Connection>>>,
    next: Cell<u64>,
}

#[derive(Debug)]
struct Connection {
    wire: Wire,
    is_paused: Cell<bool>,
    /// Whoever answers waits for answers to be taken. Were both ends to wait for that, neither would read.
    is_accepted: bool,
}

impl<Call> Clone for ChannelTransport<Call> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<Call: 'static> ChannelTransport<Call> {
    pub fn new(router: Router, inbox: InputSender<Call>) -> Self {
        let open = RefCell::default();
        Self(Rc::new(Connections { router, inbox, open, next: Cell::new(1) }))
    }

    /// Takes connections for as long as it is polled.
    pub async fn accept(&self, mut incoming: Incoming) {
        while let Some(wire) = incoming.0.next().await {
            if self.0.open.borrow().len() >= CONNECTIONS_MAX {
                wire.close();
                continue;
            }
            let peer = |connection: ConnectionId| format!("page:{connection}");
            let listener = Listener::Client;
            self.open(wire, true, |connection| Input::Opened { connection, listener, peer: peer(connection) });
        }
    }

    /// Ends every connection: the machine is no more.
    pub fn close_all(&self) {
        self.0.open.take().into_values().for_each(|connection| connection.wire.close());
    }

    fn open(&self, wire: Wire, is_accepted: bool, first: impl FnOnce(ConnectionId) -> Input<Call>) {
        let id = ConnectionId(self.0.next.replace(self.0.next.get() + 1));
        let connection = Rc::new(Connection { wire, is_paused: Cell::new(false), is_accepted });
        self.0.open.borrow_mut().insert(id, Rc::clone(&connection));
        let (connections, first, mut inbox) = (Rc::clone(&self.0), first(id), self.0.inbox.clone());
        spawn_local(async move {
            let mut is_taken = inbox.send(first).await;
            while is_taken {
                let Some(bytes) = connection.read().await else { break };
                is_taken = inbox.send(Input::Bytes { connection: id, bytes }).await;
            }
            connections.open.borrow_mut().remove(&id);
            if connection.wire.is_open() {
                connection.wire.close();
                inbox.send(Input::Closed { connection: id }).await;
            }
        });
    }

    fn with(&self, connection: ConnectionId, what: impl FnOnce(&Connection)) {
        let found = self.0.open.borrow().get(&connection).cloned();
        if let Some(found) = found {
            what(&found);
        }
    }
}

impl Connection {
    /// What the peer sent next, once it may be read. `None`: either side closed.
    async fn read(&self) -> Option<bytes::Bytes> {
        poll_fn(|context| {
            let may_read = || {
                let is_unread = self.is_accepted && self.wire.unread_bytes() > UNREAD_BYTES_HIGH;
                !self.wire.is_open() || !self.is_paused.get() && !is_unread
            };
            match may_read() {
                true => self.wire.poll_read(context),
                false => {
                    self.wire.wake_me(context);
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn set_paused(&self, is_paused: bool) {
        self.is_paused.set(is_paused);
        self.wire.wake_reader();
    }
}

impl<Call: 'static> Transport for ChannelTransport<Call> {
    fn write(&self, connection: ConnectionId, frame: Frame) {
        self.with(connection, |connection| {
            frame.into_parts().into_iter().for_each(|part| connection.wire.write(part));
            if connection.wire.unread_bytes() > UNREAD_BYTES_MAX {
                connection.wire.give_up();
            }
        });
    }

    fn pause(&self, connection: ConnectionId) {
        self.with(connection, |connection| connection.set_paused(true));
    }

    fn resume(&self, connection: ConnectionId) {
        self.with(connection, |connection| connection.set_paused(false));
    }

    fn close(&self, connection: ConnectionId) {
        self.with(connection, |connection| connection.wire.close());
    }

    fn dial(&self, dial: DialId, address: Address) {
        match self.0.router.dial(&address) {
            Some(wire) => self.open(wire, false, |connection| Input::Dialled { dial, connection }),
            None => {
                let mut inbox = self.0.inbox.clone();
                let why = format!("nobody listens at {}:{}", address.host, address.port);
                spawn_local(async move { _ = inbox.send(Input::DialFailed { dial, why }).await });
            }
        }
    }
}
