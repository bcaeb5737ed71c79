//! The dir's documents over all its logs: where they begin, and up to where they are durable.

use super::{LogDir, Mark};
use crate::{
    effect::WriteOp,
    ids::{Offset, TopicPartition},
    log::{checkpoint, layout},
    sorted::SortedMap,
};

impl LogDir {
    /// The log begins at `start` from here on. Files below it may be retired in the same turn: they are removed only
    /// once this is durable.
    pub(in crate::log) fn set_log_start(&mut self, id: TopicPartition, start: Offset) {
        self.log_starts.insert(id, start);
        self.is_log_starts_dirty = true;
    }

    /// Somebody waits until where logs begin is durable: a read-only dir tries at once.
    pub fn await_log_starts(&mut self) {
        self.is_log_start_awaited = true;
    }

    /// Where the log is known to begin even after a crash.
    pub fn durable_log_start(&self, id: TopicPartition) -> Offset {
        self.durable_log_starts.get(&id).copied().unwrap_or(0)
    }

    pub(super) fn note_durable_log_start(&mut self, id: TopicPartition, start: Offset) {
        if self.names.contains_key(&id) {
            self.durable_log_starts.insert(id, start);
        }
    }

    /// Up to where the log is known to be durable.
    pub fn durable_end(&self, id: TopicPartition) -> Offset {
        self.durable.get(&id).copied().unwrap_or(0)
    }

    /// Up to where recovery would take the log for durable, whenever the crash came.
    pub(in crate::log) fn recovery_point(&self, id: TopicPartition) -> Offset {
        self.points_durable.get(&id).copied().unwrap_or(0)
    }

    /// Whether so much was written that recovery points are worth writing before it is time.
    pub(crate) fn is_checkpoint_due(&self) -> bool {
        self.bytes_since_checkpoint >= self.options.checkpoint_bytes
    }

    /// Makes what is queued durable, then writes the recovery points.
    pub(crate) fn checkpoint(&mut self) {
        self.bytes_since_checkpoint = 0;
        if self.back().ops.is_empty() {
            // A commit of nothing is no work that storage knows.
            self.is_recovery_points_dirty = true;
            self.queue_recovery_points();
        }
        let back = self.back();
        (back.sync, back.is_checkpoint) = (true, true);
    }

