//! What must hold among the members of the metadata quorum: Q1 to Q7, Q9, Q10, Q12, and L1, L5 once all is healed.
//!
//! Each member is compared with what it was when it was looked at last: nothing is read of a log in which nothing moved.
//! Voters are as configured, by their ids alone: one whose disk is replaced may forget a vote and what was committed
//! (why KIP-853 has directory ids), so faults that take what is durable befall only those who do not vote.

mod seen;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::seen::Seen;
use super::{Checked, ghost};
use crate::{
    broker::registration::Life,
    ids::{BrokerId, LeaderEpoch, Offset},
    node::cluster::Cluster,
    quorum::METADATA_PARTITION,
    runs::Runs,
    sorted::SortedMap,
    time::Instant,
    world::{server::Server, swarm::Swarm},
};

/// Offsets whose image is remembered.
const IMAGES_MAX: usize = 512;
/// How long a restart that was under way may still take.
const RESTARTS: Duration = Duration::from_secs(20);

#[derive(Clone, Debug, Default)]
pub(super) struct QuorumGhost {
    voters: u32,
    /// Once healed, who leads is settled within this.
    calm_after: Duration,
    calm_at: Option<Instant>,
    /// What was committed when it was asked first whether all is settled: everybody is to know so much.
    target: Option<Offset>,
    /// Of all time.
    leaders: SortedMap<LeaderEpoch, BrokerId>,
    highest: LeaderEpoch,
    /// As they were first committed, from offset 0.
    committed: Runs<ghost::Kept>,
    committed_end: Offset,
    /// What the image came to at the newest offsets.
    images: SortedMap<Offset, u64>,
    members: SortedMap<u32, Seen>,
}

impl QuorumGhost {
    pub fn new(swarm: &Swarm) -> Self {
        let calm_after = swarm.cluster.election_timeout * 20 + RESTARTS;
        Self { voters: swarm.voters, calm_after, ..Self::default() }
    }

    pub fn own_bytes(&self) -> u64 {
        self.committed.own_bytes()
    }

    /// Its disk is another one, or is not what was written.
    pub fn forget(&mut self, server: u32) {
        self.members.remove(&server);
    }

    pub fn on_healed(&mut self, now: Instant) {
        self.calm_at = Some(now + self.calm_after);
    }

    pub fn check_settled(&mut self, servers: &[Server]) -> Checked {
        check_settled(servers, *self.target.get_or_insert(self.committed_end))
    }

    /// Looks at one member, if it is one and something of it changed.
    pub fn look(&mut self, now: Instant, index: u32, servers: &[Server]) -> Checked {
        let server = &servers[index as usize];
        let Some(cluster) = server.node.as_ref().and_then(|node| node.cluster()) else { return Ok(()) };
        let found = Seen::of(server.life, cluster);
        let before = self.members.insert(index, found);
        if before == Some(found) {
            return Ok(());
        }
        if let Some(before) = before {
            found.check_after(&before)?;
        }
        self.check_epoch(now, server.id, before, found)?;
        self.check_leader(server, cluster, found)?;
        self.check_high_watermark(servers, server, before, found)?;
        self.check_image(cluster, before, found)
    }

    /// Q12: asking for a pre-vote never raises the epoch. L1: epochs stop rising when all is healed.
    fn check_epoch(&mut self, now: Instant, id: BrokerId, before: Option<Seen>, found: Seen) -> Checked {
        if found.epoch <= self.highest {
            return Ok(());
        }
        let first = std::mem::replace(&mut self.highest, found.epoch);
        if found.role == "prospective" {
            let was = before.map(|before| (before.role, before.epoch));
            return Err(("Q12", format!("{id} asks for a pre-vote in epoch {}, after {was:?}", found.epoch)));
        }
        match self.calm_at.is_some_and(|calm| now > calm) {
            true => Err(("L1", format!("{id} enters epoch {} after {first}, long after all was healed", found.epoch))),
            false => Ok(()),
        }
    }

    /// Q1: at most one leader per epoch. Q3: a new leader has everything that was committed.
    fn check_leader(&mut self, server: &Server, cluster: &Cluster, found: Seen) -> Checked {
        if !found.is_leader {
            return Ok(());
        }
        let id = server.id;
        match self.leaders.get(&found.epoch) {
            Some(leader) if *leader == id => return Ok(()),
            Some(leader) => return Err(("Q1", format!("{id} and {leader} lead in epoch {}", found.epoch))),
            None => _ = self.leaders.insert(found.epoch, id),
        }
        if found.end < self.committed_end {
            let (end, committed) = (found.end, self.committed_end);
            return Err(("Q3", format!("{id} leads epoch {} up to {end}, and {committed} was committed", found.epoch)));
        }
        let log = cluster.log().log();
        self.compare("Q3", server, (log.log_start_offset(), self.committed_end))
    }

    /// Q2: below their high watermarks all logs agree.
    fn compare(&self, code: &'static str, server: &Server, (from, to): (Offset, Offset)) -> Checked {
        let Some(cluster) = server.node.as_ref().and_then(|node| node.cluster()) else { return Ok(()) };
        let found = ghost::batches_between(server, cluster.log().log(), METADATA_PARTITION, (from, to))?;
        let first = self.committed.partition_point(|kept| kept.base() < from);
        let mut expected = self.committed.iter_from(first).take_while(|kept| kept.base() < to);
        for batch in found {
            if expected.next() != Some(&batch) {
                return Err((code, format!("{} has {batch:?}, which is not what was committed there", server.id)));
            }
        }
        match expected.next() {
            Some(missing) => Err((code, format!("{} lacks {missing:?}, which was committed", server.id))),
            None => Ok(()),
        }
    }

