//! What the page sees of a cluster by looking into its broker.

use ottla_core::{
    client::reply::{ClusterMetadata, TopicMetadata},
    effect::StorageErrorKind,
    ids::{Offset, TopicPartition},
    log::DirState,
    node::Node,
    trace::event::Field,
};
use ottla_js::value::to_js;
use serde::Serialize;

use super::{Cluster, Told};
use crate::{broker::Broker, events};

#[derive(Serialize)]
struct Topic {
    name: String,
    id: String,
    partitions: Vec<Partition>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    partition: i32,
    leader: i32,
    leader_epoch: i32,
    log_start: Offset,
    high_watermark: Offset,
    log_end: Offset,
    committed_end: Offset,
    bytes: f64,
    segments: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    durability: &'static str,
    hot_bytes: f64,
    events: f64,
    wasm_bytes: f64,
    stored_bytes: f64,
    uptime_ms: f64,
    broker_epoch: i32,
}

impl Cluster {
    /// What Metadata says, and for each partition what its log says.
    pub(super) fn topics_of(&self, metadata: ClusterMetadata) -> Told {
        let broker = self.0.broker()?;
        let node = broker.look();
        let topics = metadata.topics.into_iter().filter(|topic| topic.error.is_none());
        let topics: Vec<_> = topics.map(|topic| topic_of(&node, topic)).collect();
        Ok(to_js(&topics))
    }

    pub fn status(&self) -> Told {
        let broker = self.0.broker()?;
        let node = broker.look();
        let dir = node.topics().map(|topics| &topics.dir);
        let (state, why) = match dir.map(ottla_core::log::LogDir::state) {
            _ if self.0.gone.borrow().is_some() => ("offline", Some(word(StorageErrorKind::Gone))),
            Some(DirState::Offline(why)) => ("offline", Some(word(why))),
            Some(DirState::ReadOnly(why)) => ("read-only", Some(word(why))),
            Some(DirState::Online) if self.is_read_only() => ("read-only", None),
            Some(DirState::Online) => ("online", None),
            None => ("offline", None),
        };
        Ok(to_js(&Status {
            state,
            why,
            durability: broker.storage().durability(),
            hot_bytes: dir.map_or(0, |dir| dir.hot_bytes()) as f64,
            events: (self.0.events_before.get() + node.trace().next()) as f64,
            wasm_bytes: wasm_bytes(),
            stored_bytes: broker.storage().used() as f64,
            uptime_ms: self.0.world.clock.millis() - self.0.began,
            broker_epoch: dir.map_or(-1, |dir| dir.epoch()),
        }))
    }

    pub fn trace(&self, after: u64) -> Told {
        let broker: std::cell::Ref<'_, Broker> = self.0.broker()?;
        Ok(events::pull(broker.look().trace(), self.0.events_before.get(), after))
    }
}

fn topic_of(node: &Node, topic: TopicMetadata) -> Topic {
    let partitions = topic.partitions.iter().map(|told| {
        let id = TopicPartition { topic: topic.id, partition: told.partition };
        let found = node.topics().and_then(|topics| topics.partitions.get(id));
        let log = found.map(ottla_core::replica::Partition::log);
        Partition {
            partition: told.partition,
            leader: told.leader.map_or(-1, |leader| leader.0),
            leader_epoch: told.leader_epoch,
            log_start: log.map_or(0, |log| log.log_start_offset()),
            high_watermark: found.map_or(0, |found| found.high_watermark()),
            log_end: log.map_or(0, |log| log.log_end_offset()),
            committed_end: log.map_or(0, |log| log.committed_end()),
            bytes: log.map_or(0, |log| log.size()) as f64,
            segments: log.map_or(0, |log| log.segment_count()),
        }
    });
    Topic { partitions: partitions.collect(), id: topic.id.to_string(), name: topic.name }
}

/// As the trace says it.
pub(super) fn word(why: StorageErrorKind) -> &'static str {
    match Field::from(why) {
        Field::Word(word) => word,
        Field::Number(_) | Field::Topic(_) => "",
    }
}

fn wasm_bytes() -> f64 {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size(0) as f64 * 65_536.0;
    #[cfg(not(target_arch = "wasm32"))]
    return 0.0;
}
