//! Faults in words.
//!
//! ```text
//! silence visitor-1>broker-1                    N1  what is sent on the connections that there are vanishes for good
//! abandon visitor-1 late=5s                     N2  its process is another; what it has sent arrives this much later
//! replay visitor-1 after=5s                     N2  the last request of each connection comes once more
//! lag one-in=3 most=300ms for 5s                N3  one piece of so many is late
//! slow api Produce most=5s for 10s              N4  every fourth request of a kind is late
//! cut visitor-1>broker-1 for 2s                 N5  nothing gets through in this direction; `<>` in neither
//! clog visitor-1>broker-1 for 2s                N6  as N5, and what is under way is held too
//! reset visitor-1                               N7  every connection of a visitor is reset
//! hostile 1 frames=5                            N8  a stranger sends frames that are none
//! kill 1 for 300ms                              K1  the process is gone, what it wrote stays; it starts again after 300 ms
//! power off 1 for 300ms                         K2  and what was not synced may be lost
//! restart 1 for 300ms                           K3  a clean stop, and a start
//! pause 1 for 2s                                K4  nothing happens in the process
//! replace disk 1 for 300ms                      K5  as K1, and the disk is another, empty one
//! set clock 1 -1h                               K6  the wall clock is set forward or back
//! low memory 1 requests=0 batches=900 for 5s    K8  no more bytes than these for requests and for batches
//! fail storage 1 times=2                        D1  the next two calls fail and are not done
//! lose storage 1                                D1  the next commit's outcome is unknown, and the dir is gone until opened again
//! rot 1                                         D2  one bit of one file flips
//! misdirect write 1, misdirect read 1           D3  the next append or load goes elsewhere
//! lose write 1                                  D4  the next append is acknowledged and lost
//! fill disk 1 room=1000 for 3s                  D5  no room but for so many bytes
//! forget names 1 for 300ms                      D6  as K2, and what was not synced of names comes undone
//! slow disk 1 times=20 for 3s                   D7  storage takes so many times as long
//! exceed quota 1 times=2                        I1  the next two calls have no room
//! abort storage 1 times=2                       I2  the next two transactions are undone
//! disconnect storage 1 times=2                  I4  it is gone until opened again, which fails twice before it does not
//! unopened storage 1 times=2                    I5  the process ends, and its store does not open twice
//! evict storage 1                               I6  it is emptied under the running process
//! block storage 1 for 3s                        I7  another tab has it
//! volatile storage 1 room=9000                  I8  it is in memory only, with so much room beyond what is there
//! break call 1 number=17 as=torn                    one storage call: error, quota, abort, unknown, torn, power, done-power
//! ```
//! A process that goes down is down for a second where no time is said; what else needs an end says it.

use std::{fmt, time::Duration};

use super::words::{Length, Word, Words, Wrong, shown};
use crate::{
    wire::Api,
    world::{
        fault::{CallFault, Fault},
        network::{Path, Peer},
        swarm::Swarm,
    },
};

const DOWN: Duration = Duration::from_secs(1);
const BYTES_MAX: u64 = 1 << 40;
const TIMES_MAX: u64 = 1_000_000;

/// The fault that the words after `verb` tell of. `None`: the verb is none of a fault.
pub(super) fn parse(verb: &str, words: &mut Words<'_>) -> Result<Option<Fault>, Wrong> {
    if let Some(fault) = of_network(verb, words)? {
        return Ok(Some(fault));
    }
    if let Some(fault) = of_process(verb, words)? {
        return Ok(Some(fault));
    }
    of_storage(verb, words)
}

