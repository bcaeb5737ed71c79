//! Fetch (key 1) of the metadata log, by members of the quorum and by brokers that observe it (KIP-595).
//!
//! Behaviour
//! - The reader says where its log ends and in which epoch; the leader answers with what follows, with where the two logs
//!   part, or with the snapshot that stands for what is in no log any more (KIP-630).
//! - Another cluster's is INCONSISTENT_CLUSTER_ID; with any other topic or partition beside it, INVALID_REQUEST.
//! - The answer says which epoch the member is in and who leads it.
//!
//! Versions
//! - Below 12 a reader cannot say in which epoch its log ends: INVALID_REQUEST. 13 topic id · 16 the leader's address ·
//!   17 directory · 18 the reader's high watermark
//!
//! Differs from Kafka
//! - `max_wait_ms` and `max_bytes` are not heeded: the leader has bounds of its own.

use bytes::Bytes;
use kafka_wire::{
    FetchRequest, FetchResponse,
    fetch_request::{FetchPartition, FetchTopic},
    fetch_response::PartitionData,
};
use kafka_wire_core::StrBytes;

use super::*;
use crate::{
    effect::Frame,
    ids::Offset,
    quorum::{LogPosition, Records, Said},
    record::Batch,
    wire::fetch::{FetchAnswer, FetchedPartition, FetchedTopic},
};

/// `KafkaRaftClient.MAX_FETCH_WAIT_MS` and `MAX_FETCH_SIZE_BYTES`.
const WAIT_MS: i32 = 500;
const BYTES_MAX: i32 = 8 * 1024 * 1024;

/// Whether the request reads the metadata log, among whatever else.
pub(in crate::broker) fn is_of_metadata_log(request: &FetchRequest) -> bool {
    request.topics.iter().any(is_metadata_topic)
}

fn is_metadata_topic(topic: &FetchTopic) -> bool {
    *topic.topic == *METADATA_TOPIC || topic.topic_id == METADATA_TOPIC_ID
}

pub(super) fn question(request: &FetchRequest, member: &Member) -> Result<Question, ErrorCode> {
    member.check_cluster(request.cluster_id.as_deref())?;
    let topic = only(&request.topics)?;
    let partition = only(&topic.partitions)?;
    if !is_metadata_topic(topic) || partition.partition != METADATA_PARTITION {
        return Err(ErrorCode::InvalidRequest);
    }
    if partition.fetch_offset < 0 || partition.last_fetched_epoch < 0 || request.max_wait_ms < 0 {
        return Err(ErrorCode::InvalidRequest);
    }
    // Version 15 moved it (KIP-903).
    let replica = request.replica_id.max(request.replica_state.replica_id);
    let directory = DirectoryId(partition.replica_directory_id.to_bytes());
    Ok(Question::Fetch {
        epoch: check_epoch(partition.current_leader_epoch)?,
        replica: ReplicaKey { id: BrokerId(replica), directory },
        from: LogPosition { epoch: partition.last_fetched_epoch, offset: partition.fetch_offset },
        high_watermark: partition.high_watermark,
    })
}

pub(super) fn refusal(error: ErrorCode) -> FetchAnswer {
    FetchAnswer { error: Some(error), ..FetchAnswer::default() }
}

pub(super) fn response(answer: Answer, leader: Option<&Address>) -> FetchAnswer {
    let Answer { standing, said } = answer;
    let mut partition = FetchedPartition {
        partition: METADATA_PARTITION,
        error: said.as_ref().err().copied(),
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: -1,
        diverging_epoch: None,
        current_leader: Some((BrokerId(leader_id(standing)), standing.epoch)),
        snapshot: None,
        is_read_committed: false,
        records: Frame::default(),
    };
    match said {
        Ok(Said::Fetched { high_watermark, records }) => {
            partition.high_watermark = high_watermark;
            partition.records = records.bytes.into();
        }
        Ok(Said::Diverging { end }) => partition.diverging_epoch = Some((end.epoch, end.offset)),
        Ok(Said::BelowStart { snapshot }) => partition.snapshot = Some((snapshot.offset, snapshot.epoch)),
        Ok(Said::Vote { .. } | Said::Heard | Said::SnapshotFetched { .. }) | Err(_) => {}
    }
    let leader = standing.leader.zip(leader.cloned());
    let topic = FetchedTopic { name: METADATA_TOPIC.into(), id: METADATA_TOPIC_ID, partitions: vec![partition] };
    FetchAnswer { error: None, session_id: 0, topics: vec![topic], leader }
}

