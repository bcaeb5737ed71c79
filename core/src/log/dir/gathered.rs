//! The work of one commit, as it is gathered.

use super::Mark;
use crate::{
    effect::{FileName, WriteOp},
    ids::{Offset, TopicPartition},
    sorted::SortedMap,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) ops: Vec<WriteOp>,
    pub(super) marks: Marks,
    pub(super) sync: bool,
    /// Bytes of appends and documents.
    pub(super) bytes: u64,
    /// The recovery points that are written by it.
    pub(super) points: Option<SortedMap<TopicPartition, Offset>>,
    /// When it is durable, recovery points are worth writing.
    pub(super) is_checkpoint: bool,
    /// It cuts logs off. Nothing else joins it.
    pub(super) is_cut: bool,
    /// Which op appends to the end of a file, so that the next append to it joins that op: storage sees one piece.
    pub(super) tails: SortedMap<FileName, u32>,
}

/// Of each log only the furthest end is waited for.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    ends: SortedMap<TopicPartition, Offset>,
    others: Vec<Mark>,
}

impl Extend<Mark> for Marks {
    fn extend<T: IntoIterator<Item = Mark>>(&mut self, marks: T) {
        for mark in marks {
            match mark {
                Mark::LogEnd(id, end) => _ = self.ends.insert(id, end),
                other => self.others.push(other),
            }
        }
    }
}

impl Gathered {
    /// Adds an op, and gives its bytes.
    pub(super) fn push(&mut self, op: WriteOp) -> u64 {
        let added = match op {
            WriteOp::Append { file, at, bytes } => {
                let added = bytes.len();
                let tail = self.tails.get(&file).and_then(|&index| self.ops.get_mut(index as usize));
                match tail {
                    Some(WriteOp::Append { at: begin, bytes: before, .. }) if *begin + before.len() == at => {
                        before.append(bytes);
                    }
                    _ => {
                        self.tails.insert(file.clone(), self.ops.len() as u32);
                        self.ops.push(WriteOp::Append { file, at, bytes });
                    }
                }
                added
            }
            other => {
                // Nothing moves across it.
                self.tails.clear();
                let added = if let WriteOp::Put { bytes, .. } = &other { bytes.len() as u64 } else { 0 };
                self.ops.push(other);
                added
            }
        };
        self.bytes += added;
        added
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.marks.ends.is_empty() && self.marks.others.is_empty() && !self.is_checkpoint
    }

    /// Versions of the catalog in it.
    pub(super) fn catalogs(&self) -> impl Iterator<Item = u64> {
        self.marks
            .others
            .iter()
            .filter_map(|mark| if let Mark::Catalog(version) = mark { Some(*version) } else { None })
    }

    /// What somebody waits for, in order.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let ends = self.marks.ends.iter().map(|(id, end)| Mark::LogEnd(*id, *end));
        ends.chain(self.marks.others.iter().copied()).collect()
    }
}
