//! The metadata quorum: who leads the metadata log, and how far it is committed (KRaft: KIP-595, pre-vote of KIP-996).
//!
//! ```text
//!            time-out                  a majority would vote            a majority voted
//! unattached ───────▶ prospective ────────────────────────▶ candidate ────────────────▶ leader
//!    ▲  ▲                │   ▲                                  │                         │ hears no majority, stops
//!    │  └─ higher epoch ─┘   └──────── refused, time-out ───────┘                         ▼
//!    │      follower ◀── somebody leads ── whoever does not                           resigned
//!    └────────────────────────── a new epoch, after a while ──────────────────────────────┘
//! ```
//! It knows offsets and epochs, never records: its owner keeps the log and does what the acts say, in order. Nothing is
//! said that rests on an election state which is not durable, and no vote or record of one's own counts before it is
//! (Q4, Q5).

mod elect;
mod election_state;
mod follow;
mod lead;
mod links;
mod log_facts;
mod message;
mod metadata_log;
mod reconfigure;
mod role;
mod snapshot;
#[cfg(test)]
mod tests;
mod vote;
mod voters;

use std::{collections::VecDeque, time::Duration};

use self::links::{Links, RETRY_BACKOFF};
pub use self::{
    election_state::ElectionState,
    links::AskId,
    log_facts::LogFacts,
    message::{Answer, LogPosition, Question, Records, Said, Standing},
    metadata_log::{
        AppendError, CommittedBatch, FoundLog, METADATA_PARTITION, MetadataLog, SnapshotRefused, Told, VoterChange,
    },
    reconfigure::{Described, DescribedReplica},
    role::Role,
    snapshot::SnapshotPiece,
    voters::{ReplicaKey, Voters},
};
use crate::{
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, Offset, RequestId},
    rng::Rng,
    sorted::SortedSet,
    time::Instant,
};

/// `controller.quorum.*`, with Kafka's defaults.
#[derive(Clone, Copy, Debug)]
pub struct QuorumOptions {
    /// Drawn anew from here to twice as much.
    pub election_timeout: Duration,
    pub fetch_timeout: Duration,
    pub election_backoff_max: Duration,
    pub request_timeout: Duration,
    /// How long a leader keeps a Fetch that finds nothing new.
    pub fetch_wait: Duration,
}

impl Default for QuorumOptions {
    fn default() -> Self {
        Self {
            election_timeout: Duration::from_millis(1_000),
            fetch_timeout: Duration::from_millis(2_000),
            election_backoff_max: Duration::from_millis(1_000),
            request_timeout: Duration::from_millis(2_000),
            fetch_wait: Duration::from_millis(500),
        }
    }
}

/// What the owner has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Write and sync it, then say so with `version` (`on_persisted`).
    Persist {
        state: ElectionState,
        version: u64,
    },
    Ask {
        to: BrokerId,
        ask: AskId,
        question: Question,
    },
    Answer {
        request: RequestId,
        answer: Answer,
    },
    /// Answer a Fetch with the log's records from `from` on, as many as fit.
    AnswerFetch {
        request: RequestId,
        standing: Standing,
        from: Offset,
        high_watermark: Offset,
    },
    /// Answer a FetchSnapshot with the snapshot's bytes from `position` on, as many as fit.
    AnswerSnapshot {
        request: RequestId,
        standing: Standing,
        snapshot: LogPosition,
        position: u64,
    },
    /// Keep a piece beside the log (`on_snapshot_stored`). The last one makes the snapshot whole, which then takes the
    /// log's place (`is_fetching`, `on_snapshot_loaded`).
    StoreSnapshot {
        piece: SnapshotPiece,
    },
    /// Append the record that opens an epoch (`LeaderChangeMessage`) at the log's end, and sync it.
    OpenEpoch {
        epoch: LeaderEpoch,
        voters: Vec<BrokerId>,
        granting: Vec<BrokerId>,
    },
    /// Append as they are, and sync.
    Append {
        records: Records,
    },
    Truncate {
        to: Offset,
    },
    /// Everything below is committed, for ever.
    HighWatermark(Offset),
    Leader(Standing),
    /// The leader's log contradicts what was committed: this member must not go on.
    Diverged {
        committed: Offset,
        to: Offset,
    },
}

