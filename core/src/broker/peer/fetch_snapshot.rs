//! FetchSnapshot (key 59, versions 0–1)
//!
//! Behaviour
//! - A follower whose next record the leader keeps no more reads the snapshot that stands for it, piece by piece (KIP-630).
//! - Another cluster's is INCONSISTENT_CLUSTER_ID; what is not about the metadata log INVALID_REQUEST; a snapshot that is
//!   not there SNAPSHOT_NOT_FOUND, a position beyond its end POSITION_OUT_OF_RANGE.
//!
//! Versions
//! - 1 directory, the leader's address (KIP-853)
//!
//! Differs from Kafka
//! - `max_bytes` is not heeded: the leader has a bound of its own.

use kafka_wire::{
    FetchSnapshotRequest, FetchSnapshotResponse,
    fetch_snapshot_request::{PartitionSnapshot as AskedPartition, TopicSnapshot as AskedTopic},
    fetch_snapshot_response::{NodeEndpoint, PartitionSnapshot, TopicSnapshot},
};
use kafka_wire_core::StrBytes;

use super::*;
use crate::quorum::{LogPosition, Said};

/// `KafkaRaftClient.MAX_FETCH_SIZE_BYTES`.
const BYTES_MAX: i32 = 8 * 1024 * 1024;

pub(super) fn question(request: &FetchSnapshotRequest, member: &Member) -> Result<Question, ErrorCode> {
    member.check_cluster(request.cluster_id.as_deref())?;
    let topic = only(&request.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.name, partition.partition)?;
    let snapshot = &partition.snapshot_id;
    if snapshot.epoch < 0 || snapshot.end_offset < 0 {
        return Err(ErrorCode::InvalidRequest);
    }
    let directory = DirectoryId(partition.replica_directory_id.to_bytes());
    Ok(Question::FetchSnapshot {
        epoch: check_epoch(partition.current_leader_epoch)?,
        replica: ReplicaKey { id: BrokerId(request.replica_id), directory },
        snapshot: LogPosition { epoch: snapshot.epoch, offset: snapshot.end_offset },
        position: u64::try_from(partition.position).map_err(|_| ErrorCode::InvalidRequest)?,
    })
}

pub(super) fn refusal(error: ErrorCode) -> FetchSnapshotResponse {
    let mut response = FetchSnapshotResponse::default();
    response.error_code = error.code();
    response
}

pub(super) fn response(answer: Answer, leader: Option<&Address>, version: i16) -> FetchSnapshotResponse {
    let mut partition = PartitionSnapshot::default();
    partition.error_code = code(&answer.said);
    partition.current_leader.leader_id = leader_id(answer.standing);
    partition.current_leader.leader_epoch = answer.standing.epoch;
    if let Ok(Said::SnapshotFetched { snapshot, size, position, bytes }) = answer.said {
        (partition.snapshot_id.epoch, partition.snapshot_id.end_offset) = (snapshot.epoch, snapshot.offset);
        (partition.size, partition.position) = (size as i64, position as i64);
        partition.unaligned_records = bytes;
    }
    let mut topic = TopicSnapshot::default();
    (topic.name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut response = FetchSnapshotResponse::default();
    response.topics = vec![topic];
    tell_leader!(response.node_endpoints: NodeEndpoint, answer.standing, leader, version);
    response
}

/// The request that asks it, in the latest version.
pub(super) fn request(question: &Question, member: &Member) -> Option<FetchSnapshotRequest> {
    let Question::FetchSnapshot { epoch, replica, snapshot, position } = question else { return None };
    let mut partition = AskedPartition::default();
    (partition.current_leader_epoch, partition.position) = (*epoch, i64::try_from(*position).ok()?);
    (partition.snapshot_id.epoch, partition.snapshot_id.end_offset) = (snapshot.epoch, snapshot.offset);
    partition.replica_directory_id = uuid(replica.directory);
    let mut topic = AskedTopic::default();
    (topic.name, topic.partitions) = (METADATA_TOPIC.into(), vec![partition]);
    let mut request = FetchSnapshotRequest::default();
    request.cluster_id = Some(StrBytes::from(&*member.cluster_id));
    (request.replica_id, request.max_bytes, request.topics) = (replica.id.0, BYTES_MAX, vec![topic]);
    Some(request)
}

/// # Errors
/// What the leader says of the request as a whole.
pub(super) fn answer(response: &FetchSnapshotResponse) -> Result<Told, ErrorCode> {
    error(response.error_code).map_or(Ok(()), Err)?;
    let topic = only(&response.topics)?;
    let partition = only(&topic.partitions)?;
    check_partition(&topic.name, partition.index)?;
    let leader = &partition.current_leader;
    let standing = standing(check_epoch(leader.leader_epoch)?, leader.leader_id);
    let said = match error(partition.error_code) {
        Some(error) => Err(error),
        None => Ok(said(partition).ok_or(ErrorCode::InvalidRequest)?),
    };
    let endpoints = response.node_endpoints.iter().map(|it| (it.node_id, &*it.host, i32::from(it.port)));
    Ok(Told { answer: Answer { standing, said }, leader: address_of(standing, endpoints) })
}

fn said(partition: &PartitionSnapshot) -> Option<Said> {
    let (epoch, offset) = (partition.snapshot_id.epoch, partition.snapshot_id.end_offset);
    let (size, position) = (u64::try_from(partition.size).ok()?, u64::try_from(partition.position).ok()?);
    let bytes = partition.unaligned_records.clone();
    // A piece lies within what it is a piece of.
    let is_within = position.checked_add(bytes.len() as u64)? <= size;
    let snapshot = LogPosition { epoch, offset };
    (is_within && epoch >= 0 && offset >= 0).then_some(Said::SnapshotFetched { snapshot, size, position, bytes })
}
