//! What a follower does, voter or observer: it fetches, cuts off what the leader does not have, appends what it has.

use super::{Act, LogPosition, Question, Quorum, Records, ReplicaKey, Said, Scene, role::Role, vote::succession_at};
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, Offset},
};

impl Quorum {
    /// Fetches from what is durable on: that is how far it says to be (Q4).
    pub(super) fn fetch(&mut self, scene: &mut Scene<'_>) {
        let Role::Follower(follower) = &self.role else { return };
        let leader = follower.leader;
        if let Some(fetch) = follower.snapshot {
            return self.fetch_snapshot(scene, leader, fetch);
        }
        if self.log.synced_end == self.log.end && self.links.is_free(leader, scene.now) {
            self.ask_to_fetch(scene, leader);
        }
    }

    fn ask_to_fetch(&mut self, scene: &mut Scene<'_>, to: BrokerId) {
        let (epoch, replica, from) = (self.state.epoch, self.me, self.log.last());
        let high_watermark = self.high_watermark;
        self.ask(scene, to, Question::Fetch { epoch, replica, from, high_watermark });
    }

    /// An observer asks one after the other who votes or did: whoever it is, the answer says who leads.
    pub(super) fn look_for_leader(&mut self, scene: &mut Scene<'_>) {
        let is_voter = self.is_voter();
        let Role::Unattached(unattached) = &mut self.role else { return };
        if is_voter || unattached.asked.is_some_and(|asked| !self.links.is_free(asked, scene.now)) {
            return;
        }
        let me = self.me.id;
        let mut others = self.known.iter().copied().filter(|id| *id != me);
        let after = others.clone().find(|id| unattached.asked.is_none_or(|asked| *id > asked));
        let Some(next) = after.or_else(|| others.next()).filter(|id| self.links.is_free(*id, scene.now)) else {
            return;
        };
        unattached.asked = Some(next);
        self.ask_to_fetch(scene, next);
    }

    pub(super) fn on_begin_epoch(
        &mut self,
        scene: &mut Scene<'_>,
        epoch: LeaderEpoch,
        leader: BrokerId,
        voter: ReplicaKey,
    ) -> Result<Said, ErrorCode> {
        if epoch < self.state.epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if voter != self.me {
            return Err(ErrorCode::InvalidVoterKey);
        }
        let is_other = epoch == self.state.epoch && self.state.leader.is_some_and(|known| known != leader);
        if leader == self.me.id || is_other {
            return Err(ErrorCode::InvalidRequest);
        }
        match &mut self.role {
            Role::Follower(follower) if epoch == self.state.epoch => {
                follower.fetch_until = follower.fetch_until.map(|_| scene.now + self.options.fetch_timeout);
            }
            _ => self.enter_follower(scene, epoch, leader),
        }
        Ok(Said::Heard)
    }

    pub(super) fn on_end_epoch(
        &mut self,
        scene: &mut Scene<'_>,
        epoch: LeaderEpoch,
        leader: BrokerId,
        successors: &[ReplicaKey],
    ) -> Result<Said, ErrorCode> {
        if epoch < self.state.epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if leader == self.me.id {
            return Err(ErrorCode::InvalidRequest);
        }
        self.learn(scene, super::Standing { epoch, leader: Some(leader) });
        let backoff_max = self.options.election_backoff_max;
        let place = successors.iter().position(|successor| *successor == self.me);
        if let (Role::Follower(follower), Some(place)) = (&mut self.role, place)
            && follower.leader == leader
        {
            let at = succession_at(place, backoff_max, scene.now);
            follower.fetch_until = follower.fetch_until.map(|until| until.min(at));
            // The others may vote against the one that left.
            follower.has_fetched = false;
        }
        Ok(Said::Heard)
    }

    pub(super) fn on_fetched(
        &mut self,
        scene: &mut Scene<'_>,
        from: BrokerId,
        high_watermark: Offset,
        records: Records,
    ) {
        if !self.is_from_leader(scene, from) {
            return;
        }
        if !records.is_empty() {
            let mut epochs = records.epochs.iter().peekable();
            while let Some((epoch, _)) = epochs.next() {
                let end = epochs.peek().map_or(records.end, |(_, start)| *start);
                self.log.append(*epoch, end);
            }
            scene.acts.push(Act::Append { records });
        }
        // It may be behind what others have, never ahead of what it has itself.
        let high_watermark = high_watermark.min(self.log.end);
        if high_watermark > self.high_watermark {
            self.high_watermark = high_watermark;
            scene.acts.push(Act::HighWatermark(high_watermark));
        }
    }

    pub(super) fn on_diverging(&mut self, scene: &mut Scene<'_>, from: BrokerId, end: LogPosition) {
        if !self.is_from_leader(scene, from) {
            return;
        }
        let to = self.log.cut_for(end);
        if to < self.high_watermark {
            // Q6: what was committed is never cut off.
            return scene.acts.push(Act::Diverged { committed: self.high_watermark, to });
        }
        self.log.truncate(to);
        scene.acts.push(Act::Truncate { to });
    }

    pub(super) fn is_from_leader(&mut self, scene: &mut Scene<'_>, from: BrokerId) -> bool {
        let Role::Follower(follower) = &mut self.role else { return false };
        let is_leader = follower.leader == from;
        if is_leader {
            follower.has_fetched = true;
            follower.fetch_until = follower.fetch_until.map(|_| scene.now + self.options.fetch_timeout);
        }
        is_leader
    }
}
