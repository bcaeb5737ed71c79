//! The catalog as one small document of lines, with a version at its head and a checksum at its end.
//!
//! A document that is damaged, or written by a later version, keeps the log dir closed: nothing in it is guessed.

use std::sync::Arc;

use bytes::Bytes;

use super::{Catalog, Topic};
use crate::{error::Fatal, ids::*, record::crc::crc32c, sorted::SortedMap};

/// Name of the document in the log dir.
pub const CATALOG_DOCUMENT: &str = "catalog";
/// No cluster counts so far, and adding to it never overflows.
const NUMBER_MAX: u64 = u64::MAX >> 2;
const HEAD: &str = "ottla catalog 1";

impl Catalog {
    /// The document to be put (synced) after a change.
    pub fn document(&self) -> Bytes {
        let mut lines = vec![HEAD.to_owned(), format!("cluster {}", escaped(&self.cluster_id))];
        lines.push(format!("version {}", self.version));
        lines.push(format!("producer-ids {}", self.next_producer_id_block));
        for (name, value) in &self.broker_overrides {
            lines.push(format!("broker-config {name} {}", escaped(value)));
        }
        for topic in self.topics.values() {
            let Topic { id, name, partitions, is_internal, .. } = topic;
            lines.push(format!("topic {id} {name} {partitions} {is_internal}"));
            for (name, value) in &topic.overrides {
                lines.push(format!("topic-config {id} {name} {}", escaped(value)));
            }
        }
        let text = lines.join("\n") + "\n";
        let crc = crc32c(&[text.as_bytes()]);
        format!("{text}crc {crc:08x}\n").into()
    }

    /// Takes what an earlier life knew; `None` for a first start.
    pub fn restore(&mut self, document: Option<Bytes>) -> Result<(), Fatal> {
        let Some(document) = document else { return Ok(()) };
        let fatal = |why: String| Fatal { file: CATALOG_DOCUMENT.to_owned(), why };
        let lines = checked_lines(&document).map_err(fatal)?;
        let mut restored = self.clone();
        for (number, line) in lines.lines().enumerate().skip(1) {
            restored
                .restore_line(line)
                .ok_or_else(|| fatal(format!("line {} is not understood: {line}", number + 1)))?;
        }
        let overrides = restored.broker_overrides.clone();
        restored.config = restored.broker_config(&overrides).map_err(|why| fatal(why.message.unwrap_or_default()))?;
        restored.refresh_topic_configs();
        *self = restored;
        Ok(())
    }

    fn restore_line(&mut self, line: &str) -> Option<()> {
        let (kind, rest) = line.split_once(' ')?;
        match kind {
            "cluster" => self.cluster_id = unescaped(rest)?,
            "version" => self.version = rest.parse().ok().filter(|version| *version <= NUMBER_MAX)?,
            "producer-ids" => {
                let next = rest.parse().ok().filter(|next| (0..=NUMBER_MAX as i64).contains(next))?;
                self.next_producer_id_block = next;
            }
            "broker-config" => {
                let (name, value) = rest.split_once(' ')?;
                self.broker_overrides.insert(name.to_owned(), unescaped(value)?);
            }
            "topic" => self.restore_topic(rest)?,
            "topic-config" => {
                let (id, rest) = rest.split_once(' ')?;
                let (name, value) = rest.split_once(' ')?;
                let topic = self.topics.get_mut(&TopicId::parse(id)?)?;
                topic.overrides.insert(name.to_owned(), unescaped(value)?);
                let overrides = topic.overrides.clone();
                let (id, config) = (topic.id, self.topic_config(&overrides).ok()?);
                self.topics.get_mut(&id)?.config = Arc::new(config);
            }
            _ => return None,
        }
        Some(())
    }

    fn restore_topic(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let (id, name) = (TopicId::parse(word()?)?, word()?.to_owned());
        let partitions = word()?.parse().ok().filter(|&count: &i32| count > 0)?;
        let is_internal = word()?.parse().ok()?;
        let is_new = !self.topics.contains_key(&id) && !self.names.contains_key(&name);
        // What no request could have made would be opened all the same, log by log.
        if !is_new
            || self.check_room(1, partitions).is_err()
            || super::check_topic_name(&name).is_err()
            || words.next().is_some()
        {
            return None;
        }
        let config = Arc::new(self.topic_config_default());
        self.insert(Topic { name, id, partitions, is_internal, overrides: SortedMap::new(), config });
        Some(())
    }
}

/// Everything before the checksum, if it is right and the version is ours.
fn checked_lines(document: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(document).map_err(|_| "it is not text".to_owned())?;
    let head = text.lines().next().unwrap_or_default();
    if head != HEAD {
        return Err(match head.starts_with("ottla catalog ") {
            true => format!("it was written by a later version: {head}"),
            false => "it is not a catalog".to_owned(),
        });
    }
    let end = text.rfind("crc ").ok_or("its checksum is missing")?;
    let (lines, crc) = text.split_at(end);
    match crc == format!("crc {:08x}\n", crc32c(&[lines.as_bytes()])) {
        true => Ok(lines),
        false => Err("its checksum is wrong".to_owned()),
    }
}

/// One line stays one line.
fn escaped(value: &str) -> String {
    value.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

fn unescaped(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        text.push(match code {
            "25" => '%',
            "0A" => '\n',
            "0D" => '\r',
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}
