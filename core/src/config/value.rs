//! What a config value can be, how it reads and prints.

use std::time::Duration;

/// The kinds DescribeConfigs knows (`DescribeConfigsResponse.ConfigType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean = 1,
    String = 2,
    Int = 3,
    Short = 4,
    Long = 5,
    Double = 6,
    List = 7,
}

/// A type that stands in a table. What is wrong with a text is said in Kafka's words (`ConfigDef`).
pub trait Value: Sized {
    const KIND: Kind;
    fn parse(text: &str) -> Result<Self, String>;
    fn print(&self) -> String;
}

macro_rules! numbers {
    ($($kind:ty => $variant:ident, $name:literal, $parsed:ty;)*) => {$(
        impl Value for $kind {
            const KIND: Kind = Kind::$variant;
            fn parse(text: &str) -> Result<Self, String> {
                let parsed: $parsed = text.trim().parse().map_err(|_| format!("Not a number of type {}", $name))?;
                Self::try_from(parsed).map_err(|_| "Value must be at least 0".to_owned())
            }
            fn print(&self) -> String { self.to_string() }
        }
    )*};
}
numbers! {
    i16 => Short, "SHORT", i16;
    i32 => Int, "INT", i32;
    i64 => Long, "LONG", i64;
    u32 => Int, "INT", i32;
    u64 => Long, "LONG", i64;
}

impl Value for bool {
    const KIND: Kind = Kind::Boolean;
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            text if text.eq_ignore_ascii_case("true") => Ok(true),
            text if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err("Expected value to be either true or false".to_owned()),
        }
    }
    fn print(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    const KIND: Kind = Kind::String;
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn print(&self) -> String {
        self.clone()
    }
}

/// A time in whole milliseconds, as all of Kafka's `*.ms` are.
impl Value for Duration {
    const KIND: Kind = Kind::Long;
    fn parse(text: &str) -> Result<Self, String> {
        u64::parse(text).map(Duration::from_millis)
    }
    fn print(&self) -> String {
        self.as_millis().to_string()
    }
}

/// A limit that may be absent, written as -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<u64>);

impl Value for Limit {
    const KIND: Kind = Kind::Long;
    fn parse(text: &str) -> Result<Self, String> {
        match i64::parse(text)? {
            -1 => Ok(Self(None)),
            number if number >= 0 => Ok(Self(Some(number as u64))),
            _ => Err("Value must be at least -1".to_owned()),
        }
    }
    fn print(&self) -> String {
        self.0.map_or("-1".to_owned(), |number| number.to_string())
    }
}
