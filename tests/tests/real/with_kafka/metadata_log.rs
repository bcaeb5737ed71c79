//! Apache Kafka's metadata log read by us, and ours by Apache Kafka's `kafka-dump-log`: both print the same of both.

use std::{fs, path::Path};

use bytes::Bytes;
use ottla_contract::frames;
use ottla_core::{
    record::{Batch, BatchBuilder, Compression, internal::MetadataRecord},
    time::Timestamp,
};
use ottla_tests::{client::RawClient, metadata_records};

use super::apache::{apache, apache_log_dir};
use crate::tools::{kafka, run};

const SEGMENT: &str = "00000000000000000000.log";
const RECORDS_BYTES_MAX: usize = 1 << 20;

/// Each record of a segment as `kafka-dump-log` prints it.
fn dumped(segment: &[u8]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(SEGMENT);
    fs::write(&file, segment).unwrap();
    let mut command = kafka("org.apache.kafka.tools.DumpLogSegments");
    command.args(["--cluster-metadata-decoder", "--files", file.to_str().unwrap()]);
    let said = String::from_utf8(run(&mut command, b"").expect_success()).unwrap();
    assert!(!said.contains("isvalid: false"), "a batch is not valid: {said}");
    let payload = |line: &str| line.split_once(" payload: ").map(|(_, payload)| payload.to_owned());
    said.lines().filter(|line| line.starts_with("| ")).filter_map(payload).collect()
}

/// A record as `kafka-dump-log` prints it.
fn printed(record: &MetadataRecord) -> String {
    let fields: Vec<String> = record.fields().iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    let (kind, version) = (record.constant_name(), record.version());
    format!(r#"{{"type":"{kind}","version":{version},"data":{{{}}}}}"#, fields.join(","))
}

/// The values of a segment's records, without the quorum's own. Its last batch may still be on its way.
fn values(segment: &Bytes) -> Vec<Bytes> {
    let batches = Batch::split(segment.clone(), true).map(|batch| batch.expect("a batch"));
    let records = batches
        .filter(|batch| !batch.header().is_control())
        .flat_map(|batch| batch.records(RECORDS_BYTES_MAX).expect("records"));
    records.map(|record| record.expect("a record").value.expect("a value")).collect()
}

fn whole_batches(segment: &Bytes) -> Bytes {
    let len: usize = Batch::split(segment.clone(), true).map(|batch| batch.expect("a batch").size()).sum();
    segment.slice(..len)
}

/// Has Apache Kafka write records of as many kinds as a cluster of one without an authorizer has.
fn prepare(client: &mut RawClient) {
    const TOPIC: &str = "metadata-log";
    let configs = [("retention.ms", "5000000")];
    assert_eq!(frames::created(client.ask(&frames::create_topic(1, TOPIC, 2, &configs)).unwrap()), 0);
    // InitProducerId of nobody, for whom the broker asks a block of ids.
    client.ask(&frames::request(22, 1, 2, &[0xff, 0xff, 0, 0, 0, 0])).unwrap();
    let quota = ["--alter", "--entity-type", "users", "--entity-name", "ada", "--add-config", "request_percentage=50"];
    let mut command = kafka("org.apache.kafka.tools.ConfigCommand");
    run(command.args(["--bootstrap-server", &apache().to_string()]).args(quota), b"").expect_success();
    client.ask(&frames::delete_topic(3, TOPIC)).unwrap();
}

#[test]
fn every_record_that_kafka_wrote_reads_and_is_written_as_it_was() {
    prepare(&mut RawClient::connect(apache()).unwrap());
    let file = apache_log_dir().join(Path::new("__cluster_metadata-0")).join(SEGMENT);
    let segment = whole_batches(&fs::read(file).unwrap().into());
    let values = values(&segment);
    let records: Vec<MetadataRecord> = values
        .iter()
        .map(|value| MetadataRecord::decode(value).unwrap_or_else(|why| panic!("{why}: {value:02x?}")))
        .collect();
    for (record, value) in records.iter().zip(&values) {
        assert_eq!(record.encode(), value, "{record:?}");
    }
    assert_eq!(records.iter().map(printed).collect::<Vec<_>>(), dumped(&segment));
    let mut names: Vec<_> = records.iter().map(MetadataRecord::name).collect();
    names.sort_unstable();
    names.dedup();
    let expected = [
        "BeginTransactionRecord",
        "BrokerRegistrationChangeRecord",
        "ClientQuotaRecord",
        "ConfigRecord",
        "EndTransactionRecord",
        "FeatureLevelRecord",
        "NoOpRecord",
        "PartitionRecord",
        "ProducerIdsRecord",
        "RegisterBrokerRecord",
        "RegisterControllerRecord",
        "RemoveTopicRecord",
        "TopicRecord",
    ];
    let missing: Vec<_> = expected.iter().filter(|name| !names.contains(name)).collect();
    assert!(missing.is_empty(), "Kafka wrote no {missing:?}, but {names:?}");
}

#[test]
fn kafka_dump_log_reads_one_of_each_of_ours() {
    let records = metadata_records::one_of_each();
    let mut builder = BatchBuilder::new(Compression::None);
    for record in &records {
        builder.append(Timestamp(1_700_000_000_000), None, Some(&record.encode()), &[]);
    }
    let mut batch = builder.finish(None);
    batch.place(0, 1);
    let dumped = dumped(&batch.to_bytes());
    assert_eq!(records.iter().map(printed).collect::<Vec<_>>(), dumped);
    let mut names: Vec<_> = records.iter().map(MetadataRecord::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), MetadataRecord::one_of_each().len(), "one of each: {names:?}");
}
