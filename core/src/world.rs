//! The world: a place where machines live while time is ours.
//!
//! ```text
//! schedule ──▶ one input ──▶ node or client ──▶ effects ──▶ network, disk ──▶ schedule
//!                  │                                │
//!                  └──────────▶ invariants ◀────────┘        history ◀── what clients saw
//! ```
//! Everything is drawn from one seed and happens in one order, so that a run can be had again, natively and in a browser,
//! and a world can be cloned at any step. Faults are part of the schedule. The page's Lab is this with a face.

mod caller;
pub mod clock;
mod director;
pub mod fault;
pub mod happened;
pub mod history;
pub mod invariant;
pub mod mark;
pub mod network;
mod performer;
pub mod scenario;
mod schedule;
pub mod server;
mod stranger;
pub mod swarm;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod visitor;
mod weight;

use std::{sync::Arc, time::Duration};

use self::{
    director::Director,
    fault::Fault,
    happened::Happenings,
    history::History,
    invariant::{Invariants, Violation},
    network::Network,
    scenario::Scenario,
    schedule::{Occurrence, Schedule},
    server::Server,
    swarm::Swarm,
    visitor::Visitor,
};
use crate::{
    effect::{Address, Input},
    ids::BrokerId,
    machine::Machine,
    rng::Rng,
    time::Instant,
};

/// How long clients may take to be answered once everything is healed.
const CONVERGENCE: Duration = Duration::from_secs(180);
/// How long healing is put off each time that there were too few messages.
const HEAL_PUT_OFF: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What of a world goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Faults happen.
    Faults,
    /// Everything is healed, clients end what they have begun, and nothing new goes wrong.
    Healing,
    /// Clients read everything once more.
    Reading,
    Over,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::Faults => "faults",
            Self::Healing => "healing",
            Self::Reading => "reading",
            Self::Over => "over",
        }
    }
}

#[derive(Clone, Debug)]
pub struct World {
    scenario: Arc<Scenario>,
    director: Director,
    /// Faults have had their time, and the script has not come to its end.
    is_heal_due: bool,
    phase: Phase,
    now: Instant,
    rng: Rng,
    schedule: Schedule,
    network: Network,
    servers: Vec<Server>,
    visitors: Vec<Visitor>,
    history: History,
    happenings: Happenings,
    invariants: Invariants,
    /// Whole requests that had reached a broker when everything was healed.
    messages_at_heal: Option<u64>,
    /// Inputs taken by machines so far.
    steps: u64,
}

