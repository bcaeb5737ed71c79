//! How one partition is to change, and what that comes to (`PartitionChangeBuilder`).

use super::{
    draft::Draft,
    image::{Image, PartitionRegistration},
};
use crate::{
    ids::*,
    record::internal::metadata::{LEADER_UNCHANGED, MetadataRecord, NO_LEADER, PartitionChangeRecord},
    sorted::SortedMap,
};

/// Who may be made leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Election {
    /// The first replica if it is in sync, else whoever is.
    Preferred,
    /// Whoever is in sync; the leader stays if it is.
    Online,
    /// Anyone who is there, if nobody is in sync: what it does not have is lost.
    Unclean,
}

/// A partition as it is wanted. Who leads follows from that.
#[derive(Clone, Debug)]
pub(super) struct PartitionEdit {
    id: TopicPartition,
    current: PartitionRegistration,
    pub replicas: Vec<BrokerId>,
    pub in_sync: Vec<BrokerId>,
    pub removing: Vec<BrokerId>,
    pub adding: Vec<BrokerId>,
    pub is_recovering: bool,
    pub election: Election,
    /// Is about to go: leads nothing, whatever its registration says.
    pub without: Option<BrokerId>,
    /// Came back and may have lost what it held: it is eligible for nothing.
    pub lost: Option<BrokerId>,
    directories: SortedMap<BrokerId, DirectoryId>,
    eligible: Vec<BrokerId>,
}

/// What of the cluster an edit depends on.
struct Terms<'a> {
    image: &'a Image,
    min_in_sync: usize,
    /// Whether eligible leader replicas are kept (KIP-966, `eligible.leader.replicas.version`).
    is_elr_enabled: bool,
}

impl PartitionEdit {
    pub fn new(id: TopicPartition, current: PartitionRegistration) -> Self {
        let placed = current.replicas.iter().copied().zip(current.directories.iter().copied());
        Self {
            id,
            replicas: current.replicas.clone(),
            in_sync: current.in_sync.clone(),
            removing: current.removing.clone(),
            adding: current.adding.clone(),
            is_recovering: current.is_recovering,
            election: Election::Online,
            without: None,
            lost: None,
            directories: placed.collect(),
            eligible: current.eligible.clone(),
            current,
        }
    }

    pub fn current(&self) -> &PartitionRegistration {
        &self.current
    }

    pub fn place(&mut self, replica: BrokerId, directory: DirectoryId) {
        self.directories.insert(replica, directory);
    }

    /// The change, if it is one.
    fn build(mut self, terms: &Terms<'_>) -> Option<PartitionChangeRecord> {
        let mut record = PartitionChangeRecord {
            partition_id: self.id.partition,
            topic_id: self.id.topic,
            ..PartitionChangeRecord::default()
        };
        self.complete_reassignment();
        self.find_eligible(terms);
        self.elect(terms, &mut record);
        // Followers of a leader that stays must learn that a replica went.
        let is_replica_gone = self.current.replicas.iter().any(|replica| !self.replicas.contains(replica));
        if record.leader == LEADER_UNCHANGED && is_replica_gone {
            record.leader = self.current.leader.unwrap_or(NO_LEADER);
        }
        self.put_eligible(terms, &mut record);
        // Only with eligible replicas beside it may an in-sync set be empty; else the last one stays in it.
        let may_shrink = !self.in_sync.is_empty() || terms.is_elr_enabled;
        if record.isr.is_none() && may_shrink && self.in_sync != self.current.in_sync {
            record.isr = Some(self.in_sync.clone());
        }
        self.put_last_known(terms, &mut record);
        self.put_assignment(terms, &mut record);
        if self.is_recovering != self.current.is_recovering {
            record.leader_recovery_state = i8::from(self.is_recovering);
        }
        let unchanged = PartitionChangeRecord {
            partition_id: self.id.partition,
            topic_id: self.id.topic,
            ..PartitionChangeRecord::default()
        };
        (record != unchanged).then_some(record)
    }

    /// A reassignment is done when all that come are in sync. One that takes more away than it brings needs all that stay.
    fn complete_reassignment(&mut self) {
        if self.removing.is_empty() && self.adding.is_empty() {
            return;
        }
        let stays = |replica: &&BrokerId| !self.removing.contains(replica);
        let in_sync: Vec<_> = self.in_sync.iter().filter(stays).copied().collect();
        let replicas: Vec<_> = self.replicas.iter().filter(stays).copied().collect();
        let needed = if self.adding.len() < self.removing.len() { &replicas } else { &self.adding };
        if in_sync.is_empty() || replicas.is_empty() || !needed.iter().all(|replica| in_sync.contains(replica)) {
            return;
        }
        (self.in_sync, self.replicas) = (in_sync, replicas);
        self.removing.clear();
        self.adding.clear();
    }

    /// Who was in sync when the set fell below its least size has all that was committed since.
    fn find_eligible(&mut self, terms: &Terms<'_>) {
        if !terms.is_elr_enabled {
            return;
        }
        if self.in_sync.len() >= terms.min_in_sync {
            self.eligible.clear();
            return;
        }
        let mut eligible: Vec<_> = self.eligible.iter().chain(&self.current.in_sync).copied().collect();
        eligible.sort_unstable();
        eligible.dedup();
        eligible.retain(|replica| !self.in_sync.contains(replica) && self.lost != Some(*replica));
        self.eligible = eligible;
    }

