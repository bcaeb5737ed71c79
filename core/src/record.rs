//! Record batches, format 2: the only form in which records travel, rest and are served.

pub mod batch;
pub mod builder;
pub mod check;
pub mod compression;
pub mod crc;
pub mod error;
pub mod header;
pub mod internal;
pub mod records;
pub mod varint;

pub use batch::Batch;
pub use builder::{BatchBuilder, ProducerStamp};
pub use check::{BatchLimits, Checked};
pub use error::BatchError;
pub use header::{BatchHeader, HEADER_BYTES};
pub use records::{Header, Record, Records};

// A topic is configured in these words, so they lie below.
pub use crate::config::batch::{Compression, CompressionType, TimestampType};

#[cfg(test)]
mod tests;
