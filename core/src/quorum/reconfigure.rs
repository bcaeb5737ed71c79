//! Who votes may change (KIP-853): what a member does when another set of voters is in its log, committed or not; and what
//! a leader knows of everybody who fetches from it.

use super::{
    Quorum, ReplicaKey, Scene, Voters,
    role::{Progress, Role},
};
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, Offset},
    time::Instant,
};

/// Observers that a leader remembers. Beyond it whoever fetched longest ago is forgotten.
const OBSERVERS_MAX: usize = 1_000;

/// What a leader tells of the quorum (DescribeQuorum).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub leader: BrokerId,
    pub epoch: LeaderEpoch,
    pub high_watermark: Offset,
    pub voters: Vec<DescribedReplica>,
    pub observers: Vec<DescribedReplica>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescribedReplica {
    pub key: ReplicaKey,
    /// `None`: it did not fetch in this epoch.
    pub log_end: Option<Offset>,
    pub fetched_at: Option<Instant>,
    /// When it last had all that the leader had.
    pub caught_up_at: Option<Instant>,
}

impl Progress {
    /// It fetched from `end` on, from a leader whose log ends at `leader_end` (`LeaderState.ReplicaState`).
    pub(super) fn note(&mut self, now: Instant, end: Offset, leader_end: Offset) {
        if end >= leader_end {
            self.caught_up_at = Some(now);
        } else if self.leader_end.is_some_and(|before| end >= before) {
            self.caught_up_at = self.caught_up_at.max(self.fetched_at);
        }
        // A follower that lost an unsynced tail says so, and is not counted with it.
        (self.end, self.fetched_at, self.leader_end) = (end, Some(now), Some(leader_end));
    }

    fn described(&self, key: ReplicaKey) -> DescribedReplica {
        let log_end = self.fetched_at.map(|_| self.end);
        DescribedReplica { key, log_end, fetched_at: self.fetched_at, caught_up_at: self.caught_up_at }
    }
}

impl Quorum {
    /// The set of voters in the log is another one: it counts from now on, committed or not.
    pub fn set_voters(&mut self, scene: &mut Scene<'_>, voters: Voters) {
        if self.voters == voters {
            return;
        }
        self.known.extend(voters.ids());
        self.voters = voters;
        let (is_voter, me) = (self.is_voter(), self.me.id);
        let others: Vec<ReplicaKey> =
            self.voters.ids().filter(|id| *id != me).filter_map(|id| self.voters.key_of(id)).collect();
        let election_at = self.draw_election_at(scene);
        match &mut self.role {
            Role::Leader(leader) => {
                let progress_of = |key: &ReplicaKey| {
                    let known = leader.progress.get(&key.id).or_else(|| leader.observers.get(key));
                    (key.id, known.copied().unwrap_or_default())
                };
                let progress = others.iter().map(progress_of).collect();
                leader.progress = progress;
                others.iter().for_each(|key| _ = leader.observers.remove(key));
                leader.unaware = others.iter().map(|key| key.id).collect();
                leader.heard.retain(|id| others.iter().any(|key| key.id == *id));
            }
            Role::Resigned(resigned) => {
                resigned.unaware.retain(|id| others.iter().any(|key| key.id == *id));
            }
            Role::Follower(follower) => {
                let until = follower.fetch_until.unwrap_or(scene.now + self.options.fetch_timeout);
                follower.fetch_until = is_voter.then_some(until);
            }
            Role::Unattached(unattached) => {
                unattached.election_at = is_voter.then_some(unattached.election_at.unwrap_or(election_at));
            }
            Role::Prospective(_) | Role::Candidate(_) if !is_voter => {
                let state = self.state;
                self.enter_unattached(scene, state, None);
            }
            Role::Prospective(_) | Role::Candidate(_) => {}
        }
        self.advance_high_watermark(scene);
        self.pursue(scene);
    }

    /// Whom an observer may ask who leads, beside the voters: those it was configured with.
    pub fn know(&mut self, members: impl IntoIterator<Item = BrokerId>) {
        self.known.extend(members);
    }

    /// Whether this member may change the set of voters: it leads, and what it leads with is committed (Q7), so that no
    /// change of an earlier leader is still open.
    ///
    /// # Errors
    /// `NotLeaderOrFollower`; `RequestTimedOut` while that is not so yet, as Kafka says it.
    pub fn check_may_change_voters(&self) -> Result<(), ErrorCode> {
        let Role::Leader(leader) = &self.role else { return Err(ErrorCode::NotLeaderOrFollower) };
        if self.high_watermark > leader.epoch_start { Ok(()) } else { Err(ErrorCode::RequestTimedOut) }
    }

    /// Whether an observer has all that was appended up to its last fetch but one.
    pub fn is_caught_up(&self, key: ReplicaKey) -> bool {
        match &self.role {
            Role::Leader(leader) => leader.observers.get(&key).is_some_and(|progress| progress.caught_up_at.is_some()),
            _ => false,
        }
    }

    /// What the leader knows of everybody. `None`: this member does not lead.
    pub fn described(&self, now: Instant) -> Option<Described> {
        let Role::Leader(leader) = &self.role else { return None };
        let own = DescribedReplica {
            key: self.me,
            log_end: Some(self.log.end),
            fetched_at: Some(now),
            caught_up_at: Some(now),
        };
        let voter = |id: BrokerId| match id == self.me.id {
            true => Some(own),
            false => Some(leader.progress.get(&id)?.described(self.voters.key_of(id)?)),
        };
        let others = leader.observers.iter().map(|(key, progress)| progress.described(*key));
        // A leader that removed itself observes until that is committed.
        let observers = others.chain((!self.is_voter()).then_some(own)).collect();
        Some(Described {
            leader: self.me.id,
            epoch: self.state.epoch,
            high_watermark: self.high_watermark,
            voters: self.voters.ids().filter_map(voter).collect(),
            observers,
        })
    }

    pub(super) fn note_observer(&mut self, now: Instant, replica: ReplicaKey, end: Offset) {
        let leader_end = self.log.end;
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.observers.len() >= OBSERVERS_MAX && !leader.observers.contains_key(&replica) {
            let oldest = leader.observers.iter().min_by_key(|(_, progress)| progress.fetched_at);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                leader.observers.remove(&oldest);
            }
        }
        leader.observers.entry(replica).or_default().note(now, end, leader_end);
    }
}
