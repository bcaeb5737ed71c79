//! Which brokers get the replicas of new partitions (`StripedReplicaPlacer`).
//!
//! Replicas go round the racks, one each as long as there are racks, and within a rack round its brokers, both from a
//! random start that moves on with every partition. Unfenced brokers come first, and only they lead. Racks weigh more than
//! brokers: a rack of one broker gets as many replicas as one of ten.

use std::sync::Arc;

use super::{catalog::Refused, image::Image};
use crate::{error::ErrorCode, ids::BrokerId, rng::Rng, sorted::SortedMap};

/// Gives `partitions` lists of `factor` brokers, the leader first.
///
/// # Errors
/// `InvalidReplicationFactor` where there are too few brokers, or none that may lead.
pub(super) fn place(image: &Image, rng: &mut Rng, partitions: i32, factor: i16) -> Result<Vec<Vec<BrokerId>>, Refused> {
    let mut racks = Racks::new(image, rng);
    let refuse = |why: String| Err(Refused::new(ErrorCode::InvalidReplicationFactor, why));
    if factor <= 0 {
        return refuse(format!("Invalid replication factor {factor}: the replication factor must be positive."));
    }
    if racks.unfenced == 0 {
        return refuse("All brokers are currently fenced, or have all their log directories cordoned.".to_owned());
    }
    if factor as usize > racks.brokers {
        return refuse(format!(
            "The target replication factor of {factor} cannot be reached because only {} broker(s) are registered or some \
             brokers have all their log directories cordoned.",
            racks.brokers
        ));
    }
    Ok((0..partitions).map(|_| racks.place(rng, factor as usize)).collect())
}

/// Brokers that are taken in turn, each once for one partition.
#[derive(Debug, Default)]
struct Ring {
    brokers: Vec<BrokerId>,
    start: usize,
    taken: usize,
    /// The number of the partition that `taken` is of.
    round: usize,
}

impl Ring {
    fn next(&mut self, round: usize) -> Option<BrokerId> {
        let count = self.brokers.len();
        if count > 0 && self.round != round {
            (self.round, self.taken, self.start) = (round, 0, (self.start + 1) % count);
        }
        if self.taken >= count {
            return None;
        }
        self.taken += 1;
        Some(self.brokers[(self.start + self.taken - 1) % count])
    }
}

#[derive(Debug, Default)]
struct Rack {
    unfenced: Ring,
    fenced: Ring,
}

#[derive(Debug)]
struct Racks {
    racks: Vec<Rack>,
    brokers: usize,
    unfenced: usize,
    start: usize,
    round: usize,
}

impl Racks {
    fn new(image: &Image, rng: &mut Rng) -> Self {
        let mut named: SortedMap<Option<Arc<str>>, Rack> = SortedMap::new();
        let (mut brokers, mut unfenced) = (0, 0);
        let usable =
            image.brokers().values().filter(|broker| !broker.in_controlled_shutdown && broker.takes_replicas());
        for broker in usable {
            let rack = named.entry(broker.rack.clone()).or_default();
            brokers += 1;
            unfenced += usize::from(!broker.is_fenced);
            if broker.is_fenced { &mut rack.fenced } else { &mut rack.unfenced }.brokers.push(broker.id);
        }
        let mut racks: Vec<Rack> = named.into_values().collect();
        for ring in racks.iter_mut().flat_map(|rack| [&mut rack.fenced, &mut rack.unfenced]) {
            ring.start = below(rng, ring.brokers.len());
        }
        let start = below(rng, racks.len());
        Self { racks, brokers, unfenced, start, round: 0 }
    }

    fn place(&mut self, rng: &mut Rng, factor: usize) -> Vec<BrokerId> {
        // After as many partitions as there are brokers the same lists would come again.
        if self.round == self.unfenced && self.unfenced > 1 {
            self.shuffle(rng);
            self.round = 0;
        }
        let count = self.racks.len();
        self.start %= count;
        let order = (0..count).map(|step| (self.start + step) % count);
        let mut placed = Vec::with_capacity(factor);
        let mut leader_rack = None;
        for rack in order {
            if let Some(leader) = self.racks[rack].unfenced.next(self.round) {
                placed.push(leader);
                leader_rack = Some(rack);
                break;
            }
        }
        let mut rack = self.start;
        while placed.len() < factor {
            // Once past the leader's rack, which has had its turn.
            if leader_rack != Some(rack) {
                let rack = &mut self.racks[rack];
                placed.extend(rack.unfenced.next(self.round).or_else(|| rack.fenced.next(self.round)));
            } else {
                leader_rack = None;
            }
            rack = (rack + 1) % count;
        }
        self.round += 1;
        self.start += 1;
        placed
    }

    fn shuffle(&mut self, rng: &mut Rng) {
        shuffle(rng, &mut self.racks);
        for rack in &mut self.racks {
            shuffle(rng, &mut rack.fenced.brokers);
            shuffle(rng, &mut rack.unfenced.brokers);
        }
    }
}

fn below(rng: &mut Rng, count: usize) -> usize {
    if count == 0 { 0 } else { rng.below(count as u64) as usize }
}

fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}