impl Act {
    /// The request that it answers.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Answer { request, .. } | Self::AnswerFetch { request, .. } | Self::AnswerSnapshot { request, .. } => {
                Some(*request)
            }
            _ => None,
        }
    }
}

/// What a turn of the quorum may use and adds to.
#[derive(Debug)]
pub struct Scene<'a> {
    pub now: Instant,
    pub rng: &'a mut Rng,
    pub acts: &'a mut Vec<Act>,
}

/// One member, a voter or an observer.
#[derive(Clone, Debug)]
pub struct Quorum {
    me: ReplicaKey,
    options: QuorumOptions,
    voters: Voters,
    /// Who was or is a voter, as far as this member was ever told: an observer may find the leader through any of them.
    known: SortedSet<BrokerId>,
    state: ElectionState,
    role: Role,
    log: LogFacts,
    /// Only rises (Q6, Q7). 0 while none is known.
    high_watermark: Offset,
    links: Links,
    /// Of the election state: what was said since waits until it is durable.
    version: u64,
    durable_version: u64,
    held: VecDeque<(u64, Act)>,
    announced: Standing,
}

impl Quorum {
    /// A member as it finds its storage.
    pub fn open(
        options: QuorumOptions,
        me: ReplicaKey,
        voters: Voters,
        (state, log): (ElectionState, LogFacts),
        scene: &mut Scene<'_>,
    ) -> Self {
        // What is in the log was in that epoch, whatever the document says.
        let known = log.last().epoch;
        let state =
            if state.epoch < known { ElectionState { epoch: known, ..ElectionState::default() } } else { state };
        let mut quorum = Self {
            me,
            options,
            known: voters.ids().collect(),
            voters,
            state,
            role: Role::begin(),
            log,
            high_watermark: 0,
            links: Links::default(),
            version: 0,
            durable_version: 0,
            held: VecDeque::new(),
            announced: Standing { epoch: -1, leader: None },
        };
        quorum.enter_as_found(scene);
        quorum.pursue(scene);
        quorum
    }

    pub fn me(&self) -> ReplicaKey {
        self.me
    }

    pub fn role(&self) -> &Role {
        &self.role
    }

    pub fn state(&self) -> ElectionState {
        self.state
    }

    pub fn log(&self) -> &LogFacts {
        &self.log
    }

