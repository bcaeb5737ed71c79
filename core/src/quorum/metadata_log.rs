//! The metadata log of one member: owner of its `Quorum` and of the log `__cluster_metadata-0`.
//!
//! ```text
//! Loading ──all is read──▶ Member ──a commit failed──▶ Unavailable ──the dir takes appends again──▶ Member
//!                            └──── what was committed is contradicted, or cannot be read ────▶ Ended
//! ```
//! The quorum says what is to be done (`Act`); here it is done, in order, on the log and the log dir that the broker's
//! other logs share, and the quorum is told once it is durable. What the world is to be told is gathered (`take_told`).

mod acts;
mod answers;
mod open;
mod reader;
mod snapshots;
#[cfg(test)]
mod tests;
mod voters;

use std::collections::VecDeque;

use bytes::Bytes;

use self::{answers::ColdAnswer, open::Loading, reader::LogReader, snapshots::Snapshots, voters::VoterHistory};
pub use self::{
    open::{FoundLog, METADATA_PARTITION},
    snapshots::SnapshotRefused,
    voters::VoterChange,
};
use super::{
    Act, Answer, AskId, ElectionState, LogPosition, Question, Quorum, QuorumOptions, ReplicaKey, Said, Standing, Voters,
};
use crate::{
    config::TopicConfig,
    error::ErrorCode,
    ids::*,
    log::{CommitOutcome, DirState, FollowerBatches, Log, LogDir, Mark, Truncation},
    record::{Batch, BatchBuilder, Compression},
    sorted::SortedMap,
    time::{Instant, Timestamp},
    turn::Turn,
};

/// Records that one batch takes at most, and their bytes (`BatchAccumulator`, `KafkaRaftClient.MAX_BATCH_SIZE_BYTES`).
pub const BATCH_RECORDS_MAX: usize = 10_000;
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A leader takes no more while so many offsets are not committed.
const UNCOMMITTED_MAX: Offset = 1_000_000;
/// What one answer to Fetch or FetchSnapshot carries, one batch at least, and what is read at once.
const READ_BYTES: u32 = 1024 * 1024;

/// What its owner has to do, or to know, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Ask {
        to: BrokerId,
        ask: AskId,
        question: Question,
    },
    Answer {
        request: RequestId,
        answer: Answer,
    },
    Leader(Standing),
    HighWatermark(Offset),
    /// What is known of the cluster is forgotten: a snapshot follows, then what was committed behind it.
    SnapshotBegun(LogPosition),
    SnapshotRecords(Vec<Bytes>),
    SnapshotEnded(LogPosition),
    /// Q10: nothing comes here that is not committed. Each batch comes once, in order, and is applied as a whole.
    Committed(CommittedBatch),
    /// A snapshot that the owner wrote is durable, and the log begins there.
    SnapshotKept(LogPosition),
    /// What came of a change of the voters that was asked for.
    VotersChanged {
        request: RequestId,
        changed: Result<(), ErrorCode>,
    },
    /// This member must not go on, and why.
    Fatal(String),
}

/// A batch of the metadata log. Record `n` is at offset `first + n`. A control batch has no records for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedBatch {
    pub first: Offset,
    /// The epoch it was appended in, and the offset behind it.
    pub end: LogPosition,
    pub timestamp: Timestamp,
    pub records: Vec<Bytes>,
}

/// Why a leader does not append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    NotLeader,
    /// More than one batch takes, or nothing.
    Size,
    /// Too much waits to be committed.
    Full,
}

#[derive(Clone, Debug)]
pub struct MetadataLog {
    me: ReplicaKey,
    options: QuorumOptions,
    /// As configured.
    voters: Voters,
    config: TopicConfig,
    log: Log,
    state: State,
    /// The election state that storage has, and those on their way to it.
    durable: ElectionState,
    persisting: VecDeque<(u64, ElectionState)>,
    /// Only rises, while this process lives.
    high_watermark: Offset,
    /// What the quorum wants done, and waits for a cut.
    acts: VecDeque<Act>,
    cut: Option<Cutting>,
    /// Answers whose bytes are loaded.
    cold: SortedMap<IoId, ColdAnswer>,
    reader: LogReader,
    snapshots: Snapshots,
    history: VoterHistory,
    told: Vec<Told>,
}

