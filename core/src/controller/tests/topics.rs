use super::*;

#[test]
fn a_topic_is_its_record_then_its_configs_then_its_partitions() {
    let mut cluster = Cluster::of(3);
    let new = NewTopic { overrides: overrides(&[("retention.ms", "5")]), ..named("t", 2, 3) };
    let (records, created) = cluster.create(&[new]);
    assert_eq!(names(&records), ["TopicRecord", "ConfigRecord", "PartitionRecord", "PartitionRecord"]);
    let created = created[0].as_ref().unwrap();
    assert_eq!((created.partitions, created.replication_factor), (2, 3));
    assert_eq!(created.config.retention.0, Some(5));
    let first = cluster.partition(created.id, 0);
    assert_eq!((first.leader, first.in_sync.len(), first.leader_epoch), (first.preferred(), 3, 0));
    assert!(first.directories.iter().zip(&first.replicas).all(|(directory, id)| *directory == DirectoryId(uuid(id.0))));
}

#[test]
fn defaults_are_the_clusters() {
    let mut cluster = Cluster::with(|options| {
        options.config.partitions_default = 4;
        options.config.replication_factor_default = 2;
    });
    (1..=3).for_each(|id| cluster.join(id));
    cluster.set(ConfigResource::all_brokers(), "log.retention.ms", "7").unwrap();
    let created = cluster.create(&[named("t", -1, -1)]).1.remove(0).unwrap();
    assert_eq!((created.partitions, created.replication_factor, created.config.retention.0), (4, 2, Some(7)));
}

#[test]
fn what_is_only_validated_writes_nothing() {
    let mut cluster = Cluster::of(1);
    let decision = cluster.controller.create_topics(&mut cluster.rng, &[named("t", 1, 1), named("..", 1, 1)], true);
    assert_eq!(decision.records, []);
    assert!(decision.reply[0].is_ok());
    assert_eq!(error(&decision.reply[1]), ErrorCode::InvalidTopicException);
}

#[test]
fn each_topic_of_one_request_stands_for_itself() {
    let mut cluster = Cluster::of(1);
    cluster.assigned("there", &[&[1]]);
    let new = [named("there", 1, 1), named("a.b", 1, 1), named("a_b", 1, 1), named("c", 1, 2)];
    let (records, created) = cluster.create(&new);
    assert_eq!(names(&records), ["TopicRecord", "PartitionRecord"]);
    let errors: Vec<_> = created.iter().map(|result| result.as_ref().err().map(|refused| refused.error)).collect();
    let expected =
        [ErrorCode::TopicAlreadyExists, ErrorCode::InvalidTopicException, ErrorCode::InvalidReplicationFactor];
    assert_eq!(errors, [Some(expected[0]), None, Some(expected[1]), Some(expected[2])]);
    let why = "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because \
               only 1 broker(s) are registered or some brokers have all their log directories cordoned.";
    assert_eq!(created[3].as_ref().unwrap_err().message.as_deref(), Some(why));
}

#[test]
fn topics_that_cannot_be_are_refused_in_kafkas_words() {
    let mut cluster = Cluster::of(2);
    cluster.register(&broker(3)).unwrap();
    let with = |values: &[(&str, &str)]| NewTopic { overrides: overrides(values), ..named("t", 1, 1) };
    let cases = [
        (named("t", 0, 1), ErrorCode::InvalidPartitions),
        (named("t", 1, 0), ErrorCode::InvalidReplicationFactor),
        (named("t", 10_001, 1), ErrorCode::PolicyViolation),
        (named("__cluster_metadata", 1, 1), ErrorCode::InvalidRequest),
        (with(&[("no.such", "1")]), ErrorCode::InvalidConfig),
        (with(&[("retention.ms", "x")]), ErrorCode::InvalidConfig),
        (assigned("t", &[&[1, 2], &[1]]), ErrorCode::InvalidReplicaAssignment),
        (assigned("t", &[&[1, 1]]), ErrorCode::InvalidReplicaAssignment),
        (assigned("t", &[&[4]]), ErrorCode::InvalidReplicaAssignment),
        (assigned("t", &[&[]]), ErrorCode::InvalidReplicaAssignment),
        // Broker 3 is fenced.
        (assigned("t", &[&[3]]), ErrorCode::InvalidReplicaAssignment),
        (NewTopic { partitions: 1, ..assigned("t", &[&[1]]) }, ErrorCode::InvalidRequest),
        (NewTopic { replication_factor: 1, ..assigned("t", &[&[1]]) }, ErrorCode::InvalidRequest),
        (NewTopic { assignments: vec![(1, ids(&[1]))], ..named("t", -1, -1) }, ErrorCode::InvalidReplicaAssignment),
    ];
    for (new, expected) in cases {
        let (records, created) = cluster.create(std::slice::from_ref(&new));
        assert_eq!((error(&created[0]), records), (expected, vec![]), "{new:?}");
    }
}

