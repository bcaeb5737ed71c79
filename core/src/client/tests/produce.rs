//! That a batch is kept once, in order, or refused.

use super::{questions::*, stage::*};
use crate::{
    client::{
        CallId, ClientCall, ClientError, ClientOptions, Question, Reply,
        question::{Acks, NewBatch, NewRecord},
        reply::Produced,
    },
    effect::Input,
    error::ErrorCode,
    record::Compression,
    wire::Api,
};

fn kept(base_offset: i64) -> Result<Reply, ClientError> {
    Ok(Reply::Produce(Produced { base_offset: Some(base_offset), append_time: None }))
}

fn produce(stage: &mut Stage, value: &str) -> Result<Reply, ClientError> {
    stage.answer_to(Question::Produce(batch(&[value])))
}

fn ask(stage: &mut Stage, value: &str) -> CallId {
    stage.ask(Question::Produce(batch(&[value])))
}

/// (epoch, sequence) of what partition 0 keeps.
fn stamps(stage: &Stage) -> Vec<(i16, i32)> {
    let headers = stage.script.kept[&0].batches.iter().map(|batch| *batch.header());
    headers.map(|header| (header.producer_epoch, header.base_sequence)).collect()
}

#[test]
fn a_batch_whose_answer_is_lost_is_not_kept_twice() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::Produce, Reaction::CloseAfter);
    stage.script.next(Api::Produce, Reaction::CloseAfter);
    assert_eq!(produce(&mut stage, "one"), kept(0));
    assert_eq!(produce(&mut stage, "two"), kept(1));
    assert_eq!(stage.script.heard_of(Api::Produce).len(), 4);
    assert_eq!(stamps(&stage), [(0, 0), (0, 1)]);
}

#[test]
fn one_batch_of_a_partition_is_under_way_and_the_others_follow_in_order() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::Produce, Reaction::Close);
    let calls: Vec<CallId> = ["a", "b", "c", "d"].map(|value| ask(&mut stage, value)).into();
    let other = stage.ask(Question::Produce(NewBatch { partition: 1, ..batch(&["other"]) }));
    assert!(stage.result(other).is_some(), "another partition does not wait");
    assert_eq!(stage.script.heard_of(Api::Produce).len(), 2);
    for (offset, call) in calls.into_iter().enumerate() {
        assert_eq!(stage.until_answered(call), kept(offset as i64));
    }
    assert_eq!(stamps(&stage), [(0, 0), (0, 1), (0, 2), (0, 3)]);
}

#[test]
fn errors_that_pass_are_waited_out() {
    for error in [
        ErrorCode::NotEnoughReplicas,
        ErrorCode::NotLeaderOrFollower,
        ErrorCode::KafkaStorageError,
        ErrorCode::RequestTimedOut,
        ErrorCode::CorruptMessage,
        ErrorCode::UnknownTopicId,
        ErrorCode::UnknownProducerId,
    ] {
        let mut stage = Stage::new(Script::default());
        stage.script.next(Api::Produce, Reaction::Error(error));
        assert_eq!(produce(&mut stage, "v"), kept(0), "{error}");
        assert_eq!(stage.script.heard_of(Api::InitProducerId).len(), 1);
    }
}

#[test]
fn a_gap_in_the_sequences_begins_the_next_epoch() {
    let mut stage = Stage::new(Script::default());
    assert_eq!(produce(&mut stage, "one"), kept(0));
    stage.script.next(Api::Produce, Reaction::Error(ErrorCode::OutOfOrderSequenceNumber));
    assert_eq!(produce(&mut stage, "two"), kept(1));
    assert_eq!(produce(&mut stage, "three"), kept(2));
    assert_eq!(stamps(&stage), [(0, 0), (1, 0), (1, 1)]);
    assert_eq!(stage.script.heard_of(Api::InitProducerId).len(), 1, "the epoch is taken without asking");
}

