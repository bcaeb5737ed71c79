use super::*;
use crate::record::internal::metadata::BrokerRegistrationChangeRecord;

#[test]
fn a_broker_registers_fenced_and_is_unfenced_once_it_has_caught_up() {
    let mut cluster = Cluster::new();
    let offset = cluster.log.len() as Offset;
    assert_eq!(cluster.register(&broker(1)), Ok(offset), "the epoch is where its record is");
    let registered = cluster.image().broker(BrokerId(1)).unwrap();
    assert!(registered.is_fenced && registered.has_online(DirectoryId(uuid(1))));

    let behind = Heartbeat { metadata_offset: offset - 1, ..cluster.alive(1) };
    let reply = cluster.heartbeat(&behind);
    assert_eq!(reply, HeartbeatReply { is_fenced: true, ..HeartbeatReply::default() });
    let decision = cluster.controller.heartbeat(cluster.moment(), &cluster.alive(1));
    let (records, reply) = cluster.carry_out(decision);
    assert_eq!(reply.unwrap(), HeartbeatReply { is_caught_up: true, ..HeartbeatReply::default() });
    let unfenced = BrokerRegistrationChangeRecord {
        broker_id: BrokerId(1),
        broker_epoch: offset,
        fenced: -1,
        ..BrokerRegistrationChangeRecord::default()
    };
    assert_eq!(records, [MetadataRecord::BrokerRegistrationChange(unfenced)]);
    assert!(cluster.image().is_active(BrokerId(1)));
    let again = cluster.controller.heartbeat(cluster.moment(), &cluster.alive(1));
    assert_eq!(again.records, []);
}

#[test]
fn one_run_that_registers_twice_stays_what_it_is() {
    let mut cluster = Cluster::of(1);
    let epoch = cluster.image().broker(BrokerId(1)).unwrap().epoch;
    assert_eq!(cluster.register(&broker(1)), Ok(epoch));
    assert!(cluster.image().is_active(BrokerId(1)));
}

#[test]
fn of_two_brokers_with_one_id_the_second_waits_for_the_first_ones_session() {
    let mut cluster = Cluster::of(1);
    let second = BrokerRegistrationRequest { incarnation: IncarnationId([5; 16]), ..broker(1) };
    assert_eq!(error(&cluster.register(&second)), ErrorCode::DuplicateBrokerRegistration);
    cluster.wait(9_000);
    assert_eq!(error(&cluster.register(&second)), ErrorCode::DuplicateBrokerRegistration);
    cluster.wait(1);
    let first = cluster.alive(1);
    let epoch = cluster.register(&second).unwrap();
    assert!(epoch > first.epoch);
    let stale = cluster.controller.heartbeat(cluster.moment(), &first);
    assert_eq!((error(&stale.reply), stale.records), (ErrorCode::StaleBrokerEpoch, vec![]));
}

#[test]
fn registrations_that_cannot_be_are_refused() {
    let mut cluster = Cluster::of(1);
    let directory = DirectoryId(uuid(1));
    let refused = [
        (BrokerRegistrationRequest { cluster_id: "another".into(), ..broker(2) }, ErrorCode::InconsistentClusterId),
        (BrokerRegistrationRequest { directories: vec![], ..broker(2) }, ErrorCode::InvalidRegistration),
        (BrokerRegistrationRequest { directories: vec![directory], ..broker(2) }, ErrorCode::InvalidRegistration),
        (
            BrokerRegistrationRequest { directories: vec![DirectoryId::LOST], ..broker(2) },
            ErrorCode::InvalidRegistration,
        ),
        (
            BrokerRegistrationRequest { directories: vec![DirectoryId(uuid(2)); 2], ..broker(2) },
            ErrorCode::InvalidRegistration,
        ),
        (BrokerRegistrationRequest { features: vec![], ..broker(2) }, ErrorCode::InvalidRegistration),
        (
            BrokerRegistrationRequest { features: supported_features()[..1].to_vec(), ..broker(2) },
            ErrorCode::UnsupportedVersion,
        ),
    ];
    let before = cluster.log.len();
    for (request, why) in refused {
        assert_eq!(error(&cluster.register(&request)), why, "{request:?}");
    }
    assert_eq!(cluster.log.len(), before, "nothing is written");
}

