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
//! - A config of a broker that is not known is refused; Kafka keeps whatever a broker is told.
//! - An operation that does not exist is INVALID_REQUEST; there Kafka is at a loss (UNKNOWN_SERVER_ERROR).

use kafka_wire::{
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    incremental_alter_configs_request::AlterConfigsResource,
    incremental_alter_configs_response::AlterConfigsResourceResponse,
};
use kafka_wire_core::StrBytes;

use super::{
    Ask, Handled,
    describe_configs::{BROKER_RESOURCE, TOPIC_RESOURCE},
    named_twice,
};
use crate::{
    broker::{Topics, decide::Due},
    controller::{
        Catalog, Change, ConfigAlteration, ConfigEdit, ConfigOperation, Controller, Decision, Refused,
        image::{ConfigResource, ResourceKind},
    },
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
        let twice = named_twice(request.resources.iter().map(key));
        for resource in &request.resources {
            let edited = match twice.contains(&key(resource)) {
                false => self.alter_asked(resource, request.validate_only, &mut changes),
                true => Err(Refused::new(ErrorCode::InvalidRequest, "Each resource must appear at most once.")),
            };
            let mut result = told(resource);
            if let Err(refused) = edited {
                result.error_code = ask.refuse(turn, refused.error);
                result.error_message = refused.message.map(StrBytes::from);
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
            TOPIC_RESOURCE if name.is_empty() => {
                let why = "Default topic resources are not allowed.";
                return Err(Refused::new(ErrorCode::InvalidRequest, why));
            }
            TOPIC_RESOURCE if validate_only => drop(self.catalog.plan_topic_configs(name, &edits)?),
            TOPIC_RESOURCE => changes.extend(self.catalog.configure_topic(name, &edits)?),
            BROKER_RESOURCE => {
                check_altered_broker(&self.catalog, name)?;
                match validate_only {
                    true => drop(self.catalog.plan_broker_configs(&edits)?),
                    false => changes.extend(self.catalog.configure_broker(&edits)?),
                }
            }
            other => {
                let why = format!("Unknown resource type {other}");
                return Err(Refused::new(ErrorCode::InvalidRequest, why));
            }
        }
        Ok(())
    }
}

/// A broker is told about itself only.
fn check_altered_broker(catalog: &Catalog, name: &str) -> Result<(), Refused> {
    let why = match name.parse::<i32>() {
        Ok(id) if id == catalog.broker.0 => return Ok(()),
        Ok(_) => format!("Unexpected broker id, expected {}, but received {name}", catalog.broker),
        Err(_) => format!("Node id must be an integer, but it is: {name}"),
    };
    Err(Refused::new(ErrorCode::InvalidRequest, why))
}

fn key(resource: &AlterConfigsResource) -> (i8, &str) {
    (resource.resource_type, &resource.resource_name)
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

/// What the controller decides.
pub(in crate::broker) fn decide(
    turn: &mut Turn<'_>,
    controller: &Controller<Due>,
    ask: Ask,
    request: IncrementalAlterConfigsRequest,
) -> Decision<Due> {
    let twice = named_twice(request.resources.iter().map(key));
    let mut alterations = Vec::new();
    let rows: Vec<Result<(), Refused>> = request
        .resources
        .iter()
        .map(|resource| match twice.contains(&key(resource)) {
            true => Err(Refused::new(ErrorCode::InvalidRequest, "Each resource must appear at most once.")),
            false => alteration(resource).map(|alteration| alterations.push(alteration)),
        })
        .collect();
    let decision = controller.alter_configs(&alterations, request.validate_only);
    decision.map(|altered| {
        let mut altered = altered.into_iter();
        let mut response = IncrementalAlterConfigsResponse::default();
        for (resource, row) in request.resources.iter().zip(rows) {
            let mut result = told(resource);
            if let Err(refused) = row.and_then(|()| altered.next().unwrap_or(Ok(()))) {
                result.error_code = ask.refuse(turn, refused.error);
                result.error_message = refused.message.map(StrBytes::from);
            }
            response.responses.push(result);
        }
        ask.due(&response, &refusal(&request, ErrorCode::NotController))
    })
}

/// Every resource is told the same.
pub(in crate::broker) fn refusal(
    request: &IncrementalAlterConfigsRequest,
    error: ErrorCode,
) -> IncrementalAlterConfigsResponse {
    let mut response = IncrementalAlterConfigsResponse::default();
    let refused = request.resources.iter().map(|resource| {
        let mut result = told(resource);
        result.error_code = error.code();
        result
    });
    response.responses = refused.collect();
    response
}

fn told(resource: &AlterConfigsResource) -> AlterConfigsResourceResponse {
    let mut result = AlterConfigsResourceResponse::default();
    result.resource_type = resource.resource_type;
    result.resource_name = resource.resource_name.clone();
    // Its default is empty text, which would be a message.
    result.error_message = None;
    result
}

fn alteration(resource: &AlterConfigsResource) -> Result<ConfigAlteration, Refused> {
    let unknown =
        || Refused::new(ErrorCode::InvalidRequest, format!("Unknown resource type {}", resource.resource_type));
    let kind = ResourceKind::from_number(resource.resource_type).ok_or_else(unknown)?;
    let name = (&*resource.resource_name).into();
    Ok(ConfigAlteration { resource: ConfigResource { kind, name }, edits: edits(resource)? })
}
