//! The world a machine runs in, and the loop that joins the two. The only `async` here.
//!
//! `run` turns inputs into turns, and the effects of a turn into calls and futures whose results come back as inputs.
//! It knows no runtime: a thread of a native host and a local task of a browser's Worker drive the same future.

mod memory;

use std::{
    future::{Future, poll_fn},
    ops::ControlFlow,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{
    SinkExt, Stream,
    channel::mpsc,
    stream::{FuturesOrdered, FuturesUnordered},
};

pub use crate::effect::check_name;
use crate::{
    effect::{Address, Effect, Entry, FileName, Frame, Input, StorageError, WriteOp},
    ids::{ConnectionId, DialId, IoId},
    machine::Machine,
    time::{Instant, Now},
};

pub use memory::MemoryStorage;

/// Turns that may be taken before their effects are done: several appends of one batch share a commit.
const TURNS_PER_BATCH: u32 = 32;

/// One log dir: files that grow at their end and small documents, in one namespace of relative paths.
///
/// A name is one or more components joined by `/`; a component is 1 to 255 bytes without `/`, `\` and NUL, and neither
/// `.` nor `..`. No name is the directory of another, and names of one component that begin with a dot are the host's.
/// A name is used for a file or for a document, never for both in turn without a `Remove` between. A file that was cut
/// to nothing is still there. Work takes its place in the order when the method is called, not when its future is polled.
///
/// What may be relied on, however much more a backend gives:
/// - The ops of a commit apply in order, commits in the order of the calls, and their results come in that order.
/// - After a commit's `Ok` every later `load` and `list` sees it; with `sync`, it and everything before it is durable.
/// - What was committed and synced is there after storage is closed and opened again.
/// - After a crash each file holds a prefix of what was appended to it, its end possibly torn, files independent of each
///   other; a `Truncate`, `Rename`, `Remove` or `Put` that was not synced may be undone.
/// - A `Rename` is atomic: a crash leaves the old name or the new one. A `Put` is all or nothing.
/// - An `Append` that is not at the file's end, or a `Rename` of nothing, fails and changes nothing.
/// - `Outcome::Definite` means that nothing of the commit was done and that nothing of it will appear later.
/// - After `Outcome::Unknown` storage may refuse every further commit until it is opened again.
pub trait Storage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>>;

    /// Bytes `at..at + len` of a file or document, fewer where it ends earlier, none beyond its end.
    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>>;

    /// Every file and document whose name starts with `prefix` (of bytes, not of components), sorted by name.
    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>>;
}

/// Connections. What comes in by them goes to the machine's inbox (`InputSender`), in order per connection:
/// `Opened` (or `Dialled`), any number of `Bytes`, at most one `Closed`.
///
/// Calls never wait and never fail: a connection that is gone swallows them, and its `Closed` is in the inbox or was
/// taken before. What waits to be sent is bounded by the transport, which reads no further from a peer that does not
/// take its answers and closes it when they are too many. Inputs of a connection that were under way when the machine
/// closed it may still arrive; the machine ignores connections that it does not know.
pub trait Transport {
    fn write(&self, connection: ConnectionId, frame: Frame);

    /// Stop reading. What was read before may still arrive, which is at most a few reads' worth.
    fn pause(&self, connection: ConnectionId);

    fn resume(&self, connection: ConnectionId);

    /// Send what was written, then close.
    fn close(&self, connection: ConnectionId);

    /// Answered in the inbox by `Dialled` or `DialFailed`.
    fn dial(&self, dial: DialId, address: Address);

    /// The effects of a batch of turns are all done: what was gathered by `write` may go out.
    fn flush(&self) {}
}

/// Both clocks, and waiting.
pub trait Clock {
    fn now(&self) -> Now;

    /// Waits until `at`. May return early (a timer has its own grain); it is asked again then.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()>;
}