#[test]
fn a_batch_that_is_refused_begins_the_next_epoch() {
    for error in [ErrorCode::MessageTooLarge, ErrorCode::InvalidProducerEpoch, ErrorCode::InvalidRecord] {
        let mut stage = Stage::new(Script::default());
        stage.script.next(Api::Produce, Reaction::Error(error));
        assert_eq!(produce(&mut stage, "one"), Err(ClientError::Kafka(error, None)));
        assert_eq!(produce(&mut stage, "two"), kept(0));
        assert_eq!(stamps(&stage), [(1, 0)]);
    }
}

#[test]
fn other_partitions_follow_into_the_next_epoch() {
    let mut stage = Stage::new(Script::default());
    let other = || Question::Produce(NewBatch { partition: 1, ..batch(&["v"]) });
    assert_eq!(produce(&mut stage, "one"), kept(0));
    stage.script.next(Api::Produce, Reaction::Error(ErrorCode::InvalidRecord));
    assert!(stage.answer_to(other()).is_err());
    // This partition's batch is under way in the old epoch while another's ends it: it keeps its stamp.
    assert_eq!(produce(&mut stage, "two"), kept(1));
    assert_eq!(stage.answer_to(other()), kept(0));
    assert_eq!(stamps(&stage), [(0, 0), (1, 0)]);
}

#[test]
fn a_producer_that_is_fenced_asks_for_another_id() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::Produce, Reaction::Error(ErrorCode::ProducerFenced));
    assert_eq!(produce(&mut stage, "one"), Err(ClientError::Kafka(ErrorCode::ProducerFenced, None)));
    assert_eq!(produce(&mut stage, "two"), kept(0));
    let header = *stage.script.kept[&0].batches[0].header();
    assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (101, 0, 0));
}

#[test]
fn a_batch_given_up_under_way_cannot_come_back() {
    let mut stage = Stage::new(Script::default());
    assert_eq!(produce(&mut stage, "one"), kept(0));
    stage.script.next(Api::Produce, Reaction::Silence);
    let call = ask(&mut stage, "lost");
    let late = stage.script.heard_of(Api::Produce)[1].clone();
    stage.input(Input::Call(ClientCall::Cancel { call }));
    assert_eq!(stage.result(call), Some(&Err(ClientError::Cancelled)));
    // The same connection: its answer is still due when the next batch goes out.
    let next = ask(&mut stage, "two");
    assert_eq!(stamps(&stage), [(0, 0), (1, 0)]);
    assert_eq!(stage.result(next), None, "answers come in order");
    let answer = late.frame(&refused(&late));
    stage.input(Input::Bytes { connection: late.connection, bytes: answer });
    assert_eq!(stage.result(call), Some(&Err(ClientError::Cancelled)));
}

/// A Produce answer that says INVALID_PRODUCER_EPOCH.
fn refused(heard: &Heard) -> bytes::Bytes {
    let mut partition = kafka_wire::produce_response::PartitionProduceResponse::default();
    partition.error_code = ErrorCode::InvalidProducerEpoch.code();
    let mut topic = kafka_wire::produce_response::TopicProduceResponse::default();
    topic.topic_id = kafka_wire_core::Uuid::from_bytes(TOPIC_ID);
    topic.partition_responses = vec![partition];
    let mut response = kafka_wire::ProduceResponse::default();
    response.responses = vec![topic];
    encoded(&response, heard.version)
}

