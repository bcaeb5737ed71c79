use super::*;
use crate::trace::event::WaitReason;

const CONNECTION: ConnectionId = ConnectionId(7);

/// A Fetch of version 18 that waits for `wait` milliseconds.
fn fetch(correlation: i32, wait: i32) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend([0, 1, 0, 18]);
    body.extend(correlation.to_be_bytes());
    body.extend([0, 2, b'm', b'e', 0]);
    body.extend(wait.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    [&(body.len() as u32).to_be_bytes()[..], &body].concat()
}

fn answer(correlation: i32) -> Bytes {
    [&4_u32.to_be_bytes()[..], &correlation.to_be_bytes()].concat().into()
}

/// Both requests are with the broker, as 1 and 2.
fn asked() -> Exchanges {
    let mut exchanges = Exchanges::default();
    for byte in [fetch(41, 500), fetch(42, 500)].concat() {
        exchanges.on_bytes(0, CONNECTION, &[byte], Instant(10));
    }
    for (request, correlation) in [(1, 41), (2, 42)] {
        let received = Event::RequestReceived {
            request: RequestId(request),
            connection: CONNECTION,
            processor: 0,
            api_key: 1,
            api_version: 18,
            correlation,
            bytes: 0,
        };
        exchanges.on_event(0, Instant(20), &received, |_| 0).unwrap();
    }
    exchanges
}

fn code(result: Checked) -> &'static str {
    result.unwrap_err().0
}

#[test]
fn answers_come_once_and_in_order() {
    let mut exchanges = asked();
    exchanges.on_frame(CONNECTION, answer(41));
    exchanges.on_frame(CONNECTION, answer(42));
    exchanges.settle(Instant(30), &[]).unwrap();
    exchanges.on_frame(CONNECTION, answer(42));
    assert_eq!(code(exchanges.settle(Instant(30), &[])), "P1", "twice");
    let mut exchanges = asked();
    exchanges.on_frame(CONNECTION, answer(42));
    assert_eq!(code(exchanges.settle(Instant(30), &[])), "P1", "before the first");
}

#[test]
fn who_waits_leaves_neither_early_nor_late() {
    let parked = Event::RequestParked { request: RequestId(1), why: WaitReason::MoreBytes };
    let expired = Event::RequestReleased { request: RequestId(1), expired: true };
    let at = |exchanges: &mut Exchanges, at, event| exchanges.on_event(0, Instant(at), event, |_| 0);
    let mut exchanges = asked();
    at(&mut exchanges, 1_000, &parked).unwrap();
    assert_eq!(code(at(&mut exchanges, 500_999, &expired)), "P2");
    let mut exchanges = asked();
    at(&mut exchanges, 1_000, &parked).unwrap();
    at(&mut exchanges, 501_000, &expired).unwrap();
    assert!(exchanges.parked.is_empty());
}

#[test]
fn what_no_frame_can_be_is_not_read_on() {
    let mut exchanges = Exchanges::default();
    exchanges.on_bytes(0, CONNECTION, &[0xff; 100], Instant(0));
    assert!(exchanges.connections[&CONNECTION].waiting.is_empty());
    exchanges.on_frame(CONNECTION, answer(1));
    assert_eq!(code(exchanges.settle(Instant(1), &[])), "P1");
}
