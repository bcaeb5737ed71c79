//! Bytes that are requests, and bytes that are not.

use bytes::{BufMut, Bytes, BytesMut};
use ottla_contract::frames::{self, FetchFrom};
use ottla_core::{
    broker::NetworkLimits,
    rng::Rng,
    trace::{Event, event::CloseReason},
};

use super::*;

fn correlation(answer: &Bytes) -> i32 {
    i32::from_be_bytes(*answer.first_chunk().unwrap())
}

fn closed_because(broker: &Driven<Node>) -> Vec<CloseReason> {
    let why = |event| if let Event::ConnectionClosed { why, .. } = event { Some(why) } else { None };
    events(broker).into_iter().filter_map(why).collect()
}

/// N7.
#[test]
fn a_request_may_be_cut_at_every_byte() {
    let mut broker = with_topic(options());
    for byte in produce(5, -1, "in pieces") {
        assert!(broker.receive(1).is_none());
        broker.send(1, &[byte]);
    }
    assert_eq!(produced(&mut broker, 1), Some(Produced { error: 0, base_offset: 0 }));
}

#[test]
fn what_is_no_request_costs_its_connection_and_no_other() {
    let bad: &[(Bytes, CloseReason)] = &[
        (Bytes::from_static(&[0xff; 4]), CloseReason::FrameLength),
        (Bytes::from_static(&[0; 4]), CloseReason::FrameLength),
        (Bytes::from_static(&[0x7f, 0, 0, 0]), CloseReason::FrameLength),
        (Bytes::from_static(&[0, 0, 0, 2, 0, 3]), CloseReason::Undecodable),
        (frames::request(999, 0, 1, b""), CloseReason::UnknownApi),
        (frames::request(-1, 0, 1, b""), CloseReason::UnknownApi),
        (frames::request(0, 2, 1, b""), CloseReason::UnsupportedVersion),
        (frames::request(3, 99, 1, b""), CloseReason::UnsupportedVersion),
        (frames::request(3, 8, 1, b"\0\0"), CloseReason::Undecodable),
        (frames::request(0, 7, 1, &[0xff; 40]), CloseReason::Undecodable),
    ];
    let mut broker = with_topic(options());
    for (index, (bytes, why)) in bad.iter().enumerate() {
        let connection = broker.open(10 + index as u64);
        broker.send(connection, bytes);
        assert!(broker.is_closed(connection), "{why:?}");
        assert_eq!(closed_because(&broker).last(), Some(why));
        assert_eq!(broker.receive(connection), None);
    }
    broker.send(1, &produce(6, -1, "still served"));
    assert_eq!(produced(&mut broker, 1).unwrap().error, 0);
}

#[test]
fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let mut broker = start(options());
    broker.open(1);
    let answer = broker.ask(1, &frames::request(18, 99, 77, b""));
    let mut expected = BytesMut::new();
    expected.put_i32(77);
    expected.put_i16(35);
    expected.put_i32(1);
    [18, 0, 5].into_iter().for_each(|number| expected.put_i16(number));
    assert_eq!(answer, expected);
    assert_eq!(correlation(&broker.ask(1, &frames::api_versions(78))), 78);
}

/// N8, P4.
#[test]
fn mutated_requests_never_panic_and_leave_others_alone() {
    let requests = [
        frames::api_versions(1),
        frames::metadata(2, "t", true),
        frames::create_topic(3, "u", 1, FLUSHED),
        frames::delete_topic(4, "v"),
        produce(5, -1, "value"),
        fetch(0),
        frames::list_offsets(7, "t", 0, -1),
    ];
    let mut broker = with_topic(options());
    let mut rng = Rng::new(11);
    for round in 0..3_000 {
        let mut bytes = requests[rng.below(requests.len() as u64) as usize].to_vec();
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len() as u64) as usize;
            bytes[at] = rng.next_u64() as u8;
        }
        bytes.truncate(1 + rng.below(bytes.len() as u64) as usize);
        let connection = broker.open(100 + round);
        broker.send(connection, &bytes);
        broker.hang_up(connection);
    }
    broker.send(1, &produce(6, -1, "still served"));
    assert_eq!(produced(&mut broker, 1).unwrap().error, 0);
    assert_eq!(parked(&broker), (0, 0, 0), "P2: nobody waits for a connection that is gone");
}

