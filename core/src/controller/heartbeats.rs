//! What brokers said of themselves lately. No log has it (`BrokerHeartbeatManager`).

use std::time::Duration;

use super::{Controller, Decision, Moment, catalog::Refused, image::Image};
use crate::{
    error::ErrorCode,
    ids::*,
    sorted::SortedMap,
    time::{Instant, sooner},
};

/// What a broker says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub broker: BrokerId,
    pub epoch: BrokerEpoch,
    /// The last record that it has followed.
    pub metadata_offset: Offset,
    pub wants_fence: bool,
    pub wants_shutdown: bool,
    pub offline_directories: Vec<DirectoryId>,
    /// `None`: it does not say.
    pub cordoned_directories: Option<Vec<DirectoryId>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeartbeatReply {
    /// It has followed as far as its own registration.
    pub is_caught_up: bool,
    pub is_fenced: bool,
    pub in_controlled_shutdown: bool,
    /// It leads nothing any more that anybody would miss.
    pub should_shut_down: bool,
}

#[derive(Clone, Debug)]
struct Session {
    epoch: BrokerEpoch,
    /// `None`: it was told to leave, and another run may take its place at once.
    last_contact: Option<Instant>,
    metadata_offset: Offset,
    /// The last record of its registration, or a later one.
    registered_at: Offset,
    /// The last record of those that took its leaderships away.
    leaves_at: Option<Offset>,
}

#[derive(Clone, Debug)]
pub(super) struct Heartbeats {
    timeout: Duration,
    sessions: SortedMap<BrokerId, Session>,
}

/// Where a broker stands, and where it goes by a heartbeat (`BrokerControlState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Fenced,
    Unfenced,
    ControlledShutdown,
    ShutdownNow,
}

impl Heartbeats {
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, sessions: SortedMap::new() }
    }

    pub fn clear(&mut self) {
        self.sessions.clear();
    }

    /// A new controller has heard nobody yet: every broker gets a session's time from now on.
    pub fn begin(&mut self, image: &Image, moment: Moment) {
        self.clear();
        for broker in image.brokers().values() {
            self.register(broker.id, broker.epoch, Moment { next_offset: moment.next_offset - 1, ..moment });
        }
    }

    /// `at.next_offset` is where the registration's last record is.
    pub fn register(&mut self, broker: BrokerId, epoch: BrokerEpoch, at: Moment) {
        let session = Session {
            epoch,
            last_contact: Some(at.now),
            metadata_offset: -1,
            registered_at: at.next_offset,
            leaves_at: None,
        };
        self.sessions.insert(broker, session);
    }

    pub fn forget(&mut self, broker: BrokerId) {
        self.sessions.remove(&broker);
    }

    pub fn is_valid(&self, broker: BrokerId, epoch: BrokerEpoch, now: Instant) -> bool {
        let session = self.sessions.get(&broker).filter(|session| session.epoch == epoch);
        session.and_then(|session| session.last_contact).is_some_and(|last| now <= last + self.timeout)
    }

    /// The first broker whose session is over though it is not fenced. One at a time: what fencing it changes is to be
    /// seen before the next.
    pub fn stale(&self, image: &Image, now: Instant) -> Option<BrokerId> {
        let unfenced = image.brokers().values().filter(|broker| !broker.is_fenced);
        unfenced.filter(|broker| !self.is_valid(broker.id, broker.epoch, now)).map(|broker| broker.id).next()
    }

    /// When the next session is over.
    pub fn next_deadline(&self, image: &Image) -> Option<Instant> {
        let unfenced = image.brokers().values().filter(|broker| !broker.is_fenced);
        // A session is over once its time has passed, which a microsecond later it has.
        let over = |last: Instant| last + self.timeout + Duration::from_micros(1);
        let deadlines = unfenced.map(|broker| self.sessions.get(&broker.id)?.last_contact.map(over));
        deadlines.fold(None, |first, next| sooner(first, Some(next.unwrap_or_default())))
    }

    /// The record that every active broker has followed to.
    fn lowest_active(&self, image: &Image) -> Offset {
        let active = image.brokers().values().filter(|broker| broker.is_active());
        let offsets = active.filter_map(|broker| self.sessions.get(&broker.id));
        offsets
            .filter(|session| session.leaves_at.is_none())
            .map(|session| session.metadata_offset)
            .min()
            .unwrap_or(Offset::MAX)
    }

    fn next_standing(&self, image: &Image, heartbeat: &Heartbeat) -> (Standing, Standing) {
        let id = heartbeat.broker;
        let session = self.sessions.get(&id);
        let is_fenced = image.broker(id).is_none_or(|broker| broker.is_fenced);
        let leaves_at = session.and_then(|session| session.leaves_at);
        let leads = || image.topics().partitions().any(|(_, partition)| partition.leader == Some(id));
        let Heartbeat { wants_fence, wants_shutdown, .. } = *heartbeat;
        if is_fenced {
            let is_caught_up = session.is_some_and(|session| heartbeat.metadata_offset >= session.registered_at);
            let next = match (wants_shutdown, wants_fence) {
                (true, _) => Standing::ShutdownNow,
                (false, false) if is_caught_up => Standing::Unfenced,
                (false, _) => Standing::Fenced,
            };
            return (Standing::Fenced, next);
        }
        if let Some(leaves_at) = leaves_at {
            let may_leave = !leads() && leaves_at <= self.lowest_active(image);
            let next = if may_leave { Standing::ShutdownNow } else { Standing::ControlledShutdown };
            return (Standing::ControlledShutdown, next);
        }
        let next = match (wants_fence, wants_shutdown) {
            (true, true) => Standing::ShutdownNow,
            (true, false) => Standing::Fenced,
            (false, true) if leads() => Standing::ControlledShutdown,
            (false, true) => Standing::ShutdownNow,
            (false, false) => Standing::Unfenced,
        };
        (Standing::Unfenced, next)
    }

    fn touch(&mut self, heartbeat: &Heartbeat, next: Standing, moment: Moment) {
        let Some(session) = self.sessions.get_mut(&heartbeat.broker) else { return };
        session.last_contact = (next != Standing::ShutdownNow).then_some(moment.now);
        session.metadata_offset = heartbeat.metadata_offset;
        match next {
            Standing::ControlledShutdown => _ = session.leaves_at.get_or_insert(moment.next_offset),
            Standing::Fenced | Standing::ShutdownNow => session.leaves_at = None,
            Standing::Unfenced => {}
        }
    }
}

