//! Who plays the script: an actor of the world like any other, so that clones, replays and digests have it in them.
//!
//! Each line that says `at` goes its own way, and so does what was started; all other lines follow each other. A way that
//! waits does not hold the others up. Of what is due at one moment the director comes first, lines that say `at` in
//! their order before ways that go on. A world without a script pays one comparison a step.

mod peer;
mod track;
mod watch;

use std::sync::Arc;

pub(super) use self::peer::SCRIPT;
use self::{
    peer::Peer,
    track::{Answer, Due, Next, Track, Waits},
};
use super::{
    World,
    scenario::{
        Line, Scenario, ScenarioError,
        command::Command,
        expectation::{Expectation, State},
    },
};
use crate::{
    client::{CallId, ClientAnswer, ClientCall, Question},
    effect::Input,
    time::Instant,
};

/// Calls of the script have numbers from here on; visitors' own never get there.
const CALLS_FROM: u64 = 1 << 62;
/// How long the script waits for the cluster to be there at all.
const BEGINNING: std::time::Duration = std::time::Duration::from_secs(600);

#[derive(Clone, Debug, Default)]
pub(super) struct Director {
    /// Lines that say when, in their order, faults of the seed among them.
    timed: Arc<[Line]>,
    /// How many of them have begun.
    begun: u32,
    tracks: Vec<Track>,
    tracks_begun: u64,
    calls: u64,
    peer: Peer,
    /// When there is something to do. `None`: not before an answer comes, or never.
    next_at: Option<Instant>,
    is_watching: bool,
    /// What was commanded while it went on, for the journal.
    commanded: Vec<Line>,
}

impl Director {
    pub fn new(scenario: &Scenario) -> Self {
        let faults = scenario.swarm.draw_faults().into_iter();
        let said = scenario.script.iter().filter(|line| line.at.is_some()).cloned();
        let mut timed: Vec<Line> =
            said.chain(faults.map(|(at, fault)| Line::at(at, vec![Command::Fault(fault)]))).collect();
        // What was said stands before what was drawn for the same moment, as in a text with all of them written out.
        timed.sort_by_key(|line| line.at);
        let mut director = Self { timed: timed.into(), ..Self::default() };
        let follow = scenario.script.iter().filter(|line| line.at.is_none());
        let commands: Vec<Command> = follow.flat_map(|line| line.commands.iter().cloned()).collect();
        if !commands.is_empty() {
            let serving = Expectation::Soon { state: State::Serving(0), within: BEGINNING };
            let commands = std::iter::once(Command::Expect(serving)).chain(commands);
            director.begin(commands.collect(), Instant(0));
        }
        director.look_ahead();
        director
    }

    /// When it does something next.
    pub fn next_at(&self) -> Option<Instant> {
        self.next_at
    }

    /// Whether there is nothing left that it will do.
    pub fn is_through(&self) -> bool {
        self.tracks.is_empty() && self.begun as usize == self.timed.len()
    }

    pub fn is_watching(&self) -> bool {
        self.is_watching
    }

    /// Whether an answer is to a question of the script.
    pub fn asked(&self, answer: &ClientAnswer) -> bool {
        answer.call.0 >= CALLS_FROM
    }

    fn begin(&mut self, commands: Arc<[Command]>, now: Instant) -> u64 {
        self.tracks_begun += 1;
        self.tracks.push(Track::new(self.tracks_begun, commands, now));
        self.tracks_begun
    }

    fn track(&mut self, number: u64) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.number == number)
    }

    fn look_ahead(&mut self) {
        self.tracks.retain(|track| !track.is_over());
        self.is_watching = self.tracks.iter().any(Track::is_watching);
        let timed = self.timed.get(self.begun as usize).and_then(|line| line.at);
        let tracks = self.tracks.iter().filter_map(Track::next_at).min();
        self.next_at = timed.into_iter().chain(tracks).min();
    }

    /// The way that goes on at `now`: one that begins before all others.
    fn due(&mut self, now: Instant) -> Option<u64> {
        let timed = self.timed.get(self.begun as usize);
        if let Some(line) = timed.filter(|line| line.at.is_some_and(|at| at <= now)) {
            let commands = line.commands.clone().into();
            self.begun += 1;
            return Some(self.begin(commands, now));
        }
        let due = self.tracks.iter().filter_map(|track| Some((track.next_at()?, track.number)));
        due.min().filter(|(at, _)| *at <= now).map(|(_, number)| number)
    }
}

impl World {
    /// Takes the script one command further.
    pub(super) fn direct(&mut self) {
        if let Some(number) = self.director.due(self.now) {
            self.go_on(number);
        }
        self.look_ahead();
    }

