//! What somebody sends who is no client (N8): frames that are none, or are not what they say.
//!
//! Nothing of it can take effect: what asks for a change is only sent in ways that no broker may believe.

use bytes::Bytes;

use crate::{rng::Rng, wire::Api};

/// Behind length, key and version.
const HEAD_BYTES: usize = 8;
/// In these bytes at a Produce's end, but for the last eight, is nothing but records, under a CRC.
const RECORD_BYTES: usize = 20;
/// Bytes of noise at most.
const NOISE_BYTES: u64 = 400;

/// One frame, made out of those that clients have sent.
pub(super) fn frame(heard: &[Bytes], rng: &mut Rng) -> Bytes {
    let heard = match heard.len() {
        0 => return noise(rng),
        len => &heard[rng.below(len as u64) as usize],
    };
    match rng.below(7) {
        0 => noise(rng),
        1 => claimed(heard, [-1, i32::MIN, 0, i32::MAX, 1 << 27][rng.below(5) as usize]),
        2 => with_word(heard, 4, rng.below(1 << 16) as u16 | 0x100),
        3 => with_word(heard, 6, [u16::MAX, 100, 0x7fff][rng.below(3) as usize]),
        4 => heard.slice(..1 + rng.below(heard.len() as u64) as usize),
        5 => shortened(heard, rng),
        _ => flipped(heard, rng),
    }
}

fn noise(rng: &mut Rng) -> Bytes {
    let body: Vec<u8> = (0..rng.below(NOISE_BYTES)).map(|_| rng.next_u64() as u8).collect();
    [&(body.len() as u32).to_be_bytes()[..], &body].concat().into()
}

/// A length that is none, or is not this one's.
fn claimed(heard: &Bytes, len: i32) -> Bytes {
    [&len.to_be_bytes()[..], &heard[4.min(heard.len())..]].concat().into()
}

/// A key or a version that nobody knows.
fn with_word(heard: &Bytes, at: usize, word: u16) -> Bytes {
    let mut bytes = heard.to_vec();
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes.into()
}

/// Whole by its length, and cut off.
fn shortened(heard: &Bytes, rng: &mut Rng) -> Bytes {
    let kept = HEAD_BYTES.min(heard.len()) + rng.below(heard.len().saturating_sub(HEAD_BYTES).max(1) as u64) as usize;
    let kept = kept.min(heard.len());
    [&(kept.saturating_sub(4) as u32).to_be_bytes()[..], &heard[4.min(kept)..kept]].concat().into()
}

/// A few bits are others: anywhere in a question, in a Produce where its CRC finds them.
fn flipped(heard: &Bytes, rng: &mut Rng) -> Bytes {
    let mut bytes = heard.to_vec();
    let api = heard.get(4..6).and_then(|key| Api::from_key(i16::from_be_bytes([key[0], key[1]])));
    let places = match api {
        Some(Api::Produce) if bytes.len() > 200 => bytes.len() - RECORD_BYTES..bytes.len() - 8,
        Some(
            Api::Fetch
            | Api::ListOffsets
            | Api::Metadata
            | Api::ApiVersions
            | Api::OffsetForLeaderEpoch
            | Api::DescribeConfigs
            | Api::DescribeCluster
            | Api::DescribeTopicPartitions,
        ) if bytes.len() > HEAD_BYTES => HEAD_BYTES..bytes.len(),
        _ => return noise(rng),
    };
    for _ in 0..1 + rng.below(4) {
        let at = places.start + rng.below(places.len() as u64) as usize;
        bytes[at] ^= 1 << rng.below(8);
    }
    bytes.into()
}
