//! A request and an answer of every API, in its first and last version.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_wire::*;
use kafka_wire_core::{ApiVersion, KafkaEncode, StrBytes};
use ottla_contract::frames;
use ottla_core::{effect::Listener, wire::Api};

/// The versions that a broker may be asked first and last.
fn ends(api: Api) -> [i16; 2] {
    [*api.served().start(), *api.served().end()]
}

fn encode(message: &impl KafkaEncode, version: i16) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    message.encode_into(&mut bytes, ApiVersion::new(version)).ok()?;
    Some(bytes.freeze())
}

/// Whole frames, each with its length.
pub fn requests() -> Vec<(Api, i16, Bytes)> {
    let mut requests = Vec::new();
    for api in Api::ALL {
        for (number, version) in ends(*api).into_iter().enumerate() {
            let body = request_body(*api, version).expect("a request that its version can say");
            let correlation = i32::from(api.key()) * 2 + number as i32;
            requests.push((*api, version, frame(*api, version, correlation, &body)));
        }
    }
    requests
}

fn frame(api: Api, version: i16, correlation: i32, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u32(0);
    bytes.put_i16(api.key());
    bytes.put_i16(version);
    bytes.put_i32(correlation);
    bytes.put_i16(4);
    bytes.put_slice(b"fuzz");
    if api.is_flexible(version) {
        bytes.put_u8(0);
    }
    bytes.put_slice(body);
    let len = bytes.len() as u32 - 4;
    bytes[..4].copy_from_slice(&len.to_be_bytes());
    bytes.freeze()
}

/// The body of a Produce of `records` to partition 0 of `fuzz`, behind a byte for its version.
pub fn produce_body(version: i16, records: &Bytes) -> Vec<u8> {
    let body = encode(&produce_request(version, records.clone()), version).expect("a Produce of any version");
    [&[(version - Api::Produce.served().start()) as u8], &body[..]].concat()
}

fn produce_request(version: i16, records: Bytes) -> ProduceRequest {
    let mut partition = produce_request::PartitionProduceData::default();
    partition.records = Some(records);
    let mut topic = produce_request::TopicProduceData::default();
    if version < 13 {
        topic.name = StrBytes::from("fuzz");
    }
    topic.partition_data = vec![partition];
    let mut request = ProduceRequest::default();
    (request.acks, request.timeout_ms, request.topic_data) = (-1, 1000, vec![topic]);
    request
}

