//! LZ4 frames, in blocks of up to 64 KiB that do not lean on one another, as Kafka writes them.
//!
//! Such frames are read and written here, block by block. The library's streams bring buffers for the largest block to
//! each frame, which is most of the work for a small batch; and what its encoder makes depends on the width of a machine's
//! word, which would make a browser's logs others than native ones (P5). Frames of any other kind are the library's to read.

use lz4_flex::{block, frame::FrameDecoder};

use super::read_bounded;
use crate::record::BatchError;

/// Magic, version 1 with independent blocks and no sums, blocks of 64 KiB at most, and the head's own sum.
const HEAD: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const END: [u8; 4] = [0; 4];
const BLOCK_BYTES_MAX: usize = 64 << 10;
/// Of our blocks. For input of 65,535 bytes and more the library finds repetitions in another way on each machine.
const BLOCK_BYTES: usize = 60 << 10;
/// Set in a block's length where it is not compressed.
const IS_PLAIN: u32 = 1 << 31;
/// What a byte can become at most.
const GROWTH_MAX: usize = 255;

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut frame = HEAD.to_vec();
    for plain in bytes.chunks(BLOCK_BYTES) {
        let compressed = block::compress(plain);
        let (block, flag) = if compressed.len() < plain.len() { (&compressed[..], 0) } else { (plain, IS_PLAIN) };
        frame.extend_from_slice(&(block.len() as u32 | flag).to_le_bytes());
        frame.extend_from_slice(block);
    }
    frame.extend_from_slice(&END);
    frame
}

pub(super) fn decompress(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    // An empty frame is still a frame: nothing at all is none.
    if bytes.is_empty() {
        return Err(BatchError::Compressed);
    }
    match bytes.strip_prefix(&HEAD).and_then(blocks) {
        Some(blocks) => read_blocks(&blocks, bytes_max),
        None => read_bounded(FrameDecoder::new(bytes), bytes_max),
    }
}

/// The blocks of a frame, each with its length as it stands before it. `None`: something else is behind its end, or
/// it is cut off.
fn blocks(mut rest: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    let mut blocks = Vec::new();
    loop {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len);
        if len == 0 {
            return after.is_empty().then_some(blocks);
        }
        let (block, after) = after.split_at_checked((len & !IS_PLAIN) as usize)?;
        blocks.push((len, block));
        rest = after;
    }
}

fn read_blocks(blocks: &[(u32, &[u8])], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    let mut all = Vec::new();
    for &(len, block) in blocks {
        if len & IS_PLAIN != 0 {
            if block.len() > BLOCK_BYTES_MAX {
                return Err(BatchError::Compressed);
            }
            all.extend_from_slice(block);
        } else {
            let mut plain = vec![0; BLOCK_BYTES_MAX.min(block.len().saturating_mul(GROWTH_MAX))];
            let len = block::decompress_into(block, &mut plain).map_err(|_| BatchError::Compressed)?;
            all.extend_from_slice(&plain[..len]);
        }
        if all.len() > bytes_max {
            return Err(BatchError::TooLarge);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    use proptest::prelude::*;

    use super::*;

    /// As the library's stream reads it.
    fn streamed(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
        read_bounded(FrameDecoder::new(bytes), bytes_max)
    }

    #[test]
    fn frames_are_read_by_the_library_and_its_own_here() {
        let lines: Vec<u8> = b"all work and no play ".iter().copied().cycle().take(70_000).collect();
        for len in [0, 1, 5, 100, 4_000, BLOCK_BYTES, BLOCK_BYTES + 1, BLOCK_BYTES_MAX, 70_000] {
            let noise: Vec<u8> = (0..len as u64).map(|at| ((at * at * 31) >> 7) as u8).collect();
            for bytes in [&lines[..len], &noise, &vec![0; len]] {
                let frame = compress(bytes);
                assert_eq!(streamed(&frame, len).as_deref(), Ok(bytes));
                for frame in [frame, library(bytes)] {
                    assert_eq!(decompress(&frame, len).as_deref(), Ok(bytes));
                    if len > 0 {
                        assert_eq!(decompress(&frame, len - 1), Err(BatchError::TooLarge));
                    }
                }
            }
        }
    }

    fn library(bytes: &[u8]) -> Vec<u8> {
        let info = FrameInfo::new().block_mode(BlockMode::Independent).block_size(BlockSize::Max64KB);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        /// What the library refuses is refused, and what it reads is read the same.
        #[test]
        fn damaged_frames_are_read_as_the_library_reads_them(
            text in "[a-c]{0,300}", at in 4_usize..200, flip in 0_u8.., cut in 0_usize..300,
        ) {
            let mut frame = compress(text.as_bytes());
            let len = frame.len();
            frame[at % len] ^= flip;
            for bytes in [&frame[..], &frame[..cut.min(len)]] {
                match (decompress(bytes, 100_000), streamed(bytes, 100_000)) {
                    (Ok(ours), theirs) => prop_assert_eq!(Ok(ours), theirs),
                    (Err(_), theirs) => prop_assert!(bytes.is_empty() || theirs.is_err(), "{:?}", theirs),
                }
            }
        }
    }
}
