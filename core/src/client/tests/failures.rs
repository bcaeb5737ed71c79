//! Connections that fail, calls that are given up, queues that are full.

use std::time::Duration;

use super::{questions::*, stage::*};
use crate::{
    client::{ClientAnswer, ClientCall, ClientError, ClientOptions, Question, question::FetchFrom},
    effect::{Effect, Input, Listener},
    error::ErrorCode,
    ids::{ConnectionId, DialId, IoId},
    machine::Machine,
    wire::Api,
};

#[test]
fn a_lost_connection_is_dialled_again_and_the_question_asked_again() {
    for question in every_question() {
        let mut stage = Stage::new(Script::default());
        stage.script.next(question.api(), Reaction::Close);
        stage.script.next(question.api(), Reaction::CloseAfter);
        assert!(stage.answer_to(question.clone()).is_ok(), "{question:?}");
        assert!(stage.script.heard_of(question.api()).len() >= 3);
    }
}

#[test]
fn an_address_that_cannot_be_reached_rests_longer_each_time() {
    let mut stage = Stage::new(Script::default());
    stage.down = vec![address(1)];
    stage.ask(Question::DescribeCluster);
    let mut rests = Vec::new();
    for _ in 0..7 {
        let before = stage.now.monotonic;
        let dials = stage.dials.len();
        stage.tick();
        assert_eq!(stage.dials.len(), dials + 1);
        rests.push(stage.now.monotonic.since(before).as_millis());
    }
    for (rest, doubled) in rests.into_iter().zip([50, 100, 200, 400, 800, 1000, 1000]) {
        assert!((doubled * 8 / 10..=doubled * 12 / 10).contains(&rest), "{rest} of {doubled}");
    }
    stage.down.clear();
    stage.tick();
    assert_eq!(stage.answers.len(), 1);
}

#[test]
fn one_of_several_bootstrap_servers_is_enough() {
    let options = ClientOptions::new(vec![address(7), address(8), address(1)]);
    let mut stage = Stage::with_options(Script::default(), options);
    stage.down = vec![address(7), address(8)];
    assert!(stage.answer_to(Question::DescribeCluster).is_ok());
    assert_eq!(stage.dials, [address(7), address(8), address(1)]);
}

#[test]
fn a_dial_that_hangs_is_given_up() {
    let options = ClientOptions::new(vec![address(1)]);
    let mut stage = Stage::with_options(Script::default(), options);
    let call = Input::Call(ClientCall::Ask { call: Default::default(), question: Question::DescribeCluster });
    let effects = stage.turn(call);
    assert!(matches!(&effects[..], [Effect::Dial { dial: DialId(1), .. }]), "{effects:?}");
    stage.now.monotonic = stage.client.next_deadline().unwrap();
    assert_eq!(stage.now.monotonic.since(crate::time::Instant(1_000_000)), Duration::from_secs(10));
    assert!(stage.turn(Input::Tick).is_empty());
    // It comes after all, and nobody wants it.
    let late = stage.turn(Input::Dialled { dial: DialId(1), connection: ConnectionId(5) });
    assert!(matches!(&late[..], [Effect::Close { connection: ConnectionId(5) }]), "{late:?}");
}

#[test]
fn a_broker_that_says_nothing_loses_its_connection() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::DescribeCluster, Reaction::Silence);
    let began = stage.now.monotonic;
    assert!(stage.answer_to(Question::DescribeCluster).is_ok());
    let passed = stage.now.monotonic.since(began);
    assert!((Duration::from_secs(30)..Duration::from_secs(31)).contains(&passed), "request.timeout.ms: {passed:?}");
}

#[test]
fn a_call_is_over_when_its_time_is() {
    let mut stage = Stage::new(Script::default());
    for _ in 0..5 {
        stage.script.next(Api::DescribeCluster, Reaction::Silence);
    }
    let began = stage.now.monotonic;
    let timed_out = Err(ClientError::TimedOut(Some(Box::new(ClientError::Disconnected))));
    assert_eq!(stage.answer_to(Question::DescribeCluster), timed_out);
    assert_eq!(stage.now.monotonic.since(began), Duration::from_secs(60));
    assert_eq!(stage.client.unanswered(), 0);
}

#[test]
fn the_controller_is_looked_for_again() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::CreateTopics, Reaction::Error(ErrorCode::NotController));
    assert!(stage.answer_to(topic(Some(1))).is_ok());
    assert_eq!(stage.script.heard_of(Api::CreateTopics).len(), 2);
    assert_eq!(stage.script.heard_of(Api::Metadata).len(), 2);
}

#[test]
fn a_call_that_is_cancelled_is_answered_once() {
    for reaction in [Reaction::Silence, Reaction::Close] {
        for question in every_question() {
            let mut stage = Stage::new(Script::default());
            stage.script.next(question.api(), reaction.clone());
            let call = stage.ask(question.clone());
            if stage.result(call).is_none() {
                stage.input(Input::Call(ClientCall::Cancel { call }));
            }
            assert_eq!(stage.result(call), Some(&Err(ClientError::Cancelled)), "{question:?}");
            stage.input(Input::Call(ClientCall::Cancel { call }));
            assert_eq!(stage.client.unanswered(), 0);
            assert!(stage.answer_to(question).is_ok());
        }
    }
}

