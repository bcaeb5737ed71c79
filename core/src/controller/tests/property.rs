//! Whatever is asked, and however late it is committed: the image at the end is what the records make, on this node and on any other, from the log's
//! beginning and from a snapshot; and partitions are never what no partition may be.

use proptest::prelude::*;

use super::*;
use crate::decider::Decided;

#[derive(Clone, Debug)]
enum Ask {
    Register { id: i32, run: i32, was_clean: bool },
    Heartbeat { id: i32, wants_fence: bool, wants_shutdown: bool },
    Unregister(i32),
    Create { name: u8, partitions: i32, factor: i16, min: u8 },
    Delete(u8),
    Grow { name: u8, count: i32 },
    InSync { name: u8, partition: i32, members: Vec<i32> },
    Elect(bool),
    Reassign { name: u8, partition: i32, replicas: Option<Vec<i32>> },
    Configure { name: u8, unclean: bool },
    Features(i16),
    Wait(u64),
    Commit(i64),
    FailOver,
}

fn ask() -> impl Strategy<Value = Ask> {
    let (id, name, partition) = (1..5_i32, 0..3_u8, 0..3_i32);
    let members = || prop::collection::vec(1..5_i32, 0..4);
    prop_oneof![
        3 => (id.clone(), 0..3_i32, any::<bool>()).prop_map(|(id, run, was_clean)| Ask::Register { id, run, was_clean }),
        8 => (id.clone(), prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(id, wants_fence, wants_shutdown)| Ask::Heartbeat { id, wants_fence, wants_shutdown }),
        1 => id.prop_map(Ask::Unregister),
        4 => (name.clone(), 1..4_i32, 1..4_i16, 1..4_u8)
            .prop_map(|(name, partitions, factor, min)| Ask::Create { name, partitions, factor, min }),
        1 => name.clone().prop_map(Ask::Delete),
        1 => (name.clone(), 0..6_i32).prop_map(|(name, count)| Ask::Grow { name, count }),
        6 => (name.clone(), partition.clone(), members())
            .prop_map(|(name, partition, members)| Ask::InSync { name, partition, members }),
        1 => any::<bool>().prop_map(Ask::Elect),
        2 => (name.clone(), partition, prop::option::of(members()))
            .prop_map(|(name, partition, replicas)| Ask::Reassign { name, partition, replicas }),
        1 => (name, any::<bool>()).prop_map(|(name, unclean)| Ask::Configure { name, unclean }),
        1 => (0..2_i16).prop_map(Ask::Features),
        3 => (0..6_000_u64).prop_map(Ask::Wait),
        8 => (0..12_i64).prop_map(Ask::Commit),
        1 => Just(Ask::FailOver),
    ]
}

fn topic(name: u8) -> String {
    format!("topic-{name}")
}

fn carry<T>(cluster: &mut Cluster, decision: Decision<T>) {
    cluster.carry_out(decision);
}

fn hear(cluster: &mut Cluster, ask: &Ask) {
    let moment = cluster.moment();
    let epoch = |id: i32| cluster.image().broker(BrokerId(id)).map_or(-1, |broker| broker.epoch);
    match ask {
        Ask::Register { id, run, was_clean } => {
            let request = BrokerRegistrationRequest {
                incarnation: IncarnationId(uuid(id * 10 + run)),
                previous_epoch: Some(if *was_clean { epoch(*id) } else { -1 }),
                ..broker(*id)
            };
            let decision = cluster.controller.register_broker(moment, &request);
            carry(cluster, decision);
        }
        Ask::Heartbeat { id, wants_fence, wants_shutdown } => {
            let heartbeat = Heartbeat {
                broker: BrokerId(*id),
                epoch: epoch(*id),
                metadata_offset: moment.next_offset - 1,
                wants_fence: *wants_fence,
                wants_shutdown: *wants_shutdown,
                offline_directories: vec![],
                cordoned_directories: None,
            };
            let decision = cluster.controller.heartbeat(moment, &heartbeat);
            carry(cluster, decision);
        }
        Ask::Unregister(id) => {
            let decision = cluster.controller.unregister_broker(BrokerId(*id));
            carry(cluster, decision);
        }
        Ask::Wait(millis) => {
            cluster.wait(*millis);
            while let Some(due) = cluster.controller.next_due(cluster.now) {
                carry(cluster, due);
            }
        }
        Ask::Commit(more) => {
            let end = cluster.controller.image_end() + more;
            cluster.controller.on_committed(end.min(moment.next_offset));
        }
        Ask::FailOver => {
            cluster.controller.step_down();
            // The next leader does not have what was not committed.
            cluster.log.truncate(cluster.controller.image_end() as usize);
            let decision = cluster.controller.activate(cluster.moment());
            carry(cluster, decision);
        }
        _ => administer(cluster, ask),
    }
}

