//! IncrementalAlterConfigs (key 44, versions 0–1)
//!
//! Behaviour
//! - Sets, unsets, appends to and subtracts from the configs of topics and of this broker (KIP-339). All edits of one
//!   resource are made or none; a resource that is named twice is refused.
//! - The answer waits until storage has the change.
//! - With `validate_only` everything is checked and nothing done.
//!
//! Versions
//! - 1 flexible
//!
//! Differs from Kafka
//! - The defaults of all brokers (the broker's empty name) cannot be set: there is one broker.

use kafka_wire::{
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    incremental_alter_configs_request::AlterConfigsResource,
    incremental_alter_configs_response::AlterConfigsResourceResponse,
};
use kafka_wire_core::StrBytes;

use super::{
    Ask, Handled,
    describe_configs::{BROKER_RESOURCE, TOPIC_RESOURCE, check_broker},
};
use crate::{
    broker::Topics,
    controller::{Change, ConfigEdit, ConfigOperation, Refused},
    error::ErrorCode,
    turn::Turn,
};

/// The request has no timeout of its own; this is the default of the clients' `default.api.timeout.ms`.
const TIMEOUT_MS: i32 = 60_000;

impl Topics {
    pub(in crate::broker) fn on_incremental_alter_configs(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: IncrementalAlterConfigsRequest,
    ) -> Handled {
        let mut changes = Vec::new();
        let mut results = Vec::with_capacity(request.resources.len());
        for resource in &request.resources {
            let is_same = |other: &&AlterConfigsResource| {
                other.resource_type == resource.resource_type && other.resource_name == resource.resource_name
            };
            let edited = match request.resources.iter().filter(is_same).count() {
                1 => self.alter_asked(resource, request.validate_only, &mut changes),
                _ => Err(Refused::new(ErrorCode::InvalidRequest, "Each resource must appear at most once.")),
            };
            let mut result = AlterConfigsResourceResponse::default();
            result.resource_type = resource.resource_type;
            result.resource_name = resource.resource_name.clone();
            if let Err(refused) = edited {
                result.error_code = ask.refuse(turn, refused.error);
                result.error_message = Some(StrBytes::from(refused.message));
            }
            results.push(result);
        }
        let answer = move |error: Option<ErrorCode>| {
            let mut response = IncrementalAlterConfigsResponse::default();
            response.responses = results.clone();
            for result in response.responses.iter_mut().filter(|result| result.error_code == 0) {
                result.error_code = error.map_or(0, ErrorCode::code);
            }
            response
        };
        if changes.is_empty() {
            return ask.reply(&answer(None));
        }
        let version = self.carry_out(turn, changes);
        ask.after_commit(version, TIMEOUT_MS, answer)
    }

    fn alter_asked(
        &mut self,
        resource: &AlterConfigsResource,
        validate_only: bool,
        changes: &mut Vec<Change>,
    ) -> Result<(), Refused> {
        let edits = edits(resource)?;
        let name = &*resource.resource_name;
        match resource.resource_type {
            TOPIC_RESOURCE if validate_only => drop(self.catalog.plan_topic_configs(name, &edits)?),
            TOPIC_RESOURCE => changes.extend(self.catalog.configure_topic(name, &edits)?),
            BROKER_RESOURCE => {
                check_broker(&self.catalog, name)?;
                match validate_only {
                    true => drop(self.catalog.plan_broker_configs(&edits)?),
                    false => changes.extend(self.catalog.configure_broker(&edits)?),
                }
            }
            other => {
                let why = format!("Unsupported resource type: {other}");
                return Err(Refused::new(ErrorCode::InvalidRequest, why));
            }
        }
        Ok(())
    }
}

fn edits(resource: &AlterConfigsResource) -> Result<Vec<ConfigEdit>, Refused> {
    let edits = resource.configs.iter().map(|config| {
        let unknown =
            || Refused::new(ErrorCode::InvalidRequest, format!("Unknown operation {}", config.config_operation));
        Ok(ConfigEdit {
            name: config.name.to_string(),
            operation: ConfigOperation::from_number(config.config_operation).ok_or_else(unknown)?,
            value: config.value.as_deref().map(str::to_owned),
        })
    });
    edits.collect()
}
