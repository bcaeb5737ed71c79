//! A broker that lies.

use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;

use super::{questions::*, stage::*};
use crate::{
    client::{ClientError, ClientOptions, Question, Reply},
    record::{Batch, BatchBuilder, BatchError, Compression},
    wire::Api,
};

/// The body of the broker's right answer to `question`.
fn right_answer(question: &Question, version: i16) -> Bytes {
    let mut script = Script::with_versions(|api| if api == question.api() { version } else { *api.served().end() });
    let body = script.body_for(question);
    assert!(!body.is_empty());
    body
}

#[test]
fn an_answer_that_does_not_decode_is_said_and_ends_the_connection() {
    for question in every_question() {
        let mut stage = Stage::new(Script::default());
        let right = right_answer(&question, *question.api().served().end());
        for body in [Bytes::new(), right.slice(..right.len() - 1), [&right[..], b"!"].concat().into()] {
            assert!(stage.answer_to(question.clone()).is_ok());
            let open = stage.open.len();
            stage.script.next(question.api(), Reaction::Body(body));
            let call = stage.ask(question.clone());
            assert_eq!(stage.result(call), Some(&Err(ClientError::BadAnswer(question.api()))), "{question:?}");
            assert_eq!(stage.open.len(), open - 1, "{question:?}");
        }
        assert!(stage.answer_to(question.clone()).is_ok());
    }
}

#[test]
fn an_answer_to_something_else_ends_the_connection_and_is_asked_again() {
    let mut stage = Stage::new(Script::default());
    assert!(stage.answer_to(Question::DescribeCluster).is_ok());
    for correlation in [-1_i32, 0, 1, 99, i32::MAX] {
        let mut frame = BytesMut::new();
        frame.put_u32(5);
        frame.put_i32(correlation);
        frame.put_u8(0);
        let open = stage.open.clone();
        stage.script.next(Api::DescribeCluster, Reaction::Frame(frame.freeze()));
        assert!(stage.answer_to(Question::DescribeCluster).is_ok());
        assert_ne!(stage.open, open);
    }
}

#[test]
fn bytes_that_nobody_asked_for_end_the_connection() {
    let mut stage = Stage::new(Script::default());
    assert!(stage.answer_to(Question::DescribeCluster).is_ok());
    let connection = stage.open[0];
    stage.input(crate::effect::Input::Bytes { connection, bytes: Bytes::from_static(b"x") });
    assert_eq!(stage.open, []);
}

#[test]
fn a_length_that_no_answer_has_ends_the_connection() {
    let options = ClientOptions { answer_bytes_max: 1000, ..ClientOptions::new(vec![address(1)]) };
    for claimed in [i32::MIN, -1, 0, 1001, i32::MAX] {
        let mut stage = Stage::with_options(Script::default(), options.clone());
        stage.script.next(Api::DescribeCluster, Reaction::Frame(Bytes::copy_from_slice(&claimed.to_be_bytes())));
        let call = stage.ask(Question::DescribeCluster);
        assert_eq!(stage.result(call), Some(&Err(ClientError::BadAnswer(Api::DescribeCluster))));
        assert_eq!(stage.open, []);
    }
}

#[test]
fn the_others_on_a_connection_that_lies_are_asked_again() {
    let mut stage = Stage::new(Script::default());
    assert!(stage.answer_to(Question::DescribeCluster).is_ok());
    stage.script.next(Api::DescribeCluster, Reaction::Silence);
    stage.script.next(Api::DescribeCluster, Reaction::Silence);
    let calls = [stage.ask(Question::DescribeCluster), stage.ask(Question::DescribeCluster)];
    let heard = stage.script.heard_of(Api::DescribeCluster)[1].clone();
    stage.input(crate::effect::Input::Bytes { connection: heard.connection, bytes: heard.frame(b"not it") });
    assert_eq!(stage.result(calls[0]), Some(&Err(ClientError::BadAnswer(Api::DescribeCluster))));
    assert!(stage.until_answered(calls[1]).is_ok());
}

