//! Branches that some world must have driven: a test that never gets there says nothing of them.

use crate::{
    error::ErrorCode,
    trace::{
        Event,
        event::{CloseReason, Mended, WaitReason},
    },
};

/// All of them. `cargo sim` tells which were never reached.
pub const MARKS: &[&str] = &[
    // What brokers went through.
    "opened",
    "opened after a clean stop",
    "opened after a crash",
    "opening failed",
    "opening was broken off",
    "read-only",
    "taken back",
    "epoch raised",
    "log start moved",
    "segment rolled",
    "segment removed",
    "log removed",
    "partitions added",
    "config changed",
    "producer id given",
    "duplicate",
    "cold read",
    "load failed",
    "reading paused",
    "fetch session",
    "fetch session closed",
    // Recovery.
    "other-topic",
    "snapshot-damaged",
    "epochs-missing",
    "index-damaged",
    "index-misled",
    "stray-files",
    "torn-end",
    "later-segments",
    "emptied",
    "disk replaced",
    "damage keeps a log dir closed",
    "damage in a log that is open",
    // Why a request waited, and that one waited in vain.
    "more-bytes",
    "cold-read",
    "flush",
    "high-watermark",
    "metadata-commit",
    "expired",
    // Why a connection ended.
    "peer",
    "frame-length",
    "unknown-api",
    "unsupported-version",
    "undecodable",
    "acks0-failed",
    "idle",
    // What was refused.
    "CORRUPT_MESSAGE",
    "KAFKA_STORAGE_ERROR",
    "MESSAGE_TOO_LARGE",
    "OFFSET_OUT_OF_RANGE",
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    "REQUEST_TIMED_OUT",
    "TOPIC_ALREADY_EXISTS",
    "UNKNOWN_TOPIC_OR_PARTITION",
];

/// The mark that an event reaches.
pub(super) fn of_event(event: &Event) -> Option<&'static str> {
    Some(match *event {
        Event::LogDirReadOnly { .. } => "read-only",
        Event::LogTruncated { .. } => "taken back",
        Event::LeaderEpochRaised { .. } => "epoch raised",
        Event::LogStartMoved { .. } => "log start moved",
        Event::SegmentRolled { .. } => "segment rolled",
        Event::SegmentRemoved { .. } => "segment removed",
        Event::LogRemoved { .. } => "log removed",
        Event::PartitionsAdded { .. } => "partitions added",
        Event::ConfigChanged { .. } => "config changed",
        Event::ProducerIdGiven { .. } => "producer id given",
        Event::DuplicateFound { .. } => "duplicate",
        Event::LoadIssued { .. } => "cold read",
        Event::LoadFailed { .. } => "load failed",
        Event::ReadingPaused { .. } => "reading paused",
        Event::FetchSessionOpened { .. } => "fetch session",
        Event::FetchSessionClosed { .. } => "fetch session closed",
        Event::RequestReleased { expired: true, .. } => "expired",
        Event::LogMended { why, .. } => of_mended(why),
        Event::RequestParked { why, .. } => of_wait(why),
        Event::ConnectionClosed { why, .. } => return of_close(why),
        Event::RequestRefused { error, .. } => return of_error(error),
        _ => return None,
    })
}

fn of_mended(why: Mended) -> &'static str {
    why.name()
}

fn of_wait(why: WaitReason) -> &'static str {
    why.name()
}

/// A world has no ten thousand connections, no answer that its version cannot say, and no controller that is looked for in
/// vain for so long. What a broker notes in its last
/// turn goes with its process.
fn of_close(why: CloseReason) -> Option<&'static str> {
    let is_elsewhere = matches!(
        why,
        CloseReason::TooMany | CloseReason::Unencodable | CloseReason::NoController | CloseReason::Stopping
    );
    (!is_elsewhere).then(|| why.name())
}

fn of_error(error: ErrorCode) -> Option<&'static str> {
    MARKS.iter().copied().find(|mark| *mark == error.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_words_say_is_among_the_marks() {
        let waits = WaitReason::ALL.iter().map(|why| of_wait(*why));
        let mended = Mended::ALL.iter().map(|why| of_mended(*why));
        let closed = CloseReason::ALL.iter().filter_map(|why| of_close(*why));
        waits.chain(mended).chain(closed).for_each(|mark| assert!(MARKS.contains(&mark), "{mark}"));
    }

    #[test]
    fn no_mark_stands_twice() {
        let mut marks = MARKS.to_vec();
        marks.sort_unstable();
        marks.dedup();
        assert_eq!(marks.len(), MARKS.len());
    }
}