/// Who looks on: the page, a native host's main thread.
pub trait Observer<M: Machine> {
    /// After every turn, before its effects are done. A call pushed to `calls` is handled before the rest of the inbox.
    fn after_turn(&mut self, now: Now, machine: &M, calls: &mut Vec<M::Call>) {
        let _ = (now, machine, calls);
    }

    /// `Break` ends the loop once the effects of this batch are done.
    fn on_answer(&mut self, answer: M::Answer) -> ControlFlow<()>;
}

/// Everything a machine meets outside itself.
#[derive(Debug)]
pub struct Host<S, T, C, O> {
    pub storage: S,
    pub transport: T,
    pub clock: C,
    pub observer: O,
}

/// Puts inputs into an inbox. Each clone has room for one input of its own beside the shared depth.
#[derive(Debug)]
pub struct InputSender<Call>(mpsc::Sender<Input<Call>>);

/// Where a machine's inputs from outside wait for their turn. Bounded; a full one makes senders wait.
#[derive(Debug)]
pub struct Inbox<Call>(mpsc::Receiver<Input<Call>>);

/// An inbox for `depth` inputs and one more for each sender.
pub fn inbox<Call>(depth: u16) -> (InputSender<Call>, Inbox<Call>) {
    let (sender, receiver) = mpsc::channel(usize::from(depth));
    (InputSender(sender), Inbox(receiver))
}

impl<Call> Clone for InputSender<Call> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Call> InputSender<Call> {
    /// Waits for room. `false`: the machine has ended.
    pub async fn send(&mut self, input: Input<Call>) -> bool {
        self.0.send(input).await.is_ok()
    }

    /// Gives the input back where there is no room or the machine has ended.
    pub fn try_send(&mut self, input: Input<Call>) -> Result<(), Input<Call>> {
        self.0.try_send(input).map_err(mpsc::TrySendError::into_inner)
    }

    /// Whether the machine has ended, so that nothing that is sent can arrive.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// Drives `machine` until its observer breaks off, or until every sender of its inbox is gone and no storage work is
/// left. Gives back the machine as it stood then. Failures of storage are inputs and never end the loop.
pub async fn run<M, S, T, C, O>(machine: M, inbox: Inbox<M::Call>, host: Host<S, T, C, O>) -> M
where
    M: Machine,
    S: Storage,
    T: Transport,
    C: Clock,
    O: Observer<M>,
{
    let Host { storage, transport, clock, observer } = host;
    let mut turns = Turns {
        deadline: machine.next_deadline(),
        machine,
        inbox: Some(inbox.0),
        clock: &clock,
        observer,
        calls: Vec::new(),
        effects: Vec::new(),
        may_tick: true,
    };
    let mut commits = FuturesOrdered::new();
    let mut reads = FuturesUnordered::new();
    let mut lists = FuturesUnordered::new();
    let mut sleep = pin!(None);
    let mut sleeps_until = None;
    loop {
        let mut is_over = poll_fn(|context| {
            loop {
                let taken = turns.take_batch(context, |context| {
                    ready(Pin::new(&mut commits).poll_next(context))
                        .or_else(|| ready(Pin::new(&mut reads).poll_next(context)))
                        .or_else(|| ready(Pin::new(&mut lists).poll_next(context)))
                });
                if taken > 0 {
                    return Poll::Ready(false);
                }
                if turns.inbox.is_none() && commits.is_empty() && reads.is_empty() && lists.is_empty() {
                    return Poll::Ready(true);
                }
                let deadline = turns.deadline;
                if deadline != sleeps_until || (deadline.is_some() && sleep.is_none()) {
                    sleep.set(deadline.map(|at| clock.sleep_until(at)));
                    sleeps_until = deadline;
                }
                if sleep.as_mut().as_pin_mut().is_none_or(|sleep| sleep.poll(context).is_pending()) {
                    return Poll::Pending;
                }
                sleep.set(None);
                turns.may_tick = true;
            }
        })
        .await;
        for effect in turns.effects.drain(..) {
            match effect {
                Effect::Write { connection, frame } => transport.write(connection, frame),
                Effect::Pause { connection } => transport.pause(connection),
                Effect::Resume { connection } => transport.resume(connection),
                Effect::Close { connection } => transport.close(connection),
                Effect::Dial { dial, address } => transport.dial(dial, address),
                Effect::Commit { io, ops, sync } => commits.push_back(committed(io, storage.commit(ops, sync))),
                Effect::Load { io, file, at, len } => reads.push(loaded(io, storage.load(file, at, len))),
                Effect::List { io, prefix } => lists.push(listed(io, storage.list(prefix))),
                Effect::Answer(answer) => is_over |= turns.observer.on_answer(answer).is_break(),
            }
        }
        transport.flush();
        if is_over {
            return turns.machine;
        }
    }
}

/// The machine and all that a turn of it needs.
struct Turns<'a, M: Machine, C, O> {
    machine: M,
    /// The machine's next one, as of its latest turn.
    deadline: Option<Instant>,
    /// `None` once every sender is gone.
    inbox: Option<mpsc::Receiver<Input<M::Call>>>,
    clock: &'a C,
    observer: O,
    calls: Vec<M::Call>,
    effects: Vec<Effect<M::Answer>>,
    /// Not between a tick and the next input or timer: a machine whose deadline did not move would tick forever.
    may_tick: bool,
}

