//! What one member writes, another one reads.

use bytes::BytesMut;
use kafka_wire_core::{ApiVersion, KafkaEncode};
use proptest::prelude::*;

use super::*;
use crate::{
    broker::{api::Ask, registration::HeartbeatTold},
    effect::{Frame, Listener},
    ids::{ConnectionId, IncarnationId, Offset, RequestId},
    quorum::{AskId, LogPosition, Records, Said},
    record::{
        BatchBuilder, Compression,
        internal::metadata::{Endpoint, SupportedFeature},
    },
    time::Timestamp,
    wire::RequestHead,
};

pub(super) fn member(id: i32) -> Member {
    Member {
        cluster_id: "a-cluster".to_owned(),
        key: key(id),
        address: Address { host: "broker".to_owned(), port: 9_000 + id as u16 },
    }
}

fn key(id: i32) -> ReplicaKey {
    ReplicaKey { id: BrokerId(id), directory: DirectoryId([id as u8; 16]) }
}

fn ask_of(head: &RequestHead) -> Ask {
    let (request, connection, listener) = (RequestId(1), ConnectionId(1), Listener::Broker);
    Ask { request, connection, listener, api: head.api, version: head.version, correlation: head.correlation }
}

/// As the other side gets it.
fn carried(errand: &Errand, from: &Member, to: &Member) -> (Ask, Result<Asked, ErrorCode>) {
    let frame = errand.frame(from, 7).unwrap().to_bytes();
    let (head, body) = RequestHead::decode(frame.slice(4..), Listener::Broker, 1 << 20).unwrap();
    let ask = ask_of(&head);
    (ask, read(ask, body, to).unwrap())
}

/// And back.
fn carried_back(errand: &Errand, ask: Ask, reply: Reply) -> Result<Answered, Lost> {
    let Handled::Reply(frame) = write(ask, reply) else { panic!("no answer") };
    let (correlation, body) = errand.split(frame.to_bytes().slice(4..)).unwrap();
    assert_eq!(correlation, 7);
    errand.read(body)
}

fn batch(offset: Offset, epoch: LeaderEpoch, records: usize) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None);
    (0..records).for_each(|_| builder.append(Timestamp(1), None, Some(b"value"), &[]));
    let mut batch = builder.finish(None);
    batch.place(offset, epoch);
    batch.to_bytes()
}

fn batches() -> Records {
    let bytes = [batch(5, 1, 2), batch(7, 1, 1), batch(8, 3, 4)].concat().into();
    Records { bytes, epochs: vec![(1, 5), (3, 8)], end: 12 }
}

fn any_key() -> impl Strategy<Value = ReplicaKey> {
    (0..9_i32, any::<[u8; 16]>())
        .prop_map(|(id, directory)| ReplicaKey { id: BrokerId(id), directory: DirectoryId(directory) })
}

fn any_position() -> impl Strategy<Value = LogPosition> {
    (0..i32::MAX, 0..i64::MAX).prop_map(|(epoch, offset)| LogPosition { epoch, offset })
}

fn any_question() -> impl Strategy<Value = Question> {
    let (epoch, leader) = (0..i32::MAX, (0..9).prop_map(BrokerId));
    let vote = (epoch.clone(), any_key(), any_key(), any_position(), any::<bool>()).prop_map(
        |(epoch, candidate, voter, last, is_pre_vote)| Question::Vote { epoch, candidate, voter, last, is_pre_vote },
    );
    let begin = (epoch.clone(), leader.clone(), any_key())
        .prop_map(|(epoch, leader, voter)| Question::BeginQuorumEpoch { epoch, leader, voter });
    let end = (epoch.clone(), leader, prop::collection::vec(any_key(), 0..5))
        .prop_map(|(epoch, leader, successors)| Question::EndQuorumEpoch { epoch, leader, successors });
    let snapshot = (epoch.clone(), any_key(), any_position(), 0..i64::MAX as u64 - 50).prop_map(
        |(epoch, replica, snapshot, position)| Question::FetchSnapshot { epoch, replica, snapshot, position },
    );
    let fetch = (epoch, any_key(), any_position(), 0..i64::MAX)
        .prop_map(|(epoch, replica, from, high_watermark)| Question::Fetch { epoch, replica, from, high_watermark });
    prop_oneof![vote, begin, end, fetch, snapshot]
}

