//! A follower whose next record the leader keeps no more gets the snapshot that stands for it (KIP-630).

use bytes::Bytes;

use super::{
    Act, LogFacts, LogPosition, Question, Quorum, ReplicaKey, Scene,
    links::RETRY_BACKOFF,
    role::{Role, SnapshotFetch},
};
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, RequestId},
};

/// A piece of a snapshot, as it came from the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotPiece {
    pub snapshot: LogPosition,
    /// Bytes of the whole snapshot.
    pub size: u64,
    pub position: u64,
    pub bytes: Bytes,
}

impl SnapshotPiece {
    pub fn end(&self) -> u64 {
        self.position + self.bytes.len() as u64
    }

    pub fn is_last(&self) -> bool {
        self.end() >= self.size
    }
}

impl Quorum {
    pub(super) fn on_fetch_snapshot(
        &mut self,
        scene: &mut Scene<'_>,
        request: RequestId,
        (epoch, replica): (LeaderEpoch, ReplicaKey),
        (snapshot, position): (LogPosition, u64),
    ) {
        if let Err(error) = self.check_leads(epoch) {
            return self.answer(scene, request, Err(error));
        }
        self.note_heard(replica);
        let standing = self.standing();
        self.say(scene, Act::AnswerSnapshot { request, standing, snapshot, position });
    }

    /// Who fetches a snapshot has a leader, though it does not get further in the log.
    fn note_heard(&mut self, replica: ReplicaKey) {
        let is_voter = self.voters.contains(replica);
        let Role::Leader(leader) = &mut self.role else { return };
        if is_voter && leader.progress.contains_key(&replica.id) {
            leader.heard.insert(replica.id);
            leader.unaware.remove(&replica.id);
        }
    }

    pub(super) fn on_below_start(&mut self, scene: &mut Scene<'_>, from: BrokerId, snapshot: LogPosition) {
        if !self.is_from_leader(scene, from) {
            return;
        }
        if snapshot.offset <= self.high_watermark {
            // Q6: it would stand for less than what was committed here.
            return scene.acts.push(Act::Diverged { committed: self.high_watermark, to: snapshot.offset });
        }
        if let Role::Follower(follower) = &mut self.role {
            follower.snapshot = Some(SnapshotFetch { snapshot, position: 0, is_storing: false });
        }
    }

    pub(super) fn fetch_snapshot(&mut self, scene: &mut Scene<'_>, leader: BrokerId, fetch: SnapshotFetch) {
        if !fetch.is_storing && self.links.is_free(leader, scene.now) {
            let (epoch, replica, snapshot, position) = (self.state.epoch, self.me, fetch.snapshot, fetch.position);
            self.ask(scene, leader, Question::FetchSnapshot { epoch, replica, snapshot, position });
        }
    }

    pub(super) fn on_snapshot_fetched(&mut self, scene: &mut Scene<'_>, from: BrokerId, piece: SnapshotPiece) {
        if !self.is_from_leader(scene, from) {
            return;
        }
        let Role::Follower(follower) = &mut self.role else { return };
        let Some(fetch) = &mut follower.snapshot else { return };
        let is_next = (fetch.snapshot, fetch.position) == (piece.snapshot, piece.position) && !fetch.is_storing;
        if !is_next || piece.bytes.is_empty() {
            follower.snapshot = None;
            return self.links.rest(from, scene.now + RETRY_BACKOFF);
        }
        fetch.is_storing = true;
        scene.acts.push(Act::StoreSnapshot { piece });
    }

    /// The leader did not give a piece.
    pub(super) fn on_snapshot_error(&mut self, error: ErrorCode) {
        if let Role::Follower(follower) = &mut self.role
            && matches!(error, ErrorCode::SnapshotNotFound | ErrorCode::PositionOutOfRange)
        {
            // Another may stand there by now.
            follower.snapshot = None;
        }
    }

    /// Whether `snapshot` is what this follower fetches. Q8: a leader never loads one.
    pub fn is_fetching(&self, snapshot: LogPosition) -> bool {
        matches!(&self.role, Role::Follower(follower)
            if follower.snapshot.is_some_and(|fetch| fetch.snapshot == snapshot))
    }

    /// The piece that ends at `position` is written.
    pub fn on_snapshot_stored(&mut self, scene: &mut Scene<'_>, snapshot: LogPosition, position: u64) {
        if let Role::Follower(follower) = &mut self.role
            && let Some(fetch) = follower.snapshot.as_mut().filter(|fetch| fetch.snapshot == snapshot)
        {
            (fetch.position, fetch.is_storing) = (position, false);
        }
        self.pursue(scene);
    }

    /// What was fetched is no snapshot, or could not be kept: it asks for records again, after a while.
    pub fn on_snapshot_refused(&mut self, scene: &mut Scene<'_>) {
        if let Role::Follower(follower) = &mut self.role {
            follower.snapshot = None;
            self.links.rest(follower.leader, scene.now + RETRY_BACKOFF);
        }
        self.pursue(scene);
    }

    /// The snapshot it fetched is durable and took the place of the log.
    pub fn on_snapshot_loaded(&mut self, scene: &mut Scene<'_>, snapshot: LogPosition) {
        let Role::Follower(follower) = &mut self.role else { return };
        follower.snapshot = None;
        self.log = LogFacts::from_snapshot(snapshot);
        if snapshot.offset > self.high_watermark {
            self.high_watermark = snapshot.offset;
            scene.acts.push(Act::HighWatermark(snapshot.offset));
        }
        self.pursue(scene);
    }

    /// A durable snapshot of its own took the place of what lies before it, which is committed.
    pub fn on_log_start(&mut self, snapshot: LogPosition) {
        if snapshot.offset > self.log.start && snapshot.offset <= self.high_watermark {
            self.log.raise_start(snapshot);
        }
    }
}
