//! What becomes of effects and of what was scheduled: the world's host.

mod befall;
mod misfortune;
mod storage;
mod traffic;

use self::storage::REOPEN_AFTER;
use super::{
    World,
    clock::Clock,
    director::SCRIPT,
    invariant::Loss,
    network::Peer,
    schedule::{Dialler, Occurrence},
};
use crate::{
    client::{ClientAnswer, ClientCall},
    effect::*,
    ids::DialId,
    machine::Machine,
};

impl World {
    pub(super) fn happen(&mut self, occurrence: Occurrence) {
        match occurrence {
            Occurrence::Start { server } => self.start(server),
            Occurrence::Beat { visitor } => self.beat(visitor),
            Occurrence::Dial { dialler, dial, address } => self.dial(dialler, dial, &address),
            Occurrence::Bytes { connection, to_server, bytes } => self.arrive(connection, to_server, bytes),
            Occurrence::Closed { connection, to_server } => self.hear_closed(connection, to_server),
            Occurrence::Release { connection, to_server } => self.release(connection, to_server),
            Occurrence::Stranger { server, frames } => self.meet_stranger(server, frames),
            Occurrence::Storage { server, life, call, effect } => self.store(server, (life, call), *effect),
            Occurrence::Wake { server } => self.wake(server),
            Occurrence::Input { server, life, input } if self.servers[server as usize].life == life => {
                self.catch_up(server, input);
            }
            Occurrence::Input { .. } => {}
            Occurrence::Room { server } => self.servers[server as usize].disk.set_capacity(None),
            Occurrence::Memory { server } => {
                self.servers[server as usize].memory = None;
                self.limit_memory(server);
            }
            Occurrence::Fault(fault) => self.befall(fault),
            Occurrence::Heal => self.heal(),
            Occurrence::Deadline => self.invariants.is_over(self.now, self.phase, &self.servers, &self.visitors),
        }
    }

    fn start(&mut self, index: u32) {
        if self.servers[index as usize].is_stopping {
            // It had its time to stop.
            self.crash(index, false);
        }
        if self.servers[index as usize].node.is_some() {
            return;
        }
        let blocked_until = self.servers[index as usize].storage.blocked_until;
        if self.now < blocked_until {
            // Another tab has the database: opening it does not end.
            return self.schedule.push(blocked_until, Occurrence::Start { server: index });
        }
        if self.servers[index as usize].is_replaced {
            self.replace_disk(index);
        }
        let seed = self.rng.next_u64();
        let server = &mut self.servers[index as usize];
        server.storage.has_failed = false;
        server.storage.is_gone = server.storage.unopened > 0;
        server.storage.unopened = server.storage.unopened.saturating_sub(1);
        server.start(seed);
        self.hand_to_server(index, Input::Tick);
    }

    fn beat(&mut self, index: u32) {
        let is_behind = self.is_behind();
        let (calls, next) = self.visitors[index as usize].beat(&self.scenario.swarm, self.now, is_behind);
        if let Some(after) = next {
            self.schedule.push(self.now + after, Occurrence::Beat { visitor: index });
        }
        calls.into_iter().for_each(|call| self.hand_to_visitor(index, Input::Call(call)));
        let frames = std::mem::take(&mut self.visitors[index as usize].frames);
        if !frames.is_empty() {
            self.meet_stranger(0, frames);
        }
    }

    pub(super) fn hand_to_server(&mut self, index: u32, input: Input<NodeCall>) {
        let server = &mut self.servers[index as usize];
        let Some(node) = &mut server.node else { return };
        if self.now < server.paused_until {
            if !matches!(input, Input::Tick) {
                server.waiting.push_back(input);
            }
            return;
        }
        match &input {
            Input::Bytes { connection, bytes } if !self.network.is_dialler(*connection, Peer::Server(index)) => {
                self.invariants.on_bytes(index, *connection, bytes, self.now);
            }
            Input::Closed { connection } => _ = server.unread.remove(connection),
            _ => {}
        }
        let mut effects = Vec::new();
        node.handle(server.clock.now(self.now), input, &mut effects);
        effects.into_iter().for_each(|effect| self.perform_for_server(index, effect));
    }

