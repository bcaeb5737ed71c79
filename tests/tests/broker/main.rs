//! A broker driven by hand: bytes in, answers out, storage that may be held or fail, time that passes when it is told to.

mod connections;
mod fetches;
mod produces;
mod storage;

use bytes::Bytes;
use ottla_contract::{
    Driven, MemoryStorage,
    frames::{self, BatchReader, FetchFrom, Fetched, Produced},
};
use ottla_core::{
    broker::NetworkLimits,
    config::BrokerConfig,
    effect::Address,
    node::{Node, NodeOptions},
    trace::Event,
};

/// Topics of these tests acknowledge only what storage has.
const FLUSHED: &[(&str, &str)] = &[("flush.messages", "1")];

fn options() -> NodeOptions {
    NodeOptions { seed: 7, ..NodeOptions::new(Address { host: "broker".to_owned(), port: 9092 }) }
}

fn configured(configs: &[(&str, &str)]) -> NodeOptions {
    let mut config = BrokerConfig::default();
    configs.iter().for_each(|(name, value)| config.set(name, value).unwrap());
    NodeOptions { config, ..options() }
}

fn limited(network: NetworkLimits) -> NodeOptions {
    NodeOptions { network, ..options() }
}

fn start(options: NodeOptions) -> Driven<Node> {
    Driven::start(Node::new(options), MemoryStorage::default())
}

/// A broker with connection 1 and a flushing topic `t` of two partitions.
fn with_topic(options: NodeOptions) -> Driven<Node> {
    let mut broker = start(options);
    broker.open(1);
    assert_eq!(frames::created(broker.ask(1, &frames::create_topic(1, "t", 2, FLUSHED))), 0);
    broker
}

fn batch(value: &str) -> Bytes {
    frames::batch(1_700_000_000_000, &[value.as_bytes()])
}

fn produce(correlation: i32, acks: i16, value: &str) -> Bytes {
    frames::produce(correlation, acks, "t", 0, &batch(value))
}

fn produced(broker: &mut Driven<Node>, connection: u64) -> Option<Produced> {
    broker.receive(connection).map(frames::produced)
}

/// From partition 0 of `t`, waiting for a second at most.
fn from(offset: i64) -> FetchFrom<'static> {
    FetchFrom { topic: "t", partition: 0, offset, wait: 1000, bytes_min: 1, bytes_max: 1 << 20 }
}

fn fetch(offset: i64) -> Bytes {
    frames::fetch(9, from(offset))
}

fn values(fetched: &Fetched) -> Vec<(i64, Bytes)> {
    let mut batches = BatchReader::new(fetched.records.clone());
    std::iter::from_fn(|| batches.next_batch()).flatten().collect()
}

/// What partition 0 of `t` holds, by a connection of its own.
fn read_back(broker: &mut Driven<Node>) -> Vec<String> {
    let reader = broker.open(900);
    let mut read: Vec<String> = Vec::new();
    loop {
        let request = frames::fetch(9, FetchFrom { wait: 0, ..from(read.len() as i64) });
        let fetched = frames::fetched(broker.ask(reader, &request));
        assert_eq!(fetched.error, 0);
        let records = values(&fetched);
        if records.is_empty() {
            broker.hang_up(reader);
            return read;
        }
        for (offset, value) in records {
            assert_eq!(offset, read.len() as i64, "an offset is missing or there twice");
            read.push(String::from_utf8(value.to_vec()).unwrap());
        }
    }
}

/// Events of the trace, the oldest that is kept first.
fn events(broker: &Driven<Node>) -> Vec<Event> {
    broker.machine.trace().since(0).map(|traced| traced.event).collect()
}

fn parked(broker: &Driven<Node>) -> (u32, u32, u32) {
    let parked = broker.machine.broker().unwrap().parked();
    (parked.produce, parked.fetch, parked.commit)
}
