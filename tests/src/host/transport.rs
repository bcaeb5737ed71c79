//! TCP. Everything of one broker runs on one thread, so that nothing here needs a lock.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    rc::Rc,
    time::Duration,
};

use ottla_core::{
    effect::{Address, Frame, Input, Listener},
    host::{InputSender, Transport},
    ids::{ConnectionId, DialId},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::spawn_local,
    time::{sleep, timeout},
};

use super::connection::Connection;

/// Connections at once. One more is closed as soon as it is there.
const CONNECTIONS_MAX: usize = 4096;
/// Rest after a connection could not be taken: this process has no file descriptor left.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections of one machine. Clones are handles of the same ones.
#[derive(Debug)]
pub struct TcpTransport<Call>(Rc<Connections<Call>>);

#[derive(Debug)]
struct Connections<Call> {
    inbox: InputSender<Call>,
    open: RefCell<BTreeMap<ConnectionId, Rc<Connection>>>,
    /// Written to since the last flush.
    written: RefCell<Vec<Rc<Connection>>>,
    next: Cell<u64>,
}

impl<Call> Clone for TcpTransport<Call> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Call: 'static> TcpTransport<Call> {
    /// Within a `LocalSet`, whose tasks read and write.
    pub fn new(inbox: InputSender<Call>) -> Self {
        Self(Rc::new(Connections { inbox, open: RefCell::default(), written: RefCell::default(), next: Cell::new(1) }))
    }

    /// Takes connections for as long as it is polled.
    pub async fn accept(&self, listener: TcpListener, kind: Listener) {
        loop {
            match listener.accept().await {
                Ok(_) if self.0.open.borrow().len() >= CONNECTIONS_MAX => {}
                Ok((stream, peer)) => {
                    let peer = peer.to_string();
                    self.open(stream, |connection| Input::Opened { connection, listener: kind, peer });
                }
                Err(_) => sleep(ACCEPT_RETRY).await,
            }
        }
    }

    /// Waits until everything that was written is out, but not for long.
    pub async fn drain(&self, patience: Duration) {
        let has_unsent = || self.0.open.borrow().values().any(|connection| connection.has_unsent());
        let _ = timeout(patience, async {
            while has_unsent() {
                sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    fn open(&self, stream: TcpStream, first: impl FnOnce(ConnectionId) -> Input<Call>) {
        // Answers go out as they are: a client waits for each.
        let _ = stream.set_nodelay(true);
        let id = ConnectionId(self.0.next.replace(self.0.next.get() + 1));
        let (read_half, write_half) = stream.into_split();
        let connection = Rc::new(Connection::new(id, write_half));
        self.0.open.borrow_mut().insert(id, connection.clone());
        let (connections, first, mut inbox) = (self.0.clone(), first(id), self.0.inbox.clone());
        let reader = connection.clone();
        spawn_local(async move {
            if inbox.send(first).await {
                reader.read(read_half, inbox).await;
            }
            connections.open.borrow_mut().remove(&id);
        });
        spawn_local(async move { connection.write_rest().await });
    }

    fn with(&self, connection: ConnectionId, what: impl FnOnce(&Rc<Connection>)) {
        // Not while it is borrowed: a connection may leave the map.
        let found = self.0.open.borrow().get(&connection).cloned();
        if let Some(found) = found {
            what(&found);
        }
    }
}

impl<Call: 'static> Transport for TcpTransport<Call> {
    fn write(&self, connection: ConnectionId, frame: Frame) {
        self.with(connection, |connection| {
            connection.write(frame);
            let mut written = self.0.written.borrow_mut();
            if !written.last().is_some_and(|last| Rc::ptr_eq(last, connection)) {
                written.push(connection.clone());
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
        self.with(connection, |connection| connection.close());
    }

    fn dial(&self, dial: DialId, address: Address) {
        let transport = self.clone();
        spawn_local(async move {
            let reached = timeout(DIAL_TIMEOUT, TcpStream::connect((address.host.as_str(), address.port))).await;
            let reached = reached.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            match reached {
                Ok(stream) => transport.open(stream, |connection| Input::Dialled { dial, connection }),
                Err(error) => {
                    let mut inbox = transport.0.inbox.clone();
                    inbox.send(Input::DialFailed { dial, why: error.to_string() }).await;
                }
            }
        });
    }

    fn flush(&self) {
        self.0.written.take().iter().for_each(|connection| connection.flush());
    }
}