fn administer(cluster: &mut Cluster, ask: &Ask) {
    match ask {
        Ask::Create { name, partitions, factor, min } => {
            let overrides = overrides(&[("min.insync.replicas", &min.to_string())]);
            cluster.create(&[NewTopic { overrides, ..named(&topic(*name), *partitions, *factor) }]);
        }
        Ask::Delete(name) => {
            let id = cluster.image().topic_named(&topic(*name)).map_or(TopicId::ZERO, |topic| topic.id());
            let decision = cluster.controller.delete_topics(&[id]);
            carry(cluster, decision);
        }
        Ask::Grow { name, count } => {
            let new = [NewPartitions { topic: topic(*name), count: *count, assignments: None }];
            let decision = cluster.controller.create_partitions(&mut cluster.rng, &new, false);
            carry(cluster, decision);
        }
        Ask::InSync { name, partition, members } => change_in_sync(cluster, *name, *partition, members),
        Ask::Elect(unclean) => {
            let kind = if *unclean { ElectionKind::Unclean } else { ElectionKind::Preferred };
            let decision = cluster.controller.elect_leaders(kind, None);
            carry(cluster, decision);
        }
        Ask::Reassign { name, partition, replicas } => {
            let replicas = replicas.as_deref().map(ids);
            let asked = [Reassignment { topic: topic(*name), partition: *partition, replicas }];
            let decision = cluster.controller.alter_partition_reassignments(&asked, true);
            carry(cluster, decision);
        }
        Ask::Configure { name, unclean } => {
            let resource = ConfigResource::topic(&topic(*name));
            _ = cluster.set(resource, "unclean.leader.election.enable", &unclean.to_string());
        }
        Ask::Features(level) => {
            let name = "eligible.leader.replicas.version".into();
            let kind = Some(if *level == 0 { UpgradeKind::SafeDowngrade } else { UpgradeKind::Upgrade });
            let decision = cluster.controller.update_features(&[FeatureUpdate { name, level: *level, kind }], false);
            carry(cluster, decision);
        }
        _ => {}
    }
}

/// As the leader would say it.
fn change_in_sync(cluster: &mut Cluster, name: u8, partition: i32, members: &[i32]) {
    let Some(topic) = cluster.image().topic_named(&topic(name)) else { return };
    let id = TopicPartition { topic: topic.id(), partition };
    let Some(current) = topic.partitions().get(&partition) else { return };
    let Some(leader) = current.leader else { return };
    let members = ids(members).into_iter().filter(|id| *id != leader).chain([leader]);
    let proposal = IsrProposal {
        id,
        leader_epoch: current.leader_epoch,
        partition_epoch: current.partition_epoch,
        in_sync: members.map(|broker| ProposedReplica { broker, epoch: None }).collect(),
        is_recovering: false,
    };
    let epoch = cluster.image().broker(leader).map_or(-1, |broker| broker.epoch);
    let decision = cluster.controller.alter_partition(leader, epoch, &[proposal]);
    carry(cluster, decision);
}

fn replayed(records: &[MetadataRecord]) -> Image {
    let mut image = Image::default();
    for (offset, record) in (0..).zip(records) {
        // As it would come from the log of another node.
        let read = MetadataRecord::decode(&record.encode()).expect("what was just written");
        image.apply(&read, offset);
    }
    image
}

fn check_partitions(image: &Image) {
    for (id, partition) in image.topics().partitions() {
        let within = |members: &[BrokerId]| members.iter().all(|member| partition.replicas.contains(member));
        assert!(within(&partition.in_sync), "in sync is who is a replica: {id:?} {partition:?}");
        let both = partition.eligible.iter().any(|member| partition.in_sync.contains(member));
        assert!(!both, "who is in sync is not eligible beside that: {id:?} {partition:?}");
        if let Some(leader) = partition.leader {
            assert!(partition.in_sync.contains(&leader), "who leads is in sync: {id:?} {partition:?}");
            assert!(image.is_active(leader), "who leads is there: {id:?} {partition:?}");
        }
        let mut replicas = partition.replicas.clone();
        replicas.sort_unstable();
        replicas.dedup();
        assert_eq!(replicas.len(), partition.replicas.len(), "each replica once");
        assert_eq!(partition.directories.len(), partition.replicas.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_node_has_the_image_that_the_records_make(asked in prop::collection::vec(ask(), 0..60)) {
        let mut cluster = Cluster::of(3);
        cluster.commits = false;
        for ask in asked {
            hear(&mut cluster, &ask);
            check_partitions(cluster.controller.end());
            let committed = cluster.controller.image_end() as usize;
            prop_assert_eq!(&replayed(&cluster.log[..committed]), cluster.image(), "what everybody may see");
        }
        prop_assert_eq!(&replayed(&cluster.log), cluster.controller.end(), "what is decided on");
        cluster.controller.on_committed(cluster.log.len() as Offset);
        let image = cluster.image().clone();
        prop_assert_eq!(&replayed(&cluster.log), &image, "another node that read the log");
        prop_assert_eq!(&replayed(&image.to_records()), &image, "one that began with a snapshot");
        prop_assert_eq!(cluster.controller.end(), &image, "both views are one when all is committed");
        prop_assert_eq!(replayed(&cluster.log).digest(), image.digest());
    }
}
