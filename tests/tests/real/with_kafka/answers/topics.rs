//! CreateTopics, CreatePartitions, DeleteTopics.

use kafka_wire::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest,
    DeleteTopicsResponse,
    create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic},
    create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig},
    delete_topics_request::DeleteTopicState,
};
use kafka_wire_core::{StrBytes, Uuid};
use ottla_core::{config::TopicConfig, wire::Api};

use super::{Both, Side, compare, with};

fn topic(name: &str, partitions: i32, factor: i16) -> CreatableTopic {
    with(|topic: &mut CreatableTopic| {
        topic.name = StrBytes::from(name);
        topic.num_partitions = partitions;
        topic.replication_factor = factor;
    })
}

fn configured(name: &str, configs: &[(&str, Option<&str>)]) -> CreatableTopic {
    let mut topic = topic(name, 1, 1);
    let configs = configs.iter().map(|(name, value)| {
        with(|config: &mut CreatableTopicConfig| {
            config.name = StrBytes::from(*name);
            config.value = value.map(StrBytes::from);
        })
    });
    topic.configs = configs.collect();
    topic
}

fn assigned(name: &str, partitions: i32, factor: i16, assignments: &[(i32, &[i32])]) -> CreatableTopic {
    let mut topic = topic(name, partitions, factor);
    let assignments = assignments.iter().map(|(partition, brokers)| {
        with(|assignment: &mut CreatableReplicaAssignment| {
            assignment.partition_index = *partition;
            assignment.broker_ids = brokers.to_vec();
        })
    });
    topic.assignments = assignments.collect();
    topic
}

/// Both answer in an order of their own, and ours has fewer configs. Ids are new.
fn settle_created(answer: &mut CreateTopicsResponse) {
    answer.topics.sort_by(|left, right| left.name.cmp(&right.name));
    for topic in &mut answer.topics {
        topic.topic_id = Uuid::ZERO;
        let configs = topic.configs.iter_mut();
        configs.for_each(|configs| {
            // Kafka has set this one for the cluster.
            configs.retain(|config| &*config.name != "min.insync.replicas");
            configs.retain(|config| TopicConfig::row(&config.name).is_some());
            configs.sort_by(|left, right| left.name.cmp(&right.name));
        });
    }
}

fn create(both: &mut Both, what: &str, version: i16, validate_only: bool, topics: Vec<CreatableTopic>) {
    let request = with(|request: &mut CreateTopicsRequest| {
        request.topics = topics;
        request.timeout_ms = 30_000;
        request.validate_only = validate_only;
    });
    both.ask_settled(what, version, |_| request.clone(), settle_created);
}

#[test]
fn topics_are_created_or_refused() {
    compare(|both| {
        both.create("created.before", 1, &[]);
        for version in Api::CreateTopics.served() {
            let name = |what: &str| format!("created-{what}-{version}");
            for (what, validate_only) in [("checked", true), ("made", false), ("made", true), ("made", false)] {
                create(both, what, version, validate_only, vec![topic(&name(what), 2, 1)]);
            }
            for bad in ["", ".", "..", "a b", "ä", &"x".repeat(250), "created_before"] {
                create(both, bad, version, false, vec![topic(bad, 1, 1)]);
            }
            for (partitions, factor) in [(0, 1), (-2, 1), (1, 0), (1, -2), (1, 2), (0, 0), (-1, 2)] {
                let what = format!("{partitions} partitions, factor {factor}");
                create(both, &what, version, false, vec![topic("created-never", partitions, factor)]);
            }
            if version >= 4 {
                create(both, "defaults", version, false, vec![topic(&name("defaults"), -1, -1)]);
            }
            let several = [topic(&name("b"), 1, 1), topic(&name("a"), 0, 1), topic(&name("c"), 1, 1)];
            create(both, "several", version, false, several.to_vec());
            create(both, "twice", version, false, vec![topic(&name("twice"), 1, 1), topic(&name("twice"), 2, 1)]);
            create(both, "none", version, false, Vec::new());
        }
    });
}

