//! The answer to Fetch, with the record batches by reference.
//!
//! `kafka-wire` copies what it encodes, so this message is written here; a test holds it equal to `kafka-wire`'s bytes
//! in every version.

use kafka_wire_core::{StrBytes, Uuid};

use super::{Api, writer::FrameWriter};
use crate::{
    effect::{Address, Frame},
    error::ErrorCode,
    ids::{BrokerId, LeaderEpoch, Offset, PartitionIndex},
};

/// What a Fetch is answered with.
#[derive(Clone, Debug, Default)]
pub struct FetchAnswer {
    /// Of the whole request: something is wrong with its session.
    pub error: Option<ErrorCode>,
    /// 0: no session.
    pub session_id: i32,
    pub topics: Vec<FetchedTopic>,
    /// Where the leader that a partition names is reached. Sent from version 16 on (KIP-951).
    pub leader: Option<(BrokerId, Address)>,
}

#[derive(Clone, Debug)]
pub struct FetchedTopic {
    /// Sent up to version 12.
    pub name: StrBytes,
    /// Sent from version 13 on (KIP-516).
    pub id: Uuid,
    pub partitions: Vec<FetchedPartition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedPartition {
    pub partition: PartitionIndex,
    pub error: Option<ErrorCode>,
    pub high_watermark: Offset,
    pub last_stable_offset: Offset,
    pub log_start_offset: Offset,
    /// The reader's last epoch ends elsewhere here: it must cut back (KIP-595).
    pub diverging_epoch: Option<(LeaderEpoch, Offset)>,
    pub current_leader: Option<(BrokerId, LeaderEpoch)>,
    /// What the reader asks for is in no log any more: it must read this snapshot, up to this offset (KIP-630).
    pub snapshot: Option<(Offset, LeaderEpoch)>,
    /// Whether the reader is told that no transactions were aborted.
    pub is_read_committed: bool,
    pub records: Frame,
}

impl FetchedPartition {
    /// An error, and nothing else that can be said.
    pub fn refused(partition: PartitionIndex, error: ErrorCode) -> Self {
        Self {
            partition,
            error: Some(error),
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: None,
            current_leader: None,
            snapshot: None,
            // Where there is no such partition Kafka says even that none of its transactions was aborted.
            is_read_committed: matches!(
                error,
                ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopicId | ErrorCode::TopicAuthorizationFailed
            ),
            records: Frame::default(),
        }
    }
}

impl FetchAnswer {
    /// Length, header and body in one frame.
    pub fn encode(self, correlation: i32, version: i16) -> Frame {
        let is_flexible = Api::Fetch.is_flexible(version);
        let partitions: usize = self.topics.iter().map(|topic| topic.partitions.len()).sum();
        let mut writer = FrameWriter::new(is_flexible, 64 + 64 * self.topics.len() + 80 * partitions);
        writer.put_i32(correlation);
        writer.put_no_tags();
        writer.put_i32(0);
        if version >= 7 {
            writer.put_i16(code(self.error));
            writer.put_i32(self.session_id);
        }
        writer.put_count(Some(self.topics.len()));
        for topic in self.topics {
            topic.write(&mut writer, version);
        }
        match self.leader.filter(|_| version >= 16) {
            Some((leader, address)) => put_leader(&mut writer, leader, &address),
            None => writer.put_no_tags(),
        }
        writer.finish_frame()
    }
}

impl FetchedTopic {
    fn write(self, writer: &mut FrameWriter, version: i16) {
        match version {
            ..=12 => writer.put_string(&self.name),
            _ => writer.put_uuid(self.id),
        }
        writer.put_count(Some(self.partitions.len()));
        for partition in self.partitions {
            partition.write(writer, version);
        }
        writer.put_no_tags();
    }
}

impl FetchedPartition {
    fn write(self, writer: &mut FrameWriter, version: i16) {
        writer.put_i32(self.partition);
        writer.put_i16(code(self.error));
        writer.put_i64(self.high_watermark);
        writer.put_i64(self.last_stable_offset);
        if version >= 5 {
            writer.put_i64(self.log_start_offset);
        }
        writer.put_count(self.is_read_committed.then_some(0));
        if version >= 11 {
            // Readers are never sent to another replica.
            writer.put_i32(-1);
        }
        writer.put_records(Some(self.records));
        if version < 12 {
            return;
        }
        let tagged = [self.diverging_epoch.is_some(), self.current_leader.is_some(), self.snapshot.is_some()];
        writer.put_varint(tagged.into_iter().map(u32::from).sum());
        if let Some((epoch, end_offset)) = self.diverging_epoch {
            writer.put_varint(0);
            writer.put_varint(4 + 8 + 1);
            writer.put_i32(epoch);
            writer.put_i64(end_offset);
            writer.put_no_tags();
        }
        if let Some((leader, epoch)) = self.current_leader {
            writer.put_varint(1);
            writer.put_varint(4 + 4 + 1);
            writer.put_i32(leader.0);
            writer.put_i32(epoch);
            writer.put_no_tags();
        }
        if let Some((end_offset, epoch)) = self.snapshot {
            writer.put_varint(2);
            writer.put_varint(8 + 4 + 1);
            writer.put_i64(end_offset);
            writer.put_i32(epoch);
            writer.put_no_tags();
        }
    }
}

/// The answer's only tagged field, and in it one endpoint: id, host, port, no rack, no tags.
fn put_leader(writer: &mut FrameWriter, leader: BrokerId, address: &Address) {
    let host_bytes = address.host.len() as u32;
    let host_len_bytes = (32 - (host_bytes + 1).leading_zeros()).div_ceil(7);
    writer.put_varint(1);
    writer.put_varint(0);
    writer.put_varint(1 + 4 + host_len_bytes + host_bytes + 4 + 1 + 1);
    writer.put_count(Some(1));
    writer.put_i32(leader.0);
    writer.put_string(&address.host);
    writer.put_i32(i32::from(address.port));
    writer.put_nullable_string(None);
    writer.put_no_tags();
}

fn code(error: Option<ErrorCode>) -> i16 {
    error.map_or(0, ErrorCode::code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Bytes, BytesMut};
    use kafka_wire::{FetchResponse, ResponseHeader, fetch_response as generated};
    use kafka_wire_core::{ApiVersion, KafkaEncode};
    use proptest::prelude::*;

    fn twin(answer: &FetchAnswer, correlation: i32, version: i16) -> Bytes {
        let at = ApiVersion::new(version);
        let mut response = FetchResponse::default();
        if version >= 7 {
            response.error_code = code(answer.error);
            response.session_id = answer.session_id;
        }
        response.responses = answer.topics.iter().map(|topic| twin_topic(topic, version)).collect();
        if let (16.., Some((leader, address))) = (version, &answer.leader) {
            let mut endpoint = generated::NodeEndpoint::default();
            (endpoint.node_id, endpoint.host) = (leader.0, address.host.as_str().into());
            (endpoint.port, endpoint.rack) = (i32::from(address.port), None);
            response.node_endpoints = vec![endpoint];
        }
        let mut header = ResponseHeader::default();
        header.correlation_id = correlation;
        let mut bytes = BytesMut::new();
        header.encode_into(&mut bytes, ApiVersion::new(i16::from(version >= 12))).unwrap();
        response.encode_into(&mut bytes, at).unwrap();
        let mut frame = BytesMut::from(&(bytes.len() as u32).to_be_bytes()[..]);
        frame.extend_from_slice(&bytes);
        frame.freeze()
    }

    fn twin_topic(topic: &FetchedTopic, version: i16) -> generated::FetchableTopicResponse {
        let mut twin = generated::FetchableTopicResponse::default();
        if version <= 12 {
            twin.topic = topic.name.clone();
        } else {
            twin.topic_id = topic.id;
        }
        twin.partitions = topic.partitions.iter().map(|partition| twin_partition(partition, version)).collect();
        twin
    }

    fn twin_partition(partition: &FetchedPartition, version: i16) -> generated::PartitionData {
        let mut twin = generated::PartitionData::default();
        twin.partition_index = partition.partition;
        twin.error_code = code(partition.error);
        twin.high_watermark = partition.high_watermark;
        twin.last_stable_offset = partition.last_stable_offset;
        twin.log_start_offset = partition.log_start_offset;
        twin.aborted_transactions = partition.is_read_committed.then(Vec::new);
        twin.records = Some(partition.records.to_bytes());
        if let (12.., Some((epoch, end_offset))) = (version, partition.diverging_epoch) {
            twin.diverging_epoch.epoch = epoch;
            twin.diverging_epoch.end_offset = end_offset;
        }
        if let (12.., Some((leader, epoch))) = (version, partition.current_leader) {
            twin.current_leader.leader_id = leader.0;
            twin.current_leader.leader_epoch = epoch;
        }
        if let (12.., Some((end_offset, epoch))) = (version, partition.snapshot) {
            (twin.snapshot_id.end_offset, twin.snapshot_id.epoch) = (end_offset, epoch);
        }
        twin
    }

    fn any_partition() -> impl Strategy<Value = FetchedPartition> {
        let offsets = (any::<i64>(), any::<i64>(), any::<i64>());
        let snapshot = prop::option::of((0..9_i64, any::<i32>()));
        let epochs = (prop::option::of((0..9, any::<i64>())), prop::option::of((1..9, any::<i32>())), snapshot);
        let records = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..3);
        (any::<i32>(), any::<bool>(), offsets, epochs, any::<bool>(), records).prop_map(
            |(partition, is_error, offsets, (diverging_epoch, leader, snapshot), is_read_committed, parts)| {
                let mut records = Frame::default();
                parts.into_iter().for_each(|part| records.push(part.into()));
                FetchedPartition {
                    partition,
                    error: is_error.then_some(ErrorCode::OffsetOutOfRange),
                    high_watermark: offsets.0,
                    last_stable_offset: offsets.1,
                    log_start_offset: offsets.2,
                    diverging_epoch,
                    current_leader: leader.map(|(id, epoch)| (BrokerId(id), epoch)),
                    snapshot,
                    is_read_committed,
                    records,
                }
            },
        )
    }

