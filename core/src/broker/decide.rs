//! The controller's door for clients: what they want changed is decided here, by the active controller, wherever they asked.
//! Each API's own part is in its file in `api/`.

use bytes::Bytes;
use kafka_wire::{CreateTopicsRequest, create_topics_request::CreatableTopic};
use kafka_wire_core::KafkaEncode;

use super::{
    Broker,
    api::{
        Ask, Handled, create_partitions, create_topics, decode, delete_topics, describe_quorum,
        incremental_alter_configs, unregister_broker, update_features,
    },
    peer::{Letter, Reply},
    registration::HeartbeatTold,
};
use crate::{
    controller::{Controller, Decision, NewTopic},
    effect::Address,
    error::ErrorCode,
    ids::{BrokerEpoch, BrokerId, IncarnationId, ProducerId, RequestId},
    quorum::Described,
    trace::event::CloseReason,
    turn::Turn,
    wire::Api,
};

/// Default of `request.timeout.ms` of brokers.
const CREATION_TIMEOUT_MS: i32 = 30_000;

/// What a client wants of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub(super) ask: Ask,
    pub(super) body: Bytes,
}

impl Wish {
    /// The metadata log answers it, not the controller.
    pub fn is_of_quorum(&self) -> bool {
        self.ask.api == Api::DescribeQuorum
    }
}

/// What DescribeQuorum tells.
#[derive(Clone, Debug)]
pub struct DescribedQuorum {
    pub described: Described,
    /// Where the voters' peers reach them, and by which listener.
    pub addresses: Vec<(BrokerId, Address)>,
    pub listener: &'static str,
}

/// A reply of the controller together with who is to have it. It waits until what was decided is committed.
#[derive(Clone, Debug)]
pub enum Due {
    /// A client.
    Asked(Box<DueAnswer>),
    /// Another broker.
    Peer(RequestId, Reply),
    /// This node's own broker.
    Own(OwnReply),
    Nobody,
}

/// Both answers, made when it was decided: one of them goes.
#[derive(Clone, Debug)]
pub struct DueAnswer {
    pub(super) ask: Ask,
    pub(super) done: Handled,
    /// Nobody can say whether it will be (NOT_CONTROLLER): the client asks again.
    pub(super) failed: Handled,
}

/// What a broker hears of a controller on its own node, without a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnReply {
    /// Which run of the broker was told.
    Registered(IncarnationId, Result<BrokerEpoch, ErrorCode>),
    /// Of the registration that the heartbeat was for.
    Heartbeat(BrokerEpoch, Result<HeartbeatTold, ErrorCode>),
    ProducerIds(Result<std::ops::Range<ProducerId>, ErrorCode>),
}

/// The request by which a broker has the controller create what its clients asked for (`AutoTopicCreationManager`).
pub fn creation(topics: &[NewTopic]) -> Letter {
    let mut request = CreateTopicsRequest::default();
    request.timeout_ms = CREATION_TIMEOUT_MS;
    let asked = topics.iter().map(|topic| {
        let mut asked = CreatableTopic::default();
        asked.name = topic.name.as_str().into();
        (asked.num_partitions, asked.replication_factor) = (topic.partitions, topic.replication_factor);
        asked
    });
    request.topics = asked.collect();
    Letter::of_broker(&request)
}

impl Broker {
    /// Decides on what a client wants. The records are to be appended. `None`: it was no request, and its connection ends.
    pub fn decide(
        &mut self,
        turn: &mut Turn<'_>,
        controller: &mut Controller<Due>,
        Wish { ask, body }: Wish,
    ) -> Option<Decision<Due>> {
        match decide(turn, controller, ask, body) {
            Ok(decision) => Some(decision),
            Err(why) => {
                self.answer_wish(turn, ask, Handled::Close(why));
                None
            }
        }
    }

