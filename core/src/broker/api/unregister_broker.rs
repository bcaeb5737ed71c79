//! UnregisterBroker (key 64, version 0)
//!
//! Behaviour
//! - A broker that will not come back is forgotten (KIP-631); it leads nothing and is in sync with nothing from then on.
//! - The answer waits until that is committed.
//!
//! Versions
//! - 0 the only one
//!
//! Differs from Kafka
//! - A broker on its own is registered nowhere (UNSUPPORTED_VERSION).

use kafka_wire::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use kafka_wire_core::StrBytes;

use super::Ask;
use crate::{
    broker::decide::Due,
    controller::{Controller, Decision},
    error::ErrorCode,
    ids::BrokerId,
    turn::Turn,
};

/// What the controller decides.
pub(in crate::broker) fn decide(
    turn: &mut Turn<'_>,
    controller: &mut Controller<Due>,
    ask: Ask,
    request: UnregisterBrokerRequest,
) -> Decision<Due> {
    controller.unregister_broker(BrokerId(request.broker_id)).map(|told| {
        let mut response = UnregisterBrokerResponse::default();
        if let Err(refused) = told {
            response.error_code = ask.refuse(turn, refused.error);
            response.error_message = refused.message.map(StrBytes::from);
        }
        ask.due(&response, &refusal(ErrorCode::NotController))
    })
}

pub(in crate::broker) fn refusal(error: ErrorCode) -> UnregisterBrokerResponse {
    let mut response = UnregisterBrokerResponse::default();
    response.error_code = error.code();
    response
}
