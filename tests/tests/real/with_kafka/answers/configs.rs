//! DescribeConfigs and IncrementalAlterConfigs.

use kafka_wire::{
    DescribeConfigsRequest, DescribeConfigsResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    describe_configs_request::DescribeConfigsResource,
    describe_configs_response::DescribeConfigsResourceResult,
    incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
};
use kafka_wire_core::StrBytes;
use ottla_core::{
    config::{BrokerConfig, TopicConfig},
    wire::Api,
};

use super::{Both, compare, with};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Where a value comes from.
const DEFAULT_OF_CLUSTER: i8 = 3;
const DEFAULT: i8 = 5;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

fn describing(kind: i8, name: &str, keys: Option<&[&str]>) -> DescribeConfigsRequest {
    with(|request: &mut DescribeConfigsRequest| {
        request.resources = vec![with(|resource: &mut DescribeConfigsResource| {
            resource.resource_type = kind;
            resource.resource_name = StrBytes::from(name);
            resource.configuration_keys = keys.map(|keys| keys.iter().map(|key| StrBytes::from(*key)).collect());
        })];
    })
}

/// Ours has fewer configs, words of its own to explain them and refusals, and a topic's name for what Kafka calls `log.…` in
/// a broker. Of retention and rolling by time Kafka tells no defaults, and `min.insync.replicas` it has set for the cluster.
fn settle_described(answer: &mut DescribeConfigsResponse) {
    for result in &mut answer.results {
        let is_ours = |name: &str| match result.resource_type {
            TOPIC => TopicConfig::row(name).is_some(),
            _ => BrokerConfig::row(name).is_some(),
        };
        result.error_message = result.error_message.as_ref().map(|_| StrBytes::from("words"));
        result.configs.retain(|config| is_ours(&config.name));
        if result.resource_type == BROKER && result.resource_name.is_empty() {
            result.configs.retain(|config| &*config.name != "min.insync.replicas");
        }
        result.configs.sort_by(|left, right| left.name.cmp(&right.name));
        result.configs.iter_mut().for_each(settle_config);
    }
}

fn settle_config(config: &mut DescribeConfigsResourceResult) {
    config.documentation = config.documentation.as_ref().map(|_| StrBytes::from("words"));
    config.synonyms.iter_mut().for_each(|synonym| synonym.name = config.name.clone());
    match &*config.name {
        "log.retention.ms" | "log.roll.ms" if config.config_source == DEFAULT => {
            config.value = None;
            config.synonyms.clear();
        }
        "retention.ms" | "segment.ms" => config.synonyms.retain(|synonym| synonym.source != DEFAULT),
        "min.insync.replicas" => {
            config.synonyms.retain(|synonym| synonym.source != DEFAULT_OF_CLUSTER);
            if config.config_source == DEFAULT_OF_CLUSTER {
                config.config_source = DEFAULT;
            }
        }
        _ => {}
    }
}

#[test]
fn configs_are_described() {
    compare(|both| {
        both.create("described", 1, &[("retention.ms", "1000"), ("compression.type", "lz4")]);
        for version in Api::DescribeConfigs.served() {
            let mut describe = |what: &str, request: DescribeConfigsRequest| {
                both.ask_settled(what, version, |_| request.clone(), settle_described);
            };
            for (synonyms, documentation) in [(false, false), (true, false), (false, version >= 3)] {
                for (kind, name) in [(TOPIC, "described"), (BROKER, "1")] {
                    let mut request = describing(kind, name, None);
                    request.include_synonyms = synonyms;
                    if version >= 3 {
                        request.include_documentation = documentation;
                    }
                    describe(&format!("{name} {synonyms} {documentation}"), request);
                }
            }
            describe("one", describing(TOPIC, "described", Some(&["retention.ms"])));
            describe("an unknown one", describing(TOPIC, "described", Some(&["no.such.config", "retention.ms"])));
            describe("one twice", describing(TOPIC, "described", Some(&["retention.ms", "retention.ms"])));
            describe("no keys", describing(TOPIC, "described", Some(&[])));
            describe("a missing topic", describing(TOPIC, "described-missing", None));
            describe("a bad name", describing(TOPIC, "described missing", None));
            describe("an empty name", describing(TOPIC, "", None));
            describe("all brokers", describing(BROKER, "", None));
            describe("another broker", describing(BROKER, "2", None));
            describe("no broker", describing(BROKER, "one", None));
            for kind in [0, 1, 3, 5, 99, -1] {
                describe(&format!("type {kind}"), describing(kind, "described", None));
            }
            let mut twice = describing(TOPIC, "described", Some(&["retention.ms"]));
            twice.resources.extend(describing(BROKER, "1", Some(&["num.io.threads"])).resources);
            twice.resources.extend(twice.resources.clone());
            describe("several", twice);
            describe("nothing", DescribeConfigsRequest::default());
        }
    });
}

type Edit<'a> = (&'a str, i8, Option<&'a str>);

