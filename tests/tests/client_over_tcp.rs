//! The client of `core` against the broker of `core`, over TCP: what it asks is answered, and stops, kills and new starts
//! of the broker in between neither lose nor double a record.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    ops::ControlFlow,
    sync::mpsc,
    time::Duration,
};

use ottla_core::{
    client::{
        CallId, Client, ClientAnswer, ClientCall, ClientError, ClientOptions, Question, Reply,
        question::{
            Acks, ConfigEdit, ConfigOperation, ConfigResource, FetchFrom, NewBatch, NewRecord, NewTopic, OffsetAt,
        },
        reply::{ConfigSource, Fetched, FoundOffset},
    },
    effect::Address,
    error::ErrorCode,
    host::MemoryStorage,
    ids::{BrokerId, Offset},
    record::{Compression, Header, Record},
    time::Timestamp,
};
use ottla_tests::host::{Host, Options, Served, StorageOption};

/// How long an answer may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client on a thread of its own.
struct Asker {
    served: Served<ClientCall>,
    answers: mpsc::Receiver<ClientAnswer>,
    kept: BTreeMap<CallId, Result<Reply, ClientError>>,
    next: u64,
}

impl Asker {
    fn new(broker: SocketAddr) -> Self {
        let options = ClientOptions::new(vec![Address { host: broker.ip().to_string(), port: broker.port() }]);
        let (sender, answers) = mpsc::channel();
        // The host of a machine listens; nobody comes to a client's.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let served = Served::start(listener, move |_, _| {
            let observe = move |answer| match sender.send(answer) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            (Client::new(options), MemoryStorage::default(), observe)
        });
        Self { served: served.unwrap(), answers, kept: BTreeMap::new(), next: 0 }
    }

    fn start(&mut self, question: Question) -> CallId {
        self.next += 1;
        let call = CallId(self.next);
        self.served.call(ClientCall::Ask { call, question });
        call
    }

    fn wait(&mut self, call: CallId) -> Result<Reply, ClientError> {
        while !self.kept.contains_key(&call) {
            let answer = self.answers.recv_timeout(PATIENCE).expect("an answer in time");
            assert!(self.kept.insert(answer.call, answer.result).is_none(), "answered twice");
        }
        self.kept[&call].clone()
    }

    fn ask(&mut self, question: Question) -> Result<Reply, ClientError> {
        let call = self.start(question);
        self.wait(call)
    }

    fn create(&mut self, name: &str, partitions: i32) {
        let configs = vec![("flush.messages".to_owned(), "1".to_owned())];
        let topic = NewTopic { name: name.to_owned(), partitions: Some(partitions), configs, ..NewTopic::default() };
        let Ok(Reply::CreateTopics(created)) =
            self.ask(Question::CreateTopics { topics: vec![topic], validate_only: false })
        else {
            panic!("cannot create {name}")
        };
        assert_eq!(created[0].as_ref().unwrap().partitions, Some(partitions));
    }

    fn produce(&mut self, value: &str) -> Result<Option<Offset>, ClientError> {
        self.ask(Question::Produce(batch(&[value]))).map(|reply| match reply {
            Reply::Produce(produced) => produced.base_offset,
            other => panic!("{other:?}"),
        })
    }

    fn fetch(&mut self, from: FetchFrom) -> Result<Fetched, ClientError> {
        self.ask(Question::Fetch(from)).map(|reply| match reply {
            Reply::Fetch(fetched) => fetched,
            other => panic!("{other:?}"),
        })
    }

    /// Every record of partition 0 from `offset` on.
    fn read_all(&mut self, mut offset: Offset) -> Vec<Record> {
        let mut all = Vec::new();
        loop {
            let fetched = self.fetch(FetchFrom { wait: Duration::ZERO, ..FetchFrom::new("t", 0, offset) }).unwrap();
            for batch in &fetched.batches {
                offset = batch.header().last_offset() + 1;
                all.extend(batch.records(1 << 24).unwrap().map(Result::unwrap));
            }
            if offset >= fetched.high_watermark {
                return all;
            }
        }
    }

    fn values(&mut self) -> Vec<String> {
        let text = |record: Record| String::from_utf8(record.value.unwrap().to_vec()).unwrap();
        self.read_all(0).into_iter().map(text).collect()
    }

    fn offset(&mut self, at: OffsetAt) -> Option<FoundOffset> {
        match self.ask(Question::ListOffsets { topic: "t".to_owned(), partition: 0, at }) {
            Ok(Reply::ListOffsets(found)) => found,
            other => panic!("{other:?}"),
        }
    }
}

