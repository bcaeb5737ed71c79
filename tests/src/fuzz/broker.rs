//! A whole broker, as a hostile client meets it.

use std::sync::LazyLock;

use bytes::Bytes;
use ottla_contract::frames;
use ottla_core::wire::FrameSplitter;

use super::driven::{DrivenBroker, Files};

/// A broker with a topic of two partitions, some records in the first, and a connection that did all this.
static SERVING: LazyLock<DrivenBroker> = LazyLock::new(|| {
    let mut broker = DrivenBroker::on(Files::new());
    broker.open();
    let connection = broker.connect(1);
    for (correlation, value) in [(2, &b"first"[..]), (3, b"second")] {
        if correlation == 2 {
            broker.send(connection, frames::create_topic(1, "fuzz", 2, &[]));
        }
        broker
            .send(connection, frames::produce(correlation, -1, "fuzz", 0, &frames::batch(1_700_000_000_000, &[value])));
    }
    assert_eq!(correlations(&broker.sent[&connection]), [1, 2, 3]);
    broker
});

/// The first byte says how the rest is cut; the rest is what a client sends (P1, P4). Its answers are whole frames in the
/// order of its requests, another client is served as before, and the log dir opens again.
pub(super) fn connection(bytes: &[u8]) {
    let Some((&cut, stream)) = bytes.split_first() else { return };
    let mut broker = SERVING.clone();
    let hostile = broker.connect(7);
    for piece in stream.chunks(usize::from(cut) * 16 + 1) {
        broker.send(hostile, Bytes::copy_from_slice(piece));
    }
    broker.pass(60_000_000, 100);
    let asked = correlations_asked(stream);
    let answered = broker.sent.remove(&hostile).map(|sent| correlations(&sent)).unwrap_or_default();
    let mut left = asked.iter();
    assert!(answered.iter().all(|one| left.any(|other| one == other)), "{answered:?} is no part of {asked:?}");

    let friend = broker.connect(8);
    broker.send(friend, frames::api_versions(5));
    assert_eq!(correlations(&broker.sent[&friend]), [5], "somebody else is served no more");
    let ends = broker.log_ends();
    let mut next = DrivenBroker::on(broker.files());
    next.open();
    assert_eq!(next.log_ends(), ends);
}

/// The correlation id of each frame; there is nothing but whole frames.
fn correlations(sent: &[u8]) -> Vec<i32> {
    let mut splitter = FrameSplitter::default();
    splitter.push(Bytes::copy_from_slice(sent));
    let frames: Vec<Bytes> = std::iter::from_fn(|| splitter.next_frame(u32::MAX >> 1).expect("a frame")).collect();
    assert!(!splitter.is_inside_frame(), "an answer that is not whole");
    frames.iter().map(|frame| i32::from_be_bytes(frame[..4].try_into().expect("a correlation id"))).collect()
}

/// The correlation id of each whole frame that is long enough to have one.
fn correlations_asked(stream: &[u8]) -> Vec<i32> {
    let mut splitter = FrameSplitter::default();
    splitter.push(Bytes::copy_from_slice(stream));
    let frames = std::iter::from_fn(|| splitter.next_frame(100 << 20).ok().flatten());
    frames.filter_map(|frame| Some(i32::from_be_bytes(frame.get(4..8)?.try_into().ok()?))).collect()
}
