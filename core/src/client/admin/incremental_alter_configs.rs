//! IncrementalAlterConfigs, asked of the controller, or of the broker that it is about.

use kafka_wire::{
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
};
use kafka_wire_core::StrBytes;

use super::resource_name;
use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
        question::{ConfigEdit, ConfigOperation, ConfigResource},
    },
    effect::Frame,
};

pub(in crate::client) fn request(
    head: Head<'_>,
    resource: &ConfigResource,
    edits: &[ConfigEdit],
    validate_only: bool,
) -> Result<Frame, ClientError> {
    let (kind, name) = resource_name(resource);
    let mut altered = AlterConfigsResource::default();
    altered.resource_type = kind;
    altered.resource_name = StrBytes::from(name);
    altered.configs = edits.iter().map(alterable).collect();
    let mut request = IncrementalAlterConfigsRequest::default();
    request.resources = vec![altered];
    request.validate_only = validate_only;
    head.frame(&request)
}

fn alterable(edit: &ConfigEdit) -> AlterableConfig {
    let (operation, value) = match &edit.operation {
        ConfigOperation::Set(value) => (0, Some(value)),
        ConfigOperation::Delete => (1, None),
        ConfigOperation::Append(value) => (2, Some(value)),
        ConfigOperation::Subtract(value) => (3, Some(value)),
    };
    let mut config = AlterableConfig::default();
    config.name = StrBytes::from(edit.name.as_str());
    config.config_operation = operation;
    config.value = value.map(|value| StrBytes::from(value.as_str()));
    config
}

pub(in crate::client) fn read(answer: &Answer, resource: &ConfigResource) -> Result<(), ClientError> {
    let told: IncrementalAlterConfigsResponse = answer.decode()?;
    let (kind, name) = resource_name(resource);
    let is_it = told.responses.iter().find(|told| told.resource_type == kind && *told.resource_name == *name);
    let told = is_it.ok_or(answer.bad())?;
    ClientError::from_answer(told.error_code, told.error_message.as_deref()).map_or(Ok(()), Err)
}
