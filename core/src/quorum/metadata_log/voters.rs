//! The voters that the log itself names (kraft.version 1, KIP-853), and changing them, one at a time.

use super::{METADATA_PARTITION, MetadataLog, Told};
use crate::{
    error::ErrorCode,
    ids::*,
    log::LogDir,
    quorum::{ReplicaKey, Voters},
    record::{
        Batch,
        internal::{
            ControlRecord,
            control::{KRaftVersionRecord, Voter, VotersRecord},
        },
    },
    turn::Turn,
};

/// What an administrator, or a voter of itself, asks the leader for (AddRaftVoter, RemoveRaftVoter, UpdateRaftVoter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoterChange {
    Add(Voter),
    Remove(ReplicaKey),
    /// Where the voter is reached, and which versions it speaks.
    Update(Voter),
}

#[derive(Clone, Debug, Default)]
pub(super) struct VoterHistory {
    /// What the first leader writes, if the log is to name its voters.
    initial: Vec<Voter>,
    /// Of the log and its snapshot: at which offset each set stands.
    sets: Vec<(Offset, Vec<Voter>)>,
    /// One is being changed: who asked, and up to where it must be committed.
    changing: Option<(RequestId, Offset)>,
}

fn key_of(voter: &Voter) -> ReplicaKey {
    ReplicaKey { id: voter.voter, directory: voter.directory }
}

impl VoterHistory {
    fn latest(&self) -> Option<&(Offset, Vec<Voter>)> {
        self.sets.last()
    }

    pub(super) fn note(&mut self, offset: Offset, record: &ControlRecord) {
        if let ControlRecord::Voters(record) = record
            && self.latest().is_none_or(|(at, _)| *at < offset)
        {
            self.sets.push((offset, record.voters.clone()));
        }
    }

    pub(super) fn truncate(&mut self, to: Offset) {
        self.sets.retain(|(offset, _)| *offset < to);
    }

    pub(super) fn forget(&mut self) {
        self.sets.clear();
    }

    /// What a snapshot that ends at `end` has to say of them.
    pub(super) fn records_before(&self, end: Offset) -> Vec<ControlRecord> {
        let Some((_, voters)) = self.sets.iter().rev().find(|(offset, _)| *offset < end) else { return Vec::new() };
        records_of(voters.clone()).into()
    }

    /// What the first record of an epoch is accompanied by: the voters, where the log does not name them yet.
    pub(super) fn records_to_begin_with(&self) -> Vec<ControlRecord> {
        match self.sets.is_empty() && !self.initial.is_empty() {
            true => records_of(self.initial.clone()).into(),
            false => Vec::new(),
        }
    }
}

fn records_of(voters: Vec<Voter>) -> [ControlRecord; 2] {
    [
        ControlRecord::KRaftVersion(KRaftVersionRecord { version: 0, kraft_version: 1 }),
        ControlRecord::Voters(VotersRecord { version: 0, voters }),
    ]
}

impl MetadataLog {
    /// The log is to name its voters (kraft.version 1): the first leader writes these, who must be the configured ones.
    pub fn set_initial_voters(&mut self, voters: Vec<Voter>) {
        self.history.initial = voters;
    }

    /// The voters with where they are reached. `None`: they are as configured.
    pub fn named_voters(&self) -> Option<&[Voter]> {
        self.history.latest().map(|(_, voters)| &voters[..])
    }

    pub(super) fn current_voters(&self) -> Voters {
        match self.named_voters() {
            Some(voters) => Voters::new(voters.iter().map(key_of)),
            None => self.voters.clone(),
        }
    }

    /// The quorum goes by what the log says (uncommitted records count).
    pub(super) fn follow_voters(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let voters = self.current_voters();
        self.step(turn, dir, |quorum, scene| quorum.set_voters(scene, voters));
    }

    /// Takes notice of voters in a batch that was appended.
    pub(super) fn note_voters(&mut self, batch: &Batch) {
        if batch.header().is_control() {
            for (offset, record) in ControlRecord::of_batch(batch).unwrap_or_default() {
                self.history.note(offset, &record);
            }
        }
    }

    /// Changes the voters. `Told::VotersChanged` says what came of it, once it is committed.
    pub fn change_voters(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, request: RequestId, change: VoterChange) {
        match self.voters_after(change) {
            Ok(voters) => {
                let Some(epoch) = self.leads() else {
                    return self.told_of_change(request, Err(ErrorCode::NotLeaderOrFollower));
                };
                let record = ControlRecord::Voters(VotersRecord { version: 0, voters });
                let end = self.log.log_end_offset() + 1;
                self.history.changing = Some((request, end));
                self.append_batch(turn, dir, epoch, ControlRecord::batch(&[record], turn.now.wall));
            }
            Err(error) => self.told_of_change(request, Err(error)),
        }
    }

    fn voters_after(&self, change: VoterChange) -> Result<Vec<Voter>, ErrorCode> {
        let quorum = self.quorum().ok_or(ErrorCode::NotLeaderOrFollower)?;
        quorum.check_may_change_voters()?;
        let (at, voters) = self.history.latest().ok_or(ErrorCode::UnsupportedVersion)?;
        // Q11: the change before is committed first.
        if *at >= self.high_watermark || self.history.changing.is_some() {
            return Err(ErrorCode::RequestTimedOut);
        }
        let mut voters = voters.clone();
        match change {
            VoterChange::Add(voter) => {
                if voters.iter().any(|known| known.voter == voter.voter) {
                    return Err(ErrorCode::DuplicateVoter);
                }
                if voter.kraft_versions.max_supported_version < 1 {
                    return Err(ErrorCode::InvalidRequest);
                }
                // One that has to read for long would hold up what everybody else commits.
                if !quorum.is_caught_up(key_of(&voter)) {
                    return Err(ErrorCode::RequestTimedOut);
                }
                voters.push(voter);
                voters.sort_by_key(|voter| voter.voter);
            }
            VoterChange::Remove(key) => {
                // Kafka does not let the last one go either.
                if voters.len() == 1 || !voters.iter().any(|known| key_of(known) == key) {
                    return Err(ErrorCode::VoterNotFound);
                }
                voters.retain(|known| key_of(known) != key);
            }
            VoterChange::Update(voter) => {
                let known = voters.iter_mut().find(|known| key_of(known) == key_of(&voter));
                *known.ok_or(ErrorCode::VoterNotFound)? = voter;
            }
        }
        Ok(voters)
    }

    /// The high watermark moved: a change may be committed. A leader that is no voter any more goes.
    pub(super) fn on_voters_committed(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        if let Some((request, _)) = self.history.changing.take_if(|(_, end)| *end <= self.high_watermark) {
            self.told_of_change(request, Ok(()));
        }
        let is_committed = self.history.latest().is_some_and(|(at, _)| *at < self.high_watermark);
        let is_out = self.quorum().is_some_and(|quorum| quorum.is_leader() && !quorum.voters().contains(self.me));
        if is_committed && is_out {
            self.step(turn, dir, |quorum, scene| quorum.resign(scene));
        }
    }

    /// It leads no more: what becomes of the change is the next leader's.
    pub(super) fn give_up_change(&mut self) {
        if let Some((request, _)) = self.history.changing.take() {
            self.told_of_change(request, Err(ErrorCode::NotLeaderOrFollower));
        }
    }

    fn told_of_change(&mut self, request: RequestId, changed: Result<(), ErrorCode>) {
        debug_assert_eq!(self.log.id(), METADATA_PARTITION);
        self.told.push(Told::VotersChanged { request, changed });
    }
}
