//! Record batches, format 2: the only form in which records travel, rest and are served.

pub mod batch;
pub mod builder;
pub mod check;
pub mod compression;
pub mod crc;
pub mod records;

pub use batch::{Batch, BatchError, BatchHeader, HEADER_BYTES};
pub use builder::{BatchBuilder, ProducerStamp};
pub use check::{BatchLimits, Checked};
pub use compression::{Compression, CompressionType, TimestampType};
pub use records::{Header, Record, Records};
