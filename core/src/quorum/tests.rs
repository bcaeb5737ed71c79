mod check;
mod net;

use std::time::Duration;

use self::net::{Faults, Net};
use super::*;
use crate::ids::DirectoryId;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_voter_leads_itself_once_its_vote_is_durable() {
    let key = ReplicaKey { id: BrokerId(1), directory: DirectoryId::default() };
    let (mut rng, mut acts) = (Rng::new(1), Vec::new());
    let voters = Voters::new([key]);
    let mut scene = Scene { now: Instant(0), rng: &mut rng, acts: &mut acts };
    let found = (ElectionState::default(), LogFacts::default());
    let mut quorum = Quorum::open(QuorumOptions::default(), key, voters, found, &mut scene);
    scene.now = quorum.next_deadline(scene.now).unwrap();
    quorum.on_tick(&mut scene);
    assert_eq!(quorum.role().name(), "candidate");
    let state = ElectionState { epoch: 1, leader: None, voted: Some(key) };
    assert_eq!(scene.acts.pop(), Some(Act::Persist { state, version: 1 }));
    quorum.on_persisted(&mut scene, 1);
    assert_eq!(quorum.role().name(), "leader");
    quorum.on_persisted(&mut scene, 2);
    assert!(scene.acts.contains(&Act::OpenEpoch { epoch: 1, voters: vec![key.id], granting: vec![key.id] }));
    quorum.on_appended(&mut scene, 1, 1);
    assert_eq!(quorum.high_watermark(), 0);
    quorum.on_synced(&mut scene, 1);
    assert_eq!(quorum.high_watermark(), 1);
}

/// Q1, Q2, what Q01 broke: it neither goes on in the epoch it led, whose unsynced tail may be gone, nor votes in it.
#[test]
fn who_led_before_a_crash_has_resigned() {
    let key = |id| ReplicaKey { id: BrokerId(id), directory: DirectoryId::default() };
    let (mut rng, mut acts) = (Rng::new(1), Vec::new());
    let mut scene = Scene { now: Instant(0), rng: &mut rng, acts: &mut acts };
    let state = ElectionState { epoch: 3, leader: Some(BrokerId(1)), voted: Some(key(1)) };
    let voters = Voters::new([key(1), key(2), key(3)]);
    let mut quorum = Quorum::open(QuorumOptions::default(), key(1), voters, (state, LogFacts::default()), &mut scene);
    assert_eq!(quorum.role().name(), "resigned");
    let last = LogPosition { epoch: 3, offset: 100 };
    let question = Question::Vote { epoch: 3, candidate: key(2), voter: key(1), last, is_pre_vote: false };
    quorum.on_question(&mut scene, RequestId(1), question);
    let answers = scene.acts.iter().filter_map(|act| match act {
        Act::Answer { answer, .. } => Some(answer.said.clone()),
        _ => None,
    });
    assert_eq!(answers.collect::<Vec<_>>(), [Ok(Said::Vote { is_granted: false })]);
    scene.now = quorum.next_deadline(scene.now).unwrap();
    quorum.on_tick(&mut scene);
    assert_eq!((quorum.role().name(), quorum.standing().epoch), ("unattached", 4));
}

/// L1, and every log the same.
#[test]
fn members_agree_when_nothing_goes_wrong() {
    for (voters, observers) in [(1, 0), (3, 0), (3, 2), (5, 1)] {
        let mut net = Net::new(7, voters, observers, Faults::none());
        net.run_for(20 * SECOND);
        net.expect_converged(&format!("{voters} voters, {observers} observers"));
        assert!(net.committed() > 300, "{} records in 20 s", net.committed());
        assert_eq!(net.highest_epoch(), 1, "nobody stands against a leader that is there");
    }
}

/// Q12, L12 (what Q08 broke): who hears nobody asks for pre-votes and raises no epoch, so that nobody is disturbed when it is back.
#[test]
fn a_member_that_hears_nobody_raises_no_epoch() {
    let mut net = Net::new(3, 3, 0, Faults::none());
    net.run_for(5 * SECOND);
    let (epoch, leader) = net.leader().unwrap();
    let other = (0..3).find(|member| *member != leader).unwrap();
    // It sends and hears nothing back.
    net.cut_towards(other);
    net.run_for(30 * SECOND);
    assert_eq!(net.highest_epoch(), epoch);
    net.heal();
    net.run_for(5 * SECOND);
    assert_eq!(net.leader(), Some((epoch, leader)));
    net.expect_converged("after it was heard again");
}

/// Q04 (KAFKA-15489): a leader that nobody fetches from resigns, and the others go on.
#[test]
fn a_leader_that_hears_nobody_resigns() {
    let mut net = Net::new(4, 3, 0, Faults::none());
    net.run_for(5 * SECOND);
    let (epoch, leader) = net.leader().unwrap();
    net.cut_towards(leader);
    net.run_for(10 * SECOND);
    assert_ne!(net.role_of(leader), "leader");
    let (next, _) = net.leader().expect("the others elect one");
    assert!(next > epoch);
}

/// A leader that stops tells the others, who do not wait for a time-out.
#[test]
fn a_leader_that_stops_hands_over() {
    let mut net = Net::new(5, 3, 0, Faults::none());
    net.run_for(5 * SECOND);
    let (epoch, leader) = net.leader().unwrap();
    net.resign(leader);
    net.run_for(Duration::from_millis(500));
    let (next, other) = net.leader().expect("another leads soon");
    assert!(next > epoch && other != leader);
}

/// Q1, Q2, Q3, Q4, Q5, Q6 and Q7 hold after every step, whatever is lost, late, twice, cut, killed or without power; then L1
/// and L4. What Q02, Q03 and Q09 broke is found here.
#[test]
fn nothing_is_broken_by_faults() {
    let mut elections = 0;
    for seed in 0..80 {
        let mut net = Net::new(seed, [3, 3, 5][seed as usize % 3], seed as usize % 2, Faults::draw(seed));
        net.run_for(20 * SECOND);
        net.heal();
        net.run_for(20 * SECOND);
        net.expect_converged(&format!("seed {seed}"));
        elections += net.highest_epoch();
    }
    assert!(elections > 160, "{elections} epochs: the faults are too gentle to show anything");
}
