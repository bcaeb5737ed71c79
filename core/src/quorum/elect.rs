//! From one role into another (`QuorumState`).

use crate::sorted::{SortedMap, SortedSet};

use super::{
    Act, ElectionState, Quorum, Scene, Standing,
    role::{Ballot, Follower, Leader, Progress, Resigned, Role, Unattached},
};
use crate::{
    ids::{BrokerId, LeaderEpoch},
    time::Instant,
};

impl Quorum {
    /// As what storage says it was. Who led goes on as one who resigned: it may neither vote for another in that epoch nor
    /// append in it, since an unsynced tail may be gone (Q2).
    pub(super) fn enter_as_found(&mut self, scene: &mut Scene<'_>) {
        let state = self.state;
        match (state.leader, state.voted) {
            (Some(leader), _) if leader == self.me.id => self.enter_resigned(scene),
            (Some(leader), _) => self.enter_follower(scene, state.epoch, leader),
            (None, Some(voted)) if voted == self.me && self.is_voter() => self.enter_candidate(scene, state.epoch, 0),
            _ => self.enter_unattached(scene, state, None),
        }
    }

    /// An epoch or a leader that somebody speaks of. True if it is news.
    pub(super) fn learn(&mut self, scene: &mut Scene<'_>, standing: Standing) -> bool {
        let Standing { epoch, leader } = standing;
        let others = leader.filter(|leader| *leader != self.me.id);
        match others {
            Some(leader) if epoch > self.state.epoch || (epoch == self.state.epoch && self.state.leader.is_none()) => {
                self.enter_follower(scene, epoch, leader);
                true
            }
            None if epoch > self.state.epoch => {
                self.enter_epoch(scene, epoch);
                true
            }
            _ => false,
        }
    }

    /// Somebody is in a higher epoch.
    pub(super) fn enter_epoch(&mut self, scene: &mut Scene<'_>, epoch: LeaderEpoch) {
        // Who was about to stand does not wait longer for that.
        let election_at = match &self.role {
            Role::Unattached(unattached) => unattached.election_at,
            Role::Prospective(ballot) | Role::Candidate(ballot) => Some(ballot.election_at),
            _ => None,
        };
        self.enter_unattached(scene, ElectionState { epoch, ..ElectionState::default() }, election_at);
    }

    pub(super) fn enter_unattached(&mut self, scene: &mut Scene<'_>, state: ElectionState, at: Option<Instant>) {
        let drawn = self.draw_election_at(scene);
        let election_at = self.is_voter().then_some(at.unwrap_or(drawn));
        self.enter(scene, state, Role::Unattached(Unattached { election_at, asked: None }));
    }

    pub(super) fn enter_prospective(&mut self, scene: &mut Scene<'_>, lost: u32) {
        let ballot = self.ballot(scene, lost);
        let state = self.state;
        self.enter(scene, state, Role::Prospective(ballot));
        self.count_own_vote(scene);
    }

    /// Votes for itself, which counts once it is durable.
    pub(super) fn enter_candidate(&mut self, scene: &mut Scene<'_>, epoch: LeaderEpoch, lost: u32) {
        let ballot = self.ballot(scene, lost);
        let state = ElectionState { epoch, leader: None, voted: Some(self.me) };
        self.enter(scene, state, Role::Candidate(ballot));
        if let Role::Candidate(ballot) = &mut self.role {
            ballot.version = self.version;
        }
        self.count_own_vote(scene);
    }

    fn ballot(&self, scene: &mut Scene<'_>, lost: u32) -> Ballot {
        Ballot {
            election_at: self.draw_election_at(scene),
            granted: SortedSet::default(),
            refused: SortedSet::default(),
            version: self.version,
            lost,
        }
    }

