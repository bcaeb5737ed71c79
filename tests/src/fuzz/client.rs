//! A client whose broker says anything.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use ottla_core::{
    client::{
        CallId, Client, ClientAnswer, ClientCall, ClientOptions, Question,
        question::{
            Acks, ConfigEdit, ConfigOperation, ConfigResource, FetchFrom, NewBatch, NewRecord, NewTopic, OffsetAt,
        },
    },
    effect::{Address, Effect, Input},
    ids::ConnectionId,
    machine::Machine,
    record::Compression,
    time::{Instant, Now, Timestamp},
};

use super::driven::{DrivenBroker, Files};

/// Inputs until everything must have been answered: enough for every call to be tried to its end.
const INPUTS_MAX: u32 = 20_000;

/// What each request is answered with, one behind the other: two bytes of length, then the answer from behind its
/// correlation id on. When there is no more the broker is gone. Every call is answered once.
pub(super) fn client(mut script: &[u8]) {
    let answers = ask_everything(|_| {
        let (len, rest) = script.split_first_chunk::<2>()?;
        let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes(*len)).min(rest.len()));
        script = rest;
        Some(body.to_vec())
    });
    assert!(answers.values().all(|count| *count == 1), "{answers:?}");
    assert_eq!(answers.len(), questions().len());
}

/// A script in which a real broker says what it says.
pub fn recorded() -> Vec<u8> {
    let mut broker = DrivenBroker::on(Files::new());
    broker.open();
    let connection = broker.connect(1);
    let mut script = Vec::new();
    ask_everything(|request| {
        broker.sent.remove(&connection);
        broker.send(connection, request.clone());
        broker.pass(1_000_000, 10);
        let body = broker.sent[&connection][8..].to_vec();
        script.extend_from_slice(&(body.len() as u16).to_be_bytes());
        script.extend_from_slice(&body);
        Some(body)
    });
    script
}

/// One of every kind.
fn questions() -> Vec<Question> {
    let (topic, partition) = (|| "fuzz".to_owned(), 0);
    let resource = || ConfigResource::Topic(topic());
    let edit = ConfigEdit { name: "retention.ms".to_owned(), operation: ConfigOperation::Set("-1".to_owned()) };
    let record = NewRecord { value: Some(Bytes::from_static(b"value")), ..NewRecord::default() };
    let batch =
        NewBatch { topic: topic(), partition, records: vec![record], compression: Compression::Lz4, acks: Acks::All };
    vec![
        Question::CreateTopics {
            topics: vec![NewTopic { name: topic(), ..NewTopic::default() }],
            validate_only: false,
        },
        Question::Metadata { topics: None, create: false },
        Question::DescribeConfigs { resource: resource(), names: None },
        Question::IncrementalAlterConfigs { resource: resource(), edits: vec![edit], validate_only: false },
        Question::DescribeCluster,
        Question::Produce(batch),
        Question::ListOffsets { topic: topic(), partition, at: OffsetAt::Latest },
        Question::Fetch(FetchFrom::new("fuzz", partition, 0)),
        Question::DeleteRecords { topic: topic(), partition, before: -1 },
        Question::DeleteTopics { topics: vec![topic()] },
    ]
}

/// Asks one question after the other of a broker that answers at once, and counts the answers to each.
fn ask_everything(mut broker: impl FnMut(&Bytes) -> Option<Vec<u8>>) -> BTreeMap<CallId, u32> {
    let times = Duration::from_secs(2);
    let options = ClientOptions {
        api_timeout: times,
        delivery_timeout: times,
        request_timeout: times / 2,
        ..ClientOptions::new(vec![Address { host: "broker".to_owned(), port: 9092 }])
    };
    let mut client = Client::new(options);
    let mut answers = BTreeMap::new();
    let (mut now, mut connections, mut is_gone, mut taken) = (Instant(0), 0, false, 0);
    for (call, question) in (1..).map(CallId).zip(questions()) {
        let mut inputs = VecDeque::from([Input::Call(ClientCall::Ask { call, question })]);
        while client.unanswered() > 0 || !inputs.is_empty() {
            taken += 1;
            assert!(taken < INPUTS_MAX, "{call:?} is never answered");
            let input = inputs.pop_front().unwrap_or_else(|| {
                now = now.max(client.next_deadline().expect("what is not answered has its time"));
                Input::Tick
            });
            let mut effects = Vec::new();
            let wall = Timestamp(1_700_000_000_000 + (now.0 / 1000) as i64);
            client.handle(Now { monotonic: now, wall }, input, &mut effects);
            for effect in effects {
                match effect {
                    Effect::Dial { dial, .. } if is_gone => {
                        inputs.push_back(Input::DialFailed { dial, why: "nobody is there".to_owned() });
                    }
                    Effect::Dial { dial, .. } => {
                        connections += 1;
                        inputs.push_back(Input::Dialled { dial, connection: ConnectionId(connections) });
                    }
                    Effect::Write { connection, frame } => match broker(&frame.to_bytes()) {
                        Some(body) => inputs.push_back(answer(connection, &frame.to_bytes(), &body)),
                        None => {
                            is_gone = true;
                            inputs.push_back(Input::Closed { connection });
                        }
                    },
                    Effect::Answer(ClientAnswer { call, .. }) => *answers.entry(call).or_default() += 1,
                    _ => {}
                }
            }
        }
    }
    answers
}

fn answer(connection: ConnectionId, request: &Bytes, body: &[u8]) -> Input<ClientCall> {
    let correlation = &request[8..12];
    let bytes = [&(body.len() as u32 + 4).to_be_bytes()[..], correlation, body].concat().into();
    Input::Bytes { connection, bytes }
}
