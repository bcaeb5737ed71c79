//! Brokers come, go, and are fenced (`ClusterControlManager`, `ReplicationControlManager`).

use std::sync::Arc;

use super::{
    Controller, Decision, Moment, catalog::Refused, draft::Draft, features::check_registered_features, image::Image,
};
use crate::{error::ErrorCode, ids::*, record::internal::metadata::*, sorted::SortedSet};

/// Brokers, and controllers, that may be registered. Kafka has no such bound.
const NODES_MAX: usize = 1_000;

/// What a broker tells of itself when it starts (BrokerRegistration).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerRegistrationRequest {
    pub cluster_id: String,
    pub broker: BrokerId,
    pub incarnation: IncarnationId,
    pub listeners: Vec<Endpoint>,
    pub features: Vec<SupportedFeature>,
    pub rack: Option<Arc<str>>,
    pub directories: Vec<DirectoryId>,
    pub cordoned_directories: Option<Vec<DirectoryId>>,
    /// The epoch of the run whose clean end it found in its log dir, -1 for none; `None` where the request's version has
    /// no place for it. Any other than the last one's says that what it held may be lost.
    pub previous_epoch: Option<BrokerEpoch>,
}

/// What a controller tells of itself (ControllerRegistration).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerRegistrationRequest {
    pub controller: BrokerId,
    pub incarnation: IncarnationId,
    pub listeners: Vec<Endpoint>,
    pub features: Vec<SupportedFeature>,
}

impl<A> Controller<A> {
    /// BrokerRegistration: gives the broker's epoch. Told twice by one run, it stays what it was.
    ///
    /// # Errors
    /// `InconsistentClusterId`; `DuplicateBrokerRegistration` while another run of that id is heard;
    /// `InvalidRegistration` for directories that cannot be; `UnsupportedVersion` for features that are on and that it
    /// does not have; `PolicyViolation` where there are too many.
    pub fn register_broker(
        &mut self,
        moment: Moment,
        request: &BrokerRegistrationRequest,
    ) -> Decision<Result<BrokerEpoch, Refused>> {
        let image = self.end();
        let existing = image.broker(request.broker).map(|broker| (broker.incarnation, broker.epoch));
        let is_taken = |(incarnation, epoch)| {
            incarnation != request.incarnation && self.heartbeats.is_valid(request.broker, epoch, moment.now)
        };
        let checked = self.check_cluster(&request.cluster_id).and_then(|()| {
            if existing.is_some_and(is_taken) {
                let why = "Another broker is registered with that broker id. If the broker was recently restarted this \
                           should self-resolve once the heartbeat manager expires the broker's session.";
                return Err(Refused::new(ErrorCode::DuplicateBrokerRegistration, why));
            }
            check_room(image.brokers().len() + usize::from(existing.is_none()))?;
            check_directories(image, request)?;
            check_registered_features(image, &request.features)
        });
        if let Err(refused) = checked {
            return Decision::reply(Err(refused));
        }
        let mut draft = self.draft();
        let mut record = registration(request, moment.next_offset);
        match existing.filter(|(incarnation, _)| *incarnation == request.incarnation) {
            Some((_, epoch)) => {
                let broker = draft.image.broker(request.broker);
                record.broker_epoch = epoch;
                record.fenced = broker.is_none_or(|broker| broker.is_fenced);
                record.in_controlled_shutdown = broker.is_some_and(|broker| broker.in_controlled_shutdown);
            }
            None => {
                let last_epoch = existing.map_or(-2, |(_, epoch)| epoch);
                draft.clean_up_after(request.broker, request.previous_epoch.is_none_or(|epoch| epoch == last_epoch));
            }
        }
        let epoch = record.broker_epoch;
        draft.push(MetadataRecord::RegisterBroker(record));
        let decision = draft.atomic(Ok(epoch));
        let next_offset = moment.next_offset + decision.records.len() as Offset - 1;
        self.heartbeats.register(request.broker, epoch, Moment { next_offset, ..moment });
        decision
    }

    /// ControllerRegistration.
    ///
    /// # Errors
    /// `PolicyViolation` where there are too many.
    pub fn register_controller(&self, request: &ControllerRegistrationRequest) -> Decision<Result<(), Refused>> {
        let mut draft = self.draft();
        let controllers = draft.image.controllers();
        let is_new = !controllers.contains_key(&request.controller);
        if let Err(refused) = check_room(controllers.len() + usize::from(is_new)) {
            return Decision::reply(Err(refused));
        }
        draft.push(MetadataRecord::RegisterController(RegisterControllerRecord {
            controller_id: request.controller,
            incarnation_id: request.incarnation,
            zk_migration_ready: false,
            end_points: request.listeners.clone(),
            features: request.features.clone(),
        }));
        draft.atomic(Ok(()))
    }

