//! AllocateProducerIds (key 67, version 0)
//!
//! Behaviour
//! - A broker asks the active controller for a block of producer ids (KIP-730), and gives them out one by one.
//! - Of an epoch that is not its registration's it is STALE_BROKER_EPOCH; of nobody who is registered
//!   BROKER_ID_NOT_REGISTERED; to who is not the active controller NOT_CONTROLLER.
//!
//! Versions
//! - 0 there is no other
//!
//! Differs from Kafka
//! - Nothing a peer can see.

use std::ops::Range;

use kafka_wire::{AllocateProducerIdsRequest, AllocateProducerIdsResponse};

use super::error;
use crate::{
    error::ErrorCode,
    ids::{BrokerEpoch, BrokerId, ProducerId},
};

/// A broker of that epoch wants more producer ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantsProducerIds {
    pub broker: BrokerId,
    pub broker_epoch: BrokerEpoch,
}

pub(super) fn read(request: &AllocateProducerIdsRequest) -> WantsProducerIds {
    WantsProducerIds { broker: BrokerId(request.broker_id), broker_epoch: request.broker_epoch }
}

pub(super) fn response(told: Result<Range<ProducerId>, ErrorCode>) -> AllocateProducerIdsResponse {
    let mut response = AllocateProducerIdsResponse::default();
    match told {
        Ok(block) => {
            response.producer_id_start = block.start;
            response.producer_id_len = i32::try_from(block.end.saturating_sub(block.start)).unwrap_or(i32::MAX);
        }
        Err(error) => response.error_code = error.code(),
    }
    response
}

pub(super) fn request(wants: WantsProducerIds) -> AllocateProducerIdsRequest {
    let mut request = AllocateProducerIdsRequest::default();
    (request.broker_id, request.broker_epoch) = (wants.broker.0, wants.broker_epoch);
    request
}

/// # Errors
/// What the controller says. A block that is none is UNKNOWN_SERVER_ERROR.
pub(super) fn answer(response: &AllocateProducerIdsResponse) -> Result<Range<ProducerId>, ErrorCode> {
    error(response.error_code).map_or(Ok(()), Err)?;
    let first = response.producer_id_start;
    let end = first.checked_add(i64::from(response.producer_id_len)).filter(|end| first >= 0 && *end > first);
    end.map(|end| first..end).ok_or(ErrorCode::UnknownServerError)
}
