//! What a script asks of the cluster, through a visitor's client.
//!
//! ```text
//! create topic orders partitions=2 segment.bytes=1000
//! delete topic orders
//! alter topic orders segment.bytes=500       and `alter broker 1 …`
//! delete records orders 0 before=5           before=-1: all that may be read
//! produce orders k v acks=all partition=0 records=1 times=1 codec=lz4 by=visitor-2
//! fetch orders 0 from=3 wait=500ms min=1 max=1048576
//! send orders 0 producer=7 epoch=0 sequence=2147483645 records=3 acks=all
//! ```
//! Keys and values are words; `-` is none at all. `records`: so many in one batch; `times`: so many batches, one after the
//! other. `send` is a Produce as no good client would send it: whose producer id, epoch and sequence are the script's.

use std::{fmt, time::Duration};

use super::{
    fault::{check_broker, check_visitor},
    words::{Length, Nullable, Quoted, Word, Words, Wrong, shown},
};
use crate::{
    client::question::*,
    ids::*,
    record::{Batch, BatchBuilder, Compression, ProducerStamp},
    time::Timestamp,
    world::swarm::Swarm,
};

/// Of one batch, and batches of one line.
const RECORDS_MAX: u64 = 10_000;
const TIMES_MAX: u64 = 10_000;
pub(super) const PARTITIONS_MAX: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    CreateTopic { topic: String, partitions: Option<i32>, configs: Vec<(String, String)> },
    DeleteTopic { topic: String },
    Alter { of: Altered, configs: Vec<(String, String)> },
    DeleteRecords { topic: String, partition: PartitionIndex, before: Offset },
    Produce(Produce),
    Fetch { topic: String, partition: PartitionIndex, from: Offset, wait: Duration, bytes_min: u32, bytes_max: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Altered {
    Topic(String),
    Broker(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Produce {
    pub topic: String,
    pub partition: PartitionIndex,
    pub key: Option<String>,
    pub value: Option<String>,
    pub acks: Acks,
    pub codec: Compression,
    /// In the batch, all alike.
    pub records: u32,
}

/// A batch under a producer id of the script's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    pub topic: String,
    pub partition: PartitionIndex,
    pub stamp: Stamp,
    pub records: u32,
    pub acks: Acks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub producer: ProducerId,
    pub epoch: ProducerEpoch,
    pub sequence: Sequence,
}

/// What `verb` begins, who asks it, and how often.
pub(super) type Asked = (Request, u32, u32);

pub(super) fn parse(verb: &str, words: &mut Words<'_>) -> Result<Option<Asked>, Wrong> {
    let by = words.option("by").map(Word::visitor).transpose()?.unwrap_or(0);
    let mut times = 1;
    let request = match verb {
        "create" => {
            words.must_have("topic")?;
            let partitions = words.number_option("partitions", PARTITIONS_MAX)?.map(|count| count as i32);
            let topic = words.word("the topic's name")?.text()?;
            Request::CreateTopic { topic, partitions, configs: configs(words)? }
        }
        "delete" if words.has("topic") => Request::DeleteTopic { topic: words.word("the topic")?.text()? },
        "delete" if words.has("records") => {
            let (topic, partition) = place(words)?;
            let before = words.option("before").ok_or("before which offset? say it, such as before=5")?;
            let before = if before.0 == "-1" { -1 } else { before.number(i64::MAX as u64)? as Offset };
            Request::DeleteRecords { topic, partition, before }
        }
        "delete" => return Err("`delete topic` or `delete records`?".to_owned()),
        "alter" => Request::Alter { of: altered(words)?, configs: some_configs(words)? },
        "produce" => {
            times = words.number_option("times", TIMES_MAX)?.unwrap_or(1) as u32;
            Request::Produce(produce(words)?)
        }
        "fetch" => fetch(words)?,
        _ => return Ok(None),
    };
    if times == 0 { Err("at least once".to_owned()) } else { Ok(Some((request, by, times))) }
}

fn place(words: &mut Words<'_>) -> Result<(String, PartitionIndex), Wrong> {
    let topic = words.word("the topic")?.text()?;
    Ok((topic, words.word("the partition")?.number(i32::MAX as u64)? as PartitionIndex))
}

fn altered(words: &mut Words<'_>) -> Result<Altered, Wrong> {
    if words.has("topic") {
        return Ok(Altered::Topic(words.word("the topic")?.text()?));
    }
    words.must_have("broker").map_err(|_| "`alter topic` or `alter broker`?".to_owned())?;
    Ok(Altered::Broker(words.word("which broker")?.broker()?))
}

fn produce(words: &mut Words<'_>) -> Result<Produce, Wrong> {
    let acks = acks(words)?;
    let records = words.number_option("records", RECORDS_MAX)?.unwrap_or(1) as u32;
    let partition = words.number_option("partition", i32::MAX as u64)?.unwrap_or(0) as PartitionIndex;
    let codec = words.option("codec").map_or(Ok(Compression::None), codec)?;
    let topic = words.word("the topic")?.text()?;
    let key = words.word("the key, or `-`")?.nullable_text()?;
    let value = words.word("the value, or `-`")?.nullable_text()?;
    Ok(Produce { topic, partition, key, value, acks, codec, records })
}

fn codec(word: Word<'_>) -> Result<Compression, Wrong> {
    let found = Compression::ALL.into_iter().find(|codec| codec.name() == word.0);
    found.ok_or_else(|| format!("there is no codec {}", shown(word.0)))
}

fn acks(words: &mut Words<'_>) -> Result<Acks, Wrong> {
    Ok(match words.option("acks").map_or("all", |word| word.0) {
        "all" | "-1" => Acks::All,
        "1" => Acks::Leader,
        "0" => Acks::None,
        other => return Err(format!("acks are all, 1 or 0, not {}", shown(other))),
    })
}

fn acks_word(acks: Acks) -> &'static str {
    match acks {
        Acks::All => "all",
        Acks::Leader => "1",
        Acks::None => "0",
    }
}

fn fetch(words: &mut Words<'_>) -> Result<Request, Wrong> {
    let defaults = FetchFrom::new("", 0, 0);
    let from = words.number_option("from", i64::MAX as u64)?.unwrap_or(0) as Offset;
    let wait = words.option("wait").map_or(Ok(defaults.wait), Word::duration)?;
    let bytes_min = words.number_option("min", i32::MAX as u64)?.map_or(defaults.bytes_min, |bytes| bytes as u32);
    let bytes_max = words.number_option("max", i32::MAX as u64)?.map_or(defaults.bytes_max, |bytes| bytes as u32);
    let (topic, partition) = place(words)?;
    Ok(Request::Fetch { topic, partition, from, wait, bytes_min, bytes_max })
}

/// `send …`.
pub(super) fn parse_send(words: &mut Words<'_>) -> Result<Send, Wrong> {
    let acks = acks(words)?;
    let records = words.number_option("records", RECORDS_MAX)?.unwrap_or(1) as u32;
    let stamp = Stamp {
        producer: words.number_option("producer", i64::MAX as u64)?.ok_or("producer= is missing")? as ProducerId,
        epoch: words.number_option("epoch", i16::MAX as u64)?.unwrap_or(0) as ProducerEpoch,
        sequence: words.number_option("sequence", i32::MAX as u64)?.ok_or("sequence= is missing")? as Sequence,
    };
    let (topic, partition) = place(words)?;
    if records == 0 {
        return Err("a batch has at least one record".to_owned());
    }
    Ok(Send { topic, partition, stamp, records, acks })
}

fn some_configs(words: &mut Words<'_>) -> Result<Vec<(String, String)>, Wrong> {
    match configs(words)? {
        configs if configs.is_empty() => Err("which config? say it, such as segment.bytes=1000".to_owned()),
        configs => Ok(configs),
    }
}

/// When a record counts as kept is the row's word alone: the invariants hold every broker to it.
pub(super) fn is_of_the_row(config: &str) -> bool {
    config == "flush.messages" || config == "log.flush.interval.messages"
}

fn configs(words: &mut Words<'_>) -> Result<Vec<(String, String)>, Wrong> {
    let mut configs = Vec::new();
    for word in words.rest() {
        let (name, value) = word.pair().ok_or_else(|| format!("{} is no config such as a=b", shown(word.0)))?;
        let (name, value) = (name.text()?, value.text()?);
        if is_of_the_row(&name) {
            return Err(format!("{name} is the setting `row`'s"));
        }
        configs.push((name, value));
    }
    Ok(configs)
}

impl Request {
    /// As a client is asked it.
    pub fn question(&self) -> Question {
        match self.clone() {
            Self::CreateTopic { topic: name, partitions, configs } => {
                let topic = NewTopic { name, partitions, configs, ..NewTopic::default() };
                Question::CreateTopics { topics: vec![topic], validate_only: false }
            }
            Self::DeleteTopic { topic } => Question::DeleteTopics { topics: vec![topic] },
            Self::Alter { of, configs } => {
                let resource = match of {
                    Altered::Topic(topic) => ConfigResource::Topic(topic),
                    Altered::Broker(server) => ConfigResource::Broker(BrokerId(server as i32 + 1)),
                };
                let edit = |(name, value)| ConfigEdit { name, operation: ConfigOperation::Set(value) };
                let edits = configs.into_iter().map(edit).collect();
                Question::IncrementalAlterConfigs { resource, edits, validate_only: false }
            }
            Self::DeleteRecords { topic, partition, before } => Question::DeleteRecords { topic, partition, before },
            Self::Produce(produce) => Question::Produce(produce.batch()),
            Self::Fetch { topic, partition, from: offset, wait, bytes_min, bytes_max } => {
                Question::Fetch(FetchFrom { topic, partition, offset, wait, bytes_min, bytes_max })
            }
        }
    }

    pub(super) fn check(&self, by: u32, swarm: &Swarm) -> Result<(), Wrong> {
        if let Self::Alter { of: Altered::Broker(server), .. } = self {
            check_broker(*server, swarm)?;
        }
        check_visitor(by, swarm)
    }
}

impl Produce {
    fn batch(self) -> NewBatch {
        let bytes = |text: &Option<String>| text.as_ref().map(|text| text.clone().into_bytes().into());
        let record = NewRecord { key: bytes(&self.key), value: bytes(&self.value), ..NewRecord::default() };
        NewBatch {
            topic: self.topic,
            partition: self.partition,
            records: vec![record; self.records as usize],
            compression: self.codec,
            acks: self.acks,
        }
    }
}

impl Send {
    pub fn batch(&self, timestamp: Timestamp) -> Batch {
        let mut builder = BatchBuilder::new(Compression::None);
        for number in 0..self.records {
            let value = format!("{}-{number}", self.stamp.sequence);
            builder.append(timestamp, None, Some(value.as_bytes()), &[]);
        }
        builder.finish(Some(ProducerStamp {
            producer_id: self.stamp.producer,
            producer_epoch: self.stamp.epoch,
            base_sequence: self.stamp.sequence,
            is_transactional: false,
        }))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTopic { topic, partitions, configs } => {
                write!(f, "create topic {}", Quoted(topic))?;
                partitions.map_or(Ok(()), |count| write!(f, " partitions={count}"))?;
                write_configs(f, configs)
            }
            Self::DeleteTopic { topic } => write!(f, "delete topic {}", Quoted(topic)),
            Self::Alter { of, configs } => {
                match of {
                    Altered::Topic(topic) => write!(f, "alter topic {}", Quoted(topic))?,
                    Altered::Broker(server) => write!(f, "alter broker {}", server + 1)?,
                }
                write_configs(f, configs)
            }
            Self::DeleteRecords { topic, partition, before } => {
                write!(f, "delete records {} {partition} before={before}", Quoted(topic))
            }
            Self::Produce(produce) => produce.fmt(f),
            Self::Fetch { topic, partition, from, wait, bytes_min, bytes_max } => {
                let defaults = FetchFrom::new("", 0, 0);
                write!(f, "fetch {} {partition} from={from}", Quoted(topic))?;
                write_unless(f, *wait == defaults.wait, format_args!(" wait={}", Length(*wait)))?;
                write_unless(f, *bytes_min == defaults.bytes_min, format_args!(" min={bytes_min}"))?;
                write_unless(f, *bytes_max == defaults.bytes_max, format_args!(" max={bytes_max}"))
            }
        }
    }
}