fn of_network(verb: &str, words: &mut Words<'_>) -> Result<Option<Fault>, Wrong> {
    Ok(Some(match verb {
        "silence" => Fault::Silence { path: path(words)? },
        "abandon" => {
            let late = time(words, "late")?;
            Fault::Abandon { visitor: visitor(words)?, late }
        }
        "replay" => {
            let after = time(words, "after")?;
            Fault::Replay { visitor: visitor(words)?, after }
        }
        "lag" => {
            let one_in = number(words, "one-in", TIMES_MAX)? as u32;
            Fault::Lag { one_in, most: time(words, "most")?, duration: for_how_long(words)? }
        }
        "slow" if words.has("api") => {
            let most = time(words, "most")?;
            let name = words.word("which api, such as Produce")?.0;
            let api = Api::ALL.iter().find(|api| api.name() == name);
            let api = api.ok_or_else(|| format!("{} is no api such as Produce", shown(name)))?.key();
            Fault::SlowApi { api, most, duration: for_how_long(words)? }
        }
        "cut" => Fault::Cut { path: path(words)?, duration: for_how_long(words)? },
        "clog" => Fault::Clog { path: path(words)?, duration: for_how_long(words)? },
        "reset" => Fault::Reset { visitor: visitor(words)? },
        "hostile" => {
            let frames = number(words, "frames", 1_000)? as u32;
            Fault::Hostile { server: server(words)?, frames }
        }
        _ => return Ok(None),
    }))
}

fn of_process(verb: &str, words: &mut Words<'_>) -> Result<Option<Fault>, Wrong> {
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
        "forget" => {
            words.must_have("names")?;
            let (server, down) = down(words)?;
            Fault::ForgetNames { server, down }
        }
        "replace" => {
            words.must_have("disk")?;
            let (server, down) = down(words)?;
            Fault::ReplaceDisk { server, down }
        }
        "restart" => {
            let (server, down) = down(words)?;
            Fault::Restart { server, down }
        }
        "pause" => Fault::Pause { server: server(words)?, duration: for_how_long(words)? },
        "set" => {
            words.must_have("clock")?;
            let server = server(words)?;
            Fault::ClockStep { server, millis: signed_millis(words.word("by how much, such as -1h")?)? }
        }
        "low" => {
            words.must_have("memory")?;
            let (request_bytes, hot_bytes) =
                (number(words, "requests", BYTES_MAX)?, number(words, "batches", BYTES_MAX)?);
            Fault::LowMemory { server: server(words)?, request_bytes, hot_bytes, duration: for_how_long(words)? }
        }
        _ => return Ok(None),
    }))
}

fn of_storage(verb: &str, words: &mut Words<'_>) -> Result<Option<Fault>, Wrong> {
    Ok(Some(match verb {
        "rot" => Fault::Rot { server: server(words)? },
        "misdirect" if words.has("write") => Fault::Misdirect { server: server(words)? },
        "misdirect" => {
            words.must_have("read")?;
            Fault::Misread { server: server(words)? }
        }
        "lose" if words.has("write") => Fault::LoseWrite { server: server(words)? },
        "fill" => {
            words.must_have("disk")?;
            let room = words.number_option("room", BYTES_MAX)?.unwrap_or(0);
            Fault::DiskFull { server: server(words)?, room, duration: for_how_long(words)? }
        }
        "slow" => {
            words.must_have("disk")?;
            let times = words.number_option("times", 10_000)?.unwrap_or(10) as u32;
            Fault::SlowDisk { server: server(words)?, times, duration: for_how_long(words)? }
        }
        "exceed" => {
            words.must_have("quota")?;
            let calls = times(words)?;
            Fault::Quota { server: server(words)?, calls }
        }
        "break" => {
            words.must_have("call")?;
            let call = number(words, "number", u64::MAX)?;
            let way = way(words.option("as").ok_or("as= is missing")?)?;
            Fault::AtCall { server: server(words)?, call, way }
        }
        "fail" | "lose" | "abort" | "disconnect" | "unopened" | "evict" | "block" | "volatile" => {
            words.must_have("storage")?;
            of_database(verb, words)?
        }
        _ => return Ok(None),
    }))
}

