//! Scenarios: one text for hand-written stories, journals of what happened, and links.
//!
//! ```text
//! ottla 1                            # the language's version, on the first line
//! row commit                         # settings first (scenario/setting.rs); a seed draws all that is not said
//! create topic orders                # then the script, line after line; a line that asks something waits for its answer
//! produce orders k v acks=all; expect offset 0
//! start produce orders k w           # does not wait
//! at 2.5s cut visitor-1<>broker-1 for 1s    # happens at that moment, whatever the other lines wait for
//! power off 1 for 300ms
//! expect read orders 0: k=v ...
//! ```
//! `seed 42` draws settings, work and faults from a number; without it a world is plain: one broker, one visitor who does
//! only what the script says, no faults but the script's. The world lasts until `duration` is over and the script is
//! through; then everything is healed, what was produced is read back, and what must hold is checked once more.
//!
//! Verbs are in `scenario/command.rs`, `fault.rs`, `request.rs` and `expectation.rs`. Commands of one line are parted by `;`,
//! a `#` begins a comment, words with blanks in them are quoted. A journal says `build` in front and `end` behind: the text of a
//! world with everything that was commanded, which comes to the same digest when it is run again by the same build.
//!
//! Text of strangers comes in here: everything is bounded, and what is wrong is said in one line.

pub mod command;
pub mod expectation;
mod fault;
pub mod request;
mod setting;
mod words;

use std::fmt;

use self::{
    command::Command,
    words::{LINE_BYTES_MAX, Quoted, Words, Wrong, moment, shown},
};
use super::swarm::Swarm;
use crate::{sorted::SortedSet, time::Instant};

/// Of the language.
pub const VERSION: u32 = 1;
/// Which engine this is, as journals name it.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");
/// Of a whole text, in bytes.
pub const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Commands of a script. All of them may be for one moment, and a machine that does so much at once is said to go round.
const COMMANDS_MAX: usize = 8_000;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// From 1.
    pub line: u32,
    pub why: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for ScenarioError {}

#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Which engine wrote it; a journal says so.
    pub build: Option<String>,
    /// What the swarm was drawn from, before single settings were said. `None`: the plain one.
    pub seed: Option<u64>,
    pub swarm: Swarm,
    pub script: Vec<Line>,
    /// What it came to; a journal says so.
    pub end: Option<End>,
}

/// Commands that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When they begin, whatever else is under way. `None`: after the line before.
    pub at: Option<Instant>,
    pub commands: Vec<Command>,
}

/// Where a world was when its journal was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub at: Instant,
    pub steps: u64,
    pub digest: u64,
}

impl From<Swarm> for Scenario {
    fn from(swarm: Swarm) -> Self {
        let seed = Some(swarm.seed);
        Self { build: None, seed, swarm, script: Vec::new(), end: None }
    }
}

