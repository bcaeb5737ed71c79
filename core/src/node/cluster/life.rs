//! The broker's own life: it registers, says that it is there, asks for producer ids, leaves. Of the controller, wherever
//! that is: on this node it is asked without a connection.

use super::Cluster;
use crate::{
    broker::{
        Broker,
        decide::{Due, OwnReply},
        peer::{Answered, Asked, Errand, Lost, Reply, WantsProducerIds},
        registration::{HeartbeatTold, Life, Registration, Saying},
    },
    controller::{BrokerRegistrationRequest, Heartbeat, HeartbeatReply, catalog::CLIENT_LISTENER, supported_features},
    effect::{Address, Effect, NodeAnswer},
    error::ErrorCode,
    ids::*,
    record::internal::metadata::Endpoint,
    trace::Event,
    turn::Turn,
};

/// The listener on which members talk to each other.
pub(super) const MEMBER_LISTENER: &str = "CONTROLLER";

impl Cluster {
    /// Says what is to be said of this broker now.
    pub(super) fn live(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let now = turn.now.monotonic;
        let Some(saying) = self.registration.as_mut().and_then(|registration| registration.say(now)) else {
            return self.ask_for_producer_ids(turn, broker);
        };
        let errand = match saying {
            Saying::Register { incarnation } => {
                Errand::Register(Box::new(self.registration_request(broker, incarnation)))
            }
            Saying::Heartbeat { broker_epoch, want_fence, want_shut_down } => Errand::Heartbeat(Heartbeat {
                broker: self.log.me().id,
                epoch: broker_epoch,
                metadata_offset: self.controller.image_end() - 1,
                wants_fence: want_fence,
                wants_shutdown: want_shut_down,
                offline_directories: Vec::new(),
                cordoned_directories: None,
            }),
        };
        self.ask_controller(turn, broker, errand);
        true
    }

    /// Here, or where it is; if nobody knows, the errand is lost.
    fn ask_controller(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, errand: Errand) {
        if self.controller.check_ready().is_ok() {
            let moment = self.moment(turn);
            let decision = match errand {
                Errand::Register(request) => self.controller.register_broker(moment, &request).map(|told| {
                    Due::Own(OwnReply::Registered(request.incarnation, told.map_err(|refused| refused.error)))
                }),
                Errand::Heartbeat(heartbeat) => self.controller.heartbeat(moment, &heartbeat).map(|told| {
                    let told = told.map(told_of).map_err(|refused| refused.error);
                    Due::Own(OwnReply::Heartbeat(heartbeat.epoch, told))
                }),
                Errand::ProducerIds(wants) => self
                    .controller
                    .allocate_producer_ids(wants.broker, wants.broker_epoch)
                    .map(|told| Due::Own(OwnReply::ProducerIds(told.map_err(|refused| refused.error)))),
                Errand::Quorum(..) | Errand::Forward(..) => return,
            };
            return self.carry(turn, broker, decision);
        }
        match self.leader().filter(|leader| *leader != self.log.me().id) {
            Some(leader) => self.send(turn, leader, errand),
            None => self.on_controller_heard(turn, broker, errand, Err(Lost::Unreachable)),
        }
    }

    fn registration_request(&self, broker: &Broker, incarnation: IncarnationId) -> BrokerRegistrationRequest {
        let member = self.links.member();
        let endpoint = |name: &str, address: &Address| Endpoint {
            name: name.into(),
            host: address.host.as_str().into(),
            port: address.port,
            security_protocol: 0,
        };
        let catalog = &broker.topics().catalog;
        BrokerRegistrationRequest {
            cluster_id: member.cluster_id.clone(),
            broker: member.key.id,
            incarnation,
            listeners: vec![endpoint(CLIENT_LISTENER, &catalog.address), endpoint(MEMBER_LISTENER, &member.address)],
            features: supported_features(),
            rack: self.options.rack.as_deref().map(Into::into),
            directories: vec![self.directory],
            cordoned_directories: None,
            previous_epoch: Some(-1),
        }
    }

    /// A broker asks, here where the controller should be.
    pub(super) fn on_asked_by_broker(
        &mut self,
        turn: &mut Turn<'_>,
        broker: &mut Broker,
        request: RequestId,
        asked: Asked,
    ) {
        let ready = self.controller.check_ready();
        let moment = self.moment(turn);
        let due = |reply| Due::Peer(request, reply);
        let decision = match (asked, ready) {
            (Asked::Register(_), Err(error)) => {
                return broker.answer_peer(turn, request, Reply::Registered(Err(error)));
            }
            (Asked::Heartbeat(_), Err(error)) => {
                return broker.answer_peer(turn, request, Reply::Heartbeat(Err(error)));
            }
            (Asked::ProducerIds(_), Err(error)) => {
                return broker.answer_peer(turn, request, Reply::ProducerIds(Err(error)));
            }
            (Asked::Register(asked), Ok(())) => {
                self.learn_address(turn, &asked);
                let decision = self.controller.register_broker(moment, &asked);
                decision.map(|told| due(Reply::Registered(told.map_err(|refused| refused.error))))
            }
            (Asked::Heartbeat(asked), Ok(())) => {
                let decision = self.controller.heartbeat(moment, &asked);
                decision.map(|told| due(Reply::Heartbeat(told.map_err(|refused| refused.error))))
            }
            (Asked::ProducerIds(wants), Ok(())) => {
                let decision = self.controller.allocate_producer_ids(wants.broker, wants.broker_epoch);
                decision.map(|told| due(Reply::ProducerIds(told.map_err(|refused| refused.error))))
            }
            (Asked::Quorum(_) | Asked::ByClient(..), _) => return,
        };
        self.carry(turn, broker, decision);
    }

