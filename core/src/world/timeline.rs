//! A world whose time can be moved: forward, back to any moment, and off into another course.
//!
//! ```text
//! beginning ──── snapshot ──── snapshot ──── snapshot ──── where it stands ┄┄┄┄ the furthest it has been
//!                    ▲ back: the last one before, and forward from there
//! ```
//! Snapshots are clones of the world, which share what they have in common. They stand so many steps apart that the way
//! from one to the next is short, until they would take more memory than they may: then every other one goes, and new
//! ones stand twice as far apart.

use super::{
    Phase, World,
    scenario::{BUILD, End, Scenario, ScenarioError},
    weight::Weight,
};
use crate::time::Instant;

/// Steps between two snapshots, at first.
const SPACING: u64 = 2_048;
/// Bytes that snapshots take, where nothing else is said.
pub const SNAPSHOT_BYTES_MAX: u64 = 80 * 1024 * 1024;

#[derive(Clone, Debug)]
struct Snapshot {
    world: World,
    /// How many of the commands lie before it.
    commands: u32,
    weight: Weight,
}

/// What somebody had happen while it went on.
#[derive(Clone, Debug)]
struct Commanded {
    /// Everything of that moment had happened.
    at: Instant,
    lines: String,
}

/// Where a way ends. With neither of the two it goes on to the end.
#[derive(Clone, Debug, Default)]
pub struct Until {
    /// Behind the first thing of one of these names.
    pub events: Vec<String>,
    /// Behind all that happens up to this moment.
    pub at: Option<Instant>,
}

/// What became of a part of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    pub taken: u64,
    pub has_arrived: bool,
    /// Nothing more happens.
    pub is_over: bool,
}

/// What somebody who reads a journal should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Another build wrote it.
    OtherBuild,
    /// It came to another end than it says.
    OtherEnd,
}

impl Note {
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherBuild => "other-build",
            Self::OtherEnd => "other-end",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Timeline {
    world: World,
    /// Of `commanded`, how many lie before where it stands.
    commands: u32,
    commanded: Vec<Commanded>,
    /// Rising. The first is the beginning.
    snapshots: Vec<Snapshot>,
    spacing: u64,
    bytes_max: u64,
    /// The furthest it has been; of a journal at least where that says it ended.
    end: Instant,
    /// What the journal says that is still to be seen.
    promised: Option<End>,
    notes: Vec<Note>,
}

impl Timeline {
    /// From `world` on, before which it cannot go.
    pub fn new(world: World) -> Self {
        Self::with_budget(world, SNAPSHOT_BYTES_MAX)
    }

    pub fn with_budget(world: World, bytes_max: u64) -> Self {
        let promised = world.scenario().end;
        let is_others = world.scenario().build.as_ref().is_some_and(|build| build != BUILD);
        let beginning = Snapshot { weight: world.weight(), world: world.clone(), commands: 0 };
        Self {
            end: promised.map_or(world.now(), |end| end.at.max(world.now())),
            promised,
            notes: is_others.then_some(Note::OtherBuild).into_iter().collect(),
            commands: 0,
            commanded: Vec::new(),
            snapshots: vec![beginning],
            spacing: SPACING,
            bytes_max,
            world,
        }
    }

    /// Where it stands.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The furthest it has been.
    pub fn end(&self) -> Instant {
        self.end
    }

    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    pub fn snapshot_count(&self) -> u32 {
        self.snapshots.len() as u32
    }

    /// Bytes that only the snapshots hold, about.
    pub fn snapshot_bytes(&self) -> u64 {
        let worlds = self.snapshots.iter().map(|snapshot| snapshot.weight);
        // Each is counted against the next: what it copied, and what that one does not hold any more.
        let next = worlds.clone().skip(1).chain([self.world.weight()]);
        worlds.zip(next).map(|(world, next)| world.beside(&next)).sum()
    }

    /// One input further. False if nothing more happens.
    pub fn step(&mut self) -> bool {
        let is_new = match self.commanded.get(self.commands as usize) {
            Some(next) if self.world.next_event_at().is_none_or(|at| at > next.at) => self.repeat_command(),
            _ => self.world.step(),
        };
        self.note_progress();
        self.compare_end(!is_new);
        is_new
    }

