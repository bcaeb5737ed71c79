//! In which of its directories a broker keeps a replica (KIP-858), and which take no more (KIP-1066).

use super::{Controller, Decision, catalog::Refused, draft::Draft, heartbeats::check_broker_epoch};
use crate::{error::ErrorCode, ids::*};

/// A replica's place on the broker that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryAssignment {
    pub id: TopicPartition,
    pub directory: DirectoryId,
}

impl<A> Controller<A> {
    /// AssignReplicasToDirs, in the order told.
    ///
    /// # Errors
    /// `StaleBrokerEpoch` for the request. Of one replica: `UnknownTopicId`, `UnknownTopicOrPartition`,
    /// `NotLeaderOrFollower`.
    pub fn assign_directories(
        &self,
        broker: BrokerId,
        epoch: BrokerEpoch,
        assignments: &[DirectoryAssignment],
    ) -> Decision<Result<Vec<Result<(), ErrorCode>>, Refused>> {
        if let Err(refused) = check_broker_epoch(self.end(), broker, epoch) {
            return Decision::reply(Err(refused));
        }
        let mut draft = self.draft();
        let assigned = assignments.iter().map(|assignment| draft.assign_directory(broker, assignment)).collect();
        draft.decision(Ok(assigned))
    }
}

impl Draft<'_> {
    fn assign_directory(&mut self, broker: BrokerId, assignment: &DirectoryAssignment) -> Result<(), ErrorCode> {
        let topic = self.image.topic(assignment.id.topic).ok_or(ErrorCode::UnknownTopicId)?;
        let partition = topic.partitions().get(&assignment.id.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if !partition.replicas.contains(&broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let mut edit = self.edit(assignment.id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        edit.place(broker, assignment.directory);
        self.carry_out(edit);
        let is_online = self.image.broker(broker).is_some_and(|broker| broker.has_online(assignment.directory));
        if !is_online && let Some(mut edit) = self.edit(assignment.id) {
            edit.in_sync.retain(|replica| *replica != broker);
            edit.without = Some(broker);
            self.carry_out(edit);
        }
        Ok(())
    }

    /// A broker tells which of its directories went offline, and which take no more replicas.
    pub fn set_directories(&mut self, id: BrokerId, offline: &[DirectoryId], cordoned: Option<&[DirectoryId]>) {
        let Some(broker) = self.image.broker(id) else { return };
        let is_offline = |directory: &DirectoryId| offline.contains(directory);
        let (gone, online): (Vec<_>, Vec<_>) = broker.directories.iter().copied().partition(is_offline);
        let is_cordoned_as_before =
            cordoned.is_none_or(|cordoned| broker.cordoned_directories.as_deref().unwrap_or_default() == cordoned);
        if !is_cordoned_as_before {
            let cordoned = cordoned.map(<[_]>::to_vec);
            self.change_registration(id, |change| change.cordoned_log_dirs = cordoned);
        }
        if gone.is_empty() {
            return;
        }
        let in_gone = self.partitions_where(|(_, partition)| {
            partition.directory(id).is_some_and(|directory| gone.contains(&directory))
        });
        for partition in in_gone {
            let Some(mut edit) = self.edit(partition) else { continue };
            edit.in_sync.retain(|replica| *replica != id);
            edit.without = Some(id);
            self.carry_out(edit);
        }
        self.change_registration(id, |change| change.log_dirs = online);
    }
}
