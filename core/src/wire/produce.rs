//! The Produce request, with record bytes by reference both ways.
//!
//! Read here and not by `kafka-wire`, because a topic or partition of it may take three bytes on the wire and a hundred
//! in memory, so all of them are counted together; written here, because `kafka-wire` copies what it encodes. Tests
//! hold both equal to `kafka-wire` in every version.

use bytes::Bytes;
use kafka_wire_core::{DecodeError, Decoder, StrBytes, Uuid};

use super::{
    Api,
    limits::{self, PRODUCE_ELEMENTS_MAX},
    writer::FrameWriter,
};
use crate::{effect::Frame, ids::PartitionIndex};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProduceRequest {
    pub transactional_id: Option<StrBytes>,
    /// 0: answer nothing. 1: once this broker has it. -1: once every in-sync replica has it.
    pub acks: i16,
    /// Milliseconds.
    pub timeout: i32,
    pub topics: Vec<ProduceTopic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProduceTopic {
    /// Up to version 12.
    pub name: StrBytes,
    /// From version 13 on (KIP-516).
    pub id: Uuid,
    pub partitions: Vec<ProducePartition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducePartition {
    pub partition: PartitionIndex,
    /// What was sent as record batches, unchecked.
    pub records: Option<Frame>,
}

impl ProduceRequest {
    pub fn decode(body: Bytes, version: i16) -> Result<Self, DecodeError> {
        let limits = limits::decode_limits(body.len());
        let mut reader = Reader {
            decoder: Decoder::new(body, limits)?,
            is_flexible: Api::Produce.is_flexible(version),
            has_topic_ids: version >= 13,
            elements_left: PRODUCE_ELEMENTS_MAX,
        };
        let request = reader.request()?;
        reader.decoder.finish()?;
        Ok(request)
    }

    /// Length, header and body in one frame.
    pub fn encode(self, correlation: i32, client_id: Option<&str>, version: i16) -> Frame {
        let is_flexible = Api::Produce.is_flexible(version);
        let mut writer = FrameWriter::new(is_flexible, 128);
        writer.put_i16(Api::Produce.key());
        writer.put_i16(version);
        writer.put_i32(correlation);
        // The client id keeps its classic form in every version of the header.
        writer.put_i16(client_id.map_or(-1, |id| id.len() as i16));
        client_id.unwrap_or_default().bytes().for_each(|byte| writer.put_i8(byte as i8));
        writer.put_no_tags();
        writer.put_nullable_string(self.transactional_id.as_deref());
        writer.put_i16(self.acks);
        writer.put_i32(self.timeout);
        writer.put_count(Some(self.topics.len()));
        for topic in self.topics {
            match version {
                ..=12 => writer.put_string(&topic.name),
                _ => writer.put_uuid(topic.id),
            }
            writer.put_count(Some(topic.partitions.len()));
            for partition in topic.partitions {
                writer.put_i32(partition.partition);
                writer.put_records(partition.records);
                writer.put_no_tags();
            }
            writer.put_no_tags();
        }
        writer.put_no_tags();
        writer.finish_frame()
    }
}

struct Reader {
    decoder: Decoder,
    is_flexible: bool,
    has_topic_ids: bool,
    /// Topics and partitions that may still come.
    elements_left: u32,
}

impl Reader {
    fn request(&mut self) -> Result<ProduceRequest, DecodeError> {
        let transactional_id = match self.is_flexible {
            true => self.decoder.read_compact_nullable_string()?,
            false => self.decoder.read_nullable_string()?,
        };
        let acks = self.decoder.read_i16()?;
        let timeout = self.decoder.read_i32()?;
        let topics = self.array(Self::topic)?;
        self.tags()?;
        Ok(ProduceRequest { transactional_id, acks, timeout, topics })
    }

    fn topic(&mut self) -> Result<ProduceTopic, DecodeError> {
        let name = match (self.has_topic_ids, self.is_flexible) {
            (true, _) => StrBytes::default(),
            (false, true) => self.decoder.read_compact_string()?,
            (false, false) => self.decoder.read_string()?,
        };
        let id = if self.has_topic_ids { self.decoder.read_uuid()? } else { Uuid::ZERO };
        let partitions = self.array(Self::partition)?;
        self.tags()?;
        Ok(ProduceTopic { name, id, partitions })
    }

    fn partition(&mut self) -> Result<ProducePartition, DecodeError> {
        let partition = self.decoder.read_i32()?;
        let records = match self.is_flexible {
            true => self.decoder.read_compact_nullable_bytes()?,
            false => self.decoder.read_nullable_bytes()?,
        };
        self.tags()?;
        Ok(ProducePartition { partition, records: records.map(Frame::from) })
    }

    fn array<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let offset = self.decoder.offset();
        let count = match self.is_flexible {
            true => self.decoder.read_compact_array_len()?,
            false => self.decoder.read_array_len()?,
        };
        let mut elements = Vec::new();
        for _ in 0..count.get() {
            self.elements_left = self.elements_left.checked_sub(1).ok_or(DecodeError::LimitExceeded {
                kind: "produce",
                length: count.get(),
                limit: PRODUCE_ELEMENTS_MAX as usize,
                offset,
            })?;
            elements.push(element(self)?);
        }
        Ok(elements)
    }

    fn tags(&mut self) -> Result<(), DecodeError> {
        if self.is_flexible {
            self.decoder.read_tagged_fields()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{effect::Listener, wire::RequestHead};
    use bytes::BytesMut;
    use kafka_wire::{OutboundFrameLimits, encode_request, produce_request as generated};
    use kafka_wire_core::ApiVersion;
    use proptest::prelude::*;

    fn twin(request: &ProduceRequest, version: i16) -> kafka_wire::ProduceRequest {
        let mut twin = kafka_wire::ProduceRequest::default();
        twin.transactional_id = request.transactional_id.clone();
        twin.acks = request.acks;
        twin.timeout_ms = request.timeout;
        for topic in &request.topics {
            let mut data = generated::TopicProduceData::default();
            if version <= 12 {
                data.name = topic.name.clone();
            } else {
                data.topic_id = topic.id;
            }
            for partition in &topic.partitions {
                let mut sent = generated::PartitionProduceData::default();
                sent.index = partition.partition;
                sent.records = partition.records.as_ref().map(Frame::to_bytes);
                data.partition_data.push(sent);
            }
            twin.topic_data.push(data);
        }
        twin
    }

    fn any_request() -> impl Strategy<Value = ProduceRequest> {
        let records =
            prop::option::of(prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| Bytes::from(bytes).into()));
        let partition =
            (any::<i32>(), records).prop_map(|(partition, records)| ProducePartition { partition, records });
        let topic = ("[a-z]{0,140}", any::<[u8; 16]>(), prop::collection::vec(partition, 0..4));
        let topic = topic.prop_map(|(name, id, partitions)| ProduceTopic {
            name: name.into(),
            id: Uuid::from_bytes(id),
            partitions,
        });
        let topics = prop::collection::vec(topic, 0..4);
        (prop::option::of("[a-z]{0,9}"), any::<i16>(), any::<i32>(), topics).prop_map(|(id, acks, timeout, topics)| {
            ProduceRequest { transactional_id: id.map(StrBytes::from), acks, timeout, topics }
        })
    }

    proptest! {
        #[test]
        fn every_version_is_byte_for_byte_the_generated_one_and_reads_back(request in any_request()) {
            for version in Api::Produce.served() {
                let mut expected = BytesMut::new();
                let limits = OutboundFrameLimits::new(1 << 20);
                let client_id = Some("me".into());
                let at = ApiVersion::new(version);
                encode_request(&mut expected, 7, client_id, &twin(&request, version), at, limits).unwrap();
                let ours = request.clone().encode(7, Some("me"), version).to_bytes();
                prop_assert_eq!(&ours, &expected, "version {}", version);
                let (_, body) = RequestHead::decode(ours.slice(4..), Listener::Client, 1 << 20).unwrap();
                let read = ProduceRequest::decode(body, version).unwrap();
                prop_assert_eq!(twin(&read, version), twin(&request, version), "version {}", version);
            }
        }

        #[test]
        fn no_bytes_are_read_that_the_generated_reader_refuses(
            request in any_request(),
            at in any::<prop::sample::Index>(),
            with in any::<u8>(),
        ) {
            use kafka_wire_core::KafkaDecode;
            for version in [3, 9, 13] {
                let bytes = request.clone().encode(7, None, version).to_bytes();
                let (_, body) = RequestHead::decode(bytes.slice(4..), Listener::Client, 1 << 20).unwrap();
                let mut body = body.to_vec();
                let at = at.index(body.len());
                body[at] = with;
                let body = Bytes::from(body);
                let limits = limits::decode_limits(body.len());
                let theirs = kafka_wire::ProduceRequest::decode_from_bytes(body.clone(), ApiVersion::new(version), limits);
                let ours = ProduceRequest::decode(body, version);
                prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            }
        }
    }

    #[test]
    fn records_are_not_copied_and_claims_cost_nothing() {
        let body = Bytes::from(vec![5; 1000]);
        let partition = ProducePartition { partition: 0, records: Some(body.clone().into()) };
        let topic = ProduceTopic { name: "t".into(), id: Uuid::ZERO, partitions: vec![partition] };
        let request = ProduceRequest { transactional_id: None, acks: 1, timeout: 0, topics: vec![topic] };
        let frame = request.encode(1, None, 9);
        assert!(frame.parts().iter().any(|part| part.as_ptr() == body.as_ptr()));

        let (_, body) = RequestHead::decode(frame.to_bytes().slice(4..), Listener::Client, 1 << 20).unwrap();
        let read = ProduceRequest::decode(body.clone(), 9).unwrap();
        let records = read.topics[0].partitions[0].records.clone().unwrap();
        assert!(body.as_ptr_range().contains(&records.parts()[0].as_ptr()));

        // acks, timeout, then a million topics that are not there, and as many as there may be with one byte each.
        let mut claim = BytesMut::from(&[0, 0, 1, 0, 0, 0, 0][..]);
        claim.extend_from_slice(&[0xff, 0xff, 0x3f]);
        assert!(ProduceRequest::decode(claim.freeze(), 9).is_err());
        let mut many = BytesMut::from(&[0xff, 0xff, 0, 1, 0, 0, 0, 0, 0, 1, 0x86, 0xa0][..]);
        many.resize(12 + 6 * 100_000, 0);
        assert_eq!(ProduceRequest::decode(many.clone().freeze(), 3).unwrap().topics.len(), 100_000);
        many[11] += 1;
        many.resize(12 + 6 * 100_001, 0);
        assert!(ProduceRequest::decode(many.freeze(), 3).is_err());
    }
}
