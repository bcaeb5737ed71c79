//! One client and what it meets, without time passing by itself.

use std::{collections::VecDeque, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use kafka_wire_core::{ApiVersion, KafkaDecode, KafkaEncode};

use super::super::*;
use crate::{
    effect::{Address, Frame, Listener},
    error::ErrorCode,
    ids::{ConnectionId, DialId},
    sorted::SortedMap,
    time::Timestamp,
    wire::{Api, RequestHead, limits},
};

mod responses;

pub const TOPIC_ID: [u8; 16] = *b"0123456789abcdef";
pub const NOON: Timestamp = Timestamp(1_700_000_000_000);

pub fn address(port: u16) -> Address {
    Address { host: "broker".to_owned(), port }
}

/// What the broker does with a request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// As it should, but with this error wherever the answer tells of one.
    Error(ErrorCode),
    /// Nothing for now.
    Silence,
    /// The connection goes, and nothing was done.
    Close,
    /// It is done, and the connection goes before the answer.
    CloseAfter,
    /// This body.
    Body(Bytes),
    /// This frame, header included.
    Frame(Bytes),
}

/// A request as the broker had it.
#[derive(Clone, Debug)]
pub struct Heard {
    pub api: Api,
    pub version: i16,
    pub correlation: i32,
    pub connection: ConnectionId,
    pub body: Bytes,
}

impl Heard {
    pub fn decode<M: KafkaDecode>(&self) -> M {
        let limits = limits::decode_limits(self.body.len());
        M::decode_from_bytes(self.body.clone(), ApiVersion::new(self.version), limits).unwrap()
    }

    /// A frame that answers it.
    pub fn frame(&self, body: &[u8]) -> Bytes {
        let mut bytes = BytesMut::new();
        let header = 4 + u32::from(self.api.has_tagged_response_header(self.version));
        bytes.put_u32(header + body.len() as u32);
        bytes.put_i32(self.correlation);
        if self.api.has_tagged_response_header(self.version) {
            bytes.put_u8(0);
        }
        bytes.put_slice(body);
        bytes.freeze()
    }
}

pub fn encoded(message: &impl KafkaEncode, version: i16) -> Bytes {
    let mut body = BytesMut::new();
    message.encode_into(&mut body, ApiVersion::new(version)).unwrap();
    body.freeze()
}

/// The broker: it knows topic `t` with partitions 0 and 1, and leads both.
#[derive(Clone, Debug)]
pub struct Script {
    /// The versions it tells and takes.
    pub versions: SortedMap<Api, (i16, i16)>,
    pub port: u16,
    pub leader_epoch: i32,
    pub topic_id: [u8; 16],
    /// What is kept of each partition: whole batches in order, and what idempotent producers sent.
    pub kept: SortedMap<i32, responses::Kept>,
    /// What to do with the next requests of an API. When it is through, all is answered.
    pub reactions: SortedMap<Api, VecDeque<Reaction>>,
    pub heard: Vec<Heard>,
    pub next_producer: i64,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            versions: Api::ALL.iter().map(|&api| (api, (*api.served().start(), *api.served().end()))).collect(),
            port: 1,
            leader_epoch: 3,
            topic_id: TOPIC_ID,
            kept: SortedMap::from([(0, responses::Kept::default()), (1, responses::Kept::default())]),
            reactions: SortedMap::new(),
            heard: Vec::new(),
            next_producer: 100,
        }
    }
}

impl Script {
    /// Of every API the version that `choose` takes from those served.
    pub fn with_versions(choose: impl Fn(Api) -> i16) -> Self {
        let mut script = Self::default();
        for (&api, versions) in script.versions.iter_mut() {
            // Every broker reads the first ApiVersions there was.
            let lowest = if api == Api::ApiVersions { 0 } else { choose(api) };
            *versions = (lowest, choose(api));
        }
        script
    }

    pub fn next(&mut self, api: Api, reaction: Reaction) {
        self.reactions.entry(api).or_default().push_back(reaction);
    }

    pub fn heard_of(&self, api: Api) -> Vec<&Heard> {
        self.heard.iter().filter(|heard| heard.api == api).collect()
    }

    /// The body of the right answer to what was heard.
    pub fn body_of(&mut self, heard: &Heard) -> Bytes {
        responses::response(self, heard, 0)
    }

    /// The body of the right answer to `question`.
    pub fn body_for(&mut self, question: &Question) -> Bytes {
        let mut stage = Stage::new(self.clone());
        stage.answer_to(question.clone()).unwrap();
        let heard = stage.script.heard_of(question.api()).last().copied().unwrap().clone();
        self.body_of(&heard)
    }

