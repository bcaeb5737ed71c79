//! Reading a segment batch by batch: where it really ends, and whether that is a torn end or damage.

use bytes::Bytes;

use crate::{
    ids::{LEADER_EPOCH_MAX, OFFSET_MAX, Offset},
    log::segment::Segment,
    record::{Batch, BatchHeader, HEADER_BYTES},
};

/// What the first batch that is read must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    Offset(Offset),
    /// The index says that the batch with this last offset begins here.
    IndexedBatch {
        last_offset: Offset,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) segment: Segment,
    /// Length of the file.
    len: u64,
    /// Entries of the two indexes that were there before.
    pub(super) kept_entries: (u32, u32),
    /// Where the next batch must begin.
    next: Begin,
    /// Everything below this offset was durable.
    pub(super) point: Offset,
    /// Batches are only read for the indexes.
    pub(super) is_rebuilt: bool,
    /// The batch to be read needs this many bytes.
    batch_bytes: u64,
    /// A bad batch, whole by its length: if a good one follows, this is damage and no torn end.
    suspect: Option<BatchHeader>,
}

#[derive(Debug)]
pub(super) enum Scanned {
    More,
    /// The segment ends here. `cut` bytes behind it are no batches.
    End {
        cut: u64,
    },
    /// The index does not point at a batch: read from the segment's beginning.
    Misled,
    /// Bytes that were durable are not what was written.
    Damaged(String),
}

impl Scan {
    /// Reads `segment` on from its size.
    pub(super) fn new(segment: Segment, len: u64, next: Begin) -> Self {
        let kept_entries = (segment.offsets().len(), segment.times().len());
        Self { segment, len, kept_entries, next, point: 0, is_rebuilt: false, batch_bytes: 0, suspect: None }
    }

    /// Length of the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Where the next batch begins, once a first one was read.
    pub(super) fn next_offset(&self) -> Offset {
        match self.next {
            Begin::Offset(next) => next,
            Begin::IndexedBatch { .. } => self.segment.base_offset(),
        }
    }

    /// Position and length of the next load. A length of 0 at the file's end is answered without one.
    pub(super) fn wanted(&self, load_bytes: u32) -> (u64, u64) {
        let at = self.segment.size() + self.suspect.map_or(0, |suspect| suspect.size() as u64);
        (at, self.batch_bytes.max(u64::from(load_bytes)).min(self.len.saturating_sub(at)))
    }

    pub(super) fn bytes_left(&self) -> u64 {
        self.len.saturating_sub(self.segment.size())
    }

    /// Takes the batches of a load. `is_known` says whether a batch that is sound in itself can stand where it does.
    pub(super) fn read(&mut self, mut bytes: Bytes, mut is_known: impl FnMut(&BatchHeader) -> bool) -> Scanned {
        if let Some(suspect) = self.suspect {
            return self.after_suspect(&suspect, bytes);
        }
        loop {
            let left = self.bytes_left();
            if left == 0 {
                return Scanned::End { cut: 0 };
            }
            let header = match BatchHeader::parse(&bytes) {
                _ if (bytes.len() as u64) < left.min(HEADER_BYTES as u64) => {
                    return self.more_or_gone(bytes.len() as u64, HEADER_BYTES as u64);
                }
                Ok(header) if header.size() as u64 <= left => header,
                _ => return self.bad(None),
            };
            let size = header.size();
            if bytes.len() < size {
                return self.more_or_gone(bytes.len() as u64, size as u64);
            }
            let body = bytes.split_to(size);
            let follows = match self.next {
                Begin::Offset(next) => next == header.base_offset,
                Begin::IndexedBatch { last_offset } => last_offset == header.last_offset(),
            };
            let is_sound = follows
                && header.base_offset >= self.segment.base_offset()
                && (header.base_offset..=OFFSET_MAX).contains(&header.last_offset())
                && header.partition_leader_epoch <= LEADER_EPOCH_MAX
                && Batch::parse(body).is_ok_and(|batch| batch.crc_is_right());
            if !is_sound || !(self.is_rebuilt || is_known(&header)) {
                return self.bad(Some(header));
            }
            self.segment.note(&header);
            self.next = Begin::Offset(header.last_offset() + 1);
            self.batch_bytes = 0;
        }
    }

    /// A load came shorter than the file is: the file is not what was listed. Otherwise the batch needs a larger load.
    fn more_or_gone(&mut self, loaded: u64, needed: u64) -> Scanned {
        if self.batch_bytes >= needed && loaded < needed {
            if matches!(self.next, Begin::IndexedBatch { .. }) {
                return Scanned::Misled;
            }
            return Scanned::Damaged("is shorter than it was listed".to_owned());
        }
        self.batch_bytes = needed;
        Scanned::More
    }

    fn bad(&mut self, whole: Option<BatchHeader>) -> Scanned {
        let Begin::Offset(at) = self.next else { return Scanned::Misled };
        if at < self.point {
            return Scanned::Damaged(format!("the batch at byte {} was durable and is damaged", self.segment.size()));
        }
        self.batch_bytes = 0;
        match whole {
            Some(header) if (header.size() as u64) < self.bytes_left() => {
                self.suspect = Some(header);
                Scanned::More
            }
            _ => Scanned::End { cut: self.bytes_left() },
        }
    }

    /// S2: detected damage never silently shortens a log. A crash keeps a prefix, so nothing sound lies behind a torn end.
    fn after_suspect(&mut self, suspect: &BatchHeader, bytes: Bytes) -> Scanned {
        let follows = Batch::split(bytes, true).next().and_then(Result::ok).is_some_and(|next| {
            next.header().base_offset == suspect.last_offset().saturating_add(1) && next.crc_is_right()
        });
        if follows {
            let at = self.segment.size();
            return Scanned::Damaged(format!("the batch at byte {at} is damaged, and sound ones follow it"));
        }
        Scanned::End { cut: self.bytes_left() }
    }
}
