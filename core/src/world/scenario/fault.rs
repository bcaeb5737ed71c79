//! Faults in words.
//!
//! ```text
//! kill 1 for 300ms                K1  the process is gone, what it wrote stays; it starts again after 300 ms
//! power off 1 for 300ms           K2  and what was not synced may be lost
//! restart 1 for 300ms             K3  a clean stop, and a start
//! pause 1 for 2s                  K4  nothing happens in the process
//! set clock 1 -1h                 K6  the wall clock is set forward or back
//! cut visitor-1>broker-1 for 2s   N5  nothing gets through in this direction; `<>` in neither
//! reset visitor-1                 N7  every connection of a visitor is reset
//! fail storage 1 times=2          D1  the next two calls fail and are not done
//! lose storage 1                  D1  the next commit's outcome is unknown, and the dir is gone until it is opened again
//! fill disk 1 room=1000 for 3s    D5  no room but for so many bytes
//! slow disk 1 times=20 for 3s     D7  storage takes so many times as long
//! ```
//! A process that goes down is down for a second where no time is said; what else needs an end says it.

use std::{fmt, time::Duration};

use super::words::{Length, Word, Words, Wrong, shown};
use crate::world::{fault::Fault, swarm::Swarm};

const DOWN: Duration = Duration::from_secs(1);

/// The fault that the words after `verb` tell of. `None`: the verb is none of a fault.
pub(super) fn parse(verb: &str, words: &mut Words<'_>) -> Result<Option<Fault>, Wrong> {
    Ok(Some(match verb {
        "kill" => {
            let (server, down) = down(words)?;
            Fault::Kill { server, down }
        }
        "power" => {
            words.must_have("off")?;
            let (server, down) = down(words)?;
            Fault::PowerLoss { server, down }
        }
        "restart" => {
            let (server, down) = down(words)?;
            Fault::Restart { server, down }
        }
        "pause" => {
            let server = words.word("which broker")?.broker()?;
            Fault::Pause { server, duration: for_how_long(words)? }
        }
        "set" => {
            words.must_have("clock")?;
            let server = words.word("which broker")?.broker()?;
            Fault::ClockStep { server, millis: signed_millis(words.word("by how much, such as -1h")?)? }
        }
        "cut" => cut(words)?,
        "reset" => Fault::Reset { visitor: words.word("which visitor")?.visitor()? },
        "fail" => {
            words.must_have("storage")?;
            let calls = words.number_option("times", 1_000_000)?.unwrap_or(1) as u32;
            Fault::StorageFails { server: words.word("which broker")?.broker()?, calls }
        }
        "lose" => {
            words.must_have("storage")?;
            Fault::StorageLost { server: words.word("which broker")?.broker()? }
        }
        "fill" => {
            words.must_have("disk")?;
            let room = words.number_option("room", 1 << 40)?.unwrap_or(0);
            let server = words.word("which broker")?.broker()?;
            Fault::DiskFull { server, room, duration: for_how_long(words)? }
        }
        "slow" => {
            words.must_have("disk")?;
            let times = words.number_option("times", 10_000)?.unwrap_or(10) as u32;
            let server = words.word("which broker")?.broker()?;
            Fault::SlowDisk { server, times, duration: for_how_long(words)? }
        }
        _ => return Ok(None),
    }))
}

fn down(words: &mut Words<'_>) -> Result<(u32, Duration), Wrong> {
    let server = words.word("which broker")?.broker()?;
    Ok((server, words.duration_after("for")?.unwrap_or(DOWN)))
}

fn for_how_long(words: &mut Words<'_>) -> Result<Duration, Wrong> {
    words.duration_after("for")?.ok_or_else(|| "for how long? say it, such as `for 2s`".to_owned())
}

/// `+1h`, `-300ms`: whole milliseconds, as wall clocks of Kafka's records have them.
fn signed_millis(word: Word<'_>) -> Result<i64, Wrong> {
    let wrong = || format!("{} is no step of a clock such as +5s or -1h", shown(word.0));
    let (sign, length) = match word.0.split_at_checked(1) {
        Some(("+", length)) => (1, length),
        Some(("-", length)) => (-1, length),
        _ => return Err(wrong()),
    };
    let duration = Word(length).duration()?;
    let millis = duration.as_millis() as i64;
    if Duration::from_millis(millis as u64) == duration { Ok(sign * millis) } else { Err(wrong()) }
}

