use super::*;
use crate::record::internal::metadata::*;

fn image(records: &[MetadataRecord]) -> Image {
    let mut image = Image::default();
    for (offset, record) in (0..).zip(records) {
        image.apply(record, offset);
    }
    image
}

const TOPIC: TopicId = TopicId([7; 16]);
const PARTITION: TopicPartition = TopicPartition { topic: TOPIC, partition: 0 };

fn topic(name: &str) -> MetadataRecord {
    MetadataRecord::Topic(TopicRecord { name: name.into(), topic_id: TOPIC })
}

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

fn partition() -> MetadataRecord {
    let directories = vec![DirectoryId::UNASSIGNED; 3];
    MetadataRecord::Partition(
        PartitionRegistration::new(ids(&[1, 2, 3]), directories, ids(&[1, 2])).to_record(PARTITION),
    )
}

fn change(change: impl FnOnce(&mut PartitionChangeRecord)) -> MetadataRecord {
    let mut record = PartitionChangeRecord { topic_id: TOPIC, ..PartitionChangeRecord::default() };
    record.partition_id = 0;
    change(&mut record);
    MetadataRecord::PartitionChange(record)
}

fn config(topic: &str, value: Option<&str>) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: 2,
        resource_name: topic.into(),
        name: "retention.ms".into(),
        value: value.map(Into::into),
    })
}

#[test]
fn every_change_of_a_partition_is_an_epoch_and_a_leader_another() {
    let image = image(&[topic("t"), partition(), change(|record| record.isr = Some(ids(&[1])))]);
    let changed = image.partition(PARTITION).unwrap();
    assert_eq!((changed.leader_epoch, changed.partition_epoch), (0, 1));
    assert_eq!((changed.leader, &changed.in_sync), (Some(BrokerId(1)), &ids(&[1])));

    let mut image = image;
    image.apply(&change(|record| (record.leader, record.leader_recovery_state) = (NO_LEADER, 1)), 3);
    let changed = image.partition(PARTITION).unwrap();
    assert_eq!((changed.leader, changed.leader_epoch, changed.partition_epoch), (None, 1, 2));
    assert!(changed.is_recovering);
}

#[test]
fn what_fits_nothing_changes_nothing() {
    let fitting = image(&[topic("t"), partition()]);
    for record in MetadataRecord::one_of_each() {
        if matches!(
            record,
            MetadataRecord::PartitionChange(_)
                | MetadataRecord::Partition(_)
                | MetadataRecord::RemoveTopic(_)
                | MetadataRecord::FenceBroker(_)
                | MetadataRecord::UnfenceBroker(_)
                | MetadataRecord::BrokerRegistrationChange(_)
                | MetadataRecord::UnregisterBroker(_)
                | MetadataRecord::AbortTransaction(_)
                | MetadataRecord::EndTransaction
        ) {
            let mut image = fitting.clone();
            image.apply(&record, 2);
            assert_eq!(image, fitting, "{}", record.name());
        }
    }
    let again = image(&[topic("t"), partition(), topic("t")]);
    assert_eq!(again, fitting, "a topic that is there stays");
}

#[test]
fn a_removed_topic_takes_its_configs_along() {
    let created = [topic("t"), config("t", Some("1")), partition()];
    let mut image = image(&created);
    assert_eq!((image.topics().len(), image.topics().partition_count()), (1, 1));
    assert_eq!(image.configs().value(&ConfigResource::topic("t"), "retention.ms").map(|value| &**value), Some("1"));
    image.apply(&MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC }), 3);
    assert_eq!(image, Image::default());
}

#[test]
fn a_value_that_is_taken_back_leaves_nothing() {
    let image = image(&[config("t", Some("1")), config("t", None)]);
    assert_eq!(image, Image::default());
}

#[test]
fn a_transaction_counts_at_its_end_and_not_at_all_where_it_is_aborted() {
    let begin = MetadataRecord::BeginTransaction(BeginTransactionRecord::default());
    let abort = MetadataRecord::AbortTransaction(AbortTransactionRecord::default());
    let open = image(&[config("a", Some("1")), begin.clone(), topic("t"), partition()]);
    assert!(open.is_in_transaction());
    assert_eq!(open.settled(), &image(&[config("a", Some("1"))]));
    assert_eq!(open.to_records(), open.settled().to_records(), "a snapshot has only what counts");
    let mut ended = open.clone();
    ended.apply(&MetadataRecord::EndTransaction, 4);
    assert_eq!(ended, image(&[config("a", Some("1")), topic("t"), partition()]));
    let mut aborted = open;
    aborted.apply(&abort, 4);
    assert_eq!(aborted, image(&[config("a", Some("1"))]));
}

#[test]
fn registrations_of_another_epoch_are_not_meant() {
    let register = MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: BrokerId(1),
        broker_epoch: 5,
        ..RegisterBrokerRecord::default()
    });
    let unfence = |broker_epoch| {
        MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
            broker_id: BrokerId(1),
            broker_epoch,
            fenced: -1,
            ..BrokerRegistrationChangeRecord::default()
        })
    };
    assert!(!image(&[register.clone(), unfence(4)]).is_active(BrokerId(1)));
    assert!(image(&[register, unfence(5)]).is_active(BrokerId(1)));
}

#[test]
fn a_clone_is_untouched_by_what_comes_after_it() {
    let mut image = image(&[topic("t"), partition()]);
    let before = image.clone();
    image.apply(&change(|record| record.isr = Some(ids(&[1]))), 2);
    assert_eq!(before.partition(PARTITION).unwrap().in_sync, ids(&[1, 2]));
    assert_ne!(before.digest(), image.digest());
}

#[test]
fn the_digest_tells_images_apart_and_equal_ones_not() {
    let records = [topic("t"), config("t", Some("1")), partition()];
    let (one, mut other) = (image(&records), image(&records));
    assert_eq!(one.digest(), other.digest());
    other.apply(&MetadataRecord::ProducerIds(ProducerIdsRecord { next_producer_id: 1, ..Default::default() }), 9);
    assert_ne!(one.digest(), other.digest());
}