fn altering(kind: i8, name: &str, edits: &[Edit<'_>]) -> IncrementalAlterConfigsRequest {
    with(|request: &mut IncrementalAlterConfigsRequest| {
        request.resources = vec![with(|resource: &mut AlterConfigsResource| {
            resource.resource_type = kind;
            resource.resource_name = StrBytes::from(name);
            let edits = edits.iter().map(|(name, operation, value)| {
                with(|config: &mut AlterableConfig| {
                    config.name = StrBytes::from(*name);
                    config.config_operation = *operation;
                    config.value = value.map(StrBytes::from);
                })
            });
            resource.configs = edits.collect();
        })];
    })
}

fn settle_altered(answer: &mut IncrementalAlterConfigsResponse) {
    answer.responses.sort_by(|left, right| {
        (left.resource_type, &left.resource_name).cmp(&(right.resource_type, &right.resource_name))
    });
}

fn alter(both: &mut Both, version: i16, request: &IncrementalAlterConfigsRequest, what: &str) {
    both.ask_settled(what, version, |_| request.clone(), settle_altered);
}

#[test]
fn configs_are_altered_or_refused() {
    compare(|both| {
        for version in Api::IncrementalAlterConfigs.served() {
            let name = format!("altered-{version}");
            both.create(&name, 1, &[("retention.ms", "1000")]);
            let cases: &[(&str, &[Edit<'_>])] = &[
                ("set", &[("segment.bytes", SET, Some("2000000"))]),
                ("two", &[("segment.bytes", SET, Some("3000000")), ("retention.bytes", SET, Some("5"))]),
                ("delete", &[("retention.bytes", DELETE, None)]),
                ("delete what is not set", &[("retention.bytes", DELETE, None)]),
                ("delete with a value", &[("retention.ms", DELETE, Some("7"))]),
                ("nothing", &[]),
                ("unknown", &[("no.such.config", SET, Some("1"))]),
                ("unknown deleted", &[("no.such.config", DELETE, None)]),
                ("no number", &[("retention.ms", SET, Some("many"))]),
                ("out of range", &[("retention.ms", SET, Some("-2"))]),
                ("no value", &[("retention.ms", SET, None)]),
                ("an empty value", &[("retention.ms", SET, Some(""))]),
                ("one good, one bad", &[("retention.ms", SET, Some("9")), ("segment.ms", SET, Some("x"))]),
                ("twice", &[("retention.ms", SET, Some("9")), ("retention.ms", DELETE, None)]),
                ("append to a number", &[("retention.ms", APPEND, Some("1"))]),
                ("subtract from a number", &[("retention.ms", SUBTRACT, Some("1"))]),
                ("spaces", &[("retention.bytes", SET, Some(" 7 "))]),
                ("upper case", &[("compression.type", SET, Some("GZIP"))]),
            ];
            for (what, edits) in cases {
                let mut request = altering(TOPIC, &name, edits);
                alter(both, version, &request, what);
                request.validate_only = true;
                alter(both, version, &request, &format!("{what}, only checked"));
                both.catch_up();
                let now = format!("configs after {what}");
                both.ask_settled(&now, 4, |_| describing(TOPIC, &name, None), settle_described);
            }
        }
    });
}

#[test]
fn resources_that_cannot_be_altered() {
    compare(|both| {
        both.create("unaltered", 1, &[]);
        let edits: &[Edit<'_>] = &[("retention.ms", SET, Some("9"))];
        for version in Api::IncrementalAlterConfigs.served() {
            for (kind, name) in [
                (TOPIC, "unaltered-missing"),
                (TOPIC, "unaltered missing"),
                (TOPIC, ""),
                (BROKER, "2"),
                (BROKER, "one"),
                (0, "unaltered"),
                (99, "unaltered"),
            ] {
                alter(both, version, &altering(kind, name, edits), &format!("type {kind}, {name:?}"));
            }
            let mut twice = altering(TOPIC, "unaltered", edits);
            twice.resources.extend(twice.resources.clone());
            alter(both, version, &twice, "twice");
            let mut several = altering(TOPIC, "unaltered", edits);
            several.resources.extend(altering(TOPIC, "unaltered-missing", edits).resources);
            alter(both, version, &several, "several");
            alter(both, version, &IncrementalAlterConfigsRequest::default(), "nothing");
        }
    });
}

/// Restores what it changes: the broker is everyone's.
#[test]
fn a_broker_is_altered() {
    compare(|both| {
        for version in Api::IncrementalAlterConfigs.served() {
            let cases: &[(&str, &[Edit<'_>])] = &[
                ("set", &[("num.io.threads", SET, Some("9"))]),
                ("none", &[("num.io.threads", SET, Some("0"))]),
                ("no number", &[("num.io.threads", SET, Some("x"))]),
                ("fixed", &[("num.partitions", SET, Some("2"))]),
                ("fixed deleted", &[("num.partitions", DELETE, None)]),
                ("delete", &[("num.io.threads", DELETE, None)]),
            ];
            for (what, edits) in cases {
                alter(both, version, &altering(BROKER, "1", edits), what);
                both.catch_up();
                let request = describing(BROKER, "1", Some(&["num.io.threads", "num.partitions"]));
                both.ask_settled(&format!("configs after {what}"), 4, |_| request.clone(), settle_described);
            }
        }
    });
}
