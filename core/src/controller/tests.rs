//! Each test sets a cluster up, asks one thing and looks at the records and the reply.

mod acls_and_quotas;
mod brokers;
mod configs;
mod elections;
mod kafka;
mod placement;
mod property;
mod reassign;
mod topics;

use std::sync::Arc;

use super::*;
use crate::{
    ids::*,
    record::internal::metadata::{Endpoint, SupportedFeature},
    rng::Rng,
    sorted::SortedMap,
};

/// A controller with a log of its own.
struct Cluster {
    controller: Controller<()>,
    log: Vec<MetadataRecord>,
    /// Whether everything is committed at once.
    commits: bool,
    now: Instant,
    rng: Rng,
}

impl Cluster {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut ControllerOptions)) -> Self {
        let mut options = ControllerOptions::new("cluster", BrokerId(1));
        set(&mut options);
        let controller = Controller::new(options, Image::default(), 0);
        let mut cluster =
            Self { controller, log: Vec::new(), commits: true, now: Instant::from_millis(1_000), rng: Rng::new(1) };
        let first = cluster.controller.activate(cluster.moment());
        cluster.carry_out(first);
        cluster
    }

    /// With `count` brokers, unfenced, numbered from 1 on.
    fn of(count: i32) -> Self {
        let mut cluster = Self::new();
        (1..=count).for_each(|id| cluster.join(id));
        cluster
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, next_offset: self.log.len() as Offset }
    }

    fn image(&self) -> &Image {
        self.controller.image()
    }

    /// Appends, and commits if that is so. Gives the records and the reply.
    fn carry_out<T>(&mut self, decision: Decision<T>) -> (Vec<MetadataRecord>, T) {
        let mut reply = None;
        let records = decision.records.clone();
        self.log.extend(records.iter().cloned());
        let end = self.log.len() as Offset;
        let decision = decision.map(|told| reply = Some(told));
        self.controller.on_appended(end, decision);
        if self.commits {
            self.controller.on_committed(end);
        }
        (records, reply.expect("every decision has a reply"))
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now + std::time::Duration::from_millis(millis);
    }

    fn register(&mut self, request: &BrokerRegistrationRequest) -> Result<BrokerEpoch, Refused> {
        let decision = self.controller.register_broker(self.moment(), request);
        self.carry_out(decision).1
    }

    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> HeartbeatReply {
        let decision = self.controller.heartbeat(self.moment(), heartbeat);
        self.carry_out(decision).1.expect("a heartbeat of a registered run")
    }

    /// Registers a broker and unfences it.
    fn join(&mut self, id: i32) {
        self.register(&broker(id)).expect("a broker that may");
        self.unfence(id);
    }

    fn unfence(&mut self, id: i32) {
        let heartbeat = self.alive(id);
        assert!(!self.heartbeat(&heartbeat).is_fenced);
    }

    /// What a broker that has followed everything says.
    fn alive(&self, id: i32) -> Heartbeat {
        let broker = BrokerId(id);
        Heartbeat {
            broker,
            epoch: self.image().broker(broker).expect("a registered broker").epoch,
            metadata_offset: self.log.len() as Offset - 1,
            wants_fence: false,
            wants_shutdown: false,
            offline_directories: Vec::new(),
            cordoned_directories: None,
        }
    }

    /// The broker is fenced at once.
    fn fence(&mut self, id: i32) {
        let heartbeat = Heartbeat { wants_fence: true, ..self.alive(id) };
        assert!(self.heartbeat(&heartbeat).is_fenced);
    }

    fn create(&mut self, new: &[NewTopic]) -> (Vec<MetadataRecord>, Vec<Result<CreatedTopic, Refused>>) {
        let decision = self.controller.create_topics(&mut self.rng, new, false);
        self.carry_out(decision)
    }

    /// A topic whose partitions are on these brokers.
    fn assigned(&mut self, name: &str, partitions: &[&[i32]]) -> TopicId {
        let (_, created) = self.create(&[assigned(name, partitions)]);
        created[0].as_ref().expect("a topic that may be").id
    }

    fn set(&mut self, resource: ConfigResource, name: &str, value: &str) -> Result<(), Refused> {
        let edits = vec![ConfigEdit { name: name.into(), operation: ConfigOperation::Set, value: Some(value.into()) }];
        let decision = self.controller.alter_configs(&[ConfigAlteration { resource, edits }], false);
        self.carry_out(decision).1.remove(0)
    }

    fn partition(&self, topic: TopicId, partition: PartitionIndex) -> &image::PartitionRegistration {
        self.image().partition(TopicPartition { topic, partition }).expect("a partition that is there")
    }

    /// Leader, in sync, eligible.
    fn state(&self, topic: TopicId, partition: PartitionIndex) -> (Option<i32>, Vec<i32>, Vec<i32>) {
        let numbers = |ids: &[BrokerId]| ids.iter().map(|id| id.0).collect();
        let found = self.partition(topic, partition);
        (found.leader.map(|id| id.0), numbers(&found.in_sync), numbers(&found.eligible))
    }
}