impl Scenario {
    pub fn of_seed(seed: u64) -> Self {
        Swarm::draw(seed).into()
    }

    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        Self::parse_again(text, None)
    }

    /// The same text with other randomness: where it says a seed, settings, work and faults are drawn from this one.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse_with_seed(text: &str, seed: u64) -> Result<Self, ScenarioError> {
        Self::parse_again(text, Some(seed))
    }

    fn parse_again(text: &str, again: Option<u64>) -> Result<Self, ScenarioError> {
        if text.len() > TEXT_BYTES_MAX {
            let why = format!("{} bytes are more than the {TEXT_BYTES_MAX} that a scenario has at most", text.len());
            return Err(ScenarioError { line: 1, why });
        }
        let mut reader = Reader { again, ..Reader::default() };
        let mut line = 0;
        for text in text.lines() {
            line += 1;
            reader.line(text).map_err(|why| ScenarioError { line, why })?;
        }
        reader.finish().map_err(|why| ScenarioError { line: line.max(1), why })
    }

    /// Commands for a world like this one, as somebody gives them while it goes on.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse_commands(text: &str, swarm: &Swarm) -> Result<Vec<Command>, ScenarioError> {
        let mut commands = Vec::new();
        if text.len() > TEXT_BYTES_MAX {
            return Err(ScenarioError { line: 1, why: "that is too long".to_owned() });
        }
        for (text, line) in text.lines().zip(1..) {
            let parsed = parts(text).and_then(|parts| script(parts, swarm));
            let parsed = parsed.and_then(|parsed| match parsed.at {
                Some(_) => Err("a command happens when it is given: `at` is for texts".to_owned()),
                None => Ok(parsed.commands),
            });
            commands.extend(parsed.map_err(|why| ScenarioError { line, why })?);
            if commands.len() > COMMANDS_MAX {
                return Err(ScenarioError { line, why: format!("more than {COMMANDS_MAX} commands") });
            }
        }
        Ok(commands)
    }

    /// The swarm that `swarm` differs from by what is said.
    fn drawn(&self) -> Swarm {
        self.seed.map_or_else(Swarm::plain, Swarm::draw)
    }

    /// The same with every fault of the seed written out as a line, so that single ones can be left out.
    pub fn written_out(&self) -> Self {
        let faults = self.swarm.draw_faults().into_iter();
        let mut written = self.clone();
        written.swarm.faults = Vec::new();
        written.script.extend(faults.map(|(at, fault)| Line::at(at, vec![Command::Fault(fault)])));
        written
    }
}

impl Line {
    pub fn at(at: Instant, commands: Vec<Command>) -> Self {
        Self { at: Some(at), commands }
    }
}

/// A text on its way to a scenario.
#[derive(Debug, Default)]
struct Reader {
    has_version: bool,
    build: Option<String>,
    seed: Option<u64>,
    /// Instead of the seed, or of a plain world's randomness.
    again: Option<u64>,
    /// Drawn when the first setting or command comes.
    swarm: Option<Swarm>,
    set: SortedSet<String>,
    script: Vec<Line>,
    commands: usize,
    end: Option<End>,
}

impl Reader {
    fn line(&mut self, text: &str) -> Result<(), Wrong> {
        let mut parts = parts(text)?;
        let Some(head) = parts.first().and_then(Words::peek) else { return Ok(()) };
        if self.end.is_some() {
            return Err("nothing stands behind `end`".to_owned());
        }
        if !self.has_version {
            return self.version(&mut parts);
        }
        let is_setting = setting::is_setting(head.0);
        if is_setting || ["build", "seed", "end"].contains(&head.0) {
            if parts.len() > 1 {
                return Err(format!("{} stands alone on its line", shown(head.0)));
            }
            let words = &mut parts[0];
            words.take();
            return match head.0 {
                "build" => self.build(words),
                "seed" => self.seed(words),
                "end" => self.end(words),
                name => self.setting(name, words),
            };
        }
        let swarm = self.swarm();
        let line = script(parts, swarm)?;
        self.commands += line.commands.len();
        if self.commands > COMMANDS_MAX {
            return Err(format!("a script has {COMMANDS_MAX} commands at most"));
        }
        self.script.push(line);
        Ok(())
    }