#[test]
fn answers_come_out_however_they_are_cut() {
    let mut stage = Stage::new(Script::default());
    assert!(stage.answer_to(Question::Produce(batch(&["one", "two"]))).is_ok());
    let right = right_answer_of(&stage, &from(0));
    stage.script.next(Api::Fetch, Reaction::Silence);
    let call = stage.ask(from(0));
    let heard = stage.script.heard_of(Api::Fetch)[0].clone();
    let frame = heard.frame(&right);
    for at in 0..frame.len() {
        assert_eq!(stage.result(call), None);
        stage.input(crate::effect::Input::Bytes { connection: heard.connection, bytes: frame.slice(at..at + 1) });
    }
    assert!(matches!(stage.result(call), Some(Ok(Reply::Fetch(fetched))) if fetched.batches.len() == 1));
}

fn right_answer_of(stage: &Stage, question: &Question) -> Bytes {
    stage.script.clone().body_for(question)
}

/// Fetches a partition that keeps `batches`.
fn fetched(batches: Vec<Batch>, offset: i64) -> Result<Reply, ClientError> {
    let mut stage = Stage::new(Script::default());
    stage.script.kept.get_mut(&0).unwrap().batches = batches;
    stage.answer_to(from(offset))
}

fn placed(offset: i64, values: &[&[u8]]) -> Batch {
    let mut builder = BatchBuilder::new(Compression::None);
    values.iter().for_each(|value| builder.append(NOON, None, Some(value), &[]));
    let mut batch = builder.finish(None);
    batch.place(offset, 0);
    batch
}

#[test]
fn damaged_batches_are_said() {
    let good = placed(0, &[b"one"]);
    assert!(fetched(vec![good.clone(), placed(1, &[b"two"])], 0).is_ok());
    let mut bytes = good.to_bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let damaged = Batch::parse(bytes.into()).unwrap();
    assert_eq!(fetched(vec![damaged], 0), Err(ClientError::Corrupt(BatchError::Crc)));
    // Going backwards, and standing still.
    assert_eq!(
        fetched(vec![placed(5, &[b"a"]), placed(4, &[b"b"])], 4),
        Err(ClientError::Corrupt(BatchError::Offsets))
    );
    assert_eq!(
        fetched(vec![placed(5, &[b"a"]), placed(5, &[b"b"])], 4),
        Err(ClientError::Corrupt(BatchError::Offsets))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Right answers with some bytes wrong, cut or added, in the lowest and the highest version.
    #[test]
    fn no_answer_makes_it_panic(
        which in any::<prop::sample::Index>(),
        is_highest in any::<bool>(),
        is_framed in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        added in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let questions = every_question();
        let question = which.get(&questions);
        let served = question.api().served();
        let version = if is_highest { *served.end() } else { *served.start() };
        let mut body = right_answer(question, version).to_vec();
        for (at, byte) in edits {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        body.extend_from_slice(&added);
        let script = Script::with_versions(|api| if api == question.api() { version } else { *api.served().end() });
        let mut stage = Stage::new(script);
        let reaction = if is_framed { Reaction::Body(body.into()) } else { Reaction::Frame(body.into()) };
        stage.script.next(question.api(), reaction);
        let reply = stage.answer_to(question.clone());
        if let Ok(Reply::Fetch(fetched)) = reply {
            for batch in fetched.batches {
                let _ = batch.records(1 << 20).map(Iterator::count);
            }
        }
        prop_assert_eq!(stage.client.unanswered(), 0);
    }

    /// The same for what the client asks by itself.
    #[test]
    fn no_handshake_makes_it_panic(
        api in prop::sample::select(vec![Api::ApiVersions, Api::Metadata, Api::InitProducerId]),
        body in prop::collection::vec(any::<u8>(), 0..80),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        is_random in any::<bool>(),
    ) {
        let mut stage = Stage::new(Script::default());
        let body = if is_random { body } else {
            let mut probe = Stage::new(Script::default());
            prop_assert!(probe.answer_to(Question::Produce(batch(&["v"]))).is_ok());
            let heard = probe.script.heard_of(api)[0].clone();
            let mut right = probe.script.body_of(&heard).to_vec();
            for (at, byte) in edits {
                let at = at.index(right.len());
                right[at] = byte;
            }
            right
        };
        stage.script.next(api, Reaction::Body(body.into()));
        let call = stage.ask(Question::Produce(batch(&["v"])));
        let _ = stage.until_answered(call);
        prop_assert_eq!(stage.client.unanswered(), 0);
    }
}
