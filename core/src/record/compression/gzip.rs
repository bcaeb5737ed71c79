//! Gzip (RFC 1952) around deflate: one member or several, its sums checked.

use std::sync::LazyLock;

use miniz_oxide::{
    deflate::compress_to_vec,
    inflate::{
        TINFLStatus,
        core::{DecompressorOxide, decompress as inflate, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};

use crate::record::{BatchError, crc::table};

const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const LEVEL: u8 = 6;
const HEAD_CRC_FLAG: u8 = 2;
const EXTRA_FLAG: u8 = 4;
const NAME_FLAG: u8 = 8;
const COMMENT_FLAG: u8 = 16;

pub(super) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut member = HEAD.to_vec();
    member.extend_from_slice(&compress_to_vec(bytes, LEVEL));
    member.extend_from_slice(&crc32(bytes).to_le_bytes());
    member.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    member
}

pub(super) fn decompress(mut bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, BatchError> {
    let mut all = Vec::new();
    loop {
        let start = all.len();
        let deflated = after_head(bytes).ok_or(BatchError::Compressed)?;
        let rest = inflate_member(deflated, &mut all, bytes_max)?;
        let (sums, rest) = rest.split_first_chunk::<8>().ok_or(BatchError::Compressed)?;
        let member = &all[start..];
        if sums[..4] != crc32(member).to_le_bytes() || sums[4..] != (member.len() as u32).to_le_bytes() {
            return Err(BatchError::Compressed);
        }
        if rest.is_empty() {
            return Ok(all);
        }
        bytes = rest;
    }
}

/// Skips a member's head with all its optional fields.
fn after_head(bytes: &[u8]) -> Option<&[u8]> {
    let (head, mut rest) = bytes.split_first_chunk::<10>()?;
    let flags = head[3];
    if head[..3] != HEAD[..3] || flags >> 5 != 0 {
        return None;
    }
    if flags & EXTRA_FLAG != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(u16::from_le_bytes(*len) as usize..)?;
    }
    for flag in [NAME_FLAG, COMMENT_FLAG] {
        if flags & flag != 0 {
            let end = rest.iter().position(|&byte| byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HEAD_CRC_FLAG != 0 { rest.get(2..) } else { Some(rest) }
}

/// Adds what a member holds to `all` and gives what follows it.
fn inflate_member<'a>(mut bytes: &'a [u8], all: &mut Vec<u8>, bytes_max: usize) -> Result<&'a [u8], BatchError> {
    let mut state = Box::<DecompressorOxide>::default();
    let start = all.len();
    let mut end = start;
    all.resize((start + bytes.len().saturating_mul(2)).min(bytes_max), 0);
    loop {
        let (status, read, written) =
            inflate(&mut state, bytes, &mut all[start..], end - start, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        (bytes, end) = (&bytes[read..], end + written);
        match status {
            TINFLStatus::Done => {
                all.truncate(end);
                return Ok(bytes);
            }
            TINFLStatus::HasMoreOutput if all.len() >= bytes_max => return Err(BatchError::TooLarge),
            TINFLStatus::HasMoreOutput => all.resize((all.len() * 2).max(1 << 10).min(bytes_max), 0),
            _ => return Err(BatchError::Compressed),
        }
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let table = &*CRC_TABLE;
    !bytes.iter().fold(!0, |crc: u32, &byte| table[(crc as u8 ^ byte) as usize] ^ crc >> 8)
}

static CRC_TABLE: LazyLock<[u32; 256]> = LazyLock::new(|| table(0xedb8_8320));
