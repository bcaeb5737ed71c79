//! Produce: what is taken, what is refused and how, sequences of idempotent producers.

use bytes::Bytes;
use kafka_wire::{
    FetchRequest, ProduceRequest, ProduceResponse,
    produce_request::{PartitionProduceData, TopicProduceData},
};
use kafka_wire_core::StrBytes;
use ottla_core::{error::ErrorCode, wire::Api};

use super::{
    Both, Side, compare,
    fetch::fetching,
    records::{Batch, batch_at, record},
    with,
};

const NOW: fn() -> i64 = || {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("a time after 1970").as_millis() as i64
};

/// By the topic's name, as before version 13.
pub fn producing(topic: &str, partition: i32, records: Bytes) -> ProduceRequest {
    with(|request: &mut ProduceRequest| {
        request.transactional_id = None;
        request.acks = -1;
        request.timeout_ms = 30_000;
        request.topic_data = vec![with(|data: &mut TopicProduceData| {
            data.name = StrBytes::from(topic);
            data.partition_data = vec![with(|data: &mut PartitionProduceData| {
                data.index = partition;
                data.records = Some(records);
            })];
        })];
    })
}

/// In any version: from 13 on topics go by id.
fn producing_at(version: i16, side: &Side, topic: &str, partition: i32, records: Bytes) -> ProduceRequest {
    let mut request = producing(topic, partition, records);
    if version >= 13 {
        let data = &mut request.topic_data[0];
        (data.name, data.topic_id) = (StrBytes::default(), side.topic_id(topic));
    }
    request
}

/// Ours says more in words, and of the first wrong record only; with an error it does not tell where the log begins.
fn settle_produced(answer: &mut ProduceResponse) {
    let partitions = answer.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses);
    for partition in partitions.filter(|partition| partition.error_code != 0) {
        partition.log_start_offset = -1;
        partition.error_message = None;
        partition.record_errors.clear();
    }
}

/// Sends `records` to both.
fn produce(both: &mut Both, what: &str, version: i16, (topic, partition): (&str, i32), records: &Bytes) {
    let request = |side: &Side| producing_at(version, side, topic, partition, records.clone());
    both.ask_settled(what, version, request, settle_produced);
}

#[test]
fn records_are_taken_in_every_version() {
    compare(|both| {
        both.create("produced", 1, &[]);
        for version in Api::Produce.served() {
            let records = batch_at(1_000, &[b"one", b"two"]).bytes();
            for acks in [-1, 1, 2, -2] {
                let request = |side: &Side| {
                    let mut request = producing_at(version, side, "produced", 0, records.clone());
                    request.acks = acks;
                    request
                };
                both.ask_settled(&format!("acks {acks}"), version, request, settle_produced);
            }
            produce(both, "a missing topic", version, ("missing", 0), &records);
            produce(both, "a missing partition", version, ("produced", 1), &records);
            produce(both, "a negative partition", version, ("produced", -1), &records);
            produce(both, "no records", version, ("produced", 0), &Bytes::new());
            both.ask("nothing", version, |_| {
                with(|request: &mut ProduceRequest| (request.transactional_id, request.acks) = (None, -1))
            });
            for side in [&mut both.kafka, &mut both.ours] {
                let mut request = producing_at(version, side, "produced", 0, records.clone());
                request.acks = 0;
                side.tell(version, &request);
            }
        }
        both.ask("all of it", 12, |_| fetching("produced", 0, 0));
    });
}

