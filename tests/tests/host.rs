//! A broker in this process: bytes of a client in, bytes out, across stops and kills.
//!
//! Every story is told of the real broker and of the plain one, so that what fails for both is the host's.

use std::time::{Duration, Instant};

use ottla_contract::{
    PlainBroker,
    frames::{self, BatchReader, FetchFrom},
};
use ottla_core::host::MemoryStorage;
use ottla_tests::{
    client::RawClient,
    host::{CannotStart, Host, Options, StorageOption},
};

macro_rules! stories {
    ($($story:ident)*) => {
        mod plain {
            use super::*;
            $(#[test]
            fn $story() {
                super::$story(|options| {
                    Host::start_machine(options, Box::new(|_, _| {}), |_| PlainBroker::new(true)).unwrap()
                });
            })*
        }
        mod broker {
            use super::*;
            $(#[test]
            fn $story() {
                super::$story(|options| Host::start(options).unwrap());
            })*
        }
    };
}

stories! {
    what_was_produced_is_fetched
    a_fetch_waits_for_records_and_not_for_ever
    a_clean_stop_keeps_everything
    a_kill_keeps_what_was_acknowledged
    many_clients_are_served_at_once
}

/// Topics of these tests acknowledge only what storage has.
const FLUSHED: &[(&str, &str)] = &[("flush.messages", "1")];

fn on_memory(storage: &MemoryStorage) -> Options {
    Options { storage: StorageOption::Memory(storage.clone()), ..Options::default() }
}

fn create(client: &mut RawClient, topic: &str) {
    assert_eq!(frames::created(client.ask(&frames::create_topic(1, topic, 1, FLUSHED)).unwrap()), 0);
}

fn produce(client: &mut RawClient, topic: &str, value: &str) -> i64 {
    let records = frames::batch(1_700_000_000_000, &[value.as_bytes()]);
    let produced = frames::produced(client.ask(&frames::produce(2, -1, topic, 0, &records)).unwrap());
    assert_eq!(produced.error, 0, "producing {value}");
    produced.base_offset
}

fn from(topic: &str, offset: i64) -> FetchFrom<'_> {
    FetchFrom { topic, partition: 0, offset, wait: 10_000, bytes_min: 1, bytes_max: 1 << 20 }
}

/// Everything from the start on, read in as many fetches as it takes.
fn read_all(client: &mut RawClient, topic: &str) -> Vec<String> {
    let mut values = Vec::new();
    loop {
        let request = frames::fetch(3, FetchFrom { wait: 0, ..from(topic, values.len() as i64) });
        let fetched = frames::fetched(client.ask(&request).unwrap());
        assert_eq!(fetched.error, 0);
        let before = values.len();
        let mut batches = BatchReader::new(fetched.records);
        while let Some(records) = batches.next_batch() {
            for (offset, value) in records {
                assert_eq!(offset, values.len() as i64, "an offset is missing or there twice");
                values.push(String::from_utf8(value.to_vec()).unwrap());
            }
        }
        if values.len() == before {
            return values;
        }
    }
}

fn what_was_produced_is_fetched(start: impl Fn(Options) -> Host) {
    let host = start(Options::default());
    let mut client = RawClient::connect(host.address()).unwrap();
    create(&mut client, "topic");
    let long = "x".repeat(300_000);
    let values = ["one", "two", long.as_str(), "four"];
    for (offset, value) in values.iter().enumerate() {
        assert_eq!(produce(&mut client, "topic", value), offset as i64);
    }
    assert_eq!(read_all(&mut client, "topic"), values);
    host.stop().unwrap();
}

fn a_fetch_waits_for_records_and_not_for_ever(start: impl Fn(Options) -> Host) {
    let host = start(Options::default());
    let mut client = RawClient::connect(host.address()).unwrap();
    create(&mut client, "topic");
    let begun = Instant::now();
    let nothing = client.ask(&frames::fetch(3, FetchFrom { wait: 100, ..from("topic", 0) })).unwrap();
    assert!(frames::fetched(nothing).records.is_empty());
    assert!(begun.elapsed() >= Duration::from_millis(100), "answered after {:?}", begun.elapsed());

    let mut waiting = RawClient::connect(host.address()).unwrap();
    waiting.send(&frames::fetch(3, from("topic", 0))).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    produce(&mut client, "topic", "at last");
    let fetched = frames::fetched(waiting.receive().unwrap());
    assert_eq!(BatchReader::new(fetched.records).next_batch(), Some(vec![(0, "at last".into())]));
    host.stop().unwrap();
}

