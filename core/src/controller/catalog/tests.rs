use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::rng::Rng;

fn catalog() -> Catalog {
    let address = Address { host: "localhost".into(), port: 9092 };
    Catalog::new("cluster".into(), BrokerId(1), address, BrokerConfig::default())
}

fn named(name: &str) -> NewTopic {
    NewTopic { name: name.into(), partitions: -1, replication_factor: -1, ..NewTopic::default() }
}

fn with_topic(name: &str) -> Catalog {
    let mut catalog = catalog();
    catalog.create_topic(&mut Rng::new(1), &named(name)).unwrap();
    catalog
}

fn edit(operation: ConfigOperation, name: &str, value: Option<&str>) -> ConfigEdit {
    ConfigEdit { name: name.into(), operation, value: value.map(str::to_owned) }
}

fn error<T: std::fmt::Debug>(result: Result<T, Refused>) -> ErrorCode {
    result.unwrap_err().error
}

#[test]
fn names_are_held_to_kafkas_rule() {
    let long = "x".repeat(249);
    for name in ["a", "A-1._", "...", &long] {
        assert_eq!(check_topic_name(name), Ok(()), "{name}");
    }
    let too_long = "x".repeat(250);
    for name in ["", ".", "..", "a b", "ä", "a/b", "a\0", &too_long] {
        assert_eq!(error(check_topic_name(name)), ErrorCode::InvalidTopicException, "{name}");
    }
}

#[test]
fn a_topic_is_created_once_and_its_version_told() {
    let mut catalog = with_topic("one");
    assert_eq!(catalog.version(), 1);
    assert_eq!(catalog.topic_named("one").unwrap().partitions, 1);
    let again = catalog.create_topic(&mut Rng::new(2), &named("one"));
    assert_eq!(again, Err(Refused::new(ErrorCode::TopicAlreadyExists, "Topic 'one' already exists.")));
    assert_eq!(catalog.version(), 1);
}

#[test]
fn names_of_one_metric_collide() {
    let catalog = with_topic("a.b");
    assert_eq!(error(catalog.plan_topic(&named("a_b"))), ErrorCode::InvalidTopicException);
    assert!(catalog.plan_topic(&named("a-b")).is_ok());
    assert!(catalog.plan_topic(&named("a_bc")).is_ok());
}

#[test]
fn partitions_replicas_and_assignments_must_be_possible() {
    let plan = |change: fn(&mut NewTopic)| {
        let mut new = named("new");
        change(&mut new);
        catalog().plan_topic(&new).map(|topic| topic.partitions)
    };
    assert_eq!(plan(|new| new.partitions = 7), Ok(7));
    assert_eq!(plan(|new| new.assignments = vec![(1, vec![BrokerId(1)]), (0, vec![BrokerId(1)])]), Ok(2));
    assert_eq!(error(plan(|new| new.partitions = 0)), ErrorCode::InvalidPartitions);
    assert_eq!(error(plan(|new| new.replication_factor = 0)), ErrorCode::InvalidReplicationFactor);
    assert_eq!(error(plan(|new| new.replication_factor = 3)), ErrorCode::InvalidReplicationFactor);
    assert_eq!(error(plan(|new| new.partitions = 10_001)), ErrorCode::PolicyViolation);
    let assigned: [fn(&mut NewTopic); 4] = [
        |new| new.assignments = vec![(1, vec![BrokerId(1)])],
        |new| new.assignments = vec![(0, vec![BrokerId(2)])],
        |new| new.assignments = vec![(0, vec![])],
        |new| new.assignments = vec![(0, vec![BrokerId(1), BrokerId(1)])],
    ];
    for change in assigned {
        assert_eq!(error(plan(change)), ErrorCode::InvalidReplicaAssignment);
    }
    let both = plan(|new| (new.partitions, new.assignments) = (1, vec![(0, vec![BrokerId(1)])]));
    assert_eq!(error(both), ErrorCode::InvalidRequest);
}

#[test]
fn a_topic_deleted_and_created_again_is_another() {
    let mut catalog = with_topic("one");
    let id = catalog.topic_named("one").unwrap().id;
    let changes = catalog.delete_topic(id).unwrap();
    assert!(matches!(&changes[..], [Change::TopicDeleted(topic)] if topic.id == id));
    assert_eq!(error(catalog.delete_topic(id)), ErrorCode::UnknownTopicId);
    catalog.create_topic(&mut Rng::new(9), &named("one")).unwrap();
    assert_ne!(catalog.topic_named("one").unwrap().id, id);
}

#[test]
fn partitions_only_rise() {
    let mut catalog = with_topic("one");
    let id = catalog.topic_named("one").unwrap().id;
    assert_eq!(catalog.add_partitions("one", 3, None), Ok(vec![Change::PartitionsAdded { topic: id, from: 1 }]));
    assert_eq!(error(catalog.plan_partitions("one", 3, None)), ErrorCode::InvalidPartitions);
    assert_eq!(error(catalog.plan_partitions("one", 2, None)), ErrorCode::InvalidPartitions);
    assert_eq!(error(catalog.plan_partitions("none", 2, None)), ErrorCode::UnknownTopicOrPartition);
    let one = vec![vec![BrokerId(1)]];
    assert_eq!(catalog.plan_partitions("one", 4, Some(&one)), Ok((id, 3)));
    assert_eq!(error(catalog.plan_partitions("one", 5, Some(&one))), ErrorCode::InvalidReplicaAssignment);
}