    /// UnregisterBroker.
    ///
    /// # Errors
    /// `BrokerIdNotRegistered`.
    pub fn unregister_broker(&mut self, id: BrokerId) -> Decision<Result<(), Refused>> {
        let Some(broker) = self.end().broker(id) else {
            let why = format!("Broker ID {id} is not currently registered");
            return Decision::reply(Err(Refused::new(ErrorCode::BrokerIdNotRegistered, why)));
        };
        let broker_epoch = broker.epoch;
        let mut draft = self.draft();
        draft.take_from_partitions(id, false);
        draft.push(MetadataRecord::UnregisterBroker(UnregisterBrokerRecord { broker_id: id, broker_epoch }));
        let decision = draft.decision(Ok(()));
        self.heartbeats.forget(id);
        decision
    }

    /// Fences the next broker whose session is over.
    pub(super) fn fence_stale(&mut self, now: crate::time::Instant) -> Option<Decision<()>> {
        let stale = self.heartbeats.stale(self.end(), now)?;
        let mut draft = self.draft();
        draft.fence(stale);
        Some(draft.decision(()))
    }

    pub(super) fn check_cluster(&self, cluster_id: &str) -> Result<(), Refused> {
        let own = &self.rules.options.cluster_id;
        if own == cluster_id {
            return Ok(());
        }
        let why = format!("Expected cluster ID {own}, but got cluster ID {cluster_id}");
        Err(Refused::new(ErrorCode::InconsistentClusterId, why))
    }
}

impl Draft<'_> {
    /// It leads nothing and is in no in-sync set from here on.
    pub fn fence(&mut self, id: BrokerId) {
        self.take_from_partitions(id, false);
        self.change_registration(id, |change| change.fenced = 1);
    }

    /// It may lead what nobody leads.
    pub fn unfence(&mut self, id: BrokerId) {
        self.change_registration(id, |change| change.fenced = -1);
        self.elect_leaderless();
    }

    /// Others lead what it leads; it goes on serving until they do.
    pub fn begin_controlled_shutdown(&mut self, id: BrokerId) {
        if self.image.broker(id).is_some_and(|broker| !broker.in_controlled_shutdown) {
            self.change_registration(id, |change| change.in_controlled_shutdown = 1);
        }
        self.take_from_partitions(id, false);
    }

    /// Another run of the broker begins. Where the last one did not end cleanly, what it held may be lost: then it is
    /// eligible for nothing.
    fn clean_up_after(&mut self, id: BrokerId, was_clean: bool) {
        self.take_from_partitions(id, !was_clean && self.is_elr_enabled());
    }

    pub fn change_registration(&mut self, id: BrokerId, change: impl FnOnce(&mut BrokerRegistrationChangeRecord)) {
        let Some(broker) = self.image.broker(id) else { return };
        let mut record =
            BrokerRegistrationChangeRecord { broker_id: id, broker_epoch: broker.epoch, ..Default::default() };
        change(&mut record);
        self.push(MetadataRecord::BrokerRegistrationChange(record));
    }
}

fn registration(request: &BrokerRegistrationRequest, broker_epoch: BrokerEpoch) -> RegisterBrokerRecord {
    RegisterBrokerRecord {
        broker_id: request.broker,
        is_migrating_zk_broker: false,
        incarnation_id: request.incarnation,
        broker_epoch,
        end_points: request.listeners.clone(),
        features: request.features.clone(),
        rack: request.rack.clone(),
        fenced: true,
        in_controlled_shutdown: false,
        log_dirs: request.directories.clone(),
        cordoned_log_dirs: request.cordoned_directories.clone(),
    }
}

fn check_room(nodes: usize) -> Result<(), Refused> {
    let why = || format!("This cluster holds at most {NODES_MAX} brokers.");
    if nodes <= NODES_MAX { Ok(()) } else { Err(Refused::new(ErrorCode::PolicyViolation, why())) }
}

fn check_directories(image: &Image, request: &BrokerRegistrationRequest) -> Result<(), Refused> {
    let refuse = |why: String| Err(Refused::new(ErrorCode::InvalidRegistration, why));
    let directories = &request.directories;
    if directories.is_empty() {
        return refuse("No directories specified in request".to_owned());
    }
    // The first hundred ids stand for something (`DirectoryId.reserved`).
    if directories.iter().any(|directory| directory.0[..15].iter().all(|&byte| byte == 0) && directory.0[15] < 100) {
        return refuse("Reserved directory ID in request".to_owned());
    }
    if directories.iter().collect::<SortedSet<_>>().len() != directories.len() {
        return refuse("Duplicate directory ID in request".to_owned());
    }
    for other in image.brokers().values().filter(|other| other.id != request.broker) {
        if let Some(directory) = directories.iter().find(|directory| other.directories.contains(directory)) {
            return refuse(format!("Broker {} is already registered with directory {directory}", other.id));
        }
    }
    Ok(())
}