    /// Tells what the leader of the quorum knows; it decides on nothing and waits for nothing.
    pub fn describe_quorum(&mut self, turn: &mut Turn<'_>, Wish { ask, body }: Wish, quorum: &DescribedQuorum) {
        let handled = decode(ask, body).map(|request| describe_quorum::answer(turn, ask, &request, quorum));
        self.answer_wish(turn, ask, handled.unwrap_or_else(Handled::Close));
    }

    /// The decision is committed (`is_done`), or nobody can say whether it will be.
    pub fn answer_due(&mut self, turn: &mut Turn<'_>, DueAnswer { ask, done, failed }: DueAnswer, is_done: bool) {
        // A broker that sent it in an envelope looks for the controller that is.
        if is_done || !self.give_back(turn, ask.request) {
            self.answer_wish(turn, ask, if is_done { done } else { failed });
        }
    }

    /// No controller decides on it here.
    pub fn refuse_wish(&mut self, turn: &mut Turn<'_>, Wish { ask, body }: Wish, error: ErrorCode) {
        if error != ErrorCode::NotController || !self.give_back(turn, ask.request) {
            ask.refuse(turn, error);
            self.answer_wish(turn, ask, refuse(ask, body, error).unwrap_or_else(Handled::Close));
        }
    }

    fn answer_wish(&mut self, turn: &mut Turn<'_>, ask: Ask, handled: Handled) {
        let released = self.waits.peer.answer_wish(turn, ask, handled);
        self.answer_all(turn, released);
    }
}

/// Decides on what a client wants. Its owner appends the records.
///
/// # Errors
/// Bytes that are no request: the connection ends.
fn decide(
    turn: &mut Turn<'_>,
    controller: &mut Controller<Due>,
    ask: Ask,
    body: Bytes,
) -> Result<Decision<Due>, CloseReason> {
    Ok(match ask.api {
        Api::CreateTopics => create_topics::decide(turn, controller, ask, decode(ask, body)?),
        Api::DeleteTopics => delete_topics::decide(turn, controller, ask, decode(ask, body)?),
        Api::CreatePartitions => create_partitions::decide(turn, controller, ask, decode(ask, body)?),
        Api::IncrementalAlterConfigs => incremental_alter_configs::decide(turn, controller, ask, decode(ask, body)?),
        Api::UpdateFeatures => update_features::decide(turn, controller, ask, decode(ask, body)?),
        Api::UnregisterBroker => unregister_broker::decide(turn, controller, ask, decode(ask, body)?),
        _ => return Err(CloseReason::UnknownApi),
    })
}

/// The answer to a request that no controller took: as of one that is not.
pub(super) fn refuse(ask: Ask, body: Bytes, error: ErrorCode) -> Result<Handled, CloseReason> {
    Ok(match ask.api {
        Api::CreateTopics => ask.reply(&create_topics::refusal(&decode(ask, body)?, error)),
        Api::DeleteTopics => ask.reply(&delete_topics::refusal(decode(ask, body)?, error)),
        Api::CreatePartitions => ask.reply(&create_partitions::refusal(&decode(ask, body)?, error)),
        Api::IncrementalAlterConfigs => ask.reply(&incremental_alter_configs::refusal(&decode(ask, body)?, error)),
        Api::DescribeQuorum => ask.reply(&describe_quorum::refusal(ask.version, error)),
        Api::UpdateFeatures => ask.reply(&update_features::refusal(error)),
        Api::UnregisterBroker => ask.reply(&unregister_broker::refusal(error)),
        _ => return Err(CloseReason::UnknownApi),
    })
}

impl Ask {
    /// `response` is what is told once the decision is committed; `refusal` if nobody can vouch for it.
    pub(super) fn due(self, response: &impl KafkaEncode, refusal: &impl KafkaEncode) -> Due {
        let (done, failed) = (self.reply(response), self.reply(refusal));
        Due::Asked(Box::new(DueAnswer { ask: self, done, failed }))
    }
}
