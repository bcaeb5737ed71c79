//! One client and one broker with a disk, and between them whatever a seed brings: bytes that come late and in pieces,
//! connections that are cut, power that is lost. Time passes only here.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ottla_core::{
    client::{CallId, Client, ClientAnswer, ClientCall, ClientError, ClientOptions, Question, Reply},
    disk::{CrashGrain, Disk},
    effect::{Address, Effect, Input, Listener, NodeAnswer, NodeCall},
    ids::ConnectionId,
    machine::Machine,
    node::{Node, NodeOptions},
    rng::Rng,
    time::{Instant, Now, Timestamp},
};

/// What is on its way to one side of a connection, in order.
#[derive(Clone, Debug)]
enum Parcel {
    Bytes(Bytes),
    Close,
}

#[derive(Clone, Debug, Default)]
struct Wire {
    to_broker: VecDeque<Parcel>,
    to_client: VecDeque<Parcel>,
    is_paused: bool,
    /// Whether the side still knows the connection.
    has_broker: bool,
    has_client: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Broker,
    Client,
}

pub struct World {
    client: Client,
    /// `None` while it has no power.
    node: Option<Node>,
    is_serving: bool,
    disk: Disk,
    /// Storage calls, done in order.
    storage: VecDeque<Effect<NodeAnswer>>,
    wires: BTreeMap<ConnectionId, Wire>,
    now: Instant,
    rng: Rng,
    starts: u64,
    next_connection: u64,
    pub answers: BTreeMap<CallId, Result<Reply, ClientError>>,
    /// Of a thousand steps: connections cut, and power lost.
    pub cuts: u64,
    pub crashes: u64,
}

