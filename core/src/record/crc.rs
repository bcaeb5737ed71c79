//! CRC-32C (Castagnoli), which covers a batch from its attributes on.
//!
//! Natively the processor's own instruction does it. wasm32 has none: there three streams of slicing-by-8 run side by
//! side, because one alone waits for its own table loads; they are joined by a table that moves a CRC over one block.

/// Of all parts in order, as if they were one piece.
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    parts.iter().fold(0, |crc, part| append(crc, part))
}

/// What each byte makes of a CRC of 32 bits, with its polynomial reversed.
pub(super) fn table(polynomial: u32) -> [u32; 256] {
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ polynomial } else { crc >> 1 };
    std::array::from_fn(|byte| (0..8).fold(byte as u32, bit))
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
    use std::sync::LazyLock;

    /// Reversed polynomial of CRC-32C.
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    /// Words each of the three streams takes per round.
    const WORDS: usize = 128;

    type Word = [u8; 8];
    type Slices = [[u32; 256]; 8];
    type Shift = [[u32; 256]; 4];

    /// Made at the first use: 12 kB that no compression makes smaller are more than the loops that make them.
    static TABLES: LazyLock<(Slices, Shift)> = LazyLock::new(|| {
        let slices = slices();
        let shift = shift(&slices[0]);
        (slices, shift)
    });

    pub(super) fn append(crc: u32, bytes: &[u8]) -> u32 {
        let (slices, shift) = &*TABLES;
        let (words, rest) = bytes.as_chunks();
        let (rounds, words) = words.as_chunks();
        let crc = rounds.iter().fold(!crc, |crc, round| three_blocks(slices, shift, crc, round));
        let crc = words.iter().fold(crc, |crc, word| step(slices, crc, *word));
        !rest.iter().fold(crc, |crc, &byte| slices[0][(crc as u8 ^ byte) as usize] ^ crc >> 8)
    }

    fn three_blocks(slices: &Slices, shift: &Shift, crc: u32, round: &[Word; 3 * WORDS]) -> u32 {
        let (mut a, mut b, mut c) = (crc, 0, 0);
        for at in 0..WORDS {
            a = step(slices, a, round[at]);
            b = step(slices, b, round[at + WORDS]);
            c = step(slices, c, round[at + 2 * WORDS]);
        }
        over_block(shift, over_block(shift, a) ^ b) ^ c
    }

    /// One stream over eight bytes. The page is built to be small: there this would be a call for each of them.
    #[inline(always)]
    fn step(slices: &Slices, crc: u32, word: Word) -> u32 {
        let word = u64::from(crc) ^ u64::from_le_bytes(word);
        slices[7][(word & 255) as usize]
            ^ slices[6][(word >> 8 & 255) as usize]
            ^ slices[5][(word >> 16 & 255) as usize]
            ^ slices[4][(word >> 24 & 255) as usize]
            ^ slices[3][(word >> 32 & 255) as usize]
            ^ slices[2][(word >> 40 & 255) as usize]
            ^ slices[1][(word >> 48 & 255) as usize]
            ^ slices[0][(word >> 56) as usize]
    }

    /// The CRC's state after a block of zeros.
    fn over_block(shift: &Shift, crc: u32) -> u32 {
        shift[0][(crc & 255) as usize]
            ^ shift[1][(crc >> 8 & 255) as usize]
            ^ shift[2][(crc >> 16 & 255) as usize]
            ^ shift[3][(crc >> 24) as usize]
    }

    fn slices() -> Slices {
        let mut tables = [[0; 256]; 8];
        tables[0] = super::table(POLYNOMIAL);
        for slice in 1..8 {
            for byte in 0..256 {
                let crc = tables[slice - 1][byte];
                tables[slice][byte] = tables[0][(crc & 255) as usize] ^ crc >> 8;
            }
        }
        tables
    }

    /// Moving over zeros is linear: where each of the 32 bits goes says where every sum of them goes.
    fn shift(bytewise: &[u32; 256]) -> Shift {
        let moved = |bit| (0..8 * WORDS).fold(1_u32 << bit, |crc, _| bytewise[(crc & 255) as usize] ^ crc >> 8);
        let mut tables = [[0; 256]; 4];
        for bit in 0..32 {
            let moved = moved(bit);
            let set = |byte: &usize| byte >> (bit % 8) & 1 == 1;
            (0..256).filter(set).for_each(|byte| tables[bit / 8][byte] ^= moved);
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
