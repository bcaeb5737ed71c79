//! When a Produce is answered, and with what.

use ottla_core::{
    broker::{
        NetworkLimits,
        stages::{Span, StageTimes},
    },
    trace::{Event, event::CloseReason},
};

use super::*;

const IN_HAND: NetworkLimits =
    NetworkLimits { requests_in_hand_max: 4, request_memory_max: 1 << 20, fetch_sessions_max: 10 };
const OK: i16 = 0;
const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const CORRUPT_MESSAGE: i16 = 2;
const REQUEST_TIMED_OUT: i16 = 7;
const NOT_ENOUGH_REPLICAS: i16 = 19;
const INVALID_REQUIRED_ACKS: i16 = 21;

#[test]
fn nothing_is_acknowledged_before_storage_has_it() {
    for acks in [-1, 1] {
        let mut broker = with_topic(options());
        broker.hold();
        broker.send(1, &produce(5, acks, "held"));
        assert_eq!((produced(&mut broker, 1), parked(&broker)), (None, (1, 0, 0)), "acks={acks}");
        assert_eq!(read_back(&mut broker), Vec::<String>::new(), "nobody reads what a crash could take");
        broker.release();
        assert_eq!(produced(&mut broker, 1), Some(Produced { error: OK, base_offset: 0 }));
        assert_eq!(read_back(&mut broker), ["held"]);
    }
}

#[test]
fn produces_follow_each_other_and_keep_their_order() {
    let mut broker = with_topic(limited(IN_HAND));
    broker.hold();
    for number in 0..6 {
        broker.send(1, &produce(number, [-1, 1][number as usize % 2], &number.to_string()));
    }
    assert_eq!(parked(&broker).0, 4, "no more than may be in hand");
    assert_eq!(broker.held(), 1, "one commit is in flight");
    broker.release();
    let offsets: Vec<i64> = std::iter::from_fn(|| produced(&mut broker, 1)).map(|answer| answer.base_offset).collect();
    assert_eq!(offsets, [0, 1, 2, 3, 4, 5]);
    assert_eq!(read_back(&mut broker), ["0", "1", "2", "3", "4", "5"]);
}

/// As in Kafka its batch is kept all the same.
#[test]
fn a_request_whose_connection_went_away_in_a_handler_waits_for_nothing() {
    let slow = Span { min: 10_000, max: 10_000 };
    let stages = StageTimes { handle: slow, ..StageTimes::default() };
    let mut broker = with_topic(options());
    broker.hang_up(1);
    let mut broker = Driven::start(Node::new(NodeOptions { stages, ..options() }), broker.storage.clone());
    broker.open(1);
    broker.hold();
    broker.send(1, &produce(5, -1, "gone"));
    broker.hang_up(1);
    broker.wait(20);
    assert_eq!((parked(&broker), broker.held()), ((0, 0, 0), 1));
}

#[test]
fn one_request_is_in_hand_where_kafka_has_one() {
    let mut broker = with_topic(options());
    broker.hold();
    broker.send(1, &[produce(5, -1, "first"), produce(6, -1, "second")].concat());
    assert_eq!(parked(&broker).0, 1);
    broker.release();
    assert_eq!(read_back(&mut broker), ["first", "second"]);
}

#[test]
fn a_produce_that_waits_too_long_is_told_so_and_may_still_count() {
    let mut broker = with_topic(options());
    broker.hold();
    broker.send(1, &produce(5, -1, "late"));
    broker.wait(9_900);
    assert_eq!(produced(&mut broker, 1), None);
    broker.wait(200);
    assert_eq!(produced(&mut broker, 1), Some(Produced { error: REQUEST_TIMED_OUT, base_offset: 0 }));
    broker.release();
    assert_eq!(read_back(&mut broker), ["late"]);
}

#[test]
fn acks_0_is_never_answered_and_a_refusal_ends_the_connection() {
    let mut broker = with_topic(options());
    broker.send(1, &produce(5, 0, "unheard"));
    assert_eq!((produced(&mut broker, 1), broker.is_closed(1)), (None, false));
    assert_eq!(read_back(&mut broker), ["unheard"]);
    broker.send(1, &frames::produce(6, 0, "nowhere", 0, &batch("lost")));
    assert!(broker.is_closed(1));
    let last = events(&broker).into_iter().rfind(|event| matches!(event, Event::ConnectionClosed { .. }));
    assert!(matches!(last, Some(Event::ConnectionClosed { why: CloseReason::Acks0Failed, .. })));
}

#[test]
fn what_cannot_be_kept_is_refused_with_kafkas_errors() {
    let mut broker = with_topic(options());
    let mut torn = batch("torn").to_vec();
    *torn.last_mut().unwrap() ^= 1;
    let two = [batch("one"), batch("two")].concat();
    let cases = [
        (frames::produce(5, -1, "t", 0, &torn), CORRUPT_MESSAGE),
        (frames::produce(5, -1, "t", 9, &batch("x")), UNKNOWN_TOPIC_OR_PARTITION),
        (frames::produce(5, -1, "nowhere", 0, &batch("x")), UNKNOWN_TOPIC_OR_PARTITION),
        (frames::produce(5, 2, "t", 0, &batch("x")), INVALID_REQUIRED_ACKS),
        (frames::produce(5, -1, "t", 0, &two), 87),
        (frames::produce(5, -1, "t", 0, b""), 87),
    ];
    for (request, error) in cases {
        assert_eq!(frames::produced(broker.ask(1, &request)), Produced { error, base_offset: -1 });
    }
    assert_eq!(read_back(&mut broker), Vec::<String>::new());
}

#[test]
fn acks_all_wants_as_many_replicas_as_the_topic_says() {
    let mut broker = start(options());
    broker.open(1);
    broker.ask(1, &frames::create_topic(1, "t", 1, &[("min.insync.replicas", "2")]));
    let mut answer = |acks| frames::produced(broker.ask(1, &produce(5, acks, "x"))).error;
    assert_eq!((answer(-1), answer(1)), (NOT_ENOUGH_REPLICAS, OK));
}

#[test]
fn a_deleted_topic_lets_go_of_who_waits_for_it() {
    let mut broker = with_topic(options());
    broker.open(2);
    broker.hold();
    broker.send(1, &produce(5, -1, "gone"));
    broker.send(2, &frames::delete_topic(6, "t"));
    assert_eq!(produced(&mut broker, 1).map(|answer| answer.error), Some(UNKNOWN_TOPIC_OR_PARTITION));
    broker.release();
    assert_eq!(broker.receive(2).map(frames::created), Some(OK));
    assert_eq!(parked(&broker), (0, 0, 0));
}