impl<M: Machine, C: Clock, O: Observer<M>> Turns<'_, M, C, O> {
    /// Takes turns for as long as there are inputs, and says how many. A due `Tick` comes before anything else.
    fn take_batch(
        &mut self,
        context: &mut Context<'_>,
        mut poll_work: impl FnMut(&mut Context<'_>) -> Option<Input<M::Call>>,
    ) -> u32 {
        let mut taken = 0;
        while taken < TURNS_PER_BATCH {
            let now = self.clock.now();
            let is_due = self.deadline.is_some_and(|deadline| deadline <= now.monotonic);
            if is_due && self.may_tick {
                self.may_tick = false;
                self.take(now, Input::Tick);
            } else if let Some(input) = poll_work(context).or_else(|| self.poll_inbox(context)) {
                self.may_tick = true;
                self.take(now, input);
            } else {
                break;
            }
            taken += 1;
        }
        taken
    }

    fn take(&mut self, now: Now, input: Input<M::Call>) {
        self.machine.handle(now, input, &mut self.effects);
        self.deadline = self.machine.next_deadline();
        self.observer.after_turn(now, &self.machine, &mut self.calls);
    }

    fn poll_inbox(&mut self, context: &mut Context<'_>) -> Option<Input<M::Call>> {
        if !self.calls.is_empty() {
            return Some(Input::Call(self.calls.remove(0)));
        }
        match Pin::new(self.inbox.as_mut()?).poll_next(context) {
            Poll::Ready(Some(input)) => Some(input),
            Poll::Ready(None) => {
                self.inbox = None;
                None
            }
            Poll::Pending => None,
        }
    }
}

/// An empty set of futures and one in which none is done are the same to the loop.
fn ready<T>(poll: Poll<Option<T>>) -> Option<T> {
    match poll {
        Poll::Ready(item) => item,
        Poll::Pending => None,
    }
}

async fn committed<Call>(io: IoId, work: impl Future<Output = Result<(), StorageError>>) -> Input<Call> {
    match work.await {
        Ok(()) => Input::Committed { io },
        Err(why) => Input::Failed { io, why },
    }
}

async fn loaded<Call>(io: IoId, work: impl Future<Output = Result<Bytes, StorageError>>) -> Input<Call> {
    match work.await {
        Ok(bytes) => Input::Loaded { io, bytes },
        Err(why) => Input::Failed { io, why },
    }
}

async fn listed<Call>(io: IoId, work: impl Future<Output = Result<Vec<Entry>, StorageError>>) -> Input<Call> {
    match work.await {
        Ok(entries) => Input::Listed { io, entries },
        Err(why) => Input::Failed { io, why },
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_types, reason = "what a host is made of, not a machine")]
mod tests;