fn cut(words: &mut Words<'_>) -> Result<Fault, Wrong> {
    let ends = words.word("between whom, such as visitor-1<>broker-1")?;
    let (one, arrow, other) = match (ends.0.split_once("<>"), ends.0.split_once('>')) {
        (Some((one, other)), _) => (one, "<>", other),
        (None, Some((one, other))) => (one, ">", other),
        (None, None) => return Err(format!("{} is no link such as visitor-1>broker-1", shown(ends.0))),
    };
    let is_from_visitor = one.starts_with("visitor-");
    let (visitor, broker) = if is_from_visitor { (one, other) } else { (other, one) };
    if !visitor.starts_with("visitor-") {
        return Err(
            "only links between a visitor and a broker can be cut: brokers do not speak with each other".to_owned()
        );
    }
    let _one_broker = Word(broker).broker()?;
    let visitor = Word(visitor).visitor()?;
    let (is_both, duration) = (arrow == "<>", for_how_long(words)?);
    Ok(Fault::Cut { visitor, to_server: is_both || is_from_visitor, to_visitor: is_both || !is_from_visitor, duration })
}

/// Whom it befalls is there.
pub(super) fn check(fault: &Fault, swarm: &Swarm) -> Result<(), Wrong> {
    match *fault {
        Fault::Kill { server, .. }
        | Fault::PowerLoss { server, .. }
        | Fault::Restart { server, .. }
        | Fault::Pause { server, .. }
        | Fault::ClockStep { server, .. }
        | Fault::StorageFails { server, .. }
        | Fault::StorageLost { server }
        | Fault::DiskFull { server, .. }
        | Fault::SlowDisk { server, .. } => check_broker(server, swarm),
        Fault::Cut { visitor, .. } | Fault::Reset { visitor } => check_visitor(visitor, swarm),
    }
}

pub(super) fn check_broker(server: u32, swarm: &Swarm) -> Result<(), Wrong> {
    if server < swarm.brokers { Ok(()) } else { Err(format!("there is no broker {}", server + 1)) }
}

pub(super) fn check_visitor(visitor: u32, swarm: &Swarm) -> Result<(), Wrong> {
    if visitor < swarm.visitors { Ok(()) } else { Err(format!("there is no visitor-{}", visitor + 1)) }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Kill { server, down } => write!(f, "kill {} for {}", server + 1, Length(down)),
            Self::PowerLoss { server, down } => write!(f, "power off {} for {}", server + 1, Length(down)),
            Self::Restart { server, down } => write!(f, "restart {} for {}", server + 1, Length(down)),
            Self::Pause { server, duration } => write!(f, "pause {} for {}", server + 1, Length(duration)),
            Self::ClockStep { server, millis } => {
                let sign = if millis < 0 { '-' } else { '+' };
                write!(f, "set clock {} {sign}{}", server + 1, Length(Duration::from_millis(millis.unsigned_abs())))
            }
            Self::Cut { visitor, to_server, to_visitor, duration } => {
                let (visitor, length) = (visitor + 1, Length(duration));
                match (to_server, to_visitor) {
                    (true, false) => write!(f, "cut visitor-{visitor}>broker-1 for {length}"),
                    (false, true) => write!(f, "cut broker-1>visitor-{visitor} for {length}"),
                    _ => write!(f, "cut visitor-{visitor}<>broker-1 for {length}"),
                }
            }
            Self::Reset { visitor } => write!(f, "reset visitor-{}", visitor + 1),
            Self::StorageFails { server, calls } => write!(f, "fail storage {} times={calls}", server + 1),
            Self::StorageLost { server } => write!(f, "lose storage {}", server + 1),
            Self::DiskFull { server, room, duration } => {
                write!(f, "fill disk {} room={room} for {}", server + 1, Length(duration))
            }
            Self::SlowDisk { server, times, duration } => {
                write!(f, "slow disk {} times={times} for {}", server + 1, Length(duration))
            }
        }
    }
}
