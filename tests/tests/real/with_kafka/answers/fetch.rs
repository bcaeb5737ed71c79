//! Fetch: where it begins, how much it brings, how long it waits, sessions.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_wire::{
    FetchRequest, FetchResponse,
    fetch_request::{FetchPartition, FetchTopic, ForgottenTopic},
};
use kafka_wire_core::StrBytes;
use ottla_core::wire::Api;

use super::{Both, Side, compare, produce::producing, records::batch_at, with};

/// By the topic's name, as before version 13, outside a session.
pub fn fetching(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    with(|request: &mut FetchRequest| {
        request.replica_id = -1;
        request.max_wait_ms = 0;
        request.min_bytes = 0;
        request.max_bytes = 10_000_000;
        request.session_epoch = -1;
        request.topics = vec![asked(topic, &[(partition, offset)])];
    })
}

fn asked(topic: &str, partitions: &[(i32, i64)]) -> FetchTopic {
    with(|asked: &mut FetchTopic| {
        asked.topic = StrBytes::from(topic);
        let partitions = partitions.iter().map(|(partition, offset)| {
            with(|asked: &mut FetchPartition| {
                asked.partition = *partition;
                asked.fetch_offset = *offset;
                asked.partition_max_bytes = 1_000_000;
            })
        });
        asked.partitions = partitions.collect();
    })
}

/// From version 13 on topics go by id, and from 15 on a replica's id stands elsewhere.
fn in_version(version: i16, side: &Side, mut request: FetchRequest) -> FetchRequest {
    for topic in &mut request.topics {
        if version >= 13 {
            topic.topic_id = side.topic_id(&topic.topic);
            topic.topic = StrBytes::default();
        }
    }
    for topic in &mut request.forgotten_topics_data {
        if version >= 13 {
            topic.topic_id = side.topic_id(&topic.topic);
            topic.topic = StrBytes::default();
        }
    }
    if version < 7 {
        request.session_epoch = -1;
    }
    request
}

/// Kafka has partitions that it does not know last, and may cut the last batch at the size limit.
fn settle_fetched(answer: &mut FetchResponse) {
    answer.responses.sort_by_key(|topic| (topic.topic.clone(), topic.partitions[0].error_code));
    for topic in &mut answer.responses {
        topic.partitions.sort_by_key(|partition| partition.partition_index);
        topic
            .partitions
            .iter_mut()
            .for_each(|partition| partition.records = partition.records.as_ref().map(whole_batches));
    }
}

fn whole_batches(records: &Bytes) -> Bytes {
    let mut end = 0;
    while let Some(len) = records.get(end + 8..end + 12) {
        let len = 12 + i32::from_be_bytes(len.try_into().expect("four bytes")) as usize;
        if end + len > records.len() {
            break;
        }
        end += len;
    }
    records.slice(..end)
}

fn fetch(both: &mut Both, what: &str, version: i16, request: &FetchRequest) {
    both.ask_settled(what, version, |side| in_version(version, side, request.clone()), settle_fetched);
}

/// Three batches of two records on partition 0, one on partition 1, none on partition 2.
fn fill(both: &mut Both, topic: &str) {
    both.create(topic, 3, &[]);
    for (partition, value) in [(0, b"first"), (0, b"secnd"), (0, b"third"), (1, b"other")] {
        let records = batch_at(1_000, &[value, value]).bytes();
        both.ask("fill", 9, |_| producing(topic, partition, records.clone()));
    }
}

#[test]
fn records_from_every_offset_in_every_version() {
    compare(|both| {
        fill(both, "fetched");
        for version in Api::Fetch.served() {
            for offset in [0, 1, 2, 3, 5, 6, 7, -1, -2, i64::MAX, i64::MIN] {
                let what = format!("from {offset}");
                fetch(both, &what, version, &fetching("fetched", 0, offset));
            }
            fetch(both, "an empty partition", version, &fetching("fetched", 2, 0));
            fetch(both, "a missing partition", version, &fetching("fetched", 3, 0));
            fetch(both, "a negative partition", version, &fetching("fetched", -1, 0));
            fetch(both, "a missing topic", version, &fetching("fetched-missing", 0, 0));
            let mut request = fetching("fetched", 1, 0);
            request.topics[0].partitions.extend(asked("fetched", &[(3, 0), (0, 4), (2, 9)]).partitions);
            fetch(both, "several", version, &request);
            let mut request = fetching("fetched", 0, 0);
            request.topics.clear();
            fetch(both, "nothing", version, &request);
            for isolation in [0, 1] {
                let mut request = fetching("fetched", 0, 0);
                request.isolation_level = isolation;
                fetch(both, &format!("isolation {isolation}"), version, &request);
            }
            if version >= 9 {
                for epoch in [-2, 0, 1, 9] {
                    let mut request = fetching("fetched", 0, 0);
                    request.topics[0].partitions[0].current_leader_epoch = epoch;
                    fetch(both, &format!("leader epoch {epoch}"), version, &request);
                }
            }
            if version >= 12 {
                for epoch in [0, 1] {
                    let mut request = fetching("fetched", 0, 2);
                    request.topics[0].partitions[0].last_fetched_epoch = epoch;
                    fetch(both, &format!("last fetched epoch {epoch}"), version, &request);
                }
            }
        }
    });
}

#[test]
fn topics_without_an_id() {
    compare(|both| {
        fill(both, "fetched-by-id");
        for version in 13..=*Api::Fetch.served().end() {
            both.ask("no id", version, |_| fetching("", 0, 0));
        }
    });
}

