//! What storage does of what a broker asks, and what it does instead.

use std::time::Duration;

use bytes::Bytes;

use super::super::{
    World,
    clock::micros,
    fault::CallFault,
    history::Key,
    schedule::Occurrence,
    server::{Server, StorageMood},
    swarm::Row,
    visitor::topic_name,
};
use crate::{disk::Disk, effect::*, ids::IoId, time::Instant};

/// Rest before a broker whose dir went away is started again, as a host does.
pub(super) const REOPEN_AFTER: Duration = Duration::from_millis(500);

impl World {
    pub(super) fn call_storage(&mut self, index: u32, effect: Effect<NodeAnswer>) {
        let mut takes = micros(self.scenario.swarm.storage.draw(&mut self.rng));
        let server = &mut self.servers[index as usize];
        let call = server.storage.calls;
        server.storage.calls += 1;
        if let Some((times, until)) = server.storage.slow
            && self.now < until
        {
            takes *= u64::from(times);
        }
        let mut at = Instant(self.now.0 + takes);
        if matches!(effect, Effect::Commit { .. }) {
            at = at.max(server.commits_until);
            server.commits_until = at;
            server.in_flight.push_back(effect.clone());
        }
        let life = server.life;
        self.schedule.push(at, Occurrence::Storage { server: index, life, call, effect: Box::new(effect) });
    }

    pub(super) fn store(&mut self, index: u32, (life, call): (u32, u64), effect: Effect<NodeAnswer>) {
        let server = &mut self.servers[index as usize];
        if server.life != life || server.node.is_none() {
            return;
        }
        let io = match effect {
            Effect::Commit { io, .. } | Effect::Load { io, .. } | Effect::List { io, .. } => io,
            _ => return,
        };
        if let Some(way) = server.storage.at_call.remove(&call) {
            return self.store_badly(index, io, effect, way);
        }
        if matches!(effect, Effect::Commit { .. }) {
            server.in_flight.pop_front();
        }
        if server.storage.is_gone {
            return self.fail(index, io, Outcome::Unknown, StorageErrorKind::Gone);
        }
        if let Some(kind) = server.storage.failing.pop_front() {
            return self.fail(index, io, Outcome::Definite, kind);
        }
        if let Effect::Commit { ops, .. } = &effect
            && std::mem::take(&mut server.storage.is_lost)
        {
            server.disk.tear(ops.clone(), self.scenario.swarm.grain(), &mut self.rng);
            return self.fail(index, io, Outcome::Unknown, StorageErrorKind::Gone);
        }
        match self.stored(index, effect) {
            Ok(input) => self.hand_to_server(index, input),
            Err(why) => self.fail(index, io, why.outcome, why.kind),
        }
    }

    /// Storage does it.
    fn stored(&mut self, index: u32, effect: Effect<NodeAnswer>) -> Result<Input<NodeCall>, StorageError> {
        let is_relaxed = self.scenario.swarm.row == Row::CommitRelaxed;
        let disk = &mut self.servers[index as usize].disk;
        match effect {
            Effect::Commit { io, ops, sync } => {
                let ops = self.astray(index, ops);
                let disk = &mut self.servers[index as usize].disk;
                disk.commit(ops, sync && !is_relaxed).map(|()| Input::Committed { io })
            }
            Effect::Load { io, file, at, len } => {
                let at = self.misread(index, &file, at, len);
                let disk = &self.servers[index as usize].disk;
                disk.load(&file, at, len).map(|bytes| Input::Loaded { io, bytes })
            }
            Effect::List { io, prefix } => Ok(Input::Listed { io, entries: disk.list(&prefix) }),
            _ => unreachable!("storage is asked for nothing else"),
        }
    }

