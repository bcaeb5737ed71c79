//! The fields of every metadata record, in Kafka's order.

use std::sync::Arc;

use crate::{
    ids::*,
    record::internal::{field::Float64, table::structures},
};

/// Stands where a partition has no leader.
pub const NO_LEADER: BrokerId = BrokerId(-1);
/// Stands in a change that keeps the leader.
pub const LEADER_UNCHANGED: BrokerId = BrokerId(-2);

structures! {
    /// A broker joined, or came back as another process.
    RegisterBrokerRecord {
        broker_id: BrokerId = "brokerId",
        is_migrating_zk_broker: bool = "isMigratingZkBroker" since 2,
        incarnation_id: IncarnationId = "incarnationId",
        broker_epoch: BrokerEpoch = "brokerEpoch",
        end_points: Vec<Endpoint> = "endPoints",
        features: Vec<SupportedFeature> = "features",
        rack: Option<Arc<str>> = "rack",
        fenced: bool = "fenced" or true,
        in_controlled_shutdown: bool = "inControlledShutdown" since 1,
        log_dirs: Vec<DirectoryId> = "logDirs" since 3 tag 0,
        /// `None`: not said yet (KIP-1066).
        cordoned_log_dirs: Option<Vec<DirectoryId>> = "cordonedLogDirs" since 4 tag 1,
    }

    /// Where a broker or controller is reached, on one listener.
    Endpoint {
        name: Arc<str> = "name",
        host: Arc<str> = "host",
        port: u16 = "port",
        /// 0: plain text.
        security_protocol: i16 = "securityProtocol",
    }

    /// The levels of one feature that a node can live with.
    SupportedFeature {
        name: Arc<str> = "name",
        min_supported_version: i16 = "minSupportedVersion",
        max_supported_version: i16 = "maxSupportedVersion",
    }

    /// A broker is forgotten.
    UnregisterBrokerRecord {
        broker_id: BrokerId = "brokerId",
        broker_epoch: BrokerEpoch = "brokerEpoch",
    }

    /// A topic begins. Its partitions follow.
    TopicRecord {
        name: Arc<str> = "name",
        topic_id: TopicId = "topicId",
    }

    /// A partition, whole.
    PartitionRecord {
        partition_id: PartitionIndex = "partitionId" or -1,
        topic_id: TopicId = "topicId",
        /// The preferred leader first.
        replicas: Vec<BrokerId> = "replicas",
        isr: Vec<BrokerId> = "isr",
        removing_replicas: Vec<BrokerId> = "removingReplicas",
        adding_replicas: Vec<BrokerId> = "addingReplicas",
        /// `NO_LEADER`: none.
        leader: BrokerId = "leader" or NO_LEADER,
        /// 1: its leader was not in sync when it was elected, and is not done with recovering from that. Else 0.
        leader_recovery_state: i8 = "leaderRecoveryState" tag 0,
        leader_epoch: LeaderEpoch = "leaderEpoch" or -1,
        partition_epoch: PartitionEpoch = "partitionEpoch" or -1,
        /// Where each replica lies, in the order of `replicas`.
        directories: Vec<DirectoryId> = "directories" since 1,
        eligible_leader_replicas: Option<Vec<BrokerId>> = "eligibleLeaderReplicas" since 2 tag 1,
        last_known_elr: Option<Vec<BrokerId>> = "lastKnownElr" since 2 tag 2,
    }

    /// A value set for a topic, a broker or all brokers.
    ConfigRecord {
        /// 2: topic. 4: broker.
        resource_type: i8 = "resourceType",
        /// Empty: all brokers.
        resource_name: Arc<str> = "resourceName",
        name: Arc<str> = "name",
        /// `None`: no longer set.
        value: Option<Arc<str>> = "value",
    }

    /// What of a partition is different; a field at its default is as it was.
    PartitionChangeRecord {
        partition_id: PartitionIndex = "partitionId" or -1,
        topic_id: TopicId = "topicId",
        isr: Option<Vec<BrokerId>> = "isr" tag 0,
        /// `NO_LEADER`, `LEADER_UNCHANGED`, or the new one.
        leader: BrokerId = "leader" tag 1 or LEADER_UNCHANGED,
        replicas: Option<Vec<BrokerId>> = "replicas" tag 2,
        removing_replicas: Option<Vec<BrokerId>> = "removingReplicas" tag 3,
        adding_replicas: Option<Vec<BrokerId>> = "addingReplicas" tag 4,
        /// -1: as it was.
        leader_recovery_state: i8 = "leaderRecoveryState" tag 5 or -1,
        directories: Option<Vec<DirectoryId>> = "directories" since 1 tag 8,
        eligible_leader_replicas: Option<Vec<BrokerId>> = "eligibleLeaderReplicas" since 2 tag 6,
        last_known_elr: Option<Vec<BrokerId>> = "lastKnownElr" since 2 tag 7,
    }

    /// A broker leads nothing and is in no in-sync set until it is unfenced. Written up to metadata.version 3.2;
    /// `BrokerRegistrationChangeRecord` since.
    FenceBrokerRecord {
        id: BrokerId = "id",
        epoch: BrokerEpoch = "epoch",
    }

    /// As old as `FenceBrokerRecord`.
    UnfenceBrokerRecord {
        id: BrokerId = "id",
        epoch: BrokerEpoch = "epoch",
    }

    /// A topic ends, with all its partitions.
    RemoveTopicRecord {
        topic_id: TopicId = "topicId",
    }

    /// The level of one feature that the whole cluster is at; `metadata.version` is one.
    FeatureLevelRecord {
        name: Arc<str> = "name",
        /// 0: off.
        feature_level: i16 = "featureLevel",
    }

    /// A quota of users, clients or addresses.
    ClientQuotaRecord {
        entity: Vec<QuotaEntity> = "entity",
        key: Arc<str> = "key",
        value: Float64 = "value",
        remove: bool = "remove",
    }

    /// One part of whom a quota is for.
    QuotaEntity {
        /// `user`, `client-id` or `ip`.
        entity_type: Arc<str> = "entityType",
        /// `None`: everyone who has no quota of their own.
        entity_name: Option<Arc<str>> = "entityName",
    }

    /// A block of producer ids went to a broker.
    ProducerIdsRecord {
        broker_id: BrokerId = "brokerId",
        broker_epoch: BrokerEpoch = "brokerEpoch" or -1,
        /// The first of the block after this one.
        next_producer_id: ProducerId = "nextProducerId",
    }

    /// What of a broker's registration is different; a field at its default is as it was.
    BrokerRegistrationChangeRecord {
        broker_id: BrokerId = "brokerId",
        broker_epoch: BrokerEpoch = "brokerEpoch",
        /// 1: fenced. -1: unfenced.
        fenced: i8 = "fenced" tag 0,
        /// 1: begun.
        in_controlled_shutdown: i8 = "inControlledShutdown" since 1 tag 1,
        log_dirs: Vec<DirectoryId> = "logDirs" since 2 tag 2,
        cordoned_log_dirs: Option<Vec<DirectoryId>> = "cordonedLogDirs" since 3 tag 3,
    }

    /// Who may, or may not, do what. The numbers are those of Kafka's enumerations in `org.apache.kafka.common.acl`
    /// and `resource`.
    AccessControlEntryRecord {
        id: AccessControlEntryId = "id",
        resource_type: i8 = "resourceType",
        resource_name: Arc<str> = "resourceName",
        pattern_type: i8 = "patternType",
        principal: Arc<str> = "principal",
        host: Arc<str> = "host",
        operation: i8 = "operation",
        permission_type: i8 = "permissionType",
    }

    RemoveAccessControlEntryRecord {
        id: AccessControlEntryId = "id",
    }

    /// Records up to `EndTransaction` count together, or at `AbortTransaction` not at all (KIP-868).
    BeginTransactionRecord {
        name: Option<Arc<str>> = "name" tag 0,
    }

    AbortTransactionRecord {
        reason: Option<Arc<str>> = "reason" tag 0,
    }

    /// A controller told where it is reached.
    RegisterControllerRecord {
        controller_id: BrokerId = "controllerId",
        incarnation_id: IncarnationId = "incarnationId",
        zk_migration_ready: bool = "zkMigrationReady",
        end_points: Vec<Endpoint> = "endPoints",
        features: Vec<SupportedFeature> = "features",
    }

    /// Eligible leader replicas are forgotten (KIP-966).
    ClearElrRecord {
        /// Empty: those of all topics.
        topic_name: Arc<str> = "topicName",
    }

    /// A controller is forgotten.
    UnregisterControllerRecord {
        controller_id: BrokerId = "controllerId",
    }
}
