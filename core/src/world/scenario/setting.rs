//! What a world is like, setting by setting: one row for each field of `Swarm`.

use std::{fmt, time::Duration};

use super::{
    request::{PARTITIONS_MAX, is_of_the_row},
    words::{Length, Quoted, TIME_MAX, Word, Words, Wrong, shown},
};
use crate::{
    broker::stages::Span,
    config::BrokerConfig,
    ids::Sequence,
    rng::Rng,
    world::{
        fault::FAULTS,
        swarm::{Cut, Row, Swarm, WORK},
    },
};

/// Longest of a span: what 32 bits of microseconds hold, whole seconds.
const SPAN_MAX: Duration = Duration::from_secs(4_000);

/// One row. The rows' order is that in which they are printed.
struct Setting {
    name: &'static str,
    print: fn(&Swarm) -> String,
    set: fn(&mut Swarm, &mut Words<'_>) -> Result<(), Wrong>,
}

macro_rules! setting {
    (number $name:literal, $kind:ty, $most:expr, $($field:tt)+) => {
        Setting {
            name: $name,
            print: |swarm| swarm.$($field)+.to_string(),
            set: |swarm, words| {
                swarm.$($field)+ = words.word("a number")?.number($most as u64)? as $kind;
                Ok(())
            },
        }
    };
    (positive $name:literal, $kind:ty, $most:expr, $($field:tt)+) => {
        Setting {
            name: $name,
            print: |swarm| swarm.$($field)+.to_string(),
            set: |swarm, words| {
                match words.word("a number")?.number($most as u64)? {
                    0 => return Err("it is 1 at least".to_owned()),
                    number => swarm.$($field)+ = number as $kind,
                }
                Ok(())
            },
        }
    };
    (time $name:literal, $least:expr, $($field:tt)+) => {
        Setting {
            name: $name,
            print: |swarm| Length(swarm.$($field)+).to_string(),
            set: |swarm, words| {
                swarm.$($field)+ = at_least($least, words.word("a time")?.duration()?)?;
                Ok(())
            },
        }
    };
    (span $name:literal, $($field:tt)+) => {
        Setting {
            name: $name,
            print: |swarm| print_span(swarm.$($field)+),
            set: |swarm, words| {
                swarm.$($field)+ = span(words.word("a time such as 1ms..5ms")?)?;
                Ok(())
            },
        }
    };
    (words $name:literal, $known:expr, $field:ident) => {
        Setting {
            name: $name,
            print: |swarm| print_words(&swarm.$field),
            set: |swarm, words| {
                swarm.$field = some_of(words, &$known)?;
                Ok(())
            },
        }
    };
}

const BROKERS_MAX: u32 = 5;
/// Sets the stream of what is drawn from ranges apart from those of everything else.
const RANGES: u64 = 0x5eed_0b0c;
const MILLI: Duration = Duration::from_millis(1);

/// Without the broker's configs, which have a table of their own.
const SETTINGS: &[Setting] = &[
    // What a plain world's randomness begins with; a seed's begins with the seed.
    setting!(number "random", u64, u64::MAX, seed),
    Setting { name: "brokers", print: |swarm| swarm.brokers.to_string(), set: set_brokers },
    Setting { name: "voters", print: |swarm| swarm.voters.to_string(), set: set_voters },
    setting!(time "election.timeout", MILLI, cluster.election_timeout),
    setting!(time "quorum.fetch.timeout", MILLI, cluster.fetch_timeout),
    setting!(time "quorum.request.timeout", MILLI, cluster.request_timeout),
    setting!(time "session.timeout", MILLI, cluster.session_timeout),
    setting!(time "heartbeat.interval", MILLI, cluster.heartbeat_interval),
    setting!(positive "visitors", u32, 100, visitors),
    setting!(time "duration", Duration::ZERO, duration),
    Setting { name: "row", print: |swarm| row_word(swarm.row).to_owned(), set: set_row },
    setting!(words "faults", FAULTS, faults),
    setting!(time "fault.every", MILLI, fault_every),
    setting!(words "work", WORK, work),
    Setting { name: "beat", print: |swarm| print_micros(swarm.beat), set: set_beat },
    setting!(number "messages.per.minute", u64, 1_000_000, messages),
    setting!(number "topics", u32, 100, topics),
    setting!(number "churned", u32, 100, churned),
    setting!(positive "partitions", i32, 100, partitions),
    Setting { name: "clocks", print: |swarm| clocks_word(swarm).to_owned(), set: set_clocks },
    Setting { name: "pieces", print: |swarm| cut_word(swarm.cut).to_owned(), set: set_cut },
    setting!(span "latency", latency),
    setting!(span "storage.time", storage),
    setting!(span "stage.receive", stages.receive),
    setting!(span "stage.handle", stages.handle),
    setting!(span "stage.send", stages.send),
    setting!(span "client.request.timeout", request_timeout),
    setting!(span "client.delivery.timeout", delivery_timeout),
    setting!(span "client.api.timeout", api_timeout),
    setting!(number "client.first.sequence", Sequence, Sequence::MAX, first_sequence),
    setting!(positive "fetch.sessions", u32, 100_000, network.fetch_sessions_max),
    setting!(positive "requests.in.hand", u32, 1_000, network.requests_in_hand_max),
    setting!(positive "request.memory", u64, 1_u64 << 40, network.request_memory_max),
    setting!(number "hot.bytes", u64, 1_u64 << 40, dir.hot_bytes_max),
    setting!(time "producer.expiration", MILLI, dir.producer_expiration),
    setting!(time "retention.check", MILLI, dir.retention_check),
    setting!(time "checkpoint", MILLI, dir.checkpoint),
    setting!(positive "checkpoint.bytes", u64, 1_u64 << 40, dir.checkpoint_bytes),
    setting!(number "kept.room", u32, 1 << 24, dir.kept_room),
    setting!(time "room.retry", MILLI, dir.retry),
    setting!(positive "load.bytes", u32, 1 << 26, dir.load_bytes),
];

/// Configs of which a broker makes so many of something at once.
const COUNTS: [(&str, u64); 3] =
    [("num.network.threads", 1_000), ("num.io.threads", 10_000), ("num.partitions", PARTITIONS_MAX)];

/// Whether `name` is one of a setting.
pub(super) fn is_setting(name: &str) -> bool {
    name == "config" || SETTINGS.iter().any(|setting| setting.name == name)
}

/// Sets `name` as the words behind it say. Gives what may not be set twice.
pub(super) fn set(swarm: &mut Swarm, name: &str, words: &mut Words<'_>) -> Result<String, Wrong> {
    if name == "config" {
        return set_config(swarm, words.word("a config such as segment.bytes=1000")?);
    }
    let setting = SETTINGS.iter().find(|setting| setting.name == name).ok_or("there is no such setting")?;
    (setting.set)(swarm, words)?;
    words.end()?;
    Ok(name.to_owned())
}

fn set_config(swarm: &mut Swarm, word: Word<'_>) -> Result<String, Wrong> {
    let (name, value) = word.pair().ok_or_else(|| format!("{} is no config such as a=b", shown(word.0)))?;
    let (name, value) = (name.text()?, value.text()?);
    if is_of_the_row(&name) {
        return Err(format!("{name} is the setting `row`'s"));
    }
    if let Some((_, most)) = COUNTS.iter().find(|(count, _)| *count == name) {
        Word(&value).number(*most)?;
    }
    swarm.config.set(&name, &value).map_err(|_| format!("no broker takes {} as {}", shown(&value), shown(&name)))?;
    Ok(format!("config {name}"))
}

/// Lines that make `swarm` out of `drawn`.
pub(super) fn write(f: &mut fmt::Formatter<'_>, swarm: &Swarm, drawn: &Swarm) -> fmt::Result {
    let mut drawn = drawn.clone();
    for setting in SETTINGS {
        let value = (setting.print)(swarm);
        if value != (setting.print)(&drawn) {
            writeln!(f, "{} {value}", setting.name)?;
        }
    }
    // The row has set one.
    apply_row(&mut drawn, swarm.row);
    for row in BrokerConfig::ROWS {
        let value = swarm.config.get(row.name);
        if value != drawn.config.get(row.name)
            && let Some(value) = value
        {
            writeln!(f, "config {}={}", row.name, Quoted(&value))?;
        }
    }
    Ok(())
}

fn at_least(least: Duration, found: Duration) -> Result<Duration, Wrong> {
    if found >= least { Ok(found) } else { Err(format!("it is {} at least", Length(least))) }
}

fn print_span(span: Span) -> String {
    let (min, max) = (print_micros(span.min), print_micros(span.max));
    if min == max { min } else { format!("{min}..{max}") }
}

fn print_micros(micros: u32) -> String {
    Length(Duration::from_micros(u64::from(micros))).to_string()
}

fn span(word: Word<'_>) -> Result<Span, Wrong> {
    let (min, max) = word.0.split_once("..").unwrap_or((word.0, word.0));
    let (min, max) = (micros(Word(min))?, micros(Word(max))?);
    if min <= max { Ok(Span { min, max }) } else { Err(format!("{} ends before it begins", shown(word.0))) }
}

fn micros(word: Word<'_>) -> Result<u32, Wrong> {
    let duration = word.duration()?;
    if duration > SPAN_MAX.min(TIME_MAX) {
        return Err(format!("it is {} at most", Length(SPAN_MAX)));
    }
    Ok(duration.as_micros() as u32)
}

fn print_words(words: &[&'static str]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

/// In the order of `known`, so that two ways of saying the same are the same.
fn some_of(words: &mut Words<'_>, known: &[&'static str]) -> Result<Vec<&'static str>, Wrong> {
    let said = words.rest();
    if said == [Word("none")] {
        return Ok(Vec::new());
    }
    if said.is_empty() {
        return Err(format!("which? say `none`, or some of {}", known.join(" ")));
    }
    if let Some(unknown) = said.iter().find(|word| !known.contains(&word.0)) {
        return Err(format!("{} is none of {}", shown(unknown.0), known.join(" ")));
    }
    Ok(known.iter().copied().filter(|name| said.contains(&Word(name))).collect())
}

fn row_word(row: Row) -> &'static str {
    match row {
        Row::Append => "append",
        Row::Commit => "commit",
        Row::CommitRelaxed => "relaxed",
    }
}