    /// The last words: recovery points at the logs' ends, then the marker. `ends` are of what is queued before; of a log
    /// that is not in them what is durable counts.
    pub(crate) fn enqueue_clean_shutdown(&mut self, ends: &SortedMap<TopicPartition, Offset>) {
        self.queue_own_work();
        self.barrier();
        let mut points = self.durable.clone();
        points.extend(ends.iter().map(|(id, end)| (*id, *end)));
        let bytes = self.offsets_document(&points);
        self.enqueue([WriteOp::Put { file: layout::RECOVERY_POINTS.into(), bytes }], None, true);
        self.barrier();
        let marker =
            WriteOp::Put { file: layout::CLEAN_SHUTDOWN.into(), bytes: r#"{"version":0,"brokerEpoch":-1}"#.into() };
        self.enqueue([marker], Some(Mark::CleanShutdown), true);
        self.is_closing = true;
    }

    pub(super) fn queue_log_starts(&mut self) {
        self.is_log_start_awaited = false;
        if !std::mem::take(&mut self.is_log_starts_dirty) {
            return;
        }
        let bytes = self.offsets_document(&self.log_starts);
        self.enqueue([WriteOp::Put { file: layout::LOG_STARTS.into(), bytes }], None, true);
        let moved = self.log_starts.iter().filter(|(id, start)| self.durable_log_start(**id) < **start);
        let moved: Vec<Mark> = moved.map(|(id, start)| Mark::LogStart(*id, *start)).collect();
        self.back().marks.extend(moved);
    }

    pub(super) fn queue_recovery_points(&mut self) {
        if std::mem::take(&mut self.is_recovery_points_dirty) {
            let bytes = self.offsets_document(&self.durable);
            self.enqueue([WriteOp::Put { file: layout::RECOVERY_POINTS.into(), bytes }], None, false);
            let points = self.durable.clone();
            self.back().points = Some(points);
        }
    }

    fn offsets_document(&self, offsets: &SortedMap<TopicPartition, Offset>) -> bytes::Bytes {
        let rows: Vec<_> = offsets.iter().filter_map(|(id, offset)| Some((&**self.names.get(id)?, *offset))).collect();
        checkpoint::write_offsets(rows.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        effect::{Effect, Outcome, StorageError, StorageErrorKind},
        ids::{BrokerId, IoId, TopicId},
        log::{CommitOutcome, DirOptions},
        rng::Rng,
        time::Now,
        trace::Trace,
        turn::{Ids, Turn},
    };

    const ID: TopicPartition = TopicPartition { topic: TopicId([1; 16]), partition: 0 };

    /// One turn. Gives what it came to, and the commit that was issued.
    fn turn<T>(
        dir: &mut LogDir,
        ids: &mut Ids,
        work: impl FnOnce(&mut LogDir, &mut Turn<'_>) -> T,
    ) -> (T, Option<IoId>) {
        let (mut rng, mut trace, mut effects) = (Rng::new(1), Trace::new(BrokerId(1), 0), Vec::new());
        let mut turn = Turn { now: Now::default(), rng: &mut rng, trace: &mut trace, ids, effects: &mut effects };
        let done = work(dir, &mut turn);
        dir.issue(&mut turn);
        let issued = effects.iter().find_map(|effect| match effect {
            Effect::Commit { io, .. } => Some(*io),
            _ => None,
        });
        (done, issued)
    }

    #[test]
    fn a_log_start_is_marked_until_it_is_durable() {
        let (mut dir, mut ids) = (LogDir::new(DirOptions::default(), 0), Ids::default());
        dir.add_log(ID, "one-0".into(), 3, 9);
        assert_eq!(dir.durable_log_start(ID), 3);
        let ((), io) = turn(&mut dir, &mut ids, |dir, _| dir.set_log_start(ID, 5));
        let why = StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Aborted, detail: String::new() };
        let (lost, io) = turn(&mut dir, &mut ids, |dir, turn| dir.on_failed(turn, io.unwrap(), why));
        assert!(matches!(lost, Some(CommitOutcome::Failed { lost, .. }) if lost == [Mark::LogStart(ID, 5)]));
        // The dir is read-only, and tries again only where somebody waits for it.
        assert_eq!((dir.durable_log_start(ID), io), (3, None));
        let ((), io) = turn(&mut dir, &mut ids, |dir, _| dir.await_log_starts());
        let (done, probe) = turn(&mut dir, &mut ids, |dir, turn| dir.on_committed(turn, io.unwrap()));
        assert_eq!(done, Some(CommitOutcome::Committed(vec![Mark::LogStart(ID, 5)])));
        assert_eq!(dir.durable_log_start(ID), 5);
        turn(&mut dir, &mut ids, |dir, turn| dir.on_committed(turn, probe.unwrap()));
        // It says nothing of logs that stayed where they were.
        dir.add_log(TopicPartition { partition: 1, ..ID }, "one-1".into(), 0, 0);
        let ((), io) = turn(&mut dir, &mut ids, |dir, _| dir.set_log_start(TopicPartition { partition: 1, ..ID }, 7));
        let (done, _) = turn(&mut dir, &mut ids, |dir, turn| dir.on_committed(turn, io.unwrap()));
        let moved = Mark::LogStart(TopicPartition { partition: 1, ..ID }, 7);
        assert!(matches!(done, Some(CommitOutcome::Committed(marks)) if marks.contains(&moved) && marks.len() == 1));
        dir.remove_log(ID);
        assert_eq!(dir.durable_log_start(ID), 0);
    }
}
