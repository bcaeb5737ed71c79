use super::*;

fn proposal(cluster: &Cluster, topic: TopicId, in_sync: &[i32]) -> IsrProposal {
    let current = cluster.partition(topic, 0);
    let epoch = |id: i32| cluster.image().broker(BrokerId(id)).map(|broker| broker.epoch);
    let in_sync = in_sync.iter().map(|id| ProposedReplica { broker: BrokerId(*id), epoch: epoch(*id) });
    IsrProposal {
        id: TopicPartition { topic, partition: 0 },
        leader_epoch: current.leader_epoch,
        partition_epoch: current.partition_epoch,
        in_sync: in_sync.collect(),
        is_recovering: false,
    }
}

fn alter(cluster: &mut Cluster, from: i32, proposal: IsrProposal) -> Result<image::PartitionRegistration, ErrorCode> {
    let epoch = cluster.image().broker(BrokerId(from)).unwrap().epoch;
    let decision = cluster.controller.alter_partition(BrokerId(from), epoch, &[proposal]);
    cluster.carry_out(decision).1.expect("a run that is registered").remove(0)
}

#[test]
fn the_next_replica_in_sync_leads_when_the_leader_goes() {
    let mut cluster = Cluster::of(3);
    let topic = cluster.assigned("t", &[&[1, 2, 3]]);
    cluster.fence(1);
    assert_eq!(cluster.state(topic, 0), (Some(2), vec![2, 3], vec![]));
    assert_eq!(cluster.partition(topic, 0).leader_epoch, 1);
    cluster.fence(3);
    assert_eq!(cluster.partition(topic, 0).leader_epoch, 1, "the leader stays");
}

#[test]
fn below_the_least_size_who_goes_stays_eligible_and_leads_when_it_is_back() {
    let mut cluster = Cluster::of(3);
    let new = NewTopic { overrides: overrides(&[("min.insync.replicas", "2")]), ..assigned("t", &[&[1, 2, 3]]) };
    let topic = cluster.create(&[new]).1.remove(0).unwrap().id;
    cluster.fence(1);
    assert_eq!(cluster.state(topic, 0), (Some(2), vec![2, 3], vec![]));
    cluster.fence(2);
    assert_eq!(cluster.state(topic, 0), (Some(3), vec![3], vec![2]));
    cluster.fence(3);
    assert_eq!(cluster.state(topic, 0), (None, vec![], vec![2, 3]));
    assert_eq!(cluster.partition(topic, 0).last_known_eligible, ids(&[3]));
    cluster.unfence(1);
    assert_eq!(cluster.state(topic, 0).0, None, "broker 1 may lack what 2 and 3 have");
    cluster.unfence(2);
    assert_eq!(cluster.state(topic, 0), (Some(2), vec![2], vec![3]));
    assert_eq!(cluster.partition(topic, 0).last_known_eligible, []);
    cluster.unfence(3);
    let wanted = proposal(&cluster, topic, &[2, 3]);
    let altered = alter(&mut cluster, 2, wanted).unwrap();
    assert_eq!((altered.in_sync, altered.eligible), (ids(&[2, 3]), vec![]));
}

/// Registers the broker's next run.
fn restart(cluster: &mut Cluster, id: i32, previous_epoch: BrokerEpoch) {
    let incarnation = IncarnationId(uuid(100 + cluster.log.len() as i32));
    let request = BrokerRegistrationRequest { incarnation, previous_epoch: Some(previous_epoch), ..broker(id) };
    cluster.wait(10_000);
    cluster.register(&request).expect("its session is over");
}

#[test]
fn a_sole_replica_that_ended_cleanly_leads_again() {
    let mut cluster = Cluster::of(1);
    let topic = cluster.assigned("t", &[&[1]]);
    let epoch = cluster.alive(1).epoch;
    restart(&mut cluster, 1, epoch);
    assert_eq!(cluster.state(topic, 0), (None, vec![], vec![1]));
    cluster.unfence(1);
    assert_eq!(cluster.state(topic, 0), (Some(1), vec![1], vec![]));
    assert!(!cluster.partition(topic, 0).is_recovering);
}

#[test]
fn one_that_did_not_end_cleanly_leads_as_the_last_known_and_recovers() {
    let mut cluster = Cluster::of(1);
    let topic = cluster.assigned("t", &[&[1]]);
    restart(&mut cluster, 1, -1);
    assert_eq!(cluster.state(topic, 0), (None, vec![], vec![]));
    cluster.unfence(1);
    assert_eq!(cluster.state(topic, 0), (Some(1), vec![1], vec![]));
    assert!(cluster.partition(topic, 0).is_recovering);
}

#[test]
fn nobody_leads_uncleanly_unless_the_topic_allows_it() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    cluster.fence(2);
    cluster.fence(1);
    assert_eq!(cluster.state(topic, 0).0, None);
    cluster.unfence(2);
    assert_eq!(cluster.state(topic, 0).0, None);
    cluster.set(ConfigResource::topic("t"), "unclean.leader.election.enable", "true").unwrap();
    cluster.wait(1);
    let due = cluster.controller.elect_uncleanly();
    cluster.carry_out(due);
    assert_eq!(cluster.state(topic, 0), (Some(2), vec![2], vec![]));
    assert!(cluster.partition(topic, 0).is_recovering);
}

