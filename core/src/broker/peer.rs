//! What members of a cluster say to each other: the door between the quorum's and the controller's own words and the wire.
//! One file per Kafka API, each with both directions: what a peer asks is read and answered, what this member asks is
//! written and its answer read.
//!
//! Differs from Kafka: a member does not ask for its peers' versions first. All members of a cluster are of one build.

/// Puts into an answer where the leader is, which versions from 1 on have a place for. Each message has its own type for it.
macro_rules! tell_leader {
    ($response:ident.$endpoints:ident: $endpoint:ident, $standing:expr, $leader:expr, $version:expr) => {
        if let (Some(address), 1..) = ($leader, $version) {
            let mut endpoint = $endpoint::default();
            (endpoint.host, endpoint.port) = (StrBytes::from(&*address.host), address.port);
            endpoint.node_id = leader_id($standing);
            $response.$endpoints = vec![endpoint];
        }
    };
}

mod allocate_producer_ids;
mod begin_quorum_epoch;
mod broker_heartbeat;
mod broker_registration;
mod connection;
mod end_quorum_epoch;
mod envelope;
mod errand;
mod fetch_metadata;
mod fetch_snapshot;
mod links;
#[cfg(test)]
mod tests;
mod vote;

use std::ops::Range;

use bytes::Bytes;
use kafka_wire_core::Uuid;

pub use super::wait::forward::Sending;
use super::{
    api::{Ask, Handled, decode},
    decide::Wish,
};
use crate::{
    controller::{BrokerRegistrationRequest, Heartbeat, HeartbeatReply},
    effect::Address,
    error::ErrorCode,
    ids::{BrokerEpoch, BrokerId, DirectoryId, LeaderEpoch, ProducerId},
    quorum::{Answer, Question, ReplicaKey, Standing},
    trace::event::CloseReason,
    wire::Api,
};

pub use self::{
    allocate_producer_ids::WantsProducerIds,
    envelope::Letter,
    errand::{Answered, Errand, Heard, Lost},
    links::Links,
};
pub(super) use self::{envelope::open, fetch_metadata::is_of_metadata_log};

/// The metadata log's topic, and its only partition.
pub const METADATA_TOPIC: &str = "__cluster_metadata";
const METADATA_PARTITION: i32 = 0;
/// `Uuid.METADATA_TOPIC_ID`.
const METADATA_TOPIC_ID: Uuid = Uuid::from_bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
/// What requests call the listener on which members talk to each other.
const LISTENER_NAME: &str = "CONTROLLER";

/// Who this node is to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub cluster_id: String,
    pub key: ReplicaKey,
    /// Where its peers reach it.
    pub address: Address,
}

/// What a peer asks, by whose business it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Quorum(Question),
    // Of the active controller.
    Register(Box<BrokerRegistrationRequest>),
    Heartbeat(Heartbeat),
    ProducerIds(WantsProducerIds),
    ByClient(Wish),
}

/// What a peer is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Quorum {
        answer: Answer,
        /// Where the leader that the answer names is reached, if that is known.
        leader: Option<Address>,
    },
    Registered(Result<BrokerEpoch, ErrorCode>),
    Heartbeat(Result<HeartbeatReply, ErrorCode>),
    ProducerIds(Result<Range<ProducerId>, ErrorCode>),
}

impl Reply {
    /// The same answer if it cannot be that.
    pub fn refused(self, error: ErrorCode) -> Self {
        match self {
            Self::Quorum { answer, leader } => Self::Quorum { answer: Answer { said: Err(error), ..answer }, leader },
            Self::Registered(_) => Self::Registered(Err(error)),
            Self::Heartbeat(_) => Self::Heartbeat(Err(error)),
            Self::ProducerIds(_) => Self::ProducerIds(Err(error)),
        }
    }

    pub(super) fn error(&self) -> Option<ErrorCode> {
        match self {
            Self::Quorum { answer, .. } => answer.said.as_ref().err().copied(),
            Self::Registered(told) => told.err(),
            Self::Heartbeat(told) => told.err(),
            Self::ProducerIds(told) => told.as_ref().err().copied(),
        }
    }
}

/// An answer of the quorum's, and where the peer says that the leader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub answer: Answer,
    pub leader: Option<(BrokerId, Address)>,
}

/// Reads what a peer asks. The error is for the request as a whole.
pub(super) fn read(ask: Ask, body: Bytes, member: &Member) -> Result<Result<Asked, ErrorCode>, CloseReason> {
    let question = match ask.api {
        Api::Vote => vote::question(&decode(ask, body)?, member),
        Api::BeginQuorumEpoch => begin_quorum_epoch::question(&decode(ask, body)?, member),
        Api::EndQuorumEpoch => end_quorum_epoch::question(&decode(ask, body)?, member),
        Api::Fetch => fetch_metadata::question(&decode(ask, body)?, member),
        Api::FetchSnapshot => fetch_snapshot::question(&decode(ask, body)?, member),
        Api::BrokerRegistration => {
            let request = broker_registration::read(decode(ask, body)?, ask.version);
            return Ok(Ok(Asked::Register(Box::new(request))));
        }
        Api::BrokerHeartbeat => return Ok(Ok(Asked::Heartbeat(broker_heartbeat::read(&decode(ask, body)?)))),
        Api::AllocateProducerIds => {
            return Ok(Ok(Asked::ProducerIds(allocate_producer_ids::read(&decode(ask, body)?))));
        }
        _ => return Err(CloseReason::UnknownApi),
    };
    Ok(question.map(Asked::Quorum))
}