    fn go_on(&mut self, number: u64) {
        let now = self.now;
        let Some(track) = self.director.track(number) else { return };
        match track.due(now) {
            Some(Due::Command(command)) => self.carry_out(number, command),
            Some(Due::TimedOut(expectation)) => {
                let found = self.found(&expectation);
                self.disappoint(&expectation, found);
            }
            Some(Due::GivenUp) => {
                track.on_answer(Answer::Error("TIMED_OUT", None), now);
                self.give_up_sending(number);
            }
            None => {}
        }
    }

    fn carry_out(&mut self, number: u64, command: Command) {
        let now = self.now;
        self.note_script(&command);
        let waits = match command {
            Command::Fault(fault) => {
                self.befall(fault);
                Waits::Until(now)
            }
            Command::Heal => {
                self.mend();
                Waits::Until(now)
            }
            Command::Wait(length) => Waits::Until(now + length),
            Command::WaitUntil(at) => Waits::Until(at.max(now)),
            Command::Ask { request, by, .. } => return self.ask(number, by, request.question()),
            Command::Send(send) => return self.send_raw(number, &send),
            Command::Start(command) => {
                self.director.begin(Arc::new([*command]), now);
                Waits::Until(now)
            }
            Command::Expect(expectation) => return self.expect(number, expectation),
        };
        self.set_waits(number, waits);
    }

    fn set_waits(&mut self, number: u64, waits: Waits) {
        if let Some(track) = self.director.track(number) {
            track.waits = waits;
        }
    }

    fn disappoint(&mut self, expectation: &Expectation, found: String) {
        self.invariants.violated(self.now, "expect", format!("`{expectation}`, but {found}"));
    }

    /// Asks through a visitor's client.
    fn ask(&mut self, number: u64, by: u32, question: Question) {
        self.director.calls += 1;
        let call = CallId(CALLS_FROM + self.director.calls);
        if let Some(track) = self.director.track(number) {
            let before = std::mem::replace(&mut track.waits, Waits::Until(Instant(0)));
            track.waits = before.for_answer(call, &question);
        }
        self.hand_to_visitor(by, Input::Call(ClientCall::Ask { call, question }));
    }

    /// An answer to the script.
    pub(super) fn on_script_answered(&mut self, answer: ClientAnswer) {
        let now = self.now;
        let Some(track) = self.director.tracks.iter_mut().find(|track| track.awaits(answer.call)) else { return };
        let number = track.number;
        match track.on_reply(answer.result, now) {
            Next::Nothing => {}
            Next::Ask(question) => self.ask(number, 0, question),
            Next::Disappoint(expectation, found) => self.disappoint(&expectation, found),
        }
        self.look_ahead();
    }

    /// Lets `text` happen now, as if it stood in the script with this moment before it. What is still to happen at this
    /// very moment happens first, and the script's next microsecond begins.
    ///
    /// # Errors
    /// What is wrong with it; nothing of it has happened then.
    pub fn command(&mut self, text: &str) -> Result<(), ScenarioError> {
        let refused = |why: &str| Err(ScenarioError { line: 1, why: why.to_owned() });
        let commands = Scenario::parse_commands(text, &self.scenario.swarm)?;
        if commands.is_empty() {
            return Ok(());
        }
        if self.phase != super::Phase::Faults {
            return refused("this world is being healed, or over: nothing more happens to it");
        }
        self.run_until(self.now);
        if self.phase != super::Phase::Faults || self.violation().is_some() {
            return refused("this world is over: something is broken in it");
        }
        let at = Instant(self.now.0 + 1);
        let line = Line::at(at, commands.clone());
        self.director.commanded.push(line);
        self.now = at;
        let number = self.director.begin(commands.into(), at);
        self.go_on(number);
        self.look_ahead();
        self.steps += 1;
        self.check();
        Ok(())
    }

    /// This world as a text: what it was made from and everything that was commanded since. A world made from it comes
    /// to the same digest.
    pub fn journal(&self) -> Scenario {
        let mut journal = Scenario::clone(&self.scenario);
        // Commanded at a moment, they came before what the script has for it.
        journal.script.splice(0..0, self.director.commanded.iter().cloned());
        journal.build = Some(super::scenario::BUILD.to_owned());
        journal.end = Some(super::scenario::End { at: self.now, steps: self.steps, digest: self.digest() });
        journal
    }

    /// Whatever is broken is whole again.
    pub(super) fn mend(&mut self) {
        self.heal_network();
        for index in 0..self.servers.len() as u32 {
            self.heal_server(index);
        }
    }

    /// After whatever may have moved the script.
    fn look_ahead(&mut self) {
        self.director.look_ahead();
        if self.is_heal_due && self.director.is_through() {
            self.is_heal_due = false;
            self.schedule.push(self.now, super::schedule::Occurrence::Heal);
        }
    }
}