    pub fn voters(&self) -> &Voters {
        &self.voters
    }

    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Requests that are not answered yet.
    pub fn unanswered(&self) -> Vec<RequestId> {
        let parked = match &self.role {
            Role::Leader(leader) => leader.parked.values().map(|fetch| fetch.request).collect(),
            _ => Vec::new(),
        };
        parked.into_iter().chain(self.held.iter().filter_map(|(_, act)| act.request())).collect()
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    pub fn standing(&self) -> Standing {
        Standing { epoch: self.state.epoch, leader: self.state.leader }
    }

    fn is_voter(&self) -> bool {
        self.voters.contains(self.me)
    }

    /// The election state of `version` is durable.
    pub fn on_persisted(&mut self, scene: &mut Scene<'_>, version: u64) {
        self.durable_version = self.durable_version.max(version);
        while self.held.front().is_some_and(|(held, _)| *held <= self.durable_version) {
            scene.acts.extend(self.held.pop_front().map(|(_, act)| act));
        }
        self.count_own_vote(scene);
        self.pursue(scene);
    }

    /// Records of `epoch` were appended up to `end` (exclusive). They count once they are synced.
    pub fn on_appended(&mut self, scene: &mut Scene<'_>, epoch: LeaderEpoch, end: Offset) {
        self.log.append(epoch, end);
        self.release_fetches(scene);
    }

    /// The log is durable up to `end`.
    pub fn on_synced(&mut self, scene: &mut Scene<'_>, end: Offset) {
        self.log.synced_end = self.log.synced_end.max(end.min(self.log.end));
        self.advance_high_watermark(scene);
        self.pursue(scene);
    }

    pub fn on_question(&mut self, scene: &mut Scene<'_>, request: RequestId, question: Question) {
        match question {
            Question::Vote { epoch, candidate, voter, last, is_pre_vote } => {
                let said = self.on_vote(scene, epoch, (candidate, voter), last, is_pre_vote);
                self.answer(scene, request, said);
            }
            Question::BeginQuorumEpoch { epoch, leader, voter } => {
                let said = self.on_begin_epoch(scene, epoch, leader, voter);
                self.answer(scene, request, said);
            }
            Question::EndQuorumEpoch { epoch, leader, successors } => {
                let said = self.on_end_epoch(scene, epoch, leader, &successors);
                self.answer(scene, request, said);
            }
            Question::Fetch { epoch, replica, from, high_watermark } => {
                self.on_fetch(scene, request, (epoch, replica), from, high_watermark);
            }
            Question::FetchSnapshot { epoch, replica, snapshot, position } => {
                self.on_fetch_snapshot(scene, request, (epoch, replica), (snapshot, position));
            }
        }
        self.pursue(scene);
    }

    pub fn on_answer(&mut self, scene: &mut Scene<'_>, from: BrokerId, ask: AskId, answer: Answer) {
        if !self.links.answered(from, ask) {
            return;
        }
        if self.learn(scene, answer.standing) || answer.standing.epoch < self.state.epoch {
            // It speaks of another epoch than the one it was asked in.
            return self.pursue(scene);
        }
        match answer.said {
            Ok(Said::Vote { is_granted }) => self.on_vote_answer(scene, from, is_granted),
            Ok(Said::Heard) => self.on_heard(from),
            Ok(Said::Fetched { high_watermark, records }) => self.on_fetched(scene, from, high_watermark, records),
            Ok(Said::Diverging { end }) => self.on_diverging(scene, from, end),
            Ok(Said::BelowStart { snapshot }) => self.on_below_start(scene, from, snapshot),
            Ok(Said::SnapshotFetched { snapshot, size, position, bytes }) => {
                self.on_snapshot_fetched(scene, from, SnapshotPiece { snapshot, size, position, bytes });
            }
            Err(error) => {
                self.on_snapshot_error(error);
                self.links.rest(from, scene.now + RETRY_BACKOFF);
            }
        }
        self.pursue(scene);
    }

    /// No answer will come.
    pub fn on_unanswered(&mut self, scene: &mut Scene<'_>, from: BrokerId, ask: AskId) {
        if self.links.answered(from, ask) {
            self.links.rest(from, scene.now + RETRY_BACKOFF);
        }
    }

    pub fn on_tick(&mut self, scene: &mut Scene<'_>) {
        self.release_fetches(scene);
        if self.role.deadline().is_some_and(|deadline| deadline <= scene.now) {
            self.on_timeout(scene);
        }
        self.pursue(scene);
    }

    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        [self.role.deadline(), self.role.next_parked(), self.links.next_deadline(now)].into_iter().flatten().min()
    }

    /// Asks whom the role has to ask.
    fn pursue(&mut self, scene: &mut Scene<'_>) {
        match &self.role {
            Role::Unattached(_) => self.look_for_leader(scene),
            Role::Prospective(_) | Role::Candidate(_) => self.ask_for_votes(scene),
            Role::Leader(_) => self.tell_who_leads(scene),
            Role::Follower(_) => self.fetch(scene),
            Role::Resigned(_) => self.tell_the_end(scene),
        }
    }

    fn ask(&mut self, scene: &mut Scene<'_>, to: BrokerId, question: Question) {
        let ask = self.links.ask(to, scene.now + self.options.request_timeout);
        self.say(scene, Act::Ask { to, ask, question });
    }

    fn answer(&mut self, scene: &mut Scene<'_>, request: RequestId, said: Result<Said, ErrorCode>) {
        let answer = Answer { standing: self.standing(), said };
        self.say(scene, Act::Answer { request, answer });
    }

    /// Does `act` once everything it rests on is durable.
    fn say(&mut self, scene: &mut Scene<'_>, act: Act) {
        match self.durable_version == self.version {
            true => scene.acts.push(act),
            false => self.held.push_back((self.version, act)),
        }
    }
}
