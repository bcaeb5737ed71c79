//! InitProducerId (key 22, versions 0–5)
//!
//! Behaviour
//! - An idempotent producer gets an id that nobody was given before, in epoch 0. One that has an id already gets another:
//!   it raises its epoch by itself (KIP-360), and asks here only when it has no epoch left.
//! - Ids come in blocks. None is told before storage has the block, so that a crash never gives one twice; where storage
//!   refuses it, it is COORDINATOR_LOAD_IN_PROGRESS, which every client tries again.
//! - Half of an id and epoch, or an empty transactional id, is INVALID_REQUEST; a transaction that may last longer than
//!   `transaction.max.timeout.ms`, or no time at all, INVALID_TRANSACTION_TIMEOUT.
//!
//! Versions
//! - 2 flexible · 3 the id and epoch that a producer has · 4 PRODUCER_FENCED · 5 TRANSACTION_ABORTABLE
//!
//! Differs from Kafka
//! - There are no transactions, so a transactional producer is told NOT_COORDINATOR, as by any broker that is not its
//!   coordinator. Clients look for that one before they come here, and find in ApiVersions that they cannot.
//! - Kafka tells COORDINATOR_LOAD_IN_PROGRESS while it gets a block; here the request waits for it.

use kafka_wire::{InitProducerIdRequest, InitProducerIdResponse};

use super::{Ask, Handled};
use crate::{broker::Topics, error::ErrorCode, ids::*, log::DirState, trace::Event, turn::Turn};

/// The request has no timeout of its own; this is the default of the clients' `request.timeout.ms`.
const TIMEOUT_MS: i32 = 30_000;
/// Default of `transaction.max.timeout.ms`.
const TRANSACTION_TIMEOUT_MS_MAX: i32 = 900_000;

impl Topics {
    pub(in crate::broker) fn on_init_producer_id(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: InitProducerIdRequest,
    ) -> Handled {
        if let Err(error) = check(&request) {
            return ask.reply(&failed(ask.refuse(turn, error)));
        }
        let given = self.catalog.next_producer_id().filter(|(_, version)| self.is_writable_up_to(*version));
        let Some((producer_id, version)) = given else {
            return ask.reply(&failed(ask.refuse(turn, ErrorCode::CoordinatorLoadInProgress)));
        };
        turn.note(Event::ProducerIdGiven { request: ask.request, producer: producer_id, epoch: 0 });
        let answer = |error: Option<ErrorCode>| match error {
            None => given_id(producer_id),
            Some(_) => failed(ErrorCode::CoordinatorLoadInProgress.code()),
        };
        match self.wait_for_catalog(version) {
            None => ask.reply(&answer(None)),
            Some(version) => ask.after_commit(version, TIMEOUT_MS, answer),
        }
    }

    /// Whether the catalog of this version is durable or still can become so.
    fn is_writable_up_to(&self, version: u64) -> bool {
        version <= self.committed_version() || !matches!(self.dir.state(), DirState::Offline(_))
    }
}

fn check(request: &InitProducerIdRequest) -> Result<(), ErrorCode> {
    let has_half = (request.producer_id == -1) != (request.producer_epoch == -1);
    match request.transactional_id.as_deref() {
        _ if has_half => Err(ErrorCode::InvalidRequest),
        Some("") => Err(ErrorCode::InvalidRequest),
        Some(_) if !(1..=TRANSACTION_TIMEOUT_MS_MAX).contains(&request.transaction_timeout_ms) => {
            Err(ErrorCode::InvalidTransactionTimeout)
        }
        Some(_) => Err(ErrorCode::NotCoordinator),
        None => Ok(()),
    }
}

fn given_id(producer_id: ProducerId) -> InitProducerIdResponse {
    let mut response = InitProducerIdResponse::default();
    response.producer_id = producer_id;
    response
}

fn failed(error_code: i16) -> InitProducerIdResponse {
    let mut response = InitProducerIdResponse::default();
    response.error_code = error_code;
    (response.producer_id, response.producer_epoch) = (-1, -1);
    response
}

#[cfg(test)]
mod tests;