#[test]
fn silent_brokers_are_fenced_one_after_the_other() {
    let mut cluster = Cluster::with(|options| options.no_op_interval = std::time::Duration::from_secs(1_000));
    (1..=3).for_each(|id| cluster.join(id));
    let topic = cluster.assigned("t", &[&[1, 2, 3], &[2, 1, 3]]);
    cluster.wait(9_000);
    cluster.heartbeat(&cluster.alive(3));
    assert_eq!(cluster.controller.next_due(cluster.now), None);
    assert_eq!(cluster.controller.next_deadline(), Some(cluster.now + std::time::Duration::from_micros(1)));
    cluster.wait(1);
    let mut rounds = Vec::new();
    while let Some(due) = cluster.controller.next_due(cluster.now) {
        rounds.push(names(&cluster.carry_out(due).0));
    }
    let fenced = vec!["PartitionChangeRecord", "PartitionChangeRecord", "BrokerRegistrationChangeRecord"];
    assert_eq!(rounds, [fenced.clone(), fenced]);
    for partition in 0..2 {
        assert_eq!(cluster.state(topic, partition), (Some(3), vec![3], vec![]));
    }
}

#[test]
fn a_controlled_shutdown_hands_over_and_waits_until_all_know() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    let leaving = |cluster: &Cluster| Heartbeat { wants_shutdown: true, ..cluster.alive(1) };
    let begun = cluster.heartbeat(&leaving(&cluster));
    assert!(begun.in_controlled_shutdown && !begun.should_shut_down && !begun.is_fenced);
    assert_eq!(cluster.state(topic, 0), (Some(2), vec![2], vec![]));
    assert!(!cluster.heartbeat(&leaving(&cluster)).should_shut_down, "broker 2 does not know yet that it leads");
    cluster.heartbeat(&cluster.alive(2));
    let told = cluster.heartbeat(&leaving(&cluster));
    assert!(told.should_shut_down && told.is_fenced);
    let next = BrokerRegistrationRequest { incarnation: IncarnationId([5; 16]), ..broker(1) };
    cluster.register(&next).expect("one that was told to leave holds nobody up");
}

#[test]
fn a_broker_that_leads_nothing_may_leave_at_once() {
    let mut cluster = Cluster::of(2);
    cluster.assigned("t", &[&[1, 2]]);
    let leaving = Heartbeat { wants_shutdown: true, ..cluster.alive(2) };
    assert!(cluster.heartbeat(&leaving).should_shut_down);
    assert!(cluster.image().broker(BrokerId(2)).unwrap().is_fenced);
}

#[test]
fn an_unregistered_broker_is_forgotten_and_in_no_set() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    let decision = cluster.controller.unregister_broker(BrokerId(1));
    let (records, reply) = cluster.carry_out(decision);
    assert_eq!((names(&records), reply), (vec!["PartitionChangeRecord", "UnregisterBrokerRecord"], Ok(())));
    assert_eq!(cluster.state(topic, 0), (Some(2), vec![2], vec![]));
    let again = cluster.controller.unregister_broker(BrokerId(1));
    assert_eq!(error(&again.reply), ErrorCode::BrokerIdNotRegistered);
}

#[test]
fn an_offline_directory_takes_its_replicas_out_of_sync() {
    let mut cluster = Cluster::new();
    let two = vec![DirectoryId(uuid(11)), DirectoryId(uuid(12))];
    cluster.register(&BrokerRegistrationRequest { directories: two.clone(), ..broker(1) }).unwrap();
    cluster.unfence(1);
    cluster.join(2);
    let topic = cluster.assigned("t", &[&[1, 2], &[1, 2]]);
    assert_eq!(cluster.partition(topic, 0).directories, [DirectoryId::UNASSIGNED, DirectoryId(uuid(2))]);
    let epoch = cluster.image().broker(BrokerId(1)).unwrap().epoch;
    let place = |partition, directory| DirectoryAssignment { id: TopicPartition { topic, partition }, directory };
    let told = [place(0, two[0]), place(1, two[1]), place(7, two[1])];
    let decision = cluster.controller.assign_directories(BrokerId(1), epoch, &told);
    let (_, reply) = cluster.carry_out(decision);
    assert_eq!(reply, Ok(vec![Ok(()), Ok(()), Err(ErrorCode::UnknownTopicOrPartition)]));
    assert_eq!(cluster.partition(topic, 1).directories[0], two[1]);

    let heartbeat = Heartbeat { offline_directories: vec![two[1]], ..cluster.alive(1) };
    cluster.heartbeat(&heartbeat);
    assert_eq!(cluster.state(topic, 0).0, Some(1));
    assert_eq!(cluster.state(topic, 1), (Some(2), vec![2], vec![]));
    assert_eq!(cluster.image().broker(BrokerId(1)).unwrap().directories, [two[0]]);
}
