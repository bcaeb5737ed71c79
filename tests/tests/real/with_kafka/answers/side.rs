//! One of the two that are asked: a connection, and what its topics' and producers' ids stand for.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use kafka_wire::{
    CreateTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest,
    InitProducerIdRequest, OutboundFrameLimits, RequestResponsePair, create_topics_request::CreatableTopic,
    describe_configs_request::DescribeConfigsResource, encode_request, incremental_alter_configs_request,
    response_header_version_for,
};
use kafka_wire_core::{ApiVersion, DecodeLimits, KafkaDecode, StrBytes, Uuid};
use ottla_tests::client::RawClient;

use super::{show, with};

const PATIENCE: Duration = Duration::from_secs(30);

/// A request that has an answer, both of which can be shown.
pub trait Ask: RequestResponsePair<Response: Clone + Debug> + Debug {}

impl<R: RequestResponsePair<Response: Clone + Debug> + Debug> Ask for R {}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Outcome<R> {
    Answer(R),
    /// Bytes that are no answer of this API and version.
    Undecodable(Bytes),
    /// The connection is closed.
    Closed,
}

impl<R> Outcome<R> {
    pub fn answer(self) -> Option<R> {
        match self {
            Self::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub struct Side {
    pub name: &'static str,
    pub address: SocketAddr,
    client: RawClient,
    correlation: i32,
    topics: BTreeMap<String, Uuid>,
    /// Ids that stand for something, by how they are shown.
    known: Vec<(String, String)>,
    /// The topic by whose config it is seen how far the metadata has come, and how often it was.
    marker: (String, u32),
}

impl Side {
    pub fn connect(name: &'static str, address: SocketAddr, marker: String) -> Self {
        let client = RawClient::connect(address).expect("it listens");
        let mut side = Self {
            name,
            address,
            client,
            correlation: 0,
            topics: BTreeMap::new(),
            known: Vec::new(),
            marker: (marker.clone(), 0),
        };
        side.call(&Uuid::ZERO, "no id");
        side.call_text(format!("port: {},", address.port()), "port");
        let cluster = side.ask(1, &DescribeClusterRequest::default()).answer().expect("an answer");
        side.call(&cluster.cluster_id, "cluster");
        side.create(&marker, 1, &[]);
        side
    }

    /// The topic's id. Of one that this test did not create it is one that nobody has.
    pub fn topic_id(&self, name: &str) -> Uuid {
        self.topics.get(name).copied().unwrap_or(Uuid::from_bytes([7; 16]))
    }

    /// What follows is shown with `name` for `value`: it differs between the two sides and means the same.
    pub fn call(&mut self, value: &impl Debug, name: &str) {
        self.call_text(format!("{value:?}"), name);
    }

    fn call_text(&mut self, text: String, name: &str) {
        self.known.push((text, format!("<{name}>")));
    }

    pub fn show(&self, outcome: &impl Debug) -> String {
        let known = self.known.iter();
        show::lines(&known.fold(format!("{outcome:?}"), |text, (value, name)| text.replace(value, name)))
    }

    pub fn ask<R: Ask>(&mut self, version: i16, request: &R) -> Outcome<R::Response> {
        let frame = self.frame(version, request);
        match self.ask_bytes(&frame) {
            None => Outcome::Closed,
            Some(answer) => decoded::<R>(version, answer),
        }
    }

    /// Sends a request that is not answered.
    pub fn tell<R: Ask>(&mut self, version: i16, request: &R) {
        let frame = self.frame(version, request);
        self.client.send(&frame).expect("it takes requests");
    }

    /// The answer to `frame` with its correlation id, or `None` if the connection is closed.
    pub fn ask_bytes(&mut self, frame: &[u8]) -> Option<Bytes> {
        match self.client.ask(frame) {
            Ok(answer) => Some(answer),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                panic!("{} does not answer {:?}", self.name, Bytes::copy_from_slice(frame))
            }
            Err(_) => {
                self.client = RawClient::connect(self.address).expect("it listens");
                None
            }
        }
    }

    pub fn frame<R: Ask>(&mut self, version: i16, request: &R) -> Bytes {
        self.correlation += 1;
        let mut frame = BytesMut::new();
        let limits = OutboundFrameLimits::new(i32::MAX as usize);
        let client = Some(StrBytes::from("ottla-tests"));
        let encoded = encode_request(&mut frame, self.correlation, client, request, ApiVersion::new(version), limits);
        encoded.unwrap_or_else(|why| panic!("version {version} cannot say {request:?}: {why}"));
        frame.freeze()
    }

    /// Creates a topic that is not there and waits until it is everywhere.
    pub fn create(&mut self, name: &str, partitions: i32, configs: &[(&str, &str)]) {
        let mut request = CreateTopicsRequest::default();
        request.timeout_ms = 30_000;
        request.topics = vec![with(|topic: &mut CreatableTopic| {
            topic.name = StrBytes::from(name);
            topic.num_partitions = partitions;
            topic.replication_factor = 1;
            // Times in tests may be old.
            topic.configs = [("retention.ms", "-1")]
                .iter()
                .chain(configs)
                .map(|(name, value)| {
                    with(|config: &mut kafka_wire::create_topics_request::CreatableTopicConfig| {
                        config.name = StrBytes::from(*name);
                        config.value = Some(StrBytes::from(*value));
                    })
                })
                .collect();
        })];
        let answer = self.ask(7, &request).answer().expect("an answer");
        let created = &answer.topics[0];
        assert_eq!(created.error_code, 0, "{} creates {name}: {:?}", self.name, created.error_message);
        self.topics.insert(name.to_owned(), created.topic_id);
        self.call(&created.topic_id, &format!("id of {name}"));
        self.catch_up();
    }

    /// A new producer's id.
    pub fn init_producer(&mut self) -> i64 {
        let request = with(|request: &mut InitProducerIdRequest| request.transactional_id = None);
        let begun = Instant::now();
        loop {
            let answer = self.ask(4, &request).answer().expect("an answer");
            if answer.error_code == 0 {
                return answer.producer_id;
            }
            assert!(begun.elapsed() < PATIENCE, "{} gives no ids: {}", self.name, answer.error_code);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until all that was decided so far is known to what answers.
    ///
    /// Kafka's broker learns of decisions in batches and in parts: what a second marker shows follows a batch after the
    /// first one's, so all of the first one's has been taken in.
    pub fn catch_up(&mut self) {
        self.pass_marker();
        self.pass_marker();
    }

    fn pass_marker(&mut self) {
        self.marker.1 += 1;
        let value = StrBytes::from((1_000_000 + self.marker.1).to_string());
        let topic = StrBytes::from(self.marker.0.as_str());
        let mut request = IncrementalAlterConfigsRequest::default();
        request.resources = vec![with(|resource: &mut incremental_alter_configs_request::AlterConfigsResource| {
            resource.resource_type = 2;
            resource.resource_name = topic.clone();
            resource.configs = vec![with(|config: &mut incremental_alter_configs_request::AlterableConfig| {
                config.name = StrBytes::from("retention.ms");
                config.value = Some(value.clone());
            })];
        })];
        let altered = self.ask(1, &request).answer().expect("an answer");
        assert_eq!(altered.responses[0].error_code, 0, "{:?}", altered.responses[0].error_message);
        let mut request = DescribeConfigsRequest::default();
        request.resources = vec![with(|resource: &mut DescribeConfigsResource| {
            resource.resource_type = 2;
            resource.resource_name = topic.clone();
            resource.configuration_keys = Some(vec![StrBytes::from("retention.ms")]);
        })];
        let begun = Instant::now();
        loop {
            let described = self.ask(4, &request).answer().expect("an answer");
            if described.results[0].configs.first().is_some_and(|config| config.value.as_ref() == Some(&value)) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{} does not learn what it decided", self.name);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn decoded<R: Ask>(version: i16, mut answer: Bytes) -> Outcome<R::Response> {
    let version = ApiVersion::new(version);
    let whole = answer.clone();
    answer.advance(4);
    if response_header_version_for::<R>(version).expect("a version that was sent") > 0 {
        assert_eq!(answer.get_u8(), 0, "no tagged fields in the header");
    }
    match R::Response::decode_from_bytes(answer, version, DecodeLimits::default()) {
        Ok(response) => Outcome::Answer(response),
        Err(_) => Outcome::Undecodable(whole),
    }
}
