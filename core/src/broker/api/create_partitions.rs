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
    broker::{Topics, decide::Due},
    controller::{Change, Controller, Decision, NewPartitions, Refused},
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
        let assignments = assignments(asked);
        self.catalog.plan_partitions(&asked.name, asked.count, assignments.as_deref())?;
        if !validate_only {
            changes.extend(self.catalog.add_partitions(&asked.name, asked.count, assignments.as_deref())?);
        }
        Ok(())
    }
}

/// What the controller decides.
pub(in crate::broker) fn decide(
    turn: &mut Turn<'_>,
    controller: &Controller<Due>,
    ask: Ask,
    request: CreatePartitionsRequest,
) -> Decision<Due> {
    let twice = named_twice(request.topics.iter().map(|asked| &asked.name));
    let mut untold = twice.clone();
    let told = request.topics.iter().filter(|asked| !twice.contains(&asked.name) || untold.remove(&asked.name));
    let told: Vec<&CreatePartitionsTopic> = told.collect();
    let new: Vec<NewPartitions> =
        told.iter().filter(|asked| !twice.contains(&asked.name)).map(|asked| new_partitions(asked)).collect();
    let decision = controller.create_partitions(turn.rng, &new, request.validate_only);
    decision.map(|grown| {
        let mut grown = grown.into_iter();
        let mut response = CreatePartitionsResponse::default();
        for asked in told {
            let grown = match twice.contains(&asked.name) {
                true => Err(Refused::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
                false => grown.next().unwrap_or(Ok(())),
            };
            let mut result = CreatePartitionsTopicResult::default();
            result.name = asked.name.clone();
            if let Err(refused) = grown {
                result.error_code = ask.refuse(turn, refused.error);
                result.error_message = refused.message.map(StrBytes::from);
            }
            response.results.push(result);
        }
        ask.due(&response, &refusal(&request, ErrorCode::NotController))
    })
}

/// Every topic is told the same.
pub(in crate::broker) fn refusal(request: &CreatePartitionsRequest, error: ErrorCode) -> CreatePartitionsResponse {
    let mut response = CreatePartitionsResponse::default();
    let refused = request.topics.iter().map(|asked| {
        let mut result = CreatePartitionsTopicResult::default();
        result.name = asked.name.clone();
        result.error_code = error.code();
        result
    });
    response.results = refused.collect();
    response
}

fn new_partitions(asked: &CreatePartitionsTopic) -> NewPartitions {
    NewPartitions { topic: asked.name.to_string(), count: asked.count, assignments: assignments(asked) }
}

fn assignments(asked: &CreatePartitionsTopic) -> Option<Vec<Vec<BrokerId>>> {
    let given = asked.assignments.as_ref()?.iter();
    Some(given.map(|assignment| assignment.broker_ids.iter().copied().map(BrokerId).collect()).collect())
}