impl fmt::Display for Produce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = (Nullable(self.key.as_deref()), Nullable(self.value.as_deref()));
        write!(f, "produce {} {key} {value}", Quoted(&self.topic))?;
        write_unless(f, self.acks == Acks::All, format_args!(" acks={}", acks_word(self.acks)))?;
        write_unless(f, self.partition == 0, format_args!(" partition={}", self.partition))?;
        write_unless(f, self.records == 1, format_args!(" records={}", self.records))?;
        write_unless(f, self.codec == Compression::None, format_args!(" codec={}", self.codec.name()))
    }
}

impl fmt::Display for Send {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stamp { producer, epoch, sequence } = self.stamp;
        write!(f, "send {} {} producer={producer}", Quoted(&self.topic), self.partition)?;
        write!(f, " epoch={epoch} sequence={sequence}")?;
        write_unless(f, self.records == 1, format_args!(" records={}", self.records))?;
        write_unless(f, self.acks == Acks::All, format_args!(" acks={}", acks_word(self.acks)))
    }
}

fn write_configs(f: &mut fmt::Formatter<'_>, configs: &[(String, String)]) -> fmt::Result {
    configs.iter().try_for_each(|(name, value)| write!(f, " {}={}", Quoted(name), Quoted(value)))
}

fn write_unless(f: &mut fmt::Formatter<'_>, is_default: bool, text: fmt::Arguments<'_>) -> fmt::Result {
    if is_default { Ok(()) } else { f.write_fmt(text) }
}
