//! What must hold among the members after every step (`core/invariants.md`).

use crate::{
    ids::{LeaderEpoch, Offset},
    quorum::{ElectionState, ReplicaKey},
    sorted::SortedMap,
};

/// One record: the epoch it was appended in, and which it is.
pub type Entry = (LeaderEpoch, u64);

#[derive(Clone, Debug, Default)]
pub struct Checks {
    leaders: SortedMap<LeaderEpoch, usize>,
    /// Of every record ever appended: all records up to it, summed up.
    prefixes: SortedMap<(LeaderEpoch, Offset), u64>,
    votes: SortedMap<(usize, LeaderEpoch), ReplicaKey>,
    /// As they were first committed.
    pub committed: Vec<Entry>,
    pub highest_epoch: LeaderEpoch,
}

fn sum_of(log: &[Entry]) -> u64 {
    log.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, (epoch, id)| {
        (sum ^ (*epoch as u64) << 32 ^ *id).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Checks {
    /// Q1, Q3.
    pub fn on_leader(&mut self, member: usize, epoch: LeaderEpoch, log: &[Entry]) {
        let first = *self.leaders.entry(epoch).or_insert(member);
        assert_eq!(first, member, "Q1: two lead in epoch {epoch}");
        assert!(log.starts_with(&self.committed), "Q3: {member} leads epoch {epoch} without everything committed");
        self.highest_epoch = self.highest_epoch.max(epoch);
    }

    /// Q2: of a log that has just grown.
    pub fn on_appended(&mut self, member: usize, log: &[Entry]) {
        let Some((epoch, _)) = log.last() else { return };
        let sum = sum_of(log);
        let first = *self.prefixes.entry((*epoch, log.len() as Offset)).or_insert(sum);
        assert_eq!(first, sum, "Q2: {member} has another log up to {} in epoch {epoch}", log.len());
    }

    /// Q4, Q7. `synced`: what each voter would have if power were lost now.
    pub fn on_high_watermark(&mut self, member: usize, end: Offset, log: &[Entry], synced: &[&[Entry]]) {
        let end = end as usize;
        assert!(end <= log.len(), "Q7: {member} calls {end} committed and has {}", log.len());
        let known = end.min(self.committed.len());
        assert_eq!(log[..known], self.committed[..known], "Q3: {member} commits something else");
        if end > self.committed.len() {
            self.committed.extend_from_slice(&log[self.committed.len()..end]);
            let holders = synced.iter().filter(|synced| synced.starts_with(&self.committed)).count();
            assert!(holders > synced.len() / 2, "Q4: {end} is committed on {holders} of {}", synced.len());
        }
    }

    /// Q7: of a leader.
    pub fn on_leaders_high_watermark(&self, end: Offset, log: &[Entry], epoch: LeaderEpoch) {
        let has_own = log[..end as usize].iter().any(|(of, _)| *of == epoch);
        assert!(has_own, "Q7: {end} is told before a record of epoch {epoch} is committed");
    }

    /// Q5: of a vote that is told.
    pub fn on_vote(&self, member: usize, epoch: LeaderEpoch, durable: ElectionState) {
        let is_kept = durable.epoch == epoch && durable.voted.is_some();
        assert!(is_kept, "Q5: {member} tells a vote in epoch {epoch} and keeps {durable:?}");
    }

    /// Q1: of a vote that is written down, for itself or for another.
    pub fn on_kept(&mut self, member: usize, state: ElectionState) {
        let Some(voted) = state.voted else { return };
        let first = *self.votes.entry((member, state.epoch)).or_insert(voted);
        assert_eq!(first, voted, "Q1: {member} votes twice in epoch {}", state.epoch);
    }
}