    fn elect(&mut self, terms: &Terms<'_>, record: &mut PartitionChangeRecord) {
        let (elected, is_unclean) = self.elected(terms);
        if elected == self.current.leader {
            return;
        }
        record.leader = elected.unwrap_or(NO_LEADER);
        let Some(elected) = elected else { return };
        if self.eligible.contains(&elected) {
            self.in_sync = vec![elected];
            self.eligible.retain(|replica| *replica != elected);
        }
        if is_unclean {
            record.isr = Some(vec![elected]);
            if !self.current.is_recovering {
                record.leader_recovery_state = super::image::RECOVERING;
            }
        }
    }

    /// Who leads, and whether something may be lost by it.
    fn elected(&self, terms: &Terms<'_>) -> (Option<BrokerId>, bool) {
        let may_lead = |replica: &BrokerId| {
            let is_in = match self.in_sync.is_empty() {
                true => self.eligible.contains(replica),
                false => self.in_sync.contains(replica),
            };
            is_in && self.is_there(terms, *replica)
        };
        if self.election == Election::Preferred
            && let Some(preferred) = self.replicas.first().copied().filter(may_lead)
        {
            return (Some(preferred), false);
        }
        if let Some(leader) = self.current.leader.filter(may_lead) {
            return (Some(leader), false);
        }
        if let Some(replica) = self.replicas.iter().copied().find(may_lead) {
            return (Some(replica), false);
        }
        if let Some(last) = self.last_known_leader(terms) {
            return (Some(last), true);
        }
        let unclean = (self.election == Election::Unclean)
            .then(|| self.replicas.iter().copied().find(|replica| self.is_there(terms, *replica)));
        (unclean.flatten(), true)
    }

    /// Whether it is active and its directory online.
    fn is_there(&self, terms: &Terms<'_>, replica: BrokerId) -> bool {
        let broker = terms.image.broker(replica).filter(|broker| broker.is_active());
        let directory = self.current.directory(replica).unwrap_or_default();
        let is_leaving = self.without == Some(replica) || self.lost == Some(replica);
        !is_leaving && broker.is_some_and(|broker| broker.has_online(directory))
    }

    /// Where nobody is in sync or eligible, the leader that was last has as much as anyone.
    fn last_known_leader(&self, terms: &Terms<'_>) -> Option<BrokerId> {
        let nobody = self.in_sync.is_empty() && self.eligible.is_empty();
        match self.current.last_known_eligible[..] {
            [last] if terms.is_elr_enabled && nobody && self.is_there(terms, last) => Some(last),
            _ => None,
        }
    }

    fn put_eligible(&mut self, terms: &Terms<'_>, record: &mut PartitionChangeRecord) {
        let is_unclean = record.isr.is_some();
        if is_unclean || !terms.is_elr_enabled {
            self.eligible.clear();
        }
        if self.eligible != self.current.eligible {
            record.eligible_leader_replicas = Some(self.eligible.clone());
        }
    }

    /// Who led last is kept from when nobody leads until somebody does.
    ///
    /// Differs from Kafka, which keeps -1 where nobody led before.
    fn put_last_known(&self, terms: &Terms<'_>, record: &mut PartitionChangeRecord) {
        let is_known = !self.current.last_known_eligible.is_empty();
        if !terms.is_elr_enabled {
            return;
        }
        match (record.leader, self.current.leader) {
            (NO_LEADER, Some(last)) if !is_known => record.last_known_elr = Some(vec![last]),
            (LEADER_UNCHANGED | NO_LEADER, _) => {}
            _ if is_known => record.last_known_elr = Some(Vec::new()),
            _ => {}
        }
    }

    fn put_assignment(&self, terms: &Terms<'_>, record: &mut PartitionChangeRecord) {
        let default = |replica: BrokerId| default_directory(terms.image, replica);
        let placed = |replica: &BrokerId| self.directories.get(replica).copied().unwrap_or_else(|| default(*replica));
        let directories: Vec<_> = self.replicas.iter().map(placed).collect();
        if directories != self.current.directories {
            record.directories = Some(directories);
        }
        let changed = |wanted: &Vec<BrokerId>, current: &Vec<BrokerId>| (wanted != current).then(|| wanted.clone());
        record.replicas = changed(&self.replicas, &self.current.replicas);
        record.removing_replicas = changed(&self.removing, &self.current.removing);
        record.adding_replicas = changed(&self.adding, &self.current.adding);
    }
}

/// Where a new replica on a broker lies.
pub(super) fn default_directory(image: &Image, replica: BrokerId) -> DirectoryId {
    image.broker(replica).map_or(DirectoryId::UNASSIGNED, |broker| broker.default_directory())
}

impl Draft<'_> {
    pub fn is_elr_enabled(&self) -> bool {
        self.image.feature_level(super::features::ELIGIBLE_LEADER_REPLICAS) > 0
    }

    /// A partition as it is, to be changed. Elects uncleanly where its topic may.
    pub fn edit(&self, id: TopicPartition) -> Option<PartitionEdit> {
        let mut edit = PartitionEdit::new(id, self.image.partition(id)?.clone());
        let topic = self.image.topic(id.topic)?;
        if self.rules.is_unclean_allowed(&self.image, topic) {
            edit.election = Election::Unclean;
        }
        Some(edit)
    }

    /// Adds the change that the edit comes to. False: it is none.
    pub fn carry_out(&mut self, edit: PartitionEdit) -> bool {
        let Some(topic) = self.image.topic(edit.id.topic) else { return false };
        let terms = Terms {
            min_in_sync: self.rules.min_in_sync(&self.image, topic),
            is_elr_enabled: self.is_elr_enabled(),
            image: &self.image,
        };
        let record = edit.build(&terms);
        let is_change = record.is_some();
        record.into_iter().for_each(|record| self.push(MetadataRecord::PartitionChange(record)));
        is_change
    }
}
