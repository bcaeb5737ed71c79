//! Every question in every version.

use std::time::Duration;

use super::stage::*;
use crate::{
    client::{
        ClientError, Question, Reply,
        question::{
            Acks, ConfigEdit, ConfigOperation, ConfigResource, FetchFrom, NewBatch, NewRecord, NewTopic, OffsetAt,
        },
        reply::{ConfigSource, Produced},
    },
    error::ErrorCode,
    ids::{BrokerId, TopicId},
    record::Compression,
    time::Timestamp,
    wire::Api,
};

pub fn batch(values: &[&str]) -> NewBatch {
    let record = |value: &&str| NewRecord { value: Some(value.to_string().into()), ..NewRecord::default() };
    NewBatch {
        topic: "t".to_owned(),
        partition: 0,
        records: values.iter().map(record).collect(),
        compression: Compression::None,
        acks: Acks::All,
    }
}

pub fn topic(partitions: Option<i32>) -> Question {
    let topic = NewTopic { name: "t".to_owned(), partitions, replication_factor: Some(1), ..NewTopic::default() };
    Question::CreateTopics { topics: vec![topic], validate_only: false }
}

pub fn from(offset: i64) -> Question {
    Question::Fetch(FetchFrom::new("t", 0, offset))
}

pub fn every_question() -> Vec<Question> {
    let resource = ConfigResource::Topic("t".to_owned());
    let edit = |name: &str, operation| ConfigEdit { name: name.to_owned(), operation };
    let edits = vec![edit("a", ConfigOperation::Set("1".to_owned())), edit("b", ConfigOperation::Delete)];
    vec![
        Question::Metadata { topics: Some(vec!["t".to_owned()]), create: false },
        Question::Metadata { topics: None, create: false },
        topic(Some(2)),
        Question::DeleteTopics { topics: vec!["t".to_owned()] },
        Question::DescribeConfigs { resource: resource.clone(), names: Some(vec!["retention.ms".to_owned()]) },
        Question::DescribeConfigs { resource: ConfigResource::Broker(BrokerId(1)), names: None },
        Question::IncrementalAlterConfigs { resource, edits, validate_only: false },
        Question::DescribeCluster,
        Question::ListOffsets { topic: "t".to_owned(), partition: 0, at: OffsetAt::Latest },
        Question::DeleteRecords { topic: "t".to_owned(), partition: 1, before: 5 },
        Question::Produce(batch(&["v"])),
        from(0),
    ]
}

fn lowest(api: Api) -> i16 {
    *api.served().start()
}

fn highest(api: Api) -> i16 {
    *api.served().end()
}

#[test]
fn every_question_is_answered_in_every_version() {
    for question in every_question() {
        let api = question.api();
        for version in api.served() {
            for others in [lowest, highest] {
                // Topics are said by id there, and a lowest Metadata tells none.
                if matches!(api, Api::Produce | Api::Fetch) && version >= 13 && others(api) < 13 {
                    continue;
                }
                let script = Script::with_versions(|other| if other == api { version } else { others(other) });
                let mut stage = Stage::new(script);
                let reply = stage.answer_to(question.clone());
                assert!(reply.is_ok(), "{question:?} in {version}: {reply:?}");
                assert_eq!(stage.script.heard_of(api).last().unwrap().version, version, "{api:?}");
            }
        }
    }
}

#[test]
fn every_error_reaches_whoever_asked() {
    for question in every_question() {
        let api = question.api();
        if matches!(&question, Question::Metadata { topics: None, .. }) {
            continue;
        }
        for version in [lowest(api), highest(api)] {
            let mut stage =
                Stage::new(Script::with_versions(|other| if other == api { version } else { highest(other) }));
            let call = |stage: &mut Stage| stage.answer_to(question.clone());
            // The leader's place is known before the error comes.
            assert!(call(&mut stage).is_ok());
            stage.script.next(api, Reaction::Error(ErrorCode::InvalidRequest));
            let refused = Err(ClientError::Kafka(ErrorCode::InvalidRequest, None));
            match call(&mut stage) {
                Ok(Reply::Metadata(told)) => assert_eq!(told.topics[0].error, Some(ErrorCode::InvalidRequest)),
                Ok(Reply::CreateTopics(each)) => {
                    assert_eq!(each.into_iter().map(|one| one.map(drop)).collect::<Vec<_>>(), [refused])
                }
                Ok(Reply::DeleteTopics(each)) => assert_eq!(each, [refused]),
                reply => assert_eq!(reply.map(drop), refused, "{question:?} in {version}"),
            }
        }
    }
}

