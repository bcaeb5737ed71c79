//! Cutting the ends of logs off.
//!
//! The documents that call the end durable are replaced first, then it goes, then what is appended in its place: each is
//! durable before the next. A crash in between leaves a log that ends where it was cut or further on, never one in which
//! new records are followed by old ones.

use super::LogDir;
use crate::{
    effect::{FileName, WriteOp},
    ids::{Offset, TopicPartition},
    sorted::SortedMap,
};

/// What is left of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::log) enum Cut {
    Nothing,
    Bytes(u64),
}

impl LogDir {
    /// The log ends at `end` from here on: `cuts` are done before anything else that is queued.
    pub(in crate::log) fn cut_log(
        &mut self,
        id: TopicPartition,
        end: Offset,
        cuts: impl IntoIterator<Item = (FileName, Cut)>,
    ) {
        for offsets in [&mut self.durable, &mut self.committed, &mut self.points_durable] {
            if let Some(offset) = offsets.get_mut(&id) {
                *offset = end.min(*offset);
            }
        }
        self.is_recovery_points_dirty = true;
        for (file, cut) in cuts {
            self.add_cut(file, cut);
        }
    }

    /// They failed with their commit, and are still to be done.
    pub(super) fn keep_cuts(&mut self, ops: &[WriteOp]) {
        for op in ops {
            match op {
                WriteOp::Truncate { file, len } => self.add_cut(file.clone(), Cut::Bytes(*len)),
                WriteOp::Remove { file } => self.add_cut(file.clone(), Cut::Nothing),
                _ => {}
            }
        }
    }

    fn add_cut(&mut self, file: FileName, cut: Cut) {
        let least = self.cuts.get(&file).map_or(cut, |before| cut.min(*before));
        self.cuts.insert(file, least);
    }

    /// Behind everything queued so far, which is durable before, and in front of all that comes.
    pub(super) fn queue_cuts(&mut self, cuts: SortedMap<FileName, Cut>) {
        if cuts.is_empty() {
            return;
        }
        self.barrier();
        for (file, cut) in cuts {
            let op = match cut {
                Cut::Nothing => WriteOp::Remove { file },
                Cut::Bytes(len) => WriteOp::Truncate { file, len },
            };
            self.back().push(op);
        }
        let back = self.back();
        (back.sync, back.is_cut) = (true, true);
    }
}