impl World {
    /// A world at its beginning. A swarm alone is a scenario without a script.
    pub fn new(scenario: impl Into<Scenario>) -> Self {
        let scenario = Arc::new(scenario.into());
        let swarm = &scenario.swarm;
        let mut rng = Rng::new(swarm.seed);
        let servers = (1..=swarm.brokers as i32).map(|id| Server::new(BrokerId(id), swarm, &mut rng)).collect();
        let bootstrap: Vec<Address> = (1..=swarm.brokers as i32).map(|id| address(BrokerId(id))).collect();
        let visitors = (0..swarm.visitors).map(|index| Visitor::new(index, swarm, &bootstrap, &mut rng)).collect();
        let mut world = Self {
            network: Network::default(),
            schedule: Schedule::default(),
            history: History::default(),
            happenings: Happenings::default(),
            invariants: Invariants::new(swarm),
            director: Director::new(&scenario),
            is_heal_due: false,
            phase: Phase::Faults,
            now: Instant(0),
            messages_at_heal: None,
            steps: 0,
            rng,
            servers,
            visitors,
            scenario,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for index in 0..self.servers.len() as u32 {
            self.schedule.push(Instant(0), Occurrence::Start { server: index });
        }
        for index in 0..self.visitors.len() as u32 {
            self.schedule.push(Instant(1_000), Occurrence::Beat { visitor: index });
        }
        let end = Instant(0) + self.scenario.swarm.duration;
        self.schedule.push(end, Occurrence::Heal);
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn swarm(&self) -> &Swarm {
        &self.scenario.swarm
    }

    /// What it was made from. What was commanded since is in `journal`.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub fn visitors(&self) -> &[Visitor] {
        &self.visitors
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whole requests that reached a broker.
    pub fn messages(&self) -> u64 {
        self.invariants.messages
    }

    /// Those that did while faults happened.
    pub fn messages_under_faults(&self) -> u64 {
        self.messages_at_heal.unwrap_or(self.messages())
    }

    /// And so many were to.
    pub fn messages_due(&self) -> u64 {
        let Swarm { messages, duration, work, .. } = self.swarm();
        let due = u128::from(*messages) * duration.as_micros() / MINUTE.as_micros();
        if work.is_empty() { 0 } else { due as u64 }
    }

    pub fn violation(&self) -> Option<&Violation> {
        self.invariants.violation()
    }

    pub fn invariants(&self) -> &Invariants {
        &self.invariants
    }

    /// Of everything that happened in every machine of every life.
    pub fn digest(&self) -> u64 {
        self.servers.iter().fold(self.steps, |sum, server| sum.rotate_left(7) ^ server.digest())
    }

    /// Takes one input to one machine, or lets one fault happen. False once it is over or an invariant is broken.
    pub fn step(&mut self) -> bool {
        if self.phase == Phase::Over || self.violation().is_some() {
            return false;
        }
        let tick = self.next_tick();
        let next = self.schedule.next_at();
        let others = [tick.map(|(at, _)| at), next].into_iter().flatten().min();
        match (tick, next) {
            _ if self.director.next_at().is_some_and(|at| others.is_none_or(|others| at <= others)) => {
                self.now = self.now.max(self.director.next_at().unwrap_or_default());
                self.direct();
            }
            // A due tick wins over a full inbox, as in the host.
            (Some((at, actor)), next) if next.is_none_or(|next| at <= next) => {
                self.now = self.now.max(at);
                self.tick(actor);
            }
            (_, Some(at)) => {
                self.now = self.now.max(at);
                if let Some(occurrence) = self.schedule.pop() {
                    self.happen(occurrence);
                }
            }
            (_, None) => self.phase = Phase::Over,
        }
        self.steps += 1;
        self.check();
        true
    }

    /// Steps until `at`, the end, or a broken invariant.
    pub fn run_until(&mut self, at: Instant) {
        while self.next_event_at().is_some_and(|next| next <= at) && self.step() {}
        if self.phase != Phase::Over && self.violation().is_none() {
            self.now = self.now.max(at);
        }
    }

    /// Runs to the end, or to a broken invariant.
    pub fn run(&mut self) {
        while self.step() {}
    }

    /// When something happens next.
    pub fn next_event_at(&self) -> Option<Instant> {
        let tick = self.next_tick().map(|(at, _)| at);
        [tick, self.schedule.next_at(), self.director.next_at()].into_iter().flatten().min()
    }

    /// Lets `fault` happen at `at`, beside those of the seed. No journal has it: `command` is for what others shall see too.
    pub fn schedule_fault(&mut self, at: Instant, fault: Fault) {
        self.schedule.push(at.max(self.now), Occurrence::Fault(fault));
    }

    fn next_tick(&self) -> Option<(Instant, Actor)> {
        let servers = self.servers.iter().zip(0..).filter_map(|(server, index)| {
            let deadline = server.next_deadline()?;
            Some((deadline, Actor::Server(index)))
        });
        let visitors = self.visitors.iter().zip(0..).filter_map(|(visitor, index)| {
            let deadline = visitor.client.next_deadline()?;
            Some((deadline, Actor::Visitor(index)))
        });
        servers.chain(visitors).min()
    }

    fn tick(&mut self, actor: Actor) {
        match actor {
            Actor::Server(index) => self.hand_to_server(index, Input::Tick),
            Actor::Visitor(index) => self.hand_to_visitor(index, Input::Tick),
        }
    }

    fn check(&mut self) {
        if self.director.is_watching() {
            self.watch();
        }
        self.happenings.take(&self.servers);
        self.invariants.after_step(self.now, &self.servers);
        self.servers.iter_mut().for_each(Server::forget_trace);
        if self.phase == Phase::Reading || self.phase == Phase::Healing {
            self.converge();
        }
    }

    /// Healed clients come to an end in bounded time (L3, L10), then everything is read back.
    fn converge(&mut self) {
        let is_quiet = self.visitors.iter().all(Visitor::is_quiet) && self.servers.iter().all(Server::is_serving);
        let is_quiet = is_quiet && self.invariants.is_settled(&self.servers);
        match self.phase {
            Phase::Healing if is_quiet => {
                self.phase = Phase::Reading;
                self.note_phase();
                self.visitors.iter_mut().for_each(Visitor::begin_reading);
                for index in 0..self.visitors.len() as u32 {
                    self.schedule.push(self.now, Occurrence::Beat { visitor: index });
                }
            }
            Phase::Reading
                if is_quiet && self.visitors.iter().all(Visitor::has_read_all) && self.has_nothing_late() =>
            {
                self.phase = Phase::Over;
                self.note_phase();
                self.invariants.at_the_end(self.now, &self.servers, &self.history);
            }
            _ => {}
        }
    }

    /// What was sent on connections that are given up has arrived: it could have somebody wait who is nobody any more.
    fn has_nothing_late(&self) -> bool {
        let is_parked = |server: &Server| {
            let parked = server.node.as_ref().and_then(|node| node.broker()).map(|broker| broker.parked());
            parked.is_some_and(|parked| parked != Default::default())
        };
        !self.servers.iter().any(is_parked)
    }

    /// Whether fewer messages came than should have by now, with some to spare for whatever comes of faults.
    fn is_behind(&self) -> bool {
        let due = u128::from(self.now.0) * u128::from(self.swarm().messages) * 3 / 2;
        self.phase == Phase::Faults && u128::from(self.messages()) * MINUTE.as_micros() < due
    }

    /// Whether visitors have to go on for want of messages. If they have for twice as long again there will never be enough.
    fn is_short_of_messages(&self) -> bool {
        self.messages() < self.messages_due() && self.now < Instant(0) + self.swarm().duration * 3
    }

    fn heal(&mut self) {
        if !self.director.is_through() {
            self.is_heal_due = true;
            return;
        }
        if self.is_short_of_messages() {
            return self.schedule.push(self.now + HEAL_PUT_OFF, Occurrence::Heal);
        }
        self.messages_at_heal = Some(self.messages());
        self.phase = Phase::Healing;
        self.invariants.on_healed(self.now);
        self.note_phase();
        self.mend();
        self.visitors.iter_mut().for_each(Visitor::end_work);
        self.schedule.push(self.now + CONVERGENCE, Occurrence::Deadline);
    }
}

/// Who takes an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    Server(u32),
    Visitor(u32),
}

/// Where the brokers of a world are reached.
pub fn address(broker: BrokerId) -> Address {
    Address { host: format!("broker-{broker}"), port: 9092 }
}

/// Where its peers reach it.
pub fn peer_address(broker: BrokerId) -> Address {
    Address { port: 9093, ..address(broker) }
}
