//! Small histories: each anomaly in one of its own, and what looks like one and is none.

use super::*;
use crate::world::swarm::Row;

const KEY: Key = Key { topic: 0, partition: 0 };

/// Operations of one visitor, each begun after the one before has ended.
fn history(operations: impl IntoIterator<Item = Operation>) -> History {
    let mut history = History::default();
    for (operation, at) in operations.into_iter().zip(1..) {
        let (begun, ended) = (Instant(at * 10), Instant(at * 10 + 5));
        history.push(Recorded { visitor: 1, begun, ended, operation });
    }
    history
}

fn send(values: &[u64], outcome: Outcome) -> Operation {
    Operation::Send { key: KEY, values: values.to_vec(), outcome, is_once: true }
}

fn kept(values: &[u64], base: Offset) -> Operation {
    send(values, Outcome::Acknowledged(base))
}

fn poll(records: &[(Offset, u64)]) -> Operation {
    Operation::Poll { key: KEY, records: records.to_vec() }
}

fn read(start: Offset, records: &[(Offset, u64)]) -> Operation {
    Operation::Read { key: KEY, start, records: records.to_vec() }
}

fn codes(history: &History) -> Vec<&'static str> {
    let mut codes: Vec<_> = history.check(Row::Commit).into_iter().map(|anomaly| anomaly.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn found(operations: impl IntoIterator<Item = Operation>) -> Vec<&'static str> {
    codes(&history(operations))
}

#[test]
fn what_must_be_is_no_anomaly() {
    let sound = [
        kept(&[1, 2], 0),
        poll(&[(0, 1)]),
        send(&[3], Outcome::Unknown),
        send(&[4], Outcome::Refused),
        kept(&[5], 3),
        poll(&[(1, 2), (2, 3)]),
        poll(&[]),
        poll(&[(3, 5)]),
        read(0, &[(0, 1), (1, 2), (2, 3), (3, 5)]),
    ];
    assert_eq!(found(sound), Vec::<&str>::new());
    assert_eq!(found([]), Vec::<&str>::new());
}

#[test]
fn an_offset_has_one_value() {
    assert_eq!(found([send(&[1], Outcome::Unknown), poll(&[(0, 1)]), read(0, &[(0, 2)])]), ["inconsistent-offsets"]);
    assert_eq!(found([kept(&[1], 0), kept(&[2], 0)]), ["inconsistent-offsets", "nonmonotonic-send"]);
}

#[test]
fn a_value_has_one_offset() {
    let twice = [(0, 1), (1, 1)];
    assert_eq!(found([kept(&[1], 0), read(0, &twice)]), ["duplicate"]);
    let retried = Operation::Send { key: KEY, values: vec![1], outcome: Outcome::Acknowledged(0), is_once: false };
    assert_eq!(found([retried, read(0, &twice)]), Vec::<&str>::new(), "nobody promised that");
}

#[test]
fn what_was_acknowledged_is_there() {
    assert_eq!(found([kept(&[1], 0), kept(&[2], 1), read(0, &[(1, 2)])]), ["lost-write"]);
    assert_eq!(found([kept(&[1], 0), kept(&[2], 1), read(0, &[(0, 1)])]), ["unseen"]);
    assert_eq!(found([kept(&[1], 0), poll(&[(0, 1)]), read(0, &[])]), ["unseen"], "it was there once");
    assert_eq!(found([kept(&[1], 0), kept(&[2], 1), read(1, &[(1, 2)])]), Vec::<&str>::new(), "it was deleted");
    assert_eq!(found([send(&[1], Outcome::Unknown), read(0, &[])]), Vec::<&str>::new());
    assert_eq!(found([kept(&[1], 0)]), Vec::<&str>::new(), "nobody has looked");
}

#[test]
fn what_was_acknowledged_is_where_it_was_said_to_be() {
    assert_eq!(found([kept(&[1], 0), read(0, &[(1, 1)])]), ["offset-rewrite"]);
}

#[test]
fn what_was_refused_is_not_there() {
    assert_eq!(found([send(&[1], Outcome::Refused), read(0, &[(0, 1)])]), ["G1a"]);
}

#[test]
fn nothing_is_read_before_it_is_sent() {
    assert_eq!(found([poll(&[(0, 1)]), kept(&[1], 0)]), ["precommitted-read"]);
}

#[test]
fn a_poll_leaves_nothing_out_and_brings_nothing_again() {
    let three = [(0, 1), (1, 2), (2, 3)];
    assert_eq!(found([poll(&[(0, 1), (2, 3)]), read(0, &three)]), ["int-poll-skip"]);
    assert_eq!(found([poll(&[(1, 2), (0, 1)]), read(0, &three)]), ["int-nonmonotonic-poll"]);
    assert_eq!(found([poll(&[(0, 1), (0, 1)]), read(0, &three)]), ["int-nonmonotonic-poll"]);
    // A gap in which nothing ever stood is none.
    assert_eq!(found([poll(&[(0, 1), (2, 3)]), read(0, &[(0, 1), (2, 3)])]), Vec::<&str>::new());
}

#[test]
fn a_reader_goes_on_where_it_left_off() {
    let three = [(0, 1), (1, 2), (2, 3)];
    assert_eq!(found([poll(&[(0, 1)]), poll(&[(2, 3)]), read(0, &three)]), ["poll-skip"]);
    assert_eq!(found([poll(&[(0, 1), (1, 2)]), poll(&[(1, 2)]), read(0, &three)]), ["nonmonotonic-poll"]);
    let reset = Operation::Reset { key: KEY };
    assert_eq!(found([poll(&[(0, 1)]), reset.clone(), poll(&[(2, 3)]), read(0, &three)]), Vec::<&str>::new());
    assert_eq!(found([poll(&[(1, 2)]), reset, poll(&[(0, 1)]), read(0, &three)]), Vec::<&str>::new());
}

#[test]
fn sends_keep_their_order() {
    assert_eq!(found([kept(&[2], 1), kept(&[1], 0)]), ["nonmonotonic-send"]);
    let mut concurrent = History::default();
    for (value, base, begun, ended) in [(2, 1, 10, 20), (1, 0, 15, 25)] {
        let (begun, ended, operation) = (Instant(begun), Instant(ended), kept(&[value], base));
        concurrent.push(Recorded { visitor: 1, begun, ended, operation });
    }
    assert_eq!(codes(&concurrent), Vec::<&str>::new(), "neither was first");
}

#[test]
fn what_a_row_lets_power_take_is_no_anomaly() {
    let mut lost = history([kept(&[1], 0), kept(&[2], 1), read(0, &[(0, 3)])]);
    assert_eq!(codes(&lost), ["inconsistent-offsets", "unseen"]);
    lost.may_have_lost = true;
    assert_eq!(codes(&lost), ["inconsistent-offsets", "unseen"], "this row lets it take nothing");
    assert_eq!(lost.check(Row::CommitRelaxed), []);
    assert_eq!(lost.check(Row::Append), []);
    // Within one answer order is kept all the same.
    let mut shuffled = history([poll(&[(1, 2), (0, 1)])]);
    shuffled.may_have_lost = true;
    assert_eq!(shuffled.check(Row::Append).len(), 1);
}

#[test]
fn of_a_damaged_log_nothing_is_promised() {
    let mut damaged = history([kept(&[1], 0), read(0, &[])]);
    damaged.forget(KEY);
    assert_eq!(codes(&damaged), Vec::<&str>::new());
}
