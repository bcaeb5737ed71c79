//! Vote (key 52, versions 0–2)
//!
//! Behaviour
//! - A candidate asks a voter for its vote, or with a pre-vote whether it would have it.
//! - Another cluster's is INCONSISTENT_CLUSTER_ID; what is not about the metadata log INVALID_REQUEST; a candidate that
//!   means another voter is told INVALID_VOTER_KEY by the quorum.
//! - The answer says in every case which epoch the voter is in and who leads it.
//!
//! Versions
//! - 1 directories, which voter is meant, the leader's address (KIP-853) · 2 pre-vote (KIP-996)
//!
//! Differs from Kafka
//! - Nothing a peer can see.

use kafka_wire::{
    VoteRequest, VoteResponse,
    vote_request::{PartitionData as AskedPartition, TopicData as AskedTopic},
    vote_response::{NodeEndpoint, PartitionData, TopicData},
};
use kafka_wire_core::StrBytes;

use super::*;
use crate::quorum::{LogPosition, Said};

pub(super) fn question(request: &VoteRequest, member: &Member) -> Result<Question, ErrorCode> {
    member.check_cluster(request.cluster_id.as_deref())?;
    let topic = only(&request.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.topic_name, partition.partition_index)?;
    if partition.last_offset < 0 || partition.last_offset_epoch < 0 || partition.replica_id < 0 {
        return Err(ErrorCode::InvalidRequest);
    }
    Ok(Question::Vote {
        epoch: check_epoch(partition.replica_epoch)?,
        candidate: member.replica(BrokerId(partition.replica_id), partition.replica_directory_id),
        voter: member.meant(request.voter_id, partition.voter_directory_id),
        last: LogPosition { epoch: partition.last_offset_epoch, offset: partition.last_offset },
        is_pre_vote: partition.pre_vote,
    })
}

pub(super) fn refusal(error: ErrorCode) -> VoteResponse {
    let mut response = VoteResponse::default();
    response.error_code = error.code();
    response
}

pub(super) fn response(answer: &Answer, leader: Option<&Address>, version: i16) -> VoteResponse {
    let mut partition = PartitionData::default();
    partition.error_code = code(&answer.said);
    (partition.leader_id, partition.leader_epoch) = (leader_id(answer.standing), answer.standing.epoch);
    partition.vote_granted = answer.said == Ok(Said::Vote { is_granted: true });
    let mut topic = TopicData::default();
    (topic.topic_name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut response = VoteResponse::default();
    response.topics = vec![topic];
    tell_leader!(response.node_endpoints: NodeEndpoint, answer.standing, leader, version);
    response
}

/// The request that asks it, in the latest version.
pub(super) fn request(question: &Question, member: &Member) -> Option<VoteRequest> {
    let Question::Vote { epoch, candidate, voter, last, is_pre_vote } = question else { return None };
    let mut partition = AskedPartition::default();
    (partition.replica_epoch, partition.replica_id) = (*epoch, candidate.id.0);
    (partition.replica_directory_id, partition.voter_directory_id) = (uuid(candidate.directory), uuid(voter.directory));
    (partition.last_offset_epoch, partition.last_offset) = (last.epoch, last.offset);
    partition.pre_vote = *is_pre_vote;
    let mut topic = AskedTopic::default();
    (topic.topic_name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut request = VoteRequest::default();
    request.cluster_id = Some(StrBytes::from(&*member.cluster_id));
    (request.voter_id, request.topics) = (voter.id.0, vec![topic]);
    Some(request)
}

/// # Errors
/// What the voter says of the request as a whole.
pub(super) fn answer(response: &VoteResponse) -> Result<Told, ErrorCode> {
    error(response.error_code).map_or(Ok(()), Err)?;
    let topic = only(&response.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.topic_name, partition.partition_index)?;
    let said = error(partition.error_code).map_or(Ok(Said::Vote { is_granted: partition.vote_granted }), Err);
    let standing = standing(check_epoch(partition.leader_epoch)?, partition.leader_id);
    let endpoints = response.node_endpoints.iter().map(|it| (it.node_id, &*it.host, i32::from(it.port)));
    Ok(Told { answer: Answer { standing, said }, leader: address_of(standing, endpoints) })
}
