//! The four codecs.
//!
//! Every `decompress` gives at most the bytes it is allowed: what would be more is `TooLarge`, found before it is made.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use super::BatchError;
use crate::config::batch::Compression;

impl Compression {
    pub fn compress(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => gzip::compress(bytes),
            Self::Snappy => snappy::compress(bytes),
            Self::Lz4 => lz4::compress(bytes),
            Self::Zstd => zstd::compress(bytes),
        }
    }

    /// Gives at most `bytes_max` bytes, or `TooLarge`; `Compressed` where the codec cannot read them.
    pub fn decompress(self, bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
        match self {
            Self::None if bytes.len() > bytes_max => Err(BatchError::TooLarge),
            Self::None => Ok(bytes.to_vec()),
            Self::Gzip => gzip::decompress(bytes, bytes_max),
            Self::Snappy => snappy::decompress(bytes, bytes_max),
            Self::Lz4 => lz4::decompress(bytes, bytes_max),
            Self::Zstd => zstd::decompress(bytes, bytes_max),
        }
    }
}

/// Reads to the end, but never more than `bytes_max`.
fn read_bounded(reader: impl std::io::Read, bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    let mut bytes = Vec::new();
    let mut bounded = std::io::Read::take(reader, bytes_max as u64 + 1);
    std::io::Read::read_to_end(&mut bounded, &mut bytes).map_err(|_| BatchError::Compressed)?;
    if bytes.len() > bytes_max { Err(BatchError::TooLarge) } else { Ok(bytes) }
}
