//! DescribeConfigs, asked of any broker, or of the broker that it is about.

use kafka_wire::{
    DescribeConfigsRequest, DescribeConfigsResponse, describe_configs_request::DescribeConfigsResource,
    describe_configs_response::DescribeConfigsResourceResult,
};
use kafka_wire_core::StrBytes;

use super::resource_name;
use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
        question::ConfigResource,
        reply::{ConfigEntry, ConfigSource},
    },
    effect::Frame,
};

pub(in crate::client) fn request(
    head: Head<'_>,
    resource: &ConfigResource,
    names: Option<&[String]>,
) -> Result<Frame, ClientError> {
    let (kind, name) = resource_name(resource);
    let mut asked = DescribeConfigsResource::default();
    asked.resource_type = kind;
    asked.resource_name = StrBytes::from(name);
    asked.configuration_keys = names.map(|names| names.iter().map(|name| StrBytes::from(name.as_str())).collect());
    let mut request = DescribeConfigsRequest::default();
    request.resources = vec![asked];
    request.include_documentation = head.version >= 3;
    head.frame(&request)
}

pub(in crate::client) fn read(answer: &Answer, resource: &ConfigResource) -> Result<Vec<ConfigEntry>, ClientError> {
    let told: DescribeConfigsResponse = answer.decode()?;
    let (kind, name) = resource_name(resource);
    let is_it = told.results.iter().find(|told| told.resource_type == kind && *told.resource_name == *name);
    let told = is_it.ok_or(answer.bad())?;
    match ClientError::from_answer(told.error_code, told.error_message.as_deref()) {
        Some(error) => Err(error),
        None => Ok(told.configs.iter().map(entry).collect()),
    }
}

fn entry(told: &DescribeConfigsResourceResult) -> ConfigEntry {
    ConfigEntry {
        name: told.name.to_string(),
        value: told.value.as_deref().map(str::to_owned),
        source: ConfigSource::from_number(told.config_source),
        is_read_only: told.read_only,
        is_sensitive: told.is_sensitive,
        documentation: told.documentation.as_deref().map(str::to_owned),
    }
}
