//! Leaders tell who is in sync (AlterPartition: KIP-497, KIP-841, KIP-903).

use super::{
    Controller, Decision,
    catalog::Refused,
    heartbeats::check_broker_epoch,
    image::{Image, PartitionRegistration},
};
use crate::{error::ErrorCode, ids::*, sorted::SortedSet};

/// A replica that is to be in sync, and which run of its broker was seen to be; `None` where the request's version has no
/// place for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposedReplica {
    pub broker: BrokerId,
    pub epoch: Option<BrokerEpoch>,
}

/// What a leader wants of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsrProposal {
    pub id: TopicPartition,
    pub leader_epoch: LeaderEpoch,
    pub partition_epoch: PartitionEpoch,
    pub in_sync: Vec<ProposedReplica>,
    pub is_recovering: bool,
}

impl<A> Controller<A> {
    /// AlterPartition: gives each partition as it is then, in the order asked.
    ///
    /// # Errors
    /// `StaleBrokerEpoch` for the request. Of one partition: `UnknownTopicId`, `UnknownTopicOrPartition`;
    /// `NotController` where the leader knows more than this controller; `FencedLeaderEpoch`, `InvalidUpdateVersion`,
    /// `InvalidRequest`, `IneligibleReplica`; `NewLeaderElected` where the change was made and another leads by it.
    pub fn alter_partition(
        &self,
        broker: BrokerId,
        epoch: BrokerEpoch,
        proposals: &[IsrProposal],
    ) -> Decision<Result<Vec<Result<PartitionRegistration, ErrorCode>>, Refused>> {
        if let Err(refused) = check_broker_epoch(self.end(), broker, epoch) {
            return Decision::reply(Err(refused));
        }
        let mut draft = self.draft();
        let altered = proposals.iter().map(|proposal| {
            check(&draft.image, broker, proposal)?;
            let mut edit = draft.edit(proposal.id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
            edit.in_sync = proposal.in_sync.iter().map(|replica| replica.broker).collect();
            edit.is_recovering = proposal.is_recovering;
            draft.carry_out(edit);
            let partition = draft.image.partition(proposal.id).ok_or(ErrorCode::UnknownTopicOrPartition)?;
            // A reassignment that ends by this may take the lead from who asks.
            if partition.leader == Some(broker) { Ok(partition.clone()) } else { Err(ErrorCode::NewLeaderElected) }
        });
        let altered = altered.collect();
        draft.decision(Ok(altered))
    }
}

fn check(image: &Image, broker: BrokerId, proposal: &IsrProposal) -> Result<(), ErrorCode> {
    let topic = image.topic(proposal.id.topic).ok_or(ErrorCode::UnknownTopicId)?;
    let partition = topic.partitions().get(&proposal.id.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    // A leader that knows of later epochs has them from another controller.
    if proposal.leader_epoch > partition.leader_epoch || proposal.partition_epoch > partition.partition_epoch {
        return Err(ErrorCode::NotController);
    }
    if proposal.leader_epoch < partition.leader_epoch {
        return Err(ErrorCode::FencedLeaderEpoch);
    }
    if partition.leader != Some(broker) {
        return Err(ErrorCode::InvalidRequest);
    }
    if proposal.partition_epoch < partition.partition_epoch {
        return Err(ErrorCode::InvalidUpdateVersion);
    }
    let brokers: SortedSet<BrokerId> = proposal.in_sync.iter().map(|replica| replica.broker).collect();
    let is_possible = brokers.len() == proposal.in_sync.len()
        && brokers.iter().all(|replica| partition.replicas.contains(replica))
        && brokers.contains(&broker);
    let is_alone = !proposal.is_recovering || brokers.len() == 1;
    let may_recover = !proposal.is_recovering || partition.is_recovering;
    if !(is_possible && is_alone && may_recover) {
        return Err(ErrorCode::InvalidRequest);
    }
    let is_eligible = proposal.in_sync.iter().all(|replica| is_eligible(image, *replica));
    if is_eligible { Ok(()) } else { Err(ErrorCode::IneligibleReplica) }
}

/// B08: a replica whose broker is fenced, leaves, or is another run than the one that was seen is not in sync.
fn is_eligible(image: &Image, replica: ProposedReplica) -> bool {
    let broker = image.broker(replica.broker).filter(|broker| broker.is_active());
    broker.is_some_and(|broker| replica.epoch.is_none_or(|epoch| epoch == broker.epoch))
}