/// Writes the answer to a request that cannot be taken as it is.
pub(super) fn refuse(ask: Ask, error: ErrorCode) -> Handled {
    match ask.api {
        Api::Vote => ask.reply(&vote::refusal(error)),
        Api::BeginQuorumEpoch => ask.reply(&begin_quorum_epoch::refusal(error)),
        Api::EndQuorumEpoch => ask.reply(&end_quorum_epoch::refusal(error)),
        Api::FetchSnapshot => ask.reply(&fetch_snapshot::refusal(error)),
        Api::BrokerRegistration => ask.reply(&broker_registration::response(Err(error))),
        Api::Fetch => Handled::Reply(fetch_metadata::refusal(error).encode(ask.correlation, ask.version)),
        _ => Handled::Close(CloseReason::UnknownApi),
    }
}

/// Writes the answer to what was asked.
pub(super) fn write(ask: Ask, reply: Reply) -> Handled {
    let (answer, leader) = match reply {
        Reply::Quorum { answer, leader } => (answer, leader),
        Reply::Registered(told) => return ask.reply(&broker_registration::response(told)),
        Reply::Heartbeat(told) => return ask.reply(&broker_heartbeat::response(told)),
        Reply::ProducerIds(told) => return ask.reply(&allocate_producer_ids::response(told)),
    };
    let leader = leader.as_ref().filter(|_| answer.standing.leader.is_some());
    match ask.api {
        Api::Vote => ask.reply(&vote::response(&answer, leader, ask.version)),
        Api::BeginQuorumEpoch => ask.reply(&begin_quorum_epoch::response(&answer, leader, ask.version)),
        Api::EndQuorumEpoch => ask.reply(&end_quorum_epoch::response(&answer, leader, ask.version)),
        Api::FetchSnapshot => ask.reply(&fetch_snapshot::response(answer, leader, ask.version)),
        Api::Fetch => Handled::Reply(fetch_metadata::response(answer, leader).encode(ask.correlation, ask.version)),
        _ => Handled::Close(CloseReason::UnknownApi),
    }
}

/// Answers an Envelope: with the answer to what was in it, header and body, or with why it is not answered.
pub(super) fn seal(outer: Ask, told: Result<Bytes, ErrorCode>) -> Handled {
    outer.reply(&envelope::response(told))
}

impl Member {
    /// A peer that names no cluster is believed (`KafkaRaftClient.hasValidClusterId`).
    fn check_cluster(&self, named: Option<&str>) -> Result<(), ErrorCode> {
        match named {
            Some(named) if named != self.cluster_id => Err(ErrorCode::InconsistentClusterId),
            _ => Ok(()),
        }
    }

    /// Whom a request means that may leave out the id (-1) and the directory (all zeros): what it leaves out is ours.
    fn meant(&self, id: i32, directory: Uuid) -> ReplicaKey {
        let id = if id < 0 { self.key.id } else { BrokerId(id) };
        self.replica(id, directory)
    }

    fn replica(&self, id: BrokerId, directory: Uuid) -> ReplicaKey {
        let directory = DirectoryId(directory.to_bytes());
        match directory == DirectoryId::default() && id == self.key.id {
            true => self.key,
            false => ReplicaKey { id, directory },
        }
    }
}

/// The only one of its kind.
fn only<T>(items: &[T]) -> Result<&T, ErrorCode> {
    match items {
        [one] => Ok(one),
        _ => Err(ErrorCode::InvalidRequest),
    }
}

fn check_partition(topic: &str, partition: i32) -> Result<(), ErrorCode> {
    match topic == METADATA_TOPIC && partition == METADATA_PARTITION {
        true => Ok(()),
        false => Err(ErrorCode::InvalidRequest),
    }
}

fn check_epoch(epoch: LeaderEpoch) -> Result<LeaderEpoch, ErrorCode> {
    if epoch >= 0 { Ok(epoch) } else { Err(ErrorCode::InvalidRequest) }
}

/// -1 on the wire: nobody leads.
fn leader_id(standing: Standing) -> i32 {
    standing.leader.map_or(-1, |leader| leader.0)
}

fn standing(epoch: LeaderEpoch, leader: i32) -> Standing {
    Standing { epoch, leader: (leader >= 0).then_some(BrokerId(leader)) }
}

fn uuid(directory: DirectoryId) -> Uuid {
    Uuid::from_bytes(directory.0)
}

/// 0 is no error; numbers of Kafkas to come are UNKNOWN_SERVER_ERROR.
fn error(code: i16) -> Option<ErrorCode> {
    (code != 0).then(|| ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError))
}

fn code<T>(said: &Result<T, ErrorCode>) -> i16 {
    said.as_ref().err().map_or(0, |error| error.code())
}

/// Where the leader is, among the addresses that an answer gives.
fn address_of<'a>(
    standing: Standing,
    mut endpoints: impl Iterator<Item = (i32, &'a str, i32)>,
) -> Option<(BrokerId, Address)> {
    let leader = standing.leader?;
    let (_, host, port) = endpoints.find(|(id, ..)| *id == leader.0)?;
    let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
    Some((leader, Address { host: host.to_owned(), port }))
}
