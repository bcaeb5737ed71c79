//! Administrative requests, as Apache Kafka 4.4 was seen to answer them.

use kafka_wire::{
    create_partitions_request::CreatePartitionsTopic, create_topics_request::*,
    delete_topics_request::DeleteTopicState, describe_configs_request::DescribeConfigsResource,
    describe_topic_partitions_request as asked_partitions, incremental_alter_configs_request as asked_configs,
    metadata_request::MetadataRequestTopic, *,
};
use kafka_wire_core::{StrBytes, Uuid};

use crate::{
    broker::{
        Topics,
        tests::{Asked, TestBroker},
    },
    effect::Outcome,
    error::ErrorCode,
    ids::TopicId,
    wire::Api,
};

const DUPLICATE: &str = "Duplicate topic name.";

fn topic(name: &str, partitions: i32, replication_factor: i16) -> CreatableTopic {
    let mut topic = CreatableTopic::default();
    (topic.name, topic.num_partitions, topic.replication_factor) = (name.into(), partitions, replication_factor);
    topic
}

fn create(broker: &mut TestBroker, version: i16, topics: Vec<CreatableTopic>) -> Asked {
    let mut request = CreateTopicsRequest::default();
    (request.topics, request.timeout_ms) = (topics, 5_000);
    broker.ask((Api::CreateTopics, version), &request, Topics::on_create_topics)
}

/// Name, error and message of each.
fn created(response: &CreateTopicsResponse) -> Vec<(&str, i16, Option<&str>)> {
    response.topics.iter().map(|topic| (&*topic.name, topic.error_code, topic.error_message.as_deref())).collect()
}

#[test]
fn a_topic_is_told_once_it_is_durable() {
    let mut broker = TestBroker::new();
    for version in Api::CreateTopics.served() {
        let name = format!("v{version}");
        let asked = create(&mut broker, version, vec![topic(&name, 2, 1)]);
        let [done, failed, late]: [CreateTopicsResponse; 3] = asked.answers();
        assert_eq!(created(&done), [(&*name, 0, None)]);
        assert_eq!(created(&failed), [(&*name, ErrorCode::KafkaStorageError.code(), None)]);
        assert_eq!(created(&late), [(&*name, ErrorCode::RequestTimedOut.code(), None)]);
        let id = broker.topics.catalog.topic_named(&name).unwrap().id;
        if version >= 7 {
            assert_eq!(done.topics[0].topic_id.to_bytes(), id.0);
        }
        if version >= 5 {
            assert_eq!((done.topics[0].num_partitions, done.topics[0].replication_factor), (2, 1));
            assert!(done.topics[0].configs.as_ref().is_some_and(|configs| !configs.is_empty()));
        }
        broker.commit();
    }
}

#[test]
fn topics_are_checked_in_kafkas_order() {
    let mut broker = TestBroker::new();
    broker.with_topic("here", 1, &[]);
    let mut null = topic("a b", 0, 3);
    null.configs.push(CreatableTopicConfig::default());
    null.configs[0].value = None;
    let mut unknown = topic("unknown", 0, 3);
    unknown.configs.push(CreatableTopicConfig::default());
    (unknown.configs[0].name, unknown.configs[0].value) = ("nope".into(), Some("1".into()));
    let mut assigned = topic("assigned", 1, 1);
    assigned.assignments.push(CreatableReplicaAssignment::default());
    let mut twice = topic("assigned-twice", -1, -1);
    twice.assignments = vec![CreatableReplicaAssignment::default(); 2];
    let asked = [
        (topic("here", 0, 0), ErrorCode::TopicAlreadyExists),
        (null, ErrorCode::InvalidTopicException),
        (unknown, ErrorCode::InvalidConfig),
        (topic("factor", 0, 0), ErrorCode::InvalidReplicationFactor),
        (topic("partitions", 0, 2), ErrorCode::InvalidPartitions),
        (topic("replicas", 1, 2), ErrorCode::InvalidReplicationFactor),
        (assigned, ErrorCode::InvalidRequest),
        (twice, ErrorCode::InvalidReplicaAssignment),
        (topic("__cluster_metadata", 1, 1), ErrorCode::InvalidRequest),
    ];
    let response: CreateTopicsResponse =
        create(&mut broker, 7, asked.iter().map(|(topic, _)| topic.clone()).collect()).answer();
    for (told, (topic, error)) in response.topics.iter().zip(&asked) {
        assert_eq!((&told.name, told.error_code), (&topic.name, error.code()), "{:?}", told.error_message);
        assert!(told.error_message.is_some());
    }
}

