//! The broker's answers, as `kafka-wire` encodes them.

use std::time::Duration;

use bytes::Bytes;
use kafka_wire::*;
use kafka_wire_core::{StrBytes, Uuid};

use super::{Heard, Script, encoded};
use crate::{
    error::ErrorCode,
    log::producer_state::ProducerState,
    record::Batch,
    time::Timestamp,
    wire::{Api, produce::ProduceRequest as Produce},
};

/// What a partition keeps.
#[derive(Clone, Debug)]
pub struct Kept {
    pub batches: Vec<Batch>,
    pub producers: ProducerState,
}

impl Default for Kept {
    fn default() -> Self {
        Self { batches: Vec::new(), producers: ProducerState::new(Duration::from_secs(1000)) }
    }
}

impl Kept {
    pub fn end(&self) -> i64 {
        self.batches.last().map_or(0, |batch| batch.header().last_offset() + 1)
    }

    fn append(&mut self, mut batch: Batch) -> Result<i64, ErrorCode> {
        let has_producer = batch.header().has_producer();
        if has_producer && let Some(kept) = self.producers.check(batch.header())? {
            return Ok(kept.first_offset());
        }
        batch.place(self.end(), 3);
        if has_producer {
            self.producers.update(batch.header(), Timestamp(0));
        }
        self.batches.push(batch);
        Ok(self.batches[self.batches.len() - 1].header().base_offset)
    }
}

/// The body of an answer. Empty: there is none.
pub fn response(script: &mut Script, heard: &Heard, error: i16) -> Bytes {
    let version = heard.version;
    match heard.api {
        Api::ApiVersions => encoded(&api_versions(script, error), version),
        Api::Metadata => encoded(&metadata(script, heard, error), version),
        Api::CreateTopics => encoded(&create_topics(heard, error), version),
        Api::DeleteTopics => encoded(&delete_topics(heard, error), version),
        Api::DescribeConfigs => encoded(&describe_configs(heard, error), version),
        Api::IncrementalAlterConfigs => encoded(&alter_configs(heard, error), version),
        Api::DescribeCluster => encoded(&describe_cluster(script, error), version),
        Api::ListOffsets => encoded(&list_offsets(heard, error), version),
        Api::DeleteRecords => encoded(&delete_records(heard, error), version),
        Api::InitProducerId => encoded(&init_producer_id(script, heard, error), version),
        Api::Produce => produce(script, heard, error),
        Api::Fetch => encoded(&fetch(script, heard, error), version),
        other => panic!("nobody asks {other:?}"),
    }
}

/// What is told to an ApiVersions of a version that is not known: version 0, this API alone.
pub fn unsupported(script: &Script) -> Bytes {
    let mut response = api_versions(script, ErrorCode::UnsupportedVersion.code());
    response.api_keys.retain(|told| told.api_key == Api::ApiVersions.key());
    encoded(&response, 0)
}

fn api_versions(script: &Script, error: i16) -> ApiVersionsResponse {
    let mut response = ApiVersionsResponse::default();
    response.error_code = error;
    let told = |(api, (min, max)): (&Api, &(i16, i16))| {
        let mut told = api_versions_response::ApiVersion::default();
        (told.api_key, told.min_version, told.max_version) = (api.key(), *min, *max);
        told
    };
    response.api_keys = script.versions.iter().map(told).collect();
    response
}

fn metadata(script: &Script, heard: &Heard, error: i16) -> MetadataResponse {
    let request: MetadataRequest = heard.decode();
    let mut response = MetadataResponse::default();
    let mut broker = metadata_response::MetadataResponseBroker::default();
    (broker.node_id, broker.host, broker.port) = (1, StrBytes::from("broker"), i32::from(script.port));
    response.brokers = vec![broker];
    response.controller_id = 1;
    if heard.version >= 2 {
        response.cluster_id = Some(StrBytes::from("cluster"));
    }
    let names = request.topics.unwrap_or_default().into_iter().filter_map(|topic| topic.name);
    let mut names: Vec<_> = names.collect();
    if names.is_empty() && heard.version == 0 {
        names = vec![StrBytes::from("t")];
    }
    response.topics = names.into_iter().map(|name| topic(script, heard.version, name, error)).collect();
    response
}

