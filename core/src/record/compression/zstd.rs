//! Zstandard. A frame that wants a larger window than any Kafka client writes is not read.

use ruzstd::{
    decoding::{BlockDecodingStrategy, FrameDecoder},
    encoding::{CompressionLevel, compress_to_vec},
};

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
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW_BYTES_MAX);
    let mut all = Vec::new();
    while !bytes.is_empty() {
        decoder.init(&mut bytes).map_err(|_| BatchError::Compressed)?;
        // A block gives 128 KiB at most.
        while !decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            decoder.decode_blocks(&mut bytes, one).map_err(|_| BatchError::Compressed)?;
            if decoder.can_collect() > bytes_max - all.len() {
                return Err(BatchError::TooLarge);
            }
            decoder.collect_to_writer(&mut all).map_err(|_| BatchError::Compressed)?;
        }
    }
    Ok(all)
}
