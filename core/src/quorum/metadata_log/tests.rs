mod net;
mod storage;

use std::time::Duration;

use self::net::{Net, Trouble, key, voter};
use crate::{
    error::ErrorCode,
    quorum::{Role, VoterChange},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn members_over_disks_commit_what_they_append() {
    for voters in [1, 3] {
        let mut net = Net::new(1, voters, Trouble::default());
        net.run_for(10 * SECOND);
        net.expect_converged("nothing goes wrong");
        assert!(net.committed() > 100, "{} records", net.committed());
        assert_eq!(net.highest_epoch(), 1);
    }
}

/// A start goes on from what is durable: the same records, a higher epoch.
#[test]
fn a_member_that_starts_again_has_what_was_committed() {
    let mut net = Net::new(2, 1, Trouble::default());
    net.run_for(5 * SECOND);
    let before = net.committed();
    net.lose_power(0);
    net.run_for(10 * SECOND);
    net.expect_converged("after a loss of power");
    assert!(net.committed() > before && net.highest_epoch() > 1);
}

/// Q8: who was away gets the snapshot that stands for what the leader keeps no more, then the records behind it.
#[test]
fn who_is_below_the_leaders_log_start_gets_its_snapshot() {
    let mut net = Net::new(3, 3, Trouble::default());
    net.run_for(4 * SECOND);
    let leader = net.leader().expect("one leads");
    let away = (leader + 1) % 3;
    net.cut_off(away);
    net.run_for(4 * SECOND);
    assert!(net.take_snapshot(leader));
    net.run_for(2 * SECOND);
    let start = net.log_start(leader);
    assert!(start > net.told_end(away), "the log begins at {start}");
    net.heal();
    net.run_for(4 * SECOND);
    net.expect_converged("after the snapshot");
    assert!(net.log_start(away) >= start && net.snapshots_loaded() >= 1);
    // It goes on from there after a loss of power too.
    net.lose_power(away);
    net.run_for(8 * SECOND);
    net.expect_converged("after a loss of power behind the snapshot");
}

/// A leader that was cut off keeps what nobody else has; when it is back it cuts that off, though it was restarted and has
/// nothing of its log in memory.
#[test]
fn a_tail_that_nobody_else_has_is_cut_off() {
    for restarts in [false, true] {
        let mut net = Net::new(4, 3, Trouble::default());
        net.run_for(4 * SECOND);
        let leader = net.leader().expect("one leads");
        net.cut_off(leader);
        net.run_for(10 * SECOND);
        let tail = net.log_end(leader) - net.told_end(leader);
        assert!(tail > 5, "{tail} records that are not committed");
        if restarts {
            net.lose_power(leader);
        }
        net.heal();
        net.run_for(10 * SECOND);
        net.expect_converged("the tail is gone");
        assert!(net.cuts() > 0);
    }
}

/// S3, Q2: after a commit that failed a leader leads no more in that epoch, and is a member again when the dir is.
#[test]
fn a_leader_whose_commit_fails_leads_no_more_in_its_epoch() {
    let mut net = Net::new(5, 3, Trouble::default());
    net.run_for(4 * SECOND);
    let leader = net.leader().expect("one leads");
    net.fail_next_commit(leader);
    net.run_for(SECOND / 2);
    assert!(net.quorum(leader).is_none_or(|quorum| !matches!(quorum.role(), Role::Leader(_))));
    net.run_for(20 * SECOND);
    net.expect_converged("the dir is back");
    assert!(net.quorum(leader).is_some() && net.highest_epoch() > 1);
}

/// Q1 to Q10 as far as members show them, over disks that lose power and fail, links that are cut, snapshots all the time.
#[test]
fn nothing_committed_is_lost_or_changed_by_trouble() {
    let (mut elections, mut snapshots, mut cuts) = (0, 0, 0);
    for seed in 0..40 {
        let mut net = Net::new(seed, [3, 3, 1, 5][seed as usize % 4], Trouble::draw(seed));
        net.run_for(20 * SECOND);
        net.heal();
        net.run_for(25 * SECOND);
        net.expect_converged(&format!("seed {seed}"));
        elections += net.highest_epoch();
        (snapshots, cuts) = (snapshots + net.snapshots_loaded(), cuts + net.cuts());
    }
    assert!(elections > 80 && snapshots > 5 && cuts > 5, "{elections} epochs, {snapshots} snapshots, {cuts} cuts");
}

/// KIP-853, Q11: an observer that has caught up becomes a voter, a voter goes, a leader that removes itself hands over; all
/// of it is in the log and in snapshots, so that whoever starts again knows it.
#[test]
fn voters_come_and_go_one_at_a_time() {
    let mut net = Net::with_observers(6, (3, 1), true, Trouble::default());
    net.run_for(5 * SECOND);
    let ids = |net: &Net| net.described().voters.iter().map(|voter| voter.key.id.0).collect::<Vec<_>>();
    assert_eq!((ids(&net), net.described().observers.len()), (vec![1, 2, 3], 1));
    net.change_voters(VoterChange::Add(voter(3)));
    net.change_voters(VoterChange::Remove(key(0)));
    assert_eq!(net.changed, [Err(ErrorCode::RequestTimedOut)], "Q11: the one before is not committed");
    net.run_for(SECOND);
    assert_eq!((net.changed.pop(), ids(&net)), (Some(Ok(())), vec![1, 2, 3, 4]));
    net.change_voters(VoterChange::Add(voter(3)));
    assert_eq!(net.changed.pop(), Some(Err(ErrorCode::DuplicateVoter)));
    net.change_voters(VoterChange::Remove(key(7)));
    assert_eq!(net.changed.pop(), Some(Err(ErrorCode::VoterNotFound)));
    net.change_voters(VoterChange::Update(voter(3)));
    net.run_for(SECOND);
    assert_eq!(net.changed.pop(), Some(Ok(())));
    let leader = net.leader().expect("one leads");
    net.change_voters(VoterChange::Remove(key(leader)));
    net.run_for(5 * SECOND);
    assert_eq!(net.changed.pop(), Some(Ok(())));
    assert_ne!(net.leader(), Some(leader));
    assert!(!ids(&net).contains(&(leader as i32 + 1)) && ids(&net).len() == 3);
    // Whoever leads next took it from the log; whoever was away takes it from a snapshot.
    let leader = net.leader().expect("one leads");
    assert!(net.take_snapshot(leader));
    net.run_for(SECOND);
    let before = ids(&net);
    (0..4).for_each(|member| net.lose_power(member));
    net.run_for(20 * SECOND);
    assert_eq!(ids(&net), before);
    net.expect_converged("after all lost power");
}

/// What DescribeQuorum tells: who is how far, and since when.
#[test]
fn a_leader_tells_how_far_everybody_is() {
    let mut net = Net::with_observers(7, (3, 1), false, Trouble::default());
    net.run_for(5 * SECOND);
    let away = (net.leader().expect("one leads") + 1) % 3;
    net.cut_off(away);
    let before = net.described();
    net.run_for(2 * SECOND);
    let after = net.described();
    let of =
        |told: &crate::quorum::Described| told.voters.iter().find(|voter| voter.key == key(away)).copied().unwrap();
    assert_eq!(of(&before).log_end, of(&after).log_end);
    assert!(of(&after).fetched_at <= of(&before).fetched_at.map(|at| at + SECOND));
    assert!(after.high_watermark > before.high_watermark && after.observers[0].key == key(3));
    let ends: Vec<_> = after.voters.iter().filter(|voter| voter.key != key(away)).collect();
    assert!(ends.iter().all(|voter| voter.caught_up_at > of(&after).caught_up_at), "{ends:?}");
    net.change_voters(VoterChange::Add(voter(3)));
    assert_eq!(net.changed.pop(), Some(Err(ErrorCode::UnsupportedVersion)), "the log does not name its voters");
}