#[test]
fn without_eligible_replicas_the_last_one_stays_in_sync() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    let name = "eligible.leader.replicas.version".into();
    let off = [FeatureUpdate { name, level: 0, kind: Some(UpgradeKind::SafeDowngrade) }];
    let decision = cluster.controller.update_features(&off, false);
    cluster.carry_out(decision).1.expect("a downgrade that is safe");
    cluster.fence(2);
    cluster.fence(1);
    assert_eq!(cluster.state(topic, 0), (None, vec![1], vec![]));
    cluster.unfence(2);
    assert_eq!(cluster.state(topic, 0), (None, vec![1], vec![]));
    cluster.unfence(1);
    assert_eq!(cluster.state(topic, 0), (Some(1), vec![1], vec![]));
}

#[test]
fn a_leader_changes_its_in_sync_set_by_the_latest_epochs() {
    let mut cluster = Cluster::of(3);
    let topic = cluster.assigned("t", &[&[1, 2, 3]]);
    let good = proposal(&cluster, topic, &[1, 2]);
    let of = |change: fn(&mut IsrProposal)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed
    };
    let cases = [
        (1, of(|it| it.leader_epoch = 1), ErrorCode::NotController),
        (1, of(|it| it.partition_epoch = 1), ErrorCode::NotController),
        (1, of(|it| it.leader_epoch = -1), ErrorCode::FencedLeaderEpoch),
        (1, of(|it| it.partition_epoch = -1), ErrorCode::InvalidUpdateVersion),
        (2, good.clone(), ErrorCode::InvalidRequest),
        (1, of(|it| it.in_sync.clear()), ErrorCode::InvalidRequest),
        (1, of(|it| it.in_sync.remove(0).epoch = None), ErrorCode::InvalidRequest),
        (1, of(|it| it.in_sync[1].broker = BrokerId(4)), ErrorCode::InvalidRequest),
        (1, of(|it| it.in_sync[1].broker = BrokerId(1)), ErrorCode::InvalidRequest),
        (1, of(|it| it.is_recovering = true), ErrorCode::InvalidRequest),
        (1, of(|it| it.in_sync[1].epoch = Some(-7)), ErrorCode::IneligibleReplica),
        (1, of(|it| it.id.partition = 9), ErrorCode::UnknownTopicOrPartition),
        (1, of(|it| it.id.topic = TopicId::ZERO), ErrorCode::UnknownTopicId),
    ];
    for (from, wanted, expected) in cases {
        assert_eq!(alter(&mut cluster, from, wanted.clone()), Err(expected), "{wanted:?}");
    }
    let altered = alter(&mut cluster, 1, good.clone()).unwrap();
    assert_eq!((altered.in_sync, altered.partition_epoch, altered.leader_epoch), (ids(&[1, 2]), 1, 0));
    assert_eq!(alter(&mut cluster, 1, good), Err(ErrorCode::InvalidUpdateVersion), "once only");
}

#[test]
fn a_fenced_or_leaving_replica_is_not_taken_in() {
    let mut cluster = Cluster::of(3);
    let topic = cluster.assigned("t", &[&[1, 2, 3]]);
    cluster.assigned("u", &[&[3, 1]]);
    cluster.fence(2);
    let wanted = proposal(&cluster, topic, &[1, 2, 3]);
    assert_eq!(alter(&mut cluster, 1, wanted), Err(ErrorCode::IneligibleReplica));
    let leaving = Heartbeat { wants_shutdown: true, ..cluster.alive(3) };
    assert!(cluster.heartbeat(&leaving).in_controlled_shutdown);
    let wanted = proposal(&cluster, topic, &[1, 3]);
    assert_eq!(alter(&mut cluster, 1, wanted), Err(ErrorCode::IneligibleReplica));
}

#[test]
fn leaders_are_asked_for() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    cluster.fence(1);
    cluster.unfence(1);
    let asked = [("t".to_owned(), vec![0, 5]), ("x".to_owned(), vec![0])];
    let elect = |cluster: &mut Cluster, kind, asked| {
        let decision = cluster.controller.elect_leaders(kind, asked);
        let (_, elected) = cluster.carry_out(decision);
        let results = elected.into_iter().flat_map(|(_, partitions)| partitions);
        results.map(|(_, result)| result.err().map(|refused| refused.error)).collect::<Vec<_>>()
    };
    let unknown = Some(ErrorCode::UnknownTopicOrPartition);
    let not_there = Some(ErrorCode::PreferredLeaderNotAvailable);
    assert_eq!(elect(&mut cluster, ElectionKind::Preferred, Some(&asked)), [not_there, unknown, unknown]);
    let wanted = proposal(&cluster, topic, &[2, 1]);
    alter(&mut cluster, 2, wanted).unwrap();
    assert_eq!(elect(&mut cluster, ElectionKind::Preferred, None), [None]);
    assert_eq!(cluster.state(topic, 0).0, Some(1));
    assert_eq!(elect(&mut cluster, ElectionKind::Preferred, None), []);
    let needless = Some(ErrorCode::ElectionNotNeeded);
    assert_eq!(elect(&mut cluster, ElectionKind::Unclean, Some(&asked[..1])), [needless, unknown]);
}

#[test]
fn every_now_and_then_preferred_leaders_get_their_partitions_back() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    cluster.fence(1);
    cluster.unfence(1);
    let wanted = proposal(&cluster, topic, &[2, 1]);
    alter(&mut cluster, 2, wanted).unwrap();
    assert_eq!(cluster.state(topic, 0).0, Some(2));
    let due = cluster.controller.balance();
    cluster.carry_out(due);
    assert_eq!(cluster.state(topic, 0).0, Some(1));
}