#[test]
fn a_cancelled_long_poll_is_out_of_the_next_ones_way() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::Fetch, Reaction::Silence);
    let call = stage.ask(from(0));
    let before = stage.now.monotonic;
    stage.input(Input::Call(ClientCall::Cancel { call }));
    assert!(stage.answer_to(from(0)).is_ok());
    assert_eq!(stage.now.monotonic, before);
}

#[test]
fn long_polls_do_not_wait_for_one_another() {
    let mut stage = Stage::new(Script::default());
    for _ in 0..9 {
        stage.script.next(Api::Fetch, Reaction::Silence);
    }
    let calls: Vec<_> = (0..9).map(|_| stage.ask(from(0))).collect();
    let connections: crate::sorted::SortedSet<_> =
        stage.script.heard_of(Api::Fetch).iter().map(|heard| heard.connection).collect();
    assert_eq!((stage.script.heard_of(Api::Fetch).len(), connections.len()), (9, 8));
    // The ninth shares a connection: it does not take it along when it goes.
    let open = stage.open.len();
    stage.input(Input::Call(ClientCall::Cancel { call: calls[8] }));
    assert_eq!(stage.open.len(), open);
    assert!(stage.answer_to(Question::Produce(batch(&["v"]))).is_ok());
}

#[test]
fn requests_under_way_are_bounded() {
    let mut stage = Stage::new(Script::default());
    assert!(stage.answer_to(Question::DescribeCluster).is_ok());
    for _ in 0..100 {
        stage.script.next(Api::DescribeCluster, Reaction::Silence);
    }
    for _ in 0..8 {
        stage.ask(Question::DescribeCluster);
    }
    assert_eq!(stage.script.heard_of(Api::DescribeCluster).len(), 1 + 5);
    // When there is room, the client's own question comes before the calls that wait.
    stage.ask(from(0));
    stage.script.next(Api::Metadata, Reaction::Silence);
    let first = stage.script.heard_of(Api::DescribeCluster)[1].clone();
    let body = encoded(&kafka_wire::DescribeClusterResponse::default(), first.version);
    stage.input(Input::Bytes { connection: first.connection, bytes: first.frame(&body) });
    assert_eq!(stage.script.heard.last().map(|heard| heard.api), Some(Api::Metadata));
    assert_eq!(stage.script.heard_of(Api::DescribeCluster).len(), 1 + 5);
}

#[test]
fn calls_that_wait_are_bounded() {
    let options = ClientOptions { calls_max: 2, ..ClientOptions::new(vec![address(1)]) };
    let mut stage = Stage::with_options(Script::default(), options);
    stage.down = vec![address(1)];
    let calls = [(); 3].map(|()| stage.ask(Question::DescribeCluster));
    assert_eq!(stage.answers, [ClientAnswer { call: calls[2], result: Err(ClientError::Full) }]);
}

#[test]
fn without_anyone_to_ask_calls_time_out() {
    let mut stage = Stage::with_options(Script::default(), ClientOptions::new(Vec::new()));
    let Err(ClientError::TimedOut(Some(why))) = stage.answer_to(Question::DescribeCluster) else { panic!() };
    assert!(matches!(*why, ClientError::Unreachable(_)));
}

#[test]
fn what_no_request_can_say_is_refused_at_once() {
    let mut stage = Stage::new(Script::default());
    let call = stage.ask(Question::Fetch(FetchFrom::new(&"x".repeat(250), 0, 0)));
    assert_eq!(stage.result(call), Some(&Err(ErrorCode::InvalidTopicException.into())));
    let call = stage.ask(Question::Fetch(FetchFrom { wait: Duration::MAX, ..FetchFrom::new("t", 0, 0) }));
    assert!(matches!(stage.result(call), Some(Err(ClientError::Invalid(_)))));
}

#[test]
fn inputs_that_are_none_of_its_are_let_pass() {
    let mut stage = Stage::new(Script::default());
    let connection = ConnectionId(99);
    let opened = Input::Opened { connection, listener: Listener::Client, peer: "someone".to_owned() };
    assert!(matches!(&stage.turn(opened)[..], [Effect::Close { .. }]));
    for input in [
        Input::Bytes { connection, bytes: "x".into() },
        Input::Closed { connection },
        Input::DialFailed { dial: DialId(9), why: "gone".to_owned() },
        Input::Committed { io: IoId(1) },
        Input::Call(ClientCall::Cancel { call: Default::default() }),
        Input::Tick,
    ] {
        assert!(stage.turn(input).is_empty());
    }
}

#[test]
fn the_same_seed_does_the_same() {
    let story = |seed| {
        let options = ClientOptions { seed, ..ClientOptions::new(vec![address(1), address(2)]) };
        let mut stage = Stage::with_options(Script::default(), options);
        stage.down = vec![address(2)];
        for api in [Api::Produce, Api::Metadata, Api::ApiVersions, Api::Fetch] {
            stage.script.next(api, Reaction::Close);
        }
        let answers: Vec<_> = every_question().into_iter().map(|question| stage.answer_to(question)).collect();
        (answers, stage.now, stage.dials)
    };
    assert_eq!(story(5), story(5));
    assert_ne!(story(5).1, story(6).1);
}
