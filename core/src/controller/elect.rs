//! Who leads: when brokers come and go, when somebody asks, and every now and then.

use super::{
    Controller, Decision, catalog::Refused, draft::Draft, image::PartitionRegistration, partition_edit::Election,
};
use crate::{error::ErrorCode, ids::*};

/// What an ElectLeaders asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectionKind {
    Preferred = 0,
    Unclean = 1,
}

impl ElectionKind {
    pub fn from_number(number: i8) -> Option<Self> {
        [Self::Preferred, Self::Unclean].into_iter().find(|kind| *kind as i8 == number)
    }
}

/// How many partitions of a topic were asked for, each with what it came to.
pub type Elected = Vec<(String, Vec<(PartitionIndex, Result<(), Refused>)>)>;

/// Elections of one look around (`QuorumController.MAX_ELECTIONS_PER_IMBALANCE`).
const ELECTIONS_MAX: usize = 1_000;

impl<A> Controller<A> {
    /// ElectLeaders. Without topics: all partitions, and those that need no election are left out.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition`, `ElectionNotNeeded`, `PreferredLeaderNotAvailable`, `EligibleLeadersNotAvailable`: each
    /// of one partition.
    pub fn elect_leaders(
        &self,
        kind: ElectionKind,
        asked: Option<&[(String, Vec<PartitionIndex>)]>,
    ) -> Decision<Elected> {
        let mut draft = self.draft();
        let all = || {
            let topics = self.end().topics().iter();
            topics.map(|topic| (topic.name().to_string(), topic.partitions().keys().copied().collect())).collect()
        };
        let topics: Vec<(String, Vec<PartitionIndex>)> = asked.map_or_else(all, <[_]>::to_vec);
        let needless = |result: &Result<(), Refused>| {
            asked.is_none() && result.as_ref().is_err_and(|refused| refused.error == ErrorCode::ElectionNotNeeded)
        };
        let mut elected = Vec::with_capacity(topics.len());
        for (name, partitions) in topics {
            let results = partitions.into_iter().map(|index| (index, draft.elect_leader(&name, index, kind)));
            let told = results.filter(|(_, result)| !needless(result)).collect();
            elected.push((name, told));
        }
        draft.decision(elected)
    }

    /// Gives partitions back to their preferred leaders where these are in sync.
    pub(super) fn balance(&self) -> Decision<()> {
        let mut draft = self.draft();
        let is_imbalanced = |(_, partition): &(_, &PartitionRegistration)| !partition.has_preferred_leader();
        for id in draft.partitions_where(is_imbalanced) {
            if draft.len() >= ELECTIONS_MAX {
                break;
            }
            if let Some(mut edit) = draft.edit(id) {
                edit.election = Election::Preferred;
                draft.carry_out(edit);
            }
        }
        draft.decision(())
    }

    /// Makes anyone who is there lead what nobody leads, where the topic allows that.
    pub(super) fn elect_uncleanly(&self) -> Decision<()> {
        let mut draft = self.draft();
        for id in draft.partitions_where(|(_, partition)| partition.leader.is_none()) {
            if draft.len() >= ELECTIONS_MAX {
                break;
            }
            if let Some(edit) = draft.edit(id).filter(|edit| edit.election == Election::Unclean) {
                draft.carry_out(edit);
            }
        }
        draft.decision(())
    }
}

impl Draft<'_> {
    pub fn partitions_where(
        &self,
        is_meant: impl Fn(&(TopicPartition, &PartitionRegistration)) -> bool,
    ) -> Vec<TopicPartition> {
        self.image.topics().partitions().filter(is_meant).map(|(id, _)| id).collect()
    }

    /// Takes a broker out of in-sync sets and from the lead. `is_lost`: and out of those that are eligible.
    pub fn take_from_partitions(&mut self, id: BrokerId, is_lost: bool) {
        let is_held = |partition: &PartitionRegistration| {
            partition.in_sync.contains(&id)
                || partition.leader == Some(id)
                || (is_lost && partition.eligible.contains(&id))
        };
        for partition in self.partitions_where(|(_, partition)| is_held(partition)) {
            let Some(mut edit) = self.edit(partition) else { continue };
            edit.in_sync.retain(|replica| *replica != id);
            edit.without = Some(id);
            edit.lost = is_lost.then_some(id);
            self.carry_out(edit);
        }
    }

    pub fn elect_leaderless(&mut self) {
        for id in self.partitions_where(|(_, partition)| partition.leader.is_none()) {
            if let Some(edit) = self.edit(id) {
                self.carry_out(edit);
            }
        }
    }

    fn elect_leader(&mut self, topic: &str, index: PartitionIndex, kind: ElectionKind) -> Result<(), Refused> {
        let unknown = |what: String| Refused::new(ErrorCode::UnknownTopicOrPartition, what);
        let found = self.image.topic_named(topic).ok_or_else(|| unknown(format!("No such topic as {topic}")))?;
        let partition = found.partitions().get(&index);
        let partition = partition.ok_or_else(|| unknown(format!("No such partition as {topic}-{index}")))?;
        let is_needless = match kind {
            ElectionKind::Preferred => partition.has_preferred_leader(),
            ElectionKind::Unclean => partition.leader.is_some(),
        };
        if is_needless {
            return Err(Refused::wordless(ErrorCode::ElectionNotNeeded));
        }
        let id = TopicPartition { topic: found.id(), partition: index };
        self.check_batch(1)?;
        let none = match kind {
            ElectionKind::Preferred => ErrorCode::PreferredLeaderNotAvailable,
            ElectionKind::Unclean => ErrorCode::EligibleLeadersNotAvailable,
        };
        let Some(mut edit) = self.edit(id) else { return Err(Refused::wordless(none)) };
        edit.election = if kind == ElectionKind::Unclean { Election::Unclean } else { Election::Preferred };
        if self.carry_out(edit) { Ok(()) } else { Err(Refused::wordless(none)) }
    }
}