/// The request that asks it, in the latest version.
pub(super) fn request(question: &Question, member: &Member) -> Option<FetchRequest> {
    let Question::Fetch { epoch, replica, from, high_watermark } = question else { return None };
    let mut partition = FetchPartition::default();
    (partition.current_leader_epoch, partition.fetch_offset) = (*epoch, from.offset);
    (partition.last_fetched_epoch, partition.high_watermark) = (from.epoch, *high_watermark);
    partition.replica_directory_id = uuid(replica.directory);
    let mut topic = FetchTopic::default();
    (topic.topic_id, topic.partitions) = (METADATA_TOPIC_ID, vec![partition]);
    let mut request = FetchRequest::default();
    request.cluster_id = Some(StrBytes::from(&*member.cluster_id));
    request.replica_state.replica_id = replica.id.0;
    (request.max_wait_ms, request.max_bytes, request.topics) = (WAIT_MS, BYTES_MAX, vec![topic]);
    Some(request)
}

/// # Errors
/// What the leader says of the request as a whole.
pub(super) fn answer(response: &FetchResponse) -> Result<Told, ErrorCode> {
    error(response.error_code).map_or(Ok(()), Err)?;
    let topic = only(&response.responses)?;
    let partition = only(&topic.partitions)?;
    if topic.topic_id != METADATA_TOPIC_ID || partition.partition_index != METADATA_PARTITION {
        return Err(ErrorCode::InvalidRequest);
    }
    let leader = &partition.current_leader;
    let standing = standing(check_epoch(leader.leader_epoch)?, leader.leader_id);
    let said = match error(partition.error_code) {
        Some(error) => Err(error),
        None => Ok(said(partition)?),
    };
    let endpoints = response.node_endpoints.iter().map(|it| (it.node_id, &*it.host, it.port));
    Ok(Told { answer: Answer { standing, said }, leader: address_of(standing, endpoints) })
}

fn said(partition: &PartitionData) -> Result<Said, ErrorCode> {
    let diverging = &partition.diverging_epoch;
    if diverging.epoch >= 0 {
        let end = LogPosition { epoch: diverging.epoch, offset: diverging.end_offset };
        return if end.offset >= 0 { Ok(Said::Diverging { end }) } else { Err(ErrorCode::InvalidRequest) };
    }
    let snapshot = &partition.snapshot_id;
    if snapshot.epoch >= 0 {
        let snapshot = LogPosition { epoch: snapshot.epoch, offset: snapshot.end_offset };
        return if snapshot.offset > 0 { Ok(Said::BelowStart { snapshot }) } else { Err(ErrorCode::InvalidRequest) };
    }
    let records = records(partition.records.clone().unwrap_or_default()).ok_or(ErrorCode::CorruptMessage)?;
    Ok(Said::Fetched { high_watermark: partition.high_watermark.max(0), records })
}

/// The whole batches of `bytes`, which may end in the middle of one. `None`: they are damaged, or in no order.
fn records(bytes: Bytes) -> Option<Records> {
    let (mut len, mut end) = (0, None::<Offset>);
    let mut epochs: Vec<(LeaderEpoch, Offset)> = Vec::new();
    for batch in Batch::split(bytes.clone(), true) {
        let batch = batch.ok().filter(Batch::crc_is_right)?;
        let header = batch.header();
        let latest = epochs.last().map_or(-1, |(epoch, _)| *epoch);
        let follows = end.is_none_or(|end| header.base_offset == end) && header.partition_leader_epoch >= latest;
        if !follows || header.base_offset < 0 || header.last_offset_delta < 0 {
            return None;
        }
        if header.partition_leader_epoch > latest {
            epochs.push((header.partition_leader_epoch, header.base_offset));
        }
        end = Some(header.base_offset.checked_add(i64::from(header.last_offset_delta))?.checked_add(1)?);
        len += batch.size();
    }
    Some(Records { bytes: bytes.slice(..len), epochs, end: end.unwrap_or(0) })
}