    /// The one call that was to go wrong.
    fn store_badly(&mut self, index: u32, io: IoId, effect: Effect<NodeAnswer>, way: CallFault) {
        let grain = self.scenario.swarm.grain();
        let server = &mut self.servers[index as usize];
        let is_commit = matches!(effect, Effect::Commit { .. });
        match way {
            // The process ends, and what is in flight is torn with it.
            CallFault::Torn | CallFault::PowerLoss => {
                return self.take_down(index, way == CallFault::PowerLoss, REOPEN_AFTER);
            }
            CallFault::DonePowerLoss => {
                if is_commit {
                    server.in_flight.pop_front();
                }
                // Nobody hears of it, so how it ended is all the same.
                let _ = self.stored(index, effect);
                return self.take_down(index, true, REOPEN_AFTER);
            }
            CallFault::Error | CallFault::Quota | CallFault::Abort | CallFault::Unknown => {}
        }
        if is_commit {
            server.in_flight.pop_front();
        }
        if let (CallFault::Unknown, Effect::Commit { ops, .. }) = (way, effect) {
            server.disk.tear(ops, grain, &mut self.rng);
        }
        let kind = match way {
            CallFault::Quota => StorageErrorKind::NoSpace,
            CallFault::Abort => StorageErrorKind::Aborted,
            CallFault::Unknown => StorageErrorKind::Gone,
            _ => StorageErrorKind::Broken,
        };
        let outcome = if way == CallFault::Unknown { Outcome::Unknown } else { Outcome::Definite };
        self.fail(index, io, outcome, kind);
    }

    pub(super) fn fail(&mut self, index: u32, io: IoId, outcome: Outcome, kind: StorageErrorKind) {
        let why = StorageError { outcome, kind, detail: "as the world wants it".to_owned() };
        self.servers[index as usize].storage.has_failed = true;
        // Acknowledged at the append, and taken back with the commit.
        self.history.may_have_lost |= self.scenario.swarm.row == Row::Append;
        self.hand_to_server(index, Input::Failed { io, why });
        if outcome == Outcome::Unknown {
            self.reopen(index);
        }
    }

    /// A host opens it again: the process ends and another one recovers.
    pub(super) fn reopen(&mut self, index: u32) {
        self.crash(index, false);
        self.schedule.push(self.now + REOPEN_AFTER, Occurrence::Start { server: index });
    }

    /// D3, D4: an append lands elsewhere, or nowhere.
    fn astray(&mut self, index: u32, mut ops: Vec<WriteOp>) -> Vec<WriteOp> {
        let Server { storage: StorageMood { is_misdirected, is_dropped, .. }, disk, .. } =
            &mut self.servers[index as usize];
        let is_append = |op: &&mut WriteOp| matches!(op, WriteOp::Append { bytes, .. } if !bytes.is_empty());
        if !(*is_misdirected || *is_dropped) {
            return ops;
        }
        let Some(WriteOp::Append { file, bytes, .. }) = ops.iter_mut().find(is_append) else { return ops };
        let nothing = Bytes::from(vec![0; bytes.len() as usize]);
        let written = std::mem::replace(bytes, Frame::from(nothing));
        let mut hit = vec![file.clone()];
        if std::mem::take(is_misdirected) {
            hit.extend(disk.scribble(file, &written.to_bytes(), &mut self.rng));
        }
        *is_dropped = false;
        hit.iter().for_each(|file| self.damaged(index, file));
        ops
    }

    /// D3: where a load reads.
    fn misread(&mut self, index: u32, file: &FileName, at: u64, len: u64) -> u64 {
        let server = &mut self.servers[index as usize];
        let end = server.disk.len(file).unwrap_or(0);
        if !server.storage.is_misread || end <= len {
            return at;
        }
        server.storage.is_misread = false;
        let instead = self.rng.below(end - len + 1);
        self.damaged(index, file);
        instead
    }

    /// What `file` holds is not what was written: what was promised of it is promised no more.
    pub(super) fn damaged(&mut self, index: u32, file: &str) {
        let log = self.invariants.on_damaged(index, file);
        for topic in 0..self.scenario.swarm.topics {
            for partition in 0..self.scenario.swarm.partitions {
                let is_hit = |hit: &(String, i32)| *hit == (topic_name(topic), partition);
                if log.as_ref().is_none_or(is_hit) {
                    self.history.forget(Key { topic, partition });
                }
            }
        }
    }

    /// The disk is another one, or the store was emptied: everything that was promised of it is void, and whoever
    /// knew of it begins anew.
    pub(super) fn replace_disk(&mut self, index: u32) {
        let server = &mut self.servers[index as usize];
        server.disk = Disk::with_crashes();
        server.disk.set_capacity(server.storage.memory_only);
        server.is_replaced = false;
        self.invariants.on_disk_replaced(index);
        self.history.begin_anew();
        for visitor in 0..self.visitors.len() as u32 {
            self.restart_visitor(visitor, Duration::ZERO);
        }
    }
}
