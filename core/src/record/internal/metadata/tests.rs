//! Bytes and texts of metadata records.

mod kafka;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    ids::*,
    record::internal::{field::Float64, reader::Malformed},
    rng::Rng,
};

fn topic() -> TopicId {
    TopicId(*b"0123456789abcdef")
}

fn change() -> PartitionChangeRecord {
    PartitionChangeRecord { partition_id: 7, topic_id: topic(), ..Default::default() }
}

#[test]
fn a_topic_has_the_bytes_of_kafka() {
    let record = MetadataRecord::Topic(TopicRecord { name: "foo".into(), topic_id: topic() });
    let bytes = record.encode();
    assert_eq!(&bytes[..], b"\x01\x02\x00\x04foo0123456789abcdef\x00");
    assert_eq!(MetadataRecord::decode(&bytes), Ok(record));
}

#[test]
fn a_change_says_only_what_is_different() {
    let nothing = MetadataRecord::PartitionChange(change());
    assert_eq!(&nothing.encode()[..], b"\x01\x05\x02\x00\x00\x00\x070123456789abcdef\x00");
    assert_eq!(nothing.fields().len(), 2);

    let record = MetadataRecord::PartitionChange(PartitionChangeRecord {
        isr: Some(vec![BrokerId(1)]),
        leader: NO_LEADER,
        directories: Some(vec![DirectoryId::LOST]),
        eligible_leader_replicas: Some(vec![]),
        ..change()
    });
    let text: String = record.fields().iter().map(|(name, value)| format!("{name}={value} ")).collect();
    let shown = "partitionId=7 topicId=\"MDEyMzQ1Njc4OWFiY2RlZg\" isr=[1] leader=-1 \
                 directories=[\"AAAAAAAAAAAAAAAAAAAAAg\"] eligibleLeaderReplicas=[] ";
    assert_eq!(text, shown);
    let mut tagged = b"\x04\x00\x05\x02\0\0\0\x01\x01\x04\xff\xff\xff\xff\x06\x01\x01\x08\x11\x02".to_vec();
    tagged.extend(DirectoryId::LOST.0);
    assert_eq!(record.encode()[23..], tagged);
    assert_eq!(MetadataRecord::decode(&record.encode()), Ok(record));
}

#[test]
fn every_record_reads_back_in_every_version() {
    for record in MetadataRecord::one_of_each() {
        for version in 0..=record.last_version() {
            let bytes = record.encode_in(version);
            assert_eq!(bytes[..3], [1, record.key() as u8, version as u8], "{}", record.name());
            assert_eq!(MetadataRecord::decode(&bytes), Ok(record.clone()), "version {version}");
        }
    }
}

#[test]
fn a_version_without_a_field_reads_as_its_default() {
    let whole = RegisterBrokerRecord {
        broker_id: BrokerId(3),
        is_migrating_zk_broker: true,
        in_controlled_shutdown: true,
        rack: Some("r".into()),
        log_dirs: vec![DirectoryId::LOST],
        cordoned_log_dirs: Some(vec![]),
        ..Default::default()
    };
    let read_in = |version: i16| {
        let bytes = MetadataRecord::RegisterBroker(whole.clone()).encode_in(version);
        MetadataRecord::decode(&bytes)
    };
    let mut expected = whole.clone();
    let mut expect = |version, forget: fn(&mut RegisterBrokerRecord)| {
        forget(&mut expected);
        assert_eq!(read_in(version), Ok(MetadataRecord::RegisterBroker(expected.clone())), "version {version}");
    };
    expect(4, |_| {});
    expect(3, |record| record.cordoned_log_dirs = None);
    expect(2, |record| record.log_dirs = vec![]);
    expect(1, |record| record.is_migrating_zk_broker = false);
    expect(0, |record| record.in_controlled_shutdown = false);
}

#[test]
fn a_change_of_a_registration_is_as_old_as_what_it_says() {
    let version_of = |change: BrokerRegistrationChangeRecord| {
        let record = MetadataRecord::BrokerRegistrationChange(change);
        assert_eq!(MetadataRecord::decode(&record.encode()).as_ref(), Ok(&record));
        (record.version(), record.encode()[2])
    };
    let nothing = BrokerRegistrationChangeRecord::default;
    assert_eq!(version_of(BrokerRegistrationChangeRecord { fenced: -1, ..nothing() }), (0, 0));
    assert_eq!(version_of(BrokerRegistrationChangeRecord { in_controlled_shutdown: 1, ..nothing() }), (1, 1));
    let directories = vec![DirectoryId::LOST];
    let change = BrokerRegistrationChangeRecord { fenced: 1, log_dirs: directories.clone(), ..nothing() };
    assert_eq!(version_of(change), (2, 2));
    assert_eq!(
        version_of(BrokerRegistrationChangeRecord { cordoned_log_dirs: Some(directories), ..nothing() }),
        (3, 3)
    );
}

