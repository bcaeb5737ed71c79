//! Metadata and DescribeTopicPartitions.

use kafka_wire::{
    DescribeTopicPartitionsRequest, MetadataRequest,
    describe_topic_partitions_request::{Cursor, TopicRequest},
    metadata_request::MetadataRequestTopic,
};
use kafka_wire_core::{StrBytes, Uuid};
use ottla_core::wire::Api;

use super::{Side, compare, with};

fn by_name(name: &str) -> MetadataRequestTopic {
    with(|topic: &mut MetadataRequestTopic| topic.name = Some(StrBytes::from(name)))
}

fn by_id(id: Uuid) -> MetadataRequestTopic {
    with(|topic: &mut MetadataRequestTopic| (topic.name, topic.topic_id) = (None, id))
}

fn asking(topics: Vec<MetadataRequestTopic>, may_create: bool) -> MetadataRequest {
    with(|request: &mut MetadataRequest| {
        request.topics = Some(topics);
        request.allow_auto_topic_creation = may_create;
    })
}

#[test]
fn topics_by_name() {
    compare(|both| {
        both.create("metadata-by-name", 3, &[]);
        for version in Api::Metadata.served() {
            // Older versions always ask for what is missing to be created.
            let missing = if version >= 4 { "metadata-missing" } else { "metadata-by-name" };
            for name in ["metadata-by-name", missing, "", ".", "..", "no name", &"x".repeat(250)] {
                both.ask(name, version, |_| asking(vec![by_name(name)], version < 4));
            }
            let several = [missing, "metadata-by-name", "metadata-by-name"].map(by_name).to_vec();
            both.ask_settled(
                "several",
                version,
                |_| asking(several.clone(), version < 4),
                |answer| answer.topics.sort_by(|left, right| left.name.cmp(&right.name)),
            );
            if version > 0 {
                both.ask("none", version, |_| asking(Vec::new(), true));
            }
        }
    });
}

#[test]
fn all_topics() {
    compare(|both| {
        both.create("metadata-all", 2, &[]);
        for version in Api::Metadata.served() {
            let request = with(|request: &mut MetadataRequest| {
                request.topics = if version == 0 { Some(Vec::new()) } else { None };
                request.allow_auto_topic_creation = true;
            });
            // Other tests have topics of their own.
            both.ask_settled(
                "all",
                version,
                |_| request.clone(),
                |answer| {
                    answer.topics.retain(|topic| topic.name.as_deref() == Some("metadata-all"));
                },
            );
        }
    });
}

#[test]
fn topics_by_id() {
    compare(|both| {
        both.create("metadata-by-id", 1, &[]);
        let named = |side: &Side| side.topic_id("metadata-by-id");
        for version in 10..=*Api::Metadata.served().end() {
            both.ask("id", version, |side| asking(vec![by_id(named(side))], false));
            both.ask("unknown id", version, |_| asking(vec![by_id(Uuid::from_bytes([9; 16]))], false));
            both.ask("unknown id and creation", version, |_| asking(vec![by_id(Uuid::from_bytes([9; 16]))], true));
            if version < 12 {
                // Later Kafka is at a loss (UNKNOWN_SERVER_ERROR).
                both.ask("no id and no name", version, |_| asking(vec![by_id(Uuid::ZERO)], false));
            }
            both.ask("id and name", version, |side| {
                let mut topic = by_name("metadata-by-id");
                topic.topic_id = named(side);
                asking(vec![topic], false)
            });
            both.ask("unknown id and a known name", version, |_| {
                let mut topic = by_name("metadata-by-id");
                topic.topic_id = Uuid::from_bytes([9; 16]);
                asking(vec![topic], false)
            });
            both.ask("an id beside a name", version, |side| {
                asking(vec![by_id(named(side)), by_name("metadata-by-id")], false)
            });
        }
    });
}

#[test]
fn what_one_may_do() {
    compare(|both| {
        both.create("metadata-operations", 1, &[]);
        for version in 8..=*Api::Metadata.served().end() {
            for (topic, cluster) in [(true, false), (false, true), (true, true)] {
                if cluster && version > 10 {
                    continue;
                }
                both.ask(&format!("{topic} {cluster}"), version, |_| {
                    let mut request = asking(vec![by_name("metadata-operations"), by_name("metadata-none")], false);
                    request.include_topic_authorized_operations = topic;
                    request.include_cluster_authorized_operations = cluster;
                    request
                });
            }
        }
    });
}

#[test]
fn a_missing_topic_is_created_behind_the_answer() {
    compare(|both| {
        for version in Api::Metadata.served() {
            let name = format!("metadata-created-{version}");
            both.ask("missing", version, |_| asking(vec![by_name(&name)], true));
            both.catch_up();
            // Its id is another on each side, and none was told.
            both.ask_settled(
                "created",
                version,
                |_| asking(vec![by_name(&name)], false || version < 4),
                |answer| {
                    answer.topics.iter_mut().for_each(|topic| topic.topic_id = Uuid::ZERO);
                },
            );
        }
    });
}

#[test]
fn partitions_by_pages() {
    compare(|both| {
        both.create("pages-a", 3, &[]);
        both.create("pages-b", 4, &[]);
        let ask = |names: &[&str], limit: i32, cursor: Option<(&str, i32)>| {
            with(|request: &mut DescribeTopicPartitionsRequest| {
                let topics =
                    names.iter().map(|name| with(|topic: &mut TopicRequest| topic.name = StrBytes::from(*name)));
                request.topics = topics.collect();
                request.response_partition_limit = limit;
                request.cursor = cursor.map(|(name, partition)| {
                    with(|cursor: &mut Cursor| {
                        cursor.topic_name = StrBytes::from(name);
                        cursor.partition_index = partition;
                    })
                });
            })
        };
        let names = ["pages-b", "pages-a"];
        let mut case = |what: &str, names: &[&str], limit: i32, cursor: Option<(&str, i32)>| {
            both.ask(what, 0, |_| ask(names, limit, cursor));
        };
        for limit in [2000, 5, 3, 2, 1, 0, -1] {
            case(&format!("limit {limit}"), &names, limit, None);
        }
        for cursor in [("pages-a", 0), ("pages-a", 2), ("pages-a", 3), ("pages-b", 1), ("pages-c", 0), ("pages-b", -1)]
        {
            case(&format!("from {cursor:?}"), &names, 2, Some(cursor));
        }
        case("a missing one", &["pages-a", "pages-missing"], 2000, None);
        case("a bad name", &["pages a"], 2000, None);
        case("twice", &["pages-a", "pages-a"], 2000, None);
        case("a cursor at a missing one", &["pages-a"], 2000, Some(("pages-aa", 0)));
    });
}
