//! What a dir has to keep, as a test knows it, and how a dir that was opened is held to it.

use bytes::Bytes;

use crate::{
    ids::*,
    log::{
        Log, Opened,
        tests::{check, disk::Disk},
    },
    record::Batch,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) topics: Vec<ModelTopic>,
    /// The latest leader epoch in which anything was appended.
    pub(super) epoch: Option<LeaderEpoch>,
}

#[derive(Clone, Debug)]
pub(super) struct ModelTopic {
    pub(super) name: String,
    pub(super) id: TopicId,
    pub(super) is_flushing: bool,
    pub(super) segment_bytes: u32,
    pub(super) logs: Vec<ModelLog>,
    pub(super) creation: Told,
    pub(super) deletion: Option<Told>,
}

/// Whether whoever asked for something was told that it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    NotYet,
    Done,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ModelLog {
    /// All that was appended and not taken back, whether its offsets are still in the log or not.
    pub(super) batches: Vec<Batch>,
    /// The log's start, as decided.
    pub(super) start: Offset,
    /// It begins here at least, after any crash.
    pub(super) start_durable: Offset,
    /// It ends here at least, after any crash.
    pub(super) end_durable: Offset,
}

impl ModelLog {
    pub(super) fn end(&self) -> Offset {
        self.batches.last().map_or(0, |batch| batch.header().last_offset() + 1)
    }

    fn assert_kept(&self, log: &Log, disk: &Disk) {
        let (id, start, end) = (log.id(), log.log_start_offset(), log.log_end_offset());
        assert!(start <= self.start, "{id:?} begins at {start}, decided was {}", self.start);
        assert!(start >= self.start_durable, "{id:?} begins at {start}, durable was {}", self.start_durable);
        assert!(end >= self.end_durable, "{id:?} ends at {end}, durable was {}", self.end_durable);
        assert!(end <= self.end().max(self.start), "{id:?} ends at {end}, appended was up to {}", self.end());
        let ends_with_a_batch = self.batches.iter().any(|batch| batch.header().last_offset() + 1 == end);
        assert!(ends_with_a_batch || end == start, "{id:?} ends at {end}, in the middle of a batch");
        let found = check::read_from(log, disk, start, 700).unwrap_or_else(|why| panic!("{id:?}: {why}"));
        let kept = self.batches.iter().filter(|batch| (start..end).contains(&batch.header().last_offset()));
        let kept: Vec<Bytes> = kept.map(Batch::to_bytes).collect();
        assert!(found.iter().map(Batch::to_bytes).eq(kept), "S1: {id:?} holds other records than were appended");
        check::assert_indexes_are_fresh(log, disk);
        check::assert_epochs_are_the_batches(log, &found);
        let sent = self.batches.iter().map(Batch::header).filter(|header| header.base_offset < end);
        check::assert_producers_are_known(log, sent);
    }

    fn adopt(&mut self, log: &Log) {
        (self.start, self.end_durable) = (log.log_start_offset(), log.log_end_offset());
        self.start_durable = self.start;
        self.batches.retain(|batch| batch.header().last_offset() < self.end_durable);
    }
}

impl Model {
    pub(super) fn topic(&self, name: &str) -> Option<&ModelTopic> {
        self.topics.iter().find(|topic| topic.name == name && topic.deletion.is_none())
    }

    pub(super) fn log_mut(&mut self, id: TopicPartition) -> Option<&mut ModelLog> {
        let topic = self.topics.iter_mut().find(|topic| topic.id == id.topic)?;
        topic.logs.get_mut(id.partition as usize)
    }

    /// R7, S1, S2, S5 and T1 of what recovery found; `listed` is what the catalog's document says.
    pub(super) fn assert_kept(&self, opened: &Opened, listed: &[TopicId], disk: &Disk) {
        assert!(Some(opened.dir.epoch()) > self.epoch, "R7: epoch {:?} is used again", self.epoch);
        for topic in &self.topics {
            let is_there = listed.contains(&topic.id);
            let ModelTopic { name, creation, deletion, .. } = topic;
            assert!(is_there || deletion.is_some() || *creation == Told::NotYet, "topic {name} is lost");
            assert!(!is_there || *deletion != Some(Told::Done), "topic {name} was deleted and is back");
        }
        for log in &opened.logs {
            let id = log.id();
            let topic = self.topics.iter().find(|topic| topic.id == id.topic).expect("a topic that was created");
            topic.logs[id.partition as usize].assert_kept(log, disk);
        }
    }

    /// What is there is all that there is from now on.
    pub(super) fn adopt(&mut self, opened: &Opened, listed: &[TopicId]) {
        self.topics.retain(|topic| listed.contains(&topic.id));
        for topic in &mut self.topics {
            (topic.creation, topic.deletion) = (Told::Done, None);
        }
        for log in &opened.logs {
            self.log_mut(log.id()).expect("a log that was created").adopt(log);
        }
    }
}
