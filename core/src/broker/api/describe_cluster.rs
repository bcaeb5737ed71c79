//! DescribeCluster (key 60, versions 0–2)
//!
//! Behaviour
//! - Tells the cluster's id, its controller and its brokers (KIP-700).
//! - Who asks for controllers is told that this is a broker (MISMATCHED_ENDPOINT_TYPE, KIP-919).
//!
//! Versions
//! - 1 endpoint types · 2 fenced brokers
//!
//! Differs from Kafka
//! - The broker that is asked is told as the controller; Kafka tells any broker, since each takes what is for it.

use kafka_wire::{DescribeClusterRequest, DescribeClusterResponse, describe_cluster_response::DescribeClusterBroker};
use kafka_wire_core::StrBytes;

use super::{Ask, CLUSTER_OPERATIONS, Handled};
use crate::{broker::Topics, controller::catalog::ToldBroker, error::ErrorCode, turn::Turn};

/// `EndpointType`.
const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

impl Topics {
    pub(in crate::broker) fn on_describe_cluster(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DescribeClusterRequest,
    ) -> Handled {
        let mut response = DescribeClusterResponse::default();
        response.endpoint_type = request.endpoint_type;
        if request.endpoint_type != BROKERS {
            let (error, why) = match request.endpoint_type {
                CONTROLLERS => (
                    ErrorCode::MismatchedEndpointType,
                    "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
                        .to_owned(),
                ),
                other => (ErrorCode::UnsupportedEndpointType, format!("Unsupported endpoint type {other}")),
            };
            response.endpoint_type = BROKERS;
            response.error_code = ask.refuse(turn, error);
            response.error_message = Some(StrBytes::from(why));
            return ask.reply(&response);
        }
        response.cluster_id = StrBytes::from(self.catalog.cluster_id.as_str());
        // Whoever is asked takes what is for the controller, and is there.
        response.controller_id = self.catalog.broker.0;
        let told = self.catalog.told_brokers().into_iter();
        response.brokers =
            told.filter(|broker| !broker.is_fenced || request.include_fenced_brokers).map(told_broker).collect();
        if request.include_cluster_authorized_operations {
            response.cluster_authorized_operations = CLUSTER_OPERATIONS;
        }
        ask.reply(&response)
    }
}

fn told_broker(known: ToldBroker) -> DescribeClusterBroker {
    let mut broker = DescribeClusterBroker::default();
    broker.broker_id = known.id.0;
    broker.host = StrBytes::from(known.address.host.as_str());
    broker.port = i32::from(known.address.port);
    broker.rack = known.rack.map(|rack| StrBytes::from(&*rack));
    broker.is_fenced = known.is_fenced;
    broker
}