fn batch(values: &[&str]) -> NewBatch {
    let record = |value: &&str| NewRecord { value: Some(value.to_string().into()), ..NewRecord::default() };
    NewBatch {
        topic: "t".to_owned(),
        partition: 0,
        records: values.iter().map(record).collect(),
        compression: Compression::None,
        acks: Acks::All,
    }
}

fn started(storage: &MemoryStorage, port: u16) -> Host {
    Host::start(Options { port, storage: StorageOption::Memory(storage.clone()), ..Options::default() }).unwrap()
}

/// A broker, a client of it, and topic `t` with one partition.
fn stage() -> (MemoryStorage, Host, Asker) {
    let storage = MemoryStorage::default();
    let host = started(&storage, 0);
    let mut asker = Asker::new(host.address());
    asker.create("t", 1);
    (storage, host, asker)
}

#[test]
fn records_come_back_as_they_went_with_every_codec() {
    let (_storage, _host, mut asker) = stage();
    let header = |key: &str, value: Option<&str>| Header {
        key: key.to_owned().into(),
        value: value.map(|value| value.to_owned().into()),
    };
    let record = |index: i64| NewRecord {
        key: (index % 2 == 0).then(|| format!("key {index}").into()),
        value: (index % 3 > 0).then(|| "so it goes ".repeat(100).into()),
        headers: vec![header("first", None), header("", Some("second"))],
        timestamp: Some(Timestamp(1_700_000_000_000 + index)),
    };
    let records: Vec<NewRecord> = (0..50).map(record).collect();
    let mut next = 0;
    for compression in Compression::ALL {
        for acks in [Acks::All, Acks::Leader, Acks::None] {
            let new = NewBatch { records: records.clone(), compression, acks, ..batch(&[]) };
            let Ok(Reply::Produce(produced)) = asker.ask(Question::Produce(new)) else { panic!("{compression:?}") };
            assert_eq!(produced.base_offset, (acks != Acks::None).then_some(next));
            // Not answered, so it may still be on its way: a Fetch waits for it.
            let fetched = asker.fetch(FetchFrom { wait: PATIENCE, ..FetchFrom::new("t", 0, next) }).unwrap();
            assert_eq!(fetched.batches[0].header().compression(), Ok(compression));
            let read = asker.read_all(next);
            assert_eq!(read.len(), records.len());
            for (read, sent) in read.iter().zip(&records) {
                let sent = (sent.timestamp.unwrap(), &sent.key, &sent.value, &sent.headers);
                assert_eq!((read.timestamp, &read.key, &read.value, &read.headers), sent);
            }
            next += records.len() as i64;
        }
    }
}

