//! What a leader does: it is fetched from, it counts how far the others are, and it resigns when it hears no majority.

use super::{
    Act, LogPosition, Question, Quorum, ReplicaKey, Said, Scene,
    role::{ParkedFetch, Role},
};
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, Offset, RequestId},
};

impl Quorum {
    pub(super) fn tell_who_leads(&mut self, scene: &mut Scene<'_>) {
        let Role::Leader(leader) = &self.role else { return };
        for id in leader.unaware.iter().copied().collect::<Vec<_>>() {
            let Some(voter) = self.voters.key_of(id).filter(|_| self.links.is_free(id, scene.now)) else { continue };
            let (epoch, leader) = (self.state.epoch, self.me.id);
            self.ask(scene, id, Question::BeginQuorumEpoch { epoch, leader, voter });
        }
    }

    pub(super) fn tell_the_end(&mut self, scene: &mut Scene<'_>) {
        let Role::Resigned(resigned) = &self.role else { return };
        for id in resigned.unaware.iter().copied().collect::<Vec<_>>() {
            if self.links.is_free(id, scene.now) {
                let successors = self.voters.ids().filter(|other| *other != self.me.id);
                let successors = successors.filter_map(|other| self.voters.key_of(other)).collect();
                let (epoch, leader) = (self.state.epoch, self.me.id);
                self.ask(scene, id, Question::EndQuorumEpoch { epoch, leader, successors });
            }
        }
    }

    pub(super) fn on_heard(&mut self, from: BrokerId) {
        match &mut self.role {
            Role::Leader(leader) => _ = leader.unaware.remove(&from),
            Role::Resigned(resigned) => _ = resigned.unaware.remove(&from),
            _ => {}
        }
    }

    /// Q4 (KAFKA-15489): a leader that no majority fetches from leads nobody and stops saying that it does.
    pub(super) fn on_quorum_due(&mut self, scene: &mut Scene<'_>) {
        let needed = self.voters.majority() - usize::from(self.is_voter());
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.heard.len() < needed {
            return self.enter_resigned(scene);
        }
        leader.heard.clear();
        leader.quorum_until = scene.now + self.options.fetch_timeout * 3 / 2;
    }

    pub(super) fn on_fetch(
        &mut self,
        scene: &mut Scene<'_>,
        request: RequestId,
        (epoch, replica): (LeaderEpoch, ReplicaKey),
        from: LogPosition,
        high_watermark: Offset,
    ) {
        if let Err(error) = self.check_leads(epoch) {
            return self.answer(scene, request, Err(error));
        }
        if self.log.is_below_start(from) {
            return self.answer(scene, request, Ok(Said::BelowStart { snapshot: self.log.first() }));
        }
        if let Some(end) = self.log.divergence(from) {
            return self.answer(scene, request, Ok(Said::Diverging { end }));
        }
        self.note_progress(scene, replica, from.offset);
        let until = scene.now + self.options.fetch_wait;
        let Role::Leader(leader) = &mut self.role else { return };
        let before = leader.parked.insert(replica.id, ParkedFetch { request, from, high_watermark, until });
        if let Some(before) = before {
            self.answer_fetch(scene, before);
        }
        self.release_fetches(scene);
    }

    /// Whether it leads in the epoch that the asker is in.
    pub(super) fn check_leads(&self, epoch: LeaderEpoch) -> Result<(), ErrorCode> {
        match epoch.cmp(&self.state.epoch) {
            std::cmp::Ordering::Less => Err(ErrorCode::FencedLeaderEpoch),
            std::cmp::Ordering::Greater => Err(ErrorCode::UnknownLeaderEpoch),
            std::cmp::Ordering::Equal if !self.is_leader() => Err(ErrorCode::NotLeaderOrFollower),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }

    fn note_progress(&mut self, scene: &mut Scene<'_>, replica: ReplicaKey, end: Offset) {
        let (is_voter, leader_end) = (self.voters.contains(replica), self.log.end);
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(progress) = leader.progress.get_mut(&replica.id).filter(|_| is_voter) {
            progress.note(scene.now, end, leader_end);
            leader.heard.insert(replica.id);
            leader.unaware.remove(&replica.id);
        } else {
            self.note_observer(scene.now, replica, end);
        }
        self.advance_high_watermark(scene);
    }

    /// Q7: what a majority has durably is committed, once that reaches into the leader's own epoch.
    pub(super) fn advance_high_watermark(&mut self, scene: &mut Scene<'_>) {
        let is_voter = self.is_voter();
        let Role::Leader(leader) = &self.role else { return };
        let mut ends: Vec<Offset> = leader.progress.values().map(|progress| progress.end).collect();
        ends.extend(is_voter.then_some(self.log.synced_end));
        ends.sort_unstable_by(|one, other| other.cmp(one));
        let Some(&end) = ends.get(self.voters.majority() - 1) else { return };
        if end > leader.epoch_start && end > self.high_watermark {
            self.high_watermark = end;
            scene.acts.push(Act::HighWatermark(end));
            self.release_fetches(scene);
        }
    }

    /// Answers fetches that find something new, and those that waited long enough.
    pub(super) fn release_fetches(&mut self, scene: &mut Scene<'_>) {
        let (end, high_watermark) = (self.log.end, self.high_watermark);
        let Role::Leader(leader) = &mut self.role else { return };
        let is_ready = |fetch: &ParkedFetch| {
            fetch.from.offset < end || fetch.high_watermark < high_watermark || fetch.until <= scene.now
        };
        let ready: Vec<BrokerId> =
            leader.parked.iter().filter(|(_, fetch)| is_ready(fetch)).map(|(id, _)| *id).collect();
        let ready: Vec<ParkedFetch> = ready.iter().filter_map(|id| leader.parked.remove(id)).collect();
        ready.into_iter().for_each(|fetch| self.answer_fetch(scene, fetch));
    }

    fn answer_fetch(&mut self, scene: &mut Scene<'_>, fetch: ParkedFetch) {
        let (standing, high_watermark) = (self.standing(), self.high_watermark);
        let act = Act::AnswerFetch { request: fetch.request, standing, from: fetch.from.offset, high_watermark };
        self.say(scene, act);
    }

    /// It leads no more: who waits for records is told.
    pub(super) fn drop_fetches(&mut self, scene: &mut Scene<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        for (_, fetch) in std::mem::take(&mut leader.parked) {
            self.answer(scene, fetch.request, Err(ErrorCode::NotLeaderOrFollower));
        }
    }
}
