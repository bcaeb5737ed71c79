//! Faults happen.

use std::time::Duration;

use bytes::Bytes;

use super::{
    super::{
        Phase, World,
        fault::Fault,
        invariant::Loss,
        network::{Lateness, Peer},
        schedule::Occurrence,
        server::MemoryLimits,
        stranger,
        swarm::Row,
    },
    storage::REOPEN_AFTER,
};
use crate::{disk::CrashGrain, effect::*, ids::ConnectionId, rng::Rng};

impl World {
    pub(in crate::world) fn befall(&mut self, fault: Fault) {
        if self.phase != Phase::Faults {
            return;
        }
        self.invariants.on_fault(&fault);
        self.note_fault(&fault);
        match fault {
            Fault::Silence { .. }
            | Fault::Abandon { .. }
            | Fault::Replay { .. }
            | Fault::Lag { .. }
            | Fault::SlowApi { .. }
            | Fault::Cut { .. }
            | Fault::Clog { .. }
            | Fault::Reset { .. }
            | Fault::Hostile { .. } => self.befall_network(fault),
            Fault::Kill { .. }
            | Fault::PowerLoss { .. }
            | Fault::ForgetNames { .. }
            | Fault::Restart { .. }
            | Fault::Pause { .. }
            | Fault::ReplaceDisk { .. }
            | Fault::ClockStep { .. }
            | Fault::LowMemory { .. } => self.befall_process(fault),
            _ => self.befall_storage(fault),
        }
    }

    fn befall_network(&mut self, fault: Fault) {
        let now = self.now;
        match fault {
            Fault::Silence { path } => path.directions().for_each(|(from, to)| self.network.silence(from, to)),
            Fault::Abandon { visitor, late } => self.restart_visitor(visitor, late),
            Fault::Replay { visitor, after } => {
                for connection in self.network.of_dialler(Peer::Visitor(visitor)) {
                    let Some(link) = self.network.links.get(&connection) else { continue };
                    let (server, frames) = (link.server, vec![link.last_request.clone()]);
                    self.schedule.push(now + after, Occurrence::Stranger { server, frames });
                }
            }
            Fault::Lag { one_in, most, duration } => {
                self.network.lag = Lateness { until: now + duration, one_in, most };
            }
            Fault::SlowApi { api, most, duration } => {
                self.network.slow_api = Some((api, Lateness { until: now + duration, one_in: 4, most }));
            }
            Fault::Cut { path, duration } => {
                path.directions().for_each(|(from, to)| self.network.cut(from, to, now + duration));
            }
            Fault::Clog { path, duration } => {
                for (from, to) in path.directions() {
                    self.network.cut(from, to, now + duration);
                    for (connection, to_server) in self.network.between(from, to) {
                        self.hold(connection, to_server, now + duration);
                    }
                }
            }
            Fault::Reset { visitor } => self.reset(visitor),
            Fault::Hostile { server, frames } => {
                let heard: Vec<Bytes> = self
                    .network
                    .links
                    .values()
                    .map(|link| link.last_request.clone())
                    .filter(|it| !it.is_empty())
                    .collect();
                let mut rng = Rng::new(self.rng.next_u64());
                let frames = (0..frames).map(|_| stranger::frame(&heard, &mut rng)).collect();
                self.meet_stranger(server, frames);
            }
            _ => unreachable!("not of the network"),
        }
    }

