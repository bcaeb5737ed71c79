//! What of a log is let go: by time, by size, and by DeleteRecords (Kafka's `UnifiedLog.deleteOldSegments`).
//!
//! R10: nothing at or above the high watermark is removed. Files go only after the new start is durable, so that
//! recovery never takes a half done removal for a hole.

use std::sync::Arc;

use super::{Log, dir::LogDir, segment::Segment};
use crate::{config::TopicConfig, effect::FileName, ids::Offset, trace::Event, turn::Turn};

impl Log {
    /// Raises the log's start to `start`, which is at most the high watermark, and drops whole segments below it.
    pub(crate) fn raise_start(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir, start: Offset) {
        if start <= self.log_start {
            return;
        }
        let (topic, partition, from) = (self.id.topic, self.id.partition, self.log_start);
        self.log_start = start;
        dir.set_log_start(self.id, start);
        turn.note(Event::LogStartMoved { topic, partition, from, to: start });
        self.drop_below_start(turn, dir);
        if self.epochs.truncate_start(start.min(self.log_end)) {
            dir.enqueue([self.epochs_document()], None, false);
        }
    }

    /// Drops whole segments below the start. Those that are not committed yet have to stay until the next time.
    fn drop_below_start(&mut self, turn: &mut Turn<'_>, dir: &mut LogDir) {
        let (topic, partition) = (self.id.topic, self.id.partition);
        let below = self.log_start.min(self.committed_end);
        let mut gone: Vec<FileName> = Vec::new();
        while self.first_end().is_some_and(|end| end <= below) {
            let Some(segment) = self.sealed.pop_front() else { break };
            let (offset, bytes) = (segment.base_offset(), segment.size());
            turn.note(Event::SegmentRemoved { topic, partition, offset, bytes });
            gone.extend(segment.files());
        }
        dir.retire(gone);
        dir.free_hot(self.hot.drop_below(below));
    }

    /// Drops what is older than `retention.ms` or beyond `retention.bytes`, below `high_watermark`.
    pub(crate) fn retain(
        &mut self,
        turn: &mut Turn<'_>,
        dir: &mut LogDir,
        config: &TopicConfig,
        high_watermark: Offset,
    ) {
        self.drop_below_start(turn, dir);
        let limit = high_watermark.min(self.committed_end);
        let is_old = |segment: &Segment| {
            let kept = config.retention.0.map(|kept| i64::try_from(kept).unwrap_or(i64::MAX));
            kept.is_some_and(|kept| turn.now.wall.0.saturating_sub(segment.latest().0) > kept)
        };
        let mut excess = config.retention_bytes.0.map_or(0, |kept| self.size().saturating_sub(kept));
        let mut start = self.log_start;
        let mut ends = self.segments().skip(1).map(Segment::base_offset);
        for segment in self.segments() {
            let is_active = segment.base_offset() == self.active.base_offset();
            let end = ends.next().unwrap_or(self.log_end);
            let is_beyond = excess > 0 && excess >= segment.size();
            if segment.is_empty() || end > limit || !(is_old(segment) || is_beyond) || (is_active && self.has_pending())
            {
                break;
            }
            excess -= segment.size().min(excess);
            start = end;
        }
        drop(ends);
        if start == self.log_end && start > self.log_start && !self.active.is_empty() {
            // Everything goes. The next offset must not be forgotten with it: an empty segment begins there.
            self.roll(turn, dir);
        }
        self.raise_start(turn, dir, start);
    }

    /// Where the first sealed segment ends.
    fn first_end(&self) -> Option<Offset> {
        self.sealed.front()?;
        Some(self.sealed.get(1).map_or(self.active.base_offset(), |next: &Arc<Segment>| next.base_offset()))
    }
}