    fn version(&mut self, parts: &mut [Words<'_>]) -> Result<(), Wrong> {
        let wrong = || format!("a scenario begins with `ottla {VERSION}`");
        let [words] = parts else { return Err(wrong()) };
        words.must_have("ottla").map_err(|_| wrong())?;
        let version = words.word("the language's version")?;
        if version.number(u64::from(u32::MAX)).map_err(|_| wrong())? != u64::from(VERSION) {
            return Err(format!("this engine reads version {VERSION} of the language, not {}", shown(version.0)));
        }
        self.has_version = true;
        words.end()
    }

    fn swarm(&mut self) -> &mut Swarm {
        let seed = self.seed;
        self.swarm.get_or_insert_with(|| seed.map_or_else(Swarm::plain, Swarm::draw))
    }

    fn build(&mut self, words: &mut Words<'_>) -> Result<(), Wrong> {
        let build = words.word("the engine's version")?.text()?;
        if self.build.replace(build).is_some() {
            return Err("`build` is said twice".to_owned());
        }
        words.end()
    }

    fn seed(&mut self, words: &mut Words<'_>) -> Result<(), Wrong> {
        let seed = words.word("the seed")?.number(u64::MAX)?;
        if self.swarm.is_some() {
            return Err("`seed` comes before what it draws".to_owned());
        }
        if self.seed.replace(self.again.unwrap_or(seed)).is_some() {
            return Err("`seed` is said twice".to_owned());
        }
        words.end()
    }

    fn setting(&mut self, name: &str, words: &mut Words<'_>) -> Result<(), Wrong> {
        if !self.script.is_empty() {
            return Err(format!("{} is a setting, and settings stand before the script", shown(name)));
        }
        // It would undo what was said of configs.
        if name == "row" && self.set.iter().any(|set| set.starts_with("config ")) {
            return Err("`row` comes before `config`".to_owned());
        }
        let set = setting::set(self.swarm(), name, words)?;
        words.end()?;
        if self.set.insert(set) { Ok(()) } else { Err(format!("{} is said twice", shown(name))) }
    }

    fn end(&mut self, words: &mut Words<'_>) -> Result<(), Wrong> {
        words.must_have("at")?;
        let at = words.word("a time")?.late_moment()?;
        words.must_have("steps")?;
        let steps = words.word("how many")?.number(u64::MAX)?;
        words.must_have("digest")?;
        let digest = words.word("the digest")?.0;
        let is_hex = digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digest = u64::from_str_radix(digest, 16).ok().filter(|_| is_hex).ok_or("a digest has 16 hex digits")?;
        self.end = Some(End { at, steps, digest });
        words.end()
    }

    fn finish(mut self) -> Result<Scenario, Wrong> {
        if !self.has_version {
            return Err(format!("a scenario begins with `ottla {VERSION}`"));
        }
        let mut swarm = self.swarm().clone();
        swarm.seed = self.again.unwrap_or(swarm.seed);
        if swarm.voters > swarm.brokers {
            return Err(format!("{} brokers cannot be {} voters", swarm.brokers, swarm.voters));
        }
        if swarm.voters == 0 && swarm.brokers > 1 {
            return Err("several brokers are a cluster: say how many are `voters`".to_owned());
        }
        Ok(Scenario { build: self.build, seed: self.seed, swarm, script: self.script, end: self.end })
    }
}

fn parts(text: &str) -> Result<Vec<Words<'_>>, Wrong> {
    if text.len() > LINE_BYTES_MAX {
        return Err(format!("a line has {LINE_BYTES_MAX} bytes at most"));
    }
    words::commands(text)
}

fn script(parts: Vec<Words<'_>>, swarm: &Swarm) -> Result<Line, Wrong> {
    let mut line = Line { at: None, commands: Vec::new() };
    for (mut words, number) in parts.into_iter().zip(0..) {
        if words.has("at") {
            if number > 0 {
                return Err("`at` stands in front of its line".to_owned());
            }
            line.at = Some(words.word("a time")?.moment()?);
        }
        let command = Command::parse(&mut words)?;
        command.check(swarm)?;
        line.commands.push(command);
    }
    Ok(line)
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ottla {VERSION}")?;
        if let Some(build) = &self.build {
            writeln!(f, "build {}", Quoted(build))?;
        }
        if let Some(seed) = self.seed {
            writeln!(f, "seed {seed}")?;
        }
        setting::write(f, &self.swarm, &self.drawn())?;
        for line in &self.script {
            writeln!(f, "{line}")?;
        }
        match &self.end {
            None => Ok(()),
            Some(End { at, steps, digest }) => {
                writeln!(f, "end at {} steps {steps} digest {digest:016x}", moment(*at))
            }
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "at {} ", moment(at))?;
        }
        for (command, number) in self.commands.iter().zip(0..) {
            if number > 0 {
                f.write_str("; ")?;
            }
            command.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
