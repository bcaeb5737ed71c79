//! Topics come and go (`ReplicationControlManager`).

use std::sync::Arc;

use super::{Catalog, Change, Refused, Topic, partitions::check_assignments};
use crate::{error::ErrorCode, ids::*, rng::Rng, sorted::SortedMap};

const NAME_BYTES_MAX: usize = 249;
/// The log of a metadata quorum, which is no topic.
const METADATA_LOG: &str = "__cluster_metadata";

/// What a client wants of a topic that is not there yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTopic {
    pub name: String,
    /// -1: as many as `num.partitions` says.
    pub partitions: i32,
    /// -1: the default.
    pub replication_factor: i16,
    /// Which brokers hold which partition, where the client says so itself.
    pub assignments: Vec<(PartitionIndex, Vec<BrokerId>)>,
    pub overrides: SortedMap<String, String>,
}

/// Kafka's rule for names (`Topic.validate`): one to 249 of ASCII letters, digits, `.`, `_` and `-`, but not `.` or `..`.
pub fn check_topic_name(name: &str) -> Result<(), Refused> {
    let refuse =
        |why: String| Err(Refused::new(ErrorCode::InvalidTopicException, format!("Topic name is invalid: {why}")));
    if name.is_empty() {
        return refuse("the empty string is not allowed".to_owned());
    }
    if name == "." || name == ".." {
        return refuse(format!("'{name}' is not allowed"));
    }
    if name.len() > NAME_BYTES_MAX {
        return refuse(format!("the length of '{name}' is longer than the max allowed length {NAME_BYTES_MAX}"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
        return refuse(format!(
            "'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        ));
    }
    Ok(())
}

impl Catalog {
    /// How the topic would be, if it can be at all. Changes nothing: what `validate_only` asks for.
    pub fn plan_topic(&self, new: &NewTopic) -> Result<Topic, Refused> {
        check_topic_name(&new.name)?;
        self.check_name_is_free(&new.name)?;
        let config = Arc::new(self.topic_config(&new.overrides)?);
        let partitions = self.planned_partitions(new)?;
        self.check_room(1, partitions)?;
        Ok(Topic {
            name: new.name.clone(),
            id: TopicId::ZERO,
            partitions,
            is_internal: false,
            config,
            overrides: new.overrides.clone(),
        })
    }

    pub fn create_topic(&mut self, rng: &mut Rng, new: &NewTopic) -> Result<Vec<Change>, Refused> {
        let topic = Topic { id: self.unused_id(rng), ..self.plan_topic(new)? };
        let id = topic.id;
        self.insert(topic);
        self.version += 1;
        Ok(vec![Change::TopicCreated(id)])
    }

    pub fn delete_topic(&mut self, id: TopicId) -> Result<Vec<Change>, Refused> {
        let topic = self.topics.remove(&id);
        let topic =
            topic.ok_or_else(|| Refused::new(ErrorCode::UnknownTopicId, "This server does not host this topic ID."))?;
        self.names.remove(&topic.name);
        self.version += 1;
        Ok(vec![Change::TopicDeleted(topic)])
    }

    /// `.` and `_` make the same name of a metric, so Kafka lets only one of two such names be.
    fn check_name_is_free(&self, name: &str) -> Result<(), Refused> {
        if name == METADATA_LOG {
            let why = format!("Creation of internal topic {name} is prohibited.");
            return Err(Refused::new(ErrorCode::InvalidRequest, why));
        }
        if self.names.contains_key(name) {
            return Err(Refused::new(ErrorCode::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
        }
        let of_metric = |name: &str| name.replace('.', "_");
        let collides = |other: &&String| other.len() == name.len() && of_metric(other) == of_metric(name);
        match name.contains(['.', '_']).then(|| self.names.keys().find(collides)).flatten() {
            None => Ok(()),
            Some(other) => Err(Refused::new(
                ErrorCode::InvalidTopicException,
                format!("Topic '{name}' collides with existing topic: {other}"),
            )),
        }
    }

    fn planned_partitions(&self, new: &NewTopic) -> Result<i32, Refused> {
        if !new.assignments.is_empty() {
            let not_set = |what| {
                let why = format!("A manual partition assignment was specified, but {what} was not set to -1.");
                Err(Refused::new(ErrorCode::InvalidRequest, why))
            };
            if new.replication_factor != -1 {
                return not_set("replication factor");
            }
            if new.partitions != -1 {
                return not_set("numPartitions");
            }
            check_assignments(&new.assignments, 0, self.broker)?;
            return Ok(new.assignments.len() as i32);
        }
        let refuse = |error, why: &str| Err(Refused::new(error, why));
        let factor = new.replication_factor;
        if factor < -1 || factor == 0 {
            let why = "Replication factor must be larger than 0, or -1 to use the default value.";
            return refuse(ErrorCode::InvalidReplicationFactor, why);
        }
        if new.partitions < -1 || new.partitions == 0 {
            let why = "Number of partitions was set to an invalid non-positive value.";
            return refuse(ErrorCode::InvalidPartitions, why);
        }
        if factor > 1 {
            let why = format!(
                "Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot be \
                 reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned."
            );
            return refuse(ErrorCode::InvalidReplicationFactor, &why);
        }
        Ok(if new.partitions == -1 { self.config.partitions_default } else { new.partitions })
    }

    /// A cluster in a tab is not endless: Kafka has no such bound, and answers `POLICY_VIOLATION` for a policy's.
    pub(super) fn check_room(&self, topics: usize, partitions: i32) -> Result<(), Refused> {
        let limits = &self.limits;
        let fits = self.topics.len() + topics <= limits.topics_max
            && self.partitions() + i64::from(partitions) <= limits.partitions_max;
        let why = || {
            format!("This cluster holds at most {} topics and {} partitions.", limits.topics_max, limits.partitions_max)
        };
        if fits { Ok(()) } else { Err(Refused::new(ErrorCode::PolicyViolation, why())) }
    }

    /// Random, never one that is used or that Kafka keeps for itself (its text never begins with a dash, as in `Uuid`).
    fn unused_id(&self, rng: &mut Rng) -> TopicId {
        loop {
            let id = TopicId(rng.uuid());
            let is_reserved = id.0[..15].iter().all(|&byte| byte == 0) || id.to_string().starts_with('-');
            if !is_reserved && !self.topics.contains_key(&id) {
                return id;
            }
        }
    }
}