fn any_said(question: &Question) -> BoxedStrategy<Result<Said, ErrorCode>> {
    let said = match question {
        Question::Vote { .. } => any::<bool>().prop_map(|is_granted| Said::Vote { is_granted }).boxed(),
        Question::BeginQuorumEpoch { .. } | Question::EndQuorumEpoch { .. } => Just(Said::Heard).boxed(),
        Question::FetchSnapshot { snapshot, position, .. } => {
            let (snapshot, position) = (*snapshot, *position);
            prop::collection::vec(any::<u8>(), 0..50)
                .prop_map(move |bytes| {
                    let (size, bytes) = (position + 50, bytes.into());
                    Said::SnapshotFetched { snapshot, size, position, bytes }
                })
                .boxed()
        }
        Question::Fetch { .. } => {
            let records = prop_oneof![Just(Records::default()), Just(batches())];
            let fetched =
                (0..i64::MAX, records).prop_map(|(high_watermark, records)| Said::Fetched { high_watermark, records });
            let below = any_position().prop_filter("a snapshot stands for something", |at| at.offset > 0);
            let below = below.prop_map(|snapshot| Said::BelowStart { snapshot });
            prop_oneof![fetched, any_position().prop_map(|end| Said::Diverging { end }), below].boxed()
        }
    };
    prop_oneof![3 => said.prop_map(Ok), 1 => Just(Err(ErrorCode::FencedLeaderEpoch))].boxed()
}

