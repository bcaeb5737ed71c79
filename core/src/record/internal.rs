//! Records that brokers write for themselves, in Kafka's own bytes.
//!
//! `table.rs` declares them, `field.rs` has the bytes of each kind of field, `reader.rs` reads them.

pub mod control;
pub mod field;
pub mod metadata;
pub mod reader;
mod table;

pub use control::ControlRecord;
pub use field::Field;
pub use metadata::{MetadataRecord, MetadataRecordError};