fn of_database(verb: &str, words: &mut Words<'_>) -> Result<Fault, Wrong> {
    let times = times(words)?;
    let room = words.number_option("room", BYTES_MAX)?.unwrap_or(0);
    let server = server(words)?;
    Ok(match verb {
        "fail" => Fault::StorageFails { server, calls: times },
        "lose" => Fault::StorageLost { server },
        "abort" => Fault::Abort { server, calls: times },
        "disconnect" => Fault::ConnectionLost { server, times },
        "unopened" => Fault::Unopened { server, times },
        "evict" => Fault::Evict { server },
        "block" => Fault::Blocked { server, duration: for_how_long(words)? },
        _ => Fault::MemoryOnly { server, room },
    })
}

fn server(words: &mut Words<'_>) -> Result<u32, Wrong> {
    words.word("which broker")?.broker()
}

fn visitor(words: &mut Words<'_>) -> Result<u32, Wrong> {
    words.word("which visitor")?.visitor()
}

fn number(words: &mut Words<'_>, name: &str, most: u64) -> Result<u64, Wrong> {
    words.number_option(name, most)?.ok_or_else(|| format!("{name}= is missing"))
}

/// `times=2`; once where it is not said.
fn times(words: &mut Words<'_>) -> Result<u32, Wrong> {
    Ok(words.number_option("times", TIMES_MAX)?.unwrap_or(1) as u32)
}

fn time(words: &mut Words<'_>, name: &str) -> Result<Duration, Wrong> {
    let value = words.option(name).ok_or_else(|| format!("{name}= is missing"))?;
    value.duration().map_err(|why| format!("{name}: {why}"))
}

fn way(word: Word<'_>) -> Result<CallFault, Wrong> {
    let known = CallFault::ALL.into_iter().find(|way| way.name() == word.0);
    known.ok_or_else(|| format!("{} is no way to break a call such as torn", shown(word.0)))
}

fn down(words: &mut Words<'_>) -> Result<(u32, Duration), Wrong> {
    Ok((server(words)?, words.duration_after("for")?.unwrap_or(DOWN)))
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

/// Visitors do not speak with each other: one end at least is a broker's.
fn path(words: &mut Words<'_>) -> Result<Path, Wrong> {
    let ends = words.word("between whom, such as visitor-1<>broker-1")?;
    let (one, is_both, other) = match (ends.0.split_once("<>"), ends.0.split_once('>')) {
        (Some((one, other)), _) => (one, true, other),
        (None, Some((one, other))) => (one, false, other),
        (None, None) => return Err(format!("{} is no link such as visitor-1>broker-1", shown(ends.0))),
    };
    let peer = |word: &str| match word.starts_with("visitor-") {
        true => Word(word).visitor().map(Peer::Visitor),
        false => Word(word).broker().map(Peer::Server),
    };
    match (peer(one)?, peer(other)?) {
        (Peer::Visitor(_), Peer::Visitor(_)) => Err("visitors do not speak with each other".to_owned()),
        (from, to) if from == to => Err(format!("{} has no link with itself", shown(one))),
        (from, to) => Ok(Path { from, to, is_both }.in_order()),
    }
}

/// Whom it befalls is there.
pub(super) fn check(fault: &Fault, swarm: &Swarm) -> Result<(), Wrong> {
    fault.servers().into_iter().flatten().try_for_each(|server| check_broker(server, swarm))?;
    fault.visitors().into_iter().flatten().try_for_each(|visitor| check_visitor(visitor, swarm))
}

pub(super) fn check_broker(server: u32, swarm: &Swarm) -> Result<(), Wrong> {
    if server < swarm.brokers { Ok(()) } else { Err(format!("there is no broker {}", server + 1)) }
}

pub(super) fn check_visitor(visitor: u32, swarm: &Swarm) -> Result<(), Wrong> {
    if visitor < swarm.visitors { Ok(()) } else { Err(format!("there is no visitor-{}", visitor + 1)) }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.from, if self.is_both { "<>" } else { ">" }, self.to)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visitor(index) => write!(f, "visitor-{}", index + 1),
            Self::Server(index) => write!(f, "broker-{}", index + 1),
            Self::Stranger => f.write_str("stranger"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who is counted from 1 in words.
        let number = self.servers().into_iter().flatten().next().unwrap_or_default() + 1;
        let visitor = self.visitors().into_iter().flatten().next().unwrap_or_default() + 1;
        match *self {
            Self::Silence { path } => write!(f, "silence {path}"),
            Self::Abandon { late, .. } => write!(f, "abandon visitor-{visitor} late={}", Length(late)),
            Self::Replay { after, .. } => write!(f, "replay visitor-{visitor} after={}", Length(after)),
            Self::Lag { one_in, most, duration } => {
                write!(f, "lag one-in={one_in} most={} for {}", Length(most), Length(duration))
            }
            Self::SlowApi { api, most, duration } => {
                let name = Api::from_key(api).map_or("Produce", Api::name);
                write!(f, "slow api {name} most={} for {}", Length(most), Length(duration))
            }
            Self::Cut { path, duration } => write!(f, "cut {path} for {}", Length(duration)),
            Self::Clog { path, duration } => write!(f, "clog {path} for {}", Length(duration)),
            Self::Reset { .. } => write!(f, "reset visitor-{visitor}"),
            Self::Hostile { frames, .. } => write!(f, "hostile {number} frames={frames}"),
            Self::Kill { down, .. } => write!(f, "kill {number} for {}", Length(down)),
            Self::PowerLoss { down, .. } => write!(f, "power off {number} for {}", Length(down)),
            Self::Restart { down, .. } => write!(f, "restart {number} for {}", Length(down)),
            Self::Pause { duration, .. } => write!(f, "pause {number} for {}", Length(duration)),
            Self::ReplaceDisk { down, .. } => write!(f, "replace disk {number} for {}", Length(down)),
            Self::ClockStep { millis, .. } => {
                let sign = if millis < 0 { '-' } else { '+' };
                write!(f, "set clock {number} {sign}{}", Length(Duration::from_millis(millis.unsigned_abs())))
            }
            Self::LowMemory { request_bytes, hot_bytes, duration, .. } => {
                write!(f, "low memory {number} requests={request_bytes} batches={hot_bytes} for {}", Length(duration))
            }
            _ => self.write_of_storage(f, number),
        }
    }
}

