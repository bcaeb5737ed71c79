//! What is said to a running host on its standard input, a line at a time: `kill 2`.

use std::{fmt, str::FromStr};

/// One thing to be done to one broker, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    pub verb: Verb,
    pub broker: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It ends mid-air.
    Kill,
    /// It stands still, its connections with it.
    Pause,
    Resume,
    /// A clean shutdown.
    Stop,
    /// A new process on what the last one kept.
    Start,
}

impl Verb {
    const ALL: [Self; 5] = [Self::Kill, Self::Pause, Self::Resume, Self::Stop, Self::Start];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Start => "start",
        }
    }

    /// Starting and stopping take their time.
    pub fn is_done_at_once(self) -> bool {
        matches!(self, Self::Kill | Self::Pause | Self::Resume)
    }

    /// What is said when it is done.
    pub fn done(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Stop => "stopped",
            Self::Start => "started",
        }
    }
}

impl FromStr for Command {
    type Err = NoCommand;

    fn from_str(line: &str) -> Result<Self, NoCommand> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [verb, broker] = words[..] else { return Err(NoCommand(line.to_owned())) };
        let verb = Verb::ALL.into_iter().find(|known| known.name() == verb);
        match (verb, broker.parse()) {
            (Some(verb), Ok(broker)) => Ok(Self { verb, broker }),
            _ => Err(NoCommand(line.to_owned())),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCommand(String);

impl fmt::Display for NoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of kill, pause, resume, stop and start with a broker's number", self.0.escape_debug())
    }
}

impl std::error::Error for NoCommand {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_verb_and_a_number() {
        for verb in Verb::ALL {
            assert_eq!(format!(" {}  12 ", verb.name()).parse(), Ok(Command { verb, broker: 12 }));
        }
        for line in ["", "kill", "kill x", "kill 1 2", "break 1", "1 kill"] {
            assert_eq!(line.parse::<Command>(), Err(NoCommand(line.to_owned())));
        }
    }
}