fn set_row(swarm: &mut Swarm, words: &mut Words<'_>) -> Result<(), Wrong> {
    let row = match words.word("append, commit or relaxed")?.0 {
        "append" => Row::Append,
        "commit" => Row::Commit,
        "relaxed" => Row::CommitRelaxed,
        other => return Err(format!("a row is append, commit or relaxed, not {}", shown(other))),
    };
    apply_row(swarm, row);
    Ok(())
}

fn apply_row(swarm: &mut Swarm, row: Row) {
    swarm.row = row;
    swarm.config.flush_messages = if row == Row::Append { BrokerConfig::default().flush_messages } else { 1 };
}

fn set_brokers(swarm: &mut Swarm, words: &mut Words<'_>) -> Result<(), Wrong> {
    swarm.brokers = some_number(words, (1, BROKERS_MAX), swarm.seed ^ RANGES)?;
    Ok(())
}

fn set_voters(swarm: &mut Swarm, words: &mut Words<'_>) -> Result<(), Wrong> {
    swarm.voters = some_number(words, (0, BROKERS_MAX), swarm.seed ^ RANGES << 8)?;
    Ok(())
}

/// A number, or one that the seed draws: `1..5`.
fn some_number(words: &mut Words<'_>, (least, most): (u32, u32), stream: u64) -> Result<u32, Wrong> {
    let said = words.word("a number, or a range such as 3..5")?.0;
    let (from, to) = said.split_once("..").unwrap_or((said, said));
    let (from, to) = (Word(from).number(u64::from(most))? as u32, Word(to).number(u64::from(most))? as u32);
    match from < least || to < from {
        true => Err(format!("it is {least} at least, and {} ends before it begins", shown(said))),
        false => Ok(from + Rng::new(stream).below(u64::from(to - from) + 1) as u32),
    }
}