    pub(super) fn enter_leader(&mut self, scene: &mut Scene<'_>, granting: Vec<BrokerId>) {
        let others: SortedSet<BrokerId> = self.voters.ids().filter(|id| *id != self.me.id).collect();
        let leader = Leader {
            epoch_start: self.log.end,
            progress: others.iter().map(|id| (*id, Progress::default())).collect(),
            observers: SortedMap::default(),
            unaware: others,
            quorum_until: scene.now + self.options.fetch_timeout * 3 / 2,
            heard: SortedSet::default(),
            remind_at: scene.now + self.options.fetch_timeout / 2,
            parked: SortedMap::default(),
        };
        let state = ElectionState { leader: Some(self.me.id), ..self.state };
        self.enter(scene, state, Role::Leader(leader));
        let voters = self.voters.ids().collect();
        self.say(scene, Act::OpenEpoch { epoch: self.state.epoch, voters, granting });
    }

    pub(super) fn enter_follower(&mut self, scene: &mut Scene<'_>, epoch: LeaderEpoch, leader: BrokerId) {
        let fetch_until = self.is_voter().then_some(scene.now + self.options.fetch_timeout);
        // A vote of this epoch is not forgotten.
        let voted = self.state.voted.filter(|_| epoch == self.state.epoch);
        let state = ElectionState { epoch, leader: Some(leader), voted };
        self.enter(scene, state, Role::Follower(Follower { leader, fetch_until, has_fetched: false, snapshot: None }));
    }

    /// Stops leading. The epoch stays its own: nobody else may lead in it.
    pub(super) fn enter_resigned(&mut self, scene: &mut Scene<'_>) {
        let unaware = self.voters.ids().filter(|id| *id != self.me.id).collect();
        let election_at = self.draw_election_at(scene);
        let state = self.state;
        self.enter(scene, state, Role::Resigned(Resigned { election_at, unaware }));
    }

    /// The operator stops this member: a leader hands over.
    pub fn resign(&mut self, scene: &mut Scene<'_>) {
        if self.is_leader() {
            self.enter_resigned(scene);
            self.pursue(scene);
        }
    }

    fn enter(&mut self, scene: &mut Scene<'_>, state: ElectionState, role: Role) {
        self.drop_fetches(scene);
        if state != self.state {
            self.version += 1;
            scene.acts.push(Act::Persist { state, version: self.version });
        }
        (self.state, self.role) = (state, role);
        self.links.forget();
        // One that resigned leads no more, though the epoch is still its own.
        let is_over = matches!(self.role, Role::Resigned(_));
        let standing = Standing { leader: state.leader.filter(|_| !is_over), ..self.standing() };
        if self.announced != standing {
            self.announced = standing;
            self.say(scene, Act::Leader(standing));
        }
    }

    pub(super) fn on_timeout(&mut self, scene: &mut Scene<'_>) {
        match &mut self.role {
            Role::Unattached(_) | Role::Follower(_) => self.enter_prospective(scene, 0),
            Role::Prospective(_) => self.give_up(scene),
            Role::Candidate(ballot) => {
                let lost = ballot.lost + 1;
                self.enter_prospective(scene, lost);
            }
            Role::Leader(leader) if leader.quorum_until <= scene.now => self.on_quorum_due(scene),
            Role::Leader(leader) => {
                let behind = leader.progress.iter().filter(|(_, progress)| {
                    progress.fetched_at.is_none_or(|at| at + self.options.fetch_timeout / 2 <= scene.now)
                });
                leader.unaware.extend(behind.map(|(id, _)| *id).collect::<Vec<_>>());
                leader.remind_at = scene.now + self.options.fetch_timeout / 2;
            }
            // In its own epoch it can neither vote nor follow.
            Role::Resigned(_) => self.enter_epoch(scene, self.state.epoch + 1),
        }
    }

    /// No majority would vote for it now.
    pub(super) fn give_up(&mut self, scene: &mut Scene<'_>) {
        match self.state.leader {
            Some(leader) => self.enter_follower(scene, self.state.epoch, leader),
            None => self.enter_unattached(scene, self.state, None),
        }
    }

    pub(super) fn draw_election_at(&self, scene: &mut Scene<'_>) -> Instant {
        let timeout = self.options.election_timeout;
        scene.now + timeout + std::time::Duration::from_micros(scene.rng.below(timeout.as_micros() as u64))
    }
}
