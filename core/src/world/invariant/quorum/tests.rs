//! A member that is not what it was must be seen (Q1, Q4, Q5, Q12, L1).

use super::*;
use crate::quorum::{ElectionState, ReplicaKey};

fn seen(epoch: LeaderEpoch) -> Seen {
    Seen {
        life: 1,
        is_member: true,
        is_leader: false,
        role: "follower",
        epoch,
        epoch_start: 0,
        high_watermark: 10,
        start: 0,
        end: 20,
        synced_end: 20,
        image_end: 10,
        durable: ElectionState { epoch, ..ElectionState::default() },
    }
}

fn code(checked: Checked) -> Option<&'static str> {
    checked.err().map(|(code, _)| code)
}

#[test]
fn a_member_goes_on_from_what_it_was() {
    let voted = |id| Some(ReplicaKey { id: BrokerId(id), directory: crate::ids::DirectoryId::ZERO });
    let before = Seen { durable: ElectionState { epoch: 5, leader: None, voted: voted(1) }, ..seen(5) };
    let durable = |epoch, id| ElectionState { epoch, leader: None, voted: voted(id) };
    let cases = [
        (before, None),
        (Seen { epoch: 6, ..before }, None),
        (Seen { epoch: 4, ..before }, Some("Q5")),
        // What was not durable may be gone with the process.
        (Seen { life: 2, durable: durable(4, 1), epoch: 4, ..before }, Some("Q5")),
        (Seen { life: 2, epoch: 4, ..before }, Some("Q5")),
        (Seen { durable: durable(5, 2), ..before }, Some("Q1")),
        (Seen { durable: durable(6, 2), epoch: 6, ..before }, None),
        (Seen { life: 2, end: 19, ..before }, Some("Q4")),
        (Seen { life: 2, end: 20, ..before }, None),
    ];
    for (found, expected) in cases {
        assert_eq!(code(found.check_after(&before)), expected, "{found:?}");
    }
}

#[test]
fn only_who_stands_or_resigns_begins_an_epoch() {
    let mut ghost = QuorumGhost::default();
    let now = Instant(0);
    let mut enter = |now, role, epoch| code(ghost.check_epoch(now, BrokerId(1), None, Seen { role, ..seen(epoch) }));
    assert_eq!(enter(now, "candidate", 3), None);
    assert_eq!(enter(now, "prospective", 3), None);
    assert_eq!(enter(now, "prospective", 4), Some("Q12"));
    ghost.on_healed(now);
    let late = now + RESTARTS + Duration::from_secs(1);
    let mut enter = |now, role, epoch| code(ghost.check_epoch(now, BrokerId(1), None, Seen { role, ..seen(epoch) }));
    assert_eq!(enter(now, "candidate", 5), None);
    assert_eq!(enter(late, "follower", 5), None);
    assert_eq!(enter(late, "candidate", 6), Some("L1"));
}
