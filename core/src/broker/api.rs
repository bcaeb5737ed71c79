//! One file per Kafka API. Each gives the part of the broker that it needs a method `on_<api>`, called once per request
//! with the decoded message, which says in `Handled` what became of it.
//!
//! ```text
//! impl Topics {
//!     pub(in crate::broker) fn on_create_topics(
//!         &mut self,
//!         turn: &mut Turn<'_>,
//!         ask: Ask,
//!         request: CreateTopicsRequest,
//!     ) -> Handled
//! ```
//!
//! A handler that changed the catalog calls `Topics::carry_out` and answers with `Ask::after_commit`.

mod api_versions;
pub(super) mod create_partitions;
pub(super) mod create_topics;
mod delete_records;
pub(super) mod delete_topics;
mod describe_cluster;
mod describe_configs;
pub(super) mod describe_quorum;
mod describe_topic_partitions;
pub(super) mod fetch;
pub(super) mod incremental_alter_configs;
mod init_producer_id;
mod list_config_resources;
pub(super) mod list_offsets;
mod metadata;
mod offset_for_leader_epoch;
pub(super) mod produce;
pub(super) mod unregister_broker;
pub(super) mod update_features;

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_wire_core::{ApiVersion, KafkaDecode, KafkaEncode};

use crate::{
    effect::{Frame, Listener},
    error::ErrorCode,
    ids::{ConnectionId, RequestId},
    sorted::SortedSet,
    trace::{Event, event::CloseReason},
    turn::Turn,
    wire::{Api, limits},
};

/// Everything that can be done to a topic, as a broker without an authorizer tells it (`AclEntry.supportedOperations`):
/// READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS, each the bit of its code.
const TOPIC_OPERATIONS: i32 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
/// And to the cluster: CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE.
const CLUSTER_OPERATIONS: i32 = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

/// Who asks, in which version, and where the answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub request: RequestId,
    pub connection: ConnectionId,
    pub listener: Listener,
    pub api: Api,
    pub version: i16,
    pub correlation: i32,
}

/// What became of a request in the turn that handled it.
#[derive(Clone, Debug)]
pub(super) enum Handled {
    /// Here is the answer: a whole frame, length and header included.
    Reply(Frame),
    /// The answer waits until storage has the catalog of this version, no longer than `timeout`.
    AfterCommit { version: u64, timeout: Duration, answers: Box<CommitAnswers> },
    /// The handler parked it in `wait/`, where its answer will come from.
    Parked,
    /// It is done and nobody expects an answer (a Produce with acks=0).
    Silent,
    /// There is no answer; the connection ends.
    Close(CloseReason),
}

/// The answers to a request whose change is on its way to storage: one of them is sent.
#[derive(Clone, Debug)]
pub(super) struct CommitAnswers {
    pub done: Frame,
    /// Storage refused the change.
    pub failed: Frame,
    /// The request's time is over. The change may still happen.
    pub late: Frame,
}

impl Ask {
    /// Traces that this error is told, and gives its number.
    pub fn refuse(self, turn: &mut Turn<'_>, error: ErrorCode) -> i16 {
        turn.note(Event::RequestRefused { request: self.request, error });
        error.code()
    }

    pub fn reply(self, response: &impl KafkaEncode) -> Handled {
        self.frame(self.version, response).map_or(Handled::Close(CloseReason::Unencodable), Handled::Reply)
    }

    /// The answer to a request that changed the catalog: `response` is asked for the one to send when storage has the
    /// change (`None`) and for those that tell an error.
    pub fn after_commit<R: KafkaEncode>(
        self,
        version: u64,
        timeout_ms: i32,
        response: impl Fn(Option<ErrorCode>) -> R,
    ) -> Handled {
        let frame = |error| self.frame(self.version, &response(error));
        let (Some(done), Some(failed), Some(late)) =
            (frame(None), frame(Some(ErrorCode::KafkaStorageError)), frame(Some(ErrorCode::RequestTimedOut)))
        else {
            return Handled::Close(CloseReason::Unencodable);
        };
        let timeout = Duration::from_millis(timeout_ms.max(0) as u64);
        Handled::AfterCommit { version, timeout, answers: Box::new(CommitAnswers { done, failed, late }) }
    }

    /// A whole frame: length, header, `response` as of `version`. `None` if the version cannot say it.
    fn frame(self, version: i16, response: &impl KafkaEncode) -> Option<Frame> {
        let mut bytes = BytesMut::with_capacity(128);
        bytes.put_u32(0);
        bytes.put_i32(self.correlation);
        if self.api.has_tagged_response_header(self.version) {
            bytes.put_u8(0);
        }
        response.encode_into(&mut bytes, ApiVersion::new(version)).ok()?;
        let len = bytes.len() as u32 - 4;
        bytes[..4].copy_from_slice(&len.to_be_bytes());
        Some(bytes.freeze().into())
    }
}

/// What is named more than once, which Kafka refuses as one.
fn named_twice<N: Copy + Ord>(names: impl Iterator<Item = N>) -> SortedSet<N> {
    let mut named = SortedSet::new();
    names.filter(|name| !named.insert(*name)).collect()
}

/// Reads a request's body, all of it.
pub(super) fn decode<M: KafkaDecode>(ask: Ask, body: Bytes) -> Result<M, CloseReason> {
    let limits = limits::decode_limits(body.len());
    M::decode_from_bytes(body, ApiVersion::new(ask.version), limits).map_err(|_| CloseReason::Undecodable)
}

#[cfg(test)]
mod tests;
