//! The request path of the note's third drawing: acceptor, processors, request queue, handlers, log, purgatory,
//! response queues. One file per Kafka API in `api/`, one per kind of wait in `wait/`.
//!
//! ```text
//! network ──▶ request_queue ──▶ handlers ──▶ api/*  ──▶ topics (catalog, partitions, log dir)
//!    ▲                                         │             │ a commit ends, a high watermark moves
//!    └──────── respond ◀───────────────────────┴── wait/* ◀──┘
//! ```

mod api;
mod audit;
pub mod decide;
mod handlers;
pub mod network;
pub mod peer;
pub mod registration;
mod request_queue;
mod respond;
pub mod stages;
#[cfg(test)]
mod tests;
mod topics;
mod wait;

use bytes::Bytes;

pub use audit::Audit;
pub use network::NetworkLimits;
pub use topics::Topics;

use self::{
    api::{Ask, Handled},
    handlers::Handlers,
    network::Network,
    peer::{Asked, Lost, Member, Reply, Sending},
    request_queue::RequestQueue,
    stages::StageTimes,
    wait::{Released, Waits},
};
use crate::{
    controller::{Image, NewTopic},
    effect::{Effect, Listener, StorageError},
    ids::*,
    log::{CommitOutcome, LogDir, Mark},
    time::{Instant, sooner},
    trace::event::CloseReason,
    turn::Turn,
};

/// How many requests are parked, by what they wait for: what the page shows of the purgatory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parked {
    pub produce: u32,
    pub fetch: u32,
    pub list_offsets: u32,
    pub commit: u32,
}

/// A broker that serves.
#[derive(Clone, Debug)]
pub struct Broker {
    network: Network,
    queue: RequestQueue,
    handlers: Handlers,
    stages: StageTimes,
    waits: Waits,
    topics: Topics,
    /// Clients are let in.
    is_open: bool,
}

impl Broker {
    pub fn new(topics: Topics, limits: NetworkLimits, stages: StageTimes) -> Self {
        Self {
            network: Network::new(limits, stages),
            queue: RequestQueue::default(),
            handlers: Handlers::default(),
            stages,
            waits: Waits::new(limits.fetch_sessions_max),
            topics,
            is_open: true,
        }
    }

    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    pub fn limit_memory(&mut self, request_bytes: u64, hot_bytes: u64) {
        self.network.limit_memory(request_bytes);
        self.topics.dir.limit_memory(hot_bytes);
    }

    pub fn parked(&self) -> Parked {
        Parked {
            produce: self.waits.produce.len() as u32,
            fetch: self.waits.fetch.len() as u32,
            list_offsets: self.waits.list_offsets.len() as u32,
            commit: (self.waits.commit.len() + self.waits.delete_records.len()) as u32,
        }
    }

    /// From here on peers are let in, and what they ask waits in `take_asked`.
    pub fn join(&mut self, member: Member) {
        self.topics.enter_cluster();
        self.waits.peer.join(member);
        // Who is served is known once the controller has unfenced this broker.
        self.is_open = false;
    }

    /// The log dir, which the metadata log shares.
    pub fn dir_mut(&mut self) -> &mut LogDir {
        &mut self.topics.dir
    }

    /// What the controller decided, as far as it is committed: up to the offset `end` of the metadata log.
    pub fn follow(&mut self, turn: &mut Turn<'_>, image: &Image, end: Offset) {
        self.topics.follow(turn, image, end);
    }

    /// All of the metadata is known: what storage has beside it goes.
    pub fn remove_strays(&mut self, turn: &mut Turn<'_>) {
        self.topics.remove_strays(turn);
    }

    /// Clients are let in. False if they are already.
    pub fn open_to_clients(&mut self) -> bool {
        !std::mem::replace(&mut self.is_open, true)
    }

    /// Topics that clients asked for and that the controller is to create.
    pub fn take_wanted(&mut self) -> Vec<NewTopic> {
        let default = |name| NewTopic { name, partitions: -1, replication_factor: -1, ..NewTopic::default() };
        self.topics.take_wanted().into_iter().map(default).collect()
    }

    /// Whether a block of producer ids is to be asked for, which then ends in `on_producer_ids`.
    pub fn wants_producer_ids(&mut self) -> bool {
        self.topics.catalog.take_wish_for_producer_ids()
    }

