//! One broker that forwards, and what becomes of it.

use super::*;
use crate::{broker::tests::TestBroker, effect::Listener, wire::Api};

const CONTROLLER: BrokerId = BrokerId(3);

fn ask(request: u64) -> Ask {
    Ask {
        request: RequestId(request),
        connection: ConnectionId(request),
        listener: Listener::Client,
        api: Api::CreateTopics,
        version: 7,
        correlation: 5,
    }
}

fn letter() -> Letter {
    Letter { frame: Bytes::from_static(b"a request"), host: [127, 0, 0, 1].into() }
}

fn parked() -> TestBroker {
    let mut broker = TestBroker::new();
    broker.turn_with_waits(|_, waits, turn| waits.forward.park(turn, ask(1), letter()));
    broker
}

fn taken(broker: &mut TestBroker) -> Vec<RequestId> {
    broker.turn_with_waits(|_, waits, turn| {
        let taken = waits.forward.take(turn.now.monotonic);
        taken.iter().for_each(|sending| assert_eq!((sending.to, &sending.letter), (CONTROLLER, &letter())));
        taken.into_iter().map(|sending| sending.request).collect()
    })
}

fn known(broker: &mut TestBroker) {
    broker.waits.forward.on_controller(Some(CONTROLLER));
}

fn told(broker: &mut TestBroker, told: Result<Bytes, Lost>) -> Released {
    broker.turn_with_waits(|_, waits, turn| waits.forward.on_told(turn, RequestId(1), told))
}

fn pass(broker: &mut TestBroker, time: Duration) {
    broker.now.monotonic = broker.now.monotonic + time;
}

#[test]
fn a_request_waits_for_a_controller_and_its_answer() {
    let mut broker = parked();
    let deadline = broker.now.monotonic + PATIENCE;
    assert_eq!(taken(&mut broker), []);
    assert_eq!(broker.waits.forward.next_deadline(), Some(deadline));
    known(&mut broker);
    assert_eq!(taken(&mut broker), [RequestId(1)]);
    assert_eq!(taken(&mut broker), []);
    let released = told(&mut broker, Ok(Bytes::from_static(b"\0\0\0\x05answer")));
    let [(to, Handled::Reply(frame))] = &released[..] else { panic!("{released:?}") };
    assert_eq!((*to, frame.to_bytes()), (ask(1), Bytes::from_static(b"\0\0\0\x0a\0\0\0\x05answer")));
    assert_eq!(broker.waits.forward.requests().count(), 0);
}

#[test]
fn who_is_the_controller_no_more_or_says_nothing_is_asked_again() {
    let mut broker = parked();
    known(&mut broker);
    for lost in [Lost::Refused(ErrorCode::NotController), Lost::Disconnected, Lost::Unreachable, Lost::TimedOut] {
        assert_eq!(taken(&mut broker), [RequestId(1)]);
        assert!(told(&mut broker, Err(lost)).is_empty());
        assert_eq!(taken(&mut broker), []);
        assert_eq!(broker.waits.forward.next_deadline(), Some(broker.now.monotonic + REST));
        pass(&mut broker, REST);
    }
}

#[test]
fn what_is_no_answer_ends_the_connection() {
    let answers = [
        Ok(Bytes::from_static(b"\0\0\0\x06another")),
        Ok(Bytes::from_static(b"\0")),
        Err(Lost::Unreadable),
        Err(Lost::Refused(ErrorCode::UnsupportedVersion)),
    ];
    for answer in answers {
        let mut broker = parked();
        known(&mut broker);
        taken(&mut broker);
        let released = told(&mut broker, answer);
        assert!(matches!(released[..], [(_, Handled::Close(CloseReason::NoController))]), "{released:?}");
    }
}

#[test]
fn nobody_waits_for_ever_or_for_nobody() {
    let mut broker = parked();
    pass(&mut broker, PATIENCE);
    let late = broker.turn_with_waits(|_, waits, turn| waits.forward.expire(turn));
    assert!(matches!(late[..], [(_, Handled::Close(CloseReason::NoController))]));
    let mut broker = parked();
    broker.waits.on_closed(ConnectionId(1));
    known(&mut broker);
    assert_eq!(taken(&mut broker), []);
    assert!(told(&mut broker, Ok(Bytes::from_static(b"\0\0\0\x05answer"))).is_empty());
}