#[test]
fn topics_are_created_with_configs() {
    compare(|both| {
        for version in Api::CreateTopics.served() {
            let name = format!("created-with-configs-{version}");
            let configs = [("retention.ms", Some("1000")), ("compression.type", Some("zstd"))];
            create(both, "configs", version, false, vec![configured(&name, &configs)]);
            for (config, value) in [
                ("no.such.config", Some("1")),
                ("retention.ms", Some("many")),
                ("retention.ms", Some("-2")),
                ("retention.ms", Some("")),
                ("retention.ms", None),
                ("segment.ms", Some("0")),
                ("compression.type", Some("brotli")),
                ("min.insync.replicas", Some("0")),
                ("max.message.bytes", Some("-1")),
                ("message.timestamp.type", Some("Now")),
                ("flush.messages", Some("0")),
            ] {
                let topic = configured("created-badly-configured", &[(config, value)]);
                create(both, &format!("{config}={value:?}"), version, false, vec![topic]);
            }
        }
    });
}

#[test]
fn topics_are_created_where_the_client_says() {
    compare(|both| {
        for version in Api::CreateTopics.served() {
            let name = format!("created-assigned-{version}");
            let cases: &[(&str, i32, i16, &[(i32, &[i32])])] = &[
                ("two", -1, -1, &[(0, &[1]), (1, &[1])]),
                ("with a number", 1, -1, &[(0, &[1])]),
                ("with a factor", -1, 1, &[(0, &[1])]),
                ("a hole", -1, -1, &[(0, &[1]), (2, &[1])]),
                ("from 1", -1, -1, &[(1, &[1])]),
                ("a partition twice", -1, -1, &[(0, &[1]), (0, &[1])]),
                ("nobody", -1, -1, &[(0, &[])]),
                ("an unknown broker", -1, -1, &[(0, &[2])]),
                ("a broker twice", -1, -1, &[(0, &[1, 1])]),
                ("unlike lengths", -1, -1, &[(0, &[1]), (1, &[1, 2])]),
                ("a negative partition", -1, -1, &[(-1, &[1])]),
            ];
            for (what, partitions, factor, assignments) in cases {
                let name = if *what == "two" { &name } else { "created-never" };
                create(both, what, version, false, vec![assigned(name, *partitions, *factor, assignments)]);
            }
        }
    });
}

fn settle_grown(answer: &mut CreatePartitionsResponse) {
    answer.results.sort_by(|left, right| left.name.cmp(&right.name));
}

fn growing(name: &str, count: i32, assignments: Option<&[&[i32]]>) -> CreatePartitionsTopic {
    with(|topic: &mut CreatePartitionsTopic| {
        topic.name = StrBytes::from(name);
        topic.count = count;
        topic.assignments = assignments.map(|assignments| {
            let each = |brokers: &&[i32]| {
                with(|assignment: &mut CreatePartitionsAssignment| assignment.broker_ids = brokers.to_vec())
            };
            assignments.iter().map(each).collect()
        });
    })
}

#[test]
fn topics_grow_or_are_refused() {
    compare(|both| {
        both.create("grown-other", 1, &[]);
        for version in Api::CreatePartitions.served() {
            let name = format!("grown-{version}");
            both.create(&name, 2, &[]);
            let mut grow = |what: &str, validate_only: bool, topics: Vec<CreatePartitionsTopic>| {
                let request = with(|request: &mut CreatePartitionsRequest| {
                    request.topics = topics;
                    request.timeout_ms = 30_000;
                    request.validate_only = validate_only;
                });
                both.ask_settled(what, version, |_| request.clone(), settle_grown);
            };
            for count in [1, 2, 0, -1] {
                grow(&format!("to {count}"), false, vec![growing(&name, count, None)]);
            }
            grow("only checked", true, vec![growing(&name, 3, None)]);
            grow("a missing one", false, vec![growing("grown-missing", 3, None)]);
            grow("a bad name", false, vec![growing("grown missing", 3, None)]);
            grow("twice", false, vec![growing(&name, 3, None), growing(&name, 4, None)]);
            grow("too few assignments", false, vec![growing(&name, 4, Some(&[&[1]]))]);
            grow("too many assignments", false, vec![growing(&name, 3, Some(&[&[1], &[1]]))]);
            grow("no assignments", false, vec![growing(&name, 3, Some(&[]))]);
            grow("an unknown broker", false, vec![growing(&name, 3, Some(&[&[2]]))]);
            grow("two brokers", false, vec![growing(&name, 3, Some(&[&[1, 2]]))]);
            grow("a broker twice", false, vec![growing(&name, 3, Some(&[&[1, 1]]))]);
            grow("nobody", false, vec![growing(&name, 3, Some(&[&[]]))]);
            grow("several", false, vec![growing("grown-other", 0, None), growing(&name, 3, None)]);
            grow("assigned", false, vec![growing(&name, 4, Some(&[&[1]]))]);
            grow("again", false, vec![growing(&name, 4, None)]);
        }
    });
}