    fn befall_process(&mut self, fault: Fault) {
        let now = self.now;
        match fault {
            Fault::Kill { server, down } => self.take_down(server, false, down),
            Fault::PowerLoss { server, down } => self.take_down(server, true, down),
            Fault::ForgetNames { server, down } => {
                // IndexedDB keeps the order of what it loses.
                let is_of_files = self.scenario.swarm.row != Row::CommitRelaxed;
                let found = &mut self.servers[server as usize];
                found.grain_next = (is_of_files && found.node.is_some()).then_some(CrashGrain::Names);
                self.take_down(server, true, down);
            }
            Fault::Restart { server, down } => {
                let found = &mut self.servers[server as usize];
                if found.is_serving() {
                    found.is_stopping = true;
                    self.schedule.push(now + Duration::from_secs(10) + down, Occurrence::Start { server });
                    self.hand_to_server(server, Input::Call(NodeCall::Stop));
                }
            }
            Fault::Pause { server, duration } => {
                self.servers[server as usize].paused_until = now + duration;
                self.schedule.push(now + duration, Occurrence::Wake { server });
            }
            Fault::ReplaceDisk { server, down } => {
                self.take_down(server, false, down);
                self.servers[server as usize].is_replaced = true;
            }
            Fault::ClockStep { server, millis } => self.servers[server as usize].clock.step(millis),
            Fault::LowMemory { server, request_bytes, hot_bytes, duration } => {
                self.servers[server as usize].memory = Some(MemoryLimits { request_bytes, hot_bytes });
                self.limit_memory(server);
                self.schedule.push(now + duration, Occurrence::Memory { server });
            }
            _ => unreachable!("not of a process"),
        }
    }

    fn befall_storage(&mut self, fault: Fault) {
        let now = self.now;
        let broken = |calls: u32, kind| std::iter::repeat_n(kind, calls as usize);
        match fault {
            Fault::StorageFails { server, calls } => {
                self.servers[server as usize].storage.failing.extend(broken(calls, StorageErrorKind::Broken));
            }
            Fault::Quota { server, calls } => {
                self.servers[server as usize].storage.failing.extend(broken(calls, StorageErrorKind::NoSpace));
            }
            Fault::Abort { server, calls } => {
                self.servers[server as usize].storage.failing.extend(broken(calls, StorageErrorKind::Aborted));
            }
            Fault::StorageLost { server } => self.servers[server as usize].storage.is_lost = true,
            Fault::Rot { server } => {
                let rotten = self.servers[server as usize].disk.rot_some(&mut self.rng);
                rotten.iter().for_each(|file| self.damaged(server, file));
            }
            Fault::Misdirect { server } => self.servers[server as usize].storage.is_misdirected = true,
            Fault::Misread { server } => self.servers[server as usize].storage.is_misread = true,
            Fault::LoseWrite { server } => self.servers[server as usize].storage.is_dropped = true,
            Fault::DiskFull { server, room, duration } => {
                let disk = &mut self.servers[server as usize].disk;
                disk.set_capacity(Some(disk.used() + room));
                self.schedule.push(now + duration, Occurrence::Room { server });
            }
            Fault::SlowDisk { server, times, duration } => {
                self.servers[server as usize].storage.slow = Some((times, now + duration));
            }
            Fault::ConnectionLost { server, times } => {
                let storage = &mut self.servers[server as usize].storage;
                (storage.is_gone, storage.unopened) = (true, times);
            }
            Fault::Unopened { server, times } => {
                self.servers[server as usize].storage.unopened = times;
                self.take_down(server, false, REOPEN_AFTER);
            }
            Fault::Evict { server } => {
                let found = &mut self.servers[server as usize];
                (found.storage.is_gone, found.is_replaced) = (true, true);
            }
            Fault::Blocked { server, duration } => {
                let storage = &mut self.servers[server as usize].storage;
                (storage.is_gone, storage.blocked_until) = (true, now + duration);
            }
            Fault::MemoryOnly { server, room } => {
                let found = &mut self.servers[server as usize];
                found.storage.memory_only = Some(found.disk.used() + room);
                found.disk.set_capacity(found.storage.memory_only);
            }
            Fault::AtCall { server, call, way } => {
                self.servers[server as usize].storage.at_call.insert(call, way);
            }
            _ => unreachable!("not of storage"),
        }
    }

