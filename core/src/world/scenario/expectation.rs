//! What a script says must be so.
//!
//! ```text
//! expect ok                        the last question of this line was answered, and not with an error
//! expect error KAFKA_STORAGE_ERROR or TIMED_OUT where the client gave up, DISCONNECTED, UNREACHABLE
//! expect offset 4                  the last Produce got this offset
//! expect records k=v -=w           the last Fetch got these; `...` at the end: and perhaps more; `none`: none
//! expect read orders 0: k=v        a partition from its start to its end
//! expect log start|end|high watermark orders 0 is 4 within 2s     what the broker itself says of a partition
//! expect event LogRecovered within 2s    since the command before
//! expect serving 1 within 5s       and `down`
//! expect by 3.5s                   it is not later than that
//! ```

use std::{fmt, time::Duration};

use super::words::{Length, Nullable, Quoted, Word, Words, Wrong, moment, shown};
use crate::{
    error::ErrorCode,
    ids::{Offset, PartitionIndex},
    time::Instant,
    trace::Event,
};

/// Errors of the client itself, which no broker answered.
pub const CLIENT_ERRORS: [&str; 8] =
    ["TIMED_OUT", "DISCONNECTED", "UNREACHABLE", "TOO_LARGE", "FULL", "INVALID", "UNSUPPORTED", "UNREADABLE"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    Ok,
    /// Kafka's name, or one of `CLIENT_ERRORS`.
    Error(&'static str),
    Offset(Offset),
    Records(Records),
    Read {
        topic: String,
        partition: PartitionIndex,
        records: Records,
    },
    Soon {
        state: State,
        /// It may take so long.
        within: Duration,
    },
    By(Instant),
}

/// What a watcher of the cluster can see without asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    LogStart(Place, Offset),
    LogEnd(Place, Offset),
    HighWatermark(Place, Offset),
    /// An event of this name was traced.
    Event(&'static str),
    Serving(u32),
    Down(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub topic: String,
    pub partition: PartitionIndex,
}

/// A key and a value, either of which may not be there.
pub type KeyValue = (Option<String>, Option<String>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    pub records: Vec<KeyValue>,
    /// More may follow.
    pub is_open: bool,
}

pub(super) fn parse(words: &mut Words<'_>) -> Result<Expectation, Wrong> {
    let what = words.word("what is expected")?;
    Ok(match what.0 {
        "ok" => Expectation::Ok,
        "error" => Expectation::Error(error_name(words.word("the error's name")?)?),
        "offset" => Expectation::Offset(words.word("the offset")?.number(i64::MAX as u64)? as Offset),
        "records" => Expectation::Records(records(words)?),
        "read" => read(words)?,
        "by" => Expectation::By(words.word("a time")?.moment()?),
        _ => {
            let state = state(what, words)?;
            Expectation::Soon { state, within: words.duration_after("within")?.unwrap_or_default() }
        }
    })
}

fn state(what: Word<'_>, words: &mut Words<'_>) -> Result<State, Wrong> {
    Ok(match what.0 {
        "log" if words.has("start") => offset_of(words).map(|(place, offset)| State::LogStart(place, offset))?,
        "log" if words.has("end") => offset_of(words).map(|(place, offset)| State::LogEnd(place, offset))?,
        "log" => return Err("`log start` or `log end`?".to_owned()),
        "high" => {
            words.must_have("watermark")?;
            offset_of(words).map(|(place, offset)| State::HighWatermark(place, offset))?
        }
        "event" => {
            let name = words.word("the event's name")?;
            let found = Event::ALL.iter().find(|(event, _)| *event == name.0);
            State::Event(found.ok_or_else(|| format!("there is no event {}", shown(name.0)))?.0)
        }
        "serving" => State::Serving(words.word("which broker")?.broker()?),
        "down" => State::Down(words.word("which broker")?.broker()?),
        other => return Err(format!("nobody can expect {}", shown(other))),
    })
}

/// `orders 0 is 4`.
fn offset_of(words: &mut Words<'_>) -> Result<(Place, Offset), Wrong> {
    let topic = words.word("the topic")?.text()?;
    let partition = words.word("the partition")?.number(i32::MAX as u64)? as PartitionIndex;
    words.must_have("is")?;
    let offset = words.word("the offset")?.number(i64::MAX as u64)? as Offset;
    Ok((Place { topic, partition }, offset))
}

fn read(words: &mut Words<'_>) -> Result<Expectation, Wrong> {
    let topic = words.word("the topic")?.text()?;
    let partition = words.word("the partition, such as `0:`")?;
    let number = partition.0.strip_suffix(':').ok_or("a colon is missing behind the partition")?;
    let partition = Word(number).number(i32::MAX as u64)? as PartitionIndex;
    Ok(Expectation::Read { topic, partition, records: records(words)? })
}

fn records(words: &mut Words<'_>) -> Result<Records, Wrong> {
    let mut found = Records::default();
    let (mut is_none, mut is_empty) = (false, true);
    for word in words.rest() {
        if found.is_open || is_none {
            return Err(format!("nothing stands behind `...` or `none`, and {} does", shown(word.0)));
        }
        is_empty = false;
        match word.0 {
            "..." => found.is_open = true,
            "none" => is_none = true,
            _ => found.records.push(key_value(*word)?),
        }
    }
    if is_empty || is_none && !found.records.is_empty() {
        return Err("which records? say `none` where there are none".to_owned());
    }
    Ok(found)
}

fn key_value(word: Word<'_>) -> Result<KeyValue, Wrong> {
    let (key, value) = word.pair().ok_or_else(|| format!("{} is no record such as k=v", shown(word.0)))?;
    Ok((key.nullable_text()?, value.nullable_text()?))
}

fn error_name(word: Word<'_>) -> Result<&'static str, Wrong> {
    let of_kafka = ErrorCode::ALL.iter().map(|code| code.name());
    let found = of_kafka.chain(CLIENT_ERRORS).find(|name| *name == word.0);
    found.ok_or_else(|| format!("there is no error {}", shown(word.0)))
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("expect ok"),
            Self::Error(name) => write!(f, "expect error {name}"),
            Self::Offset(offset) => write!(f, "expect offset {offset}"),
            Self::Records(records) => write!(f, "expect records{records}"),
            Self::Read { topic, partition, records } => {
                write!(f, "expect read {} {partition}:{records}", Quoted(topic))
            }
            Self::Soon { state, within } if within.is_zero() => write!(f, "expect {state}"),
            Self::Soon { state, within } => write!(f, "expect {state} within {}", Length(*within)),
            Self::By(at) => write!(f, "expect by {}", moment(*at)),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogStart(place, offset) => write!(f, "log start {place} is {offset}"),
            Self::LogEnd(place, offset) => write!(f, "log end {place} is {offset}"),
            Self::HighWatermark(place, offset) => write!(f, "high watermark {place} is {offset}"),
            Self::Event(name) => write!(f, "event {name}"),
            Self::Serving(server) => write!(f, "serving {}", server + 1),
            Self::Down(server) => write!(f, "down {}", server + 1),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Quoted(&self.topic), self.partition)
    }
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.records {
            write!(f, " {}={}", Nullable(key.as_deref()), Nullable(value.as_deref()))?;
        }
        match (self.is_open, self.records.is_empty()) {
            (true, _) => f.write_str(" ..."),
            (false, true) => f.write_str(" none"),
            (false, false) => Ok(()),
        }
    }
}