#[derive(Clone, Debug)]
enum State {
    Loading(Loading),
    Member(Box<Quorum>),
    Unavailable,
    Ended,
}

/// A cut of the log that reads what it needs.
#[derive(Clone, Debug)]
struct Cutting {
    truncation: Truncation,
    load: IoId,
    needs: crate::log::TruncationNeeds,
}

impl MetadataLog {
    pub fn me(&self) -> ReplicaKey {
        self.me
    }

    /// `None` while it is no member: it loads, or a commit failed.
    pub fn quorum(&self) -> Option<&Quorum> {
        match &self.state {
            State::Member(quorum) => Some(quorum),
            _ => None,
        }
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What storage has of its election state.
    pub fn durable(&self) -> ElectionState {
        self.durable
    }

    /// Everything is read, and it takes part.
    pub fn is_member(&self) -> bool {
        self.quorum().is_some()
    }

    pub fn standing(&self) -> Standing {
        let durable = Standing { epoch: self.durable.epoch, leader: None };
        self.quorum().map_or(durable, Quorum::standing)
    }

    /// Everything below is committed. 0 while that is not known.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Up to here the owner was told what was committed.
    pub fn told_end(&self) -> Offset {
        self.reader.next()
    }

    /// Leads, and has opened its epoch in the log.
    pub fn leads(&self) -> Option<LeaderEpoch> {
        let quorum = self.quorum().filter(|quorum| quorum.is_leader())?;
        let epoch = quorum.standing().epoch;
        (self.log.latest_epoch() == epoch && self.acts.is_empty()).then_some(epoch)
    }

    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    pub fn on_question(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, request: RequestId, question: Question) {
        if !self.is_member() {
            let answer = Answer { standing: self.standing(), said: Err(ErrorCode::KafkaStorageError) };
            return self.told.push(Told::Answer { request, answer });
        }
        self.step(turn, dir, |quorum, scene| quorum.on_question(scene, request, question));
    }

    /// An answer that came in time. Records that do not follow the log as they must are no answer.
    pub fn on_answer(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, (from, ask): (BrokerId, AskId), answer: Answer) {
        let Answer { standing, mut said } = answer;
        if let Ok(Said::Fetched { records, .. }) = &mut said
            && !records.is_empty()
        {
            match FollowerBatches::check(&self.log, records.bytes.clone()) {
                Ok(batches) if self.cut.is_none() => {
                    (records.epochs, records.end) = (batches.epochs(), batches.end());
                }
                _ => return self.on_unanswered(turn, dir, (from, ask)),
            }
        }
        self.step(turn, dir, |quorum, scene| quorum.on_answer(scene, from, ask, Answer { standing, said }));
    }

    /// No answer will come.
    pub fn on_unanswered(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, (from, ask): (BrokerId, AskId)) {
        self.step(turn, dir, |quorum, scene| quorum.on_unanswered(scene, from, ask));
    }

    pub fn on_tick(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        self.step(turn, dir, |quorum, scene| quorum.on_tick(scene));
    }

    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.quorum().and_then(|quorum| quorum.next_deadline(now))
    }

    /// The operator stops this member: a leader hands over.
    pub fn resign(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        self.step(turn, dir, |quorum, scene| quorum.resign(scene));
    }