#[test]
fn what_an_administrator_asks() {
    let (_storage, host, mut asker) = stage();
    let Ok(Reply::DescribeCluster(cluster)) = asker.ask(Question::DescribeCluster) else { panic!() };
    assert_eq!((cluster.controller, cluster.brokers[0].address.port), (Some(BrokerId(1)), host.address().port()));

    let resource = || ConfigResource::Topic("t".to_owned());
    let set = |value: &str| Question::IncrementalAlterConfigs {
        resource: resource(),
        edits: vec![ConfigEdit { name: "retention.ms".to_owned(), operation: ConfigOperation::Set(value.to_owned()) }],
        validate_only: false,
    };
    assert_eq!(asker.ask(set("1234567")), Ok(Reply::IncrementalAlterConfigs));
    let Err(ClientError::Kafka(ErrorCode::InvalidConfig, Some(_))) = asker.ask(set("soon")) else { panic!() };
    let names = Some(vec!["retention.ms".to_owned()]);
    let Ok(Reply::DescribeConfigs(entries)) = asker.ask(Question::DescribeConfigs { resource: resource(), names })
    else {
        panic!()
    };
    assert_eq!((entries[0].value.as_deref(), entries[0].source), (Some("1234567"), ConfigSource::DynamicTopic));
    let broker = Question::DescribeConfigs { resource: ConfigResource::Broker(BrokerId(1)), names: None };
    assert!(matches!(asker.ask(broker), Ok(Reply::DescribeConfigs(entries)) if entries.len() > 3));

    let delete = || Question::DeleteTopics { topics: vec!["t".to_owned()] };
    assert_eq!(asker.ask(delete()), Ok(Reply::DeleteTopics(vec![Ok(())])));
    let Ok(Reply::DeleteTopics(gone)) = asker.ask(delete()) else { panic!() };
    assert_eq!(gone[0].as_ref().unwrap_err().code(), Some(ErrorCode::UnknownTopicOrPartition));
}

#[test]
fn offsets_are_found_and_records_deleted() {
    let (_storage, _host, mut asker) = stage();
    let at = |index: i64| Some(Timestamp(1_700_000_000_000 + index));
    let record = |index| NewRecord { timestamp: at(index), value: Some("v".into()), ..NewRecord::default() };
    let records = [3, 9, 5].map(record).to_vec();
    assert!(asker.ask(Question::Produce(NewBatch { records, ..batch(&[]) })).is_ok());
    let offset = |found: Option<FoundOffset>| found.map(|found| found.offset);
    assert_eq!(offset(asker.offset(OffsetAt::Earliest)), Some(0));
    assert_eq!(offset(asker.offset(OffsetAt::Latest)), Some(3));
    let latest = asker.offset(OffsetAt::MaxTimestamp).unwrap();
    assert_eq!((latest.offset, latest.timestamp), (1, at(9)));
    assert_eq!(offset(asker.offset(OffsetAt::Time(at(4).unwrap()))), Some(1));
    assert_eq!(asker.offset(OffsetAt::Time(at(10).unwrap())), None);

    let delete = |before| Question::DeleteRecords { topic: "t".to_owned(), partition: 0, before };
    assert_eq!(asker.ask(delete(2)), Ok(Reply::DeleteRecords(2)));
    assert_eq!(asker.ask(delete(4)), Err(ErrorCode::OffsetOutOfRange.into()));
    assert_eq!(asker.fetch(FetchFrom::new("t", 0, 0)), Err(ErrorCode::OffsetOutOfRange.into()));
    assert_eq!(asker.fetch(FetchFrom::new("t", 0, 2)).unwrap().log_start, 2);
}

#[test]
fn topics_come_by_asking_and_go_and_come_again() {
    let (_storage, _host, mut asker) = stage();
    let metadata = |create| Question::Metadata { topics: Some(vec!["made".to_owned()]), create };
    let Ok(Reply::Metadata(told)) = asker.ask(metadata(false)) else { panic!() };
    assert_eq!(told.topics[0].error, Some(ErrorCode::UnknownTopicOrPartition));
    let Ok(Reply::Metadata(told)) = asker.ask(metadata(true)) else { panic!() };
    assert_eq!((told.topics[0].error, told.topics[0].partitions.len()), (None, 1));

    assert_eq!(asker.produce("of the first"), Ok(Some(0)));
    assert_eq!(asker.produce("of the first"), Ok(Some(1)));
    let delete = Question::DeleteTopics { topics: vec!["t".to_owned()] };
    assert_eq!(asker.ask(delete), Ok(Reply::DeleteTopics(vec![Ok(())])));
    asker.create("t", 1);
    assert_eq!(asker.produce("of the second"), Ok(Some(0)));
    assert_eq!(asker.values(), ["of the second"]);
}

