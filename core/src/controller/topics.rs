//! Topics come and go (`ReplicationControlManager`).

use std::sync::Arc;

use super::{
    Controller, Decision,
    catalog::{NewTopic, Refused, check_topic_name},
    configs::checked_topic_config,
    draft::Draft,
    image::{PartitionRegistration, Topics},
    partitions::{check_assignment, check_numbered, new_partition},
    placement::place,
};
use crate::{
    config::TopicConfig,
    error::ErrorCode,
    ids::*,
    record::internal::metadata::{ConfigRecord, MetadataRecord, RemoveTopicRecord, TopicRecord},
    rng::Rng,
    sorted::SortedSet,
};

/// The log of the metadata quorum, which is no topic.
const METADATA_LOG: &str = "__cluster_metadata";

/// A topic as it was created, or would be.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatedTopic {
    pub id: TopicId,
    pub partitions: i32,
    pub replication_factor: i16,
    /// Its own configs over the cluster's over Kafka's defaults.
    pub config: Arc<TopicConfig>,
}

impl<A> Controller<A> {
    /// CreateTopics: each topic is created or refused for itself, in the order asked. Names that are there twice are the
    /// caller's to refuse. With `validate_only` nothing is created.
    ///
    /// # Errors
    /// Each of one topic: `InvalidTopicException`, `TopicAlreadyExists`, `InvalidConfig`, `InvalidReplicationFactor`,
    /// `InvalidPartitions`, `InvalidReplicaAssignment`, `InvalidRequest`; `PolicyViolation` beyond the cluster's limits.
    pub fn create_topics(
        &self,
        rng: &mut Rng,
        new: &[NewTopic],
        validate_only: bool,
    ) -> Decision<Vec<Result<CreatedTopic, Refused>>> {
        let mut draft = self.draft();
        let results = new.iter().map(|new| draft.create_topic(rng, new)).collect();
        if validate_only { Decision::reply(results) } else { draft.atomic(results) }
    }

    /// DeleteTopics.
    ///
    /// # Errors
    /// `UnknownTopicId` of one topic.
    pub fn delete_topics(&self, ids: &[TopicId]) -> Decision<Vec<Result<(), Refused>>> {
        let mut draft = self.draft();
        let results = ids.iter().map(|id| draft.delete_topic(*id)).collect();
        draft.atomic(results)
    }
}

