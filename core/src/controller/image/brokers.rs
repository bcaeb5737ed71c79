//! Who is registered.

use std::sync::Arc;

use crate::{
    ids::*,
    record::internal::metadata::{
        BrokerRegistrationChangeRecord, Endpoint, RegisterBrokerRecord, RegisterControllerRecord, SupportedFeature,
    },
    sorted::SortedMap,
};

/// One run of one broker, as it told the controller of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerRegistration {
    pub id: BrokerId,
    /// Of this registration: what is asked in the name of an earlier one is refused.
    pub epoch: BrokerEpoch,
    pub incarnation: IncarnationId,
    pub listeners: Vec<Endpoint>,
    pub features: Vec<SupportedFeature>,
    pub rack: Option<Arc<str>>,
    pub is_fenced: bool,
    pub in_controlled_shutdown: bool,
    /// Those that are online.
    pub directories: Vec<DirectoryId>,
    pub cordoned_directories: Option<Vec<DirectoryId>>,
}

impl BrokerRegistration {
    pub(super) fn of(record: &RegisterBrokerRecord) -> Self {
        Self {
            id: record.broker_id,
            epoch: record.broker_epoch,
            incarnation: record.incarnation_id,
            listeners: record.end_points.clone(),
            features: record.features.clone(),
            rack: record.rack.clone(),
            is_fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            directories: record.log_dirs.clone(),
            cordoned_directories: record.cordoned_log_dirs.clone(),
        }
    }

    pub(super) fn to_record(&self) -> RegisterBrokerRecord {
        RegisterBrokerRecord {
            broker_id: self.id,
            is_migrating_zk_broker: false,
            incarnation_id: self.incarnation,
            broker_epoch: self.epoch,
            end_points: self.listeners.clone(),
            features: self.features.clone(),
            rack: self.rack.clone(),
            fenced: self.is_fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: self.directories.clone(),
            cordoned_log_dirs: self.cordoned_directories.clone(),
        }
    }

    pub(super) fn change(&mut self, record: &BrokerRegistrationChangeRecord) {
        match record.fenced {
            1 => self.is_fenced = true,
            -1 => self.is_fenced = false,
            _ => {}
        }
        self.in_controlled_shutdown |= record.in_controlled_shutdown == 1;
        if !record.log_dirs.is_empty() {
            self.directories.clone_from(&record.log_dirs);
        }
        if record.cordoned_log_dirs.is_some() {
            self.cordoned_directories.clone_from(&record.cordoned_log_dirs);
        }
    }

    /// Whether it may lead and be in sync.
    pub fn is_active(&self) -> bool {
        !self.is_fenced && !self.in_controlled_shutdown
    }

    /// Whether it has a directory that takes new replicas.
    pub fn takes_replicas(&self) -> bool {
        let is_cordoned = |directory| self.cordoned_directories.as_ref().is_some_and(|all| all.contains(directory));
        self.directories.is_empty() || !self.directories.iter().all(is_cordoned)
    }

    /// Where a new replica on it lies: in its only directory, else where it chooses itself.
    pub fn default_directory(&self) -> DirectoryId {
        match self.directories[..] {
            [] => DirectoryId::ZERO,
            [only] => only,
            _ => DirectoryId::UNASSIGNED,
        }
    }

    /// Whether a replica in `directory` can be read. One that is in no directory yet can.
    pub fn has_online(&self, directory: DirectoryId) -> bool {
        let is_reserved = directory.is_zero() || directory == DirectoryId::UNASSIGNED;
        is_reserved || self.directories.contains(&directory)
    }

    /// The lowest and highest level of a feature that it lives with. One that it did not tell is off.
    pub fn feature_range(&self, name: &str) -> (i16, i16) {
        feature_range(&self.features, name)
    }
}

/// One run of one controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerRegistration {
    pub id: BrokerId,
    pub incarnation: IncarnationId,
    pub listeners: Vec<Endpoint>,
    pub features: Vec<SupportedFeature>,
}

impl ControllerRegistration {
    pub(super) fn of(record: &RegisterControllerRecord) -> Self {
        Self {
            id: record.controller_id,
            incarnation: record.incarnation_id,
            listeners: record.end_points.clone(),
            features: record.features.clone(),
        }
    }

    pub(super) fn to_record(&self) -> RegisterControllerRecord {
        RegisterControllerRecord {
            controller_id: self.id,
            incarnation_id: self.incarnation,
            zk_migration_ready: false,
            end_points: self.listeners.clone(),
            features: self.features.clone(),
        }
    }

    pub fn feature_range(&self, name: &str) -> (i16, i16) {
        feature_range(&self.features, name)
    }
}

fn feature_range(features: &[SupportedFeature], name: &str) -> (i16, i16) {
    let told = features.iter().find(|feature| &*feature.name == name);
    told.map_or((0, 0), |feature| (feature.min_supported_version, feature.max_supported_version))
}

/// The registration that a record is about: one of another epoch is none.
pub(super) fn at_epoch(
    brokers: &mut SortedMap<BrokerId, BrokerRegistration>,
    id: BrokerId,
    epoch: BrokerEpoch,
) -> Option<&mut BrokerRegistration> {
    brokers.get_mut(&id).filter(|broker| broker.epoch == epoch)
}
