use super::*;

fn reassign(cluster: &mut Cluster, replicas: Option<&[i32]>) -> Result<(), Refused> {
    let asked = [Reassignment { topic: "t".into(), partition: 0, replicas: replicas.map(ids) }];
    let decision = cluster.controller.alter_partition_reassignments(&asked, true);
    cluster.carry_out(decision).1.remove(0)
}

fn in_sync(cluster: &mut Cluster, topic: TopicId, in_sync: &[i32]) -> Result<Vec<BrokerId>, ErrorCode> {
    let current = cluster.partition(topic, 0).clone();
    let leader = current.leader.unwrap();
    let proposal = IsrProposal {
        id: TopicPartition { topic, partition: 0 },
        leader_epoch: current.leader_epoch,
        partition_epoch: current.partition_epoch,
        in_sync: ids(in_sync).into_iter().map(|broker| ProposedReplica { broker, epoch: None }).collect(),
        is_recovering: false,
    };
    let epoch = cluster.image().broker(leader).unwrap().epoch;
    let decision = cluster.controller.alter_partition(leader, epoch, &[proposal]);
    cluster.carry_out(decision).1.unwrap().remove(0).map(|partition| partition.in_sync)
}

#[test]
fn replicas_that_go_leave_when_those_that_come_are_in_sync() {
    let mut cluster = Cluster::of(4);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    reassign(&mut cluster, Some(&[3, 4])).unwrap();
    let ongoing = ongoing_reassignments(cluster.image(), None);
    let expected = OngoingReassignment {
        topic: "t".into(),
        partition: 0,
        replicas: ids(&[3, 4, 1, 2]),
        adding: ids(&[3, 4]),
        removing: ids(&[1, 2]),
    };
    assert_eq!(ongoing, [expected]);
    assert_eq!(in_sync(&mut cluster, topic, &[1, 2, 3]), Ok(ids(&[1, 2, 3])));
    assert_eq!(in_sync(&mut cluster, topic, &[1, 2, 3, 4]), Err(ErrorCode::NewLeaderElected));
    let done = cluster.partition(topic, 0);
    assert_eq!((&done.replicas, &done.in_sync, done.leader), (&ids(&[3, 4]), &ids(&[3, 4]), Some(BrokerId(3))));
    assert_eq!(done.directories, [DirectoryId(uuid(3)), DirectoryId(uuid(4))]);
    assert!(ongoing_reassignments(cluster.image(), None).is_empty());
}

#[test]
fn another_order_is_done_at_once() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    reassign(&mut cluster, Some(&[2, 1])).unwrap();
    let done = cluster.partition(topic, 0);
    assert_eq!((&done.replicas, done.leader, done.is_reassigning()), (&ids(&[2, 1]), Some(BrokerId(1)), false));
}

#[test]
fn a_reassignment_is_taken_back() {
    let mut cluster = Cluster::of(3);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    assert_eq!(error(&reassign(&mut cluster, None)), ErrorCode::NoReassignmentInProgress);
    reassign(&mut cluster, Some(&[3])).unwrap();
    reassign(&mut cluster, None).unwrap();
    let back = cluster.partition(topic, 0);
    assert_eq!((&back.replicas, &back.in_sync, back.is_reassigning()), (&ids(&[1, 2]), &ids(&[1, 2]), false));
}

#[test]
fn what_cannot_be_reassigned_is_refused() {
    let mut cluster = Cluster::of(2);
    cluster.assigned("t", &[&[1]]);
    for replicas in [&[][..], &[9], &[1, 1]] {
        assert_eq!(error(&reassign(&mut cluster, Some(replicas))), ErrorCode::InvalidReplicaAssignment);
    }
    let asked = [
        Reassignment { topic: "x".into(), partition: 0, replicas: None },
        Reassignment { topic: "t".into(), partition: 1, replicas: None },
        Reassignment { topic: "t".into(), partition: 0, replicas: Some(ids(&[1, 2])) },
    ];
    let reply = cluster.controller.alter_partition_reassignments(&asked, false).reply;
    let unknown = ErrorCode::UnknownTopicOrPartition;
    assert_eq!((error(&reply[0]), error(&reply[1])), (unknown, unknown));
    assert_eq!(error(&reply[2]), ErrorCode::InvalidReplicationFactor);
}