use image::ConfigResource;

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

fn uuid(number: i32) -> [u8; 16] {
    let mut uuid = [9; 16];
    uuid[..4].copy_from_slice(&number.to_be_bytes());
    uuid
}

/// A first run of a broker.
fn broker(id: i32) -> BrokerRegistrationRequest {
    BrokerRegistrationRequest {
        cluster_id: "cluster".into(),
        broker: BrokerId(id),
        incarnation: IncarnationId(uuid(id)),
        listeners: vec![Endpoint { name: "CLIENT".into(), host: "a".into(), port: 9092, security_protocol: 0 }],
        features: supported_features(),
        rack: None,
        directories: vec![DirectoryId(uuid(id))],
        cordoned_directories: None,
        previous_epoch: Some(-1),
    }
}

fn named(name: &str, partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic { name: name.into(), partitions, replication_factor, ..NewTopic::default() }
}

fn assigned(name: &str, partitions: &[&[i32]]) -> NewTopic {
    let assignments = (0..).zip(partitions).map(|(index, replicas)| (index, ids(replicas)));
    NewTopic { assignments: assignments.collect(), ..named(name, -1, -1) }
}

fn error<T: std::fmt::Debug>(result: &Result<T, Refused>) -> ErrorCode {
    result.as_ref().unwrap_err().error
}

fn names(records: &[MetadataRecord]) -> Vec<&'static str> {
    records.iter().map(MetadataRecord::name).collect()
}

fn overrides(values: &[(&str, &str)]) -> SortedMap<String, String> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn text(text: &str) -> Arc<str> {
    text.into()
}

#[test]
fn an_empty_log_begins_with_the_levels_of_features() {
    let cluster = Cluster::new();
    assert_eq!(names(&cluster.log), ["FeatureLevelRecord", "FeatureLevelRecord", "ConfigRecord"]);
    assert_eq!(cluster.image().feature_level("metadata.version"), 33);
    assert_eq!(cluster.image().feature_level("eligible.leader.replicas.version"), 1);
    let min = cluster.image().configs().value(&ConfigResource::all_brokers(), "min.insync.replicas");
    assert_eq!(min, Some(&text("1")));
}

#[test]
fn the_next_controller_finds_all_there_and_writes_nothing() {
    let mut cluster = Cluster::of(1);
    assert!(cluster.controller.step_down().is_empty());
    assert_eq!(cluster.controller.check_ready(), Err(ErrorCode::NotController));
    let first = cluster.controller.activate(cluster.moment());
    assert_eq!(first.records, []);
    cluster.carry_out(first);
    assert_eq!(cluster.controller.check_ready(), Ok(()));
    assert!(!cluster.heartbeat(&cluster.alive(1)).is_fenced);
}

#[test]
fn a_transaction_that_was_left_open_is_aborted() {
    let mut cluster = Cluster::of(1);
    cluster.controller.step_down();
    let before = cluster.image().clone();
    let left = [
        MetadataRecord::BeginTransaction(Default::default()),
        MetadataRecord::Topic(crate::record::internal::metadata::TopicRecord {
            name: "half".into(),
            topic_id: TopicId([1; 16]),
        }),
    ];
    for record in left {
        cluster.controller.replay(cluster.log.len() as Offset, &record);
        cluster.log.push(record);
    }
    assert_eq!(cluster.image(), &before, "nobody sees it");
    let first = cluster.controller.activate(cluster.moment());
    let (records, ()) = cluster.carry_out(first);
    assert_eq!(names(&records), ["AbortTransactionRecord"]);
    assert_eq!(cluster.image(), &before);
}

