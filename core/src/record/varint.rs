//! Zigzag numbers of variable length, as records carry them (`ByteUtils.readVarint`, `readVarlong`).

/// A place in bytes that are read from the front. Every `take_*` gives `None` at a malformed end and never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Bytes read so far, counted from the start of all bytes.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn take_byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A number of at most ten bytes.
    pub fn take_varlong(&mut self) -> Option<i64> {
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
    pub fn take_varint(&mut self) -> Option<i32> {
        let start = self.at;
        let number = i32::try_from(self.take_varlong()?).ok()?;
        (self.at - start <= 5).then_some(number)
    }

    /// Where the next `len` bytes lie.
    pub fn take_range(&mut self, len: usize) -> Option<std::ops::Range<usize>> {
        let end = self.at.checked_add(len).filter(|&end| end <= self.bytes.len())?;
        let range = self.at..end;
        self.at = end;
        Some(range)
    }

    /// A length and as many bytes; a negative length is a null.
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
