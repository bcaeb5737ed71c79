//! Processes that end and begin again, and whoever is reset with them.

use std::time::Duration;

use super::super::{World, invariant::Loss, network::Peer, schedule::Occurrence, server::MemoryLimits, swarm::Row};
use crate::{effect::*, ids::ConnectionId};

impl World {
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

    /// Takes what came during a pause, but for bytes that it does not read yet: if their sender is gone since, never.
    pub(super) fn catch_up(&mut self, index: u32, input: Input<NodeCall>) {
        match input {
            Input::Bytes { connection, bytes } if self.servers[index as usize].unread.contains(&connection) => {
                let link = self.network.links.get_mut(&connection);
                link.into_iter().for_each(|link| link.to_server.held.push(bytes.clone()));
            }
            input => self.hand_to_server(index, input),
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
    pub(super) fn reset(&mut self, visitor: u32) {
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
