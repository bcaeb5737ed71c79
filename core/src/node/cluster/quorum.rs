//! What the quorum says: to the other members, of who leads, of what is committed.

use bytes::Bytes;

use super::Cluster;
use crate::{
    broker::{
        Broker,
        decide::Due,
        peer::{Answered, Errand, Heard, Reply},
    },
    controller::Image,
    decider::Decided,
    ids::*,
    quorum::{CommittedBatch, Standing, Told},
    record::internal::metadata::MetadataRecord,
    trace::Event,
    turn::Turn,
};

impl Cluster {
    pub(super) fn take_told(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let told = self.log.take_told();
        let has_some = !told.is_empty();
        told.into_iter().for_each(|told| self.on_told(turn, broker, told));
        has_some || self.activate(turn, broker)
    }

    fn on_told(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, told: Told) {
        match told {
            Told::Ask { to, ask, question } => self.send(turn, to, Errand::Quorum(ask, question)),
            Told::Answer { request, answer } => {
                let leader = answer.standing.leader.and_then(|leader| self.links.address(leader)).cloned();
                broker.answer_peer(turn, request, Reply::Quorum { answer, leader });
            }
            Told::Leader(standing) => self.on_leader(turn, broker, standing),
            Told::HighWatermark(end) if self.controller.is_active() => {
                for due in self.controller.on_committed(end) {
                    self.deliver(turn, broker, due);
                }
            }
            Told::Committed(batch) => {
                self.progress.on_batch(&batch);
                // A controller that decides has them already.
                if !self.controller.is_active() {
                    self.replay(&batch);
                }
            }
            Told::SnapshotBegun(_) => self.incoming = Some(Image::default()),
            Told::SnapshotRecords(records) => {
                if let Some(image) = &mut self.incoming {
                    apply_all(image, &records, 0, &mut self.fatal);
                }
            }
            Told::SnapshotEnded(at) => {
                self.progress.begin_at(at);
                let image = self.incoming.take().unwrap_or_default();
                for due in self.controller.restart_from(image, at.offset) {
                    self.deliver(turn, broker, due);
                }
            }
            Told::Fatal(why) => self.fatal = Some(why),
            // Voters are as configured (`kraft.version` 0): nobody asks to change them.
            Told::VotersChanged { .. } => {}
            Told::HighWatermark(_) | Told::SnapshotKept(_) => {}
        }
    }

    fn on_leader(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, standing: Standing) {
        let is_here = standing.leader == Some(self.log.me().id);
        let (epoch, leader) = (standing.epoch, standing.leader.map_or(-1, |leader| leader.0));
        turn.note(Event::QuorumLeaderChanged { epoch, leader });
        if self.controller.is_active() {
            self.step_down(turn, broker);
        }
        self.is_elected = is_here;
        broker.on_controller(standing.leader.filter(|_| !is_here), false);
        if let Some(registration) = &mut self.registration {
            registration.hurry(turn.now.monotonic);
        }
    }

    /// Who was elected decides once it knows all that was committed before its own epoch, and that this was (Q3).
    fn activate(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let end = self.log.log().log_end_offset();
        let is_up_to_date = self.log.high_watermark() == end && self.log.told_end() == end;
        if !self.is_elected || self.log.leads().is_none() || !is_up_to_date {
            return false;
        }
        self.is_elected = false;
        let moment = self.moment(turn);
        let decision = self.controller.activate(moment);
        let (epoch, offset) = (self.log.standing().epoch, moment.next_offset);
        turn.note(Event::ControllerActivated { epoch, offset });
        broker.on_controller(Some(self.log.me().id), true);
        self.carry(turn, broker, decision.map(|()| Due::Nobody));
        true
    }

    fn replay(&mut self, batch: &CommittedBatch) {
        for (offset, bytes) in (batch.first..).zip(&batch.records) {
            match MetadataRecord::decode(bytes) {
                Ok(record) => self.controller.replay(offset, &record),
                Err(why) => return self.fatal = Some(why.to_string()),
            }
        }
    }

    pub(super) fn take_heard(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let heard = self.links.take_heard();
        let has_some = !heard.is_empty();
        for Heard { from, errand, what } in heard {
            match (errand, what) {
                (Errand::Quorum(ask, _), Ok(Answered::Quorum(told))) => {
                    if let Some((leader, address)) = &told.leader {
                        self.links.learn(turn, *leader, address);
                    }
                    self.log.on_answer(turn, broker.dir_mut(), (from, ask), told.answer);
                }
                (Errand::Quorum(ask, _), _) => self.log.on_unanswered(turn, broker.dir_mut(), (from, ask)),
                (Errand::Forward(request, _), Ok(Answered::Forwarded(bytes))) => {
                    broker.on_forwarded(turn, request, Ok(bytes));
                }
                (Errand::Forward(request, _), Err(lost)) => broker.on_forwarded(turn, request, Err(lost)),
                (errand, what) => self.on_controller_heard(turn, broker, errand, what),
            }
        }
        has_some
    }
}

/// A record that is none ends this member: what follows it would be another cluster than the others'.
fn apply_all(image: &mut Image, records: &[Bytes], first: Offset, fatal: &mut Option<String>) {
    for (offset, bytes) in (first..).zip(records) {
        match MetadataRecord::decode(bytes) {
            Ok(record) => image.apply(&record, offset),
            Err(why) => return *fatal = Some(why.to_string()),
        }
    }
}
