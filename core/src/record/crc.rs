//! CRC-32C (Castagnoli), which covers a batch from its attributes on.
//!
//! Natively the processor's own instruction does it. wasm32 has none: there three streams of slicing-by-8 run side by
//! side, because one alone waits for its own table loads; they are joined by a table that moves a CRC over one block.

/// Of all parts in order, as if they were one piece.
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    parts.iter().fold(0, |crc, part| append(crc, part))
}

#[cfg(not(target_arch = "wasm32"))]
fn append(crc: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc, bytes)
}

#[cfg(target_arch = "wasm32")]
fn append(crc: u32, bytes: &[u8]) -> u32 {
    tables::append(crc, bytes)
}

#[cfg(any(test, target_arch = "wasm32"))]
mod tables {
    /// Reversed polynomial of CRC-32C.
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    /// Bytes each of the three streams takes per round.
    const BLOCK: usize = 1024;

    static SLICES: [[u32; 256]; 8] = slices();
    static SHIFT: [[u32; 256]; 4] = shift();

    pub(super) fn append(crc: u32, mut bytes: &[u8]) -> u32 {
        let mut crc = !crc;
        while bytes.len() >= 3 * BLOCK {
            let (round, rest) = bytes.split_at(3 * BLOCK);
            crc = three_blocks(crc, round);
            bytes = rest;
        }
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            crc = step(crc, word);
        }
        !words.remainder().iter().fold(crc, |crc, &byte| SLICES[0][(crc as u8 ^ byte) as usize] ^ crc >> 8)
    }

    fn three_blocks(crc: u32, bytes: &[u8]) -> u32 {
        let (first, rest) = bytes.split_at(BLOCK);
        let (second, third) = rest.split_at(BLOCK);
        let (mut a, mut b, mut c) = (crc, 0, 0);
        for ((x, y), z) in first.chunks_exact(8).zip(second.chunks_exact(8)).zip(third.chunks_exact(8)) {
            (a, b, c) = (step(a, x), step(b, y), step(c, z));
        }
        over_block(over_block(a) ^ b) ^ c
    }

    /// One stream over eight bytes.
    fn step(crc: u32, word: &[u8]) -> u32 {
        let low = crc ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        SLICES[7][(low & 255) as usize]
            ^ SLICES[6][(low >> 8 & 255) as usize]
            ^ SLICES[5][(low >> 16 & 255) as usize]
            ^ SLICES[4][(low >> 24) as usize]
            ^ SLICES[3][word[4] as usize]
            ^ SLICES[2][word[5] as usize]
            ^ SLICES[1][word[6] as usize]
            ^ SLICES[0][word[7] as usize]
    }

    /// The CRC's state after a block of zeros.
    fn over_block(crc: u32) -> u32 {
        SHIFT[0][(crc & 255) as usize]
            ^ SHIFT[1][(crc >> 8 & 255) as usize]
            ^ SHIFT[2][(crc >> 16 & 255) as usize]
            ^ SHIFT[3][(crc >> 24) as usize]
    }

    const fn slices() -> [[u32; 256]; 8] {
        let mut tables = [[0; 256]; 8];
        let mut byte = 0;
        while byte < 256 {
            let mut crc = byte as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
                bit += 1;
            }
            tables[0][byte] = crc;
            byte += 1;
        }
        let mut slice = 1;
        while slice < 8 {
            let mut byte = 0;
            while byte < 256 {
                let crc = tables[slice - 1][byte];
                tables[slice][byte] = tables[0][(crc & 255) as usize] ^ crc >> 8;
                byte += 1;
            }
            slice += 1;
        }
        tables
    }

    /// Moving over zeros is linear: where each of the 32 bits goes says where every sum of them goes.
    const fn shift() -> [[u32; 256]; 4] {
        let step = slices();
        let mut moved = [0; 32];
        let mut bit = 0;
        while bit < 32 {
            let mut crc = 1_u32 << bit;
            let mut byte = 0;
            while byte < BLOCK {
                crc = step[0][(crc & 255) as usize] ^ crc >> 8;
                byte += 1;
            }
            moved[bit] = crc;
            bit += 1;
        }
        let mut tables = [[0; 256]; 4];
        let mut index = 0;
        while index < 1024 {
            let (table, byte) = (index / 256, index % 256);
            let mut bit = 0;
            while bit < 8 {
                if byte >> bit & 1 == 1 {
                    tables[table][byte] ^= moved[table * 8 + bit];
                }
                bit += 1;
            }
            index += 1;
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32c(&[b"1234", b"", b"56789"]), 0xe306_9283);
        assert_eq!(tables::append(0, b"123456789"), 0xe306_9283);
    }

    #[test]
    fn tables_agree_with_the_processor_at_every_length_and_split() {
        let bytes: Vec<u8> = (0..10_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for len in (0..100).chain([1023, 1024, 1025, 3071, 3072, 3073, 6143, 6144, 9999, 10_000]) {
            let whole = crc32c(&[&bytes[..len]]);
            assert_eq!(tables::append(0, &bytes[..len]), whole, "{len}");
            let (head, tail) = bytes[..len].split_at(len / 3);
            assert_eq!(tables::append(tables::append(0, head), tail), whole, "{len} in two");
        }
    }
}