#[test]
fn replies_say_what_the_broker_said() {
    let mut stage = Stage::new(Script::default());
    let Ok(Reply::CreateTopics(created)) = stage.answer_to(topic(Some(2))) else { panic!() };
    let created = created[0].clone().unwrap();
    assert_eq!((created.id, created.partitions), (TopicId(TOPIC_ID), Some(2)));

    let names = Question::DescribeConfigs { resource: ConfigResource::Topic("t".to_owned()), names: None };
    let Ok(Reply::DescribeConfigs(entries)) = stage.answer_to(names) else { panic!() };
    assert_eq!((entries[0].name.as_str(), entries[0].value.as_deref()), ("retention.ms", Some("5")));
    assert_eq!(
        (entries[0].source, entries[0].documentation.as_deref()),
        (ConfigSource::DynamicTopic, Some("How long."))
    );

    let at = Question::ListOffsets { topic: "t".to_owned(), partition: 0, at: OffsetAt::MaxTimestamp };
    let Ok(Reply::ListOffsets(Some(found))) = stage.answer_to(at) else { panic!() };
    assert_eq!((found.offset, found.timestamp, found.leader_epoch), (42, Some(Timestamp(7)), None));

    let before = Question::DeleteRecords { topic: "t".to_owned(), partition: 1, before: 5 };
    assert_eq!(stage.answer_to(before), Ok(Reply::DeleteRecords(5)));

    let all = Question::Metadata { topics: Some(vec!["t".to_owned(), "none".to_owned()]), create: false };
    let Ok(Reply::Metadata(told)) = stage.answer_to(all) else { panic!() };
    assert_eq!((told.cluster_id.as_deref(), told.controller), (Some("cluster"), Some(BrokerId(1))));
    assert_eq!((told.topics[0].error, told.topics[0].partitions.len()), (None, 2));
    assert_eq!(told.topics[1].error, Some(ErrorCode::UnknownTopicOrPartition));
}

#[test]
fn what_was_produced_is_fetched() {
    for compression in Compression::ALL {
        for acks in [Acks::All, Acks::Leader, Acks::None] {
            let mut stage = Stage::new(Script::default());
            for expected in [0, 2] {
                let new = NewBatch { compression, acks, ..batch(&["one", "two"]) };
                let base_offset = (acks != Acks::None).then_some(expected);
                let kept = Reply::Produce(Produced { base_offset, append_time: None });
                assert_eq!(stage.answer_to(Question::Produce(new)), Ok(kept));
            }
            let Ok(Reply::Fetch(fetched)) = stage.answer_to(from(1)) else { panic!() };
            assert_eq!((fetched.high_watermark, fetched.batches.len()), (4, 2));
            let records = fetched.batches.iter().flat_map(|batch| batch.records(1 << 20).unwrap());
            let records: Vec<_> = records.map(Result::unwrap).collect();
            assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1, 2, 3]);
            assert!(records.iter().all(|record| record.timestamp == NOON));
            assert_eq!(records[3].value.as_deref(), Some(&b"two"[..]));
            let stamp = fetched.batches[1].header();
            let expected = if acks == Acks::All { (100, 0, 2) } else { (-1, -1, -1) };
            assert_eq!((stamp.producer_id, stamp.producer_epoch, stamp.base_sequence), expected);
        }
    }
}

#[test]
fn what_a_version_cannot_say_is_refused() {
    let mut stage = Stage::new(Script::with_versions(lowest));
    assert_eq!(stage.answer_to(topic(None)), Err(ClientError::Unsupported(Api::CreateTopics)));
    let at = Question::ListOffsets { topic: "t".to_owned(), partition: 0, at: OffsetAt::MaxTimestamp };
    assert_eq!(stage.answer_to(at), Err(ClientError::Unsupported(Api::ListOffsets)));

    let mut old = Script::default();
    old.versions.remove(&Api::DescribeCluster);
    assert_eq!(
        Stage::new(old).answer_to(Question::DescribeCluster),
        Err(ClientError::Unsupported(Api::DescribeCluster))
    );
}

#[test]
fn a_wait_is_told_to_the_broker_and_given_to_the_answer() {
    let mut stage = Stage::new(Script::default());
    let wait = Duration::from_secs(100);
    stage.script.next(Api::Fetch, Reaction::Silence);
    let long = FetchFrom { wait, bytes_min: 9, bytes_max: 99, ..FetchFrom::new("t", 0, 0) };
    let call = stage.ask(Question::Fetch(long));
    let request: kafka_wire::FetchRequest = stage.script.heard_of(Api::Fetch)[0].decode();
    assert_eq!((request.max_wait_ms, request.min_bytes, request.max_bytes), (100_000, 9, 99));
    assert_eq!(request.topics[0].partitions[0].current_leader_epoch, 3);
    assert_eq!((request.session_id, request.session_epoch, request.replica_id), (0, -1, -1));
    stage.pass(wait);
    assert_eq!(stage.result(call), None);
}