fn request_body(api: Api, version: i16) -> Option<Bytes> {
    let name = || StrBytes::from("fuzz");
    match api {
        Api::Produce => encode(&produce_request(version, frames::batch(1_700_000_000_000, &[b"a", b"bc"])), version),
        Api::Fetch => {
            let mut partition = fetch_request::FetchPartition::default();
            (partition.partition_max_bytes, partition.current_leader_epoch) = (1 << 20, -1);
            let mut topic = fetch_request::FetchTopic::default();
            if version < 13 {
                topic.topic = name();
            }
            topic.partitions = vec![partition];
            let mut request = FetchRequest::default();
            (request.max_wait_ms, request.min_bytes, request.topics) = (100, 1, vec![topic]);
            encode(&request, version)
        }
        Api::Metadata => {
            let mut topic = metadata_request::MetadataRequestTopic::default();
            topic.name = Some(name());
            let mut request = MetadataRequest::default();
            (request.topics, request.allow_auto_topic_creation) = (Some(vec![topic]), true);
            encode(&request, version)
        }
        Api::CreateTopics => {
            let mut topic = create_topics_request::CreatableTopic::default();
            (topic.name, topic.num_partitions, topic.replication_factor) = (StrBytes::from("more"), 2, 1);
            let mut request = CreateTopicsRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::ApiVersions => {
            let mut request = ApiVersionsRequest::default();
            (request.client_software_name, request.client_software_version) = (name(), StrBytes::from("1.0"));
            encode(&request, version)
        }
        Api::ListOffsets => {
            let mut partition = list_offsets_request::ListOffsetsPartition::default();
            partition.timestamp = -1;
            let mut topic = list_offsets_request::ListOffsetsTopic::default();
            (topic.name, topic.partitions) = (name(), vec![partition]);
            let mut request = ListOffsetsRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::DescribeConfigs => {
            let mut resource = describe_configs_request::DescribeConfigsResource::default();
            (resource.resource_type, resource.resource_name) = (2, name());
            let mut request = DescribeConfigsRequest::default();
            request.resources = vec![resource];
            encode(&request, version)
        }
        Api::CreatePartitions => {
            let mut topic = create_partitions_request::CreatePartitionsTopic::default();
            (topic.name, topic.count) = (name(), 3);
            let mut request = CreatePartitionsRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::DescribeQuorum | Api::UpdateFeatures | Api::UnregisterBroker | Api::ListConfigResources => {
            cluster_request_body(api, version)
        }
        api if !api.is_served_at(Listener::Client) => peer_request_body(api, version),
        _ => plain_request_body(api, version),
    }
}

fn peer_request_body(api: Api, version: i16) -> Option<Bytes> {
    let log = || StrBytes::from("__cluster_metadata");
    match api {
        Api::Vote => {
            let mut topic = vote_request::TopicData::default();
            (topic.topic_name, topic.partitions) = (log(), vec![vote_request::PartitionData::default()]);
            let mut request = VoteRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::BeginQuorumEpoch => {
            let mut topic = begin_quorum_epoch_request::TopicData::default();
            (topic.topic_name, topic.partitions) = (log(), vec![begin_quorum_epoch_request::PartitionData::default()]);
            let mut request = BeginQuorumEpochRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::Envelope => {
            let mut request = EnvelopeRequest::default();
            request.request_data = frame(Api::CreateTopics, 7, 1, &request_body(Api::CreateTopics, 7)?).slice(4..);
            request.request_principal = Some(Bytes::from_static(b"\0\0\x05User\x0aANONYMOUS\0\0"));
            request.client_host_address = Bytes::from_static(&[127, 0, 0, 1]);
            encode(&request, version)
        }
        Api::AllocateProducerIds => encode(&AllocateProducerIdsRequest::default(), version),
        Api::BrokerHeartbeat => encode(&BrokerHeartbeatRequest::default(), version),
        Api::BrokerRegistration => {
            let mut request = BrokerRegistrationRequest::default();
            request.listeners = vec![broker_registration_request::Listener::default()];
            request.features = vec![broker_registration_request::Feature::default()];
            encode(&request, version)
        }
        Api::FetchSnapshot => {
            let mut topic = fetch_snapshot_request::TopicSnapshot::default();
            (topic.name, topic.partitions) = (log(), vec![fetch_snapshot_request::PartitionSnapshot::default()]);
            let mut request = FetchSnapshotRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        _ => {
            let mut topic = end_quorum_epoch_request::TopicData::default();
            (topic.topic_name, topic.partitions) = (log(), vec![end_quorum_epoch_request::PartitionData::default()]);
            let mut request = EndQuorumEpochRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
    }
}

fn cluster_request_body(api: Api, version: i16) -> Option<Bytes> {
    match api {
        Api::DescribeQuorum => {
            let mut topic = describe_quorum_request::TopicData::default();
            topic.topic_name = StrBytes::from("__cluster_metadata");
            topic.partitions = vec![describe_quorum_request::PartitionData::default()];
            let mut request = DescribeQuorumRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::UpdateFeatures => {
            let mut update = update_features_request::FeatureUpdateKey::default();
            (update.feature, update.max_version_level) = (StrBytes::from("metadata.version"), 1);
            let mut request = UpdateFeaturesRequest::default();
            request.feature_updates = vec![update];
            encode(&request, version)
        }
        Api::UnregisterBroker => encode(&UnregisterBrokerRequest::default(), version),
        _ => encode(&ListConfigResourcesRequest::default(), version),
    }
}

fn plain_request_body(api: Api, version: i16) -> Option<Bytes> {
    let name = || StrBytes::from("fuzz");
    match api {
        Api::DeleteTopics => {
            let mut request = DeleteTopicsRequest::default();
            match version {
                6.. => {
                    let mut topic = delete_topics_request::DeleteTopicState::default();
                    topic.name = Some(name());
                    request.topics = vec![topic];
                }
                _ => request.topic_names = vec![name()],
            }
            encode(&request, version)
        }
        Api::DeleteRecords => {
            let mut partition = delete_records_request::DeleteRecordsPartition::default();
            partition.offset = 1;
            let mut topic = delete_records_request::DeleteRecordsTopic::default();
            (topic.name, topic.partitions) = (name(), vec![partition]);
            let mut request = DeleteRecordsRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::OffsetForLeaderEpoch => {
            let mut partition = offset_for_leader_epoch_request::OffsetForLeaderPartition::default();
            (partition.current_leader_epoch, partition.leader_epoch) = (-1, 0);
            let mut topic = offset_for_leader_epoch_request::OffsetForLeaderTopic::default();
            (topic.topic, topic.partitions) = (name(), vec![partition]);
            let mut request = OffsetForLeaderEpochRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::IncrementalAlterConfigs => {
            let mut config = incremental_alter_configs_request::AlterableConfig::default();
            (config.name, config.value) = (StrBytes::from("retention.ms"), Some(StrBytes::from("1000")));
            let mut resource = incremental_alter_configs_request::AlterConfigsResource::default();
            (resource.resource_type, resource.resource_name, resource.configs) = (2, name(), vec![config]);
            let mut request = IncrementalAlterConfigsRequest::default();
            request.resources = vec![resource];
            encode(&request, version)
        }
        Api::DescribeTopicPartitions => {
            let mut topic = describe_topic_partitions_request::TopicRequest::default();
            topic.name = name();
            let mut request = DescribeTopicPartitionsRequest::default();
            request.topics = vec![topic];
            encode(&request, version)
        }
        Api::InitProducerId => encode(&InitProducerIdRequest::default(), version),
        _ => encode(&DescribeClusterRequest::default(), version),
    }
}

/// Bodies of answers.
pub fn answers() -> Vec<(Api, i16, Bytes)> {
    let answers = Api::ALL.iter().flat_map(|api| ends(*api).map(|version| (*api, version)));
    answers.filter_map(|(api, version)| Some((api, version, answer_body(api, version)?))).collect()
}

fn answer_body(api: Api, version: i16) -> Option<Bytes> {
    match api {
        Api::Fetch => {
            let mut partition = fetch_response::PartitionData::default();
            partition.records = Some(frames::batch(1_700_000_000_000, &[b"a"]));
            let mut topic = fetch_response::FetchableTopicResponse::default();
            if version < 13 {
                topic.topic = StrBytes::from("fuzz");
            }
            topic.partitions = vec![partition];
            let mut response = FetchResponse::default();
            response.responses = vec![topic];
            encode(&response, version)
        }
        Api::Produce => {
            let mut topic = produce_response::TopicProduceResponse::default();
            topic.partition_responses = vec![produce_response::PartitionProduceResponse::default()];
            let mut response = ProduceResponse::default();
            response.responses = vec![topic];
            encode(&response, version)
        }
        Api::Metadata => {
            let mut topic = metadata_response::MetadataResponseTopic::default();
            topic.name = Some(StrBytes::from("fuzz"));
            topic.partitions = vec![metadata_response::MetadataResponsePartition::default()];
            let mut response = MetadataResponse::default();
            response.brokers = vec![metadata_response::MetadataResponseBroker::default()];
            response.topics = vec![topic];
            encode(&response, version)
        }
        Api::ListOffsets => encode(&ListOffsetsResponse::default(), version),
        Api::ApiVersions => encode(&ApiVersionsResponse::default(), version),
        Api::CreateTopics => encode(&CreateTopicsResponse::default(), version),
        Api::DeleteTopics => encode(&DeleteTopicsResponse::default(), version),
        Api::DeleteRecords => encode(&DeleteRecordsResponse::default(), version),
        Api::InitProducerId => encode(&InitProducerIdResponse::default(), version),
        Api::OffsetForLeaderEpoch => encode(&OffsetForLeaderEpochResponse::default(), version),
        Api::DescribeConfigs => encode(&DescribeConfigsResponse::default(), version),
        Api::CreatePartitions => encode(&CreatePartitionsResponse::default(), version),
        Api::IncrementalAlterConfigs => encode(&IncrementalAlterConfigsResponse::default(), version),
        Api::DescribeCluster => encode(&DescribeClusterResponse::default(), version),
        Api::DescribeQuorum => encode(&DescribeQuorumResponse::default(), version),
        Api::UpdateFeatures => encode(&UpdateFeaturesResponse::default(), version),
        Api::UnregisterBroker => encode(&UnregisterBrokerResponse::default(), version),
        Api::ListConfigResources => encode(&ListConfigResourcesResponse::default(), version),
        Api::DescribeTopicPartitions => encode(&DescribeTopicPartitionsResponse::default(), version),
        Api::AllocateProducerIds => encode(&AllocateProducerIdsResponse::default(), version),
        Api::Envelope => encode(&EnvelopeResponse::default(), version),
        Api::FetchSnapshot => encode(&FetchSnapshotResponse::default(), version),
        Api::BrokerHeartbeat => encode(&BrokerHeartbeatResponse::default(), version),
        Api::BrokerRegistration => encode(&BrokerRegistrationResponse::default(), version),
        Api::Vote => encode(&VoteResponse::default(), version),
        Api::BeginQuorumEpoch => encode(&BeginQuorumEpochResponse::default(), version),
        Api::EndQuorumEpoch => encode(&EndQuorumEpochResponse::default(), version),
    }
}
