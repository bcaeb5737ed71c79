//! A whole broker at its two doors: what comes in by which, and how what its peers ask is answered.

use bytes::Bytes;
use kafka_wire::*;

use super::*;
use crate::{
    broker::{
        Broker, NetworkLimits,
        decide::Due,
        peer::{Asked, Lost, Member, Reply},
        stages::StageTimes,
    },
    controller::{Controller, ControllerOptions, Image, Moment},
    decider::Decided,
    quorum::{Answer, Question, ReplicaKey, Said, Standing},
    record::internal::metadata::{MetadataRecord, RegisterBrokerRecord},
};

const PEER: ConnectionId = ConnectionId(1);
const CLIENT: ConnectionId = ConnectionId(2);

struct Stage {
    broker: Broker,
    now: Instant,
    rng: Rng,
    ids: Ids,
    trace: Trace,
    effects: Vec<Effect<NodeAnswer>>,
}

impl Stage {
    /// With a connection at each door.
    fn new() -> Self {
        let broker = Broker::new(TestBroker::new().topics, NetworkLimits::default(), StageTimes::default());
        let (rng, ids, trace) = (Rng::new(1), Ids::default(), Trace::new(BrokerId(1), 100));
        let mut stage = Self { broker, now: Instant(1_000), rng, ids, trace, effects: Vec::new() };
        let key = ReplicaKey { id: BrokerId(1), directory: DirectoryId([1; 16]) };
        let address = Address { host: "broker".to_owned(), port: 9093 };
        stage.broker.join(Member { cluster_id: "a-cluster".to_owned(), key, address });
        assert!(stage.broker.open_to_clients());
        stage.turn(|broker, turn| {
            broker.on_opened(turn, PEER, (Listener::Broker, "10.0.0.2:4000"));
            broker.on_opened(turn, CLIENT, (Listener::Client, "10.0.0.9:4000"));
        });
        assert!(stage.effects.is_empty());
        stage
    }