fn address() -> Address {
    Address { host: "broker".to_owned(), port: 9092 }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let options = ClientOptions { seed, ..ClientOptions::new(vec![address()]) };
        let mut world = Self {
            client: Client::new(options),
            node: None,
            is_serving: false,
            disk: Disk::with_crashes(),
            storage: VecDeque::new(),
            wires: BTreeMap::new(),
            now: Instant(1_000_000),
            rng: Rng::new(seed),
            starts: 0,
            next_connection: 0,
            answers: BTreeMap::new(),
            cuts: 0,
            crashes: 0,
        };
        world.power_on();
        world
    }

    pub fn call(&mut self, call: ClientCall) {
        self.client_turn(Input::Call(call));
    }

    /// Goes on until `call` is answered.
    pub fn until_answered(&mut self, call: CallId) -> Result<Reply, ClientError> {
        for _ in 0..1_000_000 {
            if let Some(result) = self.answers.get(&call) {
                return result.clone();
            }
            self.step();
        }
        panic!("{call:?} is not answered")
    }

    pub fn ask(&mut self, call: CallId, question: Question) -> Result<Reply, ClientError> {
        self.call(ClientCall::Ask { call, question });
        self.until_answered(call)
    }

    /// One thing that may happen next.
    pub fn step(&mut self) {
        self.now.0 += self.rng.below(200);
        let (chance, power) = (self.rng.below(1000), self.node.is_some());
        match () {
            () if self.tick() => {}
            () if chance < self.crashes && power => self.power_off(),
            () if chance < self.crashes + self.cuts => self.cut(),
            () if !power && self.rng.below(20) == 0 => self.power_on(),
            () if self.rng.below(3) == 0 && self.perform_storage() => {}
            () if self.deliver() => {}
            () if self.perform_storage() => {}
            () => self.sleep(),
        }
    }

    fn tick(&mut self) -> bool {
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= self.now);
        if is_due(self.client.next_deadline()) {
            self.client_turn(Input::Tick);
            return true;
        }
        let is_due = is_due(self.node.as_ref().and_then(Node::next_deadline));
        if is_due {
            self.node_turn(Input::Tick);
        }
        is_due
    }

    /// Nothing happens until somebody's deadline, or the power is back.
    fn sleep(&mut self) {
        let deadlines = [self.client.next_deadline(), self.node.as_ref().and_then(Node::next_deadline)];
        match deadlines.into_iter().flatten().min() {
            Some(deadline) => self.now = self.now.max(deadline),
            None => self.now.0 += 1000,
        }
        if self.node.is_none() {
            self.power_on();
        }
    }

    fn perform_storage(&mut self) -> bool {
        let Some(effect) = self.storage.pop_front() else { return false };
        let input = match effect {
            Effect::Commit { io, ops, sync } => match self.disk.commit(ops, sync) {
                Ok(()) => Input::Committed { io },
                Err(why) => Input::Failed { io, why },
            },
            Effect::Load { io, file, at, len } => match self.disk.load(&file, at, len) {
                Ok(bytes) => Input::Loaded { io, bytes },
                Err(why) => Input::Failed { io, why },
            },
            Effect::List { io, prefix } => Input::Listed { io, entries: self.disk.list(&prefix) },
            other => panic!("no storage call: {other:?}"),
        };
        self.node_turn(input);
        true
    }

    /// Brings something to one side of some connection, perhaps in part.
    fn deliver(&mut self) -> bool {
        let ready = self.wires.iter().flat_map(|(id, wire)| {
            let to_broker = !wire.to_broker.is_empty() && !wire.is_paused && self.is_serving;
            let to_client = !wire.to_client.is_empty();
            [to_broker.then_some((*id, Side::Broker)), to_client.then_some((*id, Side::Client))].into_iter().flatten()
        });
        let ready: Vec<_> = ready.collect();
        if ready.is_empty() {
            return false;
        }
        let (id, side) = ready[self.rng.below(ready.len() as u64) as usize];
        let wire = self.wires.get_mut(&id).unwrap();
        let queue = if side == Side::Broker { &mut wire.to_broker } else { &mut wire.to_client };
        match queue.pop_front().unwrap() {
            Parcel::Bytes(mut bytes) => {
                if self.rng.below(4) == 0 && bytes.len() > 1 {
                    let rest = bytes.split_off(1 + self.rng.below(bytes.len() as u64 - 1) as usize);
                    queue.push_front(Parcel::Bytes(rest));
                }
                self.tell(id, side, Told::Bytes(bytes));
            }
            Parcel::Close => self.hang_up(id, side),
        }
        true
    }

    fn tell(&mut self, id: ConnectionId, side: Side, told: Told) {
        let wire = &self.wires[&id];
        match side {
            Side::Broker if wire.has_broker => self.node_turn(told.input(id)),
            Side::Client if wire.has_client => self.client_turn(told.input(id)),
            _ => {}
        }
    }

    /// One side learns that the connection is gone.
    fn hang_up(&mut self, id: ConnectionId, side: Side) {
        self.tell(id, side, Told::Closed);
        if let Some(wire) = self.wires.get_mut(&id) {
            match side {
                Side::Broker => (wire.has_broker, wire.to_broker) = (false, VecDeque::new()),
                Side::Client => (wire.has_client, wire.to_client) = (false, VecDeque::new()),
            }
        }
        self.wires.retain(|_, wire| wire.has_broker || wire.has_client);
    }

    /// Some connection is cut: of what was on its way, a part may still arrive.
    fn cut(&mut self) {
        if self.wires.is_empty() {
            return;
        }
        let which = self.rng.below(self.wires.len() as u64) as usize;
        let id = *self.wires.keys().nth(which).unwrap();
        let kept = self.rng.below(4) as usize;
        let wire = self.wires.get_mut(&id).unwrap();
        for queue in [&mut wire.to_broker, &mut wire.to_client] {
            queue.truncate(kept);
            queue.push_back(Parcel::Close);
        }
    }

    /// Power is lost: what storage was not told to make durable may be lost with it.
    fn power_off(&mut self) {
        (self.node, self.is_serving) = (None, false);
        self.storage.clear();
        self.disk.crash(CrashGrain::Files, &mut self.rng);
        for wire in self.wires.values_mut() {
            (wire.has_broker, wire.to_broker) = (false, VecDeque::new());
            wire.to_client.push_back(Parcel::Close);
        }
    }

    fn power_on(&mut self) {
        self.starts += 1;
        self.node = Some(Node::new(NodeOptions { seed: self.starts, ..NodeOptions::new(address()) }));
    }

    fn now(&self) -> Now {
        Now { monotonic: self.now, wall: Timestamp(1_700_000_000_000 + (self.now.0 / 1000) as i64) }
    }

    fn node_turn(&mut self, input: Input<NodeCall>) {
        let now = self.now();
        let Some(node) = &mut self.node else { return };
        let mut effects = Vec::new();
        node.handle(now, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Write { connection, frame } => {
                    let wire = self.wires.get_mut(&connection);
                    wire.into_iter().for_each(|wire| wire.to_client.push_back(Parcel::Bytes(frame.to_bytes())));
                }
                Effect::Close { connection } => {
                    let wire = self.wires.get_mut(&connection);
                    wire.into_iter().for_each(|wire| {
                        wire.has_broker = false;
                        wire.to_client.push_back(Parcel::Close);
                    });
                }
                Effect::Pause { connection } => self.wires.entry(connection).or_default().is_paused = true,
                Effect::Resume { connection } => self.wires.entry(connection).or_default().is_paused = false,
                Effect::Answer(NodeAnswer::Ready) => self.is_serving = true,
                Effect::Answer(NodeAnswer::CannotOpen(why)) => panic!("cannot open: {why}"),
                Effect::Answer(_) => {}
                Effect::Dial { .. } => panic!("a broker dials nobody"),
                storage => self.storage.push_back(storage),
            }
        }
    }

    fn client_turn(&mut self, input: Input<ClientCall>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut effects = Vec::new();
            self.client.handle(self.now(), input, &mut effects);
            for effect in effects {
                match effect {
                    Effect::Write { connection, frame } => {
                        let wire = self.wires.get_mut(&connection).filter(|wire| wire.has_broker);
                        wire.into_iter().for_each(|wire| wire.to_broker.push_back(Parcel::Bytes(frame.to_bytes())));
                    }
                    Effect::Close { connection } => {
                        let wire = self.wires.get_mut(&connection);
                        wire.into_iter().for_each(|wire| {
                            (wire.has_client, wire.to_client) = (false, VecDeque::new());
                            wire.to_broker.push_back(Parcel::Close);
                        });
                    }
                    Effect::Dial { dial, .. } if !self.is_serving => {
                        inputs.push_back(Input::DialFailed { dial, why: "nobody is there".to_owned() });
                    }
                    Effect::Dial { dial, .. } => inputs.push_back(Input::Dialled { dial, connection: self.connect() }),
                    Effect::Answer(ClientAnswer { call, result }) => {
                        assert!(self.answers.insert(call, result).is_none(), "{call:?} is answered twice");
                    }
                    other => panic!("a client does not {other:?}"),
                }
            }
        }
    }

    fn connect(&mut self) -> ConnectionId {
        self.next_connection += 1;
        let connection = ConnectionId(self.next_connection);
        self.wires.insert(connection, Wire { has_broker: true, has_client: true, ..Wire::default() });
        self.node_turn(Input::Opened { connection, listener: Listener::Client, peer: "client".to_owned() });
        connection
    }
}

/// What a transport tells either side.
enum Told {
    Bytes(Bytes),
    Closed,
}

impl Told {
    fn input<Call>(self, connection: ConnectionId) -> Input<Call> {
        match self {
            Self::Bytes(bytes) => Input::Bytes { connection, bytes },
            Self::Closed => Input::Closed { connection },
        }
    }
}
