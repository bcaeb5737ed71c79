//! A topic gets more partitions (KIP-195, `ReplicationControlManager.createPartitions`).

use super::{Catalog, Change, Refused};
use crate::{error::ErrorCode, ids::*, sorted::SortedSet};

impl Catalog {
    /// Checks that `topic` can have `count` partitions in all. Gives its id and how many it has.
    pub fn plan_partitions(
        &self,
        topic: &str,
        count: i32,
        assignments: Option<&[Vec<BrokerId>]>,
    ) -> Result<(TopicId, i32), Refused> {
        let unknown = || Refused::wordless(ErrorCode::UnknownTopicOrPartition);
        let topic = self.topic_named(topic).ok_or_else(unknown)?;
        let refuse = |why| Err(Refused::new(ErrorCode::InvalidPartitions, why));
        match topic.partitions {
            has if has == count => return refuse(format!("Topic already has {has} partition(s).")),
            has if has > count => {
                let why = format!(
                    "The topic {} currently has {has} partition(s); {count} would not be an increase.",
                    topic.name
                );
                return refuse(why);
            }
            _ => {}
        }
        let added = count - topic.partitions;
        if let Some(assignments) = assignments {
            if assignments.len() != added as usize {
                let why = format!(
                    "Attempted to add {added} additional partition(s), but only {} assignment(s) were specified.",
                    assignments.len()
                );
                return Err(Refused::new(ErrorCode::InvalidReplicaAssignment, why));
            }
            let numbered: Vec<_> = (topic.partitions..).zip(assignments.iter().cloned()).collect();
            check_assignments(&numbered, topic.partitions, self.broker)?;
        }
        self.check_room(0, added)?;
        Ok((topic.id, topic.partitions))
    }

    pub fn add_partitions(
        &mut self,
        topic: &str,
        count: i32,
        assignments: Option<&[Vec<BrokerId>]>,
    ) -> Result<Vec<Change>, Refused> {
        let (topic, from) = self.plan_partitions(topic, count, assignments)?;
        if let Some(topic) = self.topics.get_mut(&topic) {
            topic.partitions = count;
        }
        self.version += 1;
        Ok(vec![Change::PartitionsAdded { topic, from }])
    }
}

/// Partitions numbered without a gap from `first`, each on the one broker there is.
pub(super) fn check_assignments(
    assignments: &[(PartitionIndex, Vec<BrokerId>)],
    first: PartitionIndex,
    broker: BrokerId,
) -> Result<(), Refused> {
    let refuse = |why| Err(Refused::new(ErrorCode::InvalidReplicaAssignment, why));
    let mut indexes = SortedSet::new();
    if let Some((twice, _)) = assignments.iter().find(|(index, _)| !indexes.insert(*index)) {
        return refuse(format!("Found multiple manual partition assignments for partition {twice}"));
    }
    if !indexes.iter().copied().eq((first..).take(indexes.len())) {
        return refuse("partitions should be a consecutive 0-based integer sequence".to_owned());
    }
    for (_, brokers) in assignments {
        if brokers.is_empty() {
            return refuse("The manual partition assignment includes an empty replica list.".to_owned());
        }
        if let Some(other) = brokers.iter().find(|&&id| id != broker) {
            return refuse(format!(
                "The manual partition assignment includes broker {other}, but no such broker is registered."
            ));
        }
        if brokers.len() > 1 {
            return refuse(format!("The manual partition assignment includes the broker {broker} more than once."));
        }
    }
    Ok(())
}