    /// Appends records as one batch, in the epoch that this member leads. They are committed together or not at all.
    /// Gives the offset of the last.
    ///
    /// # Errors
    /// Of a member that does not lead, or cannot take so much.
    pub fn append(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, records: &[Bytes]) -> Result<Offset, AppendError> {
        let epoch = self.leads().filter(|_| dir.state() == DirState::Online).ok_or(AppendError::NotLeader)?;
        let bytes: usize = records.iter().map(Bytes::len).sum();
        if records.is_empty() || records.len() > BATCH_RECORDS_MAX || bytes > BATCH_BYTES_MAX {
            return Err(AppendError::Size);
        }
        if self.log.log_end_offset() - self.high_watermark > UNCOMMITTED_MAX {
            return Err(AppendError::Full);
        }
        let mut builder = BatchBuilder::new(Compression::None);
        records.iter().for_each(|record| builder.append(turn.now.wall, None, Some(record), &[]));
        Ok(self.append_batch(turn, dir, epoch, builder.finish(None)))
    }

    fn append_batch(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, epoch: LeaderEpoch, batch: Batch) -> Offset {
        let mut placed = batch;
        placed.place(self.log.log_end_offset(), epoch);
        let is_control = placed.header().is_control();
        self.note_voters(&placed);
        let appended = self.log.append(turn, dir, &self.config, epoch, placed);
        let end = appended.expect("a batch of the metadata log is smaller than its segments").last_offset + 1;
        self.step(turn, dir, |quorum, scene| quorum.on_appended(scene, epoch, end));
        if is_control {
            self.follow_voters(turn, dir);
        }
        end - 1
    }

    /// A commit of the dir ended.
    pub fn on_outcome(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, outcome: &CommitOutcome) {
        match outcome {
            CommitOutcome::Committed(marks) => {
                marks.iter().for_each(|mark| self.on_mark(turn, dir, *mark));
                if matches!(self.state, State::Unavailable) && dir.state() == DirState::Online {
                    self.enter_member(turn, dir);
                }
            }
            CommitOutcome::Failed { state, .. } => self.on_failed_commit(turn, dir, *state),
        }
    }

    fn on_mark(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, mark: Mark) {
        match mark {
            Mark::LogEnd(id, end) if id == METADATA_PARTITION => {
                self.log.on_committed(end);
                let end = self.log.committed_end();
                self.step(turn, dir, |quorum, scene| quorum.on_synced(scene, end));
                self.log.evict_all_but(dir, u64::from(READ_BYTES));
            }
            Mark::QuorumState(version) => {
                while let Some((_, state)) = self.persisting.pop_front_if(|(of, _)| *of <= version) {
                    self.durable = state;
                }
                self.step(turn, dir, |quorum, scene| quorum.on_persisted(scene, version));
            }
            Mark::SnapshotPiece(end) => self.on_snapshot_piece_kept(turn, dir, end),
            Mark::Snapshot(offset, epoch) => self.on_snapshot_kept(turn, dir, LogPosition { epoch, offset }),
            _ => {}
        }
    }

    /// What was not durable is gone, or may be. The member goes on as after a crash, once the dir is back: a leader must
    /// not go on in an epoch whose records others may have (S3, Q2).
    fn on_failed_commit(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, state: DirState) {
        let held = self.quorum().map(Quorum::unanswered).unwrap_or_default();
        for request in held.into_iter().chain(self.acts.iter().filter_map(Act::request)) {
            let answer = Answer { standing: self.standing(), said: Err(ErrorCode::KafkaStorageError) };
            self.told.push(Told::Answer { request, answer });
        }
        self.give_up_change();
        self.cut = None;
        self.acts.clear();
        self.persisting.clear();
        self.snapshots.give_up(dir);
        if !matches!(state, DirState::Offline(_)) {
            self.log.take_back(turn, dir);
            self.history.truncate(self.log.log_end_offset());
        }
        match self.state {
            // It reads on: what it found was durable.
            State::Loading(_) if !matches!(state, DirState::Offline(_)) => {}
            State::Ended => {}
            _ => self.state = State::Unavailable,
        }
        self.told.push(Told::Leader(Standing { epoch: self.durable.epoch, leader: None }));
    }

    fn enter_ended(&mut self, why: String) {
        self.state = State::Ended;
        self.acts.clear();
        self.told.push(Told::Fatal(why));
    }
}