    /// A block of producer ids, or none could be had.
    pub fn on_producer_ids(&mut self, block: Option<std::ops::Range<ProducerId>>) {
        self.topics.catalog.take_producer_ids(block);
    }

    /// What peers asked since this was called last. Each waits for its `answer_peer`.
    pub fn take_asked(&mut self) -> Vec<(RequestId, Asked)> {
        self.waits.peer.take()
    }

    /// Nothing if the peer has gone meanwhile.
    pub fn answer_peer(&mut self, turn: &mut Turn<'_>, request: RequestId, reply: Reply) {
        let released = self.waits.peer.answer(turn, request, reply);
        self.answer_all(turn, released);
    }

    /// Who leads the quorum as far as is known here. Requests that the active controller answers are handled here if
    /// `is_here`, else they wait in `take_forwards`.
    pub fn on_controller(&mut self, controller: Option<BrokerId>, is_here: bool) {
        self.waits.peer.lead(is_here);
        self.waits.forward.on_controller(controller.filter(|_| !is_here));
    }

    /// Clients' requests that are to be sent to the active controller now. Each is to be given its end in `on_forwarded`.
    pub fn take_forwards(&mut self, now: Instant) -> Vec<Sending> {
        self.waits.forward.take(now)
    }

    /// This node is not the controller (any more). True if the request came in an envelope, which its sender gets back; any
    /// other is to be answered in its API's own words.
    pub fn give_back(&mut self, turn: &mut Turn<'_>, request: RequestId) -> bool {
        let given_back = self.waits.envelopes.give_back(request);
        let is_enveloped = given_back.is_some();
        if is_enveloped {
            self.waits.peer.release(turn, request);
        }
        self.answer_all(turn, given_back.into_iter().collect());
        is_enveloped
    }

    /// The controller's answer, header and body. Nothing if the client has gone meanwhile.
    pub fn on_forwarded(&mut self, turn: &mut Turn<'_>, request: RequestId, told: Result<Bytes, Lost>) {
        let released = self.waits.forward.on_told(turn, request, told);
        self.answer_all(turn, released);
    }

    pub fn on_opened(&mut self, turn: &mut Turn<'_>, connection: ConnectionId, from: (Listener, &str)) {
        let is_let_in = match from.0 {
            Listener::Broker => self.waits.peer.is_member(),
            Listener::Client => self.is_open,
        };
        if !is_let_in {
            return turn.effects.push(Effect::Close { connection });
        }
        self.network.on_opened(turn, &self.topics.catalog.config, connection, from);
    }

    pub fn on_bytes(&mut self, connection: ConnectionId, bytes: Bytes) {
        self.network.on_bytes(connection, bytes);
    }

    pub fn on_closed(&mut self, turn: &mut Turn<'_>, connection: ConnectionId) {
        self.network.on_closed(turn, connection);
    }

    /// Gives the outcome, if it was a commit.
    pub fn on_committed(&mut self, turn: &mut Turn<'_>, io: IoId) -> Option<CommitOutcome> {
        let outcome = self.topics.dir.on_committed(turn, io)?;
        self.on_outcome(turn, &outcome);
        Some(outcome)
    }

