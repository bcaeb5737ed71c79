//! From before a record is sent until a waiting fetch has it, at an easy rate.

use std::{
    sync::mpsc,
    thread::{self, sleep},
    time::{Duration, Instant},
};

use ottla_contract::frames::{self, BatchReader, FetchFrom};
use ottla_tests::client::RawClient;

use super::{
    Server, StorageKind,
    table::{Aim, Figure, Table},
};

const RECORDS: i64 = 1600;
const EVERY: Duration = Duration::from_millis(5);
const RECORD_BYTES: usize = 1024;
const AIM_P50: f64 = 0.25;
const AIM_P99: f64 = 1.0;

pub fn measure(table: &mut Table, server: Server, storage: StorageKind) {
    let name = format!("{} {} end to end 200/s", server.name(), storage.name());
    if !table.wants(&name) {
        return;
    }
    let mut took = times(server, storage);
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    table.add(
        &name,
        &[
            Figure { name: "ms p50", value: at(0.5), aim: Some(Aim::AtMost(AIM_P50)) },
            Figure { name: "ms p99", value: at(0.99), aim: Some(Aim::AtMost(AIM_P99)) },
            Figure { name: "ms max", value: at(1.0), aim: None },
        ],
    );
}

fn times(server: Server, storage: StorageKind) -> Vec<Duration> {
    let (option, _dir) = storage.fresh();
    let host = server.start(option);
    let address = host.address();
    let mut client = RawClient::connect(address).expect("a connection");
    let created = client.ask(&frames::create_topic(1, "bench", 1, &[])).expect("an answer");
    assert_eq!(frames::created(created), 0, "creating the topic");
    let (seen, arrivals) = mpsc::channel();
    let consumer = thread::spawn(move || {
        let mut client = RawClient::connect(address).expect("a connection");
        let mut next = 0;
        while next < RECORDS {
            let from =
                FetchFrom { topic: "bench", partition: 0, offset: next, wait: 500, bytes_min: 1, bytes_max: 1 << 20 };
            let fetched = frames::fetched(client.ask(&frames::fetch(3, from)).expect("an answer"));
            let at = Instant::now();
            let mut batches = BatchReader::new(fetched.records);
            while let Some(records) = batches.next_batch() {
                next += records.len() as i64;
                records.iter().for_each(|_| seen.send(at).expect("the other side"));
            }
        }
    });
    let request = frames::produce(2, -1, "bench", 0, &frames::batch(1, &[&[7; RECORD_BYTES]]));
    let begun = Instant::now();
    let mut sent = Vec::new();
    for number in 0..RECORDS {
        sleep((begun + EVERY * number as u32).saturating_duration_since(Instant::now()));
        sent.push(Instant::now());
        assert_eq!(frames::produced(client.ask(&request).expect("an answer")).error, 0, "producing");
    }
    consumer.join().expect("every record to arrive");
    host.kill();
    // The first ones find everything cold.
    sent.into_iter().zip(arrivals).map(|(sent, seen)| seen - sent).skip(20).collect()
}
