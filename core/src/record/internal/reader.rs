//! Bytes of a record's value, read from the front.
//!
//! Every version of the records here is flexible (KIP-482): lengths are compact, fields may be tagged. Nothing is kept
//! or reserved by a length before as many bytes are seen to be there.

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A number, a length or a count says more than the bytes hold.
    Truncated,
    /// A number of variable length that does not fit its 32 bits.
    Varint,
    /// Nothing stands where something must.
    Null,
    /// A string is not UTF-8.
    Text,
    /// Tags do not rise, or a tagged field does not fill its bytes.
    Tags,
}

#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    pub fn take_bytes(&mut self, len: u32) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(len as usize).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// An unsigned number of at most five bytes.
    pub fn take_varint(&mut self) -> Result<u32, Malformed> {
        let mut bits = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take_array()?;
            if shift == 28 && byte > 0x0f {
                return Err(Malformed::Varint);
            }
            bits |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(bits);
            }
        }
        Err(Malformed::Varint)
    }

    /// The length of a string or the count of an array, `None` for a null one. No element is smaller than a byte, so
    /// that no more are there than bytes.
    pub fn take_length(&mut self) -> Result<Option<u32>, Malformed> {
        let length = self.take_varint()?.checked_sub(1);
        match length {
            Some(length) if length as usize > self.rest.len() => Err(Malformed::Truncated),
            length => Ok(length),
        }
    }

    /// Calls `take` with each tagged field's tag and bytes; it says whether it read them to their end. What it does not
    /// know it leaves untouched.
    pub fn take_tags(
        &mut self,
        mut take: impl FnMut(u32, &mut Reader<'a>) -> Result<bool, Malformed>,
    ) -> Result<(), Malformed> {
        let mut tags_from = 0;
        for _ in 0..self.take_varint()? {
            let tag = self.take_varint()?;
            if tag < tags_from {
                return Err(Malformed::Tags);
            }
            tags_from = tag.saturating_add(1);
            let len = self.take_varint()?;
            let mut field = Reader::new(self.take_bytes(len)?);
            if take(tag, &mut field)? && field.left() > 0 {
                return Err(Malformed::Tags);
            }
        }
        Ok(())
    }
}

pub fn put_varint(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What `take_length` reads.
pub fn put_length(bytes: &mut Vec<u8>, length: Option<usize>) {
    put_varint(bytes, length.map_or(0, |length| length as u32 + 1));
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "a length says more than is there",
            Self::Varint => "a number is longer than 32 bits",
            Self::Null => "nothing stands where something must",
            Self::Text => "a text is not UTF-8",
            Self::Tags => "the tagged fields do not add up",
        })
    }
}