#[test]
fn bytes_are_bounded() {
    compare(|both| {
        fill(both, "bounded");
        let batch = batch_at(1_000, &[b"first", b"first"]).bytes().len() as i32;
        for version in [4, 12, 17] {
            for max in [0, 1, batch - 1, batch, batch + 1, 2 * batch, i32::MAX] {
                let mut request = fetching("bounded", 0, 0);
                request.topics[0].partitions[0].partition_max_bytes = max;
                fetch(both, &format!("{max} bytes of a partition"), version, &request);
                let mut request = fetching("bounded", 0, 0);
                request.max_bytes = max;
                request.topics[0].partitions.extend(asked("bounded", &[(1, 0)]).partitions);
                fetch(both, &format!("{max} bytes"), version, &request);
            }
        }
    });
}

#[test]
fn a_fetch_waits_for_its_least_bytes() {
    compare(|both| {
        fill(both, "waiting");
        let took = |both: &mut Both, what: &str, offset: i64, min: i32, wait: i32| {
            [&mut both.kafka, &mut both.ours].map(|side| {
                let begun = Instant::now();
                let mut request = fetching("waiting", 0, offset);
                (request.min_bytes, request.max_wait_ms) = (min, wait);
                let answer = side.ask(12, &request).answer().expect("an answer");
                let records = answer.responses[0].partitions[0].records.as_ref().map_or(0, |records| records.len());
                let waited = begun.elapsed() >= Duration::from_millis(wait.max(0) as u64) * 9 / 10;
                format!("{what}: waited {waited}, {records} bytes, error {}", answer.error_code)
            })
        };
        for (what, offset, min, wait) in [
            ("enough", 0, 1, 20_000),
            ("too little", 0, 1_000_000, 400),
            ("nothing there, nothing asked", 6, 0, 20_000),
            ("nothing there", 6, 1, 400),
            ("out of range", 60, 1, 20_000),
            ("a negative wait", 6, 1, -1),
        ] {
            let [kafka, ours] = took(both, what, offset, min, wait);
            both.note(what, kafka, ours);
        }
    });
}

/// A session's number is random.
fn settle_session(answer: &mut FetchResponse) {
    settle_fetched(answer);
    answer.session_id = answer.session_id.signum();
}

struct Sessions {
    version: i16,
    ids: [i32; 2],
}

impl Sessions {
    fn ask(&mut self, both: &mut Both, what: &str, epoch: i32, topics: Vec<FetchTopic>, forgotten: &[(&str, i32)]) {
        let (version, ids) = (self.version, self.ids);
        let answers = both.ask_settled(
            what,
            version,
            |side| {
                let mut request = fetching("", 0, 0);
                request.topics = topics.clone();
                request.session_epoch = epoch;
                request.session_id = ids[usize::from(side.name == "ours")];
                let forgotten = forgotten.iter().map(|(topic, partition)| {
                    with(|forgotten: &mut ForgottenTopic| {
                        forgotten.topic = StrBytes::from(*topic);
                        forgotten.partitions = vec![*partition];
                    })
                });
                request.forgotten_topics_data = forgotten.collect();
                in_version(version, side, request)
            },
            settle_session,
        );
        if epoch == 0 {
            self.ids = answers.map(|answer| answer.answer().map_or(0, |answer| answer.session_id));
        }
    }
}

#[test]
fn sessions() {
    compare(|both| {
        for version in 7..=*Api::Fetch.served().end() {
            let topic = format!("session-{version}");
            fill(both, &topic);
            let all = || vec![asked(&topic, &[(0, 6), (1, 0), (2, 0)])];
            let mut session = Sessions { version, ids: [0; 2] };
            session.ask(both, "a new one", 0, all(), &[]);
            session.ask(both, "nothing new", 1, Vec::new(), &[]);
            session.ask(both, "one moved on", 2, vec![asked(&topic, &[(1, 2)])], &[]);
            let records = batch_at(2_000, &[b"later"]).bytes();
            both.ask("more", 9, |_| producing(&topic, 0, records.clone()));
            session.ask(both, "something new", 3, Vec::new(), &[]);
            session.ask(both, "the same again", 4, Vec::new(), &[]);
            session.ask(both, "one forgotten", 5, Vec::new(), &[(&topic, 0)]);
            session.ask(both, "one that was not there", 6, Vec::new(), &[(&topic, 9)]);
            session.ask(both, "a missing partition", 7, vec![asked(&topic, &[(5, 0)])], &[]);
            session.ask(both, "and again", 8, Vec::new(), &[]);
            session.ask(both, "a missing topic", 9, vec![asked("session-missing", &[(0, 0)])], &[]);
            session.ask(both, "and once more", 10, Vec::new(), &[]);
            session.ask(both, "an old epoch", 3, Vec::new(), &[]);
            session.ask(both, "a later epoch", 50, Vec::new(), &[]);
            session.ask(both, "the right epoch", 11, Vec::new(), &[]);
            session.ask(both, "closed", -1, Vec::new(), &[]);
            session.ask(both, "after its end", 12, Vec::new(), &[]);
            session.ids = [1, 1];
            session.ask(both, "of nobody", 1, Vec::new(), &[]);
            session.ask(both, "of nobody, begun", 0, all(), &[]);
            session.ask(both, "of nothing", 0, Vec::new(), &[]);
        }
    });
}

#[test]
fn replicas_that_are_none() {
    compare(|both| {
        fill(both, "replicated");
        for version in [4, 12, 14] {
            for replica in [-2, -3] {
                let mut request = fetching("replicated", 0, 0);
                request.replica_id = replica;
                fetch(both, &format!("replica {replica}"), version, &request);
            }
        }
    });
}
