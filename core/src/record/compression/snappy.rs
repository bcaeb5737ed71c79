//! Snappy, as snappy-java's stream frames it (which Kafka writes) or bare (which some clients send).

use snap::raw::{Decoder, Encoder, decompress_len};

use crate::record::BatchError;

/// Magic, then version 1 and the oldest version that can read it, 1.
const STREAM_HEAD: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
const BLOCK_BYTES: usize = 32 << 10;

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut stream = STREAM_HEAD.to_vec();
    for block in bytes.chunks(BLOCK_BYTES) {
        let block = Encoder::new().compress_vec(block).unwrap_or_else(|_| unreachable!("a block is short"));
        stream.extend_from_slice(&(block.len() as u32).to_be_bytes());
        stream.extend_from_slice(&block);
    }
    stream
}

pub(super) fn decompress(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    let mut all = Vec::new();
    if bytes.get(..8) != Some(&STREAM_HEAD[..8]) {
        append_block(&mut all, bytes, bytes_max)?;
        return Ok(all);
    }
    let mut rest = bytes.get(STREAM_HEAD.len()..).ok_or(BatchError::Compressed)?;
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let len = u32::from_be_bytes(*len) as usize;
        let (block, after) = after.split_at_checked(len).ok_or(BatchError::Compressed)?;
        append_block(&mut all, block, bytes_max)?;
        rest = after;
    }
    if rest.is_empty() { Ok(all) } else { Err(BatchError::Compressed) }
}

fn append_block(all: &mut Vec<u8>, block: &[u8], bytes_max: usize) -> Result<(), BatchError> {
    let len = decompress_len(block).map_err(|_| BatchError::Compressed)?;
    if len > bytes_max - all.len() {
        return Err(BatchError::TooLarge);
    }
    // The claim is only believed as far as the block could make it true: a byte gives at most 64 / 3 of them.
    if len > block.len().saturating_mul(22) {
        return Err(BatchError::Compressed);
    }
    let start = all.len();
    all.resize(start + len, 0);
    let written = Decoder::new().decompress(block, &mut all[start..]).map_err(|_| BatchError::Compressed)?;
    if written == len { Ok(()) } else { Err(BatchError::Compressed) }
}