    fn turn<T>(&mut self, work: impl FnOnce(&mut Broker, &mut Turn<'_>) -> T) -> T {
        let Self { broker, now, rng, ids, trace, effects } = self;
        let now = Now { monotonic: *now, wall: Timestamp(0) };
        let mut turn = Turn { now, rng, trace, ids, effects };
        let done = work(broker, &mut turn);
        broker.finish_turn(&mut turn);
        // Storage is nothing to these.
        turn.effects.retain(|effect| !matches!(effect, Effect::Commit { .. }));
        assert_eq!(broker.audit().forgotten, None);
        done
    }

    /// Decides on what clients want, none of which makes a record, and answers it.
    fn decide(&mut self, controller: &mut Controller<Due>) {
        for (_, asked) in self.broker.take_asked() {
            let Asked::ByClient(wish) = asked else { panic!("{asked:?}") };
            self.turn(|broker, turn| {
                let Some(decision) = broker.decide(turn, controller, wish) else { return };
                let Due::Asked(answer) = decision.reply else { panic!("nobody is answered") };
                broker.answer_due(turn, *answer, decision.records.is_empty());
            });
        }
    }

    fn ask<R: KafkaRequest + KafkaEncode>(&mut self, connection: ConnectionId, version: i16, request: &R) -> Bytes {
        let (client, limits) = (Some("me".into()), OutboundFrameLimits::new(1 << 20));
        let mut frame = BytesMut::new();
        encode_request(&mut frame, 5, client, request, ApiVersion::new(version), limits).unwrap();
        let frame = frame.freeze();
        self.turn(|broker, _| broker.on_bytes(connection, frame.clone()));
        frame.slice(4..)
    }

    /// The one answer that was written, past its length, correlation and empty tags. `None`: the connection was closed.
    fn answer(&mut self, connection: ConnectionId) -> Option<Bytes> {
        let effect = self.effects.pop().expect("something was done");
        assert!(self.effects.is_empty(), "{effect:?} and {:?}", self.effects);
        match effect {
            Effect::Write { connection: to, frame } if to == connection => {
                let frame = frame.to_bytes();
                assert_eq!(frame[4..8], 5_i32.to_be_bytes());
                Some(frame.slice(9..))
            }
            Effect::Close { connection: closed } if closed == connection => None,
            other => panic!("{other:?}"),
        }
    }
}

/// Of a cluster of one broker.
fn controller() -> Controller<Due> {
    let mut image = Image::default();
    let broker = RegisterBrokerRecord { broker_id: BrokerId(1), fenced: false, ..RegisterBrokerRecord::default() };
    image.apply(&MetadataRecord::RegisterBroker(broker), 0);
    let mut controller = Controller::new(ControllerOptions::new("a-cluster", BrokerId(1)), image, 1);
    controller.activate(Moment { now: Instant(0), next_offset: 1 });
    controller
}

fn decoded<M: KafkaDecode>(body: Bytes, version: i16) -> M {
    M::decode_from_bytes(body, ApiVersion::new(version), limits::decode_limits(1 << 20)).unwrap()
}

fn vote() -> VoteRequest {
    let mut partition = vote_request::PartitionData::default();
    (partition.replica_id, partition.replica_epoch) = (2, 7);
    let mut topic = vote_request::TopicData::default();
    (topic.topic_name, topic.partitions) = ("__cluster_metadata".into(), vec![partition]);
    let mut request = VoteRequest::default();
    (request.cluster_id, request.voter_id, request.topics) = (Some("a-cluster".into()), 1, vec![topic]);
    request
}

/// Nothing is made by it, so that it is answered at once.
fn create() -> CreateTopicsRequest {
    let mut topic = create_topics_request::CreatableTopic::default();
    (topic.name, topic.num_partitions, topic.replication_factor) = ("new".into(), 1, 1);
    let mut request = CreateTopicsRequest::default();
    (request.topics, request.validate_only, request.timeout_ms) = (vec![topic], true, 1_000);
    request
}

#[test]
fn nobody_comes_in_by_the_brokers_door_of_who_is_on_its_own() {
    let mut stage = Stage::new();
    let alone = Broker::new(TestBroker::new().topics, NetworkLimits::default(), StageTimes::default());
    stage.broker = alone;
    stage.turn(|broker, turn| broker.on_opened(turn, PEER, (Listener::Broker, "10.0.0.2:4000")));
    assert_eq!(stage.answer(PEER), None);
}

#[test]
fn a_vote_is_for_who_stands_above_and_answered_by_it() {
    let mut stage = Stage::new();
    stage.ask(PEER, 2, &vote());
    let asked = stage.broker.take_asked();
    let [(request, Asked::Quorum(Question::Vote { epoch: 7, .. }))] = asked[..] else { panic!("{asked:?}") };
    assert!(stage.effects.is_empty() && stage.broker.take_asked().is_empty());
    let standing = Standing { epoch: 7, leader: None };
    let reply = Reply::Quorum { answer: Answer { standing, said: Ok(Said::Vote { is_granted: true }) }, leader: None };
    stage.turn(|broker, turn| broker.answer_peer(turn, request, reply.clone()));
    let told: VoteResponse = decoded(stage.answer(PEER).unwrap(), 2);
    assert!(told.topics[0].partitions[0].vote_granted);
    // One answer each, and none for who is gone.
    stage.turn(|broker, turn| broker.answer_peer(turn, request, reply.clone()));
    stage.ask(PEER, 2, &vote());
    let (request, _) = stage.broker.take_asked()[0];
    stage.turn(|broker, turn| broker.on_closed(turn, PEER));
    stage.turn(|broker, turn| broker.answer_peer(turn, request, reply));
    assert!(stage.effects.is_empty());
}

#[test]
fn a_clients_door_knows_no_votes() {
    let mut stage = Stage::new();
    stage.ask(CLIENT, 2, &vote());
    assert_eq!(stage.answer(CLIENT), None);
    assert!(stage.broker.take_asked().is_empty());
}

#[test]
fn another_clusters_vote_is_refused_here() {
    let mut stage = Stage::new();
    let mut request = vote();
    request.cluster_id = Some("another".into());
    stage.ask(PEER, 2, &request);
    let told: VoteResponse = decoded(stage.answer(PEER).unwrap(), 2);
    assert_eq!(told.error_code, ErrorCode::InconsistentClusterId.code());
    assert!(stage.broker.take_asked().is_empty());
}

#[test]
fn what_the_controller_answers_waits_for_it() {
    let mut stage = Stage::new();
    let frame = stage.ask(CLIENT, 7, &create());
    let now = stage.now;
    assert!(stage.effects.is_empty() && stage.broker.take_forwards(now).is_empty());
    stage.broker.on_controller(Some(BrokerId(3)), false);
    let sendings = stage.broker.take_forwards(now);
    assert_eq!((sendings[0].to, &sendings[0].letter.frame), (BrokerId(3), &frame));
    assert_eq!(sendings[0].letter.host, std::net::IpAddr::from([10, 0, 0, 9]));
    let request = sendings[0].request;
    stage.turn(|broker, turn| broker.on_forwarded(turn, request, Err(Lost::Refused(ErrorCode::NotController))));
    assert!(stage.effects.is_empty());
    let answer = Bytes::from_static(b"\0\0\0\x05\0answer");
    stage.turn(|broker, turn| broker.on_forwarded(turn, request, Ok(answer)));
    assert_eq!(stage.answer(CLIENT), Some(Bytes::from_static(b"answer")));
}

#[test]
fn what_is_in_an_envelope_is_answered_in_one() {
    let mut envelope = EnvelopeRequest::default();
    let mut inner = BytesMut::new();
    let limits = OutboundFrameLimits::new(1 << 20);
    encode_request(&mut inner, 77, Some("client".into()), &create(), ApiVersion::new(7), limits).unwrap();
    envelope.request_data = inner.freeze().slice(4..);
    envelope.request_principal = Some(Bytes::from_static(b"\0\0\x05User\x0aANONYMOUS\0\0"));
    envelope.client_host_address = Bytes::from_static(&[127, 0, 0, 1]);
    let mut stage = Stage::new();
    stage.broker.on_controller(Some(BrokerId(3)), false);
    stage.ask(PEER, 0, &envelope);
    let told: EnvelopeResponse = decoded(stage.answer(PEER).unwrap(), 0);
    assert_eq!((told.error_code, told.response_data), (ErrorCode::NotController.code(), None));
    stage.broker.on_controller(Some(BrokerId(1)), true);
    let mut controller = controller();
    stage.ask(PEER, 0, &envelope);
    stage.decide(&mut controller);
    let told: EnvelopeResponse = decoded(stage.answer(PEER).unwrap(), 0);
    let answer = told.response_data.unwrap();
    assert_eq!((told.error_code, &answer[..4]), (0, &77_i32.to_be_bytes()[..]));
    let created: CreateTopicsResponse = decoded(answer.slice(5..), 7);
    assert_eq!((&*created.topics[0].name, created.topics[0].error_code), ("new", 0));
    // What would cost a client its connection costs the peer nothing.
    envelope.request_data = envelope.request_data.slice(..envelope.request_data.len() - 1);
    stage.ask(PEER, 0, &envelope);
    stage.decide(&mut controller);
    let told: EnvelopeResponse = decoded(stage.answer(PEER).unwrap(), 0);
    assert_eq!(told.error_code, ErrorCode::InvalidRequest.code());
    // A client of the controller's own is answered here.
    stage.ask(CLIENT, 7, &create());
    stage.decide(&mut controller);
    assert!(stage.answer(CLIENT).is_some());
}

#[test]
fn versions_are_told_by_who_asks() {
    let mut stage = Stage::new();
    let mut keys = |connection| {
        let mut request = ApiVersionsRequest::default();
        (request.client_software_name, request.client_software_version) = ("me".into(), "1".into());
        stage.ask(connection, 3, &request);
        let Some(Effect::Write { frame, .. }) = stage.effects.pop() else { panic!("no answer") };
        let told: ApiVersionsResponse = decoded(frame.to_bytes().slice(8..), 3);
        told.api_keys.iter().map(|told| told.api_key).collect::<Vec<i16>>()
    };
    let (peers, clients) = (keys(PEER), keys(CLIENT));
    assert_eq!(peers.len(), Api::ALL.len());
    assert!(peers.contains(&Api::Vote.key()) && !clients.contains(&Api::Vote.key()));
    assert!(clients.iter().all(|key| peers.contains(key)));
}
