//! One of each record of the metadata log, every field filled: what goes through decoders and past Apache Kafka's tools.

use ottla_core::{
    ids::*,
    record::internal::{field::Float64, metadata::*},
};

const TOPIC: TopicId = TopicId(*b"0123456789abcdef");
const DIRECTORY: DirectoryId = DirectoryId(*b"a directory's id");
const INCARNATION: IncarnationId = IncarnationId(*b"an incarnation's");
const ENTRY: AccessControlEntryId = AccessControlEntryId(*b"who may do what?");
const ONE: BrokerId = BrokerId(1);
const TWO: BrokerId = BrokerId(2);
const THREE: BrokerId = BrokerId(3);

pub fn one_of_each() -> Vec<MetadataRecord> {
    let mut records = of_nodes();
    records.extend(of_topics());
    records.extend(of_the_rest());
    records
}

fn end_points() -> Vec<Endpoint> {
    let end_point = |name: &str, port| Endpoint { name: name.into(), host: "::1".into(), port, security_protocol: 0 };
    vec![end_point("PLAINTEXT", 9092), end_point("OTHER", 65_535)]
}

fn features() -> Vec<SupportedFeature> {
    let name = "metadata.version".into();
    vec![SupportedFeature { name, min_supported_version: 7, max_supported_version: 31 }]
}

fn of_nodes() -> Vec<MetadataRecord> {
    vec![
        MetadataRecord::RegisterBroker(RegisterBrokerRecord {
            broker_id: ONE,
            is_migrating_zk_broker: true,
            incarnation_id: INCARNATION,
            broker_epoch: 5,
            end_points: end_points(),
            features: features(),
            rack: Some("北".into()),
            fenced: false,
            in_controlled_shutdown: true,
            log_dirs: vec![DIRECTORY, DirectoryId::LOST],
            cordoned_log_dirs: Some(vec![DIRECTORY]),
        }),
        MetadataRecord::UnregisterBroker(UnregisterBrokerRecord { broker_id: ONE, broker_epoch: 5 }),
        MetadataRecord::FenceBroker(FenceBrokerRecord { id: ONE, epoch: 5 }),
        MetadataRecord::UnfenceBroker(UnfenceBrokerRecord { id: ONE, epoch: i64::MAX }),
        MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
            broker_id: ONE,
            broker_epoch: 5,
            fenced: -1,
            in_controlled_shutdown: 1,
            log_dirs: vec![DIRECTORY],
            cordoned_log_dirs: Some(vec![]),
        }),
        MetadataRecord::RegisterController(RegisterControllerRecord {
            controller_id: THREE,
            incarnation_id: INCARNATION,
            zk_migration_ready: true,
            end_points: end_points(),
            features: features(),
        }),
        MetadataRecord::UnregisterController(UnregisterControllerRecord { controller_id: THREE }),
    ]
}

fn of_topics() -> Vec<MetadataRecord> {
    vec![
        MetadataRecord::Topic(TopicRecord { name: "orders".into(), topic_id: TOPIC }),
        MetadataRecord::Partition(PartitionRecord {
            partition_id: 0,
            topic_id: TOPIC,
            replicas: vec![ONE, TWO],
            isr: vec![TWO],
            removing_replicas: vec![ONE],
            adding_replicas: vec![THREE],
            leader: TWO,
            leader_recovery_state: 1,
            leader_epoch: 4,
            partition_epoch: 9,
            directories: vec![DIRECTORY, DirectoryId::UNASSIGNED],
            eligible_leader_replicas: Some(vec![ONE]),
            last_known_elr: Some(vec![]),
        }),
        MetadataRecord::PartitionChange(PartitionChangeRecord {
            partition_id: 0,
            topic_id: TOPIC,
            isr: Some(vec![]),
            leader: NO_LEADER,
            replicas: Some(vec![ONE, TWO]),
            removing_replicas: Some(vec![]),
            adding_replicas: Some(vec![THREE]),
            leader_recovery_state: 0,
            directories: Some(vec![DIRECTORY; 2]),
            eligible_leader_replicas: Some(vec![TWO]),
            last_known_elr: Some(vec![ONE]),
        }),
        MetadataRecord::PartitionChange(PartitionChangeRecord {
            partition_id: 0,
            topic_id: TOPIC,
            ..Default::default()
        }),
        MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC }),
        MetadataRecord::ClearElr(ClearElrRecord { topic_name: "orders".into() }),
    ]
}

fn of_the_rest() -> Vec<MetadataRecord> {
    let config = |value: Option<&str>| {
        MetadataRecord::Config(ConfigRecord {
            resource_type: 2,
            resource_name: "orders".into(),
            name: "retention.ms".into(),
            value: value.map(Into::into),
        })
    };
    let quota_of = |name: Option<&str>| QuotaEntity { entity_type: "user".into(), entity_name: name.map(Into::into) };
    vec![
        MetadataRecord::BeginTransaction(BeginTransactionRecord { name: Some("more at once".into()) }),
        config(Some("a \"value\"\\")),
        config(None),
        MetadataRecord::AbortTransaction(AbortTransactionRecord { reason: Some("it did not fit".into()) }),
        MetadataRecord::FeatureLevel(FeatureLevelRecord { name: "metadata.version".into(), feature_level: 31 }),
        MetadataRecord::ClientQuota(ClientQuotaRecord {
            entity: vec![quota_of(Some("ada")), quota_of(None)],
            key: "producer_byte_rate".into(),
            value: Float64::new(1_048_576.5),
            remove: true,
        }),
        MetadataRecord::ProducerIds(ProducerIdsRecord { broker_id: TWO, broker_epoch: 6, next_producer_id: 3000 }),
        MetadataRecord::AccessControlEntry(AccessControlEntryRecord {
            id: ENTRY,
            resource_type: 2,
            resource_name: "orders".into(),
            pattern_type: 3,
            principal: "User:ada".into(),
            host: "*".into(),
            operation: 4,
            permission_type: 3,
        }),
        MetadataRecord::RemoveAccessControlEntry(RemoveAccessControlEntryRecord { id: ENTRY }),
        MetadataRecord::NoOp,
        MetadataRecord::BeginTransaction(BeginTransactionRecord::default()),
        MetadataRecord::EndTransaction,
    ]
}
