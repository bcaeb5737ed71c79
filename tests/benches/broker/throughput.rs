//! Produce and fetch as fast as they go, on one connection and one partition.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ottla_contract::frames::{self, FetchFrom};
use ottla_tests::{client::RawClient, host::Host};

use super::{
    Server, StorageKind,
    table::{Aim, Figure, Table, median},
};

/// After a first one, told apart: it may find memory that the process never used (in the first row it always does),
/// and what a page costs at its first touch is the platform's. The medians are those of memory used again; a broker
/// that keeps all it gets pays the first touch of every page beside them.
const ROUNDS: usize = 3;
/// Bytes of batches per round.
const VOLUME: usize = 512 << 20;
/// What a fetch asks for at most.
const FETCH_BYTES: i32 = 1 << 20;

#[derive(Clone, Copy)]
struct Case {
    record: usize,
    batch: usize,
    /// Requests sent ahead of their answers.
    in_flight: usize,
    aim_cpu: f64,
    aim_rate: f64,
}

const CASES: [Case; 4] = [
    Case { record: 1024, batch: 1 << 20, in_flight: 5, aim_cpu: 0.35, aim_rate: 1200.0 },
    Case { record: 1024, batch: 16 << 10, in_flight: 16, aim_cpu: 0.7, aim_rate: 700.0 },
    Case { record: 100, batch: 1 << 20, in_flight: 5, aim_cpu: 0.35, aim_rate: 1200.0 },
    Case { record: 100, batch: 16 << 10, in_flight: 16, aim_cpu: 0.7, aim_rate: 700.0 },
];
const AIM_FETCH_CPU: f64 = 0.3;
/// What files may cost more.
const AIM_FILES_MORE: f64 = 0.3;

/// Of one round: the rate and what it cost.
struct Measured {
    mb_per_second: f64,
    cpu_per_gb: f64,
}

pub fn measure(table: &mut Table, server: Server, storage: StorageKind) {
    for case in CASES {
        let size = if case.batch >= 1 << 20 { "1 MiB" } else { "16 KiB" };
        let name = |what| format!("{} {} {what} {} B × {size}", server.name(), storage.name(), case.record);
        let (produce, fetch) = (name("produce"), name("fetch"));
        if !table.wants(&produce) && !table.wants(&fetch) {
            continue;
        }
        let (first, _) = round(server, storage, case);
        let rounds: Vec<_> = (0..ROUNDS).map(|_| round(server, storage, case)).collect();
        let more = if storage == StorageKind::Files { AIM_FILES_MORE } else { 0.0 };
        let rate = (storage == StorageKind::Memory).then_some(Aim::AtLeast(case.aim_rate));
        let mut produced = figures(rounds.iter().map(|(produced, _)| produced), rate, case.aim_cpu + more);
        produced.push(Figure { name: "CPU-s/GB in the first round", value: first.cpu_per_gb, aim: None });
        table.add(&produce, &produced);
        let fetched = figures(rounds.iter().map(|(_, fetched)| fetched), None, AIM_FETCH_CPU + more);
        table.add(&fetch, &fetched);
    }
}

fn figures<'a>(rounds: impl Iterator<Item = &'a Measured> + Clone, aim_rate: Option<Aim>, aim_cpu: f64) -> Vec<Figure> {
    let mb_per_second = median(rounds.clone().map(|round| round.mb_per_second).collect());
    let cpu_per_gb = median(rounds.map(|round| round.cpu_per_gb).collect());
    vec![
        Figure { name: "MB/s", value: mb_per_second, aim: aim_rate },
        Figure { name: "CPU-s/GB", value: cpu_per_gb, aim: Some(Aim::AtMost(aim_cpu)) },
    ]
}

fn round(server: Server, storage: StorageKind, case: Case) -> (Measured, Measured) {
    let (option, _dir) = storage.fresh();
    let host = server.start(option);
    let mut client = RawClient::connect(host.address()).expect("a connection");
    let configs = [("max.message.bytes", "2097152"), ("retention.ms", "-1")];
    let created = client.ask(&frames::create_topic(1, "bench", 1, &configs)).expect("an answer");
    assert_eq!(frames::created(created), 0, "creating the topic");
    let batch = batch_of(case.record, case.batch);
    // Warm: the allocator and the socket's buffers have grown.
    produce(&mut client, case, &batch, 32 << 20);
    let produced = clocked(&host, || produce(&mut client, case, &batch, VOLUME));
    let end = (32 << 20) / case.batch + VOLUME / case.batch;
    let fetched = clocked(&host, || fetch(&mut client, &batch, case.record_count(), end));
    host.kill();
    (produced, fetched)
}

impl Case {
    fn record_count(self) -> usize {
        self.batch / self.record
    }
}

/// A batch of records without a pattern, about as long as it should be.
fn batch_of(record: usize, batch: usize) -> Bytes {
    let mut rng = ottla_core::rng::Rng::new(1);
    let values: Vec<Vec<u8>> =
        (0..batch / record).map(|_| (0..record - 10).map(|_| rng.next_u64() as u8).collect()).collect();
    frames::batch(1_700_000_000_000, &values.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// Sends `volume` bytes of batches and says how many bytes they were.
fn produce(client: &mut RawClient, case: Case, batch: &Bytes, volume: usize) -> usize {
    let request = frames::produce(2, -1, "bench", 0, batch);
    let count = volume / case.batch;
    for sent in 0..count + case.in_flight {
        if sent < count {
            client.send(&request).expect("a request taken");
        }
        if sent >= case.in_flight {
            let produced = frames::produced(client.receive().expect("an answer"));
            assert_eq!(produced.error, 0, "producing");
        }
    }
    count * batch.len()
}

/// Fetches `count` batches from the start on and says how many bytes they were.
fn fetch(client: &mut RawClient, batch: &Bytes, records_per_batch: usize, count: usize) -> usize {
    let mut fetched = 0;
    while fetched < count {
        let offset = (fetched * records_per_batch) as i64;
        let from = FetchFrom { topic: "bench", partition: 0, offset, wait: 500, bytes_min: 1, bytes_max: FETCH_BYTES };
        client.send(&frames::fetch(3, from)).expect("a request taken");
        // The head of the answer is smaller than any batch.
        let batches = client.discard().expect("an answer") / batch.len();
        assert!(batches > 0, "nothing was fetched at offset {offset}");
        fetched += batches;
    }
    count * batch.len()
}

fn clocked(host: &Host, work: impl FnOnce() -> usize) -> Measured {
    let (cpu, begun) = (host.cpu_time(), Instant::now());
    let bytes = work() as f64;
    let took: Duration = begun.elapsed();
    // What is queued for storage belongs to what was done.
    std::thread::sleep(Duration::from_millis(100));
    let cpu = host.cpu_time() - cpu;
    Measured { mb_per_second: bytes / 1e6 / took.as_secs_f64(), cpu_per_gb: cpu.as_secs_f64() / (bytes / 1e9) }
}