#[test]
fn a_topic_that_is_named_twice_is_refused_once() {
    let mut broker = TestBroker::new();
    let named = ["twice", "once", "twice", "twice"].map(|name| topic(name, 1, 1));
    let [done, ..]: [CreateTopicsResponse; 3] = create(&mut broker, 7, named.into()).answers();
    assert_eq!(created(&done), [("twice", ErrorCode::InvalidRequest.code(), Some(DUPLICATE)), ("once", 0, None)]);
    // Far more than could be compared with one another.
    let many = vec![topic("a b", 1, 1); 100_000];
    let response: CreateTopicsResponse = create(&mut broker, 7, many).answer();
    assert_eq!(response.topics.len(), 1);
}

fn delete(broker: &mut TestBroker, topics: &[(Option<&str>, TopicId)]) -> Asked {
    let mut request = DeleteTopicsRequest::default();
    for (name, id) in topics {
        let mut topic = DeleteTopicState::default();
        (topic.name, topic.topic_id) = (name.map(StrBytes::from), Uuid::from_bytes(id.0));
        request.topics.push(topic);
    }
    broker.ask((Api::DeleteTopics, 6), &request, Topics::on_delete_topics)
}

fn deleted(response: &DeleteTopicsResponse) -> Vec<(i16, Option<&str>)> {
    response.responses.iter().map(|topic| (topic.error_code, topic.error_message.as_deref())).collect()
}

#[test]
fn topics_go_by_name_or_by_id_and_not_by_both() {
    let mut broker = TestBroker::new();
    let one = broker.with_topic("one", 1, &[]);
    let invalid = ErrorCode::InvalidRequest.code();
    let none = TopicId::ZERO;
    let missing = TopicId([9; 16]);
    let asked = [(Some("one"), one), (None, none), (None, missing), (Some("no"), none), (Some("no"), none)];
    let told = [
        (invalid, Some("You may not specify both topic name and topic id.")),
        (invalid, Some("Neither topic name nor id were specified.")),
        (ErrorCode::UnknownTopicId.code(), Some("This server does not host this topic ID.")),
        (invalid, Some(DUPLICATE)),
    ];
    assert_eq!(deleted(&delete(&mut broker, &asked).answer()), told);
    let both = (invalid, Some("The provided topic name maps to an ID that was already supplied."));
    assert_eq!(deleted(&delete(&mut broker, &[(None, one), (Some("one"), none)]).answer()), [both]);
    assert_eq!(
        deleted(&delete(&mut broker, &[(None, one), (None, one)]).answer()),
        [(invalid, Some("Duplicate topic id."))]
    );
    let [done, failed, late]: [DeleteTopicsResponse; 3] = delete(&mut broker, &[(None, one)]).answers();
    assert_eq!((&done.responses[0].name.as_deref(), deleted(&done)), (&Some("one"), vec![(0, None)]));
    assert_eq!(failed.responses[0].error_code, ErrorCode::KafkaStorageError.code());
    assert_eq!(late.responses[0].error_code, ErrorCode::RequestTimedOut.code());
}

#[test]
fn every_version_deletes() {
    let mut broker = TestBroker::new();
    for version in Api::DeleteTopics.served().filter(|version| *version < 6) {
        broker.with_topic("one", 1, &[]);
        let mut request = DeleteTopicsRequest::default();
        request.topic_names = vec!["one".into(), "none".into()];
        let asked = broker.ask((Api::DeleteTopics, version), &request, Topics::on_delete_topics);
        let [done, ..]: [DeleteTopicsResponse; 3] = asked.answers();
        let errors: Vec<i16> = done.responses.iter().map(|told| told.error_code).collect();
        assert_eq!(errors, [0, ErrorCode::UnknownTopicOrPartition.code()]);
        broker.commit();
    }
}

