//! The answer to Produce, written row by row out of what became of each batch.
//!
//! Every batch is answered by one, so nothing is put together for `kafka-wire` first; a test holds it equal to
//! `kafka-wire`'s bytes in every version.

use kafka_wire_core::Uuid;

use super::{Api, writer::FrameWriter};
use crate::{
    effect::Frame,
    ids::{Offset, PartitionIndex},
    time::Timestamp,
};

/// What became of one partition's batch.
#[derive(Clone, Copy, Debug)]
pub struct ProducedRow<'a> {
    pub partition: PartitionIndex,
    pub error: i16,
    /// -1 where nothing was appended, as for the two below.
    pub base_offset: Offset,
    pub append_time: Timestamp,
    pub log_start: Offset,
    /// Which record was wrong, and why; told from version 8 on, as are the words.
    pub record: Option<(i32, &'a str)>,
    pub message: Option<&'a str>,
}

/// An answer under way: `topic` is followed by as many `row`s as it says, then by `end_topic`.
#[derive(Debug)]
pub struct ProduceAnswerWriter {
    writer: FrameWriter,
    version: i16,
}

impl ProduceAnswerWriter {
    pub fn new(correlation: i32, version: i16, topics: usize) -> Self {
        let mut writer = FrameWriter::new(Api::Produce.is_flexible(version), 128);
        writer.put_i32(correlation);
        writer.put_no_tags();
        writer.put_count(Some(topics));
        Self { writer, version }
    }

    /// Named up to version 12, by id from 13 on (KIP-516).
    pub fn topic(&mut self, name: &str, id: Uuid, partitions: usize) {
        match self.version {
            ..=12 => self.writer.put_string(name),
            _ => self.writer.put_uuid(id),
        }
        self.writer.put_count(Some(partitions));
    }

    pub fn row(&mut self, row: ProducedRow<'_>) {
        let writer = &mut self.writer;
        writer.put_i32(row.partition);
        writer.put_i16(row.error);
        writer.put_i64(row.base_offset);
        writer.put_i64(row.append_time.0);
        if self.version >= 5 {
            writer.put_i64(row.log_start);
        }
        if self.version >= 8 {
            writer.put_count(Some(usize::from(row.record.is_some())));
            if let Some((index, why)) = row.record {
                writer.put_i32(index);
                writer.put_string(why);
                writer.put_no_tags();
            }
            writer.put_nullable_string(row.message);
        }
        writer.put_no_tags();
    }

    pub fn end_topic(&mut self) {
        self.writer.put_no_tags();
    }

    /// Length, header and body in one frame. Nobody is throttled.
    pub fn finish(mut self) -> Frame {
        self.writer.put_i32(0);
        self.writer.put_no_tags();
        self.writer.finish_frame()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Bytes, BytesMut};
    use kafka_wire::{ProduceResponse, ResponseHeader, produce_response as generated};
    use kafka_wire_core::{ApiVersion, KafkaEncode, StrBytes};
    use proptest::prelude::*;

    type Row = (i32, i16, (i64, i64, i64), Option<(i32, String)>, Option<String>);

    fn row(row: &Row) -> ProducedRow<'_> {
        let (partition, error, (base_offset, append_time, log_start), record, message) = row;
        ProducedRow {
            partition: *partition,
            error: *error,
            base_offset: *base_offset,
            append_time: Timestamp(*append_time),
            log_start: *log_start,
            record: record.as_ref().map(|(index, why)| (*index, &**why)),
            message: message.as_deref(),
        }
    }

    fn ours(topics: &[(String, [u8; 16], Vec<Row>)], version: i16) -> Bytes {
        let mut answer = ProduceAnswerWriter::new(7, version, topics.len());
        for (name, id, rows) in topics {
            answer.topic(name, Uuid::from_bytes(*id), rows.len());
            rows.iter().for_each(|one| answer.row(row(one)));
            answer.end_topic();
        }
        answer.finish().to_bytes()
    }

    fn theirs(topics: &[(String, [u8; 16], Vec<Row>)], version: i16) -> Bytes {
        let mut response = ProduceResponse::default();
        for (name, id, rows) in topics {
            let mut topic = generated::TopicProduceResponse::default();
            match version {
                ..=12 => topic.name = StrBytes::from(&**name),
                _ => topic.topic_id = Uuid::from_bytes(*id),
            }
            topic.partition_responses = rows.iter().map(|one| their_row(row(one), version)).collect();
            response.responses.push(topic);
        }
        let mut header = ResponseHeader::default();
        header.correlation_id = 7;
        let mut bytes = BytesMut::new();
        header.encode_into(&mut bytes, ApiVersion::new(i16::from(version >= 9))).unwrap();
        response.encode_into(&mut bytes, ApiVersion::new(version)).unwrap();
        [&(bytes.len() as u32).to_be_bytes()[..], &bytes].concat().into()
    }

    fn their_row(row: ProducedRow<'_>, version: i16) -> generated::PartitionProduceResponse {
        let mut theirs = generated::PartitionProduceResponse::default();
        theirs.index = row.partition;
        theirs.error_code = row.error;
        theirs.base_offset = row.base_offset;
        theirs.log_append_time_ms = row.append_time.0;
        if version >= 5 {
            theirs.log_start_offset = row.log_start;
        }
        if version >= 8 {
            theirs.error_message = row.message.map(StrBytes::from);
            theirs.record_errors = row
                .record
                .into_iter()
                .map(|(index, why)| {
                    let mut error = generated::BatchIndexAndErrorMessage::default();
                    error.batch_index = index;
                    error.batch_index_error_message = Some(StrBytes::from(why));
                    error
                })
                .collect();
        }
        theirs
    }

    proptest! {
        #[test]
        fn every_version_is_byte_for_byte_the_generated_one(
            topics in prop::collection::vec((
                "[a-z]{0,140}",
                any::<[u8; 16]>(),
                prop::collection::vec((
                    any::<i32>(),
                    any::<i16>(),
                    any::<(i64, i64, i64)>(),
                    prop::option::of((any::<i32>(), "[a-z ]{0,9}")),
                    prop::option::of("[a-z ]{0,200}"),
                ), 0..4),
            ), 0..4),
        ) {
            for version in Api::Produce.served() {
                prop_assert_eq!(ours(&topics, version), theirs(&topics, version), "version {}", version);
            }
        }
    }
}