/// P1.
#[test]
fn answers_come_in_the_order_of_the_requests() {
    let mut broker = with_topic(options());
    let requests = [fetch(0), frames::api_versions(21), frames::metadata(22, "t", false), produce(23, -1, "x")];
    broker.send(1, &requests.concat());
    assert_eq!(broker.receive(1), None, "the Fetch waits, and all behind it");
    broker.wait(1100);
    let answered: Vec<i32> = std::iter::from_fn(|| broker.receive(1)).map(|answer| correlation(&answer)).collect();
    assert_eq!(answered, [9, 21, 22, 23]);
}

#[test]
fn a_connection_that_may_not_go_on_is_read_no_further() {
    let mut broker = with_topic(options());
    broker.send(1, &frames::fetch(9, FetchFrom { wait: 5000, ..from(0) }));
    let ahead = frames::metadata(10, "t", false);
    let count = 400_000 / ahead.len();
    broker.send(1, &ahead.repeat(count));
    assert!(broker.is_paused(1));
    broker.wait(5100);
    assert!(!broker.is_paused(1));
    assert_eq!(std::iter::from_fn(|| broker.receive(1)).count(), 1 + count);
}

/// P3, of what requests cost.
#[test]
fn memory_of_requests_is_bounded_and_begun_ones_end() {
    let network = NetworkLimits { request_memory_max: 1000, ..NetworkLimits::default() };
    let mut broker = with_topic(limited(network));
    let long = produce(5, -1, &"x".repeat(2000));
    let (first, rest) = long.split_at(100);
    // One larger than all memory is begun; the next waits until it has ended.
    broker.send(1, first);
    broker.open(2);
    broker.send(2, &produce(6, -1, "waits"));
    assert_eq!(produced(&mut broker, 2), None);
    broker.send(1, rest);
    assert_eq!(produced(&mut broker, 1), Some(Produced { error: 0, base_offset: 0 }));
    assert_eq!(produced(&mut broker, 2), Some(Produced { error: 0, base_offset: 1 }));
    // One that goes away gives its memory back.
    broker.send(1, first);
    broker.send(2, &produce(7, -1, "waits"));
    assert_eq!(produced(&mut broker, 2), None);
    broker.hang_up(1);
    assert_eq!(produced(&mut broker, 2), Some(Produced { error: 0, base_offset: 2 }));
}

#[test]
fn a_silent_connection_is_closed_and_one_that_waits_is_not() {
    let mut broker = start(configured(&[("connections.max.idle.ms", "2000")]));
    broker.open(1);
    broker.ask(1, &frames::create_topic(1, "t", 1, FLUSHED));
    broker.open(2);
    broker.send(1, &frames::fetch(9, FetchFrom { wait: 10_000, ..from(0) }));
    // Bytes that never make a frame are silence.
    broker.send(2, &[0, 0, 1, 0]);
    for _ in 0..30 {
        broker.send(2, &[0]);
        broker.wait(100);
    }
    assert!(broker.is_closed(2) && !broker.is_closed(1));
    assert!(closed_because(&broker).ends_with(&[CloseReason::Idle]));
}

#[test]
fn connections_are_dealt_round_robin_to_processors() {
    let mut broker = start(configured(&[("num.network.threads", "2")]));
    (1..=4).for_each(|connection| _ = broker.open(connection));
    let processor = |event| if let Event::ConnectionOpened { processor, .. } = event { Some(processor) } else { None };
    assert_eq!(events(&broker).into_iter().filter_map(processor).collect::<Vec<_>>(), [0, 1, 0, 1]);
}