#[test]
fn a_topic_grows_and_never_shrinks() {
    let mut broker = TestBroker::new();
    let id = broker.with_topic("one", 2, &[]);
    let mut ask = |version: i16, counts: &[(&str, i32)], validate_only: bool| {
        let mut request = CreatePartitionsRequest::default();
        request.validate_only = validate_only;
        for (name, count) in counts {
            let mut topic = CreatePartitionsTopic::default();
            (topic.name, topic.count, topic.assignments) = ((*name).into(), *count, None);
            request.topics.push(topic);
        }
        broker.ask((Api::CreatePartitions, version), &request, Topics::on_create_partitions)
    };
    let errors = |response: CreatePartitionsResponse| -> Vec<i16> {
        response.results.iter().map(|result| result.error_code).collect()
    };
    let invalid = ErrorCode::InvalidPartitions.code();
    assert_eq!(errors(ask(3, &[("one", 2)], false).answer()), [invalid]);
    assert_eq!(errors(ask(3, &[("one", i32::MIN)], false).answer()), [invalid]);
    assert_eq!(errors(ask(3, &[("none", 9)], false).answer()), [ErrorCode::UnknownTopicOrPartition.code()]);
    assert_eq!(errors(ask(3, &[("one", 3), ("one", 4)], false).answer()), [ErrorCode::InvalidRequest.code()]);
    assert_eq!(errors(ask(3, &[("one", 20_000)], false).answer()), [ErrorCode::PolicyViolation.code()]);
    assert_eq!(errors(ask(3, &[("one", 9)], true).answer()), [0]);
    for (version, count) in Api::CreatePartitions.served().zip(3..) {
        let [done, failed, late] = ask(version, &[("one", count)], false).answers().map(errors);
        let told = [vec![0], vec![ErrorCode::KafkaStorageError.code()], vec![ErrorCode::RequestTimedOut.code()]];
        assert_eq!([done, failed, late], told);
    }
    assert_eq!(broker.topics.catalog.topic(id).unwrap().partitions, 6);
}

fn describe(broker: &mut TestBroker, version: i16, kind: i8, name: &str, keys: Option<&[&str]>) -> Asked {
    let mut resource = DescribeConfigsResource::default();
    (resource.resource_type, resource.resource_name) = (kind, name.into());
    resource.configuration_keys = keys.map(|keys| keys.iter().map(|key| StrBytes::from(*key)).collect());
    let mut request = DescribeConfigsRequest::default();
    (request.resources, request.include_synonyms) = (vec![resource], true);
    broker.ask((Api::DescribeConfigs, version), &request, Topics::on_describe_configs)
}

#[test]
fn configs_are_told_with_where_they_come_from() {
    let mut broker = TestBroker::new();
    broker.with_topic("one", 1, &[("retention.ms", "5")]);
    for version in Api::DescribeConfigs.served() {
        let keys = ["retention.ms", "nope"];
        let response: DescribeConfigsResponse = describe(&mut broker, version, 2, "one", Some(&keys)).answer();
        let [config] = response.results[0].configs.as_slice() else { panic!("{response:?}") };
        assert_eq!((&*config.name, config.value.as_deref(), config.config_source), ("retention.ms", Some("5"), 1));
        if version >= 3 {
            assert_eq!((config.config_type, &config.documentation), (5, &None));
        }
    }
    let count = |broker: &mut TestBroker, keys| -> usize {
        let response: DescribeConfigsResponse = describe(broker, 4, 2, "one", keys).answer();
        response.results[0].configs.len()
    };
    assert_eq!(count(&mut broker, None), crate::config::TopicConfig::ROWS.len());
    assert_eq!(count(&mut broker, Some(&[])), crate::config::TopicConfig::ROWS.len());
    let refused = [
        (2, "none", ErrorCode::UnknownTopicOrPartition),
        (2, "a b", ErrorCode::InvalidTopicException),
        (4, "2", ErrorCode::InvalidRequest),
        (5, "1", ErrorCode::InvalidRequest),
    ];
    for (kind, name, error) in refused {
        let response: DescribeConfigsResponse = describe(&mut broker, 4, kind, name, None).answer();
        assert_eq!(response.results[0].error_code, error.code(), "{kind} {name}");
    }
}

/// Kind, name, and the edits: name, operation, value.
type Edits<'a> = (i8, &'a str, &'a [(&'a str, i8, Option<&'a str>)]);

