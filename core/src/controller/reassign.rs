//! Partitions move to other brokers (KIP-455, `PartitionReassignmentReplicas`).
//!
//! A reassignment adds its replicas first. When they are in sync, those that go leave with the change that says so
//! (`PartitionEdit`); a partition whose replicas are only put in another order is done at once.

use super::{
    Controller, Decision,
    catalog::Refused,
    draft::Draft,
    image::Image,
    partition_edit::{Election, PartitionEdit},
    partitions::check_assignment,
};
use crate::{error::ErrorCode, ids::*};

/// Where a partition is to go; without replicas, back to where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassignment {
    pub topic: String,
    pub partition: PartitionIndex,
    pub replicas: Option<Vec<BrokerId>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OngoingReassignment {
    pub topic: String,
    pub partition: PartitionIndex,
    pub replicas: Vec<BrokerId>,
    pub adding: Vec<BrokerId>,
    pub removing: Vec<BrokerId>,
}

impl<A> Controller<A> {
    /// AlterPartitionReassignments: each partition is reassigned or refused for itself, in the order asked.
    ///
    /// # Errors
    /// Each of one partition: `UnknownTopicOrPartition`, `InvalidReplicaAssignment`, `NoReassignmentInProgress`;
    /// `InvalidReplicationFactor` where the number of replicas may not change.
    pub fn alter_partition_reassignments(
        &self,
        reassignments: &[Reassignment],
        may_change_factor: bool,
    ) -> Decision<Vec<Result<(), Refused>>> {
        let mut draft = self.draft();
        let results = reassignments.iter().map(|one| draft.reassign(one, may_change_factor)).collect();
        draft.atomic(results)
    }
}

/// ListPartitionReassignments, of some partitions or of all.
pub fn ongoing_reassignments(
    image: &Image,
    asked: Option<&[(String, Vec<PartitionIndex>)]>,
) -> Vec<OngoingReassignment> {
    let is_asked = |topic: &str, partition: PartitionIndex| {
        asked.is_none_or(|asked| asked.iter().any(|(name, indexes)| name == topic && indexes.contains(&partition)))
    };
    let topics = image.topics().iter();
    let all =
        topics.flat_map(|topic| topic.partitions().iter().map(move |(index, partition)| (topic, *index, partition)));
    all.filter(|(topic, index, partition)| partition.is_reassigning() && is_asked(topic.name(), *index))
        .map(|(topic, partition, registration)| OngoingReassignment {
            topic: topic.name().to_string(),
            partition,
            replicas: registration.replicas.clone(),
            adding: registration.adding.clone(),
            removing: registration.removing.clone(),
        })
        .collect()
}

impl Draft<'_> {
    fn reassign(&mut self, asked: &Reassignment, may_change_factor: bool) -> Result<(), Refused> {
        let unknown = |why: String| Refused::new(ErrorCode::UnknownTopicOrPartition, why);
        let topic = self.image.topic_named(&asked.topic);
        let topic = topic.ok_or_else(|| unknown(format!("Unable to find a topic named {}.", asked.topic)))?;
        let id = TopicPartition { topic: topic.id(), partition: asked.partition };
        let no_partition = || unknown(format!("Unable to find partition {}:{}.", asked.topic, asked.partition));
        let edit = self.edit(id).ok_or_else(no_partition)?;
        let edit = match &asked.replicas {
            None => reverted(edit, asked)?,
            Some(replicas) => {
                check_assignment(&self.image, replicas, None)?;
                let is_changed = replicas.len() != original(&edit).len();
                if is_changed && !may_change_factor {
                    let (from, to) = (original(&edit).len(), replicas.len());
                    let why = format!("The replication factor is changed from {from} to {to}");
                    return Err(Refused::new(ErrorCode::InvalidReplicationFactor, why));
                }
                retargeted(edit, replicas)
            }
        };
        self.check_batch(1)?;
        self.carry_out(edit);
        Ok(())
    }
}

/// The replicas without those that a reassignment brings.
fn original(edit: &PartitionEdit) -> Vec<BrokerId> {
    let current = edit.current();
    current.replicas.iter().filter(|replica| !current.adding.contains(replica)).copied().collect()
}

fn retargeted(mut edit: PartitionEdit, target: &[BrokerId]) -> PartitionEdit {
    let without = |some: &[BrokerId], others: &[BrokerId]| {
        let mut rest: Vec<_> = some.iter().filter(|replica| !others.contains(replica)).copied().collect();
        rest.sort_unstable();
        rest
    };
    let current = edit.current().replicas.clone();
    let (removing, adding) = (without(&current, target), without(target, &current));
    edit.replicas = target.iter().chain(&removing).copied().collect();
    // Kafka leaves the lists of an earlier reassignment where these are empty, and so takes away what was asked to stay.
    (edit.removing, edit.adding) = (removing, adding);
    edit.election = Election::Online;
    edit
}

fn reverted(mut edit: PartitionEdit, asked: &Reassignment) -> Result<PartitionEdit, Refused> {
    if !edit.current().is_reassigning() {
        return Err(Refused::new(ErrorCode::NoReassignmentInProgress, "No partition reassignment is in progress."));
    }
    let replicas = original(&edit);
    let mut in_sync = edit.current().in_sync.clone();
    in_sync.retain(|replica| !edit.current().adding.contains(replica));
    if in_sync.is_empty() {
        if edit.election != Election::Unclean {
            let why = format!(
                "Unable to revert partition assignment for {}:{} because it would require an unclean leader election.",
                asked.topic, asked.partition
            );
            return Err(Refused::new(ErrorCode::InvalidReplicaAssignment, why));
        }
        in_sync.extend(replicas.first());
    }
    (edit.replicas, edit.in_sync) = (replicas, in_sync);
    edit.removing.clear();
    edit.adding.clear();
    Ok(edit)
}