#[test]
fn delivery_has_its_own_timeout() {
    let mut stage = Stage::new(Script::default());
    stage.down = vec![address(1)];
    let began = stage.now.monotonic;
    let Err(ClientError::TimedOut(Some(why))) = produce(&mut stage, "v") else { panic!() };
    assert_eq!(*why, ClientError::Unreachable("refused".to_owned()));
    assert_eq!(stage.now.monotonic.since(began).as_secs(), 120);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_sent() {
    let options =
        ClientOptions { request_bytes_max: 1000, buffer_bytes_max: 2500, ..ClientOptions::new(vec![address(1)]) };
    let mut stage = Stage::with_options(Script::default(), options);
    stage.down = vec![address(1)];
    let of = |bytes: usize, records: usize, compression| {
        let record = NewRecord { value: Some(vec![7; bytes].into()), ..NewRecord::default() };
        Question::Produce(NewBatch { records: vec![record; records], compression, ..batch(&[]) })
    };
    let too_large = |bytes| Some(Err(ClientError::TooLarge { bytes, bytes_max: 1000 }));
    let call = stage.ask(of(1000, 1, Compression::Gzip));
    assert_eq!(stage.result(call).cloned(), too_large(1021), "a record, before compression");
    let call = stage.ask(of(500, 2, Compression::None));
    assert_eq!(stage.result(call).cloned(), too_large(1079), "a batch");
    let call = stage.ask(of(500, 2, Compression::Gzip));
    assert_eq!(stage.result(call), None, "a batch that compresses");
    let call = stage.ask(of(800, 3, Compression::Gzip));
    assert_eq!(stage.result(call), Some(&Err(ClientError::Full)), "more than buffer.memory has left");
    let call = stage.ask(Question::Produce(batch(&[])));
    assert!(matches!(stage.result(call), Some(Err(ClientError::Invalid(_)))));
    for _ in 0..2 {
        stage.ask(of(880, 1, Compression::None));
    }
    let call = stage.ask(of(880, 1, Compression::None));
    assert_eq!(stage.result(call), Some(&Err(ClientError::Full)));
}

#[test]
fn room_is_given_back_with_every_answer() {
    let options = ClientOptions { buffer_bytes_max: 1000, ..ClientOptions::new(vec![address(1)]) };
    let mut stage = Stage::with_options(Script::default(), options);
    let value = "x".repeat(700);
    for round in 0..10 {
        if round % 2 > 0 {
            stage.script.next(Api::Produce, Reaction::Error(ErrorCode::InvalidRecord));
        }
        assert_ne!(produce(&mut stage, &value), Err(ClientError::Full));
    }
}

#[test]
fn without_idempotence_no_producer_id_is_asked_for() {
    let mut stage = Stage::new(Script::default());
    for acks in [Acks::Leader, Acks::None] {
        for _ in 0..3 {
            assert!(stage.answer_to(Question::Produce(NewBatch { acks, ..batch(&["v"]) })).is_ok());
        }
    }
    assert_eq!(stage.script.kept[&0].batches.len(), 6);
    assert_eq!(stage.script.heard_of(Api::InitProducerId).len(), 0);
}

#[test]
fn many_batches_that_nobody_answers_go_out_in_one_turn() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::Metadata, Reaction::Close);
    let calls: Vec<CallId> =
        (0..5).map(|_| stage.ask(Question::Produce(NewBatch { acks: Acks::None, ..batch(&["v"]) }))).collect();
    for call in calls {
        assert!(stage.until_answered(call).is_ok());
    }
    assert_eq!(stage.script.kept[&0].batches.len(), 5);
}

#[test]
fn a_producer_id_that_is_refused_is_said() {
    let mut stage = Stage::new(Script::default());
    stage.script.next(Api::InitProducerId, Reaction::Error(ErrorCode::ClusterAuthorizationFailed));
    let refused = ClientError::Kafka(ErrorCode::ClusterAuthorizationFailed, None);
    assert_eq!(produce(&mut stage, "v"), Err(refused));
    stage.script.next(Api::InitProducerId, Reaction::Error(ErrorCode::CoordinatorNotAvailable));
    assert_eq!(produce(&mut stage, "v"), kept(0));
}

#[test]
fn a_topic_made_anew_begins_at_sequence_0() {
    let mut stage = Stage::new(Script::default());
    assert_eq!(produce(&mut stage, "one"), kept(0));
    stage.script.topic_id = [9; 16];
    stage.script.kept.insert(0, Default::default());
    stage.script.next(Api::Produce, Reaction::Error(ErrorCode::UnknownTopicId));
    assert_eq!(produce(&mut stage, "two"), kept(0));
    assert_eq!(stamps(&stage), [(0, 0)]);
}
