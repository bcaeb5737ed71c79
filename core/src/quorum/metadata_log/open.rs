//! From what storage has to a member, at the start and after a commit that failed.

use std::collections::VecDeque;

use super::{LogReader, MetadataLog, Snapshots, State, VoterHistory};
use crate::{
    config::TopicConfig,
    error::Fatal,
    ids::*,
    log::{Log, LogDir, OpenedMember, layout, leader_epoch::LeaderEpochs},
    quorum::{ElectionState, LogFacts, LogPosition, Quorum, QuorumOptions, ReplicaKey, Scene, Voters},
    sorted::SortedMap,
    turn::Turn,
};

/// Segments of the metadata log (`metadata.log.segment.bytes`).
const SEGMENT_BYTES: u32 = 1024 * 1024 * 1024;

/// What recovery found of a member.
#[derive(Clone, Debug)]
pub struct FoundLog {
    pub log: Log,
    /// The document `quorum-state`.
    pub state: ElectionState,
    /// Whole snapshots and their sizes.
    pub snapshots: Vec<(LogPosition, u64)>,
}

/// Reads all there is before it takes part: which voters there are is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Loading {}

impl FoundLog {
    /// What recovery found, of which `log` is the metadata log.
    ///
    /// # Errors
    /// Where the election state cannot be read: whom it voted for must not be forgotten (Q5).
    pub fn new(log: Log, opened: OpenedMember) -> Result<Self, Fatal> {
        let state = match &opened.quorum_state {
            None => ElectionState::default(),
            Some(document) => {
                let text = std::str::from_utf8(document).ok();
                text.and_then(ElectionState::parse).ok_or_else(|| Fatal {
                    file: layout::QUORUM_STATE.to_owned(),
                    why: "is damaged: whom this node voted for is not known".to_owned(),
                })?
            }
        };
        let snapshots = opened.checkpoints.into_iter();
        let snapshots = snapshots.map(|(offset, epoch, size)| (LogPosition { epoch, offset }, size)).collect();
        Ok(Self { log, state, snapshots })
    }
}

impl MetadataLog {
    /// A member as it finds its storage. It takes part when it has read it (`is_member`).
    pub fn open(
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        found: FoundLog,
        (me, voters): (ReplicaKey, Voters),
        options: QuorumOptions,
    ) -> Self {
        let FoundLog { log, state, snapshots } = found;
        let config = TopicConfig { flush_messages: 1, segment_bytes: SEGMENT_BYTES, ..TopicConfig::default() };
        let mut opened = Self {
            me,
            options,
            voters,
            config,
            log,
            state: State::Loading(Loading::default()),
            durable: state,
            persisting: VecDeque::new(),
            high_watermark: 0,
            acts: VecDeque::new(),
            cut: None,
            cold: SortedMap::new(),
            reader: LogReader::default(),
            snapshots: Snapshots::new(snapshots),
            history: VoterHistory::default(),
            told: Vec::new(),
        };
        opened.begin_with_latest_snapshot(turn, dir);
        opened.read_on(turn, dir);
        opened
    }

    /// Power may have been lost between the end of a snapshot and what it was made for.
    fn begin_with_latest_snapshot(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let Some(LogPosition { epoch, offset }) = self.snapshots.latest() else { return };
        let before = self.log.epoch_at(offset - 1);
        let is_behind = self.log.log_end_offset() < offset || self.log.latest_epoch() < epoch && before.is_some();
        let is_other = offset > self.log.log_start_offset() && before != Some(epoch);
        let follows = self.log.epochs().iter().all(|(of, start)| *start < offset || *of >= epoch);
        if is_behind || is_other || !follows {
            // It was fetched in place of this log.
            self.log.restart_at(turn, dir, offset);
        } else {
            self.log.raise_start(turn, dir, offset);
        }
        self.snapshots.retire_older(dir);
    }

    /// Takes part as after a start: in the election state and with the log that are durable.
    pub(super) fn enter_member(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let facts = self.facts();
        let mut acts = Vec::new();
        let mut scene = Scene { now: turn.now.monotonic, rng: turn.rng, acts: &mut acts };
        let found = (self.durable, facts);
        let mut quorum = Quorum::open(self.options, self.me, self.current_voters(), found, &mut scene);
        quorum.know(self.voters.ids());
        self.state = State::Member(Box::new(quorum));
        self.acts.extend(acts);
        self.perform(turn, dir);
    }

    fn facts(&self) -> LogFacts {
        let (start, end) = (self.log.log_start_offset(), self.log.log_end_offset());
        let snapshot = self.snapshots.latest().filter(|snapshot| snapshot.offset == start);
        let mut epochs = LeaderEpochs::from_rows(self.log.epochs().to_vec()).unwrap_or_default();
        epochs.truncate_end(end);
        let start_epoch = snapshot.map_or(0, |snapshot| snapshot.epoch);
        LogFacts { start, start_epoch, end, synced_end: self.log.committed_end(), epochs }
    }
}

/// The metadata log as a partition.
pub const METADATA_PARTITION: TopicPartition = TopicPartition { topic: TopicId::METADATA, partition: 0 };