/// What is wrong with a batch, its batch, and whatever stands beside it.
type Wrong = (&'static str, Bytes);

fn wrong_batches() -> Vec<Wrong> {
    let good = || batch_at(NOW(), &[b"one", b"two", b"three"]);
    let but = |change: fn(&mut Batch)| good().with(change).bytes();
    let two = [good().bytes(), good().bytes()].concat();
    let torn = good().bytes();
    vec![
        ("a flipped checksum", but(|batch| batch.crc_flipped = 1)),
        ("magic 0", but(|batch| batch.magic = 0)),
        ("magic 1", but(|batch| batch.magic = 1)),
        ("magic 3", but(|batch| batch.magic = 3)),
        ("magic -1", but(|batch| batch.magic = -1)),
        ("an offset", but(|batch| batch.base_offset = 5)),
        ("a leader epoch", but(|batch| batch.leader_epoch = 7)),
        ("a count too low", but(|batch| batch.count = 2)),
        ("a count too high", but(|batch| batch.count = 4)),
        ("a count of 0", but(|batch| batch.count = 0)),
        ("a negative count", but(|batch| batch.count = -1)),
        ("a huge count", but(|batch| batch.count = i32::MAX)),
        ("a last offset too low", but(|batch| batch.last_offset_delta = 1)),
        ("a last offset too high", but(|batch| batch.last_offset_delta = 5)),
        ("a negative last offset", but(|batch| batch.last_offset_delta = -1)),
        (
            "no record",
            but(|batch| {
                batch.records.clear();
                (batch.count, batch.last_offset_delta) = (0, -1);
            }),
        ),
        ("a record's attributes", but(|batch| batch.records[0].attributes = 1)),
        ("a record too short", but(|batch| batch.records[1].length_off_by = -1)),
        ("a record too long", but(|batch| batch.records[2].length_off_by = 1)),
        ("a record far too long", but(|batch| batch.records[2].length_off_by = 1 << 20)),
        ("bytes behind the records", but(|batch| batch.rest = vec![0; 3])),
        ("a length too long", but(|batch| batch.length_off_by = 1)),
        ("a negative length", but(|batch| batch.length_off_by = -10_000)),
        ("a control batch", but(|batch| batch.attributes = 1 << 5)),
        ("a transactional batch", but(|batch| batch.attributes = 1 << 4)),
        ("an unused attribute", but(|batch| batch.attributes = 1 << 10)),
        ("two batches", Bytes::from(two)),
        ("a torn batch", torn.slice(..torn.len() - 1)),
        ("half a header", torn.slice(..30)),
        ("a few bytes", torn.slice(..5)),
        ("a null value", but(|batch| batch.records[0].value = None)),
        ("headers", but(|batch| batch.records[0].headers = vec![("a", Some(b"1")), ("a", None), ("", Some(b""))])),
        ("a key", but(|batch| batch.records[0].key = Some(b"key"))),
    ]
}

/// What Kafka takes, or refuses for another reason, and the error that ours answers.
fn only_wrong_for_us() -> Vec<(&'static str, Bytes, ErrorCode)> {
    let good = || batch_at(NOW(), &[b"one", b"two", b"three"]);
    let but = |change: fn(&mut Batch)| good().with(change).bytes();
    vec![
        ("offsets with a hole", but(|batch| batch.records[1].offset_delta = 5), ErrorCode::InvalidRecord),
        ("offsets twice", but(|batch| batch.records[2].offset_delta = 1), ErrorCode::InvalidRecord),
        ("a length too short", but(|batch| batch.length_off_by = -1), ErrorCode::InvalidRecord),
        ("log append time", but(|batch| batch.attributes = 1 << 3), ErrorCode::InvalidTimestamp),
        ("a delete horizon", but(|batch| batch.attributes = 1 << 6), ErrorCode::InvalidRecord),
        ("an unknown codec", but(|batch| batch.attributes = 5), ErrorCode::UnsupportedCompressionType),
        ("gzip that is none", but(|batch| batch.attributes = 1), ErrorCode::CorruptMessage),
        ("snappy that is none", but(|batch| batch.attributes = 2), ErrorCode::CorruptMessage),
        ("lz4 that is none", but(|batch| batch.attributes = 3), ErrorCode::CorruptMessage),
        ("zstd that is none", but(|batch| batch.attributes = 4), ErrorCode::CorruptMessage),
        ("an id without epoch", good().from_producer(77, -1, 0).bytes(), ErrorCode::InvalidRecord),
    ]
}

#[test]
fn wrong_batches_that_kafka_takes() {
    let mut both = Both::connect();
    both.create("wrong-for-us", 1, &[]);
    for (what, records, expected) in only_wrong_for_us() {
        let answers = [&mut both.kafka, &mut both.ours].map(|side| {
            let request = producing("wrong-for-us", 0, records.clone());
            side.ask(12, &request).answer().expect("an answer").responses[0].partition_responses[0].error_code
        });
        assert_eq!(answers[1], expected.code(), "{what}");
        assert_ne!(answers[0], answers[1], "{what} is no difference");
    }
}

#[test]
fn wrong_batches_are_refused() {
    compare(|both| {
        for (index, (what, records)) in wrong_batches().into_iter().enumerate() {
            // Each on a partition of its own: what is taken is then fetched.
            if index % 8 == 0 {
                both.create(&format!("wrong-{}", index / 8), 8, &[]);
            }
            let (topic, partition) = (format!("wrong-{}", index / 8), index as i32 % 8);
            for version in [3, 8, 13] {
                produce(both, what, version, (&topic, partition), &records);
            }
            both.ask(&format!("what is kept of {what}"), 12, |_| fetching(&topic, partition, 0));
        }
    });
}

#[test]
fn times_are_checked() {
    compare(|both| {
        let day = 24 * 3_600_000;
        let limits: &[(&str, &str)] =
            &[("message.timestamp.before.max.ms", "86400000"), ("message.timestamp.after.max.ms", "86400000")];
        both.create("timed", 1, limits);
        let now = NOW();
        for version in [3, 8, 13] {
            for (what, time) in [
                ("now", now),
                ("an hour ago", now - day / 24),
                ("two days ago", now - 2 * day),
                ("in two days", now + 2 * day),
                ("1970", 0),
                ("no time", -1),
                ("before 1970", -2),
                ("the end of time", i64::MAX),
            ] {
                let records = batch_at(time, &[b"one", b"two"]).bytes();
                produce(both, what, version, ("timed", 0), &records);
            }
            let mixed = batch_at(now, &[b"one", b"two"]).with(|batch| batch.records[1].timestamp_delta = 2 * day);
            let told = mixed.clone().with(|batch| batch.max_timestamp = now + 2 * day);
            produce(both, "one of two, not told", version, ("timed", 0), &mixed.bytes());
            produce(both, "one of two", version, ("timed", 0), &told.bytes());
            let wrong = batch_at(now, &[b"one", b"two"]).with(|batch| batch.max_timestamp = now + 5).bytes();
            produce(both, "a wrong largest time", version, ("timed", 0), &wrong);
        }
        both.ask("what is kept", 12, |_| fetching("timed", 0, 0));
    });
}

#[test]
fn a_broker_can_set_the_time() {
    compare(|both| {
        both.create("stamped", 1, &[("message.timestamp.type", "LogAppendTime")]);
        for version in [3, 8, 13] {
            let begun = NOW();
            let records = batch_at(5, &[b"one", b"two"]).bytes();
            let mut times = Vec::new();
            let answers = both.ask_settled(
                "stamped",
                version,
                |side| producing_at(version, side, "stamped", 0, records.clone()),
                |answer| answer.responses[0].partition_responses[0].log_append_time_ms /= 3_600_000,
            );
            times.extend(
                answers.map(|answer| answer.answer().unwrap().responses[0].partition_responses[0].log_append_time_ms),
            );
            assert!(times.iter().all(|time| (begun..=NOW()).contains(time)), "{times:?} from {begun} on");
        }
        let request: fn(&Side) -> FetchRequest = |_| fetching("stamped", 0, 0);
        let attributes = [&mut both.kafka, &mut both.ours].map(|side| {
            let request = request(side);
            let fetched = side.ask(12, &request).answer().unwrap();
            fetched.responses[0].partitions[0].records.as_ref().map(|records| records.slice(21..23))
        });
        both.note("attributes", format!("{:?}", attributes[0]), format!("{:?}", attributes[1]));
    });
}

#[test]
fn what_is_too_large_is_refused() {
    compare(|both| {
        both.create("large", 1, &[("max.message.bytes", "1000")]);
        for version in [3, 8, 13] {
            for len in [900, 926, 927, 928, 929, 930, 931, 932, 933, 1_000, 5_000] {
                let records = batch_at(1, &[&vec![b'x'; len]]).bytes();
                let what = format!("a batch of {} bytes", records.len());
                produce(both, &what, version, ("large", 0), &records);
            }
        }
        both.create("very-large", 1, &[]);
        for len in [1_048_588 - 80, 1_048_588] {
            let records = batch_at(1, &[&vec![b'x'; len]]).bytes();
            let what = format!("a batch of {} bytes", records.len());
            produce(both, &what, 12, ("very-large", 0), &records);
        }
    });
}

#[test]
fn sequences_are_checked() {
    compare(|both| {
        both.create("sequences", 2, &[]);
        let ids = [both.kafka.init_producer(), both.ours.init_producer()];
        let mut send = |what: &str, partition: i32, epoch: i16, sequence: i32, count: usize| {
            let values = vec![&b"value"[..]; count];
            let batch = batch_at(1_000, &values);
            let request = |side: &Side| {
                let id = ids[usize::from(side.name == "ours")];
                producing("sequences", partition, batch.clone().from_producer(id, epoch, sequence).bytes())
            };
            both.ask_settled(what, 12, request, settle_produced);
        };
        send("the first", 0, 0, 0, 2);
        send("the first again", 0, 0, 0, 2);
        send("the first, longer", 0, 0, 0, 3);
        send("the first, shorter", 0, 0, 0, 1);
        send("the next", 0, 0, 2, 3);
        send("a hole", 0, 0, 6, 1);
        send("the first, late", 0, 0, 0, 2);
        send("half of one before", 0, 0, 3, 2);
        for round in 0..6 {
            send("more", 0, 0, 5 + round, 1);
        }
        send("older than five batches", 0, 0, 0, 2);
        send("the fifth last", 0, 0, 6, 1);
        send("the sixth last", 0, 0, 5, 1);
        send("a later epoch not from 0", 0, 1, 11, 1);
        send("a later epoch", 0, 1, 0, 1);
        send("an older epoch", 0, 0, 11, 1);
        send("an older epoch's duplicate", 0, 0, 10, 1);
        send("no sequence", 0, 1, -1, 1);
        send("a new partition, not from 0", 1, 1, 5, 1);
        send("and on", 1, 1, 6, 1);
        send("from 0 in the same epoch", 1, 1, 0, 1);
        for (what, sequence) in [("near the end", i32::MAX - 1), ("over the end", i32::MAX), ("and from 0", 0)] {
            send(what, 1, 2, sequence, 1);
        }
    });
}

#[test]
fn sequences_go_round() {
    compare(|both| {
        both.create("round", 1, &[]);
        let ids = [both.kafka.init_producer(), both.ours.init_producer()];
        let mut send = |what: &str, sequence: i32, count: usize| {
            let values = vec![&b"value"[..]; count];
            let request = |side: &Side| {
                let id = ids[usize::from(side.name == "ours")];
                producing("round", 0, batch_at(1_000, &values).from_producer(id, 0, sequence).bytes())
            };
            both.ask_settled(what, 12, request, settle_produced);
        };
        send("a producer nobody knows may begin anywhere", i32::MAX - 2, 2);
        send("over the end", i32::MAX, 3);
        send("again", i32::MAX, 3);
        send("after it", 2, 1);
        send("not after it", 4, 1);
    });
}

#[test]
fn producers_that_are_wrong() {
    compare(|both| {
        both.create("producers", 1, &[]);
        let good = || batch_at(1_000, &[b"one", b"two"]);
        for (what, batch) in [
            ("an id nobody gave", good().from_producer(123_456_789, 0, 0)),
            ("an id without sequence", good().from_producer(78, 0, -1)),
            ("a sequence without id", good().from_producer(-1, -1, 0)),
            ("an epoch without id", good().from_producer(-1, 0, -1)),
            ("a negative id", good().from_producer(-2, 0, 0)),
            ("a transaction", good().from_producer(79, 0, 0).with(|batch| batch.attributes = 1 << 4)),
            ("a control batch", good().from_producer(80, 0, 0).with(|batch| batch.attributes = 3 << 4)),
        ] {
            let records = batch.bytes();
            produce(both, what, 12, ("producers", 0), &records);
        }
        let two = [1, 2].map(|value| {
            good().from_producer(81, 0, value * 2 - 2).with(|batch| {
                batch.records[0] = record(0, &[value as u8]);
            })
        });
        let both_batches = Bytes::from([two[0].bytes(), two[1].bytes()].concat());
        produce(both, "two batches of one producer", 12, ("producers", 0), &both_batches);
        both.ask("in a transaction", 12, |_| {
            let mut request = producing("producers", 0, good().bytes());
            request.transactional_id = Some(StrBytes::from("transaction"));
            request
        });
    });
}
