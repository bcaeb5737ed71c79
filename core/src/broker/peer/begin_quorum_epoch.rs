//! BeginQuorumEpoch (key 53, versions 0–1)
//!
//! Behaviour
//! - Who leads tells the voters so, again and again until each has fetched from it.
//! - Another cluster's is INCONSISTENT_CLUSTER_ID; what is not about the metadata log INVALID_REQUEST; a leader that
//!   means another voter is told INVALID_VOTER_KEY by the quorum.
//!
//! Versions
//! - 1 flexible, which voter is meant, the leader's address (KIP-853)
//!
//! Differs from Kafka
//! - The addresses that the leader gives of itself are not kept: members know each other's, and answers name the leader's.

use kafka_wire::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse,
    begin_quorum_epoch_request::{LeaderEndpoint, PartitionData as AskedPartition, TopicData as AskedTopic},
    begin_quorum_epoch_response::{NodeEndpoint, PartitionData, TopicData},
};
use kafka_wire_core::StrBytes;

use super::*;
use crate::quorum::Said;

pub(super) fn question(request: &BeginQuorumEpochRequest, member: &Member) -> Result<Question, ErrorCode> {
    member.check_cluster(request.cluster_id.as_deref())?;
    let topic = only(&request.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.topic_name, partition.partition_index)?;
    if partition.leader_id < 0 {
        return Err(ErrorCode::InvalidRequest);
    }
    Ok(Question::BeginQuorumEpoch {
        epoch: check_epoch(partition.leader_epoch)?,
        leader: BrokerId(partition.leader_id),
        voter: member.meant(request.voter_id, partition.voter_directory_id),
    })
}

pub(super) fn refusal(error: ErrorCode) -> BeginQuorumEpochResponse {
    let mut response = BeginQuorumEpochResponse::default();
    response.error_code = error.code();
    response
}

pub(super) fn response(answer: &Answer, leader: Option<&Address>, version: i16) -> BeginQuorumEpochResponse {
    let mut partition = PartitionData::default();
    partition.error_code = code(&answer.said);
    (partition.leader_id, partition.leader_epoch) = (leader_id(answer.standing), answer.standing.epoch);
    let mut topic = TopicData::default();
    (topic.topic_name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut response = BeginQuorumEpochResponse::default();
    response.topics = vec![topic];
    tell_leader!(response.node_endpoints: NodeEndpoint, answer.standing, leader, version);
    response
}

/// The request that asks it, in the latest version.
pub(super) fn request(question: &Question, member: &Member) -> Option<BeginQuorumEpochRequest> {
    let Question::BeginQuorumEpoch { epoch, leader, voter } = question else { return None };
    let mut partition = AskedPartition::default();
    (partition.leader_id, partition.leader_epoch) = (leader.0, *epoch);
    partition.voter_directory_id = uuid(voter.directory);
    let mut topic = AskedTopic::default();
    (topic.topic_name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut endpoint = LeaderEndpoint::default();
    (endpoint.name, endpoint.host) = (LISTENER_NAME.into(), StrBytes::from(&*member.address.host));
    endpoint.port = member.address.port;
    let mut request = BeginQuorumEpochRequest::default();
    request.cluster_id = Some(StrBytes::from(&*member.cluster_id));
    (request.voter_id, request.topics, request.leader_endpoints) = (voter.id.0, vec![topic], vec![endpoint]);
    Some(request)
}

/// # Errors
/// What the voter says of the request as a whole.
pub(super) fn answer(response: &BeginQuorumEpochResponse) -> Result<Told, ErrorCode> {
    error(response.error_code).map_or(Ok(()), Err)?;
    let topic = only(&response.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.topic_name, partition.partition_index)?;
    let said = error(partition.error_code).map_or(Ok(Said::Heard), Err);
    let standing = standing(check_epoch(partition.leader_epoch)?, partition.leader_id);
    let endpoints = response.node_endpoints.iter().map(|it| (it.node_id, &*it.host, i32::from(it.port)));
    Ok(Told { answer: Answer { standing, said }, leader: address_of(standing, endpoints) })
}