    /// `steps` further at most, and no further than `until`.
    pub fn advance(&mut self, steps: u64, until: &Until) -> Advanced {
        let mut advanced = Advanced { taken: 0, has_arrived: false, is_over: false };
        while advanced.taken < steps && !advanced.has_arrived && !advanced.is_over {
            if until.at.is_some_and(|at| self.next_at().is_none_or(|next| next > at)) {
                advanced.has_arrived = !self.is_over();
                advanced.is_over = self.is_over();
                // Nothing happens up to that moment.
                self.world.run_until(until.at.unwrap_or_default());
                self.end = self.end.max(self.world.now());
                break;
            }
            let number = self.world.happened_next();
            advanced.is_over = !self.step();
            advanced.taken += u64::from(!advanced.is_over);
            advanced.has_arrived = !until.events.is_empty() && self.world.has_happened(number, &until.events);
        }
        self.keep_budget();
        advanced
    }

    /// To behind everything that happens up to `at`, from wherever it is nearest.
    pub fn seek(&mut self, at: Instant) {
        self.jump(at);
        self.advance(u64::MAX, &Until { at: Some(at), ..Until::default() });
    }

    /// The first part of `seek`, which takes no time: what is left is to go forward.
    pub fn jump(&mut self, at: Instant) {
        let after = self.snapshots.partition_point(|snapshot| snapshot.world.now() <= at);
        let Some(snapshot) = after.checked_sub(1).and_then(|before| self.snapshots.get(before)) else { return };
        if at < self.world.now() || snapshot.world.steps() > self.world.steps() {
            (self.world, self.commands) = (snapshot.world.clone(), snapshot.commands);
        }
    }

    /// Lets `lines` happen now. What was recorded beyond is cut off: it would have become something else.
    ///
    /// # Errors
    /// What is wrong with them; nothing has happened then.
    pub fn command(&mut self, lines: &str) -> Result<(), ScenarioError> {
        let mut world = self.world.clone();
        world.command(lines)?;
        self.commanded.truncate(self.commands as usize);
        let steps = self.world.steps();
        self.snapshots.retain(|snapshot| snapshot.world.steps() <= steps);
        if world.steps() > steps {
            self.commanded.push(Commanded { at: self.world.now(), lines: lines.to_owned() });
            self.commands += 1;
        }
        self.world = world;
        self.end = self.world.now();
        // It is another story than the journal told.
        self.promised = None;
        self.note_progress();
        Ok(())
    }

    /// A timeline that stands where this one does, and shares the past with it.
    pub fn fork(&self) -> Self {
        let mut fork = self.clone();
        fork.commanded.truncate(self.commands as usize);
        fork.snapshots.retain(|snapshot| snapshot.world.steps() <= self.world.steps());
        fork.end = fork.world.now();
        fork
    }

    /// What it was made from, everything that was commanded up to where it stands, and what it came to.
    pub fn journal(&self) -> Scenario {
        self.world.journal()
    }

    fn is_over(&self) -> bool {
        self.world.phase() == Phase::Over || self.world.violation().is_some()
    }

    /// When something happens next, a command that was given before included.
    fn next_at(&self) -> Option<Instant> {
        let commanded = self.commanded.get(self.commands as usize).map(|commanded| Instant(commanded.at.0 + 1));
        if self.is_over() { None } else { self.world.next_event_at().into_iter().chain(commanded).min() }
    }

    /// The world is again where the command was given, and so it does the same.
    fn repeat_command(&mut self) -> bool {
        let Some(Commanded { at, lines }) = self.commanded.get(self.commands as usize) else { return false };
        self.world.run_until(*at);
        self.commands += 1;
        self.world.command(lines).is_ok()
    }

    fn note_progress(&mut self) {
        self.end = self.end.max(self.world.now());
        let last = self.snapshots.last().map_or(0, |snapshot| snapshot.world.steps());
        if self.world.steps() < last + self.spacing {
            return;
        }
        let (world, commands) = (self.world.clone(), self.commands);
        self.snapshots.push(Snapshot { weight: world.weight(), world, commands });
        self.keep_budget();
    }

    /// The last snapshot costs what the world has changed since, so this holds whenever it stands still.
    fn keep_budget(&mut self) {
        while self.snapshots.len() > 2 && self.snapshot_bytes() > self.bytes_max {
            self.thin();
        }
    }

    fn compare_end(&mut self, is_over: bool) {
        let Some(end) = self.promised.filter(|end| is_over || self.world.steps() >= end.steps) else { return };
        self.promised = None;
        if (self.world.steps(), self.world.digest()) != (end.steps, end.digest) {
            self.notes.push(Note::OtherEnd);
        }
    }

    /// Every other snapshot goes.
    fn thin(&mut self) {
        let mut is_kept = false;
        self.snapshots.retain(|_| {
            is_kept = !is_kept;
            is_kept
        });
        self.spacing = self.spacing.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests;