impl Draft<'_> {
    fn create_topic(&mut self, rng: &mut Rng, new: &NewTopic) -> Result<CreatedTopic, Refused> {
        check_topic_name(&new.name)?;
        check_name_is_free(self.image.topics(), &new.name)?;
        let overrides = || new.overrides.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let config = checked_topic_config(self.rules.topic_default(&self.image), overrides())?;
        let partitions = self.planned(rng, new)?;
        self.check_replicas(&partitions)?;
        self.check_room(1, partitions.len() as i32)?;
        self.check_batch(1 + new.overrides.len() + partitions.len())?;
        let id = unused_id(rng, self.image.topics());
        let created = CreatedTopic {
            id,
            partitions: partitions.len() as i32,
            replication_factor: partitions.first().map_or(0, |first| first.replicas.len() as i16),
            config: Arc::new(config),
        };
        let name: Arc<str> = new.name.as_str().into();
        self.push(MetadataRecord::Topic(TopicRecord { name: Arc::clone(&name), topic_id: id }));
        for (config, value) in overrides() {
            self.push(MetadataRecord::Config(ConfigRecord {
                resource_type: super::image::ResourceKind::Topic as i8,
                resource_name: Arc::clone(&name),
                name: config.into(),
                value: Some(value.into()),
            }));
        }
        for (index, partition) in (0..).zip(partitions) {
            let id = TopicPartition { topic: id, partition: index };
            self.push(MetadataRecord::Partition(partition.to_record(id)));
        }
        Ok(created)
    }

    fn delete_topic(&mut self, id: TopicId) -> Result<(), Refused> {
        if self.image.topic(id).is_none() {
            return Err(Refused::new(ErrorCode::UnknownTopicId, "This server does not host this topic ID."));
        }
        self.check_batch(1)?;
        self.push(MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: id }));
        Ok(())
    }

    fn planned(&self, rng: &mut Rng, new: &NewTopic) -> Result<Vec<PartitionRegistration>, Refused> {
        if !new.assignments.is_empty() {
            return self.planned_by_hand(new);
        }
        let refuse = |error, why: String| Err(Refused::new(error, why));
        if new.replication_factor < -1 || new.replication_factor == 0 {
            let why = "Replication factor must be larger than 0, or -1 to use the default value.";
            return refuse(ErrorCode::InvalidReplicationFactor, why.to_owned());
        }
        if new.partitions < -1 || new.partitions == 0 {
            let why = "Number of partitions was set to an invalid non-positive value.";
            return refuse(ErrorCode::InvalidPartitions, why.to_owned());
        }
        let defaults = self.rules.broker_config(&self.image);
        let count = if new.partitions == -1 { defaults.partitions_default } else { new.partitions };
        let factor = match new.replication_factor {
            -1 => i16::try_from(defaults.replication_factor_default).unwrap_or(i16::MAX),
            factor => factor,
        };
        self.check_room(1, count)?;
        let of_factor = |why: String| format!("Unable to replicate the partition {factor} time(s): {why}");
        let placed = place(&self.image, rng, count, factor)
            .map_err(|refused| Refused { message: refused.message.map(of_factor), ..refused })?;
        let none_active = || of_factor("All brokers are currently fenced or in controlled shutdown.".to_owned());
        placed
            .into_iter()
            .map(|replicas| {
                let planned = new_partition(&self.image, replicas);
                planned.ok_or_else(|| Refused::new(ErrorCode::InvalidReplicationFactor, none_active()))
            })
            .collect()
    }

    fn planned_by_hand(&self, new: &NewTopic) -> Result<Vec<PartitionRegistration>, Refused> {
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
        let mut factor = None;
        let mut seen = SortedSet::new();
        for (index, replicas) in &new.assignments {
            if !seen.insert(*index) {
                let why = format!("Found multiple manual partition assignments for partition {index}");
                return Err(Refused::new(ErrorCode::InvalidReplicaAssignment, why));
            }
            check_assignment(&self.image, replicas, factor)?;
            factor = Some(replicas.len());
            if !replicas.iter().any(|replica| self.image.is_active(*replica)) {
                return Err(none_active(*index));
            }
        }
        check_numbered(&seen)?;
        let mut assignments = new.assignments.clone();
        assignments.sort_unstable_by_key(|(index, _)| *index);
        let planned = assignments
            .into_iter()
            .map(|(index, replicas)| new_partition(&self.image, replicas).ok_or_else(|| none_active(index)));
        planned.collect()
    }

    fn check_replicas(&self, partitions: &[PartitionRegistration]) -> Result<(), Refused> {
        let most = self.rules.options.replicas_max;
        match partitions.iter().find(|partition| partition.replicas.len() > most) {
            None => Ok(()),
            Some(partition) => {
                let why = format!(
                    "Unable to replicate the partition {} time(s): brokers do not replicate yet, so that a partition has at \
                     most {most} replica(s).",
                    partition.replicas.len()
                );
                Err(Refused::new(ErrorCode::InvalidReplicationFactor, why))
            }
        }
    }

    /// A cluster in a tab is not endless: Kafka has no such bound, and answers `POLICY_VIOLATION` for a policy's.
    pub fn check_room(&self, topics: usize, partitions: i32) -> Result<(), Refused> {
        let limits = &self.rules.options.limits;
        let there = self.image.topics();
        let fits = there.len() + topics <= limits.topics_max
            && there.partition_count() + i64::from(partitions) <= limits.partitions_max;
        let why = || {
            format!("This cluster holds at most {} topics and {} partitions.", limits.topics_max, limits.partitions_max)
        };
        if fits { Ok(()) } else { Err(Refused::new(ErrorCode::PolicyViolation, why())) }
    }
}

/// Nobody could lead the partition that was assigned so.
pub(super) fn none_active(index: PartitionIndex) -> Refused {
    let why = format!(
        "All brokers specified in the manual partition assignment for partition {index} are fenced or in controlled shutdown."
    );
    Refused::new(ErrorCode::InvalidReplicaAssignment, why)
}

/// `.` and `_` make the same name of a metric, so Kafka lets only one of two such names be.
fn check_name_is_free(topics: &Topics, name: &str) -> Result<(), Refused> {
    if name == METADATA_LOG {
        let why = format!("Creation of internal topic {name} is prohibited.");
        return Err(Refused::new(ErrorCode::InvalidRequest, why));
    }
    if topics.named(name).is_some() {
        return Err(Refused::new(ErrorCode::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
    }
    let of_metric = |name: &str| name.replace('.', "_");
    let collides = |other: &&Arc<str>| other.len() == name.len() && of_metric(other) == of_metric(name);
    match name.contains(['.', '_']).then(|| topics.names().find(collides)).flatten() {
        None => Ok(()),
        Some(other) => Err(Refused::new(
            ErrorCode::InvalidTopicException,
            format!("Topic '{name}' collides with existing topic: {other}"),
        )),
    }
}

/// Random, never one that is used or that Kafka keeps for itself (its text never begins with a dash, as in `Uuid`).
fn unused_id(rng: &mut Rng, topics: &Topics) -> TopicId {
    loop {
        let id = TopicId(rng.uuid());
        let is_reserved = id.0[..15].iter().all(|&byte| byte == 0) || id.to_string().starts_with('-');
        if !is_reserved && topics.get(id).is_none() {
            return id;
        }
    }
}