    pub(super) fn hand_to_visitor(&mut self, index: u32, input: Input<ClientCall>) {
        if index == SCRIPT {
            return self.hand_to_script(input);
        }
        self.note_asked(index, &input);
        let visitor = &mut self.visitors[index as usize];
        let mut effects = Vec::new();
        visitor.client.handle(Clock::default().now(self.now), input, &mut effects);
        effects.into_iter().for_each(|effect| self.perform_for_visitor(index, effect));
    }

    fn perform_for_server(&mut self, index: u32, effect: Effect<NodeAnswer>) {
        match effect {
            Effect::Write { connection, frame } => {
                let bytes = frame.to_bytes();
                let is_asked = self.network.is_dialler(connection, Peer::Server(index));
                self.send(connection, is_asked, &bytes);
                if !is_asked {
                    self.invariants.on_frame(connection, bytes);
                }
            }
            Effect::Pause { connection } => self.set_paused(index, connection, true),
            Effect::Resume { connection } => self.set_paused(index, connection, false),
            Effect::Close { connection } => {
                self.close(connection, self.network.is_dialler(connection, Peer::Server(index)));
            }
            Effect::Dial { dial, address } => {
                let life = self.servers[index as usize].life;
                self.schedule_dial(Dialler::server(index, life), dial, address);
            }
            Effect::Answer(answer) => self.told(index, &answer),
            storage => self.call_storage(index, storage),
        }
    }

    fn told(&mut self, index: u32, answer: &NodeAnswer) {
        match answer {
            NodeAnswer::Ready => {
                let server = &mut self.servers[index as usize];
                server.is_ready = true;
                self.invariants.on_opened(self.now, server);
            }
            NodeAnswer::Recovering { .. } => {}
            NodeAnswer::Stopped => {
                let server = &mut self.servers[index as usize];
                self.invariants.on_ended(server, Loss::Nothing);
                self.end(index);
            }
            NodeAnswer::CannotOpen(_) if self.servers[index as usize].storage.has_failed => {
                // Storage failed while it was opened: a host tries again.
                self.invariants.mark("opening failed");
                self.end(index);
                self.schedule.push(self.now + REOPEN_AFTER, Occurrence::Start { server: index });
            }
            NodeAnswer::CannotOpen(_) if self.invariants.may_not_open(index) => {
                // Its files are not what was written, and it says so: somebody puts another disk in.
                self.end(index);
                self.servers[index as usize].is_replaced = true;
                self.schedule.push(self.now + REOPEN_AFTER, Occurrence::Start { server: index });
            }
            NodeAnswer::CannotOpen(why) => self.invariants.cannot_open(self.now, index, why),
        }
    }

    /// The process is gone, and its connections hear of it.
    fn end(&mut self, index: u32) {
        self.servers[index as usize].end();
        for connection in self.network.of_server(index) {
            self.close(connection, false);
        }
        for connection in self.network.of_dialler(Peer::Server(index)) {
            self.close(connection, true);
        }
    }

    fn schedule_dial(&mut self, dialler: Dialler, dial: DialId, address: Address) {
        let at = self.now + self.scenario.swarm.latency.draw(&mut self.rng);
        self.schedule.push(at, Occurrence::Dial { dialler, dial, address });
    }

    fn perform_for_visitor(&mut self, index: u32, effect: Effect<ClientAnswer>) {
        match effect {
            Effect::Write { connection, frame } => self.send(connection, true, &frame.to_bytes()),
            Effect::Pause { .. } | Effect::Resume { .. } => {}
            Effect::Close { connection } => self.close(connection, true),
            Effect::Dial { dial, address } => {
                let life = self.visitors[index as usize].life;
                self.schedule_dial(Dialler::visitor(index, life), dial, address);
            }
            Effect::Answer(answer) => {
                self.note_answered(index, &answer);
                self.invariants.on_served(self.now, &answer);
                if self.director.asked(&answer) {
                    return self.on_script_answered(answer);
                }
                let calls = self.visitors[index as usize].on_answer(answer, self.now, &mut self.history);
                calls.into_iter().for_each(|call| self.hand_to_visitor(index, Input::Call(call)));
            }
            // A client keeps nothing.
            Effect::Commit { .. } | Effect::Load { .. } | Effect::List { .. } => {}
        }
    }
}
