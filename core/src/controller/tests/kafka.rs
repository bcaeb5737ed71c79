//! What Apache Kafka 4.4.0 makes of a partition: drawn partitions and edits, and what its `PartitionChangeBuilder` said of
//! them when it was asked, one of each of the most frequent kinds.
//!
//! A line has the partition (replicas, in sync, eligible, last known, removing, adding, leader, is recovering), the cluster
//! (active brokers, `min.insync.replicas`, whether eligible replicas are kept), the edit (election, in sync, replicas,
//! removing, adding, is recovering, without, lost), and after `=` the change: in sync, leader, replicas, removing, adding,
//! recovery, eligible, last known, whether directories change.

use super::*;
use crate::{
    controller::{image::PartitionRegistration, partition_edit::Election},
    decider::Decided,
    record::internal::metadata::*,
};

const PARTITION: TopicPartition = TopicPartition { topic: TopicId([7; 16]), partition: 0 };

fn list(text: &str) -> Vec<BrokerId> {
    let ids = text.split(',').filter(|id| *id != "none");
    ids.map(|id| BrokerId(id.parse().expect("a number"))).collect()
}

fn some(text: &str) -> Option<BrokerId> {
    Some(BrokerId(text.parse().expect("a number"))).filter(|id| id.0 > 0)
}

fn directory(id: BrokerId) -> DirectoryId {
    DirectoryId(uuid(id.0))
}

fn cluster(active: &[BrokerId], min_in_sync: &str, is_elr_enabled: bool) -> Image {
    let registered = (1..=5).map(BrokerId).map(|id| {
        let fenced = !active.contains(&id);
        let log_dirs = vec![directory(id)];
        MetadataRecord::RegisterBroker(RegisterBrokerRecord { broker_id: id, fenced, log_dirs, ..Default::default() })
    });
    let topic = MetadataRecord::Topic(TopicRecord { name: "t".into(), topic_id: PARTITION.topic });
    let config = MetadataRecord::Config(ConfigRecord {
        resource_type: 2,
        resource_name: "t".into(),
        name: "min.insync.replicas".into(),
        value: Some(min_in_sync.into()),
    });
    let feature = MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name: "eligible.leader.replicas.version".into(),
        feature_level: i16::from(is_elr_enabled),
    });
    let mut image = Image::default();
    registered.chain([topic, config, feature]).for_each(|record| image.apply(&record, 0));
    image
}

fn partition(given: &[&str]) -> PartitionRegistration {
    let replicas = list(given[0]);
    let directories = replicas.iter().copied().map(directory).collect();
    PartitionRegistration {
        eligible: list(given[2]),
        last_known_eligible: list(given[3]),
        removing: list(given[4]),
        adding: list(given[5]),
        leader: some(given[6]),
        is_recovering: given[7] == "true",
        ..PartitionRegistration::new(replicas, directories, list(given[1]))
    }
}

fn said(ids: &Option<Vec<BrokerId>>) -> String {
    match ids.as_deref() {
        None => "-".to_owned(),
        Some([]) => "none".to_owned(),
        Some(ids) => ids.iter().map(BrokerId::to_string).collect::<Vec<_>>().join(","),
    }
}

fn change(given: &str) -> String {
    let given: Vec<&str> = given.split('|').collect();
    let mut image = cluster(&list(given[8]), given[9], given[10] == "true");
    image.apply(&MetadataRecord::Partition(partition(&given).to_record(PARTITION)), 0);
    let rules = Rules::new(ControllerOptions::new("cluster", BrokerId(1)));
    let mut draft = Draft::new(&rules, image);
    let mut edit = draft.edit(PARTITION).expect("a partition that is there");
    edit.election = match given[11] {
        "0" => Election::Preferred,
        "1" => Election::Online,
        _ => Election::Unclean,
    };
    (edit.in_sync, edit.replicas) = (list(given[12]), list(given[13]));
    (edit.removing, edit.adding) = (list(given[14]), list(given[15]));
    edit.is_recovering = given[16] == "true";
    (edit.without, edit.lost) = (some(given[17]), some(given[18]));
    draft.carry_out(edit);
    let records = draft.decision(()).records;
    let Some(MetadataRecord::PartitionChange(change)) = records.first() else { return "noop".to_owned() };
    let lists = [&change.replicas, &change.removing_replicas, &change.adding_replicas].map(said).join("|");
    let (in_sync, eligible) = (said(&change.isr), said(&change.eligible_leader_replicas));
    let (leader, recovery, last) = (change.leader, change.leader_recovery_state, said(&change.last_known_elr));
    format!("{in_sync}|{leader}|{lists}|{recovery}|{eligible}|{last}|{}", change.directories.is_some())
}