fn topic(script: &Script, version: i16, name: StrBytes, error: i16) -> metadata_response::MetadataResponseTopic {
    let mut topic = metadata_response::MetadataResponseTopic::default();
    topic.error_code = if *name == *"t" { error } else { ErrorCode::UnknownTopicOrPartition.code() };
    topic.name = Some(name);
    if topic.error_code != 0 {
        return topic;
    }
    if version >= 10 {
        topic.topic_id = Uuid::from_bytes(script.topic_id);
    }
    let partition = |index: &i32| {
        let mut partition = metadata_response::MetadataResponsePartition::default();
        (partition.partition_index, partition.leader_id) = (*index, 1);
        if version >= 7 {
            partition.leader_epoch = script.leader_epoch;
        }
        (partition.replica_nodes, partition.isr_nodes) = (vec![1], vec![1]);
        partition
    };
    topic.partitions = script.kept.keys().map(partition).collect();
    topic
}

fn create_topics(heard: &Heard, error: i16) -> CreateTopicsResponse {
    let request: CreateTopicsRequest = heard.decode();
    let mut response = CreateTopicsResponse::default();
    let result = |asked: &create_topics_request::CreatableTopic| {
        let mut result = create_topics_response::CreatableTopicResult::default();
        (result.name, result.error_code) = (asked.name.clone(), error);
        if heard.version >= 5 {
            (result.num_partitions, result.replication_factor) = (asked.num_partitions, 1);
        }
        if heard.version >= 7 {
            result.topic_id = Uuid::from_bytes(super::TOPIC_ID);
        }
        result
    };
    response.topics = request.topics.iter().map(result).collect();
    response
}

fn delete_topics(heard: &Heard, error: i16) -> DeleteTopicsResponse {
    let request: DeleteTopicsRequest = heard.decode();
    let names = request.topics.into_iter().filter_map(|topic| topic.name).chain(request.topic_names);
    let mut response = DeleteTopicsResponse::default();
    let result = |name| {
        let mut result = delete_topics_response::DeletableTopicResult::default();
        (result.name, result.error_code) = (Some(name), error);
        result
    };
    response.responses = names.map(result).collect();
    response
}

fn describe_configs(heard: &Heard, error: i16) -> DescribeConfigsResponse {
    let request: DescribeConfigsRequest = heard.decode();
    let mut result = describe_configs_response::DescribeConfigsResult::default();
    let asked = &request.resources[0];
    (result.error_code, result.resource_type) = (error, asked.resource_type);
    result.resource_name = asked.resource_name.clone();
    let mut config = describe_configs_response::DescribeConfigsResourceResult::default();
    (config.name, config.value) = (StrBytes::from("retention.ms"), Some(StrBytes::from("5")));
    config.config_source = 1;
    if request.include_documentation {
        config.documentation = Some(StrBytes::from("How long."));
    }
    result.configs = if error == 0 { vec![config] } else { Vec::new() };
    let mut response = DescribeConfigsResponse::default();
    response.results = vec![result];
    response
}

fn alter_configs(heard: &Heard, error: i16) -> IncrementalAlterConfigsResponse {
    let request: IncrementalAlterConfigsRequest = heard.decode();
    let mut result = incremental_alter_configs_response::AlterConfigsResourceResponse::default();
    let asked = &request.resources[0];
    (result.error_code, result.resource_type) = (error, asked.resource_type);
    result.resource_name = asked.resource_name.clone();
    let mut response = IncrementalAlterConfigsResponse::default();
    response.responses = vec![result];
    response
}

fn describe_cluster(script: &Script, error: i16) -> DescribeClusterResponse {
    let mut response = DescribeClusterResponse::default();
    (response.error_code, response.controller_id) = (error, 1);
    response.cluster_id = StrBytes::from("cluster");
    let mut broker = describe_cluster_response::DescribeClusterBroker::default();
    (broker.broker_id, broker.host, broker.port) = (1, StrBytes::from("broker"), i32::from(script.port));
    response.brokers = vec![broker];
    response
}

