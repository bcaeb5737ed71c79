//! What the controller keeps of one partition (`PartitionRegistration`).

use crate::{
    ids::*,
    record::internal::metadata::{LEADER_UNCHANGED, NO_LEADER, PartitionChangeRecord, PartitionRecord},
};

/// `LeaderRecoveryState` of a leader that was elected though it was not in sync, until it is done with that.
pub const RECOVERING: i8 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionRegistration {
    /// The preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// Where each replica lies, in the order of `replicas`.
    pub directories: Vec<DirectoryId>,
    pub in_sync: Vec<BrokerId>,
    /// Out of sync, but they have all that was committed: they may still lead (KIP-966).
    pub eligible: Vec<BrokerId>,
    /// The leader that a partition without one had last.
    pub last_known_eligible: Vec<BrokerId>,
    /// Replicas that a reassignment takes away once the others are in sync.
    pub removing: Vec<BrokerId>,
    /// Replicas that a reassignment brings.
    pub adding: Vec<BrokerId>,
    pub leader: Option<BrokerId>,
    /// Its leader was not in sync when it was elected, and is not done with recovering from that.
    pub is_recovering: bool,
    pub leader_epoch: LeaderEpoch,
    pub partition_epoch: PartitionEpoch,
}

impl PartitionRegistration {
    /// A new partition. The first in-sync replica leads.
    pub fn new(replicas: Vec<BrokerId>, directories: Vec<DirectoryId>, in_sync: Vec<BrokerId>) -> Self {
        Self {
            leader: in_sync.first().copied(),
            replicas,
            directories,
            in_sync,
            eligible: Vec::new(),
            last_known_eligible: Vec::new(),
            removing: Vec::new(),
            adding: Vec::new(),
            is_recovering: false,
            leader_epoch: 0,
            partition_epoch: 0,
        }
    }

    pub(super) fn of(record: &PartitionRecord) -> Self {
        Self {
            directories: fitted(&record.directories, record.replicas.len()),
            replicas: record.replicas.clone(),
            in_sync: record.isr.clone(),
            eligible: record.eligible_leader_replicas.clone().unwrap_or_default(),
            last_known_eligible: record.last_known_elr.clone().unwrap_or_default(),
            removing: record.removing_replicas.clone(),
            adding: record.adding_replicas.clone(),
            leader: some_leader(record.leader),
            is_recovering: record.leader_recovery_state == RECOVERING,
            leader_epoch: record.leader_epoch,
            partition_epoch: record.partition_epoch,
        }
    }

    pub fn to_record(&self, id: TopicPartition) -> PartitionRecord {
        let some = |brokers: &Vec<BrokerId>| (!brokers.is_empty()).then(|| brokers.clone());
        PartitionRecord {
            partition_id: id.partition,
            topic_id: id.topic,
            replicas: self.replicas.clone(),
            isr: self.in_sync.clone(),
            removing_replicas: self.removing.clone(),
            adding_replicas: self.adding.clone(),
            leader: self.leader.unwrap_or(NO_LEADER),
            leader_recovery_state: i8::from(self.is_recovering),
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            directories: self.directories.clone(),
            eligible_leader_replicas: some(&self.eligible),
            last_known_elr: some(&self.last_known_eligible),
        }
    }

    /// Every change is a new partition epoch, and one that says who leads a new leader epoch.
    pub(super) fn change(&mut self, record: &PartitionChangeRecord) {
        let put = |brokers: &mut Vec<BrokerId>, changed: &Option<Vec<BrokerId>>| {
            if let Some(changed) = changed {
                brokers.clone_from(changed);
            }
        };
        put(&mut self.replicas, &record.replicas);
        put(&mut self.in_sync, &record.isr);
        put(&mut self.removing, &record.removing_replicas);
        put(&mut self.adding, &record.adding_replicas);
        put(&mut self.eligible, &record.eligible_leader_replicas);
        put(&mut self.last_known_eligible, &record.last_known_elr);
        let directories = record.directories.as_ref().unwrap_or(&self.directories);
        self.directories = fitted(directories, self.replicas.len());
        if record.leader != LEADER_UNCHANGED {
            self.leader = some_leader(record.leader);
            self.leader_epoch = self.leader_epoch.saturating_add(1);
        }
        if record.leader_recovery_state >= 0 {
            self.is_recovering = record.leader_recovery_state == RECOVERING;
        }
        self.partition_epoch = self.partition_epoch.saturating_add(1);
    }

    /// The set below which replicas are eligible is another one: nothing can be said of them.
    pub(super) fn clear_eligible(&mut self) {
        if !self.eligible.is_empty() || !self.last_known_eligible.is_empty() {
            self.eligible.clear();
            self.last_known_eligible.clear();
            self.partition_epoch = self.partition_epoch.saturating_add(1);
        }
    }

    pub fn preferred(&self) -> Option<BrokerId> {
        self.replicas.first().copied()
    }

    pub fn has_preferred_leader(&self) -> bool {
        self.leader == self.preferred()
    }

    pub fn is_reassigning(&self) -> bool {
        !self.removing.is_empty() || !self.adding.is_empty()
    }

    pub fn directory(&self, replica: BrokerId) -> Option<DirectoryId> {
        let place = self.replicas.iter().position(|&other| other == replica)?;
        self.directories.get(place).copied()
    }
}

fn some_leader(leader: BrokerId) -> Option<BrokerId> {
    (leader.0 >= 0).then_some(leader)
}

/// One directory for each replica.
fn fitted(directories: &[DirectoryId], replicas: usize) -> Vec<DirectoryId> {
    let mut directories = directories.to_vec();
    directories.resize(replicas, DirectoryId::ZERO);
    directories
}