fn a_clean_stop_keeps_everything(start: impl Fn(Options) -> Host) {
    let dir = tempfile::tempdir().unwrap();
    for storage in [StorageOption::Files(dir.path().join("new")), StorageOption::Memory(MemoryStorage::default())] {
        let options = Options { storage, ..Options::default() };
        for round in 0..3 {
            let host = start(options.clone());
            let mut client = RawClient::connect(host.address()).unwrap();
            if round == 0 {
                create(&mut client, "topic");
            }
            assert_eq!(produce(&mut client, "topic", &format!("of round {round}")), round);
            assert_eq!(read_all(&mut client, "topic").len(), round as usize + 1);
            host.stop().unwrap();
        }
    }
}

fn a_kill_keeps_what_was_acknowledged(start: impl Fn(Options) -> Host) {
    // A disk that loses what was not synced, beside the kill.
    let storage = MemoryStorage::with_crashes();
    let mut rng = ottla_core::rng::Rng::new(31);
    let mut acknowledged = 0;
    for round in 0..10 {
        let host = start(on_memory(&storage));
        let mut client = RawClient::connect(host.address()).unwrap();
        if round == 0 {
            create(&mut client, "topic");
        }
        let kept = read_all(&mut client, "topic");
        assert!(kept.len() >= acknowledged, "{} of {acknowledged} acknowledged records are there", kept.len());
        assert!(kept.iter().enumerate().all(|(index, value)| value.ends_with(&format!(" at {index}"))));
        acknowledged = kept.len();
        for _ in 0..20 {
            let offset = produce(&mut client, "topic", &format!("{} at {acknowledged}", "x".repeat(500)));
            assert_eq!(offset, acknowledged as i64);
            acknowledged += 1;
        }
        // One more that nobody waits for.
        let records = frames::batch(1, &[format!("unseen at {acknowledged}").as_bytes()]);
        client.send(&frames::produce(2, -1, "topic", 0, &records)).unwrap();
        host.kill();
        storage.crash(&mut rng);
    }
}

fn many_clients_are_served_at_once(start: impl Fn(Options) -> Host) {
    let host = start(Options::default());
    let address = host.address();
    create(&mut RawClient::connect(address).unwrap(), "topic");
    let clients: Vec<_> = (0..20)
        .map(|client| {
            std::thread::spawn(move || {
                let mut socket = RawClient::connect(address).unwrap();
                (0..20).for_each(|number| {
                    produce(&mut socket, "topic", &format!("{client} {number}"));
                });
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    let mut values = read_all(&mut RawClient::connect(address).unwrap(), "topic");
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 400);
    host.stop().unwrap();
}

#[test]
fn what_cannot_be_had_is_said_and_nothing_stays_behind() {
    let plain = |options| Host::start_machine(options, Box::new(|_, _| {}), |_| PlainBroker::new(false));
    let dir = tempfile::tempdir().unwrap();
    let options = Options { storage: StorageOption::Files(dir.path().to_owned()), ..Options::default() };
    let host = plain(options.clone()).unwrap();
    let port = host.address().port();
    let taken = plain(Options { port, ..Options::default() }).err().unwrap();
    assert_eq!(taken.to_string(), format!("port {port} of 127.0.0.1 is in use"));
    let locked = plain(options.clone()).err().unwrap().to_string();
    assert!(locked.ends_with("another host has it open"), "{locked}");
    let unknown = plain(Options { configs: vec![("no.such".into(), "1".into())], ..Options::default() }).err().unwrap();
    assert!(matches!(unknown, CannotStart::Config(_)), "{unknown}");
    host.kill();
    plain(Options { port, ..options }).unwrap().stop().unwrap();
}
