//! Faults happen.

use std::time::Duration;

use bytes::Bytes;

use super::{
    super::{
        Phase, World,
        fault::Fault,
        network::{Lateness, Path, Peer},
        schedule::Occurrence,
        server::{MemoryLimits, StorageMood},
        stranger,
        swarm::Row,
    },
    storage::REOPEN_AFTER,
};
use crate::{disk::CrashGrain, effect::*, rng::Rng, time::Instant};

impl World {
    pub(in crate::world) fn befall(&mut self, fault: Fault) {
        if self.phase != Phase::Faults {
            return;
        }
        self.invariants.on_fault(&fault);
        self.note_fault(&fault);
        let now = self.now;
        match fault {
            Fault::Silence { path } => path.directions().for_each(|(from, to)| self.network.silence(from, to)),
            Fault::Abandon { visitor, late } => self.restart_visitor(visitor, late),
            Fault::Replay { visitor, after } => self.replay(visitor, after),
            Fault::Lag { one_in, most, duration } => {
                self.network.lag = Lateness { until: now + duration, one_in, most };
            }
            Fault::SlowApi { api, most, duration } => {
                self.network.slow_api = Some((api, Lateness { until: now + duration, one_in: 4, most }));
            }
            Fault::Cut { path, duration } => self.cut(path, now + duration),
            Fault::Clog { path, duration } => self.clog(path, now + duration),
            Fault::Reset { visitor } => self.reset(visitor),
            Fault::Hostile { server, frames } => self.send_strangers(server, frames),
            Fault::Kill { server, down } => self.take_down(server, false, down),
            Fault::PowerLoss { server, down } => self.take_down(server, true, down),
            Fault::ForgetNames { server, down } => self.forget_names(server, down),
            Fault::Restart { server, down } => self.restart(server, down),
            Fault::Pause { server, duration } => self.pause(server, now + duration),
            Fault::ReplaceDisk { server, down } => {
                self.take_down(server, false, down);
                self.servers[server as usize].is_replaced = true;
            }
            Fault::ClockStep { server, millis } => self.servers[server as usize].clock.step(millis),
            Fault::LowMemory { server, request_bytes, hot_bytes, duration } => {
                self.take_memory(server, MemoryLimits { request_bytes, hot_bytes }, now + duration);
            }
            Fault::StorageFails { server, calls } => self.fail_next(server, calls, StorageErrorKind::Broken),
            Fault::Quota { server, calls } => self.fail_next(server, calls, StorageErrorKind::NoSpace),
            Fault::Abort { server, calls } => self.fail_next(server, calls, StorageErrorKind::Aborted),
            Fault::StorageLost { server } => self.mood(server).is_lost = true,
            Fault::Rot { server } => self.rot(server),
            Fault::Misdirect { server } => self.mood(server).is_misdirected = true,
            Fault::Misread { server } => self.mood(server).is_misread = true,
            Fault::LoseWrite { server } => self.mood(server).is_dropped = true,
            Fault::DiskFull { server, room, duration } => self.fill_disk(server, room, now + duration),
            Fault::SlowDisk { server, times, duration } => self.mood(server).slow = Some((times, now + duration)),
            Fault::ConnectionLost { server, times } => {
                let mood = self.mood(server);
                (mood.is_gone, mood.unopened) = (true, times);
            }
            Fault::Unopened { server, times } => {
                self.mood(server).unopened = times;
                self.take_down(server, false, REOPEN_AFTER);
            }
            Fault::Evict { server } => {
                self.mood(server).is_gone = true;
                self.servers[server as usize].is_replaced = true;
            }
            Fault::Blocked { server, duration } => {
                let mood = self.mood(server);
                (mood.is_gone, mood.blocked_until) = (true, now + duration);
            }
            Fault::MemoryOnly { server, room } => self.keep_in_memory(server, room),
            Fault::AtCall { server, call, way } => _ = self.mood(server).at_call.insert(call, way),
        }
    }

    fn mood(&mut self, server: u32) -> &mut StorageMood {
        &mut self.servers[server as usize].storage
    }

    fn replay(&mut self, visitor: u32, after: Duration) {
        for connection in self.network.of_dialler(Peer::Visitor(visitor)) {
            let Some(link) = self.network.links.get(&connection) else { continue };
            let (server, frames) = (link.server, vec![link.last_request.clone()]);
            self.schedule.push(self.now + after, Occurrence::Stranger { server, frames });
        }
    }

    fn cut(&mut self, path: Path, until: Instant) {
        path.directions().for_each(|(from, to)| self.network.cut(from, to, until));
    }

    fn clog(&mut self, path: Path, until: Instant) {
        self.cut(path, until);
        for (from, to) in path.directions() {
            for (connection, to_server) in self.network.between(from, to) {
                self.hold(connection, to_server, until);
            }
        }
    }

    fn send_strangers(&mut self, server: u32, frames: u32) {
        let last = self.network.links.values().map(|link| link.last_request.clone());
        let heard: Vec<Bytes> = last.filter(|request| !request.is_empty()).collect();
        let mut rng = Rng::new(self.rng.next_u64());
        let frames = (0..frames).map(|_| stranger::frame(&heard, &mut rng)).collect();
        self.meet_stranger(server, frames);
    }

    fn forget_names(&mut self, server: u32, down: Duration) {
        // IndexedDB keeps the order of what it loses.
        let is_of_files = self.scenario.swarm.row != Row::CommitRelaxed;
        let found = &mut self.servers[server as usize];
        found.grain_next = (is_of_files && found.node.is_some()).then_some(CrashGrain::Names);
        self.take_down(server, true, down);
    }

    fn restart(&mut self, server: u32, down: Duration) {
        let found = &mut self.servers[server as usize];
        if found.is_serving() {
            found.is_stopping = true;
            self.schedule.push(self.now + Duration::from_secs(10) + down, Occurrence::Start { server });
            self.hand_to_server(server, Input::Call(NodeCall::Stop));
        }
    }

    fn pause(&mut self, server: u32, until: Instant) {
        self.servers[server as usize].paused_until = until;
        self.schedule.push(until, Occurrence::Wake { server });
    }

    fn take_memory(&mut self, server: u32, left: MemoryLimits, until: Instant) {
        self.servers[server as usize].memory = Some(left);
        self.limit_memory(server);
        self.schedule.push(until, Occurrence::Memory { server });
    }

    fn fail_next(&mut self, server: u32, calls: u32, kind: StorageErrorKind) {
        self.mood(server).failing.extend(std::iter::repeat_n(kind, calls as usize));
    }

    fn rot(&mut self, server: u32) {
        let rotten = self.servers[server as usize].disk.rot_some(&mut self.rng);
        rotten.iter().for_each(|file| self.damaged(server, file));
    }

    fn fill_disk(&mut self, server: u32, room: u64, until: Instant) {
        let disk = &mut self.servers[server as usize].disk;
        disk.set_capacity(Some(disk.used() + room));
        self.schedule.push(until, Occurrence::Room { server });
    }

    fn keep_in_memory(&mut self, server: u32, room: u64) {
        let found = &mut self.servers[server as usize];
        found.storage.memory_only = Some(found.disk.used() + room);
        found.disk.set_capacity(found.storage.memory_only);
    }
}
