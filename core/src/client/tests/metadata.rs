//! Handshakes, and finding who leads.

use std::time::Duration;

use super::{questions::*, stage::*};
use crate::{
    client::{ClientError, ClientOptions, Question, Reply},
    error::ErrorCode,
    wire::Api,
};

fn asked(create: bool) -> Question {
    Question::Metadata { topics: Some(vec!["new".to_owned()]), create }
}

#[test]
fn the_handshake_begins_high_and_falls_back() {
    let versions = |max: i16| {
        let mut script = Script::default();
        script.versions.insert(Api::ApiVersions, (0, max));
        let mut stage = Stage::new(script);
        assert!(stage.answer_to(Question::DescribeCluster).is_ok());
        stage.script.heard_of(Api::ApiVersions).iter().map(|heard| heard.version).collect::<Vec<_>>()
    };
    assert_eq!(versions(5), [4]);
    assert_eq!(versions(4), [4]);
    assert_eq!(versions(2), [4, 2]);
    assert_eq!(versions(0), [4, 0]);
}

#[test]
fn a_handshake_that_is_refused_twice_ends_the_connection() {
    let mut stage = Stage::new(Script::default());
    for _ in 0..2 {
        stage.script.next(Api::ApiVersions, Reaction::Body(vec![0, 35, 0, 0, 0, 0].into()));
    }
    stage.ask(Question::DescribeCluster);
    assert_eq!(stage.open, []);
    stage.tick();
    assert_eq!(stage.open.len(), 1, "dialled again after a rest");
}

#[test]
fn one_connection_for_each_purpose_is_used_again() {
    let mut stage = Stage::new(Script::default());
    for _ in 0..3 {
        for question in every_question() {
            assert!(stage.answer_to(question).is_ok());
        }
    }
    // Questions, batches, long polls.
    assert_eq!(stage.dials.len(), 3);
    assert_eq!(stage.script.heard_of(Api::ApiVersions).len(), 3);
}

#[test]
fn the_leader_is_asked_for_once() {
    let mut stage = Stage::new(Script::default());
    for _ in 0..5 {
        assert!(stage.answer_to(from(0)).is_ok());
        assert!(stage.answer_to(Question::Produce(batch(&["v"]))).is_ok());
    }
    assert_eq!(stage.script.heard_of(Api::Metadata).len(), 1);
    assert_eq!(stage.script.heard_of(Api::InitProducerId).len(), 1);
    stage.now.monotonic = stage.now.monotonic + Duration::from_secs(300);
    assert!(stage.answer_to(from(0)).is_ok());
    assert_eq!(stage.script.heard_of(Api::Metadata).len(), 2, "metadata.max.age.ms");
}

#[test]
fn a_leader_that_moved_is_found_again() {
    for error in [ErrorCode::NotLeaderOrFollower, ErrorCode::UnknownTopicOrPartition, ErrorCode::FencedLeaderEpoch] {
        let mut stage = Stage::new(Script::default());
        assert!(stage.answer_to(from(0)).is_ok());
        stage.script.next(Api::Fetch, Reaction::Error(error));
        stage.script.port = 2;
        assert!(stage.answer_to(from(0)).is_ok());
        assert_eq!(stage.script.heard_of(Api::Metadata).len(), 2);
        assert_eq!(stage.dials.last(), Some(&address(2)));
    }
}

#[test]
fn connections_to_a_broker_that_moved_are_closed() {
    let mut options = ClientOptions::new(vec![address(1)]);
    options.bootstrap = vec![address(9)];
    let mut stage = Stage::with_options(Script::default(), options);
    assert!(stage.answer_to(from(0)).is_ok());
    assert_eq!((stage.dials.as_slice(), stage.open.len()), (&[address(9), address(1)][..], 2));
    stage.script.port = 2;
    assert!(stage.answer_to(Question::Metadata { topics: None, create: false }).is_ok());
    assert_eq!(stage.open.len(), 1, "only the bootstrap server's is left");
}