impl Fault {
    fn write_of_storage(&self, f: &mut fmt::Formatter<'_>, number: u32) -> fmt::Result {
        match *self {
            Self::StorageFails { calls, .. } => write!(f, "fail storage {number} times={calls}"),
            Self::StorageLost { .. } => write!(f, "lose storage {number}"),
            Self::Rot { .. } => write!(f, "rot {number}"),
            Self::Misdirect { .. } => write!(f, "misdirect write {number}"),
            Self::Misread { .. } => write!(f, "misdirect read {number}"),
            Self::LoseWrite { .. } => write!(f, "lose write {number}"),
            Self::DiskFull { room, duration, .. } => {
                write!(f, "fill disk {number} room={room} for {}", Length(duration))
            }
            Self::ForgetNames { down, .. } => write!(f, "forget names {number} for {}", Length(down)),
            Self::SlowDisk { times, duration, .. } => {
                write!(f, "slow disk {number} times={times} for {}", Length(duration))
            }
            Self::Quota { calls, .. } => write!(f, "exceed quota {number} times={calls}"),
            Self::Abort { calls, .. } => write!(f, "abort storage {number} times={calls}"),
            Self::ConnectionLost { times, .. } => write!(f, "disconnect storage {number} times={times}"),
            Self::Unopened { times, .. } => write!(f, "unopened storage {number} times={times}"),
            Self::Evict { .. } => write!(f, "evict storage {number}"),
            Self::Blocked { duration, .. } => write!(f, "block storage {number} for {}", Length(duration)),
            Self::MemoryOnly { room, .. } => write!(f, "volatile storage {number} room={room}"),
            Self::AtCall { call, way, .. } => write!(f, "break call {number} number={call} as={}", way.name()),
            _ => unreachable!("not of storage"),
        }
    }
}
