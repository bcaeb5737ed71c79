//! Links to a scenario or a journal, as `web/src/internal/link.ts` reads them: `#s=1.` and the base64url of the text's
//! UTF-8, deflated without a header.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};

/// Where `cargo play` serves the page.
pub const PLAYGROUND: &str = "http://127.0.0.1:8080/";
/// Bytes of a text in a link.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Deflate makes text no longer than itself and a few bytes, base64url a third longer than that.
const CODE_LENGTH_MAX: usize = 90_000;
/// As small as it gets: links are read by people too.
const LEVEL: u8 = 10;

/// Why a link cannot be read or written, by the page's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// Of a codec to come.
    Version,
    Damaged,
    TooLarge,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "this link is of a later version",
            Self::Damaged => "this link is not whole",
            Self::TooLarge => "a link holds 64 KiB of text at most",
        })
    }
}

impl std::error::Error for LinkError {}

/// The hash for a text.
///
/// # Errors
/// `TooLarge`.
pub fn write(text: &str) -> Result<String, LinkError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(LinkError::TooLarge);
    }
    Ok(format!("#s=1.{}", URL_SAFE_NO_PAD.encode(compress_to_vec(text.as_bytes(), LEVEL))))
}

/// The text of an address or its hash.
///
/// # Errors
/// Whatever is wrong with it.
pub fn read(link: &str) -> Result<String, LinkError> {
    let hash = link.rsplit_once('#').map_or(link, |(_, hash)| hash);
    let (version, code) = hash.strip_prefix("s=").and_then(|rest| rest.split_once('.')).ok_or(LinkError::Damaged)?;
    if version.is_empty() || version.len() > 6 || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LinkError::Damaged);
    }
    if version != "1" {
        return Err(LinkError::Version);
    }
    if code.len() > CODE_LENGTH_MAX {
        return Err(LinkError::TooLarge);
    }
    let deflated = URL_SAFE_NO_PAD.decode(code).map_err(|_| LinkError::Damaged)?;
    // One byte more than may be: whatever is longer stops there.
    let bytes = decompress_to_vec_with_limit(&deflated, TEXT_BYTES_MAX + 1).map_err(|why| match why.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => LinkError::TooLarge,
        _ => LinkError::Damaged,
    })?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(LinkError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| LinkError::Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_comes_back(text in any::<String>()) {
            let hash = write(&text).unwrap();
            prop_assert_eq!(read(&format!("{PLAYGROUND}{hash}")), Ok(text.clone()));
            prop_assert_eq!(read(&hash), Ok(text));
        }

        /// P4.
        #[test]
        fn any_code_is_read_or_refused(code in any::<String>(), bytes in any::<Vec<u8>>()) {
            let _ = read(&code);
            let _ = read(&format!("#s=1.{code}"));
            let _ = read(&format!("#s=1.{}", URL_SAFE_NO_PAD.encode(bytes)));
        }
    }

    /// The page wrote it: `web/test/unit/link.test.ts` reads what stands here.
    #[test]
    fn both_sides_speak_one_codec() {
        let deflated = compress_to_vec(b"ottla 1\nseed 42\n", LEVEL);
        assert_eq!(read(&format!("#s=1.{}", URL_SAFE_NO_PAD.encode(deflated))).as_deref(), Ok("ottla 1\nseed 42\n"));
        // Stored, not compressed, as a lazy writer may.
        let stored = compress_to_vec(b"ottla 1\n", 0);
        assert_eq!(read(&format!("#s=1.{}", URL_SAFE_NO_PAD.encode(stored))).as_deref(), Ok("ottla 1\n"));
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let zeros = compress_to_vec(&vec![b'a'; TEXT_BYTES_MAX + 1], LEVEL);
        let bomb = compress_to_vec(&vec![b'a'; 1 << 24], LEVEL);
        for (link, why) in [
            (String::new(), LinkError::Damaged),
            ("#s=1".to_owned(), LinkError::Damaged),
            ("#s=2.AAAA".to_owned(), LinkError::Version),
            ("#s=1.%%%".to_owned(), LinkError::Damaged),
            (format!("#s=1.{}", "A".repeat(1 << 20)), LinkError::TooLarge),
            (format!("#s=1.{}", URL_SAFE_NO_PAD.encode(zeros)), LinkError::TooLarge),
            (format!("#s=1.{}", URL_SAFE_NO_PAD.encode(bomb)), LinkError::TooLarge),
        ] {
            assert_eq!(read(&link), Err(why), "{}", &link[..link.len().min(40)]);
        }
        assert_eq!(write(&"a".repeat(TEXT_BYTES_MAX + 1)), Err(LinkError::TooLarge));
    }
}