#[test]
fn partitions_change_as_kafka_changes_them() {
    for line in KAFKA_SAID.trim().lines() {
        let (given, said) = line.split_once('=').expect("a case");
        assert_eq!(change(given), said, "{given}");
    }
}

const KAFKA_SAID: &str = "
5,1|5,1|none|none|none|none|1|false|1,2|1|true|1|5,1|5,1|none|none|false|0|0=noop
4,1,5,3|4|1,3,5|none|none|none|4|false|5,4,1|2|true|0|4|4,1,5,3|none|none|false|0|0=noop
1|none|none|none|none|none|-1|false|2|3|true|2|none|1|none|none|false|0|0=noop
4,5|4|none|none|none|none|-1|false|1,5,2|2|false|1|4|4,5|none|none|false|0|0=noop
5,2,3,1|3,5,1,2|none|none|none|none|2|false|none|1|true|1|3,5,1,2|5,2,3,1|none|none|false|0|0=-|-1|-|-|-|-1|-|2|false
5,3,2,1|5|none|none|none|none|5|false|4,5,2,1,3|3|false|2|5|5,3,2,1|none|none|false|0|0=noop
1,2,3|1|2,3|none|none|none|1|true|none|2|true|0|1|1,2,3|none|none|true|0|0=-|-1|-|-|-|-1|-|1|false
2,3,1|3|none|none|none|none|-1|false|none|2|false|0|3|2,3,1|none|none|false|0|0=noop
4,3,5|3,4|none|none|none|none|-1|false|5,2,4|3|true|0|3,4|4,3,5|none|none|false|0|0=-|4|-|-|-|-1|-|-|false
3,2,4|3|none|none|none|none|3|false|none|1|true|2|3|3,2,4|none|none|false|0|0=-|-1|-|-|-|-1|-|3|false
2|2|none|none|none|none|2|false|4|3|false|1|2|2|none|none|false|0|0=-|-1|-|-|-|-1|-|-|false
4,5,2,1|2,1,5|none|none|none|none|1|false|2,3|3|false|0|none|4,5,2,1|none|none|false|0|0=-|-1|-|-|-|-1|-|-|false
2,3,5|5,2,3|none|none|none|none|5|false|4,2,3|1|true|1|5,2,3|2,3,5|none|none|false|0|0=-|2|-|-|-|-1|-|-|false
3,1|3|none|none|none|none|-1|false|4,1,2,3,5|1|true|2|3|3,1|none|none|false|0|0=-|3|-|-|-|-1|-|-|false
2,3|3|2|none|none|none|-1|false|5|2|true|0|3|2,3|none|none|false|2|0=noop
4|none|none|4|none|none|-1|false|5,4,1,3|3|true|1|none|4|none|none|false|4|0=noop
3,1,4|1|3,4|none|none|none|1|true|2,3,1,4|2|true|2|3,4|3,1,4|none|none|true|0|0=3,4|3|-|-|-|-1|none|-|false
2|none|2|none|none|none|-1|false|5,3,1,2|1|true|0|2|2|none|none|false|0|0=2|2|-|-|-|-1|none|-|false
2|none|none|none|none|none|-1|false|4,1,3,5|2|true|1|none|1,2|2|1|false|0|0=-|-2|1,2|2|1|-1|-|-|true
1,2,4|2,1|4|none|none|none|2|false|4|1|true|1|4,2|1,2,4|none|none|false|0|0=4,2|4|-|-|-|-1|none|-|false
2,4,1,3|4|none|none|none|none|4|true|3,4,1,5,2|1|true|2|4|2,4,1,3|none|none|true|3|0=noop
3|none|none|none|none|none|-1|false|3,4,1|2|true|0|none|4,3|3|4|false|0|0=-|-2|4,3|3|4|-1|-|-|true
3|3|none|none|none|none|3|false|5,1|2|false|2|3|3|none|none|false|0|0=-|-1|-|-|-|-1|-|-|false
3,4|none|3,4|none|none|none|-1|false|2,4,1|3|true|0|none|3,4|none|none|false|0|0=4|4|-|-|-|-1|3|-|false
5,3,1|5|none|none|none|none|-1|false|5|3|false|0|5|5,3,1|none|none|false|0|0=-|5|-|-|-|-1|-|-|false
3|none|none|none|none|none|-1|false|4,2,5,1|3|true|1|3|3|none|none|false|0|0=3|-2|-|-|-|-1|-|-|false
2,5,4|2,5,4|none|none|none|none|2|false|3,4,2,5|3|true|2|5,4,2|2,5,4|none|none|false|0|0=5,4,2|-2|-|-|-|-1|-|-|false
4,2|none|none|none|none|none|-1|false|1,5,3,4|2|true|2|2|4,2|none|none|false|0|0=4|4|-|-|-|1|-|-|false
3,2,1,5|none|1,2,3,5|none|none|none|-1|false|2,4,5,1,3|2|true|1|none|3,2,1,5|none|none|false|0|0=3|3|-|-|-|-1|1,2,5|-|false
3,2,4,1|3,2,1,4|none|none|none|none|1|false|3,4|1|true|0|3,4|3,2,4,1|none|none|false|0|0=3,4|3|-|-|-|-1|-|-|false
5,2,1|none|1,2,5|none|none|none|-1|false|5,1,4,2|3|true|2|5|5,2,1|none|none|false|0|0=5|5|-|-|-|-1|1,2|-|false
3,4,2|4,2|none|none|none|none|-1|false|5,2|2|false|1|4,2|3,4,2|none|none|false|0|0=-|2|-|-|-|-1|-|-|false
1|1|none|none|none|none|-1|false|5,3,2,1,4|1|false|2|1|1|none|none|false|0|0=-|1|-|-|-|-1|-|-|false
2,4,5|none|none|none|none|none|-1|false|none|1|true|0|2,5|2,4,5|none|none|false|0|0=2,5|-2|-|-|-|-1|-|-|false
5|none|5|none|none|none|-1|false|none|1|true|1|5|5|none|none|false|0|0=5|-2|-|-|-|-1|none|-|false
4,1,5|4,5|none|none|none|none|4|false|4,1,5,3|1|true|2|4,5|4,5,3,1|1|3|false|0|0=-|-2|4,5,3,1|1|3|-1|-|-|true
2,3,5|3,5,2|none|none|none|none|5|false|2,3,1,4|1|true|2|3,5|2,3,5|none|none|false|0|0=3,5|3|-|-|-|-1|-|-|false
5,2,4|none|none|none|none|none|-1|false|4,5|2|true|1|5|5,2,4|none|none|false|0|0=5|5|-|-|-|-1|-|-|false
1,4|none|none|none|none|none|-1|false|4,1|1|true|0|none|1,4|none|none|false|0|1=noop
5|none|none|5|none|none|-1|false|none|1|true|1|none|5|none|none|false|0|5=noop
3|none|3|none|none|none|-1|false|4,1,5,2|2|true|2|3|3|none|none|false|0|0=3|-2|-|-|-|-1|none|-|false
1,4,2,5|none|1,2,4,5|2|none|none|-1|false|none|1|true|0|5,2,4|1,4,2,5|none|none|false|0|0=5,2,4|-2|-|-|-|-1|none|-|false
2,1,3|3,2|1|none|none|none|2|false|3|2|true|2|1,2|2,1,3|none|none|false|0|0=3|3|-|-|-|1|none|-|false
5,1,2|1|none|none|none|none|1|false|3,4,1,2,5|1|true|0|none|5,1,2|none|none|false|0|1=none|-1|-|-|-|-1|-|1|false
1|none|none|none|none|none|-1|false|none|3|true|2|none|1|none|none|false|0|1=noop
5,3,4|5|none|none|none|none|5|false|3|1|false|1|5|5,3,4|none|none|false|4|0=-|-1|-|-|-|-1|-|-|false
3,4,2|2|none|none|none|none|-1|false|4,5|1|false|2|2,3|3,4,2|none|none|false|0|0=4|4|-|-|-|1|-|-|false
1|1|none|none|none|none|1|false|2|2|true|1|none|1|none|none|false|1|0=none|-1|-|-|-|-1|1|1|false
2,5,4,3|5|none|none|none|none|5|false|none|2|false|0|5|2,5,4,3|none|none|false|2|0=-|-1|-|-|-|-1|-|-|false
3,4|4|none|none|none|none|4|false|none|1|false|0|4|3,4|none|none|false|0|3=-|-1|-|-|-|-1|-|-|false
2|2|none|none|none|none|2|false|none|3|false|1|none|2|none|none|false|0|2=-|-1|-|-|-|-1|-|-|false
3|3|none|none|none|none|3|false|none|3|true|1|none|3|none|none|false|0|3=none|-1|-|-|-|-1|-|3|false
2|none|none|none|2|none|-1|false|1,3,2,5,4|1|true|1|none|2|2|none|false|0|0=noop
2|2|none|none|none|none|2|false|2,1|2|true|0|none|2|none|none|false|2|0=none|-1|-|-|-|-1|2|2|false
2|none|none|none|2|none|-1|false|2,1,3,4|2|true|0|none|2|2|none|false|0|0=noop
2|2|none|none|none|none|2|true|1,2|3|true|2|none|2|none|none|true|2|0=none|-1|-|-|-|-1|2|2|false
1,3,2|none|1|none|none|none|-1|false|1,5,3|1|true|1|none|1,3,2|none|none|false|0|1=-|-2|-|-|-|-1|none|-|false
5,1|5|none|none|none|none|5|false|5,3,2,4|2|false|2|1,5|5,1|none|none|false|0|0=1,5|-2|-|-|-|-1|-|-|false
1,3|none|3|none|none|none|-1|false|4,1,3,2|2|true|0|none|1,3|none|none|false|0|3=-|-2|-|-|-|-1|none|-|false
1,2|2|1|none|none|none|2|false|2,5|1|true|1|2|1,2|none|none|false|0|0=-|-2|-|-|-|-1|none|-|false
3,1,4,5|3,5,1|none|none|none|none|5|false|2,1,5,3|2|false|1|1,3,4,5|3,1,4,5|none|none|false|0|0=1,3,4,5|-2|-|-|-|-1|-|-|false
2|2|none|none|none|none|2|false|5,3,4|2|true|2|none|2|none|none|false|0|2=none|-1|-|-|-|-1|-|2|false
1|none|1|none|none|none|-1|false|1,4,5,2,3|3|true|2|none|1|none|none|false|0|1=-|-2|-|-|-|-1|none|-|false
4,2|2|4|none|none|none|2|false|1,2,3,5,4|1|true|0|2|4,2|none|none|false|0|0=-|-2|-|-|-|-1|none|-|false
2,4|4|none|none|none|none|4|false|3,4,5,2,1|2|true|1|4|2,3,4|none|3|false|0|0=-|-2|2,3,4|-|3|-1|-|-|true
2,3,4,1|1|none|none|none|none|1|false|none|3|false|2|1|2,3,4,1|none|none|false|0|3=-|-1|-|-|-|-1|-|-|false
2,5,3,4|2,4,5,3|none|none|none|none|-1|false|5,2,1,3,4|3|true|0|4,5,3|2,5,3,4|none|none|false|0|2=4,5,3|5|-|-|-|-1|-|-|false
4,2,5,3|4|none|none|none|none|4|false|none|3|false|2|4|4,2,5,3|none|none|false|2|0=-|-1|-|-|-|-1|-|-|false
3|none|none|none|none|none|-1|false|none|1|true|0|none|3,2|none|2|false|0|0=-|-2|3,2|-|2|-1|-|-|true
4,5|5|4|none|none|none|5|false|3,5,4,2,1|1|true|2|5|4,5|none|none|false|0|0=-|-2|-|-|-|-1|none|-|false
2,4|2|4|none|none|none|2|false|5,2,4,3,1|3|true|1|none|2,4|none|none|false|2|0=4|4|-|-|-|-1|2|-|false
3,5|3|none|none|none|none|-1|false|1,4,2,5,3|1|false|0|5,3|3,5|none|none|false|0|0=5,3|3|-|-|-|-1|-|-|false
4,1,3,2|1,3|4|none|none|none|1|false|3,4,1,2,5|2|true|1|1|4,1,3,2|none|none|false|0|0=1|-2|-|-|-|-1|3,4|-|false
1,4,3|4,3|1|none|none|none|-1|false|1,3,4,5|2|true|2|3|1,4,3|none|none|false|4|0=3|3|-|-|-|-1|1,4|-|false
1,5,4,2|2|none|none|none|none|2|false|4,2|2|false|0|5,4,1,2|1,5,4,2|none|none|false|0|0=5,4,1,2|-2|-|-|-|-1|-|-|false
4,5|4|none|none|none|none|4|true|3,2,5,1|1|false|2|4|4,5|none|none|true|0|0=5|5|-|-|-|-1|-|-|false
4,3|4|none|none|none|none|4|false|2|2|true|0|4|2,3,4|3,4|2|false|0|0=-|-1|2,3,4|3,4|2|-1|-|4|true
4|none|4|none|4|none|-1|false|1,2|1|true|2|none|4|4|none|false|0|0=noop
1,5,4,2|none|2,4,5|none|none|none|-1|false|1,4,2,3,5|2|true|0|none|1,5,4,2|none|none|false|5|0=4|4|-|-|-|-1|2,5|-|false
5,4|5,4|none|none|none|none|-1|false|3|3|true|0|5|5,4|none|none|false|0|0=5|-2|-|-|-|-1|4|-|false
1,4,3|1,4,3|none|none|none|none|4|false|none|3|true|1|1,4,3|4,3,5,2,1|1|2,5|false|0|0=-|-1|4,3,5,2,1|1|2,5|-1|-|4|true
5,1|1|5|none|none|none|1|false|3,2,1|1|true|1|none|5,1|none|none|false|0|0=none|-2|-|-|-|-1|1,5|-|false
4,2,3|4,3|2|none|none|none|-1|false|3,1,2,4,5|3|true|1|3|4,2,3|none|none|false|0|4=3|3|-|-|-|-1|-|-|false
5,1,3|1|none|none|none|none|1|true|5|1|true|2|none|5,1,3|none|none|true|0|1=5|5|-|-|-|-1|-|-|false
4,3,1,2|2,3,4|none|none|none|none|3|false|none|1|true|1|2,1,4,3|4,3,1,2|none|none|false|0|0=2,1,4,3|-1|-|-|-|-1|-|3|false
4,2|4,2|none|none|none|none|2|false|4,3,1,2|3|true|1|2|4,2|none|none|false|0|4=2|-2|-|-|-|-1|-|-|false
5|5|none|none|none|none|5|false|5|2|false|1|5|3,5|5|3|false|0|0=-|-2|3,5|5|3|-1|-|-|true
2,1|2,1|none|none|none|none|1|false|5,3,2,1,4|1|true|2|none|2,1|none|none|false|0|0=none|-2|-|-|-|-1|1,2|-|false
4,5,1,2|1,4,5|2|none|none|none|5|false|4,2,5,1|3|true|2|4,5|4,5,1,2|none|none|false|0|1=4,5|-2|-|-|-|-1|-|-|false
2,3,5,4|3,5|none|none|none|none|5|false|1,5|3|false|0|3,5|2,4,3,1,5|5|1|false|0|0=-|-2|2,4,3,1,5|5|1|-1|-|-|true
3,2,4|3|none|none|none|none|-1|false|4,2,1|3|false|1|3|3,2,4|none|none|false|4|0=noop
3,5,4,2|2,5,4,3|none|none|none|none|5|false|none|2|false|0|4,2,5|3,5,4,2|none|none|false|0|0=4,2,5|-1|-|-|-|-1|-|-|false
4,5|5|none|none|none|none|5|false|4,2|2|false|1|4,5|4,5|none|none|false|0|0=4,5|4|-|-|-|-1|-|-|false
2,4,5|2|none|none|none|none|2|false|none|1|true|0|4,2,5|2,4,5|none|none|false|0|0=4,2,5|-1|-|-|-|-1|-|2|false
2|2|none|none|none|none|-1|false|4,1,2,3,5|1|false|1|none|2|none|none|false|0|2=noop
4,3|4|none|none|none|none|4|true|none|2|false|1|3|4,3|none|none|true|0|0=3|-1|-|-|-|-1|-|-|false
5,3,1|5|3|none|none|none|5|false|4,2,5,1|1|true|0|none|5,3,1|none|none|false|0|0=none|-2|-|-|-|-1|3,5|-|false
5,2,1,4|4,1,5|none|none|none|none|4|false|4,2|1|false|0|4,1,5|5,2,1,4|none|none|false|2|0=noop
2,5,1,4|1|4,5|none|none|none|1|false|5,2|3|true|1|4|2,5,1,4|none|none|false|0|0=4|-1|-|-|-|-1|1,5|1|false
3,1|3,1|none|none|none|none|3|false|3|3|true|0|1|3,1|none|none|false|0|3=1|-1|-|-|-|-1|-|3|false
3,5|3,5|none|none|none|none|-1|false|none|3|true|2|3|3,5|none|none|false|0|0=3|-2|-|-|-|-1|5|-|false
1|1|none|none|none|none|1|true|4,3,2,1,5|2|false|2|1|4,5,3,2,1|1|2,3,4,5|true|0|0=-|-2|4,5,3,2,1|1|2,3,4,5|-1|-|-|true
5,3|3,5|none|none|none|none|3|false|3,2|1|true|1|5|5,3|none|none|false|0|3=5|-1|-|-|-|-1|-|3|false
2,5|2|none|none|none|none|2|false|3,1,4,2|3|false|0|2|2,5|none|none|false|0|5=noop
2,3,4,5|4,3|2,5|none|none|none|-1|false|none|2|true|0|3|2,3,4,5|none|none|false|0|4=3|-2|-|-|-|-1|-|-|false
4,5,1,2|2,4|5|none|none|none|4|false|none|2|true|0|4|4,5,1,2|none|none|false|0|0=4|-1|-|-|-|-1|2,5|4|false
2|none|2|2|none|none|-1|false|2|3|true|2|2|2|none|none|false|0|0=2|2|-|-|-|-1|none|none|false
1,2,5|2,1,5|none|none|none|none|1|false|4|2|true|2|2,5|1,2,5|none|none|false|0|1=2,5|-1|-|-|-|-1|-|1|false
5,3,4|4,3,5|none|none|none|none|-1|false|4,2,5|3|true|0|4,3,5|3,1,2,5,4|4|1,2|false|0|0=-|5|3,1,2,5,4|4|1,2|-1|-|-|true
5,2,1,4|1|2,4,5|none|none|none|1|false|2,4|1|true|0|1|5,2,1,4|none|none|false|0|0=-|-1|-|-|-|-1|none|1|false
1,3,2|3,2|none|none|none|none|3|false|1,3,4,2|1|false|2|3,2|1,3,2|none|none|false|1|0=noop
3|3|none|3|none|none|-1|false|3,4,5,1|1|true|0|3|3|none|none|false|0|0=-|3|-|-|-|-1|-|none|false
2,5,3,4|2,3,5,4|none|5|none|none|-1|false|4,2,5,3,1|2|true|2|2,3,5,4|2,5,3,4|none|none|false|0|0=-|2|-|-|-|-1|-|none|false
2,4,3|none|none|none|none|none|-1|false|3|3|true|2|none|2,4,5,1,3|3|1,5|false|0|0=3|3|2,4,5,1,3|3|1,5|1|-|-|true
1,4|none|4|4|none|none|-1|false|1,4,5|3|true|0|none|1,4|none|none|false|0|0=4|4|-|-|-|-1|none|none|false
5,3,2,1|1,5,3,2|none|none|none|none|3|false|none|2|true|2|3,2|5,3,2,1|none|none|false|0|0=3,2|-1|-|-|-|-1|-|3|false
1,4,2,3|1,3|4|none|none|none|3|false|1,5|2|true|0|1,3|1,4,2,3|none|none|false|0|0=-|1|-|-|-|-1|none|-|false
4,1|4|1|1|none|none|-1|false|4,2,5,1|1|true|1|none|4,1|none|none|false|0|0=-|4|-|-|-|-1|-|none|false
1,2,4,3|4,2|1|none|none|none|4|false|3|2|true|1|4,2|1,2,4,3|none|none|false|0|0=-|-1|-|-|-|-1|none|4|false
4,2,3|2,4|3|none|none|none|2|false|4,5|3|true|1|2,4|2,1,3,4|3,4|1|false|0|0=-|4|2,1,3,4|3,4|1|-1|-|-|true
5,1|none|5|1|none|none|-1|false|1,5,2,4,3|3|true|1|none|5,1|none|none|false|0|0=5|5|-|-|-|-1|none|none|false
2,4,5|2|none|none|none|none|2|false|1,5|3|false|0|2|2,3,4,5|4,5|3|false|0|0=-|-1|2,3,4,5|4,5|3|-1|-|-|true
4,1,5,3|4,3,1|none|none|none|none|-1|false|3,1|2|true|2|4,3,1|3,1,2,4,5|4,5|2|false|0|0=-|3|3,1,2,4,5|4,5|2|-1|-|-|true
5,3|3|none|3|none|none|-1|false|none|3|true|2|3|1,5,3|none|1|false|0|0=-|-2|1,5,3|-|1|-1|-|-|true
2,5,4,1|1|4,5|none|none|none|-1|false|1,2|1|true|2|1|2,5,4,1|none|none|false|0|0=-|1|-|-|-|-1|none|-|false
2,1,4|2,4|none|none|none|none|4|false|2,4,1,5,3|3|false|2|2,4|2,1,4|none|none|false|0|1=noop
1,3|3|none|none|none|none|3|false|1,4|3|false|1|3|3,4,1|1|4|false|0|0=-|-1|3,4,1|1|4|-1|-|-|true
2,1,4,3|2,3|1|none|none|none|3|false|4,2,1,5|1|true|1|2,3|2,1,4,3|none|none|false|0|0=-|2|-|-|-|-1|none|-|false
5,4|4|none|none|none|none|4|false|none|1|false|2|5,4|5,4|none|none|false|0|0=5,4|-1|-|-|-|-1|-|-|false
5,4|none|none|4|none|none|-1|false|4,1,3,2|3|true|2|5|5,4|none|none|false|0|0=4|4|-|-|-|1|-|none|false
2,1,4,5|5,2,4,1|none|none|none|none|2|false|2,4|3|true|0|5,4,1|2,1,4,5|none|none|false|2|0=5,4,1|4|-|-|-|-1|-|-|false
1,3,4|3,4|none|none|none|none|4|false|5,2|2|true|1|none|1,3,4|none|none|false|0|0=none|-1|-|-|-|-1|3,4|4|false
2,3,4|2|4|none|none|none|2|false|5,4,1|3|true|0|none|2,3,4|none|none|false|0|2=4|4|-|-|-|-1|none|-|false
1,3|1|3|none|none|none|1|false|none|3|true|0|none|1,3|none|none|false|0|0=none|-1|-|-|-|-1|1,3|1|false
1,4,5,2|5,4,1,2|none|none|none|none|-1|false|1|2|true|1|5,4,1|1,4,5,2|none|none|false|2|0=5,4,1|1|-|-|-|-1|-|-|false
4,2,5|2,5|4|2|none|none|-1|false|1,5|3|true|1|4,5|4,2,5|none|none|false|0|0=4,5|5|-|-|-|-1|2|none|false
4,1,2,3|4,2,1|3|none|none|none|2|false|1,2,3|2|true|2|4,1|4,1,2,3|none|none|false|0|2=4,1|1|-|-|-|-1|none|-|false
4,1|4|1|none|none|none|-1|false|1,4,2,5|3|true|1|none|4,1|none|none|false|0|4=1|1|-|-|-|-1|none|-|false
3,5,1,4|none|3,4|4|none|none|-1|false|3,2,1|1|true|0|none|3,5,1,4|none|none|false|0|0=3|3|-|-|-|-1|4|none|false
3,2,1|1,2,3|none|none|none|none|2|false|1,4|2|true|2|1,2|3,2,1|none|none|false|3|0=1,2|1|-|-|-|-1|-|-|false
4,1|none|1,4|1|none|none|-1|false|5,4,1,3|2|true|2|4|4,1|none|none|false|0|0=4|4|-|-|-|-1|1|none|false
4,1,3|1|3|none|none|none|1|false|none|3|true|2|none|4,1,3|none|none|false|0|0=none|-1|-|-|-|-1|1,3|1|false
4|4|none|none|none|none|4|false|none|1|true|2|4|5,1,4|4|1,5|false|0|0=-|-1|5,1,4|4|1,5|-1|-|4|true
3|none|none|none|3|none|-1|false|2,4,1,5,3|2|true|0|none|3|3|none|false|3|0=noop
4,2|none|4|none|2|none|-1|false|2,4,3,1,5|1|true|1|none|4,2|2|none|false|4|0=noop
4,3,2|3|none|none|none|none|3|false|2,1,3,4,5|3|true|2|none|4,3,2|none|none|false|0|3=4|4|-|-|-|1|-|-|false
5,2,4,3|5|3|none|none|none|5|false|none|1|true|2|5|5,2,4,3|none|none|false|0|0=-|-1|-|-|-|-1|none|5|false
5,4,2|4,2|5|none|none|none|4|false|5,2|3|true|0|4|5,4,2|none|none|false|2|0=4|-1|-|-|-|-1|2,5|4|false
2,1,4,3|2|1,3|none|none|none|2|false|none|1|true|1|2,4,1,3|2,1,4,3|none|none|false|0|0=2,4,1,3|-1|-|-|-|-1|none|2|false
2,5,3,4|4,2,5,3|none|none|none|none|-1|false|4,3,1|2|false|2|4,2,3|2,5,3,4|none|none|false|5|0=4,2,3|3|-|-|-|-1|-|-|false
5,3,2,1|1,5,3,2|none|2|none|none|-1|false|none|2|true|2|1,5,2|5,3,2,1|none|none|false|3|0=1,5,2|-2|-|-|-|-1|-|-|false
1,3,5,2|1|2,3,5|none|none|none|1|true|none|2|true|1|1|1,3,5,2|none|none|true|5|0=-|-1|-|-|-|-1|-|1|false
4|4|none|4|none|none|-1|false|none|2|true|0|none|4|none|none|false|4|0=none|-2|-|-|-|-1|4|-|false
1,2,4|2|1,4|none|none|none|2|false|none|3|true|0|2|1,2,4|none|none|false|1|0=-|-1|-|-|-|-1|-|2|false
3|3|none|none|none|none|-1|false|5,4,1,3|3|true|1|none|3|none|none|false|3|0=none|-2|-|-|-|-1|3|-|false
1,5,3|5,3|none|none|none|none|-1|false|5,2,4|2|true|1|3|1,5,3|none|none|false|5|0=3|-2|-|-|-|-1|5|-|false
1,3,5,2|none|1,2,3,5|none|none|none|-1|false|none|1|true|1|none|1,3,5,2|none|none|false|0|1=-|-2|-|-|-|-1|2,3,5|-|false
5,3|3|5|none|none|none|3|false|none|1|true|0|5,3|5,3|none|none|false|0|0=5,3|-1|-|-|-|-1|none|3|false
4,2|2|none|none|none|none|2|false|3,4,1,2|2|true|2|none|4,2|none|none|false|2|0=4|4|-|-|-|1|-|-|false
4,1,5,2|none|1,2,4|none|none|none|-1|false|none|3|true|0|none|4,1,5,2|none|none|false|0|2=-|-2|-|-|-|-1|1,4|-|false
";
