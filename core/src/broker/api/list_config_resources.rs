//! ListConfigResources (key 74, versions 0–1)
//!
//! Behaviour
//! - Names what has configs: every topic, every broker (and its loggers' levels), and groups and subscriptions to client
//!   metrics for which some are set (KIP-1142). No type at all asks for all of them.
//! - A type that nobody knows is UNSUPPORTED_VERSION.
//!
//! Versions
//! - 0 client metrics alone (KIP-714) · 1 types
//!
//! Differs from Kafka
//! - Groups and client metrics can have no configs yet; what a metadata log has of them is named all the same.

use kafka_wire::{
    ListConfigResourcesRequest, ListConfigResourcesResponse, list_config_resources_response::ConfigResource,
};
use kafka_wire_core::StrBytes;

use super::{
    Ask, Handled,
    describe_configs::{BROKER_RESOURCE, TOPIC_RESOURCE},
};
use crate::{broker::Topics, error::ErrorCode, turn::Turn};

/// `ConfigResource.Type`.
const BROKER_LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

const TYPES: [i8; 5] = [TOPIC_RESOURCE, BROKER_RESOURCE, BROKER_LOGGER, CLIENT_METRICS, GROUP];

impl Topics {
    pub(in crate::broker) fn on_list_config_resources(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: ListConfigResourcesRequest,
    ) -> Handled {
        let mut response = ListConfigResourcesResponse::default();
        let asked = &request.resource_types;
        if asked.iter().any(|kind| !TYPES.contains(kind)) {
            response.error_code = ask.refuse(turn, ErrorCode::UnsupportedVersion);
            return ask.reply(&response);
        }
        let is_asked = |kind: i8| match ask.version {
            0 => kind == CLIENT_METRICS,
            _ => asked.is_empty() || asked.contains(&kind),
        };
        for kind in TYPES.into_iter().filter(|kind| is_asked(*kind)) {
            response.config_resources.extend(self.names_of(kind).into_iter().map(|name| {
                let mut resource = ConfigResource::default();
                (resource.resource_type, resource.resource_name) = (kind, StrBytes::from(name));
                resource
            }));
        }
        ask.reply(&response)
    }

    fn names_of(&self, kind: i8) -> Vec<String> {
        match kind {
            TOPIC_RESOURCE => self.catalog.topics().map(|topic| topic.name.clone()).collect(),
            BROKER_RESOURCE | BROKER_LOGGER => {
                self.catalog.told_brokers().into_iter().map(|broker| broker.id.to_string()).collect()
            }
            _ => {
                let set = self.catalog.image().into_iter().flat_map(|image| image.configs().iter());
                let of_kind = set.filter(|(resource, _)| resource.kind as i8 == kind);
                of_kind.map(|(resource, _)| resource.name.to_string()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