fn alter(broker: &mut TestBroker, version: i16, edits: &[Edits<'_>]) -> Asked {
    let mut request = IncrementalAlterConfigsRequest::default();
    for (kind, name, edits) in edits {
        let mut resource = asked_configs::AlterConfigsResource::default();
        (resource.resource_type, resource.resource_name) = (*kind, (*name).into());
        for (name, operation, value) in *edits {
            let mut edit = asked_configs::AlterableConfig::default();
            (edit.name, edit.config_operation, edit.value) = ((*name).into(), *operation, value.map(StrBytes::from));
            resource.configs.push(edit);
        }
        request.resources.push(resource);
    }
    broker.ask((Api::IncrementalAlterConfigs, version), &request, Topics::on_incremental_alter_configs)
}

#[test]
fn configs_are_edited_all_or_none() {
    let mut broker = TestBroker::new();
    broker.with_topic("one", 1, &[("retention.ms", "5")]);
    let set = ("retention.ms", 0, Some("7"));
    let refused: [(Edits<'_>, ErrorCode); 8] = [
        ((2, "one", &[set, ("nope", 0, Some("1"))]), ErrorCode::InvalidConfig),
        ((2, "one", &[set, set]), ErrorCode::InvalidRequest),
        ((2, "one", &[("retention.ms", 2, Some("1"))]), ErrorCode::InvalidConfig),
        ((2, "one", &[("retention.ms", 0, None)]), ErrorCode::InvalidRequest),
        ((2, "none", &[set]), ErrorCode::UnknownTopicOrPartition),
        ((2, "a b", &[set]), ErrorCode::InvalidTopicException),
        ((2, "", &[set]), ErrorCode::InvalidRequest),
        ((4, "1", &[("num.io.threads", 0, Some("0"))]), ErrorCode::InvalidRequest),
    ];
    for (edits, error) in refused {
        let response: IncrementalAlterConfigsResponse = alter(&mut broker, 1, &[edits]).answer();
        assert_eq!(response.responses[0].error_code, error.code(), "{edits:?}");
    }
    let overrides = |broker: &TestBroker| broker.topics.catalog.topic_named("one").unwrap().overrides.clone();
    assert_eq!(overrides(&broker), [("retention.ms".to_owned(), "5".to_owned())].into());
    for version in Api::IncrementalAlterConfigs.served() {
        // A name that nobody knows can be unset, and spaces around a value do not count.
        let edits: &[_] = &[("retention.ms", 0, Some(" 7 ")), ("nope", 1, None)];
        let [done, failed, _]: [IncrementalAlterConfigsResponse; 3] =
            alter(&mut broker, version, &[(2, "one", edits)]).answers();
        assert_eq!((done.responses[0].error_code, &done.responses[0].error_message), (0, &None));
        assert_eq!(failed.responses[0].error_code, ErrorCode::KafkaStorageError.code());
        assert_eq!(overrides(&broker), [("retention.ms".to_owned(), "7".to_owned())].into());
    }
}

fn metadata(broker: &mut TestBroker, version: i16, topics: &[(Option<&str>, TopicId)]) -> MetadataResponse {
    let mut request = MetadataRequest::default();
    let asked = topics.iter().map(|(name, id)| {
        let mut topic = MetadataRequestTopic::default();
        (topic.name, topic.topic_id) = (name.map(StrBytes::from), Uuid::from_bytes(id.0));
        topic
    });
    request.topics = Some(asked.collect());
    broker.ask((Api::Metadata, version), &request, Topics::on_metadata).answer()
}

#[test]
fn metadata_tells_every_topic_once() {
    let mut broker = TestBroker::new();
    let one = broker.with_topic("one", 2, &[]);
    for version in Api::Metadata.served() {
        let response = metadata(&mut broker, version, &[(Some("one"), TopicId::ZERO), (Some("one"), TopicId::ZERO)]);
        assert_eq!((response.brokers[0].node_id, response.topics.len()), (1, 1));
        let told = &response.topics[0];
        assert_eq!((told.error_code, told.name.as_deref(), told.partitions.len()), (0, Some("one"), 2));
        assert_eq!((told.partitions[1].leader_id, &told.partitions[1].isr_nodes), (1, &vec![1]));
    }
    let by_id = metadata(&mut broker, 12, &[(None, one), (None, TopicId([9; 16]))]);
    assert_eq!(by_id.topics[0].name.as_deref(), Some("one"));
    assert_eq!(by_id.topics[1].error_code, ErrorCode::UnknownTopicId.code());
}

#[test]
fn metadata_that_means_nothing_tells_nothing() {
    let mut broker = TestBroker::new();
    let one = broker.with_topic("one", 1, &[]);
    let refused = [
        (11, None, one, ErrorCode::InvalidRequest),
        (10, Some("one"), one, ErrorCode::InvalidRequest),
        (10, None, TopicId::ZERO, ErrorCode::InvalidRequest),
    ];
    for (version, name, id, error) in refused {
        let response = metadata(&mut broker, version, &[(name, id), (Some("one"), TopicId::ZERO)]);
        assert!(response.brokers.is_empty());
        assert!(response.topics.iter().all(|topic| topic.error_code == error.code()), "version {version}");
    }
}

#[test]
fn a_missing_topic_is_made_behind_the_answer() {
    let mut broker = TestBroker::new();
    broker.with_topic("a.b", 1, &[]);
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    // One that cannot be, because its name is like another's, is not told apart.
    for (name, error) in [("new", unknown), ("a_b", unknown), ("a b", ErrorCode::InvalidTopicException.code())] {
        assert_eq!(metadata(&mut broker, 12, &[(Some(name), TopicId::ZERO)]).topics[0].error_code, error, "{name}");
    }
    broker.commit();
    assert_eq!(metadata(&mut broker, 12, &[(Some("new"), TopicId::ZERO)]).topics[0].error_code, 0);
    let id = broker.topics.catalog.topic_named("new").unwrap().id;
    broker.append_uncommitted(id, 0, &[1]);
    broker.fail_commit(Outcome::Unknown);
    let offline = metadata(&mut broker, 12, &[(Some("new"), TopicId::ZERO)]);
    let partition = &offline.topics[0].partitions[0];
    assert_eq!((partition.error_code, partition.leader_id), (ErrorCode::LeaderNotAvailable.code(), -1));
    assert_eq!(partition.offline_replicas, [1]);
}

#[test]
fn the_cluster_is_told_to_those_who_ask_for_brokers() {
    let mut broker = TestBroker::new();
    for version in Api::DescribeCluster.served() {
        let told =
            [(1, 0), (2, ErrorCode::MismatchedEndpointType.code()), (3, ErrorCode::UnsupportedEndpointType.code())];
        for (endpoint, error) in told.into_iter().take(if version >= 1 { 3 } else { 1 }) {
            let mut request = DescribeClusterRequest::default();
            request.endpoint_type = endpoint;
            let asked = broker.ask((Api::DescribeCluster, version), &request, Topics::on_describe_cluster);
            let response: DescribeClusterResponse = asked.answer();
            assert_eq!((response.error_code, response.brokers.len()), (error, usize::from(error == 0)));
        }
    }
}

fn partitions(
    broker: &mut TestBroker,
    names: &[&str],
    limit: i32,
    at: Option<(&str, i32)>,
) -> Vec<(String, i16, usize)> {
    let mut request = DescribeTopicPartitionsRequest::default();
    for name in names {
        let mut topic = asked_partitions::TopicRequest::default();
        topic.name = (*name).into();
        request.topics.push(topic);
    }
    request.response_partition_limit = limit;
    request.cursor = at.map(|(name, partition)| {
        let mut cursor = asked_partitions::Cursor::default();
        (cursor.topic_name, cursor.partition_index) = (name.into(), partition);
        cursor
    });
    let asked = broker.ask((Api::DescribeTopicPartitions, 0), &request, Topics::on_describe_topic_partitions);
    let response: DescribeTopicPartitionsResponse = asked.answer();
    let told = response
        .topics
        .iter()
        .map(|topic| (topic.name.as_deref().unwrap_or_default().to_owned(), topic.error_code, topic.partitions.len()));
    let next = response.next_cursor.iter().map(|next| (next.topic_name.to_string(), -1, next.partition_index as usize));
    told.chain(next).collect()
}

#[test]
fn partitions_are_told_a_page_at_a_time() {
    let mut broker = TestBroker::new();
    broker.with_topic("a", 3, &[]);
    broker.with_topic("b", 2, &[]);
    let row = |name: &str, error, count| (name.to_owned(), error, count);
    let invalid = ErrorCode::InvalidRequest.code();
    assert_eq!(partitions(&mut broker, &[], 2, None), [row("a", 0, 2), row("a", -1, 2)]);
    assert_eq!(partitions(&mut broker, &[], 2, Some(("a", 2))), [row("a", 0, 1), row("b", 0, 1), row("b", -1, 1)]);
    assert_eq!(partitions(&mut broker, &[], 9, Some(("aa", 2))), [row("b", 0, 2)]);
    assert_eq!(partitions(&mut broker, &["b", "a"], 3, None), [row("a", 0, 3), row("b", -1, 0)]);
    for at in [("a", -1), ("aa", 0)] {
        assert_eq!(partitions(&mut broker, &["b", "a"], 3, Some(at)), [row("b", invalid, 0), row("a", invalid, 0)]);
    }
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    assert_eq!(partitions(&mut broker, &["none", "a"], 3, None), [row("a", 0, 3), row("none", -1, 0)]);
    assert_eq!(partitions(&mut broker, &["none", "a"], 9, None), [row("a", 0, 3), row("none", unknown, 0)]);
}
