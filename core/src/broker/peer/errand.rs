//! What this member asks of a peer, and what it hears.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use kafka_wire::{KafkaRequest, OutboundFrameLimits, encode_request};
use kafka_wire_core::{ApiVersion, Decoder, KafkaDecode, KafkaEncode, StrBytes};

use super::{
    Letter, Member, Told, WantsProducerIds, allocate_producer_ids, begin_quorum_epoch, broker_heartbeat,
    broker_registration, end_quorum_epoch, envelope, fetch_metadata, fetch_snapshot, vote,
};
use crate::{
    broker::registration::HeartbeatTold,
    controller::{BrokerRegistrationRequest, Heartbeat},
    effect::Frame,
    error::ErrorCode,
    ids::{BrokerEpoch, BrokerId, ProducerId, RequestId},
    quorum::{AskId, Question},
    wire::{Api, limits},
};

/// Something to be asked of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    Quorum(AskId, Question),
    Register(Box<BrokerRegistrationRequest>),
    Heartbeat(Heartbeat),
    ProducerIds(WantsProducerIds),
    /// A client's request, which waits here for the controller's answer.
    Forward(RequestId, Letter),
}

/// What a peer answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    Quorum(Told),
    Registered(BrokerEpoch),
    Heartbeat(HeartbeatTold),
    ProducerIds(Range<ProducerId>),
    /// Header and body.
    Forwarded(Bytes),
}

/// Why there is no answer. What was asked may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nobody knows where the peer is, or it cannot be reached.
    Unreachable,
    /// The connection ended before the answer.
    Disconnected,
    TimedOut,
    /// Too much waits for that peer. It was not asked.
    Full,
    /// The peer does not take the request as a whole, or says no.
    Refused(ErrorCode),
    /// Its answer is none, or no request can say what was to be asked.
    Unreadable,
}

/// The end of an errand. Each has exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub from: BrokerId,
    pub errand: Errand,
    pub what: Result<Answered, Lost>,
}

/// A peer answers one request of a connection after the other, so that what may take its time has connections of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Votes and who leads: elections wait for them.
    Vote,
    /// The metadata log and its snapshots: the leader keeps a Fetch that finds nothing new.
    Fetch,
    /// A broker's own business with the controller: what keeps it registered does not wait behind clients.
    Controller,
    /// Clients' requests.
    Forward,
}

impl Lane {
    pub const MIN: Self = Self::Vote;
    pub const MAX: Self = Self::Forward;
}

impl Errand {
    pub(super) fn lane(&self) -> Lane {
        match self {
            Self::Quorum(_, Question::Fetch { .. } | Question::FetchSnapshot { .. }) => Lane::Fetch,
            Self::Quorum(..) => Lane::Vote,
            Self::Register(_) | Self::Heartbeat(_) | Self::ProducerIds(_) => Lane::Controller,
            Self::Forward(..) => Lane::Forward,
        }
    }

    fn api(&self) -> Api {
        match self {
            Self::Quorum(_, Question::Vote { .. }) => Api::Vote,
            Self::Quorum(_, Question::BeginQuorumEpoch { .. }) => Api::BeginQuorumEpoch,
            Self::Quorum(_, Question::EndQuorumEpoch { .. }) => Api::EndQuorumEpoch,
            Self::Quorum(_, Question::Fetch { .. }) => Api::Fetch,
            Self::Quorum(_, Question::FetchSnapshot { .. }) => Api::FetchSnapshot,
            Self::Register(_) => Api::BrokerRegistration,
            Self::Heartbeat(_) => Api::BrokerHeartbeat,
            Self::ProducerIds(_) => Api::AllocateProducerIds,
            Self::Forward(..) => Api::Envelope,
        }
    }

    /// The request as a frame, in the latest version. `None` if it cannot say it.
    pub(super) fn frame(&self, member: &Member, correlation: i32) -> Option<Frame> {
        let question = match self {
            Self::Quorum(_, question) => question,
            Self::Register(request) => return frame(&broker_registration::request(request), member, correlation),
            Self::Heartbeat(heartbeat) => return frame(&broker_heartbeat::request(heartbeat), member, correlation),
            Self::ProducerIds(wants) => return frame(&allocate_producer_ids::request(*wants), member, correlation),
            Self::Forward(_, letter) => return frame(&envelope::request(letter), member, correlation),
        };
        match question {
            Question::Vote { .. } => frame(&vote::request(question, member)?, member, correlation),
            Question::BeginQuorumEpoch { .. } => {
                frame(&begin_quorum_epoch::request(question, member)?, member, correlation)
            }
            Question::EndQuorumEpoch { .. } => {
                frame(&end_quorum_epoch::request(question, member)?, member, correlation)
            }
            Question::FetchSnapshot { .. } => frame(&fetch_snapshot::request(question, member)?, member, correlation),
            Question::Fetch { .. } => frame(&fetch_metadata::request(question, member)?, member, correlation),
        }
    }

    /// Takes an answer's header off. Gives its correlation and its body.
    pub(super) fn split(&self, frame: Bytes) -> Option<(i32, Bytes)> {
        let mut decoder = Decoder::new(frame.clone(), limits::decode_limits(frame.len())).ok()?;
        let correlation = decoder.read_i32().ok()?;
        if self.api().has_tagged_response_header(version(self.api())) {
            decoder.read_tagged_fields().ok()?;
        }
        Some((correlation, frame.slice(decoder.offset()..)))
    }

    /// # Errors
    /// `Refused` or `Unreadable`.
    pub(super) fn read(&self, body: Bytes) -> Result<Answered, Lost> {
        let version = version(self.api());
        let told = match self.api() {
            Api::Vote => vote::answer(&decode(body, version)?).map(Answered::Quorum),
            Api::BeginQuorumEpoch => begin_quorum_epoch::answer(&decode(body, version)?).map(Answered::Quorum),
            Api::EndQuorumEpoch => end_quorum_epoch::answer(&decode(body, version)?).map(Answered::Quorum),
            Api::FetchSnapshot => fetch_snapshot::answer(&decode(body, version)?).map(Answered::Quorum),
            Api::BrokerRegistration => broker_registration::answer(&decode(body, version)?).map(Answered::Registered),
            Api::BrokerHeartbeat => broker_heartbeat::answer(&decode(body, version)?).map(Answered::Heartbeat),
            Api::AllocateProducerIds => {
                allocate_producer_ids::answer(&decode(body, version)?).map(Answered::ProducerIds)
            }
            Api::Envelope => envelope::answer(decode(body, version)?).map(Answered::Forwarded),
            _ => fetch_metadata::answer(&decode(body, version)?).map(Answered::Quorum),
        };
        told.map_err(Lost::Refused)
    }
}

/// All members are of one build.
fn version(api: Api) -> i16 {
    *api.served().end()
}

fn frame<R: KafkaRequest + KafkaEncode>(request: &R, member: &Member, correlation: i32) -> Option<Frame> {
    let api = Api::from_key(R::API_KEY.value())?;
    let client_id = StrBytes::from(format!("broker-{}", member.key.id));
    let limits = OutboundFrameLimits::new(limits::PLAIN_FRAME_BYTES_MAX);
    let mut bytes = BytesMut::new();
    let version = ApiVersion::new(version(api));
    encode_request(&mut bytes, correlation, Some(client_id), request, version, limits).ok()?;
    Some(bytes.freeze().into())
}

fn decode<M: KafkaDecode>(body: Bytes, version: i16) -> Result<M, Lost> {
    let limits = limits::decode_limits(body.len());
    M::decode_from_bytes(body, ApiVersion::new(version), limits).map_err(|_| Lost::Unreadable)
}
