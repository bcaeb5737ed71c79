//! One connection: a task that reads, a task that writes what could not be written at once.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use ottla_core::{
    effect::{Frame, Input},
    host::InputSender,
    ids::ConnectionId,
};
use rustix::net::Shutdown;
use tokio::{
    io::AsyncReadExt,
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};

/// What a read buffer begins with, and how far it grows while reads fill it.
const READ_BYTES_MIN: usize = 8 * 1024;
const READ_BYTES_MAX: usize = 256 * 1024;
/// A read of this size lets the machine have its turn before the next.
const READ_AHEAD_BYTES: usize = 32 * 1024;
/// With more than this unsent, nothing more is read.
const UNSENT_BYTES_HIGH: u64 = 4 * 1024 * 1024;
/// With more than this unsent, the peer takes nothing and is given up.
const UNSENT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Slices handed to one vectored write.
const SLICES_MAX: usize = 64;
/// How long a connection that the machine closed may take for its last bytes.
const LAST_BYTES: Duration = Duration::from_secs(5);
/// How long its peer may take to close its own side, so that it reads those bytes before it hears of the end.
const LINGER: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Connection {
    id: ConnectionId,
    /// The side that is written. The other one is the reader's.
    stream: OwnedWriteHalf,
    unsent: RefCell<VecDeque<Bytes>>,
    unsent_bytes: Cell<u64>,
    state: Cell<State>,
    is_paused: Cell<bool>,
    /// The reader may have to look again: resumed, less unsent, another state.
    reader: Notify,
    /// The writer may have to look again: something unsent, another state.
    writer: Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The machine closed it: nothing is handed in any more, what is unsent goes out.
    Closing,
    Dead,
}

impl Connection {
    pub(super) fn new(id: ConnectionId, stream: OwnedWriteHalf) -> Self {
        Self {
            id,
            stream,
            unsent: RefCell::default(),
            unsent_bytes: Cell::new(0),
            state: Cell::new(State::Open),
            is_paused: Cell::new(false),
            reader: Notify::new(),
            writer: Notify::new(),
        }
    }

    pub(super) fn write(&self, frame: Frame) {
        if self.unsent_bytes.get() > UNSENT_BYTES_MAX {
            return self.enter_dead();
        }
        if self.state.get() == State::Open {
            self.unsent_bytes.set(self.unsent_bytes.get() + frame.len());
            self.unsent.borrow_mut().extend(frame.into_parts());
        }
    }

    /// Writes what the socket takes at once; the writer does the rest.
    pub(super) fn flush(&self) {
        match self.write_some() {
            Ok(()) if self.has_unsent() => self.writer.notify_one(),
            Ok(()) => {}
            Err(_) => self.enter_dead(),
        }
    }

    pub(super) fn set_paused(&self, is_paused: bool) {
        self.is_paused.set(is_paused);
        self.reader.notify_one();
    }

    pub(super) fn close(&self) {
        if self.state.get() == State::Open {
            self.flush();
            self.enter(State::Closing);
        }
    }

    pub(super) fn enter_dead(&self) {
        self.unsent.borrow_mut().clear();
        self.unsent_bytes.set(0);
        self.enter(State::Dead);
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.unsent_bytes.get() > 0
    }

    fn enter(&self, state: State) {
        if self.state.get() != State::Dead {
            self.state.set(state);
        }
        self.reader.notify_one();
        self.writer.notify_one();
    }

    /// Hands in what the peer sends until either side ends it; a peer's end is handed in too.
    pub(super) async fn read<Call>(&self, mut stream: OwnedReadHalf, mut inbox: InputSender<Call>) {
        let mut buffer = BytesMut::new();
        let mut size = READ_BYTES_MIN;
        while self.may_read().await {
            // Takes the old room again where the machine has let go of it.
            if buffer.capacity() < size / 4 {
                buffer.reserve(size);
            }
            let room = buffer.capacity();
            let read = tokio::select! {
                read = stream.read_buf(&mut buffer) => read.unwrap_or(0),
                () = self.reader.notified() => continue,
            };
            match read {
                0 => break,
                read if read == room => size = (size * 2).min(READ_BYTES_MAX),
                read if read < size / 8 => size = (size / 2).max(READ_BYTES_MIN),
                _ => {}
            }
            // Without a copy: the rest of the buffer goes on as a buffer of its own.
            let bytes = buffer.split().freeze();
            if !inbox.send(Input::Bytes { connection: self.id, bytes }).await {
                return self.enter_dead();
            }
            if read >= READ_AHEAD_BYTES {
                // The machine copies what is not a whole frame: let it, and read into the same warm memory again.
                yield_now().await;
            }
        }
        if self.state.get() == State::Closing {
            return self.linger(stream, buffer).await;
        }
        self.enter_dead();
        inbox.send(Input::Closed { connection: self.id }).await;
    }

    /// Waits until reading may go on. `false`: there is nobody left to read for.
    async fn may_read(&self) -> bool {
        while self.is_paused.get() || self.unsent_bytes.get() > UNSENT_BYTES_HIGH {
            if self.state.get() != State::Open {
                return false;
            }
            self.reader.notified().await;
        }
        self.state.get() == State::Open
    }

    /// Reads on for nobody until the peer has read the last bytes: closing a socket with something unread resets it,
    /// and a reset overtakes what was written.
    async fn linger(&self, mut stream: OwnedReadHalf, mut buffer: BytesMut) {
        let last_bytes = Instant::now() + LAST_BYTES;
        while self.has_unsent() && self.state.get() == State::Closing {
            tokio::select! {
                () = self.reader.notified() => {}
                () = sleep_until(last_bytes) => self.enter_dead(),
            }
        }
        let _ = rustix::net::shutdown(self.stream.as_ref(), Shutdown::Write);
        let discard = async {
            while self.state.get() == State::Closing {
                buffer.clear();
                if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                    break;
                }
            }
        };
        let _ = timeout(LINGER, discard).await;
        self.enter_dead();
    }

    /// Writes what `flush` could not.
    pub(super) async fn write_rest(&self) {
        while self.state.get() != State::Dead {
            if !self.has_unsent() {
                self.writer.notified().await;
                continue;
            }
            tokio::select! {
                () = self.writer.notified() => {}
                ready = self.stream.writable() => if ready.and_then(|()| self.write_some()).is_err() {
                    self.enter_dead();
                }
            }
        }
    }

    fn write_some(&self) -> io::Result<()> {
        let mut unsent = self.unsent.borrow_mut();
        while !unsent.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let count = unsent.iter().zip(&mut slices).map(|(part, slice)| *slice = IoSlice::new(part)).count();
            match self.stream.try_write_vectored(&slices[..count]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    advance(&mut unsent, written);
                    let before = self.unsent_bytes.get();
                    let after = before - written as u64;
                    self.unsent_bytes.set(after);
                    // Only a reader that waits for this is woken: for nothing, it would cost every answer a task switch.
                    let may_read = before > UNSENT_BYTES_HIGH && after <= UNSENT_BYTES_HIGH;
                    if may_read || (after == 0 && self.state.get() == State::Closing) {
                        self.reader.notify_one();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn advance(parts: &mut VecDeque<Bytes>, mut written: usize) {
    while let Some(first) = parts.front_mut() {
        if written < first.len() {
            return first.advance(written);
        }
        written -= first.len();
        parts.pop_front();
    }
}
