//! What an administrator asks: one file per API, each with the request and what becomes of its answer.

pub(super) mod create_topics;
pub(super) mod delete_records;
pub(super) mod delete_topics;
pub(super) mod describe_cluster;
pub(super) mod describe_configs;
pub(super) mod incremental_alter_configs;
pub(super) mod list_offsets;

use std::time::Duration;

use super::{ClientError, question::ConfigResource};
use crate::error::ErrorCode;

/// How long the broker may take, as requests say it.
fn millis(timeout: Duration) -> i32 {
    timeout.as_millis().min(i32::MAX as u128) as i32
}

/// The number and the name of a resource (`ConfigResource.Type`).
fn resource_name(resource: &ConfigResource) -> (i8, String) {
    match resource {
        ConfigResource::Topic(name) => (2, name.clone()),
        ConfigResource::Broker(id) => (4, id.to_string()),
    }
}

/// One result for each topic; but if they only went to the wrong broker, that, so that all are asked again.
fn each_or_again<T>(results: Vec<Result<T, ClientError>>) -> Result<Vec<Result<T, ClientError>>, ClientError> {
    let is_elsewhere = |result: &Result<T, ClientError>| {
        result.as_ref().is_err_and(|error| matches!(error, ClientError::Kafka(ErrorCode::NotController, _)))
    };
    match results.first() {
        Some(Err(why)) if results.iter().all(is_elsewhere) => Err(why.clone()),
        _ => Ok(results),
    }
}
