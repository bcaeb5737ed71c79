//! What makes a broker process a member of a cluster: the metadata log and its quorum, the controller that decides on it, the
//! broker's registration, and the connections to the other members.
//!
//! ```text
//!              asked ──▶ ┌─────────────┐ ──▶ said
//!   broker (peers' and   │ MetadataLog │      to peers (links), to whoever asked
//!   clients' requests)   └─────────────┘
//!        │                 │ committed records, who leads
//!        ▼                 ▼
//!      decisions ◀── Controller (image) ──▶ Topics: logs come and go, leaders change
//! ```
//! It stands beside the broker and is given its turn after it. Nothing here waits: whoever is to have an answer is kept
//! with the decision (`Due`), with the errand, or in the broker's `wait/`.

mod decisions;
mod life;
mod quorum;
mod snapshot;

use std::time::Duration;

use bytes::Bytes;

use self::snapshot::{BYTES_BETWEEN, Progress};
use crate::{
    broker::{
        Broker,
        decide::Due,
        peer::{Errand, Links, METADATA_TOPIC, Member},
        registration::{Life, Registration, RegistrationOptions},
    },
    controller::{Controller, ControllerOptions, Image},
    effect::Address,
    error::Fatal,
    ids::*,
    log::CommitOutcome,
    quorum::{FoundLog, MetadataLog, QuorumOptions, ReplicaKey, Voters},
    sorted::SortedMap,
    time::{Instant, sooner},
    trace::Event,
    turn::Turn,
};

/// Followers do not fetch yet: a second replica would be said to be in sync and have nothing.
const REPLICAS_MAX: usize = 1;

/// What a node is told of the cluster that it is to be a member of.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// `controller.quorum.voters`: who votes, and where its peers reach it.
    pub voters: SortedMap<BrokerId, Address>,
    /// Where peers reach this node.
    pub address: Address,
    /// `process.roles`: whether it keeps partitions. A voter is a controller too.
    pub is_broker: bool,
    pub rack: Option<String>,
    pub quorum: QuorumOptions,
    pub registration: RegistrationOptions,
    /// `broker.session.timeout.ms`.
    pub session_timeout: Duration,
    /// Bytes of committed records between two snapshots.
    pub snapshot_bytes: u64,
}