#[test]
fn fenced_replicas_are_not_in_sync() {
    let mut cluster = Cluster::of(1);
    cluster.register(&broker(2)).unwrap();
    let topic = cluster.assigned("t", &[&[2, 1]]);
    assert_eq!(cluster.state(topic, 0), (Some(1), vec![1], vec![]));
}

#[test]
fn a_topic_grows_where_it_may() {
    let mut cluster = Cluster::of(2);
    let topic = cluster.assigned("t", &[&[1, 2]]);
    let grow = |cluster: &mut Cluster, count, assignments: Option<&[&[i32]]>| {
        let assignments = assignments.map(|given| given.iter().map(|replicas| ids(replicas)).collect());
        let new = [NewPartitions { topic: "t".into(), count, assignments }];
        let decision = cluster.controller.create_partitions(&mut cluster.rng, &new, false);
        let (records, mut reply) = cluster.carry_out(decision);
        (records.len(), reply.remove(0).map_err(|refused| refused.error))
    };
    assert_eq!(grow(&mut cluster, 1, None), (0, Err(ErrorCode::InvalidPartitions)));
    assert_eq!(grow(&mut cluster, 0, None), (0, Err(ErrorCode::InvalidPartitions)));
    assert_eq!(grow(&mut cluster, 3, Some(&[&[1, 2]])), (0, Err(ErrorCode::InvalidReplicaAssignment)));
    assert_eq!(grow(&mut cluster, 2, Some(&[&[1]])), (0, Err(ErrorCode::InvalidReplicaAssignment)));
    assert_eq!(grow(&mut cluster, 20_000, None), (0, Err(ErrorCode::PolicyViolation)));
    assert_eq!(grow(&mut cluster, 3, None), (2, Ok(())));
    assert_eq!(grow(&mut cluster, 4, Some(&[&[2, 1]])), (1, Ok(())));
    assert_eq!(cluster.state(topic, 3), (Some(2), vec![2, 1], vec![]));
    assert_eq!(cluster.image().topics().partition_count(), 4);
}

#[test]
fn a_deleted_topic_is_gone_and_its_name_free() {
    let mut cluster = Cluster::of(1);
    let topic = cluster.assigned("t", &[&[1]]);
    let decision = cluster.controller.delete_topics(&[topic, topic]);
    let (records, reply) = cluster.carry_out(decision);
    assert_eq!(names(&records), ["RemoveTopicRecord"]);
    assert_eq!((&reply[0], error(&reply[1])), (&Ok(()), ErrorCode::UnknownTopicId));
    assert_ne!(cluster.assigned("t", &[&[1]]), topic);
}

#[test]
fn one_request_writes_so_many_records_only() {
    let mut cluster = Cluster::with(|options| options.limits.partitions_max = 100_000);
    cluster.join(1);
    let (records, created) = cluster.create(&[named("a", 6_000, 1), named("b", 6_000, 1), named("c", 3_000, 1)]);
    assert_eq!(records.len(), 9_002);
    assert_eq!(error(&created[1]), ErrorCode::PolicyViolation);
    assert!(created[2].is_ok());
}