    pub(super) fn on_own_reply(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, reply: OwnReply) {
        let now = turn.now.monotonic;
        let Some(registration) = &mut self.registration else { return };
        match reply {
            OwnReply::Registered(run, told) => {
                if registration.on_registered(turn.rng, now, (run, told))
                    && let Ok(epoch) = told
                {
                    turn.note(Event::BrokerRegistered { epoch });
                }
            }
            OwnReply::Heartbeat(epoch, told) => {
                let before = registration.life();
                if registration.on_heartbeat(turn.rng, now, (epoch, told)) {
                    self.on_life(turn, broker, before);
                }
            }
            OwnReply::ProducerIds(told) => broker.on_producer_ids(told.ok()),
        }
    }

    /// A broker that gives out the last id it has asks for more.
    fn ask_for_producer_ids(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let is_registered = self.registration.as_ref().filter(|registration| registration.broker_epoch() >= 0);
        let Some(broker_epoch) = is_registered.map(Registration::broker_epoch) else { return false };
        if !broker.wants_producer_ids() {
            return false;
        }
        let wants = WantsProducerIds { broker: self.log.me().id, broker_epoch };
        self.ask_controller(turn, broker, Errand::ProducerIds(wants));
        true
    }

    fn on_life(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, before: Life) {
        let Some(registration) = &self.registration else { return };
        let epoch = registration.broker_epoch();
        match (before, registration.life()) {
            (Life::Running, Life::Recovering) => turn.note(Event::BrokerFenced { epoch }),
            (_, Life::Running) => turn.note(Event::BrokerUnfenced { epoch }),
            (_, Life::Left) => turn.note(Event::BrokerLeft { epoch }),
            _ => {}
        }
        match self.life() {
            Some(Life::Recovering) if !std::mem::replace(&mut self.has_swept, true) => broker.remove_strays(turn),
            Some(Life::Running) if broker.open_to_clients() => turn.effects.push(Effect::Answer(NodeAnswer::Ready)),
            _ => {}
        }
    }

    pub(super) fn on_controller_heard(
        &mut self,
        turn: &mut Turn<'_>,
        broker: &mut Broker,
        errand: Errand,
        what: Result<Answered, Lost>,
    ) {
        let now = turn.now.monotonic;
        let refused = |lost: &Lost| match lost {
            Lost::Refused(error) => Some(*error),
            _ => None,
        };
        let reply = match (&errand, what) {
            (Errand::Register(asked), Ok(Answered::Registered(epoch))) => {
                OwnReply::Registered(asked.incarnation, Ok(epoch))
            }
            (Errand::Heartbeat(said), Ok(Answered::Heartbeat(told))) => OwnReply::Heartbeat(said.epoch, Ok(told)),
            (Errand::ProducerIds(_), Ok(Answered::ProducerIds(block))) => OwnReply::ProducerIds(Ok(block)),
            (Errand::ProducerIds(_), _) => OwnReply::ProducerIds(Err(ErrorCode::NotController)),
            (Errand::Register(asked), Err(lost)) if refused(&lost).is_some() => {
                OwnReply::Registered(asked.incarnation, Err(refused(&lost).unwrap_or(ErrorCode::UnknownServerError)))
            }
            (Errand::Heartbeat(said), Err(lost)) if refused(&lost).is_some() => {
                OwnReply::Heartbeat(said.epoch, Err(refused(&lost).unwrap_or(ErrorCode::UnknownServerError)))
            }
            _ => {
                if let Some(registration) = &mut self.registration {
                    registration.on_unanswered(now);
                }
                return;
            }
        };
        self.on_own_reply(turn, broker, reply);
    }

    /// A broker that is not among the voters tells where it is.
    fn learn_address(&mut self, turn: &mut Turn<'_>, asked: &BrokerRegistrationRequest) {
        let listener = asked.listeners.iter().find(|listener| &*listener.name == MEMBER_LISTENER);
        if let Some(listener) = listener {
            let address = Address { host: listener.host.to_string(), port: listener.port };
            self.links.learn(turn, asked.broker, &address);
        }
    }
}

fn told_of(reply: HeartbeatReply) -> HeartbeatTold {
    let HeartbeatReply { is_caught_up, is_fenced, should_shut_down, .. } = reply;
    HeartbeatTold { is_caught_up, is_fenced, should_shut_down }
}
