//! When a Fetch is answered, and with what.

use ottla_core::{effect::NodeCall, log::DirOptions};

use super::*;

const OFFSET_OUT_OF_RANGE: i16 = 1;

fn fetched(broker: &mut Driven<Node>, connection: u64) -> Option<Fetched> {
    broker.receive(connection).map(frames::fetched)
}

/// P2.
#[test]
fn a_fetch_waits_for_records_and_not_for_ever() {
    let mut broker = with_topic(options());
    broker.open(2);
    broker.send(2, &fetch(0));
    assert_eq!(parked(&broker), (0, 1, 0));
    broker.wait(900);
    assert!(fetched(&mut broker, 2).is_none());
    broker.wait(200);
    assert!(fetched(&mut broker, 2).unwrap().records.is_empty());
    broker.send(2, &fetch(0));
    broker.send(1, &produce(5, -1, "at last"));
    let answer = fetched(&mut broker, 2).unwrap();
    assert_eq!((answer.high_watermark, values(&answer)), (1, vec![(0, "at last".into())]));
    assert_eq!(parked(&broker), (0, 0, 0));
}

#[test]
fn a_fetch_waits_for_as_many_bytes_as_it_asks_for() {
    let mut broker = with_topic(options());
    broker.open(2);
    broker.send(2, &frames::fetch(9, FetchFrom { bytes_min: 200, ..from(0) }));
    for (number, is_enough) in [(1, false), (2, false), (3, true)] {
        broker.send(1, &produce(number, -1, "about seventy bytes of batch"));
        assert_eq!(fetched(&mut broker, 2).is_some(), is_enough, "after {number}");
    }
}

#[test]
fn offsets_beyond_the_log_are_refused_and_its_end_is_not() {
    let mut broker = with_topic(options());
    broker.ask(1, &produce(5, -1, "zero"));
    for (offset, error) in [(-1, OFFSET_OUT_OF_RANGE), (2, OFFSET_OUT_OF_RANGE), (1 << 40, OFFSET_OUT_OF_RANGE)] {
        assert_eq!(frames::fetched(broker.ask(1, &fetch(offset))).error, error, "{offset}");
    }
    let end = frames::fetch(9, FetchFrom { wait: 0, ..from(1) });
    assert_eq!(frames::fetched(broker.ask(1, &end)).error, 0);
}

#[test]
fn the_first_batch_comes_however_large_and_no_more_than_fits() {
    let mut broker = with_topic(options());
    (0..3).for_each(|number| _ = broker.ask(1, &produce(number, -1, &"x".repeat(1000))));
    let mut count = |bytes_max| {
        values(&frames::fetched(broker.ask(1, &frames::fetch(9, FetchFrom { bytes_max, ..from(0) })))).len()
    };
    assert_eq!((count(0), count(1), count(1500), count(2500), count(1 << 20)), (1, 1, 1, 2, 3));
}

#[test]
fn batches_that_left_memory_are_loaded_and_all_come() {
    let dir = DirOptions { hot_bytes_max: 200_000, ..DirOptions::default() };
    let mut broker = with_topic(NodeOptions { dir, ..options() });
    let value = |number: usize| format!("{number} {}", "x".repeat(10_000));
    (0..100).for_each(|number| assert_eq!(frames::produced(broker.ask(1, &produce(1, -1, &value(number)))).error, 0));
    assert!(broker.machine.topics().unwrap().dir.hot_bytes() <= 500_000);
    broker.hold();
    broker.open(2);
    broker.send(2, &fetch(0));
    assert_eq!((broker.held(), parked(&broker)), (1, (0, 1, 0)), "one load, for which the Fetch waits");
    broker.release();
    assert_eq!(values(&fetched(&mut broker, 2).unwrap())[0], (0, value(0).into()));
    assert_eq!(read_back(&mut broker), (0..100).map(value).collect::<Vec<_>>());
}

/// P1: the load's answer comes while the broker stops.
#[test]
fn a_clean_stop_answers_a_fetch_that_waits_for_storage() {
    let dir = DirOptions { hot_bytes_max: 200_000, ..DirOptions::default() };
    let mut broker = with_topic(NodeOptions { dir, ..options() });
    (0..100).for_each(|number| _ = broker.ask(1, &produce(number, -1, &"x".repeat(10_000))));
    broker.hold();
    broker.open(2);
    broker.send(2, &fetch(0));
    broker.call(NodeCall::Stop);
    broker.release();
    let answer = fetched(&mut broker, 2).expect("an answer before the end");
    assert_eq!((answer.error, values(&answer)[0].0), (0, 0));
    assert!(broker.is_closed(2));
}

#[test]
fn a_load_that_fails_is_told_and_the_next_one_works() {
    let dir = DirOptions { hot_bytes_max: 1000, ..DirOptions::default() };
    let mut broker = with_topic(NodeOptions { dir, ..options() });
    (0..100).for_each(|number| _ = broker.ask(1, &produce(number, -1, &"x".repeat(10_000))));
    broker.hold();
    broker.send(1, &fetch(0));
    broker.fail_one(storage::broken());
    assert_eq!(fetched(&mut broker, 1).unwrap().error, storage::KAFKA_STORAGE_ERROR);
    broker.release();
    assert_eq!(read_back(&mut broker).len(), 100);
}

#[test]
fn who_says_to_be_a_broker_is_not_served() {
    let mut broker = with_topic(options());
    let mut request = fetch(0).to_vec();
    // The replica id stands behind length, header of 10 bytes and the client's name.
    let at = 4 + 10 + "ottla-tests".len();
    request[at..at + 4].copy_from_slice(&1_i32.to_be_bytes());
    assert_eq!(frames::fetched(broker.ask(1, &request)).error, 29);
}
