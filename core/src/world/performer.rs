//! What becomes of effects and of what was scheduled: the world's host.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    Phase, World, address,
    clock::micros,
    director::SCRIPT,
    fault::Fault,
    invariant::Loss,
    schedule::Occurrence,
    swarm::{Cut, Row},
    visitor::name_of,
};
use crate::{
    client::{ClientAnswer, ClientCall},
    effect::*,
    ids::{BrokerId, ConnectionId, DialId, IoId},
    machine::Machine,
    time::Instant,
};

/// Frames up to this size come byte by byte where the seed wants it.
const BYTEWISE_MAX: usize = 300;
/// How long it takes to notice that nobody listens.
const REFUSED_AFTER: Duration = Duration::from_millis(1);
/// Rest before a broker whose dir went away is started again, as a host does.
const REOPEN_AFTER: Duration = Duration::from_millis(500);

impl World {
    pub(super) fn happen(&mut self, occurrence: Occurrence) {
        match occurrence {
            Occurrence::Start { server } => self.start(server),
            Occurrence::Beat { visitor } => self.beat(visitor),
            Occurrence::Dial { visitor, dial, address } => self.dial(visitor, dial, &address),
            Occurrence::Bytes { connection, to_server, bytes } => self.arrive(connection, to_server, bytes),
            Occurrence::Closed { connection, to_server } => self.hear_closed(connection, to_server),
            Occurrence::Storage { server, life, effect } => self.store(server, life, *effect),
            Occurrence::Wake { server } => self.wake(server),
            Occurrence::Input { server, life, input } if self.servers[server as usize].life == life => {
                self.hand_to_server(server, input);
            }
            Occurrence::Input { .. } => {}
            Occurrence::Room { server } => self.servers[server as usize].disk.set_capacity(None),
            Occurrence::Fault(fault) => self.befall(fault),
            Occurrence::Heal => self.heal(),
            Occurrence::Deadline => self.invariants.is_over(self.now, self.phase, &self.visitors),
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
        let seed = self.rng.next_u64();
        self.servers[index as usize].storage.has_failed = false;
        self.servers[index as usize].start(seed);
        self.hand_to_server(index, Input::Tick);
    }

    fn beat(&mut self, index: u32) {
        let (calls, next) = self.visitors[index as usize].beat(&self.scenario.swarm, self.now);
        if let Some(after) = next {
            self.schedule.push(self.now + after, Occurrence::Beat { visitor: index });
        }
        calls.into_iter().for_each(|call| self.hand_to_visitor(index, Input::Call(call)));
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
        let mut effects = Vec::new();
        node.handle(server.clock.now(self.now), input, &mut effects);
        effects.into_iter().for_each(|effect| self.perform_for_server(index, effect));
    }

    pub(super) fn hand_to_visitor(&mut self, index: u32, input: Input<ClientCall>) {
        if index == SCRIPT {
            return self.hand_to_script(input);
        }
        let visitor = &mut self.visitors[index as usize];
        let mut effects = Vec::new();
        visitor.client.handle(super::clock::Clock::default().now(self.now), input, &mut effects);
        effects.into_iter().for_each(|effect| self.perform_for_visitor(index, effect));
    }

    fn perform_for_server(&mut self, index: u32, effect: Effect<NodeAnswer>) {
        match effect {
            Effect::Write { connection, frame } => self.send(connection, false, &frame.to_bytes()),
            Effect::Pause { connection } => self.set_paused(connection, true),
            Effect::Resume { connection } => self.set_paused(connection, false),
            Effect::Close { connection } => self.close(connection, false),
            // It knows nobody yet.
            Effect::Dial { .. } => {}
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
                self.end(index);
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
    }

    fn perform_for_visitor(&mut self, index: u32, effect: Effect<ClientAnswer>) {
        match effect {
            Effect::Write { connection, frame } => self.send(connection, true, &frame.to_bytes()),
            Effect::Pause { .. } | Effect::Resume { .. } => {}
            Effect::Close { connection } => self.close(connection, true),
            Effect::Dial { dial, address } => {
                let at = self.now + self.scenario.swarm.latency.draw(&mut self.rng);
                self.schedule.push(at, Occurrence::Dial { visitor: index, dial, address });
            }
            Effect::Answer(answer) if self.director.asked(&answer) => self.on_script_answered(answer),
            Effect::Answer(answer) => {
                let calls = self.visitors[index as usize].on_answer(answer, self.now, &mut self.history);
                calls.into_iter().for_each(|call| self.hand_to_visitor(index, Input::Call(call)));
            }
            // A client keeps nothing.
            Effect::Commit { .. } | Effect::Load { .. } | Effect::List { .. } => {}
        }
    }

    fn dial(&mut self, visitor: u32, dial: DialId, to: &Address) {
        let found = self.servers.iter().position(|server| address(server.id) == *to);
        let passes = self.network.passes_at(visitor, true, self.now);
        if passes > self.now {
            // The first packet is sent again until it gets through.
            let again = Occurrence::Dial { visitor, dial, address: to.clone() };
            return self.schedule.push(passes, again);
        }
        let Some(index) = found.filter(|index| self.servers[*index].is_serving()) else {
            self.now = self.now + REFUSED_AFTER;
            return self.hand_to_visitor(visitor, Input::DialFailed { dial, why: "connection refused".to_owned() });
        };
        let connection = self.network.open(visitor, index as u32, self.servers[index].life);
        let peer = if visitor == SCRIPT { "script".to_owned() } else { name_of(visitor) };
        self.hand_to_server(index as u32, Input::Opened { connection, listener: Listener::Client, peer });
        self.hand_to_visitor(visitor, Input::Dialled { dial, connection });
    }

    pub(super) fn send(&mut self, connection: ConnectionId, to_server: bool, bytes: &Bytes) {
        let Some(link) = self.network.links.get(&connection) else { return };
        let visitor = link.visitor;
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let len = match self.scenario.swarm.cut {
                Cut::Whole => rest.len(),
                Cut::Bytes if bytes.len() <= BYTEWISE_MAX => 1,
                Cut::Pieces | Cut::Bytes => (1 + self.rng.below(4_000) as usize).min(rest.len()),
            };
            let piece = rest.split_to(len);
            let sent = self.now + self.scenario.swarm.latency.draw(&mut self.rng);
            let at = self.network.passes_at(visitor, to_server, sent);
            let Some(link) = self.network.links.get_mut(&connection) else { return };
            let direction = link.direction(to_server);
            direction.last_due = direction.last_due.max(at);
            let due = direction.last_due;
            self.schedule.push(due, Occurrence::Bytes { connection, to_server, bytes: piece });
        }
    }

    /// One end lets go. What it sent is still under way; the other hears of it after that.
    pub(super) fn close(&mut self, connection: ConnectionId, by_visitor: bool) {
        let latency = self.scenario.swarm.latency.draw(&mut self.rng);
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let visitor = link.visitor;
        link.direction(!by_visitor).is_closed = true;
        let direction = link.direction(by_visitor);
        let due = direction.last_due.max(self.now + latency);
        let due = self.network.passes_at(visitor, by_visitor, due);
        self.schedule.push(due, Occurrence::Closed { connection, to_server: by_visitor });
    }

    fn hear_closed(&mut self, connection: ConnectionId, to_server: bool) {
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let (visitor, server, life) = (link.visitor, link.server, link.life);
        if std::mem::replace(&mut link.direction(to_server).is_closed, true) {
            return self.network.tidy(connection);
        }
        self.network.tidy(connection);
        match to_server {
            true if self.servers[server as usize].life == life => {
                self.hand_to_server(server, Input::Closed { connection })
            }
            true => {}
            false => self.hand_to_visitor(visitor, Input::Closed { connection }),
        }
    }

    fn arrive(&mut self, connection: ConnectionId, to_server: bool, bytes: Bytes) {
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let (visitor, server, life) = (link.visitor, link.server, link.life);
        let direction = link.direction(to_server);
        if direction.is_closed {
            return;
        }
        if direction.is_paused {
            return direction.held.push(bytes);
        }
        match to_server {
            true if self.servers[server as usize].life == life => {
                self.messages += 1;
                self.hand_to_server(server, Input::Bytes { connection, bytes });
            }
            true => {}
            false => self.hand_to_visitor(visitor, Input::Bytes { connection, bytes }),
        }
    }

    fn set_paused(&mut self, connection: ConnectionId, is_paused: bool) {
        let Some(link) = self.network.links.get_mut(&connection) else { return };
        let direction = link.direction(true);
        direction.is_paused = is_paused;
        if is_paused || direction.held.is_empty() {
            return;
        }
        let mut all = BytesMut::new();
        direction.held.drain(..).for_each(|bytes| all.put(bytes));
        // In front of all that is still under way.
        self.schedule.push(self.now, Occurrence::Bytes { connection, to_server: true, bytes: all.freeze() });
    }

    fn call_storage(&mut self, index: u32, effect: Effect<NodeAnswer>) {
        let mut takes = micros(self.scenario.swarm.storage.draw(&mut self.rng));
        let server = &mut self.servers[index as usize];
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
        self.schedule.push(at, Occurrence::Storage { server: index, life, effect: Box::new(effect) });
    }

    fn store(&mut self, index: u32, life: u32, effect: Effect<NodeAnswer>) {
        let is_relaxed = self.scenario.swarm.row == Row::CommitRelaxed;
        let grain = self.scenario.swarm.grain();
        let server = &mut self.servers[index as usize];
        if server.life != life || server.node.is_none() {
            return;
        }
        let io = match effect {
            Effect::Commit { io, .. } | Effect::Load { io, .. } | Effect::List { io, .. } => io,
            _ => return,
        };
        if matches!(effect, Effect::Commit { .. }) {
            server.in_flight.pop_front();
        }
        if server.storage.failing > 0 {
            server.storage.failing -= 1;
            return self.fail(index, io, Outcome::Definite, StorageErrorKind::Broken);
        }
        let result = match effect {
            Effect::Commit { ops, .. } if std::mem::take(&mut server.storage.is_lost) => {
                server.disk.tear(ops, grain, &mut self.rng);
                return self.fail(index, io, Outcome::Unknown, StorageErrorKind::Gone);
            }
            Effect::Commit { ops, sync, .. } => {
                server.disk.commit(ops, sync && !is_relaxed).map(|()| Input::Committed { io })
            }
            Effect::Load { file, at, len, .. } => {
                server.disk.load(&file, at, len).map(|bytes| Input::Loaded { io, bytes })
            }
            Effect::List { prefix, .. } => Ok(Input::Listed { io, entries: server.disk.list(&prefix) }),
            _ => return,
        };
        match result {
            Ok(input) => self.hand_to_server(index, input),
            Err(why) => self.fail(index, io, why.outcome, why.kind),
        }
    }

    fn fail(&mut self, index: u32, io: IoId, outcome: Outcome, kind: StorageErrorKind) {
        let why = StorageError { outcome, kind, detail: "as the world wants it".to_owned() };
        self.servers[index as usize].storage.has_failed = true;
        // Acknowledged at the append, and taken back with the commit.
        self.history.may_have_lost |= self.scenario.swarm.row == Row::Append;
        self.hand_to_server(index, Input::Failed { io, why });
        if outcome == Outcome::Unknown {
            // A host opens it again: the process ends and another one recovers.
            self.crash(index, false);
            self.schedule.push(self.now + REOPEN_AFTER, Occurrence::Start { server: index });
        }
    }

    /// The process ends mid-air.
    fn crash(&mut self, index: u32, loses_power: bool) {
        let grain = self.scenario.swarm.grain();
        let server = &mut self.servers[index as usize];
        if server.node.is_none() {
            return;
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

    pub(super) fn befall(&mut self, fault: Fault) {
        if self.phase != Phase::Faults {
            return;
        }
        self.invariants.on_fault(&fault);
        let now = self.now;
        match fault {
            Fault::Kill { server, down } => self.take_down(server, false, down),
            Fault::PowerLoss { server, down } => self.take_down(server, true, down),
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
            Fault::ClockStep { server, millis } => self.servers[server as usize].clock.step(millis),
            Fault::Cut { visitor, to_server, to_visitor, duration } => {
                for (wanted, direction) in [(to_server, true), (to_visitor, false)] {
                    if wanted {
                        self.network.cut(visitor, direction, now + duration);
                    }
                }
            }
            Fault::Reset { visitor } => self.reset(visitor),
            Fault::StorageFails { server, calls } => self.servers[server as usize].storage.failing += calls,
            Fault::StorageLost { server } => self.servers[server as usize].storage.is_lost = true,
            Fault::DiskFull { server, room, duration } => {
                let disk = &mut self.servers[server as usize].disk;
                disk.set_capacity(Some(disk.used() + room));
                self.schedule.push(now + duration, Occurrence::Room { server });
            }
            Fault::SlowDisk { server, times, duration } => {
                self.servers[server as usize].storage.slow = Some((times, now + duration));
            }
        }
    }

    fn take_down(&mut self, index: u32, loses_power: bool, down: Duration) {
        if self.servers[index as usize].node.is_some() {
            self.crash(index, loses_power);
            self.schedule.push(self.now + down, Occurrence::Start { server: index });
        }
    }

    /// A pause is over: what came meanwhile is taken, one after the other.
    fn wake(&mut self, index: u32) {
        let server = &mut self.servers[index as usize];
        if self.now < server.paused_until {
            return;
        }
        let life = server.life;
        for input in std::mem::take(&mut server.waiting) {
            self.schedule.push(self.now, Occurrence::Input { server: index, life, input });
        }
    }

    /// Both ends of a visitor's connections hear that they are gone; of what was under way some arrives.
    fn reset(&mut self, visitor: u32) {
        for connection in self.network.of_visitor(visitor) {
            let late = self.rng.below(2) == 0;
            let Some(link) = self.network.links.get_mut(&connection) else { continue };
            let due = if late { link.to_server.last_due.max(self.now) } else { self.now };
            self.schedule.push(self.now, Occurrence::Closed { connection, to_server: false });
            self.schedule.push(due, Occurrence::Closed { connection, to_server: true });
        }
    }

    pub(super) fn heal_server(&mut self, index: u32) {
        let server = &mut self.servers[index as usize];
        server.storage = super::server::StorageMood { calls: server.storage.calls, ..Default::default() };
        server.disk.set_capacity(None);
        server.paused_until = server.paused_until.min(self.now);
        self.wake(index);
        let server = &self.servers[index as usize];
        if server.node.is_none() && server.id == BrokerId(index as i32 + 1) {
            self.schedule.push(self.now, Occurrence::Start { server: index });
        }
    }
}
