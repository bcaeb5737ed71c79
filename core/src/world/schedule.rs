//! What will happen, in the order in which it will.

use std::{cmp::Reverse, collections::BinaryHeap};

use bytes::Bytes;

use super::{fault::Fault, network::Peer};
use crate::{
    effect::{Address, Effect, Input, NodeAnswer, NodeCall},
    ids::{ConnectionId, DialId},
    time::Instant,
};

/// Who dials, in one of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialler {
    pub peer: Peer,
    pub life: u32,
}

impl Dialler {
    pub const STRANGER: Self = Self { peer: Peer::Stranger, life: 0 };

    pub fn visitor(index: u32, life: u32) -> Self {
        Self { peer: Peer::Visitor(index), life }
    }

    pub fn server(index: u32, life: u32) -> Self {
        Self { peer: Peer::Server(index), life }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Occurrence {
    /// A broker process is started on its disk.
    Start {
        server: u32,
    },
    /// A visitor may do its next thing.
    Beat {
        visitor: u32,
    },
    /// A dial reaches its address, or nobody.
    Dial {
        dialler: Dialler,
        dial: DialId,
        address: Address,
    },
    /// Bytes arrive.
    Bytes {
        connection: ConnectionId,
        to_server: bool,
        bytes: Bytes,
    },
    /// One side hears that the other is gone.
    Closed {
        connection: ConnectionId,
        to_server: bool,
    },
    /// What was held on its way, or was not read, may go on.
    Release {
        connection: ConnectionId,
        to_server: bool,
    },
    /// Somebody who is no client sends frames.
    Stranger {
        server: u32,
        frames: Vec<Bytes>,
    },
    /// Storage has done what a life of a broker asked for.
    Storage {
        server: u32,
        life: u32,
        /// Which call of the server's it is.
        call: u64,
        effect: Box<Effect<NodeAnswer>>,
    },
    Fault(Fault),
    /// A pause is over.
    Wake {
        server: u32,
    },
    /// What came during a pause.
    Input {
        server: u32,
        life: u32,
        input: Input<NodeCall>,
    },
    /// A disk that was full has room again.
    Room {
        server: u32,
    },
    /// There is as much memory as before.
    Memory {
        server: u32,
    },
    /// Faults are over.
    Heal,
    /// By now everybody must have been answered.
    Deadline,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    /// When, the how manieth, and where it is kept.
    order: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    kept: Vec<Option<Occurrence>>,
    free: Vec<u32>,
    next: u64,
}

impl Schedule {
    /// What is pushed for one moment happens in the order of pushing.
    pub fn push(&mut self, at: Instant, occurrence: Occurrence) {
        let place = self.free.pop().unwrap_or(self.kept.len() as u32);
        match self.kept.get_mut(place as usize) {
            Some(free) => *free = Some(occurrence),
            None => self.kept.push(Some(occurrence)),
        }
        self.order.push(Reverse((at, self.next, place)));
        self.next += 1;
    }

    pub fn next_at(&self) -> Option<Instant> {
        self.order.peek().map(|Reverse((at, ..))| *at)
    }

    /// What a clone copies, in bytes.
    pub fn own_bytes(&self) -> u64 {
        (self.kept.len() * size_of::<Option<Occurrence>>() + self.order.len() * 24) as u64
    }

    pub fn pop(&mut self) -> Option<Occurrence> {
        let Reverse((_, _, place)) = self.order.pop()?;
        self.free.push(place);
        self.kept[place as usize].take()
    }
}
