//! Asking for votes, and giving them.

use std::time::Duration;

use super::{
    LogPosition, Question, Quorum, ReplicaKey, Said, Scene,
    role::{Ballot, Role},
};
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch},
    time::Instant,
};

impl Quorum {
    pub(super) fn ask_for_votes(&mut self, scene: &mut Scene<'_>) {
        let is_pre_vote = matches!(self.role, Role::Prospective(_));
        let Some(ballot) = ballot_of(&mut self.role) else { return };
        let is_open = |id: &BrokerId| !ballot.granted.contains(id) && !ballot.refused.contains(id);
        let open: Vec<BrokerId> = self.voters.ids().filter(|id| *id != self.me.id && is_open(id)).collect();
        for id in open {
            let Some(voter) = self.voters.key_of(id).filter(|_| self.links.is_free(id, scene.now)) else { continue };
            let (epoch, last) = (self.state.epoch, self.log.last());
            self.ask(scene, id, Question::Vote { epoch, candidate: self.me, voter, last, is_pre_vote });
        }
    }

    /// Its own vote is counted when the state it was given in is durable (Q5). A pre-vote changes no state.
    pub(super) fn count_own_vote(&mut self, scene: &mut Scene<'_>) {
        let (durable, me) = (self.durable_version, self.me.id);
        let Some(ballot) = ballot_of(&mut self.role) else { return };
        if ballot.version <= durable && ballot.granted.insert(me) {
            self.count(scene);
        }
    }

    pub(super) fn on_vote_answer(&mut self, scene: &mut Scene<'_>, from: BrokerId, is_granted: bool) {
        let Some(ballot) = ballot_of(&mut self.role) else { return };
        match is_granted {
            true => _ = ballot.granted.insert(from),
            false => _ = ballot.refused.insert(from),
        }
        self.count(scene);
    }

    fn count(&mut self, scene: &mut Scene<'_>) {
        let (majority, blocking) = (self.voters.majority(), self.voters.minority_that_blocks());
        let backoff_max = self.options.election_backoff_max;
        let Some(ballot) = ballot_of(&mut self.role) else { return };
        let (is_won, is_lost, lost) = (ballot.granted.len() >= majority, ballot.refused.len() >= blocking, ballot.lost);
        let granting = ballot.granted.iter().copied().collect();
        match self.role {
            Role::Prospective(_) if is_won => {
                let epoch = self.state.epoch + 1;
                self.enter_candidate(scene, epoch, lost);
            }
            Role::Prospective(_) if is_lost => self.give_up(scene),
            Role::Candidate(_) if is_won => self.enter_leader(scene, granting),
            Role::Candidate(ref mut ballot) if is_lost => {
                // Rests before it tries again, longer each time.
                ballot.election_at = ballot.election_at.min(scene.now + backoff(lost, backoff_max, scene));
            }
            _ => {}
        }
    }

    pub(super) fn on_vote(
        &mut self,
        scene: &mut Scene<'_>,
        epoch: LeaderEpoch,
        (candidate, voter): (ReplicaKey, ReplicaKey),
        last: LogPosition,
        is_pre_vote: bool,
    ) -> Result<Said, ErrorCode> {
        if epoch < self.state.epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if voter != self.me || candidate.id == self.me.id {
            return Err(ErrorCode::InvalidVoterKey);
        }
        if epoch > self.state.epoch {
            self.enter_epoch(scene, epoch);
        }
        let is_up_to_date = last >= self.log.last();
        if is_pre_vote {
            return Ok(Said::Vote { is_granted: is_up_to_date && self.misses_a_leader() });
        }
        if self.state.voted == Some(candidate) && self.state.leader.is_none() {
            return Ok(Said::Vote { is_granted: true });
        }
        let may_vote = matches!(self.role, Role::Unattached(_) | Role::Prospective(_));
        let is_granted = may_vote && self.state.voted.is_none() && self.state.leader.is_none() && is_up_to_date;
        if is_granted {
            self.grant(scene, candidate);
        }
        Ok(Said::Vote { is_granted })
    }

    /// It would rather have a leader than what it has (KIP-996): a link that works one way only does not keep elections going
    /// (L12).
    fn misses_a_leader(&self) -> bool {
        match &self.role {
            Role::Unattached(_) | Role::Prospective(_) | Role::Candidate(_) | Role::Resigned(_) => true,
            Role::Follower(follower) => !follower.has_fetched,
            Role::Leader(_) => false,
        }
    }

    /// Written down before it is told (Q5): the answer waits for it.
    fn grant(&mut self, scene: &mut Scene<'_>, candidate: ReplicaKey) {
        let state = super::ElectionState { voted: Some(candidate), ..self.state };
        // Who gets the vote has as good a chance as we: it gets its time.
        self.enter_unattached(scene, state, None);
    }
}

fn ballot_of(role: &mut Role) -> Option<&mut Ballot> {
    match role {
        Role::Prospective(ballot) | Role::Candidate(ballot) => Some(ballot),
        _ => None,
    }
}

/// Doubles with every election lost in a row, up to `max`, the latter half of it drawn.
fn backoff(lost: u32, max: Duration, scene: &mut Scene<'_>) -> Duration {
    let whole = (Duration::from_millis(50) * 2_u32.pow(lost.min(10))).min(max);
    let half = whole.as_micros() as u64 / 2;
    Duration::from_micros(half + scene.rng.below(half.max(1)))
}

/// Until when a follower that may succeed waits, by its place among the successors (`strictExponentialElectionBackoff`).
pub(super) fn succession_at(place: usize, max: Duration, now: Instant) -> Instant {
    match place {
        0 => now,
        place => now + (Duration::from_millis(50) * 2_u32.pow(place.min(10) as u32)).min(max),
    }
}
