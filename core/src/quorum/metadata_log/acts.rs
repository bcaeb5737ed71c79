//! Doing what the quorum says.

use bytes::Bytes;

use super::{Cutting, MetadataLog, State, Told};
use crate::{
    effect::WriteOp,
    ids::*,
    log::{FollowerBatches, LogDir, Mark, Truncation, TruncationNeeds, layout},
    quorum::{Act, ElectionState, Quorum, Scene},
    record::internal::ControlRecord,
    turn::Turn,
};

use super::READ_BYTES;

impl MetadataLog {
    /// One input of the quorum, and all that follows from it.
    pub(super) fn step(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        take: impl FnOnce(&mut Quorum, &mut Scene<'_>),
    ) {
        let State::Member(quorum) = &mut self.state else { return };
        let mut acts = Vec::new();
        take(quorum, &mut Scene { now: turn.now.monotonic, rng: turn.rng, acts: &mut acts });
        self.acts.extend(acts);
        self.perform(turn, dir);
    }

    pub(super) fn perform(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        while self.cut.is_none()
            && let Some(act) = self.acts.pop_front()
        {
            self.on_act(turn, dir, act);
        }
        self.read_on(turn, dir);
    }

    fn on_act(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, act: Act) {
        match act {
            Act::Persist { state, version } => self.persist(dir, state, version),
            Act::Ask { to, ask, question } => self.told.push(Told::Ask { to, ask, question }),
            Act::Answer { request, answer } => self.told.push(Told::Answer { request, answer }),
            Act::AnswerFetch { request, standing, from, high_watermark } => {
                self.answer_fetch(turn, dir, (request, standing), (from, high_watermark));
            }
            Act::AnswerSnapshot { request, standing, snapshot, position } => {
                self.answer_snapshot(turn, dir, (request, standing), (snapshot, position));
            }
            Act::StoreSnapshot { piece } => self.store_snapshot(turn, dir, piece),
            Act::OpenEpoch { epoch, voters, granting } => self.open_epoch(turn, dir, epoch, (&voters, &granting)),
            Act::Append { records } => self.append_as_follower(turn, dir, records.bytes),
            Act::Truncate { to } => self.begin_cut(turn, dir, to),
            Act::HighWatermark(offset) if offset > self.high_watermark => {
                self.high_watermark = offset;
                self.told.push(Told::HighWatermark(offset));
                self.on_voters_committed(turn, dir);
            }
            Act::HighWatermark(_) => {}
            Act::Leader(standing) => {
                if standing.leader != Some(self.me.id) {
                    self.give_up_change();
                }
                self.told.push(Told::Leader(standing));
            }
            Act::Diverged { committed, to } => {
                let why = format!(
                    "the metadata log is committed up to {committed}, and the leader has something else from {to} on"
                );
                self.enter_ended(why);
            }
        }
    }

    /// Q5: written and synced before anything is said that rests on it.
    fn persist(&mut self, dir: &mut LogDir, state: ElectionState, version: u64) {
        self.persisting.push_back((version, state));
        let put = WriteOp::Put { file: layout::QUORUM_STATE.into(), bytes: state.document().into() };
        dir.enqueue([put], Some(Mark::QuorumState(version)), true);
    }

    fn open_epoch(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        epoch: LeaderEpoch,
        (voters, granting): (&[BrokerId], &[BrokerId]),
    ) {
        // It may have resigned before that state was durable.
        let leads = self.quorum().is_some_and(|quorum| quorum.is_leader() && quorum.standing().epoch == epoch);
        if leads {
            let mut records = vec![ControlRecord::leader_change(self.me.id, voters, granting)];
            records.extend(self.history.records_to_begin_with());
            let batch = ControlRecord::batch(&records, turn.now.wall);
            self.append_batch(turn, dir, epoch, batch);
        }
    }

    fn append_as_follower(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, bytes: Bytes) {
        match FollowerBatches::check(&self.log, bytes) {
            Ok(batches) => {
                batches.batches().iter().for_each(|batch| self.note_voters(batch));
                self.log.append_as_follower(turn, dir, &self.config, batches);
                self.follow_voters(turn, dir);
            }
            // It was checked when it came, against the same log.
            Err(error) => self.enter_ended(format!("the leader's records do not follow the metadata log: {error}")),
        }
    }

    fn begin_cut(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, to: Offset) {
        match Truncation::begin(&self.log, to, turn.now.wall) {
            Some(truncation) => self.go_on_cutting(turn, dir, truncation),
            // A follower fetches only when all it has is durable.
            None => self.enter_ended("the metadata log is cut while it is being written".to_owned()),
        }
    }

    fn go_on_cutting(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, mut truncation: Truncation) {
        match truncation.needs(&self.log, READ_BYTES) {
            Ok(TruncationNeeds::Nothing) => {
                let end = self.log.truncate(turn, dir, truncation);
                self.history.truncate(end);
                self.follow_voters(turn, dir);
            }
            Ok(needs) => {
                let load = match &needs {
                    TruncationNeeds::Batches(range) => dir.load(turn, range),
                    TruncationNeeds::Document(file) => dir.load_document(turn, file.clone()),
                    TruncationNeeds::Nothing => return,
                };
                self.cut = Some(Cutting { truncation, load, needs });
            }
            Err(error) => self.enter_ended(format!("the metadata log cannot be read: {error}")),
        }
    }

    /// A load ended. `None`: it failed. True if it was one of this log's.
    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, io: IoId, bytes: Option<&Bytes>) -> bool {
        if let Some(Cutting { mut truncation, needs, .. }) = self.cut.take_if(|cut| cut.load == io) {
            let taken = match (&needs, bytes) {
                (TruncationNeeds::Batches(range), Some(bytes)) => truncation.on_batches(range, bytes.clone()).is_ok(),
                (TruncationNeeds::Document(_), bytes) => {
                    truncation.on_document(&self.log, bytes.map(|bytes| &bytes[..]));
                    true
                }
                _ => false,
            };
            match taken {
                true => self.go_on_cutting(turn, dir, truncation),
                false => self.enter_ended("the metadata log cannot be read where it is to be cut".to_owned()),
            }
            self.perform(turn, dir);
            return true;
        }
        if let Some(cold) = self.cold.remove(&io) {
            self.on_cold_answer(cold, bytes);
            return true;
        }
        if self.reader.is_loading(io) {
            self.on_read(turn, dir, bytes);
            return true;
        }
        false
    }
}