#[test]
fn a_long_poll_waits_for_records_and_holds_nobody_up() {
    let (_storage, _host, mut asker) = stage();
    let wait = |offset| FetchFrom { wait: PATIENCE, ..FetchFrom::new("t", 0, offset) };
    let polls = [0, 0].map(|offset| asker.start(Question::Fetch(wait(offset))));
    assert!(asker.ask(Question::DescribeCluster).is_ok());
    assert_eq!(asker.produce("one"), Ok(Some(0)));
    for poll in polls {
        assert!(matches!(asker.wait(poll), Ok(Reply::Fetch(fetched)) if fetched.batches.len() == 1));
    }
    let poll = asker.start(Question::Fetch(wait(1)));
    asker.served.call(ClientCall::Cancel { call: poll });
    assert_eq!(asker.wait(poll), Err(ClientError::Cancelled));
    assert_eq!(asker.produce("two"), Ok(Some(1)));
    let none = asker.fetch(FetchFrom { wait: Duration::from_millis(20), ..FetchFrom::new("t", 0, 2) }).unwrap();
    assert_eq!((none.batches, none.high_watermark), (vec![], 2));
}

#[test]
fn a_batch_that_is_refused_does_not_stop_those_behind_it() {
    let (_storage, _host, mut asker) = stage();
    assert_eq!(asker.produce("one"), Ok(Some(0)));
    let edits =
        vec![ConfigEdit { name: "max.message.bytes".to_owned(), operation: ConfigOperation::Set("1000".to_owned()) }];
    let resource = ConfigResource::Topic("t".to_owned());
    let alter = Question::IncrementalAlterConfigs { resource, edits, validate_only: false };
    assert_eq!(asker.ask(alter), Ok(Reply::IncrementalAlterConfigs));
    let large = "x".repeat(2000);
    for expected in [1, 2, 3] {
        let error = asker.produce(&large).unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::MessageTooLarge));
        assert_eq!(asker.produce("small"), Ok(Some(expected)), "under the next epoch");
    }
}

#[test]
fn a_clean_stop_is_bridged() {
    let (storage, mut host, mut asker) = stage();
    let port = host.address().port();
    for round in 0..3 {
        assert_eq!(asker.produce(&format!("before stop {round}")), Ok(Some(2 * round)));
        host.stop().unwrap();
        // Asked while nobody is there.
        let value = format!("after stop {round}");
        let call = asker.start(Question::Produce(batch(&[&value])));
        host = started(&storage, port);
        assert!(asker.wait(call).is_ok());
    }
    assert_eq!(asker.values().len(), 6);
}

/// K1, T1: an idempotent producer goes on over kills.
#[test]
fn kills_neither_lose_nor_double_a_record() {
    let (storage, mut host, mut asker) = stage();
    let port = host.address().port();
    let mut calls = Vec::new();
    for round in 0..6 {
        for index in 0..100 {
            let value = format!("{round} {index}");
            calls.push((asker.start(Question::Produce(batch(&[&value]))), value));
        }
        // In the middle of them: some are acknowledged, one is under way, the others wait.
        let (some, _) = calls[round * 100 + 40];
        assert!(asker.wait(some).is_ok());
        host.kill();
        host = started(&storage, port);
    }
    let mut expected = Vec::new();
    for (call, value) in calls {
        assert!(asker.wait(call).is_ok(), "{value}");
        expected.push(value);
    }
    assert_eq!(asker.values(), expected);
    drop(host);
}

#[test]
fn a_broker_that_is_not_there_is_said_in_words() {
    let (_storage, host, mut asker) = stage();
    host.stop().unwrap();
    let call = asker.start(Question::Produce(batch(&["never"])));
    asker.served.call(ClientCall::Cancel { call });
    assert_eq!(asker.wait(call), Err(ClientError::Cancelled));
}
