//! Zigzag numbers of variable length, as records carry them (`ByteUtils.readVarint`, `readVarlong`).

/// A place in bytes that are read from the front. Every `take_*` gives `None` at a malformed end and never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Of all bytes.
    len: usize,
}

impl<'a> Reader<'a> {
    /// Begins at `at`, which is at most the end.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: &bytes[at..], len: bytes.len() }
    }

    /// Bytes read so far, counted from the start of all bytes.
    pub fn at(&self) -> usize {
        self.len - self.rest.len()
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub fn take_byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// A number of at most ten bytes.
    #[inline]
    pub fn take_varlong(&mut self) -> Option<i64> {
        self.take_short().map(i64::from).or_else(|| self.take_long())
    }

    /// A number of one byte or two, as nearly all in a record are; nothing is taken if it is longer or torn.
    #[inline]
    fn take_short(&mut self) -> Option<i32> {
        let (bits, rest) = match self.rest {
            [byte @ ..0x80, rest @ ..] => (u32::from(*byte), rest),
            [low, byte @ ..0x80, rest @ ..] => (u32::from(low & 0x7f) | u32::from(*byte) << 7, rest),
            _ => return None,
        };
        self.rest = rest;
        Some((bits >> 1) as i32 ^ -((bits & 1) as i32))
    }

    fn take_long(&mut self) -> Option<i64> {
        let mut bits = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take_byte()?;
            if shift == 63 && byte > 1 {
                return None;
            }
            bits |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        None
    }

    /// A number of at most five bytes.
    #[inline]
    pub fn take_varint(&mut self) -> Option<i32> {
        self.take_short().or_else(|| self.take_long_varint())
    }

    fn take_long_varint(&mut self) -> Option<i32> {
        let start = self.at();
        let number = i32::try_from(self.take_long()?).ok()?;
        (self.at() - start <= 5).then_some(number)
    }

    /// Where the next `len` bytes lie.
    #[inline]
    pub fn take_range(&mut self, len: usize) -> Option<std::ops::Range<usize>> {
        let start = self.at();
        self.rest = self.rest.get(len..)?;
        Some(start..self.at())
    }

    /// A length and as many bytes; a negative length is a null.
    #[inline]
    pub fn take_nullable(&mut self) -> Option<Option<std::ops::Range<usize>>> {
        match self.take_varint()? {
            len if len < 0 => Some(None),
            len => self.take_range(len as usize).map(Some),
        }
    }
}

/// Adds a number to `bytes`.
pub fn put(bytes: &mut Vec<u8>, number: i64) {
    let mut bits = (number << 1 ^ number >> 63) as u64;
    while bits >= 0x80 {
        bytes.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    bytes.push(bits as u8);
}

/// Bytes that `put` adds.
pub fn size(number: i64) -> usize {
    let bits = (number << 1 ^ number >> 63) as u64;
    (70 - bits.leading_zeros() as usize).max(7) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_in_as_many_bytes_as_foretold() {
        for number in
            [0, -1, 1, 63, 64, -64, -65, 8191, 8192, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN]
        {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            assert_eq!(bytes.len(), size(number), "{number}");
            assert_eq!(Reader::new(&bytes, 0).take_varlong(), Some(number));
            let short = Reader::new(&bytes, 0).take_varint();
            assert_eq!(short, i32::try_from(number).ok());
        }
    }

    #[test]
    fn endless_and_torn_numbers_are_none() {
        assert_eq!(Reader::new(&[0xff; 20], 0).take_varlong(), None);
        assert_eq!(Reader::new(&[0x80, 0x80], 0).take_varint(), None);
        assert_eq!(Reader::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0], 0).take_varint(), None);
        assert_eq!(Reader::new(&[4, 1], 0).take_nullable(), None);
    }
}
