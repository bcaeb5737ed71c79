//! One request, by its bytes: how it wants to be answered, and whether it was.

use std::time::Duration;

use bytes::Bytes;
use kafka_wire::{FetchResponse, ProduceResponse};
use kafka_wire_core::{ApiVersion, Decoder, KafkaDecode};

use crate::{
    error::ErrorCode,
    ids::{Offset, RequestId, TopicPartition},
    time::Instant,
    trace::event::WaitReason,
    wire::{Api, limits::decode_limits},
    world::invariant::Checked,
};

/// How long a broker waits at most for whatever has no time of its own.
const PATIENCE_MAX: Duration = Duration::from_secs(60);
/// An answer to a Fetch that is no longer than this may be empty, and is read.
const EMPTY_FETCH_BYTES: usize = 512;
/// Errors that say that nothing of the batch was appended, and that it never will be.
const DEFINITE: [ErrorCode; 12] = [
    ErrorCode::CorruptMessage,
    ErrorCode::MessageTooLarge,
    ErrorCode::InvalidTopicException,
    ErrorCode::RecordListTooLarge,
    ErrorCode::NotEnoughReplicas,
    ErrorCode::InvalidRequiredAcks,
    ErrorCode::InvalidTimestamp,
    ErrorCode::OutOfOrderSequenceNumber,
    ErrorCode::InvalidProducerEpoch,
    ErrorCode::InvalidTxnState,
    ErrorCode::UnsupportedCompressionType,
    ErrorCode::InvalidRecord,
];

/// A batch that a request brought.
#[derive(Clone, Copy, Debug)]
pub(in crate::world::invariant) struct Kept {
    pub id: TopicPartition,
    pub base: Offset,
    /// Behind its last record.
    pub end: Offset,
    /// It was there before.
    pub is_duplicate: bool,
    /// Readers saw it when the answer was decided, or before.
    pub is_reached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Produce { acks: i16, patience: Duration },
    Fetch { patience: Duration, bytes_min: i32 },
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    key: i16,
    version: i16,
    /// `None`: it cannot be read, and closes its connection.
    pub correlation: Option<i32>,
    wish: Wish,
    came_at: Instant,
    /// Once the broker has it.
    pub request: Option<RequestId>,
    pub kept: Vec<Kept>,
    pub parked_until: Option<Instant>,
    /// By its own wish, and not for as long as whatever has none.
    is_parked_as_wished: bool,
    /// It waited for more bytes to the end.
    has_waited: bool,
    /// When its answer was decided.
    concluded_at: Option<Instant>,
}

