use std::{
    cell::{Cell, RefCell},
    future::{pending, ready},
    task::Waker,
};

use super::*;
use crate::time::Timestamp;
use crate::{
    effect::{Outcome, StorageErrorKind},
    sorted::SortedSet,
};

/// Notes what it was given, and asks for what it was told to.
#[derive(Clone, Debug, Default)]
struct Notes {
    heard: Vec<String>,
    deadline: Option<Instant>,
    /// A tick leaves the deadline where it is, as no machine should.
    never_later: bool,
}

impl Machine for Notes {
    type Call = Vec<Effect<&'static str>>;
    type Answer = &'static str;

    fn handle(&mut self, now: Now, input: Input<Self::Call>, effects: &mut Vec<Effect<&'static str>>) {
        self.heard.push(match input {
            Input::Call(asked) => {
                effects.extend(asked);
                "call".into()
            }
            Input::Bytes { bytes, .. } => format!("bytes {}", bytes.len()),
            Input::Tick => {
                self.deadline = self.deadline.filter(|_| self.never_later);
                format!("tick at {}", now.monotonic.0)
            }
            Input::Committed { io } => format!("committed {io}"),
            Input::Loaded { io, bytes } => format!("loaded {io} {}", bytes.len()),
            Input::Listed { io, entries } => format!("listed {io} {}", entries.len()),
            Input::Failed { io, why } => format!("failed {io} {:?}", why.kind),
            other => format!("{other:?}"),
        });
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// Commits wait until they are let go, in any order; loads and lists are done at once; "missing" is.
#[derive(Default)]
struct Gate {
    open: RefCell<SortedSet<u64>>,
    commits: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl Gate {
    fn open(&self, number: u64) {
        self.open.borrow_mut().insert(number);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}

impl Storage for &Gate {
    fn commit(&self, ops: Vec<WriteOp>, _: bool) -> impl Future<Output = Result<(), StorageError>> {
        let number = self.commits.replace(self.commits.get() + 1);
        let gate = *self;
        poll_fn(move |context| {
            if !gate.open.borrow().contains(&number) {
                gate.waiting.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(if ops.is_empty() { Ok(()) } else { Err(missing()) })
        })
    }

    fn load(&self, file: FileName, _: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        ready(if &*file == "missing" { Err(missing()) } else { Ok(vec![0; len as usize].into()) })
    }

    fn list(&self, _: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        ready(Ok(Vec::new()))
    }
}

fn missing() -> StorageError {
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Missing, detail: String::new() }
}

#[derive(Default)]
struct Outside {
    done: RefCell<Vec<String>>,
    time: Cell<u64>,
    slept_until: RefCell<Vec<u64>>,
}

impl Outside {
    fn note(&self, what: impl Into<String>) {
        self.done.borrow_mut().push(what.into());
    }
}

impl Transport for &Outside {
    fn write(&self, connection: ConnectionId, frame: Frame) {
        self.note(format!("write {connection} {}", frame.len()));
    }
    fn pause(&self, connection: ConnectionId) {
        self.note(format!("pause {connection}"));
    }
    fn resume(&self, connection: ConnectionId) {
        self.note(format!("resume {connection}"));
    }
    fn close(&self, connection: ConnectionId) {
        self.note(format!("close {connection}"));
    }
    fn dial(&self, dial: DialId, _: Address) {
        self.note(format!("dial {dial}"));
    }
    fn flush(&self) {
        self.note("flush");
    }
}

impl Clock for &Outside {
    fn now(&self) -> Now {
        Now { monotonic: Instant(self.time.get()), wall: Timestamp(0) }
    }
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> {
        self.slept_until.borrow_mut().push(at.0);
        pending()
    }
}

/// Ends at the answer "end".
struct Until;

impl Observer<Notes> for Until {
    fn after_turn(&mut self, _: Now, machine: &Notes, calls: &mut Vec<Vec<Effect<&'static str>>>) {
        if machine.heard.last().is_some_and(|heard| heard == "bytes 3") {
            calls.push(vec![Effect::Pause { connection: ConnectionId(3) }]);
        }
    }
    fn on_answer(&mut self, answer: &'static str) -> ControlFlow<()> {
        if answer == "end" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

type Sender = InputSender<Vec<Effect<&'static str>>>;

/// Drives a loop by hand: gives `steps` the sender and a way to let the loop go on, and gives back the machine.
fn drive(machine: Notes, gate: &Gate, outside: &Outside, steps: impl FnOnce(Sender, &mut dyn FnMut())) -> Notes {
    let (sender, inbox) = inbox(100);
    let host = Host { storage: gate, transport: outside, clock: outside, observer: Until };
    let mut running = pin!(run(machine, inbox, host));
    let mut ended = None;
    let mut poll = || {
        if ended.is_none()
            && let Poll::Ready(machine) = running.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            ended = Some(machine);
        }
    };
    poll();
    steps(sender, &mut poll);
    poll();
    ended.expect("the loop to end")
}

fn call(sender: &mut Sender, effects: Vec<Effect<&'static str>>) {
    assert!(sender.try_send(Input::Call(effects)).is_ok());
}

fn bytes(sender: &mut Sender, len: usize) {
    assert!(sender.try_send(Input::Bytes { connection: ConnectionId(1), bytes: vec![0; len].into() }).is_ok());
}

fn commit(io: u64, ops: Vec<WriteOp>) -> Effect<&'static str> {
    Effect::Commit { io: IoId(io), ops, sync: true }
}

#[test]
fn effects_are_done_in_order_and_their_results_are_inputs() {
    let (gate, outside) = (Gate::default(), Outside::default());
    let machine = drive(Notes::default(), &gate, &outside, |mut sender, _| {
        let (connection, io) = (ConnectionId(1), IoId(7));
        call(
            &mut sender,
            vec![
                Effect::Write { connection, frame: Bytes::from_static(b"abc").into() },
                Effect::Load { io, file: "here".into(), at: 0, len: 5 },
                Effect::Load { io, file: "missing".into(), at: 0, len: 5 },
                Effect::List { io, prefix: String::new() },
                Effect::Pause { connection },
                Effect::Resume { connection },
                Effect::Dial { dial: DialId(2), address: Address { host: "x".into(), port: 1 } },
                Effect::Close { connection },
            ],
        );
    });
    assert_eq!(machine.heard, ["call", "loaded 7 5", "failed 7 Missing", "listed 7 0"]);
    let expected = ["write 1 3", "pause 1", "resume 1", "dial 2", "close 1", "flush"];
    assert_eq!(outside.done.borrow()[..6], expected);
}

#[test]
fn commits_are_reported_in_order_however_they_end() {
    let (gate, outside) = (Gate::default(), Outside::default());
    let machine = drive(Notes::default(), &gate, &outside, |mut sender, go_on| {
        call(
            &mut sender,
            vec![commit(1, vec![]), commit(2, vec![WriteOp::Remove { file: "x".into() }]), commit(3, vec![])],
        );
        go_on();
        gate.open(2);
        gate.open(1);
        go_on();
        bytes(&mut sender, 1);
        go_on();
        gate.open(0);
    });
    assert_eq!(machine.heard, ["call", "bytes 1", "committed 1", "failed 2 Missing", "committed 3"]);
}

#[test]
fn a_due_tick_comes_before_a_full_inbox_and_not_before_its_time() {
    let (gate, outside) = (Gate::default(), Outside::default());
    let machine = Notes { deadline: Some(Instant(10)), ..Notes::default() };
    let machine = drive(machine, &gate, &outside, |mut sender, go_on| {
        outside.time.set(9);
        bytes(&mut sender, 1);
        go_on();
        outside.time.set(10);
        (0..50).for_each(|_| bytes(&mut sender, 2));
    });
    assert_eq!(machine.heard[..3], ["bytes 1", "tick at 10", "bytes 2"]);
    assert_eq!(machine.heard.len(), 52);
    assert_eq!(*outside.slept_until.borrow(), [10], "one deadline is one timer");
}

#[test]
fn a_deadline_that_never_moves_does_not_starve_the_inbox() {
    let (gate, outside) = (Gate::default(), Outside::default());
    let machine = Notes { deadline: Some(Instant(0)), never_later: true, ..Notes::default() };
    let machine = drive(machine, &gate, &outside, |mut sender, _| {
        bytes(&mut sender, 1);
        call(&mut sender, vec![Effect::Answer("end")]);
    });
    assert_eq!(machine.heard, ["tick at 0", "bytes 1", "tick at 0", "call", "tick at 0"]);
}

#[test]
fn a_batch_of_turns_shares_one_flush() {
    let (gate, outside) = (Gate::default(), Outside::default());
    drive(Notes::default(), &gate, &outside, |mut sender, _| {
        for _ in 0..TURNS_PER_BATCH {
            call(&mut sender, vec![Effect::Pause { connection: ConnectionId(1) }]);
        }
    });
    assert_eq!(outside.done.borrow()[..33].concat(), format!("{}flush", "pause 1".repeat(32)));
}

#[test]
fn an_observer_s_call_comes_before_the_rest_of_the_inbox() {
    let (gate, outside) = (Gate::default(), Outside::default());
    let machine = drive(Notes::default(), &gate, &outside, |mut sender, _| {
        bytes(&mut sender, 3);
        bytes(&mut sender, 4);
    });
    assert_eq!(machine.heard, ["bytes 3", "call", "bytes 4"]);
}

#[test]
fn it_ends_when_the_observer_says_so_or_nothing_can_come() {
    let (gate, outside) = (Gate::default(), Outside::default());
    let machine = drive(Notes::default(), &gate, &outside, |mut sender, go_on| {
        call(&mut sender, vec![Effect::Answer("go on"), Effect::Answer("end"), commit(1, vec![])]);
        go_on();
        assert!(sender.is_closed(), "nobody takes inputs any more");
    });
    assert_eq!(machine.heard, ["call"]);
    assert!(drive(Notes::default(), &gate, &outside, |sender, _| drop(sender)).heard.is_empty());
}

#[test]
fn a_full_inbox_gives_the_input_back() {
    let (mut sender, inbox) = inbox::<()>(1);
    assert!(sender.try_send(Input::Tick).is_ok() && sender.try_send(Input::Tick).is_ok());
    assert!(matches!(sender.try_send(Input::Tick), Err(Input::Tick)));
    drop(inbox);
    assert!(sender.is_closed());
}