    fn any_topic() -> impl Strategy<Value = FetchedTopic> {
        let partitions = prop::collection::vec(any_partition(), 0..4);
        ("[a-z]{0,140}", any::<[u8; 16]>(), partitions).prop_map(|(name, id, partitions)| FetchedTopic {
            name: name.into(),
            id: Uuid::from_bytes(id),
            partitions,
        })
    }

    proptest! {
        #[test]
        fn every_version_is_byte_for_byte_the_generated_one(
            topics in prop::collection::vec(any_topic(), 0..4),
            session_id in any::<i32>(),
            is_error in any::<bool>(),
            leader in prop::option::of((0..9, "[a-z]{0,255}", any::<u16>())),
            correlation in any::<i32>(),
        ) {
            let error = is_error.then_some(ErrorCode::InvalidFetchSessionEpoch);
            let leader = leader.map(|(id, host, port)| (BrokerId(id), Address { host, port }));
            let answer = FetchAnswer { error, session_id, topics, leader };
            for version in Api::Fetch.served() {
                let ours = answer.clone().encode(correlation, version).to_bytes();
                prop_assert_eq!(ours, twin(&answer, correlation, version), "version {}", version);
            }
        }
    }

    #[test]
    fn records_are_not_copied() {
        let body = Bytes::from(vec![5; 1000]);
        let mut partition = FetchedPartition::refused(0, ErrorCode::OffsetOutOfRange);
        partition.records.push(body.clone());
        let topic = FetchedTopic { name: "t".into(), id: Uuid::ZERO, partitions: vec![partition] };
        let frame = FetchAnswer { topics: vec![topic], ..FetchAnswer::default() }.encode(1, 12);
        assert!(frame.parts().iter().any(|part| part.as_ptr() == body.as_ptr()));
    }
}