fn settle_deleted(answer: &mut DeleteTopicsResponse) {
    answer.responses.sort_by(|left, right| {
        (&left.name, left.error_code, left.topic_id).cmp(&(&right.name, right.error_code, right.topic_id))
    });
}

fn deleting(version: i16, names: &[&str]) -> DeleteTopicsRequest {
    with(|request: &mut DeleteTopicsRequest| {
        request.timeout_ms = 30_000;
        let names = names.iter().map(|name| StrBytes::from(*name));
        if version < 6 {
            request.topic_names = names.collect();
        } else {
            let states = names.map(|name| with(|topic: &mut DeleteTopicState| topic.name = Some(name)));
            request.topics = states.collect();
        }
    })
}

#[test]
fn topics_are_deleted_or_refused() {
    compare(|both| {
        for version in Api::DeleteTopics.served() {
            let names = [format!("deleted-a-{version}"), format!("deleted-b-{version}")];
            names.iter().for_each(|name| both.create(name, 1, &[]));
            let [a, b] = names.each_ref().map(String::as_str);
            for (what, names) in [
                ("none", &[][..]),
                ("a missing one", &["deleted-missing"]),
                ("a bad name", &["deleted missing"]),
                ("an empty name", &[""]),
                ("twice", &[a, a]),
                ("several", &["deleted-missing", a]),
                ("again", &[a, b]),
            ] {
                both.ask_settled(what, version, |_| deleting(version, names), settle_deleted);
                both.catch_up();
            }
        }
    });
}

#[test]
fn topics_are_deleted_by_id() {
    compare(|both| {
        both.create("deleted-by-id", 1, &[]);
        let named = |side: &Side| side.topic_id("deleted-by-id");
        let by_id = |id: Uuid, name: Option<&'static str>| {
            with(|request: &mut DeleteTopicsRequest| {
                request.timeout_ms = 30_000;
                request.topics = vec![with(|topic: &mut DeleteTopicState| {
                    topic.topic_id = id;
                    topic.name = name.map(StrBytes::from);
                })];
            })
        };
        let unknown = Uuid::from_bytes([9; 16]);
        both.ask_settled("an unknown id", 6, |_| by_id(unknown, None), settle_deleted);
        both.ask_settled("neither", 6, |_| by_id(Uuid::ZERO, None), settle_deleted);
        both.ask_settled("id and name", 6, |side| by_id(named(side), Some("deleted-by-id")), settle_deleted);
        both.ask_settled(
            "a name and its id",
            6,
            |side| {
                let mut request = by_id(named(side), None);
                request.topics.extend(by_id(Uuid::ZERO, Some("deleted-by-id")).topics);
                request
            },
            settle_deleted,
        );
        both.ask_settled(
            "an id twice",
            6,
            |side| {
                let mut request = by_id(named(side), None);
                request.topics.extend(request.topics.clone());
                request
            },
            settle_deleted,
        );
        both.ask_settled("by id", 6, |side| by_id(named(side), None), settle_deleted);
        both.catch_up();
        both.ask_settled("again", 6, |side| by_id(named(side), None), settle_deleted);
    });
}
