//! BrokerHeartbeat (key 63, versions 0–2)
//!
//! Behaviour
//! - A broker tells the active controller that it lives, how far it has followed the metadata log, and whether it wants to
//!   be fenced or to stop (KIP-631); it hears whether it has caught up, is fenced, and may stop.
//! - Of an epoch that is not its registration's it is STALE_BROKER_EPOCH, of nobody who is registered
//!   BROKER_ID_NOT_REGISTERED; to who is not the active controller NOT_CONTROLLER.
//!
//! Versions
//! - 1 log dirs that failed (KIP-858) · 2 log dirs that take no more partitions (KIP-1066)
//!
//! Differs from Kafka
//! - Nothing a peer can see.

use kafka_wire::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use kafka_wire_core::Uuid;

use super::error;
use crate::{
    broker::registration::HeartbeatTold,
    controller::{Heartbeat, HeartbeatReply},
    error::ErrorCode,
    ids::*,
};

pub(super) fn read(request: &BrokerHeartbeatRequest) -> Heartbeat {
    let directories = |ids: &[Uuid]| ids.iter().map(|id| DirectoryId(id.to_bytes())).collect();
    Heartbeat {
        broker: BrokerId(request.broker_id),
        epoch: request.broker_epoch,
        metadata_offset: request.current_metadata_offset,
        wants_fence: request.want_fence,
        wants_shutdown: request.want_shut_down,
        offline_directories: directories(&request.offline_log_dirs),
        cordoned_directories: request.cordoned_log_dirs.as_deref().map(directories),
    }
}

pub(super) fn response(told: Result<HeartbeatReply, ErrorCode>) -> BrokerHeartbeatResponse {
    let mut response = BrokerHeartbeatResponse::default();
    match told {
        Ok(reply) => {
            (response.is_caught_up, response.is_fenced) = (reply.is_caught_up, reply.is_fenced);
            response.should_shut_down = reply.should_shut_down;
        }
        Err(error) => response.error_code = error.code(),
    }
    response
}

/// In the latest version.
pub(super) fn request(heartbeat: &Heartbeat) -> BrokerHeartbeatRequest {
    let directories = |ids: &Vec<DirectoryId>| ids.iter().map(|id| Uuid::from_bytes(id.0)).collect();
    let mut request = BrokerHeartbeatRequest::default();
    (request.broker_id, request.broker_epoch) = (heartbeat.broker.0, heartbeat.epoch);
    request.current_metadata_offset = heartbeat.metadata_offset;
    (request.want_fence, request.want_shut_down) = (heartbeat.wants_fence, heartbeat.wants_shutdown);
    request.offline_log_dirs = directories(&heartbeat.offline_directories);
    request.cordoned_log_dirs = heartbeat.cordoned_directories.as_ref().map(directories);
    request
}

/// # Errors
/// What the controller says.
pub(super) fn answer(response: &BrokerHeartbeatResponse) -> Result<HeartbeatTold, ErrorCode> {
    let told = HeartbeatTold {
        is_caught_up: response.is_caught_up,
        is_fenced: response.is_fenced,
        should_shut_down: response.should_shut_down,
    };
    error(response.error_code).map_or(Ok(told), Err)
}
