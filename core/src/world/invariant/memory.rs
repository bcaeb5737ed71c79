//! P3: buffers, parked requests, fetch sessions and decompression stay within a bound that is set.

use super::Checked;
use crate::{broker::Broker, log::DirState};

/// Bytes of batches that may be in memory beside the budget and what is not committed.
const HOT_SLACK: u64 = 512 * 1024;
/// A connection that may not go on is read no further than this (`broker/network`).
const READ_AHEAD_BYTES: u64 = 128 * 1024;
/// `max.incremental.fetch.session.cache.slots`, and the partitions of all sessions.
const SESSIONS_MAX: (usize, usize) = (1_000, 200_000);

/// What one broker had in memory when it was looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    request_bytes: u64,
    request_bound: u64,
}

impl Seen {
    /// `frame_max`, `piece_max`: the largest frame and the largest piece that came so far.
    pub fn check(&mut self, broker: &Broker, frame_max: u64, piece_max: u64) -> Checked {
        let topics = broker.topics();
        let bound = topics.dir.options().hot_bytes_max + 2 * topics.dir.queued_bytes() + HOT_SLACK;
        if topics.dir.hot_bytes() > bound && topics.dir.state() == DirState::Online {
            return Err(("P3", format!("{} bytes of batches in memory, {bound} at most", topics.dir.hot_bytes())));
        }
        let audit = broker.audit();
        let (bytes, bound) = (audit.request_bytes, audit.request_bytes_max + frame_max);
        if bytes != audit.request_bytes_counted {
            return Err((
                "P3",
                format!("requests take {bytes} bytes, and {} are counted", audit.request_bytes_counted),
            ));
        }
        // A bound that is lowered takes nothing away, nor what came between two looks before it was.
        if bytes > bound && bytes > self.request_bytes.max(self.request_bound) {
            return Err(("P3", format!("{bytes} bytes of requests in memory, {bound} at most")));
        }
        (self.request_bytes, self.request_bound) = (bytes, bound);
        let bound = READ_AHEAD_BYTES + frame_max + piece_max;
        if audit.read_ahead_most > bound {
            return Err((
                "P3",
                format!("{} bytes of a connection are read ahead, {bound} at most", audit.read_ahead_most),
            ));
        }
        if audit.sessions > SESSIONS_MAX.0 || audit.session_partitions > SESSIONS_MAX.1 {
            return Err((
                "P3",
                format!("{} fetch sessions with {} partitions", audit.sessions, audit.session_partitions),
            ));
        }
        // P1 from within: nothing that must be answered is forgotten; and what is parked belongs to somebody.
        match audit.forgotten {
            Some(request) => Err(("P1", format!("request {request} is in hand, and nobody works on it"))),
            None if audit.parked > audit.in_hand => {
                Err(("P3", format!("{} requests are parked, and {} are in hand", audit.parked, audit.in_hand)))
            }
            None => Ok(()),
        }
    }
}
