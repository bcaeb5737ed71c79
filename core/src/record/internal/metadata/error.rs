use std::fmt;

use crate::record::internal::reader::Malformed;

/// Why bytes are no record of the metadata log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataRecordError {
    /// The bytes end within the frame's numbers.
    Frame(Malformed),
    FrameVersion(u32),
    /// A record of a later Kafka, or one that Ottla has nothing for.
    UnknownKey {
        key: u32,
        version: u32,
    },
    /// A known record in a version of a later Kafka.
    UnknownVersion {
        key: u32,
        version: u32,
    },
    Malformed {
        key: u32,
        version: i16,
        why: Malformed,
    },
    TrailingBytes {
        key: u32,
        version: i16,
        bytes: u64,
    },
}

impl fmt::Display for MetadataRecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(why) => write!(f, "a metadata record's frame: {why}"),
            Self::FrameVersion(version) => write!(f, "a metadata record's frame has version {version}, not 1"),
            Self::UnknownKey { key, version } => write!(f, "metadata record {key} (version {version}) is not known"),
            Self::UnknownVersion { key, version } => {
                write!(f, "metadata record {key} is not known in version {version}")
            }
            Self::Malformed { key, version, why } => write!(f, "metadata record {key} version {version}: {why}"),
            Self::TrailingBytes { key, version, bytes } => {
                write!(f, "metadata record {key} version {version}: {bytes} bytes follow it")
            }
        }
    }
}

impl std::error::Error for MetadataRecordError {}