#[test]
fn a_topic_that_is_missing_is_looked_for_until_time_is_over() {
    let mut stage = Stage::new(Script::default());
    let missing = Question::Fetch(crate::client::question::FetchFrom::new("new", 0, 0));
    let began = stage.now.monotonic;
    let why = ClientError::Kafka(ErrorCode::UnknownTopicOrPartition, None);
    assert_eq!(stage.answer_to(missing), Err(ClientError::TimedOut(Some(Box::new(why)))));
    let passed = stage.now.monotonic.since(began);
    assert_eq!(passed, Duration::from_millis(60_500), "default.api.timeout.ms and the wait");
    // Doubled rests from 100 ms up to a second: not a flood.
    assert!((60..100).contains(&stage.script.heard_of(Api::Metadata).len()));
}

#[test]
fn metadata_that_cannot_be_told_is_asked_for_after_a_rest() {
    let mut stage = Stage::new(Script::default());
    let mut response = kafka_wire::MetadataResponse::default();
    response.error_code = ErrorCode::UnknownServerError.code();
    for _ in 0..1000 {
        stage.script.next(Api::Metadata, Reaction::Body(encoded(&response, 13)));
    }
    let why = ClientError::Kafka(ErrorCode::UnknownServerError, None);
    assert_eq!(stage.answer_to(from(0)), Err(ClientError::TimedOut(Some(Box::new(why)))));
    assert!((60..100).contains(&stage.script.heard_of(Api::Metadata).len()));
}

#[test]
fn a_partition_that_is_missing_keeps_nobody_else_waiting() {
    let mut stage = Stage::new(Script::default());
    let missing = stage.ask(Question::Fetch(crate::client::question::FetchFrom::new("t", 7, 0)));
    assert!(stage.answer_to(from(0)).is_ok());
    assert_eq!(stage.result(missing), None);
}

#[test]
fn a_topic_that_is_being_made_is_waited_for() {
    let mut stage = Stage::new(Script::default());
    let Ok(Reply::Metadata(told)) = stage.answer_to(asked(false)) else { panic!() };
    assert_eq!(told.topics[0].error, Some(ErrorCode::UnknownTopicOrPartition));
    let request: kafka_wire::MetadataRequest = stage.script.heard_of(Api::Metadata)[0].decode();
    assert!(!request.allow_auto_topic_creation);

    let call = stage.ask(asked(true));
    stage.tick();
    assert_eq!(stage.result(call), None);
    let request: kafka_wire::MetadataRequest = stage.script.heard_of(Api::Metadata)[1].decode();
    assert!(request.allow_auto_topic_creation);
}

#[test]
fn a_topic_made_anew_is_asked_for_anew() {
    let mut stage = Stage::new(Script::default());
    assert!(stage.answer_to(from(0)).is_ok());
    assert!(stage.answer_to(Question::DeleteTopics { topics: vec!["t".to_owned()] }).is_ok());
    stage.script.topic_id = [7; 16];
    assert!(stage.answer_to(from(0)).is_ok());
    assert_eq!(stage.script.heard_of(Api::Metadata).len(), 2);
}

#[test]
fn without_topic_ids_names_are_sent() {
    let script = Script::with_versions(|api| if api == Api::Metadata { 9 } else { *api.served().end() });
    let mut versions = script.versions.clone();
    versions.insert(Api::Produce, (3, 13));
    versions.insert(Api::Fetch, (4, 18));
    let mut stage = Stage::new(Script { versions, ..script });
    assert!(stage.answer_to(Question::Produce(batch(&["v"]))).is_ok());
    assert!(stage.answer_to(from(0)).is_ok());
    assert_eq!(stage.script.heard_of(Api::Produce)[0].version, 12);
    assert_eq!(stage.script.heard_of(Api::Fetch)[0].version, 12);
}
