//! Zstandard. A frame that wants a larger window than any Kafka client writes is not read.

use ruzstd::{
    decoding::StreamingDecoder,
    encoding::{CompressionLevel, compress_to_vec},
};

use super::read_bounded;
use crate::record::BatchError;

/// RFC 8878 asks every decoder for this much; zstd's levels up to 19 write no more.
const WINDOW_BYTES_MAX: u64 = 8 << 20;

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

pub(super) fn decompress(mut bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    if bytes.is_empty() {
        return Err(BatchError::Compressed);
    }
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let decoder = StreamingDecoder::new_with_max_window_size(&mut bytes, WINDOW_BYTES_MAX);
        let frame = read_bounded(decoder.map_err(|_| BatchError::Compressed)?, bytes_max - all.len())?;
        all.extend_from_slice(&frame);
    }
    Ok(all)
}
