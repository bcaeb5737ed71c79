//! CreatePartitions (key 37, versions 0–3)
//!
//! Behaviour
//! - Each topic grows to `count` partitions or is refused for itself; one that is named twice is refused.
//! - The answer waits until storage knows of them, no longer than the client's timeout.
//! - With `validate_only` everything is checked and nothing done.
//!
//! Versions
//! - 2 flexible
//!
//! Differs from Kafka
//! - A cluster holds 10,000 partitions at most; beyond them it is POLICY_VIOLATION.

use kafka_wire::{
    CreatePartitionsRequest, CreatePartitionsResponse, create_partitions_request::CreatePartitionsTopic,
    create_partitions_response::CreatePartitionsTopicResult,
};
use kafka_wire_core::StrBytes;

use super::{Ask, Handled, named_twice};
use crate::{
    broker::Topics,
    controller::{Change, Refused},
    error::ErrorCode,
    ids::BrokerId,
    turn::Turn,
};

impl Topics {
    pub(in crate::broker) fn on_create_partitions(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: CreatePartitionsRequest,
    ) -> Handled {
        let mut changes = Vec::new();
        let mut results = Vec::with_capacity(request.topics.len());
        let twice = named_twice(request.topics.iter().map(|asked| &asked.name));
        let mut untold = twice.clone();
        for asked in &request.topics {
            let grown = match twice.contains(&asked.name) {
                true if !untold.remove(&asked.name) => continue,
                true => Err(Refused::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
                false => self.add_asked(asked, request.validate_only, &mut changes),
            };
            let mut result = CreatePartitionsTopicResult::default();
            result.name = asked.name.clone();
            if let Err(refused) = grown {
                result.error_code = ask.refuse(turn, refused.error);
                result.error_message = refused.message.map(StrBytes::from);
            }
            results.push(result);
        }
        let answer = move |error: Option<ErrorCode>| {
            let mut response = CreatePartitionsResponse::default();
            response.results = results.clone();
            for result in response.results.iter_mut().filter(|result| result.error_code == 0) {
                result.error_code = error.map_or(0, ErrorCode::code);
            }
            response
        };
        if changes.is_empty() {
            return ask.reply(&answer(None));
        }
        let version = self.carry_out(turn, changes);
        ask.after_commit(version, request.timeout_ms, answer)
    }

    fn add_asked(
        &mut self,
        asked: &CreatePartitionsTopic,
        validate_only: bool,
        changes: &mut Vec<Change>,
    ) -> Result<(), Refused> {
        let assignments: Option<Vec<Vec<BrokerId>>> = asked.assignments.as_ref().map(|given| {
            given.iter().map(|assignment| assignment.broker_ids.iter().copied().map(BrokerId).collect()).collect()
        });
        self.catalog.plan_partitions(&asked.name, asked.count, assignments.as_deref())?;
        if !validate_only {
            changes.extend(self.catalog.add_partitions(&asked.name, asked.count, assignments.as_deref())?);
        }
        Ok(())
    }
}