proptest! {
    #[test]
    fn what_is_asked_and_answered_arrives(
        (question, said) in any_question().prop_flat_map(|question| {
            let said = any_said(&question);
            (Just(question), said)
        }),
        epoch in 0..i32::MAX,
        leader in prop::option::of((1..9).prop_map(BrokerId)),
        is_known in any::<bool>(),
    ) {
        let errand = Errand::Quorum(AskId(1), question.clone());
        let (ask, asked) = carried(&errand, &member(1), &member(2));
        // A directory of zeros is none, which is believed of whoever is meant.
        prop_assume!(!format!("{question:?}").contains("AAAAAAAAAAAAAAAAAAAAAA"));
        prop_assert_eq!(asked, Ok(Asked::Quorum(question)));
        let answer = Answer { standing: Standing { epoch, leader }, said };
        let address = is_known.then(|| member(3).address);
        let told = Told { answer: answer.clone(), leader: leader.zip(address.clone()) };
        let heard = carried_back(&errand, ask, Reply::Quorum { answer, leader: address });
        prop_assert_eq!(heard, Ok(Answered::Quorum(told)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(api in 0..9_usize, version in 0..20_i16, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let apis: Vec<Api> = Api::ALL.iter().copied().filter(|api| !api.is_served_at(Listener::Client)).collect();
        let api = apis.get(api).copied().unwrap_or(Api::Fetch);
        let version = api.served().start() + version % (api.served().end() - api.served().start() + 1);
        let head = RequestHead { api, version, correlation: 7, client_id: None };
        let _ = read(ask_of(&head), body.clone().into(), &member(1));
        let letter = Letter { frame: body.clone().into(), host: [127, 0, 0, 1].into() };
        let _ = opened(letter.clone(), |request| request.request_principal = Some(body.clone().into()));
        let wants = WantsProducerIds { broker: BrokerId(1), broker_epoch: 1 };
        let register = Errand::Register(Box::new(registration()));
        let others = [Errand::Forward(RequestId(1), letter), Errand::ProducerIds(wants), register];
        for errand in errands().into_iter().chain(others) {
            let _ = errand.read(body.clone().into());
            let _ = errand.split(body.clone().into());
        }
    }

    /// Anything of a good answer may be another byte.
    #[test]
    fn a_damaged_answer_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for errand in errands() {
            let (ask, _) = carried(&errand, &member(1), &member(2));
            let said = Ok(Said::Fetched { high_watermark: 5, records: batches() });
            let reply = Reply::Quorum { answer: Answer { standing: standing(3, 2), said }, leader: Some(member(2).address) };
            let Handled::Reply(frame) = write(ask, reply) else { panic!("no answer") };
            let mut bytes = frame.to_bytes()[4..].to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(cut.index(bytes.len()) + 1);
            if let Some((_, body)) = errand.split(bytes.into()) {
                let _ = errand.read(body);
            }
        }
    }
}

fn errands() -> [Errand; 5] {
    let (last, epoch) = (LogPosition { epoch: 2, offset: 9 }, 3);
    let questions = [
        Question::Vote { epoch, candidate: key(1), voter: key(2), last, is_pre_vote: true },
        Question::BeginQuorumEpoch { epoch, leader: BrokerId(1), voter: key(2) },
        Question::EndQuorumEpoch { epoch, leader: BrokerId(1), successors: vec![key(2), key(3)] },
        Question::Fetch { epoch, replica: key(1), from: last, high_watermark: 4 },
        Question::FetchSnapshot { epoch, replica: key(1), snapshot: last, position: 3 },
    ];
    questions.map(|question| Errand::Quorum(AskId(1), question))
}

/// What a request of `version` says is read, and its answer written, in every version that is served.
#[test]
fn every_version_is_read_and_answered() {
    for errand in errands() {
        let Errand::Quorum(_, question) = &errand else { unreachable!() };
        let (ask, _) = carried(&errand, &member(1), &member(2));
        for version in ask.api.served().filter(|version| ask.api != Api::Fetch || *version >= 12) {
            let ask = Ask { version, ..ask };
            let body = older_body(question, version);
            let Ok(Asked::Quorum(asked)) = read(ask, body, &member(2)).unwrap() else {
                panic!("{question:?} {version}")
            };
            assert_eq!(std::mem::discriminant(&asked), std::mem::discriminant(question));
            let answer = Answer { standing: standing(3, 2), said: Ok(Said::Heard) };
            let reply = Reply::Quorum { answer, leader: Some(member(2).address) };
            assert!(matches!(write(ask, reply), Handled::Reply(_)), "{question:?} {version}");
            assert!(matches!(refuse(ask, ErrorCode::InconsistentClusterId), Handled::Reply(_)));
        }
    }
}

/// The question as a member of an older build asks it: without what the version cannot say.
fn older_body(question: &Question, version: i16) -> Bytes {
    fn encoded(message: &impl KafkaEncode, version: i16) -> Bytes {
        let mut bytes = BytesMut::new();
        message.encode_into(&mut bytes, ApiVersion::new(version)).unwrap();
        bytes.freeze()
    }
    let (member, zero) = (member(1), Uuid::default());
    match question {
        Question::Vote { .. } => {
            let mut request = vote::request(question, &member).unwrap();
            let partition = &mut request.topics[0].partitions[0];
            partition.pre_vote &= version >= 2;
            if version < 1 {
                (partition.replica_directory_id, partition.voter_directory_id) = (zero, zero);
                request.voter_id = -1;
            }
            encoded(&request, version)
        }
        Question::BeginQuorumEpoch { .. } => {
            let mut request = begin_quorum_epoch::request(question, &member).unwrap();
            if version < 1 {
                request.topics[0].partitions[0].voter_directory_id = zero;
                (request.voter_id, request.leader_endpoints) = (-1, Vec::new());
            }
            encoded(&request, version)
        }
        Question::EndQuorumEpoch { .. } => {
            let mut request = end_quorum_epoch::request(question, &member).unwrap();
            if version < 1 {
                let partition = &mut request.topics[0].partitions[0];
                partition.preferred_successors =
                    partition.preferred_candidates.drain(..).map(|it| it.candidate_id).collect();
                request.leader_endpoints = Vec::new();
            }
            encoded(&request, version)
        }
        Question::FetchSnapshot { .. } => {
            let mut request = fetch_snapshot::request(question, &member).unwrap();
            if version < 1 {
                request.topics[0].partitions[0].replica_directory_id = zero;
            }
            encoded(&request, version)
        }
        Question::Fetch { .. } => {
            let mut request = fetch_metadata::request(question, &member).unwrap();
            if version < 15 {
                (request.replica_id, request.replica_state.replica_id) = (request.replica_state.replica_id, -1);
            }
            let topic = &mut request.topics[0];
            if version < 13 {
                (topic.topic, topic.topic_id) = (METADATA_TOPIC.into(), zero);
            }
            if version < 18 {
                topic.partitions[0].high_watermark = i64::MAX;
            }
            if version < 17 {
                topic.partitions[0].replica_directory_id = zero;
            }
            encoded(&request, version)
        }
    }
}

#[test]
fn who_leaves_out_whom_it_means_means_this_member() {
    let errands = errands();
    for errand in &errands[..2] {
        let Errand::Quorum(_, question) = errand else { unreachable!() };
        let (ask, _) = carried(errand, &member(1), &member(2));
        let asked = read(Ask { version: 0, ..ask }, older_body(question, 0), &member(2)).unwrap();
        match asked {
            Ok(Asked::Quorum(Question::Vote { voter, .. } | Question::BeginQuorumEpoch { voter, .. })) => {
                assert_eq!(voter, key(2));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn another_clusters_request_is_refused_as_a_whole() {
    let stranger = Member { cluster_id: "another".to_owned(), ..member(1) };
    for errand in errands() {
        let (ask, asked) = carried(&errand, &stranger, &member(2));
        assert_eq!(asked, Err(ErrorCode::InconsistentClusterId));
        let Handled::Reply(frame) = refuse(ask, ErrorCode::InconsistentClusterId) else { panic!("no answer") };
        let (_, body) = errand.split(Frame::to_bytes(&frame).slice(4..)).unwrap();
        assert_eq!(errand.read(body), Err(Lost::Refused(ErrorCode::InconsistentClusterId)));
    }
}

#[test]
fn only_the_metadata_log_is_asked_for() {
    let Errand::Quorum(_, question) = &errands()[0] else { unreachable!() };
    let good = vote::request(question, &member(1)).unwrap();
    let with = |change: fn(&mut kafka_wire::VoteRequest)| {
        let mut request = good.clone();
        change(&mut request);
        vote::question(&request, &member(2))
    };
    assert!(with(|_| {}).is_ok());
    let refused = [
        with(|request| request.topics.clear()),
        with(|request| request.topics[0].topic_name = "else".into()),
        with(|request| request.topics[0].partitions[0].partition_index = 1),
        with(|request| request.topics.push(request.topics[0].clone())),
        with(|request| request.topics[0].partitions.clear()),
        with(|request| request.topics[0].partitions[0].replica_epoch = -1),
        with(|request| request.topics[0].partitions[0].replica_id = -1),
        with(|request| request.topics[0].partitions[0].last_offset = -1),
    ];
    assert!(refused.iter().all(|asked| *asked == Err(ErrorCode::InvalidRequest)), "{refused:?}");
}

#[test]
fn records_are_taken_up_to_the_last_whole_batch() {
    let fetched = |bytes: Bytes| {
        let errand = &errands()[3];
        let (ask, _) = carried(errand, &member(1), &member(2));
        let said = Ok(Said::Fetched { high_watermark: 5, records: Records { bytes, epochs: vec![(1, 5)], end: 12 } });
        let answer = Answer { standing: standing(3, 2), said };
        match carried_back(errand, ask, Reply::Quorum { answer, leader: None })? {
            Answered::Quorum(Told { answer: Answer { said: Ok(Said::Fetched { records, .. }), .. }, .. }) => {
                Ok(records)
            }
            other => panic!("{other:?}"),
        }
    };
    let whole = batches();
    let torn = whole.bytes.slice(..whole.bytes.len() - 1);
    let kept = Records {
        bytes: whole.bytes.slice(..batch(5, 1, 2).len() + batch(7, 1, 1).len()),
        epochs: vec![(1, 5)],
        end: 8,
    };
    assert_eq!(fetched(torn), Ok(kept));
    let damaged = |bytes: Vec<Bytes>| fetched(bytes.concat().into());
    let corrupt = Err(Lost::Refused(ErrorCode::CorruptMessage));
    let mut flipped = whole.bytes.to_vec();
    flipped[70] ^= 1;
    assert_eq!(fetched(flipped.into()), corrupt);
    assert_eq!(damaged(vec![batch(5, 1, 2), batch(8, 1, 1)]), corrupt);
    assert_eq!(damaged(vec![batch(5, 2, 2), batch(7, 1, 1)]), corrupt);
    assert_eq!(damaged(vec![batch(-5, 2, 2)]), corrupt);
}

fn create_topics(version: i16, correlation: i32) -> Bytes {
    let mut request = kafka_wire::CreateTopicsRequest::default();
    request.timeout_ms = 5_000;
    let (client, limits) = (Some("someone".into()), kafka_wire::OutboundFrameLimits::new(1 << 20));
    let mut frame = BytesMut::new();
    kafka_wire::encode_request(&mut frame, correlation, client, &request, ApiVersion::new(version), limits).unwrap();
    frame.freeze().slice(4..)
}

/// The Envelope as the controller gets it, changed.
fn opened(
    letter: Letter,
    change: impl FnOnce(&mut kafka_wire::EnvelopeRequest),
) -> (Ask, Result<crate::broker::request_queue::Request, ErrorCode>) {
    let frame = Errand::Forward(RequestId(9), letter).frame(&member(1), 7).unwrap().to_bytes();
    let (head, body) = RequestHead::decode(frame.slice(4..), Listener::Broker, 1 << 20).unwrap();
    let ask = ask_of(&head);
    let mut request = decode(ask, body).unwrap();
    change(&mut request);
    (ask, open(ask, &request))
}

#[test]
fn a_clients_request_travels_in_an_envelope_and_its_answer_back() {
    for (version, host) in Api::CreateTopics.served().zip([[10, 0, 0, 7].into(), [7_u8; 16].into()].into_iter().cycle())
    {
        let letter = Letter { frame: create_topics(version, 77), host };
        let (outer, request) = opened(letter.clone(), |_| {});
        let request = request.unwrap();
        assert_eq!((request.ask.api, request.ask.version, request.ask.correlation), (Api::CreateTopics, version, 77));
        assert_eq!((request.ask.request, request.host, &request.frame), (outer.request, host, &letter.frame));
        assert!(letter.frame.ends_with(&request.body));
        let errand = Errand::Forward(RequestId(9), letter);
        for told in [Ok(Bytes::from_static(b"an answer")), Err(ErrorCode::NotController)] {
            let Handled::Reply(frame) = seal(outer, told.clone()) else { panic!("no answer") };
            let (_, body) = errand.split(frame.to_bytes().slice(4..)).unwrap();
            assert_eq!(errand.read(body), told.map(Answered::Forwarded).map_err(Lost::Refused));
        }
    }
}

#[test]
fn an_envelope_holds_what_is_forwarded_and_who_asks() {
    let letter = |frame: Bytes| Letter { frame, host: [127, 0, 0, 1].into() };
    let good = create_topics(7, 1);
    let mut metadata = BytesMut::from(&good[..]);
    metadata[1] = 3;
    let mut vote = BytesMut::from(&good[..]);
    vote[1] = 52;
    let mut unknown = BytesMut::from(&good[..]);
    unknown[3] = 99;
    let (invalid, principal) = (ErrorCode::InvalidRequest, ErrorCode::PrincipalDeserializationFailure);
    let refused = [
        (opened(letter(metadata.freeze()), |_| {}), invalid),
        (opened(letter(vote.freeze()), |_| {}), invalid),
        (opened(letter(unknown.freeze()), |_| {}), ErrorCode::UnsupportedVersion),
        (opened(letter(good.slice(..6)), |_| {}), invalid),
        (opened(letter(good.clone()), |request| request.client_host_address = Bytes::from_static(b"abc")), invalid),
        (opened(letter(good.clone()), |request| request.request_principal = None), principal),
        (
            opened(letter(good.clone()), |request| request.request_principal = Some(Bytes::from_static(b"\0\x01"))),
            principal,
        ),
        (
            opened(letter(good), |request| request.request_principal = Some(Bytes::from_static(b"\0\0\x05Us"))),
            principal,
        ),
    ];
    for ((_, request), error) in refused {
        assert_eq!(request.err(), Some(error));
    }
}

#[test]
fn producer_ids_are_asked_for_in_blocks() {
    let wants = WantsProducerIds { broker: BrokerId(4), broker_epoch: 12 };
    let errand = Errand::ProducerIds(wants);
    let (ask, asked) = carried(&errand, &member(4), &member(2));
    assert_eq!(asked, Ok(Asked::ProducerIds(wants)));
    let block = 3_000..4_000;
    assert_eq!(carried_back(&errand, ask, Reply::ProducerIds(Ok(block.clone()))), Ok(Answered::ProducerIds(block)));
    let refused = Reply::ProducerIds(Err(ErrorCode::StaleBrokerEpoch));
    assert_eq!(carried_back(&errand, ask, refused), Err(Lost::Refused(ErrorCode::StaleBrokerEpoch)));
    for (first, end) in [(-1, 9), (9, 9), (9, 8)] {
        let heard = carried_back(&errand, ask, Reply::ProducerIds(Ok(first..end)));
        assert_eq!(heard, Err(Lost::Refused(ErrorCode::UnknownServerError)));
    }
}

#[test]
fn a_piece_lies_within_its_snapshot() {
    let errand = &errands()[4];
    let (ask, _) = carried(errand, &member(1), &member(2));
    let snapshot = LogPosition { epoch: 2, offset: 9 };
    for (size, is_told) in [(8, true), (7, false)] {
        let said = Said::SnapshotFetched { snapshot, size, position: 3, bytes: Bytes::from_static(b"piece") };
        let answer = Answer { standing: standing(3, 2), said: Ok(said) };
        let heard = carried_back(errand, ask, Reply::Quorum { answer, leader: None });
        assert_eq!(heard.is_ok(), is_told, "{heard:?}");
    }
}

fn registration() -> BrokerRegistrationRequest {
    let endpoint = |name: &str, port| Endpoint { name: name.into(), host: "broker".into(), port, security_protocol: 0 };
    BrokerRegistrationRequest {
        cluster_id: "a-cluster".to_owned(),
        broker: BrokerId(4),
        incarnation: IncarnationId([5; 16]),
        listeners: vec![endpoint("CLIENT", 9092), endpoint("BROKER", 9093)],
        features: vec![SupportedFeature {
            name: "metadata.version".into(),
            min_supported_version: 7,
            max_supported_version: 27,
        }],
        rack: Some("a".into()),
        directories: vec![DirectoryId([6; 16])],
        cordoned_directories: None,
        previous_epoch: Some(11),
    }
}

#[test]
fn a_broker_registers_and_lives() {
    let registration = registration();
    let errand = Errand::Register(Box::new(registration.clone()));
    let (ask, asked) = carried(&errand, &member(4), &member(2));
    assert_eq!(asked, Ok(Asked::Register(Box::new(registration.clone()))));
    assert_eq!(carried_back(&errand, ask, Reply::Registered(Ok(42))), Ok(Answered::Registered(42)));
    let taken = ErrorCode::DuplicateBrokerRegistration;
    assert_eq!(carried_back(&errand, ask, Reply::Registered(Err(taken))), Err(Lost::Refused(taken)));
    let heartbeat = Heartbeat {
        broker: BrokerId(4),
        epoch: 42,
        metadata_offset: 99,
        wants_fence: true,
        wants_shutdown: false,
        offline_directories: vec![DirectoryId([6; 16])],
        cordoned_directories: Some(Vec::new()),
    };
    let errand = Errand::Heartbeat(heartbeat.clone());
    let (ask, asked) = carried(&errand, &member(4), &member(2));
    assert_eq!(asked, Ok(Asked::Heartbeat(heartbeat)));
    let reply =
        HeartbeatReply { is_caught_up: true, is_fenced: false, in_controlled_shutdown: true, should_shut_down: true };
    let told = HeartbeatTold { is_caught_up: true, is_fenced: false, should_shut_down: true };
    assert_eq!(carried_back(&errand, ask, Reply::Heartbeat(Ok(reply))), Ok(Answered::Heartbeat(told)));
    let stale = ErrorCode::StaleBrokerEpoch;
    assert_eq!(carried_back(&errand, ask, Reply::Heartbeat(Err(stale))), Err(Lost::Refused(stale)));
}

#[test]
fn an_older_registration_says_nothing_of_the_run_before() {
    let request = broker_registration::request(&registration());
    for version in Api::BrokerRegistration.served() {
        let read = broker_registration::read(request.clone(), version);
        assert_eq!(read.previous_epoch, (version >= 3).then_some(11));
    }
}