    /// Gives the outcome, if it was a commit or took the log dir along.
    pub fn on_failed(&mut self, turn: &mut Turn<'_>, io: IoId, why: StorageError) -> Option<CommitOutcome> {
        let outcome = self.topics.dir.on_failed(turn, io, why);
        if let Some(outcome) = &outcome {
            self.on_outcome(turn, outcome);
        }
        let mut released = self.waits.fetch.on_load_failed(turn, &self.topics, io);
        released.extend(self.waits.list_offsets.on_load_failed(turn, &mut self.topics, io));
        self.answer_all(turn, released);
        outcome
    }

    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, io: IoId, bytes: &Bytes) {
        self.topics.dir.on_loaded(turn, io, bytes);
        let mut released = self.waits.fetch.on_loaded(turn, &self.topics, io, bytes);
        released.extend(self.waits.list_offsets.on_loaded(turn, &mut self.topics, io, bytes));
        self.answer_all(turn, released);
    }

    fn on_outcome(&mut self, turn: &mut Turn<'_>, outcome: &CommitOutcome) {
        self.topics.on_outcome(turn, outcome);
        let mut released: Released = self.waits.delete_records.on_outcome(turn, &self.topics, outcome);
        match outcome {
            CommitOutcome::Committed(marks) => {
                if marks.iter().any(|mark| matches!(mark, Mark::Catalog(_))) {
                    released.extend(self.waits.commit.on_committed(turn, self.topics.committed_version()));
                }
            }
            CommitOutcome::Failed { .. } => {
                released.extend(self.waits.produce.on_dir_failed(turn));
                released.extend(self.waits.commit.on_dir_failed(turn));
            }
        }
        self.answer_all(turn, released);
    }

    pub fn on_tick(&mut self, turn: &mut Turn<'_>) {
        self.network.on_tick(turn, &self.topics.catalog.config);
        self.topics.on_tick(turn);
        let mut released = self.waits.produce.expire(turn);
        released.extend(self.waits.commit.expire(turn));
        released.extend(self.waits.forward.expire(turn));
        released.extend(self.waits.fetch.expire(turn, &mut self.topics));
        released.extend(self.waits.list_offsets.expire(turn));
        released.extend(self.waits.delete_records.expire(turn, &self.topics));
        self.answer_all(turn, released);
    }

    /// `now`: when the latest turn was.
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let stages = sooner(self.network.next_deadline(now), self.handlers.next_deadline());
        let own = sooner(stages, self.topics.next_deadline());
        self.waits.deadlines().into_iter().fold(own, sooner)
    }

    /// The rest of a turn: requests that may go on do, answers go out, the commit is issued.
    pub fn finish_turn(&mut self, turn: &mut Turn<'_>) {
        loop {
            self.settle(turn);
            let mut has_worked = self.network.work(turn, &mut self.queue, &self.topics.catalog.config);
            let round = self.handlers.work(turn, &mut self.queue, &self.topics, self.stages);
            has_worked |= !round.is_empty();
            for request in round {
                let ask = request.ask;
                let handled = handlers::handle(turn, &mut self.topics, &mut self.waits, request);
                self.conclude(turn, ask, handled);
            }
            self.settle(turn);
            self.topics.finish_round(turn);
            if !has_worked {
                break;
            }
        }
    }

    /// Queues a clean shutdown. False if there is nothing to wait for.
    pub fn stop(&mut self, turn: &mut Turn<'_>) -> bool {
        let must_wait = self.topics.stop();
        self.topics.finish_round(turn);
        must_wait
    }

    /// A turn while it stops: answers go out, the next commit is issued, and nothing new is queued for it.
    pub fn go_on_stopping(&mut self, turn: &mut Turn<'_>) {
        self.settle(turn);
        self.topics.issue(turn);
    }

    /// The last answers go out, then every connection ends.
    pub fn close_all(&mut self, turn: &mut Turn<'_>) {
        self.network.close_all(turn, CloseReason::Stopping);
    }

    /// Answers whoever waited for what has happened to partitions, and forgets what closed connections waited for.
    fn settle(&mut self, turn: &mut Turn<'_>) {
        loop {
            for connection in self.network.take_closed() {
                self.waits.on_closed(connection);
            }
            let touched = self.topics.take_touched();
            if touched.is_empty() {
                break;
            }
            for id in touched {
                let mut released = self.waits.produce.on_touched(turn, &self.topics, id);
                released.extend(self.waits.fetch.on_touched(turn, &mut self.topics, id));
                self.answer_all(turn, released);
            }
        }
    }

    fn answer_all(&mut self, turn: &mut Turn<'_>, released: Released) {
        for (ask, handled) in released {
            self.conclude(turn, ask, handled);
        }
    }

    fn conclude(&mut self, turn: &mut Turn<'_>, ask: Ask, handled: Handled) {
        let frame = match self.waits.envelopes.seal(ask.request, handled) {
            Handled::Reply(frame) => Some(frame),
            Handled::Silent => None,
            Handled::Parked => return self.leave_if_gone(ask.connection),
            Handled::AfterCommit { version, timeout, answers } => {
                self.waits.commit.park(turn, ask, version, timeout, answers);
                return self.leave_if_gone(ask.connection);
            }
            Handled::Close(why) => return self.network.close(turn, ask.connection, why),
        };
        self.network.answer(turn, ask.connection, ask.request, frame);
    }

    /// P3: a request that was in a handler when its connection ended waits for nothing: its memory is counted no more.
    fn leave_if_gone(&mut self, connection: ConnectionId) {
        if !self.network.is_open(connection) {
            self.waits.on_closed(connection);
        }
    }
}