impl ClusterOptions {
    /// A broker and, if it is among the voters, a controller, with Kafka's defaults.
    pub fn new(voters: SortedMap<BrokerId, Address>, address: Address) -> Self {
        Self {
            voters,
            address,
            is_broker: true,
            rack: None,
            quorum: QuorumOptions::default(),
            registration: RegistrationOptions::default(),
            session_timeout: Duration::from_secs(9),
            snapshot_bytes: BYTES_BETWEEN,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Cluster {
    options: ClusterOptions,
    log: MetadataLog,
    controller: Controller<Due>,
    /// `None`: a controller that is no broker.
    registration: Option<Registration>,
    links: Links,
    /// Of this log dir.
    directory: DirectoryId,
    /// This node is to begin as controller, once all before its epoch is committed and known.
    is_elected: bool,
    progress: Progress,
    /// A snapshot on its way in.
    incoming: Option<Image>,
    /// It must not go on, and why.
    fatal: Option<String>,
    /// Up to where the broker was told what the controller decided.
    followed: Offset,
    /// What storage has of partitions that are not here is gone.
    has_swept: bool,
}

impl Cluster {
    /// As the log dir has it, of which `broker` has the rest.
    pub fn open(
        turn: &mut Turn<'_>,
        options: ClusterOptions,
        broker: &mut Broker,
        directory: DirectoryId,
        found: FoundLog,
    ) -> Self {
        let catalog = &broker.topics().catalog;
        let key = key_of(catalog.broker);
        let member = Member { cluster_id: catalog.cluster_id.clone(), key, address: options.address.clone() };
        let controller = ControllerOptions {
            config: catalog.started_config().clone(),
            session_timeout: options.session_timeout,
            replicas_max: REPLICAS_MAX,
            ..ControllerOptions::new(member.cluster_id.clone(), key.id)
        };
        broker.join(member.clone());
        let registration =
            options.is_broker.then(|| Registration::new(options.registration, turn.rng, turn.now.monotonic));
        let mut links = Links::new(member);
        for (voter, address) in options.voters.iter() {
            links.learn(turn, *voter, address);
        }
        let voters = Voters::new(options.voters.keys().copied().map(key_of));
        Self {
            log: MetadataLog::open(turn, broker.dir_mut(), found, (key, voters), options.quorum),
            controller: Controller::new(controller, Image::default(), 0),
            registration,
            links,
            directory,
            is_elected: false,
            progress: Progress::default(),
            incoming: None,
            fatal: None,
            followed: 0,
            has_swept: false,
            options,
        }
    }

    pub fn log(&self) -> &MetadataLog {
        &self.log
    }

    /// What is committed, as far as this node has followed.
    pub fn image(&self) -> &Image {
        self.controller.image()
    }

    /// Offset after the last record that `image` has.
    pub fn image_end(&self) -> Offset {
        self.controller.image_end()
    }

    /// Whether decisions are made here.
    pub fn is_controller(&self) -> bool {
        self.controller.is_active()
    }

    pub fn life(&self) -> Option<Life> {
        self.registration.as_ref().map(Registration::life)
    }

    pub fn links(&self) -> &Links {
        &self.links
    }

    pub fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }

    /// Storage did what was asked, or did not.
    pub fn on_outcome(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, outcome: &CommitOutcome) {
        self.log.on_outcome(turn, broker.dir_mut(), outcome);
        if let (CommitOutcome::Failed { .. }, Some(registration)) = (outcome, &mut self.registration) {
            // What was led here may be led again only in an epoch that the controller gives.
            registration.begin_anew(turn.rng, turn.now.monotonic);
        }
    }

    /// Whether the bytes were for the metadata log.
    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, broker: &mut Broker, io: IoId, bytes: Option<&Bytes>) -> bool {
        self.log.on_loaded(turn, broker.dir_mut(), io, bytes)
    }

    /// Why this node must not go on.
    pub fn fatal(&self) -> Option<Fatal> {
        let why = self.fatal.clone()?;
        Some(Fatal { file: METADATA_TOPIC.to_owned(), why })
    }

    /// Somebody else is to lead the quorum.
    pub fn resign(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) {
        self.log.resign(turn, broker.dir_mut());
        self.work(turn, broker);
    }

    pub fn on_tick(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) {
        self.links.on_tick(turn);
        self.log.on_tick(turn, broker.dir_mut());
    }

    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let registration = self.registration.as_ref().and_then(Registration::next_deadline);
        let quorum = sooner(self.log.next_deadline(now), self.links.next_deadline());
        sooner(sooner(quorum, registration), self.controller.next_deadline())
    }

    /// Its part of a turn. True if it did something that the broker may go on with.
    pub fn work(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        let mut has_worked = false;
        loop {
            let mut goes_on = self.take_asked(turn, broker);
            goes_on |= self.take_heard(turn, broker);
            goes_on |= self.take_told(turn, broker);
            self.keep_snapshot(turn, broker);
            goes_on |= self.go_by_the_clock(turn, broker);
            goes_on |= self.live(turn, broker);
            goes_on |= self.follow(turn, broker);
            goes_on |= self.forward(turn, broker);
            if !goes_on {
                return has_worked;
            }
            has_worked = true;
        }
    }

    /// The operator stops this node: others lead what it leads before it does. True if it is worth waiting for.
    pub fn leave(&mut self, turn: &mut Turn<'_>) -> bool {
        let now = turn.now.monotonic;
        self.registration.as_mut().is_some_and(|registration| registration.leave(now))
    }

    fn send(&mut self, turn: &mut Turn<'_>, to: BrokerId, errand: Errand) {
        self.links.ask(turn, to, errand, self.options.quorum.request_timeout);
    }

    /// Whether its leader is known, or it leads itself.
    fn leader(&self) -> Option<BrokerId> {
        self.log.standing().leader
    }

    /// The broker is told what the controller decided. Only what is committed (Q10).
    fn follow(&mut self, turn: &mut Turn<'_>, broker: &mut Broker) -> bool {
        if self.controller.image_end() == self.followed || self.registration.is_none() {
            return false;
        }
        self.followed = self.controller.image_end();
        turn.note(Event::MetadataFollowed { offset: self.followed });
        broker.follow(turn, self.controller.image(), self.followed);
        true
    }
}

/// Voters that are configured are known by their ids alone (`kraft.version` 0).
fn key_of(id: BrokerId) -> ReplicaKey {
    ReplicaKey { id, directory: DirectoryId::ZERO }
}
