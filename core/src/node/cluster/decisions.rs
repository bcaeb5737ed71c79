//! The controller's decisions, from whoever asks to whoever is answered.

use bytes::Bytes;

use super::{Cluster, life::MEMBER_LISTENER};
use crate::{
    broker::{
        Broker,
        decide::{DescribedQuorum, Due, OwnReply, Wish, creation},
        peer::{Asked, Errand, Sending},
    },
    controller::{Decision, Moment, NewTopic},
    error::ErrorCode,
    ids::*,
    record::internal::metadata::MetadataRecord,
    trace::Event,
    turn::Turn,
};

impl Cluster {
    pub(super) fn moment(&self, turn: &Turn<'_>) -> Moment {
        Moment { now: turn.now.monotonic, next_offset: self.log.log().log_end_offset() }
    }

    /// Appends what was decided. Its reply goes once that is committed, or at once if it waits for nothing.
    pub(super) fn carry(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, decision: Decision<Due>) {
        let end = match decision.records.is_empty() {
            true => self.log.log().log_end_offset(),
            false => {
                let records: Vec<Bytes> = decision.records.iter().map(MetadataRecord::encode).collect();
                match self.log.append(turn, broker.dir_mut(), &records) {
                    Ok(last) => last + 1,
                    Err(_) => {
                        self.fail(turn, broker, decision.reply);
                        return self.step_down(turn, broker);
                    }
                }
            }
        };
        if let Some(due) = self.controller.on_appended(end, decision) {
            self.deliver(turn, broker, due);
        }
    }

    pub(super) fn deliver(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, due: Due) {
        match due {
            Due::Asked(answer) => broker.answer_due(turn, *answer, true),
            Due::Peer(request, reply) => broker.answer_peer(turn, request, reply),
            Due::Own(reply) => self.on_own_reply(turn, broker, reply),
            Due::Nobody => {}
        }
    }

    /// Nobody can say what becomes of it.
    fn fail(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, due: Due) {
        match due {
            Due::Asked(answer) => broker.answer_due(turn, *answer, false),
            Due::Peer(request, reply) => broker.answer_peer(turn, request, reply.refused(ErrorCode::NotController)),
            Due::Own(reply) => {
                let lost = ErrorCode::NotController;
                let reply = match reply {
                    OwnReply::Registered(run, _) => OwnReply::Registered(run, Err(lost)),
                    OwnReply::Heartbeat(epoch, _) => OwnReply::Heartbeat(epoch, Err(lost)),
                    OwnReply::ProducerIds(_) => OwnReply::ProducerIds(Err(lost)),
                };
                self.on_own_reply(turn, broker, reply);
            }
            Due::Nobody => {}
        }
    }

    /// This node decides no more. What it decided and is not committed, nobody vouches for.
    pub(super) fn step_down(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) {
        let (epoch, offset) = (self.log.standing().epoch, self.controller.image_end());
        turn.note(Event::ControllerResigned { epoch, offset });
        for due in self.controller.step_down() {
            self.fail(turn, broker, due);
        }
    }

    pub(super) fn take_asked(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let asked = broker.take_asked();
        let has_some = !asked.is_empty();
        for (request, asked) in asked {
            self.on_asked(turn, broker, request, asked);
        }
        has_some
    }

    fn on_asked(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, request: RequestId, asked: Asked) {
        match asked {
            Asked::Quorum(question) => self.log.on_question(turn, broker.dir_mut(), request, question),
            Asked::ByClient(wish) if wish.is_of_quorum() => self.tell_of_quorum(turn, broker, wish),
            Asked::ByClient(wish) => match self.controller.check_ready() {
                Ok(()) => {
                    if let Some(decision) = broker.decide(turn, &mut self.controller, wish) {
                        self.carry(turn, broker, decision);
                    }
                }
                Err(error) => broker.refuse_wish(turn, wish, error),
            },
            asked => self.on_asked_by_broker(turn, broker, request, asked),
        }
    }

    fn tell_of_quorum(&self, turn: &mut Turn<'_>, broker: &mut Broker, wish: Wish) {
        let described = self.log.quorum().and_then(|quorum| quorum.described(turn.now.monotonic));
        let Some(described) = described else { return broker.refuse_wish(turn, wish, ErrorCode::NotController) };
        let own = self.links.member();
        let address_of = |id: BrokerId| match id == own.key.id {
            true => Some((id, own.address.clone())),
            false => Some((id, self.links.address(id)?.clone())),
        };
        let addresses = described.voters.iter().filter_map(|voter| address_of(voter.key.id)).collect();
        broker.describe_quorum(turn, wish, &DescribedQuorum { described, addresses, listener: MEMBER_LISTENER });
    }

    /// Sends on what clients asked of the controller, which is elsewhere.
    pub(super) fn forward(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let wanted = broker.take_wanted();
        if !wanted.is_empty() {
            self.have_created(turn, broker, &wanted);
        }
        let sendings = broker.take_forwards(turn.now.monotonic);
        let has_some = !sendings.is_empty() || !wanted.is_empty();
        for Sending { to, request, letter, patience } in sendings {
            self.links.ask(turn, to, Errand::Forward(request, letter), patience);
        }
        has_some
    }

    /// Why it cannot be is told to nobody: the client asks again, and finds nothing.
    fn have_created(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, topics: &[NewTopic]) {
        if self.controller.check_ready().is_ok() {
            let decision = self.controller.create_topics(turn.rng, topics, false);
            self.carry(turn, broker, decision.map(|_| Due::Nobody));
        } else if let Some(leader) = self.leader() {
            // Nobody waits for the answer.
            let errand = Errand::Forward(turn.next_request(), creation(topics));
            self.send(turn, leader, errand);
        }
    }

    /// What the controller does of itself.
    pub(super) fn go_by_the_clock(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let mut has_worked = false;
        while let Some(decision) = self.controller.next_due(turn.now.monotonic) {
            self.carry(turn, broker, decision.map(|()| Due::Nobody));
            has_worked = true;
        }
        has_worked
    }
}
