//! How batches are written: the words that a topic's configs share with a batch's header.

use super::value::{Kind, Value};

/// The codec of one batch (attributes, bits 0–2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compression {
    #[default]
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}

impl Compression {
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| *codec as i16 == number)
    }

    /// As Kafka's tools and `compression.type` of a producer name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// `compression.type` of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionType {
    Producer,
    Fixed(Compression),
}

/// `message.timestamp.type` of a topic, and bit 3 of a batch's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    CreateTime = 0,
    LogAppendTime = 1,
}

impl Value for CompressionType {
    const KIND: Kind = Kind::String;
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "producer" => Self::Producer,
            "uncompressed" => Self::Fixed(Compression::None),
            "gzip" => Self::Fixed(Compression::Gzip),
            "snappy" => Self::Fixed(Compression::Snappy),
            "lz4" => Self::Fixed(Compression::Lz4),
            "zstd" => Self::Fixed(Compression::Zstd),
            _ => return Err("String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer".to_owned()),
        })
    }
    fn print(&self) -> String {
        match self {
            Self::Producer => "producer",
            Self::Fixed(Compression::None) => "uncompressed",
            Self::Fixed(Compression::Gzip) => "gzip",
            Self::Fixed(Compression::Snappy) => "snappy",
            Self::Fixed(Compression::Lz4) => "lz4",
            Self::Fixed(Compression::Zstd) => "zstd",
        }
        .to_owned()
    }
}

impl Value for TimestampType {
    const KIND: Kind = Kind::String;
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "CreateTime" => Ok(Self::CreateTime),
            "LogAppendTime" => Ok(Self::LogAppendTime),
            _ => Err("String must be one of: CreateTime, LogAppendTime".to_owned()),
        }
    }
    fn print(&self) -> String {
        match self {
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
        .to_owned()
    }
}
