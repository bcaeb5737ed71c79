use super::*;

fn edit(operation: ConfigOperation, name: &str, value: Option<&str>) -> ConfigEdit {
    ConfigEdit { name: name.into(), operation, value: value.map(str::to_owned) }
}

fn alter(
    cluster: &mut Cluster,
    resource: ConfigResource,
    edits: &[ConfigEdit],
) -> (Vec<&'static str>, Result<(), Refused>) {
    let alteration = ConfigAlteration { resource, edits: edits.to_vec() };
    let decision = cluster.controller.alter_configs(&[alteration], false);
    let (records, mut reply) = cluster.carry_out(decision);
    (names(&records), reply.remove(0))
}

#[test]
fn a_topic_is_told_and_told_again_without_a_record() {
    let mut cluster = Cluster::of(1);
    cluster.assigned("t", &[&[1]]);
    let set = [edit(ConfigOperation::Set, "retention.ms", Some("5"))];
    assert_eq!(alter(&mut cluster, ConfigResource::topic("t"), &set), (vec!["ConfigRecord"], Ok(())));
    assert_eq!(alter(&mut cluster, ConfigResource::topic("t"), &set), (vec![], Ok(())));
    assert_eq!(
        alter(
            &mut cluster,
            ConfigResource::broker(BrokerId(1)),
            &[edit(ConfigOperation::Set, "log.retention.ms", Some("5"))]
        )
        .0
        .len(),
        1
    );
    let unset = [edit(ConfigOperation::Delete, "retention.ms", None)];
    assert_eq!(alter(&mut cluster, ConfigResource::topic("t"), &unset), (vec!["ConfigRecord"], Ok(())));
    assert_eq!(cluster.image().configs().get(&ConfigResource::topic("t")), None);
}

#[test]
fn what_cannot_be_set_is_refused_whole() {
    let mut cluster = Cluster::of(1);
    cluster.assigned("t", &[&[1]]);
    let set = |name, value| edit(ConfigOperation::Set, name, Some(value));
    let (topic, own) = (ConfigResource::topic("t"), ConfigResource::broker(BrokerId(1)));
    let cases = [
        (ConfigResource::topic("x"), vec![set("retention.ms", "5")], ErrorCode::UnknownTopicOrPartition),
        (ConfigResource::topic(""), vec![set("retention.ms", "5")], ErrorCode::InvalidRequest),
        (topic.clone(), vec![set("segment.ms", "5"), set("retention.ms", "x")], ErrorCode::InvalidConfig),
        (topic.clone(), vec![set("no.such", "5")], ErrorCode::InvalidConfig),
        (topic.clone(), vec![set("segment.ms", "5"), set("segment.ms", "6")], ErrorCode::InvalidRequest),
        (topic, vec![edit(ConfigOperation::Append, "segment.ms", Some("6"))], ErrorCode::InvalidConfig),
        (own.clone(), vec![set("num.partitions", "5")], ErrorCode::InvalidRequest),
        (own.clone(), vec![set("min.insync.replicas", "2")], ErrorCode::InvalidConfig),
        (
            ConfigResource::all_brokers(),
            vec![edit(ConfigOperation::Delete, "min.insync.replicas", None)],
            ErrorCode::InvalidConfig,
        ),
        (ConfigResource::broker(BrokerId(9)), vec![set("log.retention.ms", "5")], ErrorCode::BrokerIdNotRegistered),
        (ConfigResource { name: text("one"), ..own }, vec![set("log.retention.ms", "5")], ErrorCode::InvalidRequest),
    ];
    for (resource, edits, expected) in cases {
        let (records, reply) = alter(&mut cluster, resource.clone(), &edits);
        assert_eq!((records, error(&reply)), (vec![], expected), "{resource:?} {edits:?}");
    }
}

#[test]
fn another_least_size_of_the_in_sync_set_forgets_who_was_eligible() {
    let mut cluster = Cluster::of(2);
    let new = NewTopic { overrides: overrides(&[("min.insync.replicas", "2")]), ..assigned("t", &[&[1, 2]]) };
    let topic = cluster.create(&[new]).1.remove(0).unwrap().id;
    cluster.fence(2);
    assert_eq!(cluster.state(topic, 0), (Some(1), vec![1], vec![2]));
    let set = [edit(ConfigOperation::Set, "min.insync.replicas", Some("1"))];
    let (records, _) = alter(&mut cluster, ConfigResource::topic("t"), &set);
    assert_eq!(records, ["ConfigRecord", "ClearElrRecord"]);
    assert_eq!(cluster.state(topic, 0), (Some(1), vec![1], vec![]));
}
