//! What comes of frames before anyone looks at what they ask.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_wire::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, DescribeTopicPartitionsRequest, MetadataRequest,
};
use kafka_wire_core::{ApiVersion, DecodeLimits, KafkaDecode, StrBytes};
use ottla_contract::frames::request;
use ottla_core::{effect::Listener, wire::Api};

use super::{Both, compare, with};

/// Ours has fewer APIs. It tells of no features.
fn settle_api_versions(answer: &mut ApiVersionsResponse) {
    answer.api_keys.retain(|told| Api::from_key(told.api_key).is_some());
    answer.api_keys.sort_by_key(|told| told.api_key);
    answer.supported_features.clear();
    answer.finalized_features.clear();
    answer.finalized_features_epoch = -1;
}

#[test]
fn the_versions_of_what_is_served() {
    compare(|both| {
        for version in Api::ApiVersions.served() {
            for (name, software) in [("kcat", "1.7.1"), ("", ""), ("a b", "1"), ("a", "-1"), ("a", "1."), ("ä", "1")] {
                let request = with(|request: &mut ApiVersionsRequest| {
                    if version >= 3 {
                        request.client_software_name = StrBytes::from(name);
                        request.client_software_version = StrBytes::from(software);
                    }
                });
                let what = format!("of {name:?} {software:?}");
                both.ask_settled(&what, version, |_| request.clone(), settle_api_versions);
            }
        }
    });
}

#[test]
fn whoever_means_another_broker_is_told_so() {
    compare(|both| {
        for (cluster, node) in [(None, -1), (None, 1), (None, 2), (Some("another"), -1), (Some("another"), 1)] {
            let request = with(|request: &mut ApiVersionsRequest| {
                request.client_software_name = StrBytes::from("kcat");
                request.client_software_version = StrBytes::from("1.7.1");
                request.cluster_id = cluster.map(StrBytes::from);
                request.node_id = node;
            });
            both.ask_settled(&format!("{cluster:?} {node}"), 5, |_| request.clone(), settle_api_versions);
        }
    });
}

#[test]
fn an_unknown_version_of_api_versions_is_answered() {
    compare(|both| {
        for version in [-1, 6, 99, i16::MAX] {
            let answers = both.ask_bytes(&format!("ApiVersions {version}"), &request(18, version, 5, &[0; 3]));
            for answer in answers {
                let body = answer.expect("an answer").slice(4..);
                let limits = DecodeLimits::default();
                let answer = ApiVersionsResponse::decode_from_bytes(body, ApiVersion::new(0), limits).unwrap();
                assert_eq!(answer.error_code, 35);
            }
        }
    });
}

#[test]
fn what_is_not_served_costs_the_connection() {
    compare(|both| {
        for key in [-1, 95, 999, i16::MAX] {
            both.ask_bytes(&format!("unknown API {key}"), &request(key, 0, 1, &[]));
        }
        let asked = |api: &&Api| **api != Api::ApiVersions && api.is_served_at(Listener::Client);
        for &api in Api::ALL.iter().filter(asked) {
            for version in [-1, api.served().start() - 1, api.served().end() + 1] {
                let what = format!("{} {version}", api.name());
                let answers = both.ask_bytes(&what, &request(api.key(), version, 1, &[0; 64]));
                assert_eq!(answers, [None, None], "{what}");
            }
        }
    });
}

#[test]
fn bytes_that_are_no_request_cost_the_connection() {
    let framed = |bytes: &[u8]| {
        let mut frame = BytesMut::new();
        frame.put_i32(bytes.len() as i32);
        frame.put_slice(bytes);
        frame.freeze()
    };
    let length = |length: i32| Bytes::copy_from_slice(&length.to_be_bytes());
    // A string that claims more than there is, after whole headers.
    let torn = request(3, 8, 1, &[0, 0, 0, 1, 0x7f, 0xff, 65]);
    let negative = request(20, 1, 1, &[0xff, 0xff, 0xff, 0xfe]);
    let huge = request(20, 1, 1, &[0x7f, 0xff, 0xff, 0xff]);
    compare(|both| {
        let cases = [
            ("a negative length", length(-1)),
            ("the least length", length(i32::MIN)),
            ("one byte too many", length(104_857_601)),
            ("the greatest length", length(i32::MAX)),
            ("a byte for a header", framed(&[0])),
            ("half a header", framed(&[0, 3, 0, 8, 0, 0])),
            ("a torn string", torn),
            ("a negative array", negative),
            ("a huge array", huge),
        ];
        for (what, frame) in cases {
            both.ask_bytes(what, &frame);
        }
    });
}

/// Kafka passes over what follows a request in its frame, and puts a sign in place of what is no UTF-8.
#[test]
fn what_only_kafka_reads() {
    let longer = request(3, 8, 1, &[0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
    let not_text = request(3, 8, 1, &[0, 0, 0, 1, 0, 2, 0xc3, 0x28, 0, 0, 0]);
    let mut both = Both::connect();
    for frame in [longer, not_text] {
        let is_answered = [&mut both.kafka, &mut both.ours].map(|side| side.ask_bytes(&frame).is_some());
        assert_eq!(is_answered, [true, false]);
    }
}

#[test]
fn who_is_in_the_cluster() {
    compare(|both| {
        for version in Api::DescribeCluster.served() {
            for operations in [false, true] {
                describe_cluster(both, version, operations, 1, false);
            }
            if version >= 1 {
                describe_cluster(both, version, false, 2, false);
                describe_cluster(both, version, false, 3, false);
            }
            if version >= 2 {
                describe_cluster(both, version, false, 1, true);
                describe_cluster(both, version, false, 2, true);
            }
        }
    });
}

fn describe_cluster(both: &mut Both, version: i16, operations: bool, endpoint: i8, fenced: bool) {
    let request = with(|request: &mut DescribeClusterRequest| {
        request.include_cluster_authorized_operations = operations;
        request.endpoint_type = endpoint;
        request.include_fenced_brokers = fenced;
    });
    both.ask(&format!("{operations} {endpoint} {fenced}"), version, |_| request.clone());
}

#[test]
fn answers_come_in_the_order_of_their_requests() {
    compare(|both| {
        let orders = [&mut both.kafka, &mut both.ours].map(|side| {
            let frames = [
                side.frame(9, &MetadataRequest::default()),
                side.frame(1, &DescribeClusterRequest::default()),
                side.frame(0, &DescribeTopicPartitionsRequest::default()),
                side.frame(9, &MetadataRequest::default()),
            ];
            let sent = frames.each_ref().map(|frame| frame.slice(8..12));
            let first = side.ask_bytes(&frames.concat()).expect("an answer");
            let mut answered = vec![first.slice(..4)];
            answered.extend((1..frames.len()).map(|_| side.ask_bytes(&[]).expect("an answer").slice(..4)));
            answered.into_iter().map(|id| sent.iter().position(|sent| *sent == id)).collect::<Vec<_>>()
        });
        both.note("order", format!("{:?}", orders[0]), format!("{:?}", orders[1]));
    });
}
