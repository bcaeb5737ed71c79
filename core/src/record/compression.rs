//! The four codecs, and what configs say of them.

use crate::config::value::{Kind, Value};

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
            _ => return Err(format!("`{text}` is none of uncompressed, zstd, lz4, snappy, gzip, producer")),
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
            _ => Err(format!("`{text}` is neither CreateTime nor LogAppendTime")),
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