#[test]
fn configs_are_set_and_unset_and_nothing_unknown_is_taken() {
    let mut catalog = with_topic("one");
    catalog.configure_topic("one", &[edit(ConfigOperation::Set, "retention.ms", Some("5"))]).unwrap();
    assert_eq!(catalog.topic_named("one").unwrap().config.get("retention.ms").unwrap(), "5");
    catalog.configure_topic("one", &[edit(ConfigOperation::Delete, "retention.ms", None)]).unwrap();
    assert_eq!(catalog.topic_named("one").unwrap().config.get("retention.ms").unwrap(), "604800000");
    let refused = |edits: &[ConfigEdit]| error(catalog.plan_topic_configs("one", edits));
    assert_eq!(refused(&[edit(ConfigOperation::Set, "nonsense", Some("5"))]), ErrorCode::InvalidConfig);
    assert_eq!(refused(&[edit(ConfigOperation::Set, "retention.ms", Some("x"))]), ErrorCode::InvalidConfig);
    assert_eq!(refused(&[edit(ConfigOperation::Set, "retention.ms", None)]), ErrorCode::InvalidRequest);
    assert_eq!(refused(&[edit(ConfigOperation::Append, "retention.ms", Some("5"))]), ErrorCode::InvalidConfig);
    let twice = edit(ConfigOperation::Delete, "retention.ms", None);
    assert_eq!(refused(&[twice.clone(), twice]), ErrorCode::InvalidRequest);
}

#[test]
fn the_broker_takes_what_may_change_while_it_runs() {
    let mut catalog = catalog();
    catalog.configure_broker(&[edit(ConfigOperation::Set, "num.io.threads", Some("2"))]).unwrap();
    assert_eq!(catalog.config.io_threads, 2);
    let fixed = edit(ConfigOperation::Set, "queued.max.requests", Some("2"));
    assert_eq!(error(catalog.configure_broker(&[fixed])), ErrorCode::InvalidRequest);
    catalog.configure_broker(&[edit(ConfigOperation::Delete, "num.io.threads", None)]).unwrap();
    assert_eq!(catalog.config, BrokerConfig::default());
}

#[test]
fn producer_ids_are_never_given_twice_not_even_by_a_later_life() {
    let mut catalog = catalog();
    assert_eq!(catalog.next_producer_id(), Some((0, 1)));
    catalog.create_topic(&mut Rng::new(1), &named("one")).unwrap();
    assert_eq!(catalog.next_producer_id(), Some((1, 1)));
    let mut later = self::catalog();
    later.restore(Some(catalog.document())).unwrap();
    assert_eq!(later.next_producer_id(), Some((1000, 3)));
    later.next_producer_id_block = ProducerId::MAX;
    (0..999).for_each(|_| assert!(later.next_producer_id().is_some()));
    assert_eq!(later.next_producer_id(), None);
}

#[test]
fn the_brokers_values_stand_under_a_topics_own() {
    let flushing = edit(ConfigOperation::Set, "log.flush.interval.messages", Some("1"));
    let mut catalog = with_topic("one");
    let overrides = [("flush.messages".to_owned(), "7".to_owned())].into();
    catalog.create_topic(&mut Rng::new(2), &NewTopic { overrides, ..named("own") }).unwrap();
    catalog.configure_broker(&[flushing]).unwrap();
    let mut later = self::catalog();
    later.restore(Some(catalog.document())).unwrap();
    for catalog in [catalog, later] {
        let flush_messages = |name| catalog.topic_named(name).unwrap().config.flush_messages;
        assert_eq!((flush_messages("one"), flush_messages("own")), (1, 7));
        assert!(catalog.topic_named("one").unwrap().overrides.is_empty());
    }
}

/// Everything a document keeps.
fn filled() -> Catalog {
    let mut catalog = with_topic("one");
    let overrides = [("compression.type".to_owned(), "gzip".to_owned())].into();
    catalog.create_topic(&mut Rng::new(5), &NewTopic { partitions: 4, overrides, ..named("two") }).unwrap();
    catalog.configure_broker(&[edit(ConfigOperation::Set, "num.io.threads", Some("3"))]).unwrap();
    catalog.next_producer_id();
    catalog
}

#[test]
fn a_document_reads_back() {
    let filled = filled();
    let mut restored = catalog();
    restored.restore(Some(filled.document())).unwrap();
    assert_eq!(restored.document(), filled.document());
    assert!(restored.topics().eq(filled.topics()));
    assert_eq!((restored.version(), restored.config), (filled.version(), filled.config));
}

#[test]
fn a_damaged_or_later_document_is_fatal_and_changes_nothing() {
    let document = filled().document();
    let mut restored = catalog();
    for at in 0..document.len() {
        let mut damaged = document.to_vec();
        damaged[at] ^= 1;
        let fatal = restored.restore(Some(damaged.into())).unwrap_err();
        assert_eq!(fatal.file, "catalog");
        assert!(restored.restore(Some(document.slice(..at))).is_err(), "cut at {at}");
    }
    let later = restored.restore(Some(Bytes::from_static(b"ottla catalog 2\n"))).unwrap_err();
    assert!(later.why.contains("later version"), "{later}");
    assert_eq!(restored.document(), catalog().document());
}

proptest! {
    #[test]
    fn no_document_panics(text in "(ottla catalog 1\n)?([a-z-]{1,14} [ -~]{0,40}\n){0,6}") {
        let mut document = text.clone();
        document.push_str(&format!("crc {:08x}\n", crate::record::crc::crc32c(&[text.as_bytes()])));
        let _ = catalog().restore(Some(document.into()));
    }
}
