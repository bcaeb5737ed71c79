use kafka_wire::describe_quorum_request;

use super::*;
use crate::{
    broker::tests::TestBroker,
    ids::DirectoryId,
    quorum::{Described, ReplicaKey},
    time::Timestamp,
    wire::Api,
};

/// Broker 1 leads; 2 fetched two seconds ago and was caught up three seconds ago, 3 never; 4 observes.
fn quorum() -> DescribedQuorum {
    let replica = |id: i32, log_end: Option<i64>, fetched: Option<u64>, caught_up: Option<u64>| DescribedReplica {
        key: ReplicaKey { id: BrokerId(id), directory: DirectoryId([id as u8; 16]) },
        log_end,
        fetched_at: fetched.map(Instant::from_millis),
        caught_up_at: caught_up.map(Instant::from_millis),
    };
    let voters = vec![
        replica(1, Some(20), Some(9_000), Some(9_000)),
        replica(2, Some(18), Some(7_000), Some(6_000)),
        replica(3, None, None, None),
    ];
    let observers = vec![replica(4, Some(20), Some(8_999), Some(8_999))];
    let address = |port| Address { host: "host".to_owned(), port };
    DescribedQuorum {
        described: Described { leader: BrokerId(1), epoch: 6, high_watermark: 19, voters, observers },
        addresses: vec![(BrokerId(1), address(9093)), (BrokerId(2), address(9193))],
        listener: "CONTROLLER",
    }
}

fn asked(topics: &[(&str, &[i32])], version: i16) -> DescribeQuorumResponse {
    let mut request = DescribeQuorumRequest::default();
    for (name, partitions) in topics {
        let mut topic = describe_quorum_request::TopicData::default();
        topic.topic_name = (*name).into();
        for index in *partitions {
            let mut partition = describe_quorum_request::PartitionData::default();
            partition.partition_index = *index;
            topic.partitions.push(partition);
        }
        request.topics.push(topic);
    }
    let mut broker = TestBroker::new();
    broker.now = Now { monotonic: Instant::from_millis(9_000), wall: Timestamp(1_000_000) };
    let asked = broker
        .ask((Api::DescribeQuorum, version), &request, |_, turn, ask, request| answer(turn, ask, &request, &quorum()));
    asked.answer()
}

#[test]
fn the_leader_tells_what_it_knows_of_everybody() {
    for version in Api::DescribeQuorum.served() {
        let response = asked(&[(METADATA_TOPIC, &[0])], version);
        let [topic] = &response.topics[..] else { panic!("{response:?}") };
        let [told] = &topic.partitions[..] else { panic!("{response:?}") };
        assert_eq!((response.error_code, &*topic.topic_name, told.error_code), (0, METADATA_TOPIC, 0));
        assert_eq!((told.leader_id, told.leader_epoch, told.high_watermark), (1, 6, 19));
        let row = |state: &ReplicaState| {
            (state.replica_id, state.log_end_offset, state.last_fetch_timestamp, state.last_caught_up_timestamp)
        };
        let time = |millis: i64| if version == 0 { -1 } else { millis };
        let rows: Vec<_> = told.current_voters.iter().chain(&told.observers).map(row).collect();
        let leader = (1, 20, time(1_000_000), time(1_000_000));
        let observer = (4, 20, time(999_999), time(999_999));
        assert_eq!(rows, [leader, (2, 18, time(998_000), time(997_000)), (3, -1, -1, -1), observer]);
        let directories: Vec<_> = told.current_voters.iter().map(|state| state.replica_directory_id).collect();
        let directory = |id: u8| if version < 2 { Uuid::from_bytes([0; 16]) } else { Uuid::from_bytes([id; 16]) };
        assert_eq!(directories, [1, 2, 3].map(directory));
        let nodes: Vec<_> = response.nodes.iter().map(|node| (node.node_id, node.listeners[0].port)).collect();
        assert_eq!(nodes, if version < 2 { vec![] } else { vec![(1, 9093), (2, 9193)] });
    }
}

#[test]
fn nothing_but_the_metadata_log_is_a_quorum() {
    let strange: [&[(&str, &[i32])]; 4] = [
        &[("topic", &[0])],
        &[(METADATA_TOPIC, &[1])],
        &[(METADATA_TOPIC, &[0, 1])],
        &[(METADATA_TOPIC, &[0]), ("t", &[7])],
    ];
    for (topics, version) in strange.into_iter().zip([2, 1, 0, 2]) {
        let response = asked(topics, version);
        assert_eq!((response.error_code, response.topics.len()), (0, topics.len()));
        let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
        let told: Vec<_> = partitions.map(|partition| (partition.partition_index, partition.error_code)).collect();
        let expected = topics.iter().flat_map(|(_, partitions)| *partitions);
        assert_eq!(told, expected.map(|index| (*index, 3)).collect::<Vec<_>>());
    }
}

#[test]
fn who_does_not_lead_says_so() {
    for version in Api::DescribeQuorum.served() {
        let asked = TestBroker::new().ask((Api::DescribeQuorum, version), &DescribeQuorumRequest::default(), {
            |_, _, ask, _: DescribeQuorumRequest| ask.reply(&refusal(ask.version, ErrorCode::NotController))
        });
        let response: DescribeQuorumResponse = asked.answer();
        assert_eq!(response.error_code, ErrorCode::NotLeaderOrFollower.code());
        let words = response.error_message.unwrap_or_default();
        assert_eq!(words.contains("is not the current leader"), version >= 2, "{words:?}");
    }
    assert_eq!(refusal(2, ErrorCode::UnsupportedVersion).error_code, ErrorCode::UnsupportedVersion.code());
}