    /// The process ends mid-air.
    pub(super) fn crash(&mut self, index: u32, loses_power: bool) {
        let server = &mut self.servers[index as usize];
        let grain = server.grain_next.take().unwrap_or(self.scenario.swarm.grain());
        if server.node.is_none() {
            return;
        }
        if !server.is_ready {
            self.invariants.mark("opening was broken off");
        }
        let loss = if loses_power { Loss::Unsynced } else { Loss::Process };
        self.invariants.on_ended(server, loss);
        self.history.may_have_lost |= loses_power || self.scenario.swarm.row == Row::Append;
        let torn: Vec<_> = server.in_flight.drain(..).collect();
        if let Some(Effect::Commit { ops, .. }) = torn.into_iter().next() {
            server.disk.tear(ops, grain, &mut self.rng);
        }
        if loses_power {
            server.disk.crash(grain, &mut self.rng);
        }
        self.end(index);
    }

    pub(super) fn take_down(&mut self, index: u32, loses_power: bool, down: Duration) {
        if self.servers[index as usize].node.is_some() {
            self.crash(index, loses_power);
            self.schedule.push(self.now + down, Occurrence::Start { server: index });
        }
    }

    /// What memory there is, told to the process.
    pub(super) fn limit_memory(&mut self, index: u32) {
        let server = &self.servers[index as usize];
        let MemoryLimits { request_bytes, hot_bytes } = server.memory_limits();
        self.hand_to_server(index, Input::Call(NodeCall::LimitMemory { request_bytes, hot_bytes }));
    }

    /// A pause is over: what came meanwhile is taken, one after the other.
    pub(super) fn wake(&mut self, index: u32) {
        let server = &mut self.servers[index as usize];
        if self.now < server.paused_until {
            return;
        }
        let life = server.life;
        for input in std::mem::take(&mut server.waiting) {
            self.schedule.push(self.now, Occurrence::Input { server: index, life, input });
        }
    }

    /// A visitor's process ends and another begins. What the first has sent is under way, and `late`.
    pub(super) fn restart_visitor(&mut self, visitor: u32, late: Duration) {
        self.forget_waiting(visitor);
        self.visitors[visitor as usize].restart(self.now, &mut self.history);
        for connection in self.network.of_dialler(Peer::Visitor(visitor)) {
            self.hold(connection, true, self.now + late);
            self.close(connection, true);
        }
    }

    /// Both ends of a visitor's connections hear that they are gone; of what was under way some arrives.
    fn reset(&mut self, visitor: u32) {
        for connection in self.network.of_dialler(Peer::Visitor(visitor)) {
            let late = self.rng.below(2) == 0;
            let Some(link) = self.network.links.get_mut(&connection) else { continue };
            let due = if late { link.to_server.last_due.max(self.now) } else { self.now };
            self.schedule.push(self.now, Occurrence::Closed { connection, to_server: false });
            self.schedule.push(due, Occurrence::Closed { connection, to_server: true });
        }
    }

    /// Nothing that was sent is held any longer, and strangers are gone.
    pub(in crate::world) fn heal_network(&mut self) {
        self.network.heal();
        // At once: it may be the last thing that happens.
        for connection in self.network.of_dialler(Peer::Stranger) {
            if let Some(link) = self.network.links.get_mut(&connection) {
                link.to_server.held.clear();
                (link.to_server.held_until, link.to_server.is_paused) = (self.now, false);
            }
            self.hear_closed(connection, true);
        }
        let links: Vec<ConnectionId> = self.network.links.keys().copied().collect();
        for connection in links {
            for to_server in [true, false] {
                if let Some(link) = self.network.links.get_mut(&connection) {
                    link.direction(to_server).held_until = self.now;
                }
                self.schedule.push(self.now, Occurrence::Release { connection, to_server });
            }
        }
    }

    pub(in crate::world) fn heal_server(&mut self, index: u32) {
        let server = &mut self.servers[index as usize];
        let is_gone = server.storage.heal();
        server.disk.set_capacity(None);
        server.memory = None;
        server.paused_until = server.paused_until.min(self.now);
        self.wake(index);
        if is_gone {
            self.reopen(index);
        }
        self.limit_memory(index);
        if self.servers[index as usize].node.is_none() {
            self.schedule.push(self.now, Occurrence::Start { server: index });
        }
    }
}
