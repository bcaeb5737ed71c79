//! One command of a script.
//!
//! ```text
//! wait 500ms          and `wait until 5s`
//! heal                whatever is broken is whole again; what is to come comes
//! start produce …     does not wait for the answer
//! ```
//! and faults (`fault.rs`), requests (`request.rs`), expectations (`expectation.rs`).

use std::{fmt, time::Duration};

use super::{
    expectation::{self, Expectation, State},
    fault,
    request::{self, Request, Send},
    words::{Length, Words, Wrong, moment, shown},
};
use crate::{
    time::Instant,
    world::{fault::Fault, swarm::Swarm},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Fault(Fault),
    Heal,
    Wait(Duration),
    WaitUntil(Instant),
    /// Asked `times` times, each after the answer of the one before.
    Ask {
        request: Request,
        by: u32,
        times: u32,
    },
    Send(Send),
    /// Goes its own way.
    Start(Box<Command>),
    Expect(Expectation),
}

impl Command {
    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, Wrong> {
        let verb = words.word("a verb")?;
        let command = Self::of_verb(verb.0, words)?;
        words.end()?;
        Ok(command)
    }

    fn of_verb(verb: &str, words: &mut Words<'_>) -> Result<Self, Wrong> {
        Ok(match verb {
            "wait" if words.has("until") => Self::WaitUntil(words.word("a time")?.moment()?),
            "wait" => Self::Wait(words.word("a time")?.duration()?),
            "heal" => Self::Heal,
            "start" if words.has("start") => return Err("a command is started once".to_owned()),
            "start" => Self::Start(Box::new(Self::parse(words)?)),
            "send" => Self::Send(request::parse_send(words)?),
            "expect" => Self::Expect(expectation::parse(words)?),
            _ => {
                if let Some(fault) = fault::parse(verb, words)? {
                    return Ok(Self::Fault(fault));
                }
                let asked = request::parse(verb, words)?;
                let (request, by, times) = asked.ok_or_else(|| format!("nobody knows how to {}", shown(verb)))?;
                Self::Ask { request, by, times }
            }
        })
    }

    /// Whom it names is there.
    pub(super) fn check(&self, swarm: &Swarm) -> Result<(), Wrong> {
        match self {
            Self::Fault(fault) => fault::check(fault, swarm),
            Self::Ask { request, by, .. } => request.check(*by, swarm),
            Self::Start(command) => command.check(swarm),
            Self::Expect(Expectation::Soon { state: State::Serving(server) | State::Down(server), .. }) => {
                fault::check_broker(*server, swarm)
            }
            Self::Heal | Self::Wait(_) | Self::WaitUntil(_) | Self::Send(_) | Self::Expect(_) => Ok(()),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Heal => f.write_str("heal"),
            Self::Wait(length) => write!(f, "wait {}", Length(*length)),
            Self::WaitUntil(at) => write!(f, "wait until {}", moment(*at)),
            Self::Ask { request, by, times } => {
                request.fmt(f)?;
                if *times != 1 {
                    write!(f, " times={times}")?;
                }
                if *by != 0 { write!(f, " by=visitor-{}", by + 1) } else { Ok(()) }
            }
            Self::Send(send) => send.fmt(f),
            Self::Start(command) => write!(f, "start {command}"),
            Self::Expect(expectation) => expectation.fmt(f),
        }
    }
}