#[test]
fn what_is_no_record_is_an_error_with_its_key_and_version() {
    use MetadataRecordError::{Frame, FrameVersion, TrailingBytes, UnknownKey, UnknownVersion};
    let decode = |bytes: &[u8]| MetadataRecord::decode(bytes).expect_err("no record");
    assert_eq!(decode(b""), Frame(Malformed::Truncated));
    assert_eq!(decode(b"\x02\x02\x00"), FrameVersion(2));
    assert_eq!(decode(b"\x01\x0b\x00"), UnknownKey { key: 11, version: 0 });
    assert_eq!(decode(b"\x01\xff\xff\xff\xff\x0f\x00"), UnknownKey { key: u32::MAX, version: 0 });
    assert_eq!(decode(b"\x01\x02\x01\x00"), UnknownVersion { key: 2, version: 1 });
    assert_eq!(decode(b"\x01\x14\x00\x00\x00"), TrailingBytes { key: 20, version: 0, bytes: 1 });
    let malformed = |bytes: &[u8]| match decode(bytes) {
        MetadataRecordError::Malformed { key: 2, version: 0, why } => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(malformed(b"\x01\x02\x00\x00"), Malformed::Null);
    assert_eq!(malformed(b"\x01\x02\x00\xff\xff\xff\xff\x0f"), Malformed::Truncated);
    assert_eq!(malformed(b"\x01\x02\x00\xff\xff\xff\xff\x10"), Malformed::Varint);
    assert_eq!(malformed(b"\x01\x02\x00\x02\xff0123456789abcdef\x00"), Malformed::Text);
    assert_eq!(decode(b"\x01\x0b\x07").to_string(), "metadata record 11 (version 7) is not known");
}

#[test]
fn unknown_tagged_fields_are_passed_over_and_known_ones_fill_their_bytes() {
    let with = |tagged: &[u8]| {
        let bytes = [&b"\x01\x05\x02\x00\x00\x00\x070123456789abcdef"[..], tagged].concat();
        MetadataRecord::decode(&bytes)
    };
    let led = MetadataRecord::PartitionChange(PartitionChangeRecord { leader: BrokerId(2), ..change() });
    assert_eq!(with(b"\x02\x01\x04\0\0\0\x02\x63\x03any"), Ok(led));
    let why = |tagged: &[u8]| match with(tagged) {
        Err(MetadataRecordError::Malformed { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(b"\x01\x01\x05\0\0\0\x02\0"), Malformed::Tags, "a byte too many");
    assert_eq!(why(b"\x01\x01\x03\0\0\0"), Malformed::Truncated, "a byte too few");
    assert_eq!(why(b"\x02\x05\x01\x01\x05\x01\x01"), Malformed::Tags, "one twice");
    assert_eq!(why(b"\xff\xff\xff\xff\x0f"), Malformed::Truncated, "more than there are bytes");
}

#[test]
fn texts_are_json() {
    let entity = |name: Option<&str>| QuotaEntity { entity_type: "user".into(), entity_name: name.map(Arc::from) };
    let record = MetadataRecord::ClientQuota(ClientQuotaRecord {
        entity: vec![entity(Some("a\"\\\n\u{1}")), entity(None)],
        key: "k".into(),
        value: Float64::new(1.5),
        remove: true,
    });
    let entities = r#"[{"entityType":"user","entityName":"a\"\\\n\u0001"},{"entityType":"user","entityName":null}]"#;
    let expected = [("entity", entities), ("key", "\"k\""), ("value", "1.5"), ("remove", "true")];
    assert_eq!(record.fields(), expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!((record.name(), record.constant_name()), ("ClientQuotaRecord", "CLIENT_QUOTA_RECORD"));
}

proptest! {
    #[test]
    fn whatever_a_record_holds_reads_back(seed: u64) {
        for record in MetadataRecord::draw_one_of_each(&mut Rng::new(seed)) {
            let bytes = record.encode();
            prop_assert_eq!(MetadataRecord::decode(&bytes), Ok(record.clone()));
            for version in 0..=record.last_version() {
                let old = record.encode_in(version);
                let read = MetadataRecord::decode(&old).expect("a record of an old version");
                prop_assert_eq!(read.encode_in(version), old);
            }
            let cut = (seed % bytes.len() as u64) as usize;
            prop_assert!(MetadataRecord::decode(&bytes[..cut]).is_err(), "{} ends at {}", record.name(), cut);
        }
    }

    #[test]
    fn no_bytes_are_too_strange(key in 0_u8..32, version in 0_u8..5, body: Vec<u8>) {
        let bytes = [&[1, key, version], &body[..]].concat();
        if let Ok(record) = MetadataRecord::decode(&bytes) {
            prop_assert_eq!(MetadataRecord::decode(&record.encode()), Ok(record));
        }
    }
}
