//! BrokerRegistration (key 62, versions 0–4)
//!
//! Behaviour
//! - A broker tells the active controller that this run of it is there, where it is reached and what it can live with
//!   (KIP-631). The answer is the epoch of its registration, the same for the same run.
//! - Another cluster's is INCONSISTENT_CLUSTER_ID; a broker of that id that is still heard DUPLICATE_BROKER_REGISTRATION; to
//!   who is not the active controller NOT_CONTROLLER.
//!
//! Versions
//! - 1 broker on its way from ZooKeeper, which none is · 2 log dirs (KIP-858) · 3 the epoch of the run before (KIP-966) · 4
//!   features whose lowest level is 0
//!
//! Differs from Kafka
//! - Nothing a peer can see.

use kafka_wire::{
    BrokerRegistrationRequest as Request, BrokerRegistrationResponse,
    broker_registration_request::{Feature, Listener},
};
use kafka_wire_core::{StrBytes, Uuid};

use super::error;
use crate::{
    controller::BrokerRegistrationRequest,
    error::ErrorCode,
    ids::*,
    record::internal::metadata::{Endpoint, SupportedFeature},
};

pub(super) fn read(request: Request, version: i16) -> BrokerRegistrationRequest {
    let listeners = request.listeners.iter().map(|listener| Endpoint {
        name: (&*listener.name).into(),
        host: (&*listener.host).into(),
        port: listener.port,
        security_protocol: listener.security_protocol,
    });
    let features = request.features.iter().map(|feature| SupportedFeature {
        name: (&*feature.name).into(),
        min_supported_version: feature.min_supported_version,
        max_supported_version: feature.max_supported_version,
    });
    BrokerRegistrationRequest {
        cluster_id: request.cluster_id.to_string(),
        broker: BrokerId(request.broker_id),
        incarnation: IncarnationId(request.incarnation_id.to_bytes()),
        listeners: listeners.collect(),
        features: features.collect(),
        rack: request.rack.as_deref().map(Into::into),
        directories: request.log_dirs.iter().map(|id| DirectoryId(id.to_bytes())).collect(),
        // No version has a place for it.
        cordoned_directories: None,
        previous_epoch: (version >= 3).then_some(request.previous_broker_epoch),
    }
}

pub(super) fn response(told: Result<BrokerEpoch, ErrorCode>) -> BrokerRegistrationResponse {
    let mut response = BrokerRegistrationResponse::default();
    match told {
        Ok(epoch) => response.broker_epoch = epoch,
        Err(error) => (response.error_code, response.broker_epoch) = (error.code(), -1),
    }
    response
}

/// In the latest version.
pub(super) fn request(registration: &BrokerRegistrationRequest) -> Request {
    let listeners = registration.listeners.iter().map(|endpoint| {
        let mut listener = Listener::default();
        (listener.name, listener.host) = (StrBytes::from(&*endpoint.name), StrBytes::from(&*endpoint.host));
        (listener.port, listener.security_protocol) = (endpoint.port, endpoint.security_protocol);
        listener
    });
    let features = registration.features.iter().map(|supported| {
        let mut feature = Feature::default();
        feature.name = StrBytes::from(&*supported.name);
        feature.min_supported_version = supported.min_supported_version;
        feature.max_supported_version = supported.max_supported_version;
        feature
    });
    let mut request = Request::default();
    (request.broker_id, request.cluster_id) = (registration.broker.0, StrBytes::from(&*registration.cluster_id));
    request.incarnation_id = Uuid::from_bytes(registration.incarnation.0);
    (request.listeners, request.features) = (listeners.collect(), features.collect());
    request.rack = registration.rack.as_deref().map(StrBytes::from);
    request.log_dirs = registration.directories.iter().map(|id| Uuid::from_bytes(id.0)).collect();
    request.previous_broker_epoch = registration.previous_epoch.unwrap_or(-1);
    request
}

/// # Errors
/// What the controller says.
pub(super) fn answer(response: &BrokerRegistrationResponse) -> Result<BrokerEpoch, ErrorCode> {
    error(response.error_code).map_or(Ok(response.broker_epoch), Err)
}