fn set_beat(swarm: &mut Swarm, words: &mut Words<'_>) -> Result<(), Wrong> {
    swarm.beat = micros(Word(words.word("a time")?.0))?.max(1_000);
    Ok(())
}

fn clocks_word(swarm: &Swarm) -> &'static str {
    if swarm.clocks_are_wrong { "wrong" } else { "right" }
}

fn set_clocks(swarm: &mut Swarm, words: &mut Words<'_>) -> Result<(), Wrong> {
    swarm.clocks_are_wrong = match words.word("right or wrong")?.0 {
        "right" => false,
        "wrong" => true,
        other => return Err(format!("clocks are right or wrong, not {}", shown(other))),
    };
    Ok(())
}

fn cut_word(cut: Cut) -> &'static str {
    match cut {
        Cut::Whole => "whole",
        Cut::Pieces => "some",
        Cut::Bytes => "bytes",
    }
}

fn set_cut(swarm: &mut Swarm, words: &mut Words<'_>) -> Result<(), Wrong> {
    swarm.cut = match words.word("whole, some or bytes")?.0 {
        "whole" => Cut::Whole,
        "some" => Cut::Pieces,
        "bytes" => Cut::Bytes,
        other => return Err(format!("frames come whole, in some pieces or in bytes, not {}", shown(other))),
    };
    Ok(())
}