    /// Q6: nothing below the high watermark is cut. Q7: a leader moves it beyond where its epoch begins only.
    fn check_high_watermark(
        &mut self,
        servers: &[Server],
        server: &Server,
        before: Option<Seen>,
        found: Seen,
    ) -> Checked {
        let id = server.id;
        let (end, high_watermark) = (found.end, found.high_watermark);
        if high_watermark > end {
            return Err(("Q6", format!("{id} ends at {end}, below its high watermark {high_watermark}")));
        }
        let same = before.filter(|before| before.is_member && before.life == found.life && found.is_member);
        let known = same.map_or(0, |before| before.high_watermark);
        if high_watermark < known {
            return Err(("Q6", format!("the high watermark of {id} falls from {known} to {high_watermark}")));
        }
        if high_watermark == known {
            return Ok(());
        }
        let has_led = found.is_leader && same.is_some_and(|before| before.is_leader && before.epoch == found.epoch);
        if has_led && high_watermark <= found.epoch_start {
            let start = found.epoch_start;
            return Err(("Q7", format!("{id} commits up to {high_watermark} in an epoch that begins at {start}")));
        }
        let from = known.max(found.start);
        self.compare("Q2", server, (from, high_watermark.min(self.committed_end)))?;
        self.commit(servers, server, high_watermark)
    }

    /// Q4: what is committed is durable on a majority of the voters.
    fn commit(&mut self, servers: &[Server], server: &Server, to: Offset) -> Checked {
        let Some(cluster) = server.node.as_ref().and_then(|node| node.cluster()) else { return Ok(()) };
        if to <= self.committed_end {
            return Ok(());
        }
        let log = cluster.log().log();
        let fresh = ghost::batches_between(server, log, METADATA_PARTITION, (self.committed_end, to))?;
        fresh.into_iter().for_each(|batch| self.committed.push(batch));
        self.committed_end = to;
        let Some(last) = self.committed.last() else { return Ok(()) };
        let is_other = |index: u32| {
            let server = &servers[index as usize];
            let log = server.node.as_ref().and_then(|node| node.cluster()).map(|cluster| cluster.log().log());
            let found = log.and_then(|log| {
                ghost::batches_between(server, log, METADATA_PARTITION, (last.base(), to)).ok()?.into_iter().next()
            });
            found.is_some_and(|found| found != *last)
        };
        // Of one that stops nothing is seen any more: its last turn may have made something durable.
        let stops = |index: u32| {
            let node = servers[index as usize].node.as_ref();
            node.is_some_and(|node| node.broker().is_some() && node.cluster().is_none())
        };
        let holds = |index: &u32| {
            let is_synced = self.members.get(index).is_some_and(|member| member.synced_end >= to);
            (is_synced || stops(*index)) && !is_other(*index)
        };
        let holders = (0..self.voters).filter(holds).count() as u32;
        match holders > self.voters / 2 {
            true => Ok(()),
            false => Err(("Q4", format!("{to} is committed, and durable on {holders} of {}", self.voters))),
        }
    }

    /// Q9: images at the same offset are equal everywhere. Q10: nothing is applied that is not committed.
    fn check_image(&mut self, cluster: &Cluster, before: Option<Seen>, found: Seen) -> Checked {
        let (id, end) = (cluster.log().me().id, found.image_end);
        if end > self.committed_end {
            return Err(("Q10", format!("{id} has applied {end}, and {} is committed", self.committed_end)));
        }
        let is_known = before.is_some_and(|before| before.image_end == end && before.life == found.life);
        if is_known || end == 0 {
            return Ok(());
        }
        let digest = cluster.image().digest();
        let first = *self.images.entry(end).or_insert(digest);
        if self.images.len() > IMAGES_MAX {
            self.images.pop_first();
        }
        match first == digest {
            true => Ok(()),
            false => Err(("Q9", format!("the image of {id} at {end} is {digest:x}, and elsewhere {first:x}"))),
        }
    }
}

/// L1: there is one controller, and all know it. L5: every broker serves, and has the metadata up to `target`: behind that
/// the controller goes on, if only to say that it is there.
fn check_settled(servers: &[Server], target: Offset) -> Checked {
    let clusters: Vec<&Cluster> = servers.iter().filter_map(|server| server.node.as_ref()?.cluster()).collect();
    if clusters.is_empty() {
        return Ok(());
    }
    let told = || {
        let told = clusters.iter().map(|cluster| {
            let log = cluster.log();
            let (standing, life) = (log.standing(), cluster.life());
            let end = cluster.image_end();
            format!("{}: {standing:?} {life:?} image {end} of {}", log.me().id, log.high_watermark())
        });
        told.collect::<Vec<String>>().join("; ")
    };
    let leading = clusters.iter().filter(|cluster| cluster.is_controller());
    let leading: Vec<&&Cluster> = leading.collect();
    let [controller] = leading[..] else { return Err(("L1", format!("{} controllers: {}", leading.len(), told()))) };
    let standing = controller.log().standing();
    if clusters.iter().any(|cluster| cluster.log().standing() != standing) {
        return Err(("L1", format!("not all know who leads: {}", told())));
    }
    let is_behind =
        |cluster: &&Cluster| cluster.image_end() < target || cluster.life().is_some_and(|life| life != Life::Running);
    match clusters.len() < servers.len() || clusters.iter().any(is_behind) {
        true => Err(("L5", format!("not all serve and know the same: {}", told()))),
        false => Ok(()),
    }
}
