//! One way through commands that follow each other, and what it waits for.

use std::sync::Arc;

use super::watch::Seen;
use crate::{
    client::{
        CallId, ClientError, Question, Reply,
        question::{FetchFrom, OffsetAt},
        reply::Fetched,
    },
    ids::Offset,
    record::Record,
    time::Instant,
    world::scenario::{
        command::Command,
        expectation::{Expectation, KeyValue, Records, State},
    },
};

/// Bytes that a batch of a script decompresses to at most.
const BATCH_BYTES_MAX: usize = 1 << 22;
/// Fetches in a row that may bring nothing before a reader gives up.
const FRUITLESS_MAX: u32 = 20;
/// Records that a message shows.
const SHOWN_MAX: usize = 12;

#[derive(Clone, Debug)]
pub(super) struct Track {
    pub number: u64,
    commands: Arc<[Command]>,
    /// The next command, and how often it was done.
    next: u32,
    times: u32,
    pub waits: Waits,
    pub answer: Option<Answer>,
    /// When the latest command began that is no expectation.
    pub since: Instant,
}

#[derive(Clone, Debug)]
pub(super) enum Waits {
    Until(Instant),
    /// Of a Fetch, from where on.
    Answer(CallId, Offset),
    /// A connection of the script's own.
    Peer {
        until: Instant,
    },
    State {
        expectation: Expectation,
        state: State,
        seen: Seen,
        until: Instant,
    },
    Reading(CallId, Box<Reading>),
}

/// How the last question was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done {
        offset: Option<Offset>,
        records: Vec<KeyValue>,
    },
    /// By its name; and what was behind it.
    Error(&'static str, Option<&'static str>),
}

/// What is to be done when a way is due.
pub(super) enum Due {
    Command(Command),
    TimedOut(Expectation),
    GivenUp,
}

/// What a reply leads to.
pub(super) enum Next {
    Nothing,
    Ask(Question),
    Disappoint(Expectation, String),
}

/// A partition that is read from its start to its end.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    expectation: Expectation,
    start: Option<Offset>,
    end: Offset,
    next: Offset,
    fruitless: u32,
    records: Vec<KeyValue>,
}

impl Track {
    pub fn new(number: u64, commands: Arc<[Command]>, now: Instant) -> Self {
        Self { number, commands, next: 0, times: 0, waits: Waits::Until(now), answer: None, since: now }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.waits, Waits::Until(_)) && self.next as usize == self.commands.len()
    }

    pub fn is_watching(&self) -> bool {
        matches!(self.waits, Waits::State { .. })
    }

    pub fn next_at(&self) -> Option<Instant> {
        match self.waits {
            Waits::Until(at) | Waits::Peer { until: at } | Waits::State { until: at, .. } => Some(at),
            Waits::Answer(..) | Waits::Reading(..) => None,
        }
    }

    pub fn awaits(&self, call: CallId) -> bool {
        matches!(&self.waits, Waits::Answer(awaited, _) | Waits::Reading(awaited, _) if *awaited == call)
    }

    /// Its time has come.
    pub fn due(&mut self, now: Instant) -> Option<Due> {
        match &self.waits {
            Waits::Until(_) => {}
            Waits::State { expectation, .. } => return Some(Due::TimedOut(expectation.clone())),
            Waits::Peer { .. } => return Some(Due::GivenUp),
            Waits::Answer(..) | Waits::Reading(..) => return None,
        }
        let command = self.commands.get(self.next as usize)?.clone();
        self.times += 1;
        if !matches!(command, Command::Ask { times, .. } if times > self.times) {
            (self.next, self.times) = (self.next + 1, 0);
        }
        if !matches!(command, Command::Expect(_)) {
            (self.since, self.answer) = (now, None);
        }
        Some(Due::Command(command))
    }

    pub fn on_answer(&mut self, answer: Answer, now: Instant) {
        self.answer = Some(answer);
        self.waits = Waits::Until(now);
    }

    /// The answer to the call that it awaits.
    pub fn on_reply(&mut self, result: Result<Reply, ClientError>, now: Instant) -> Next {
        match &mut self.waits {
            Waits::Answer(_, from) => {
                let answer = Answer::of(result, *from);
                self.on_answer(answer, now);
                Next::Nothing
            }
            Waits::Reading(_, reading) => match reading.on_reply(result) {
                Ok(Some(question)) => Next::Ask(question),
                Ok(None) => {
                    self.waits = Waits::Until(now);
                    Next::Nothing
                }
                Err(found) => Next::Disappoint(reading.expectation.clone(), found),
            },
            _ => Next::Nothing,
        }
    }
}

impl Waits {
    /// What to wait for when `question` is asked by `call`: the reader goes on reading.
    pub fn for_answer(self, call: CallId, question: &Question) -> Self {
        match (self, question) {
            (Self::Reading(_, reading), _) => Self::Reading(call, reading),
            (_, Question::Fetch(from)) => Self::Answer(call, from.offset),
            (_, _) => Self::Answer(call, 0),
        }
    }
}

