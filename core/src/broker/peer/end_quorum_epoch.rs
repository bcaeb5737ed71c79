//! EndQuorumEpoch (key 54, versions 0–1)
//!
//! Behaviour
//! - Who leads no more tells the voters, and who should follow it, the one that is furthest first.
//! - Another cluster's is INCONSISTENT_CLUSTER_ID; what is not about the metadata log INVALID_REQUEST.
//!
//! Versions
//! - 1 flexible, successors with their directories, the leader's address (KIP-853)
//!
//! Differs from Kafka
//! - Nothing a peer can see.

use kafka_wire::{
    EndQuorumEpochRequest, EndQuorumEpochResponse,
    end_quorum_epoch_request::{LeaderEndpoint, PartitionData as AskedPartition, ReplicaInfo, TopicData as AskedTopic},
    end_quorum_epoch_response::{NodeEndpoint, PartitionData, TopicData},
};
use kafka_wire_core::StrBytes;

use super::*;
use crate::quorum::Said;

pub(super) fn question(request: &EndQuorumEpochRequest, member: &Member) -> Result<Question, ErrorCode> {
    member.check_cluster(request.cluster_id.as_deref())?;
    let topic = only(&request.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.topic_name, partition.partition_index)?;
    if partition.leader_id < 0 {
        return Err(ErrorCode::InvalidRequest);
    }
    // Version 0 has ids alone, later ones have none.
    let by_id = partition.preferred_successors.iter().map(|id| (*id, Uuid::default()));
    let by_key = partition.preferred_candidates.iter().map(|it| (it.candidate_id, it.candidate_directory_id));
    let successors = by_id.chain(by_key).map(|(id, directory)| member.replica(BrokerId(id), directory));
    Ok(Question::EndQuorumEpoch {
        epoch: check_epoch(partition.leader_epoch)?,
        leader: BrokerId(partition.leader_id),
        successors: successors.collect(),
    })
}

pub(super) fn refusal(error: ErrorCode) -> EndQuorumEpochResponse {
    let mut response = EndQuorumEpochResponse::default();
    response.error_code = error.code();
    response
}

pub(super) fn response(answer: &Answer, leader: Option<&Address>, version: i16) -> EndQuorumEpochResponse {
    let mut partition = PartitionData::default();
    partition.error_code = code(&answer.said);
    (partition.leader_id, partition.leader_epoch) = (leader_id(answer.standing), answer.standing.epoch);
    let mut topic = TopicData::default();
    (topic.topic_name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut response = EndQuorumEpochResponse::default();
    response.topics = vec![topic];
    tell_leader!(response.node_endpoints: NodeEndpoint, answer.standing, leader, version);
    response
}

/// The request that asks it, in the latest version.
pub(super) fn request(question: &Question, member: &Member) -> Option<EndQuorumEpochRequest> {
    let Question::EndQuorumEpoch { epoch, leader, successors } = question else { return None };
    let mut partition = AskedPartition::default();
    (partition.leader_id, partition.leader_epoch) = (leader.0, *epoch);
    let candidates = successors.iter().map(|key| {
        let mut candidate = ReplicaInfo::default();
        (candidate.candidate_id, candidate.candidate_directory_id) = (key.id.0, uuid(key.directory));
        candidate
    });
    partition.preferred_candidates = candidates.collect();
    let mut topic = AskedTopic::default();
    (topic.topic_name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut endpoint = LeaderEndpoint::default();
    (endpoint.name, endpoint.host) = (LISTENER_NAME.into(), StrBytes::from(&*member.address.host));
    endpoint.port = member.address.port;
    let mut request = EndQuorumEpochRequest::default();
    request.cluster_id = Some(StrBytes::from(&*member.cluster_id));
    (request.topics, request.leader_endpoints) = (vec![topic], vec![endpoint]);
    Some(request)
}

/// # Errors
/// What the voter says of the request as a whole.
pub(super) fn answer(response: &EndQuorumEpochResponse) -> Result<Told, ErrorCode> {
    error(response.error_code).map_or(Ok(()), Err)?;
    let topic = only(&response.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.topic_name, partition.partition_index)?;
    let said = error(partition.error_code).map_or(Ok(Said::Heard), Err);
    let standing = standing(check_epoch(partition.leader_epoch)?, partition.leader_id);
    let endpoints = response.node_endpoints.iter().map(|it| (it.node_id, &*it.host, i32::from(it.port)));
    Ok(Told { answer: Answer { standing, said }, leader: address_of(standing, endpoints) })
}