    /// What to write, and whether to close then.
    fn react(&mut self, connection: ConnectionId, frame: &Frame) -> (Option<Bytes>, bool) {
        let (head, body) = RequestHead::decode(frame.to_bytes().slice(4..), Listener::Client, u32::MAX).unwrap();
        assert_eq!(head.client_id.as_deref(), Some("ottla"));
        let (api, version, correlation) = (head.api, head.version, head.correlation);
        let heard = Heard { api, version, correlation, connection, body };
        self.heard.push(heard.clone());
        let told = self.versions[&heard.api];
        let reaction = self.reactions.get_mut(&heard.api).and_then(VecDeque::pop_front);
        match reaction {
            Some(Reaction::Silence) => (None, false),
            Some(Reaction::Close) => (None, true),
            Some(Reaction::CloseAfter) => {
                responses::response(self, &heard, 0);
                (None, true)
            }
            Some(Reaction::Body(body)) => (Some(heard.frame(&body)), false),
            Some(Reaction::Frame(frame)) => (Some(frame), false),
            Some(Reaction::Error(error)) => {
                (Some(heard.frame(&responses::response(self, &heard, error.code()))), false)
            }
            None if !(told.0..=told.1).contains(&version) => {
                assert_eq!(heard.api, Api::ApiVersions, "a version that the broker has not told");
                (Some(heard.frame(&responses::unsupported(self))), false)
            }
            None => {
                let body = responses::response(self, &heard, 0);
                let is_silent = body.is_empty();
                ((!is_silent).then(|| heard.frame(&body)), false)
            }
        }
    }
}

/// The client, the broker, and the connections between them.
pub struct Stage {
    pub client: Client,
    pub script: Script,
    pub now: Now,
    pub answers: Vec<ClientAnswer>,
    /// Dials, in order.
    pub dials: Vec<Address>,
    /// Addresses that nobody listens at.
    pub down: Vec<Address>,
    pub open: Vec<ConnectionId>,
    next_connection: u64,
    next_call: u64,
}

impl Stage {
    pub fn new(script: Script) -> Self {
        Self::with_options(script, ClientOptions::new(vec![address(1)]))
    }

    pub fn with_options(script: Script, options: ClientOptions) -> Self {
        Self {
            client: Client::new(options),
            script,
            now: Now { monotonic: Instant(1_000_000), wall: NOON },
            answers: Vec::new(),
            dials: Vec::new(),
            down: Vec::new(),
            open: Vec::new(),
            next_connection: 0,
            next_call: 0,
        }
    }

    /// Asks, and lets everything happen that needs no time.
    pub fn ask(&mut self, question: Question) -> CallId {
        self.next_call += 1;
        let call = CallId(self.next_call);
        self.input(Input::Call(ClientCall::Ask { call, question }));
        call
    }

    /// Asks, and lets time pass until it is answered.
    pub fn answer_to(&mut self, question: Question) -> Result<Reply, ClientError> {
        let call = self.ask(question);
        self.until_answered(call)
    }

    pub fn until_answered(&mut self, call: CallId) -> Result<Reply, ClientError> {
        for _ in 0..10_000 {
            if let Some(answer) = self.answers.iter().find(|answer| answer.call == call) {
                return answer.result.clone();
            }
            self.tick();
        }
        panic!("{call:?} is not answered");
    }

    pub fn result(&self, call: CallId) -> Option<&Result<Reply, ClientError>> {
        let mut found = self.answers.iter().filter(|answer| answer.call == call);
        let first = found.next();
        assert!(found.next().is_none(), "{call:?} is answered twice");
        first.map(|answer| &answer.result)
    }

    /// Goes on to the client's next deadline.
    pub fn tick(&mut self) {
        let deadline = self.client.next_deadline().expect("who waits has a deadline");
        assert!(deadline > self.now.monotonic, "a deadline that has passed");
        let passed = deadline.since(self.now.monotonic);
        self.pass(passed);
    }

    pub fn pass(&mut self, time: Duration) {
        self.now.monotonic = self.now.monotonic + time;
        self.now.wall.0 += time.as_millis() as i64;
        self.input(Input::Tick);
    }

    /// One input, and all that follows from it at once.
    pub fn input(&mut self, input: Input<ClientCall>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.turn(input) {
                self.follow(effect, &mut inputs);
            }
            assert!(self.client.next_deadline().is_none_or(|deadline| deadline > self.now.monotonic));
        }
    }

    /// One input, one turn.
    pub fn turn(&mut self, input: Input<ClientCall>) -> Vec<Effect<ClientAnswer>> {
        let mut effects = Vec::new();
        self.client.handle(self.now, input, &mut effects);
        effects
    }

    fn follow(&mut self, effect: Effect<ClientAnswer>, inputs: &mut VecDeque<Input<ClientCall>>) {
        match effect {
            Effect::Dial { dial, address } => inputs.push_back(self.dial(dial, address)),
            Effect::Write { connection, frame } if self.open.contains(&connection) => {
                let (answer, closes) = self.script.react(connection, &frame);
                inputs.extend(answer.map(|bytes| Input::Bytes { connection, bytes }));
                if closes {
                    self.open.retain(|open| *open != connection);
                    inputs.push_back(Input::Closed { connection });
                }
            }
            // What is written to a connection that is gone is swallowed.
            Effect::Write { .. } => {}
            Effect::Close { connection } => self.open.retain(|open| *open != connection),
            Effect::Answer(answer) => {
                self.answers.push(answer);
                self.result(self.answers[self.answers.len() - 1].call);
            }
            other => panic!("a client does not {other:?}"),
        }
    }

    fn dial(&mut self, dial: DialId, address: Address) -> Input<ClientCall> {
        self.dials.push(address.clone());
        if self.down.contains(&address) {
            return Input::DialFailed { dial, why: "refused".to_owned() };
        }
        self.next_connection += 1;
        let connection = ConnectionId(self.next_connection);
        self.open.push(connection);
        Input::Dialled { dial, connection }
    }
}