impl<A> Controller<A> {
    /// BrokerHeartbeat.
    ///
    /// # Errors
    /// `StaleBrokerEpoch` for a run of the broker that is not registered.
    pub fn heartbeat(&mut self, moment: Moment, heartbeat: &Heartbeat) -> Decision<Result<HeartbeatReply, Refused>> {
        if let Err(refused) = check_broker_epoch(self.end(), heartbeat.broker, heartbeat.epoch) {
            return Decision::reply(Err(refused));
        }
        // The image of a controller that took over has brokers that its heartbeats do not know, if they came between.
        let (now, last) = self.heartbeats.next_standing(self.end(), heartbeat);
        let mut draft = self.draft();
        let id = heartbeat.broker;
        if now != last {
            match last {
                Standing::Fenced | Standing::ShutdownNow => draft.fence(id),
                Standing::Unfenced => draft.unfence(id),
                Standing::ControlledShutdown => draft.begin_controlled_shutdown(id),
            }
        }
        draft.set_directories(id, &heartbeat.offline_directories, heartbeat.cordoned_directories.as_deref());
        let decision = draft.decision(());
        let last_record = moment.next_offset + decision.records.len() as Offset - 1;
        self.heartbeats.touch(heartbeat, last, Moment { next_offset: last_record, ..moment });
        let registered_at = self.heartbeats.sessions.get(&id).map_or(0, |session| session.registered_at);
        let reply = HeartbeatReply {
            is_caught_up: heartbeat.metadata_offset >= registered_at,
            is_fenced: matches!(last, Standing::Fenced | Standing::ShutdownNow),
            in_controlled_shutdown: last == Standing::ControlledShutdown,
            should_shut_down: last == Standing::ShutdownNow,
        };
        decision.map(|()| Ok(reply))
    }
}

/// Whether the broker speaks for the run of it that is registered.
pub(super) fn check_broker_epoch(image: &Image, id: BrokerId, epoch: BrokerEpoch) -> Result<(), Refused> {
    let why = match image.broker(id) {
        None => format!("No broker registration found for broker id {id}"),
        Some(broker) if broker.epoch != epoch => {
            format!("Expected broker epoch {}, but got broker epoch {epoch}", broker.epoch)
        }
        Some(_) => return Ok(()),
    };
    Err(Refused::new(ErrorCode::StaleBrokerEpoch, why))
}
