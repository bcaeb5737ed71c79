//! What one member was when it was looked at.

use super::Checked;
use crate::{
    ids::{LeaderEpoch, Offset},
    node::cluster::Cluster,
    quorum::{ElectionState, Role},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub life: u32,
    /// It takes part; else it reads what it has, or its storage failed.
    pub is_member: bool,
    pub is_leader: bool,
    pub role: &'static str,
    pub epoch: LeaderEpoch,
    /// Where its epoch begins, of a leader.
    pub epoch_start: Offset,
    pub high_watermark: Offset,
    pub start: Offset,
    pub end: Offset,
    pub synced_end: Offset,
    pub image_end: Offset,
    pub durable: ElectionState,
}

impl Seen {
    pub fn of(life: u32, cluster: &Cluster) -> Self {
        let owner = cluster.log();
        let (quorum, log) = (owner.quorum(), owner.log());
        let role = quorum.map(|quorum| quorum.role());
        Self {
            life,
            is_member: quorum.is_some(),
            is_leader: matches!(role, Some(Role::Leader(_))),
            role: role.map_or("none", Role::name),
            epoch: owner.standing().epoch,
            epoch_start: if let Some(Role::Leader(leader)) = role { leader.epoch_start } else { 0 },
            high_watermark: quorum.map_or(0, |quorum| quorum.high_watermark()),
            start: log.log_start_offset(),
            end: log.log_end_offset(),
            synced_end: log.committed_end(),
            image_end: cluster.image_end(),
            durable: owner.durable(),
        }
    }

    /// Q5: epochs only rise, in memory and on disk, over restarts too. Q1: nobody votes twice in an epoch.
    pub fn check_after(&self, before: &Self) -> Checked {
        let (now, then) = (self.durable, before.durable);
        if now.epoch < then.epoch {
            return Err(("Q5", format!("{then:?} was durable, and {now:?} is")));
        }
        if now.epoch == then.epoch && then.voted.is_some() && now.voted != then.voted {
            return Err(("Q1", format!("{then:?} was durable, and then {now:?}")));
        }
        let is_same = self.life == before.life && self.is_member && before.is_member;
        if is_same && self.epoch < before.epoch || self.epoch < now.epoch {
            return Err(("Q5", format!("from epoch {} to {}, and {now:?} is durable", before.epoch, self.epoch)));
        }
        // Q4: what was durable is there after any restart.
        match self.life != before.life && self.end < before.synced_end {
            true => Err(("Q4", format!("{} was durable, and the log ends at {}", before.synced_end, self.end))),
            false => Ok(()),
        }
    }
}
