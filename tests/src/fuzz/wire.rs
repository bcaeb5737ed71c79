//! Frames, requests and answers.

use bytes::{Bytes, BytesMut};
use kafka_wire_core::{ApiVersion, KafkaDecode, KafkaEncode};
use ottla_core::{
    effect::Listener,
    record::Batch,
    wire::{Api, FrameSplitter, RequestHead, limits, produce::ProduceRequest},
};

const FRAME_BYTES_MAX: u32 = 64 * 1024;

/// The first byte says how the rest is cut; the frames are those of the rest in one piece.
pub(super) fn frames(bytes: &[u8]) {
    let Some((&cut, stream)) = bytes.split_first() else { return };
    let pieces = stream.chunks(usize::from(cut).max(1)).map(Bytes::copy_from_slice);
    assert_eq!(split(pieces), split([Bytes::copy_from_slice(stream)].into_iter()), "cut every {cut} bytes");
}

/// Frames up to the first that may not be, and whether there was such a one.
fn split(pieces: impl Iterator<Item = Bytes>) -> (Vec<Bytes>, bool) {
    let mut splitter = FrameSplitter::default();
    let mut frames = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        loop {
            match splitter.next_frame(FRAME_BYTES_MAX) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

/// Decodes a body and, if it can be written again, that too; the second writing equals the first.
fn decode<M: KafkaDecode + KafkaEncode>(body: Bytes, version: i16) {
    let read = |bytes: Bytes| {
        let limits = limits::decode_limits(bytes.len());
        M::decode_from_bytes(bytes, ApiVersion::new(version), limits)
    };
    let Ok(message) = read(body) else { return };
    let Some(once) = encode(&message, version) else { return };
    let again = read(once.clone()).expect("what was written is read");
    assert_eq!(encode(&again, version), Some(once));
}

/// `None` where the version cannot say it.
pub(super) fn encode(message: &impl KafkaEncode, version: i16) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    message.encode_into(&mut bytes, ApiVersion::new(version)).ok()?;
    Some(bytes.freeze())
}

macro_rules! messages {
    ($($api:ident: $request:ident, $response:ident;)*) => {
        fn request(api: Api, body: Bytes, version: i16) {
            match api {
                $(Api::$api => decode::<kafka_wire::$request>(body, version),)*
                Api::Produce => _ = ProduceRequest::decode(body, version),
            }
        }

        fn answer(api: Api, body: Bytes, version: i16) {
            match api {
                $(Api::$api => decode::<kafka_wire::$response>(body, version),)*
                Api::Produce => decode::<kafka_wire::ProduceResponse>(body, version),
            }
        }
    };
}

messages! {
    Fetch: FetchRequest, FetchResponse;
    ListOffsets: ListOffsetsRequest, ListOffsetsResponse;
    Metadata: MetadataRequest, MetadataResponse;
    ApiVersions: ApiVersionsRequest, ApiVersionsResponse;
    CreateTopics: CreateTopicsRequest, CreateTopicsResponse;
    DeleteTopics: DeleteTopicsRequest, DeleteTopicsResponse;
    DeleteRecords: DeleteRecordsRequest, DeleteRecordsResponse;
    InitProducerId: InitProducerIdRequest, InitProducerIdResponse;
    OffsetForLeaderEpoch: OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse;
    DescribeConfigs: DescribeConfigsRequest, DescribeConfigsResponse;
    CreatePartitions: CreatePartitionsRequest, CreatePartitionsResponse;
    IncrementalAlterConfigs: IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse;
    DescribeCluster: DescribeClusterRequest, DescribeClusterResponse;
    DescribeQuorum: DescribeQuorumRequest, DescribeQuorumResponse;
    UpdateFeatures: UpdateFeaturesRequest, UpdateFeaturesResponse;
    UnregisterBroker: UnregisterBrokerRequest, UnregisterBrokerResponse;
    ListConfigResources: ListConfigResourcesRequest, ListConfigResourcesResponse;
    DescribeTopicPartitions: DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse;
    AllocateProducerIds: AllocateProducerIdsRequest, AllocateProducerIdsResponse;
    BrokerHeartbeat: BrokerHeartbeatRequest, BrokerHeartbeatResponse;
    BrokerRegistration: BrokerRegistrationRequest, BrokerRegistrationResponse;
    Envelope: EnvelopeRequest, EnvelopeResponse;
    FetchSnapshot: FetchSnapshotRequest, FetchSnapshotResponse;
    Vote: VoteRequest, VoteResponse;
    BeginQuorumEpoch: BeginQuorumEpochRequest, BeginQuorumEpochResponse;
    EndQuorumEpoch: EndQuorumEpochRequest, EndQuorumEpochResponse;
}

/// A frame as a broker gets it: header, then the body of the API and version that it names.
pub(super) fn requests(bytes: &[u8]) {
    if let Ok((head, body)) = RequestHead::decode(Bytes::copy_from_slice(bytes), Listener::Broker, FRAME_BYTES_MAX) {
        request(head.api, body, head.version);
    }
}

/// The first byte is the API, the second the version, the rest an answer's body as a client gets it.
pub(super) fn answers(bytes: &[u8]) {
    let [api, version, body @ ..] = bytes else { return };
    let api = Api::ALL[usize::from(*api) % Api::ALL.len()];
    let served = api.served();
    let version = served.start() + i16::from(*version) % (served.end() - served.start() + 1);
    answer(api, Bytes::copy_from_slice(body), version);
}

/// The first byte is the version, the rest a Produce's body. What is read is written and read again.
pub(super) fn produce(bytes: &[u8]) {
    let Some((&version, body)) = bytes.split_first() else { return };
    let served = Api::Produce.served();
    let version = served.start() + i16::from(version) % (served.end() - served.start() + 1);
    let Ok(request) = ProduceRequest::decode(Bytes::copy_from_slice(body), version) else { return };
    for records in request.topics.iter().flat_map(|topic| &topic.partitions).filter_map(|it| it.records.as_ref()) {
        Batch::split(records.to_bytes(), false).for_each(drop);
    }
    let frame = request.clone().encode(7, Some("fuzz"), version).to_bytes();
    let (head, body) =
        RequestHead::decode(frame.slice(4..), Listener::Broker, u32::MAX >> 1).expect("a head that was written");
    assert_eq!((head.api, head.version, head.correlation), (Api::Produce, version, 7));
    assert_eq!(ProduceRequest::decode(body, version).expect("a body that was written"), request);
}