impl Answer {
    fn of(result: Result<Reply, ClientError>, from: Offset) -> Self {
        let reply = match result {
            Ok(Reply::CreateTopics(topics)) => topics.into_iter().find_map(Result::err).map_or(Ok(None), Err),
            Ok(Reply::DeleteTopics(topics)) => topics.into_iter().find_map(Result::err).map_or(Ok(None), Err),
            Ok(reply) => Ok(Some(reply)),
            Err(error) => Err(error),
        };
        match reply {
            Ok(Some(Reply::Produce(produced))) => Self::Done { offset: produced.base_offset, records: Vec::new() },
            Ok(Some(Reply::Fetch(fetched))) => {
                let records = records_of(&fetched, from).into_iter().map(|(_, record)| record).collect();
                Self::Done { offset: None, records }
            }
            Ok(_) => Self::Done { offset: None, records: Vec::new() },
            Err(error) => {
                let why = match &error {
                    ClientError::TimedOut(Some(why)) => Some(name_of(why)),
                    _ => None,
                };
                Self::Error(name_of(&error), why)
            }
        }
    }

    pub fn is_error(&self, wanted: &str) -> bool {
        matches!(self, Self::Error(name, why) if *name == wanted || *why == Some(wanted))
    }

    pub fn shown(&self) -> String {
        match self {
            Self::Done { offset: Some(offset), .. } => format!("it was answered with offset {offset}"),
            Self::Done { .. } => "it was answered without an error".to_owned(),
            Self::Error(name, None) => format!("it was answered with {name}"),
            Self::Error(name, Some(why)) => format!("it was answered with {name}, after {why}"),
        }
    }
}

fn name_of(error: &ClientError) -> &'static str {
    match error {
        ClientError::Kafka(code, _) => code.name(),
        ClientError::TimedOut(_) => "TIMED_OUT",
        ClientError::Disconnected => "DISCONNECTED",
        ClientError::Unreachable(_) => "UNREACHABLE",
        ClientError::TooLarge { .. } => "TOO_LARGE",
        ClientError::Full => "FULL",
        ClientError::Cancelled | ClientError::Invalid(_) => "INVALID",
        ClientError::Unsupported(_) => "UNSUPPORTED",
        ClientError::BadAnswer(_) | ClientError::Corrupt(_) => "UNREADABLE",
    }
}

impl Reading {
    /// The first question of a reader.
    pub fn begin(expectation: Expectation) -> Option<(Self, Question)> {
        let reading = Self { expectation, start: None, end: 0, next: 0, fruitless: 0, records: Vec::new() };
        let question = reading.ask_end(OffsetAt::Earliest)?;
        Some((reading, question))
    }

    fn of(&self) -> Option<(&str, i32, &Records)> {
        match &self.expectation {
            Expectation::Read { topic, partition, records } => Some((topic, *partition, records)),
            _ => None,
        }
    }

    fn ask_end(&self, at: OffsetAt) -> Option<Question> {
        let (topic, partition, _) = self.of()?;
        Some(Question::ListOffsets { topic: topic.to_owned(), partition, at })
    }

    /// What to ask next; nothing when all is read and as it should be.
    fn on_reply(&mut self, result: Result<Reply, ClientError>) -> Result<Option<Question>, String> {
        match result {
            Ok(Reply::ListOffsets(Some(found))) if self.start.is_none() => {
                (self.start, self.next) = (Some(found.offset), found.offset);
                return Ok(self.ask_end(OffsetAt::Latest));
            }
            Ok(Reply::ListOffsets(Some(found))) => self.end = found.offset,
            Ok(Reply::Fetch(fetched)) => self.on_fetched(&fetched)?,
            Ok(_) => return Err("nobody knows where it begins and ends".to_owned()),
            Err(why) => return Err(format!("it cannot be read: {why}")),
        }
        let Some((topic, partition, records)) = self.of() else { return Ok(None) };
        if self.next < self.end {
            return Ok(Some(Question::Fetch(FetchFrom::new(topic, partition, self.next))));
        }
        records.compare(&self.records).map(|()| None)
    }

    fn on_fetched(&mut self, fetched: &Fetched) -> Result<(), String> {
        let found = records_of(fetched, self.next);
        match found.last() {
            Some((last, _)) => (self.next, self.fruitless) = (last + 1, 0),
            None => self.fruitless += 1,
        }
        let end = self.end;
        self.records.extend(found.into_iter().filter(|(offset, _)| *offset < end).map(|(_, record)| record));
        if self.fruitless > FRUITLESS_MAX {
            return Err(format!("nothing is found at {}, though it ends at {end}", self.next));
        }
        Ok(())
    }
}

impl Records {
    /// # Errors
    /// What was found, in words.
    pub(super) fn compare(&self, found: &[KeyValue]) -> Result<(), String> {
        let is_as_said = match self.is_open {
            true => found.starts_with(&self.records),
            false => *found == self.records,
        };
        if is_as_said {
            return Ok(());
        }
        let same = found.iter().zip(&self.records).take_while(|(found, said)| found == said).count();
        let from = same.saturating_sub(2);
        let shown = found.iter().skip(from).take(SHOWN_MAX).cloned().collect();
        let more = found.len() > from + SHOWN_MAX;
        let shown = Self { records: shown, is_open: more };
        Err(match from {
            0 => format!("found were {} records:{shown}", found.len()),
            _ => format!("found were {} records, from the {}th on:{shown}", found.len(), from + 1),
        })
    }
}

fn records_of(fetched: &Fetched, from: Offset) -> Vec<(Offset, KeyValue)> {
    let records = fetched.batches.iter().filter_map(|batch| batch.records(BATCH_BYTES_MAX).ok()).flatten();
    let records = records.filter_map(Result::ok).filter(|record: &Record| record.offset >= from);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    records
        .map(|record| (record.offset, (record.key.as_deref().map(text), record.value.as_deref().map(text))))
        .collect()
}