fn list_offsets(heard: &Heard, error: i16) -> ListOffsetsResponse {
    let request: ListOffsetsRequest = heard.decode();
    let mut partition = list_offsets_response::ListOffsetsPartitionResponse::default();
    partition.partition_index = request.topics[0].partitions[0].partition_index;
    (partition.error_code, partition.offset, partition.timestamp) = (error, 42, 7);
    let mut topic = list_offsets_response::ListOffsetsTopicResponse::default();
    (topic.name, topic.partitions) = (request.topics[0].name.clone(), vec![partition]);
    let mut response = ListOffsetsResponse::default();
    response.topics = vec![topic];
    response
}

fn delete_records(heard: &Heard, error: i16) -> DeleteRecordsResponse {
    let request: DeleteRecordsRequest = heard.decode();
    let asked = &request.topics[0].partitions[0];
    let mut partition = delete_records_response::DeleteRecordsPartitionResult::default();
    (partition.partition_index, partition.error_code) = (asked.partition_index, error);
    partition.low_watermark = asked.offset;
    let mut topic = delete_records_response::DeleteRecordsTopicResult::default();
    (topic.name, topic.partitions) = (request.topics[0].name.clone(), vec![partition]);
    let mut response = DeleteRecordsResponse::default();
    response.topics = vec![topic];
    response
}

fn init_producer_id(script: &mut Script, heard: &Heard, error: i16) -> InitProducerIdResponse {
    let request: InitProducerIdRequest = heard.decode();
    assert_eq!((request.transactional_id, request.producer_id, request.producer_epoch), (None, -1, -1));
    let mut response = InitProducerIdResponse::default();
    (response.error_code, response.producer_id) = (error, -1);
    if error == 0 {
        (response.producer_id, response.producer_epoch) = (script.next_producer, 0);
        script.next_producer += 1;
    }
    response
}

fn produce(script: &mut Script, heard: &Heard, error: i16) -> Bytes {
    let request = Produce::decode(heard.body.clone(), heard.version).unwrap();
    let (topic, sent) = (&request.topics[0], &request.topics[0].partitions[0]);
    let mut partition = produce_response::PartitionProduceResponse::default();
    (partition.index, partition.base_offset, partition.error_code) = (sent.partition, -1, error);
    if error == 0 {
        let batch = Batch::parse(sent.records.as_ref().unwrap().to_bytes()).unwrap();
        match script.kept.get_mut(&sent.partition).unwrap().append(batch) {
            Ok(offset) => partition.base_offset = offset,
            Err(error) => partition.error_code = error.code(),
        }
    }
    let mut told = produce_response::TopicProduceResponse::default();
    if heard.version <= 12 {
        told.name = topic.name.clone();
    } else {
        told.topic_id = topic.id;
    }
    told.partition_responses = vec![partition];
    let mut response = ProduceResponse::default();
    response.responses = vec![told];
    if request.acks == 0 { Bytes::new() } else { encoded(&response, heard.version) }
}

fn fetch(script: &Script, heard: &Heard, error: i16) -> FetchResponse {
    let request: FetchRequest = heard.decode();
    let (topic, asked) = (&request.topics[0], &request.topics[0].partitions[0]);
    let kept = &script.kept[&asked.partition];
    let mut partition = fetch_response::PartitionData::default();
    (partition.partition_index, partition.error_code) = (asked.partition, error);
    (partition.high_watermark, partition.last_stable_offset) = (kept.end(), kept.end());
    let mut records = Vec::new();
    for batch in kept.batches.iter().filter(|batch| batch.header().last_offset() >= asked.fetch_offset) {
        records.extend_from_slice(&batch.to_bytes());
    }
    partition.records = Some(if error == 0 { Bytes::from(records) } else { Bytes::new() });
    let mut told = fetch_response::FetchableTopicResponse::default();
    if heard.version <= 12 {
        told.topic = topic.topic.clone();
    } else {
        told.topic_id = topic.topic_id;
    }
    told.partitions = vec![partition];
    let mut response = FetchResponse::default();
    response.responses = vec![told];
    response
}
