//! LZ4 frames, in blocks of 64 KiB that do not lean on one another, as Kafka writes them.

use std::io::Write;

use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

use super::read_bounded;
use crate::record::BatchError;

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().block_mode(BlockMode::Independent).block_size(BlockSize::Max64KB);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).expect("a Vec takes everything");
    encoder.finish().expect("a Vec takes everything")
}

pub(super) fn decompress(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    // An empty frame is still a frame: nothing at all is none.
    if bytes.is_empty() {
        return Err(BatchError::Compressed);
    }
    read_bounded(FrameDecoder::new(bytes), bytes_max)
}