#[test]
fn a_record_that_says_nothing_is_written_twice_a_second() {
    let mut cluster = Cluster::new();
    assert_eq!(cluster.controller.next_due(cluster.now), None);
    assert_eq!(cluster.controller.next_deadline(), Some(Instant::from_millis(1_500)));
    cluster.wait(500);
    let due = cluster.controller.next_due(cluster.now).unwrap();
    assert_eq!(cluster.carry_out(due).0, [MetadataRecord::NoOp]);
    assert_eq!(cluster.controller.next_due(cluster.now), None);
    assert_eq!(cluster.controller.next_deadline(), Some(Instant::from_millis(2_000)));
}

#[test]
fn producer_ids_are_given_once_and_to_registered_runs() {
    let mut cluster = Cluster::of(1);
    let epoch = cluster.image().broker(BrokerId(1)).unwrap().epoch;
    let first = cluster.controller.allocate_producer_ids(BrokerId(1), epoch);
    assert_eq!(cluster.carry_out(first).1, Ok(0..1_000));
    let second = cluster.controller.allocate_producer_ids(BrokerId(1), epoch);
    assert_eq!(cluster.carry_out(second).1, Ok(1_000..2_000));
    let stale = cluster.controller.allocate_producer_ids(BrokerId(1), epoch + 1);
    assert_eq!(error(&stale.reply), ErrorCode::StaleBrokerEpoch);
    assert_eq!(stale.records, []);
}

#[test]
fn features_change_together_and_where_everyone_can() {
    let mut cluster = Cluster::of(1);
    let update = |name: &str, level, kind| FeatureUpdate { name: name.into(), level, kind: Some(kind) };
    let elr = "eligible.leader.replicas.version";
    let refused = |cluster: &Cluster, updates: &[FeatureUpdate]| {
        let decision = cluster.controller.update_features(updates, false);
        assert_eq!(decision.records, []);
        error(&decision.reply)
    };
    let invalid = ErrorCode::InvalidUpdateVersion;
    assert_eq!(refused(&cluster, &[update(elr, 0, UpgradeKind::Upgrade)]), invalid);
    assert_eq!(refused(&cluster, &[update(elr, 2, UpgradeKind::Upgrade)]), invalid);
    assert_eq!(refused(&cluster, &[update(elr, -1, UpgradeKind::SafeDowngrade)]), invalid);
    assert_eq!(refused(&cluster, &[update("unknown", 1, UpgradeKind::Upgrade)]), invalid);
    let half = [update(elr, 0, UpgradeKind::SafeDowngrade), update("unknown", 1, UpgradeKind::Upgrade)];
    assert_eq!(refused(&cluster, &half), invalid);
    let down = cluster.controller.update_features(&half[..1], false);
    assert_eq!(cluster.carry_out(down).1, Ok(()));
    assert_eq!(cluster.image().feature_level(elr), 0);

    let without = SupportedFeature { max_supported_version: 0, ..supported_features().remove(1) };
    let request = BrokerRegistrationRequest { features: vec![supported_features().remove(0), without], ..broker(2) };
    cluster.register(&request).expect("nothing is on that it lacks");
    let up = cluster.controller.update_features(&[update(elr, 1, UpgradeKind::Upgrade)], false);
    let why = "Invalid update version 1 for feature eligible.leader.replicas.version. Broker 2 does not support this feature.";
    assert_eq!(up.reply, Err(Refused::new(invalid, why)));
}

#[test]
fn what_a_node_goes_by_was_set_for_it_or_for_all_or_when_it_started() {
    let mut cluster = Cluster::of(2);
    cluster.assigned("t", &[&[1]]);
    cluster.set(ConfigResource::all_brokers(), "log.retention.ms", "5").unwrap();
    cluster.set(ConfigResource::broker(BrokerId(2)), "log.retention.ms", "6").unwrap();
    cluster.set(ConfigResource::topic("t"), "segment.bytes", "7000").unwrap();
    let started =
        crate::config::BrokerConfig { retention_bytes: crate::config::value::Limit(Some(9)), ..Default::default() };
    let told = |node, topic| {
        let config = cluster.image().topic_config(BrokerId(node), &started, topic);
        (config.retention.0, config.segment_bytes, config.retention_bytes.0)
    };
    assert_eq!(told(1, "t"), (Some(5), 7_000, Some(9)));
    assert_eq!(told(2, "t"), (Some(6), 7_000, Some(9)));
    assert_eq!(told(2, "u"), (Some(6), 1 << 30, Some(9)));
}
