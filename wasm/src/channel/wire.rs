//! Both ways of one connection, seen from one end.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::task::AtomicWaker;

/// One end. Closed when it is dropped.
#[derive(Debug)]
pub struct Wire {
    incoming: Rc<Pipe>,
    outgoing: Rc<Pipe>,
    /// Whether this end has not closed.
    is_open: Cell<bool>,
}

/// One way.
#[derive(Debug, Default)]
struct Pipe {
    parts: RefCell<VecDeque<Bytes>>,
    bytes: Cell<u64>,
    /// Nothing more comes, or nobody reads any more.
    is_closed: Cell<bool>,
    reader: AtomicWaker,
}

impl Wire {
    pub fn pair() -> (Self, Self) {
        let (there, back) = (Rc::new(Pipe::default()), Rc::new(Pipe::default()));
        let near = Self { incoming: Rc::clone(&back), outgoing: Rc::clone(&there), is_open: Cell::new(true) };
        (near, Self { incoming: there, outgoing: back, is_open: Cell::new(true) })
    }

    /// Swallowed where either end has closed.
    pub fn write(&self, part: Bytes) {
        let pipe = &self.outgoing;
        if pipe.is_closed.get() || part.is_empty() {
            return;
        }
        pipe.bytes.set(pipe.bytes.get() + part.len() as u64);
        pipe.parts.borrow_mut().push_back(part);
        pipe.reader.wake();
    }

    /// Bytes written that the other end has not read.
    pub fn unread_bytes(&self) -> u64 {
        self.outgoing.bytes.get()
    }

    pub fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// One part of what the other end wrote, in order. `None`: this end has closed, or the other has and all is read.
    pub fn poll_read(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        if !self.is_open.get() {
            return Poll::Ready(None);
        }
        let part = self.incoming.parts.borrow_mut().pop_front();
        if let Some(part) = part {
            self.incoming.bytes.set(self.incoming.bytes.get() - part.len() as u64);
            // The other end may have stopped reading until its answers are taken.
            self.outgoing.reader.wake();
            return Poll::Ready(Some(part));
        }
        if self.incoming.is_closed.get() {
            return Poll::Ready(None);
        }
        self.wake_me(context);
        Poll::Pending
    }

    /// Wakes at the next byte, close, or change at the other end.
    pub fn wake_me(&self, context: &Context<'_>) {
        self.incoming.reader.register(context.waker());
    }

    pub fn wake_reader(&self) {
        self.incoming.reader.wake();
    }

    /// The other end still reads what was written. Nothing is read here any more.
    pub fn close(&self) {
        if self.is_open.replace(false) {
            self.outgoing.is_closed.set(true);
            self.incoming.is_closed.set(true);
            self.incoming.clear();
            self.incoming.reader.wake();
            self.outgoing.reader.wake();
        }
    }

    /// The other end reads nothing more; this one reads of its end as of a peer's.
    pub fn give_up(&self) {
        for pipe in [&self.incoming, &self.outgoing] {
            pipe.is_closed.set(true);
            pipe.clear();
            pipe.reader.wake();
        }
    }
}

impl Pipe {
    fn clear(&self) {
        self.parts.borrow_mut().clear();
        self.bytes.set(0);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.close();
    }
}
