//! The records inside one batch.

use bytes::Bytes;

use super::BatchError;
use crate::{ids::Offset, time::Timestamp};

/// One record as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: Offset,
    pub timestamp: Timestamp,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// A record's header. Kafka wants keys to be UTF-8; values may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// Iterates over the records of one batch, by reference into its (decompressed) bytes.
#[derive(Clone, Debug)]
pub struct Records {}

impl Iterator for Records {
    type Item = Result<Record, BatchError>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}