/// The four bytes at `at`.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn word(bytes: &[u8], at: usize) -> Option<i16> {
    Some(i16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

impl Asked {
    /// Reads the front of a frame, without its length.
    pub fn read(head: &[u8], now: Instant) -> Self {
        let (key, version) = (word(head, 0).unwrap_or(-1), word(head, 2).unwrap_or(-1));
        Self {
            key,
            version,
            correlation: number(head, 4),
            wish: wish(head, key, version).unwrap_or(Wish::Other),
            came_at: now,
            request: None,
            kept: Vec::new(),
            parked_until: None,
            is_parked_as_wished: false,
            has_waited: false,
            concluded_at: None,
        }
    }

    /// acks=0 is never answered.
    pub fn is_silent(&self) -> bool {
        matches!(self.wish, Wish::Produce { acks: 0, .. })
    }

    /// Gives until when it may be parked.
    pub fn park(&mut self, at: Instant, why: WaitReason) -> Instant {
        let wished = match (why, self.wish) {
            (WaitReason::HighWatermark, Wish::Produce { patience, .. })
            | (WaitReason::MoreBytes, Wish::Fetch { patience, .. }) => Some(patience),
            _ => None,
        };
        self.is_parked_as_wished = wished.is_some();
        let until = at + wished.unwrap_or(PATIENCE_MAX);
        self.parked_until = Some(until);
        until
    }

    /// Gives until when it could have been parked, and whether that was its own wish.
    pub fn release(&mut self, expired: bool) -> Option<(Instant, bool)> {
        self.has_waited |= expired && self.is_parked_as_wished && matches!(self.wish, Wish::Fetch { .. });
        Some((self.parked_until.take()?, self.is_parked_as_wished))
    }

    /// The answer is decided.
    pub fn conclude(&mut self, at: Instant, watermark: impl Fn(TopicPartition) -> Offset) {
        self.concluded_at = Some(at);
        self.kept.iter_mut().for_each(|kept| kept.is_reached |= watermark(kept.id) >= kept.end);
    }

    /// Readers of a log saw it up to here.
    pub fn note_reached(&mut self, id: TopicPartition, watermark: Offset) {
        let reached = self.kept.iter_mut().filter(|kept| kept.id == id && kept.end <= watermark);
        reached.for_each(|kept| kept.is_reached = true);
    }

    pub fn check_answer(&self, frame: &Bytes) -> Checked {
        match self.wish {
            Wish::Produce { .. } if !self.kept.is_empty() => self.check_produced(frame),
            Wish::Fetch { patience, bytes_min } if bytes_min > 0 => self.check_fetched(frame, patience, bytes_min),
            _ => Ok(()),
        }
    }

    /// R11: a definite error means "not appended and never will be". T1: a duplicate is answered with the first offset, and
    /// not before the first is committed as asked. P2: nor is any other batch.
    fn check_produced(&self, frame: &Bytes) -> Checked {
        let Some(told) = self.decode::<ProduceResponse>(frame) else {
            return Err(("P1", format!("request {:?} has an answer that cannot be read", self.request)));
        };
        for kept in &self.kept {
            let rows = told.responses.iter().filter(|topic| {
                // Names are told instead of ids up to version 12.
                self.version < 13 || topic.topic_id.to_bytes() == kept.id.topic.0
            });
            let mut rows = rows.flat_map(|topic| &topic.partition_responses);
            let Some(row) = rows.find(|row| row.index == kept.id.partition) else { continue };
            let code = if kept.is_duplicate { "T1" } else { "P2" };
            match ErrorCode::from_code(row.error_code) {
                None if row.base_offset != kept.base => {
                    return Err(("T1", format!("{kept:?} is answered with offset {}", row.base_offset)));
                }
                None if !kept.is_reached => {
                    return Err((code, format!("{kept:?} is acknowledged before it is committed")));
                }
                Some(error) if DEFINITE.contains(&error) && !kept.is_duplicate => {
                    return Err(("R11", format!("{kept:?} is in the log and was refused with {}", error.name())));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// P2: a Fetch is not answered with nothing before its time is over, nor lets it pass while there is enough for it.
    fn check_fetched(&self, frame: &Bytes, patience: Duration, bytes_min: i32) -> Checked {
        let is_empty = frame.len() <= EMPTY_FETCH_BYTES && {
            let Some(told) = self.decode::<FetchResponse>(frame) else { return Ok(()) };
            let rows = || told.responses.iter().flat_map(|topic| &topic.partitions);
            let has_error = told.error_code != 0 || rows().any(|row| row.error_code != 0);
            let has_more = rows().any(|row| {
                row.diverging_epoch.end_offset >= 0 || row.records.as_ref().is_some_and(|records| !records.is_empty())
            });
            if has_error || rows().next().is_none() {
                return Ok(());
            }
            !has_more
        };
        let Some(at) = self.concluded_at else { return Ok(()) };
        if is_empty && at < self.came_at + patience {
            return Err((
                "P2",
                format!("request {:?} is answered with nothing before {patience:?} are over", self.request),
            ));
        }
        if !is_empty && self.has_waited && frame.len() > bytes_min as usize + EMPTY_FETCH_BYTES {
            return Err(("P2", format!("request {:?} waited to the end though there were bytes for it", self.request)));
        }
        Ok(())
    }

    fn decode<M: KafkaDecode>(&self, frame: &Bytes) -> Option<M> {
        let body = frame.slice(4..);
        let mut decoder = Decoder::new(body.clone(), decode_limits(body.len())).ok()?;
        decoder.read_i32().ok()?;
        if Api::from_key(self.key)?.has_tagged_response_header(self.version) {
            decoder.read_tagged_fields().ok()?;
        }
        let body = body.slice(decoder.offset()..);
        let limits = decode_limits(body.len());
        M::decode_from_bytes(body, ApiVersion::new(self.version), limits).ok()
    }
}

/// What a Produce or a Fetch asks for, read from where it stands. `None`: it is too short, or another request.
fn wish(head: &[u8], key: i16, version: i16) -> Option<Wish> {
    const PRODUCE: i16 = 0;
    const FETCH: i16 = 1;
    let millis = |millis: i32| Duration::from_millis(millis.max(0) as u64);
    let is_flexible = match key {
        PRODUCE => version >= 9,
        FETCH => version >= 12,
        _ => return None,
    };
    let client_id = word(head, 8)?.max(0) as usize;
    let mut at = 10 + client_id;
    if is_flexible {
        // Nobody tags a header.
        if *head.get(at)? != 0 {
            return None;
        }
        at += 1;
    }
    match key {
        PRODUCE => {
            at += match is_flexible {
                // One byte of length suffices for a transactional id here.
                true => 1 + usize::from(head.get(at)?.saturating_sub(1)),
                false => 2 + word(head, at)?.max(0) as usize,
            };
            Some(Wish::Produce { acks: word(head, at)?, patience: millis(number(head, at + 2)?) })
        }
        _ => {
            at += if version < 15 { 4 } else { 0 };
            Some(Wish::Fetch { patience: millis(number(head, at)?), bytes_min: number(head, at + 4)? })
        }
    }
}
