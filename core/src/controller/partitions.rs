//! A topic gets more partitions (KIP-195, `ReplicationControlManager.createPartitions`).

use super::{
    Controller, Decision,
    catalog::Refused,
    draft::Draft,
    image::{Image, PartitionRegistration},
    partition_edit::default_directory,
    placement::place,
    topics::none_active,
};
use crate::{error::ErrorCode, ids::*, record::internal::metadata::MetadataRecord, rng::Rng, sorted::SortedSet};

/// How many partitions a topic is to have in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartitions {
    pub topic: String,
    pub count: i32,
    /// Where each of those that are added goes, if the client says so itself.
    pub assignments: Option<Vec<Vec<BrokerId>>>,
}

impl<A> Controller<A> {
    /// CreatePartitions: each topic grows or is refused for itself, in the order asked.
    ///
    /// # Errors
    /// Each of one topic: `UnknownTopicOrPartition`, `InvalidPartitions`, `InvalidReplicaAssignment`,
    /// `InvalidReplicationFactor`; `PolicyViolation` beyond the cluster's limits.
    pub fn create_partitions(
        &self,
        rng: &mut Rng,
        new: &[NewPartitions],
        validate_only: bool,
    ) -> Decision<Vec<Result<(), Refused>>> {
        let mut draft = self.draft();
        let results = new.iter().map(|new| draft.add_partitions(rng, new)).collect();
        if validate_only { Decision::reply(results) } else { draft.atomic(results) }
    }
}

impl Draft<'_> {
    fn add_partitions(&mut self, rng: &mut Rng, new: &NewPartitions) -> Result<(), Refused> {
        let unknown = || Refused::wordless(ErrorCode::UnknownTopicOrPartition);
        let topic = self.image.topic_named(&new.topic).ok_or_else(unknown)?;
        let (id, has, factor) = (topic.id(), topic.count(), topic.replication_factor());
        let refuse = |error, why| Err(Refused::new(error, why));
        if has == new.count {
            return refuse(ErrorCode::InvalidPartitions, format!("Topic already has {has} partition(s)."));
        }
        if has > new.count {
            let why = format!(
                "The topic {} currently has {has} partition(s); {} would not be an increase.",
                new.topic, new.count
            );
            return refuse(ErrorCode::InvalidPartitions, why);
        }
        let added = new.count - has;
        let assigned = new.assignments.as_ref();
        if let Some(given) = assigned.map(Vec::len).filter(|given| *given != added as usize) {
            let why = format!(
                "Attempted to add {added} additional partition(s), but only {given} assignment(s) were specified."
            );
            return refuse(ErrorCode::InvalidReplicaAssignment, why);
        }
        for replicas in assigned.into_iter().flatten() {
            check_assignment(&self.image, replicas, Some(factor))?;
        }
        self.check_room(0, added)?;
        self.check_batch(added as usize)?;
        let placed = match assigned {
            Some(assigned) => assigned.clone(),
            None => place(&self.image, rng, added, factor as i16)?,
        };
        let mut partitions = Vec::with_capacity(placed.len());
        for (index, replicas) in (has..).zip(placed) {
            let Some(partition) = new_partition(&self.image, replicas) else { return Err(none_active(index)) };
            partitions.push(partition.to_record(TopicPartition { topic: id, partition: index }));
        }
        partitions.into_iter().for_each(|record| self.push(MetadataRecord::Partition(record)));
        Ok(())
    }
}

/// In sync are those that are active; `None`: none of them is.
pub(super) fn new_partition(image: &Image, replicas: Vec<BrokerId>) -> Option<PartitionRegistration> {
    let in_sync: Vec<_> = replicas.iter().copied().filter(|replica| image.is_active(*replica)).collect();
    let directories = replicas.iter().map(|replica| default_directory(image, *replica)).collect();
    (!in_sync.is_empty()).then(|| PartitionRegistration::new(replicas, directories, in_sync))
}

/// Brokers that are registered, each once, and as many as the topic's other partitions have.
pub(super) fn check_assignment(image: &Image, replicas: &[BrokerId], factor: Option<usize>) -> Result<(), Refused> {
    let refuse = |why| Err(Refused::new(ErrorCode::InvalidReplicaAssignment, why));
    if replicas.is_empty() {
        return refuse("The manual partition assignment includes an empty replica list.".to_owned());
    }
    let mut sorted = replicas.to_vec();
    sorted.sort_unstable();
    let mut last = None;
    for id in sorted {
        let Some(broker) = image.broker(id) else {
            return refuse(format!(
                "The manual partition assignment includes broker {id}, but no such broker is registered."
            ));
        };
        if !broker.takes_replicas() {
            return refuse(format!(
                "The manual partition assignment includes broker {id}, but all its log directories are cordoned."
            ));
        }
        if last.replace(id) == Some(id) {
            return refuse(format!("The manual partition assignment includes the broker {id} more than once."));
        }
    }
    match factor.filter(|factor| *factor != replicas.len()) {
        None => Ok(()),
        Some(factor) => refuse(format!(
            "The manual partition assignment includes a partition with {} replica(s), but this is not consistent with \
             previous partitions, which have {factor} replica(s).",
            replicas.len()
        )),
    }
}

/// Numbered without a gap from 0.
pub(super) fn check_numbered(indexes: &SortedSet<PartitionIndex>) -> Result<(), Refused> {
    if indexes.iter().copied().eq((0..).take(indexes.len())) {
        return Ok(());
    }
    let why = "partitions should be a consecutive 0-based integer sequence";
    Err(Refused::new(ErrorCode::InvalidReplicaAssignment, why))
}
