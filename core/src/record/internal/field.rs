//! The kinds of fields that internal records have: their bytes, and their text.

use std::{fmt::Write, sync::Arc};

use super::reader::{Malformed, Reader, put_length};
use crate::ids::*;

/// One kind of field. `version` is the record's, for structures whose own fields depend on it.
pub trait Field: Sized {
    fn read(reader: &mut Reader<'_>, version: i16) -> Result<Self, Malformed>;
    fn write(&self, bytes: &mut Vec<u8>, version: i16);
    /// Adds the field to `text` as JSON, as `kafka-dump-log` prints it.
    fn print(&self, text: &mut String);
    /// Any value, small ones and edges rather than others.
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Field for $kind {
            fn read(reader: &mut Reader<'_>, _: i16) -> Result<Self, Malformed> {
                reader.take_array().map(Self::from_be_bytes)
            }
            fn write(&self, bytes: &mut Vec<u8>, _: i16) {
                bytes.extend_from_slice(&self.to_be_bytes());
            }
            fn print(&self, text: &mut String) {
                let _ = write!(text, "{self}");
            }
            #[cfg(test)]
            fn draw(rng: &mut crate::rng::Rng) -> Self {
                let drawn = rng.below(u64::MAX) as Self;
                [drawn, drawn % 8, Self::MIN, Self::MAX][rng.below(4) as usize]
            }
        }
    )*};
}
numbers!(i8, i16, u16, i32, i64);

macro_rules! uuids {
    ($($kind:ident),*) => {$(
        impl Field for $kind {
            fn read(reader: &mut Reader<'_>, _: i16) -> Result<Self, Malformed> {
                reader.take_array().map(Self)
            }
            fn write(&self, bytes: &mut Vec<u8>, _: i16) {
                bytes.extend_from_slice(&self.0);
            }
            fn print(&self, text: &mut String) {
                let _ = write!(text, "\"{self}\"");
            }
            #[cfg(test)]
            fn draw(rng: &mut crate::rng::Rng) -> Self {
                Self(std::array::from_fn(|_| rng.below(256) as u8))
            }
        }
    )*};
}
uuids!(TopicId, DirectoryId, IncarnationId, AccessControlEntryId);

impl Field for BrokerId {
    fn read(reader: &mut Reader<'_>, version: i16) -> Result<Self, Malformed> {
        Field::read(reader, version).map(Self)
    }
    fn write(&self, bytes: &mut Vec<u8>, version: i16) {
        self.0.write(bytes, version);
    }
    fn print(&self, text: &mut String) {
        self.0.print(text);
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        Self(Field::draw(rng))
    }
}

/// Anything but zero is true, as in Kafka.
impl Field for bool {
    fn read(reader: &mut Reader<'_>, _: i16) -> Result<Self, Malformed> {
        let [byte] = reader.take_array()?;
        Ok(byte != 0)
    }
    fn write(&self, bytes: &mut Vec<u8>, _: i16) {
        bytes.push(u8::from(*self));
    }
    fn print(&self, text: &mut String) {
        let _ = write!(text, "{self}");
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        rng.below(2) == 1
    }
}

/// A fraction, kept as its bits so that records can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Float64(u64);

impl Float64 {
    pub fn new(number: f64) -> Self {
        Self(number.to_bits())
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Field for Float64 {
    fn read(reader: &mut Reader<'_>, _: i16) -> Result<Self, Malformed> {
        reader.take_array().map(|bytes| Self(u64::from_be_bytes(bytes)))
    }
    fn write(&self, bytes: &mut Vec<u8>, _: i16) {
        bytes.extend_from_slice(&self.0.to_be_bytes());
    }
    fn print(&self, text: &mut String) {
        let _ = match self.get() {
            number if number.is_finite() => write!(text, "{number:?}"),
            number => write!(text, "\"{number}\""),
        };
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        Self(rng.below(u64::MAX))
    }
}

impl Field for Option<Arc<str>> {
    fn read(reader: &mut Reader<'_>, _: i16) -> Result<Self, Malformed> {
        let Some(len) = reader.take_length()? else { return Ok(None) };
        let text = std::str::from_utf8(reader.take_bytes(len)?).map_err(|_| Malformed::Text)?;
        Ok(Some(text.into()))
    }
    fn write(&self, bytes: &mut Vec<u8>, version: i16) {
        match self {
            Some(text) => text.write(bytes, version),
            None => put_length(bytes, None),
        }
    }
    fn print(&self, text: &mut String) {
        match self {
            Some(own) => own.print(text),
            None => text.push_str("null"),
        }
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        (rng.below(3) > 0).then(|| Field::draw(rng))
    }
}

impl Field for Arc<str> {
    fn read(reader: &mut Reader<'_>, version: i16) -> Result<Self, Malformed> {
        Option::<Self>::read(reader, version)?.ok_or(Malformed::Null)
    }
    fn write(&self, bytes: &mut Vec<u8>, _: i16) {
        put_length(bytes, Some(self.len()));
        bytes.extend_from_slice(self.as_bytes());
    }
    fn print(&self, text: &mut String) {
        text.push('"');
        for character in self.chars() {
            let _ = match character {
                '"' | '\\' => write!(text, "\\{character}"),
                '\n' => write!(text, "\\n"),
                '\r' => write!(text, "\\r"),
                '\t' => write!(text, "\\t"),
                '\0'..' ' => write!(text, "\\u{:04x}", u32::from(character)),
                _ => write!(text, "{character}"),
            };
        }
        text.push('"');
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        let length = [0, 1, 126, 127, 128, 300][rng.below(6) as usize];
        (0..length).map(|_| ['a', '"', 'é', '中', '\u{1f980}'][rng.below(5) as usize]).collect::<String>().into()
    }
}

impl<T: Field> Field for Option<Vec<T>> {
    fn read(reader: &mut Reader<'_>, version: i16) -> Result<Self, Malformed> {
        let Some(count) = reader.take_length()? else { return Ok(None) };
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(T::read(reader, version)?);
        }
        Ok(Some(elements))
    }
    fn write(&self, bytes: &mut Vec<u8>, version: i16) {
        match self {
            Some(elements) => elements.write(bytes, version),
            None => put_length(bytes, None),
        }
    }
    fn print(&self, text: &mut String) {
        match self {
            Some(elements) => elements.print(text),
            None => text.push_str("null"),
        }
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        (rng.below(3) > 0).then(|| Field::draw(rng))
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(reader: &mut Reader<'_>, version: i16) -> Result<Self, Malformed> {
        Option::<Self>::read(reader, version)?.ok_or(Malformed::Null)
    }
    fn write(&self, bytes: &mut Vec<u8>, version: i16) {
        put_length(bytes, Some(self.len()));
        self.iter().for_each(|element| element.write(bytes, version));
    }
    fn print(&self, text: &mut String) {
        text.push('[');
        for (index, element) in self.iter().enumerate() {
            text.push_str(if index > 0 { "," } else { "" });
            element.print(text);
        }
        text.push(']');
    }
    #[cfg(test)]
    fn draw(rng: &mut crate::rng::Rng) -> Self {
        (0..rng.below(4)).map(|_| T::draw(rng)).collect()
    }
}
