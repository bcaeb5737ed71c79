//! What lies in a log dir.

use std::time::Duration;

use bytes::Bytes;
use ottla_contract::frames;
use ottla_core::{
    config::BrokerConfig,
    controller::Catalog,
    effect::{Address, NodeAnswer},
    ids::{BrokerId, Offset},
    log::{
        checkpoint,
        index::{OffsetIndex, TimeIndex},
        layout,
        producer_state::ProducerState,
    },
    record::crc::crc32c,
};

use super::driven::{DrivenBroker, Files};

/// Longer than any corpus runs.
const EXPIRATION: Duration = Duration::from_secs(86_400);

/// The catalog's lines without their checksum. What is read is written and read again.
pub(super) fn catalog(bytes: &[u8]) {
    let fresh = || {
        let address = Address { host: "broker".to_owned(), port: 9092 };
        Catalog::new("cluster".to_owned(), BrokerId(1), address, BrokerConfig::default())
    };
    _ = fresh().restore(Some(Bytes::copy_from_slice(bytes)));
    let mut first = fresh();
    if first.restore(Some(sealed_catalog(bytes))).is_ok() {
        let mut second = fresh();
        second.restore(Some(first.document())).expect("a document that was written");
        assert_eq!(second.document(), first.document());
    }
}

pub(super) fn sealed_catalog(lines: &[u8]) -> Bytes {
    [lines, format!("crc {:08x}\n", crc32c(&[lines])).as_bytes()].concat().into()
}

/// A snapshot without the version and the CRC in front.
pub(super) fn snapshot(body: &[u8]) {
    _ = ProducerState::from_snapshot(body, EXPIRATION);
    if let Some(state) = ProducerState::from_snapshot(&sealed_snapshot(body), EXPIRATION) {
        let again = ProducerState::from_snapshot(&state.snapshot(), EXPIRATION).expect("a snapshot that was written");
        assert_eq!((again.len(), again.snapshot()), (state.len(), state.snapshot()));
    }
}

fn sealed_snapshot(body: &[u8]) -> Vec<u8> {
    [&1_i16.to_be_bytes()[..], &crc32c(&[body]).to_be_bytes(), body].concat()
}

/// Both indexes of a segment. What is read is a prefix of the file, and searching it finds nothing out of it.
pub(super) fn indexes(bytes: &[u8]) {
    const LOG_BYTES: u64 = 1 << 24;
    if let Some(index) = OffsetIndex::decode(bytes, LOG_BYTES) {
        let encoded = index.encode_from(0);
        assert_eq!(encoded, bytes[..encoded.len()]);
        assert!(bytes.len() - encoded.len() < OffsetIndex::ENTRY_BYTES as usize);
        for relative in [i64::MIN, -1, 0, 1, 1 << 20, i64::MAX] {
            assert!(index.position_before(relative) < LOG_BYTES);
            let (begun, ended) = index.bounds(relative);
            assert!(begun.into_iter().chain(ended).all(|position| position < LOG_BYTES));
        }
    }
    if let Some(index) = TimeIndex::decode(bytes) {
        let encoded = index.encode_from(0);
        assert_eq!(encoded, bytes[..encoded.len()]);
    }
}

/// The small documents: what is read is written and read again.
pub(super) fn checkpoints(bytes: &[u8]) {
    if let Some(offsets) = checkpoint::read_offsets(bytes) {
        let rows: Vec<(&str, Offset)> = offsets.iter().map(|(dir, offset)| (&**dir, *offset)).collect();
        let written = checkpoint::write_offsets(rows.into_iter());
        assert_eq!(checkpoint::read_offsets(&written), Some(offsets));
    }
    if let Some(epochs) = checkpoint::read_epochs(bytes) {
        assert_eq!(checkpoint::read_epochs(&checkpoint::write_epochs(&epochs)), Some(epochs));
    }
    if let Some(id) = checkpoint::read_topic_id(bytes) {
        assert_eq!(checkpoint::read_topic_id(&checkpoint::write_topic_id(id)), Some(id));
    }
    if let Some(epoch) = checkpoint::read_broker_epoch(bytes) {
        assert_eq!(checkpoint::read_broker_epoch(&checkpoint::write_broker_epoch(epoch)), Some(epoch));
    }
    _ = std::str::from_utf8(bytes).map(layout::parse);
}

/// A whole log dir (S1, S2): a broker opens it and goes on, or says why not; what it opened
/// it opens again to the same logs.
pub(super) fn log_dir(bytes: &[u8]) {
    let mut broker = DrivenBroker::on(unpacked(bytes));
    broker.open();
    match broker.answers.pop() {
        Some(NodeAnswer::Ready) => {}
        Some(NodeAnswer::CannotOpen(_)) => return,
        other => panic!("it neither opened nor said why not: {other:?}"),
    }
    // It goes on as if nothing had been: a topic more, a record more, a producer more.
    let connection = broker.connect(1);
    broker.send(connection, frames::create_topic(1, "after", 1, &[]));
    broker.send(connection, frames::request(22, 1, 2, &[0xff, 0xff, 0, 0, 0, 0]));
    for topic in ["after", "logs"] {
        broker.send(connection, frames::produce(3, -1, topic, 0, &frames::batch(1_700_000_000_000, &[b"a", b"b"])));
    }
    let ends = broker.log_ends();
    // Killed: what it has put is there, nothing was shut down.
    let mut next = DrivenBroker::on(broker.files());
    next.open();
    assert_eq!((next.answers.pop(), next.log_ends()), (Some(NodeAnswer::Ready), ends));
}

/// Files of a log dir one behind the other: length of the name, name, length, bytes. The catalog is without its checksum.
pub(super) fn unpacked(mut bytes: &[u8]) -> Files {
    let mut files = Files::new();
    while let Some((&name_len, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at(usize::from(name_len).min(rest.len()));
        let (len, rest) = rest.split_at(4.min(rest.len()));
        let len = len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let (content, rest) = rest.split_at(len.min(rest.len()));
        let name = String::from_utf8_lossy(name);
        let content = if name == layout::CATALOG { sealed_catalog(content) } else { Bytes::copy_from_slice(content) };
        files.insert(name.as_ref().into(), content);
        bytes = rest;
    }
    files
}

/// The inverse of `unpacked`.
pub fn packed(files: &Files) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let content = match &**name {
            layout::CATALOG => &content[..content.len() - "crc 00000000\n".len()],
            _ => content,
        };
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
        bytes.extend_from_slice(content);
    }
    bytes
}
