//! What a read of a log gives: batches by reference, or the range of a file that must be loaded first.

use crate::{
    effect::{FileName, Frame},
    ids::{LeaderEpoch, Offset},
    time::Timestamp,
};

/// Whole batches from the one that holds the asked offset on.
#[derive(Clone, Debug)]
pub enum Read {
    /// In memory. Empty where there is nothing below the bound.
    Hot(Frame),
    /// Not in memory: load it (through `LogDir::load`), then hand the bytes to `Log::cut`.
    Cold(ColdRange),
}

/// A range of a segment's file that holds what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColdRange {
    pub file: FileName,
    pub at: u64,
    pub len: u64,
    pub from: Offset,
    pub below: Offset,
    pub bytes_max: u32,
    pub at_least_one: bool,
}

/// The first record at or after a time; or what must be loaded to go on looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimestampSearch {
    Found { timestamp: Timestamp, offset: Offset, leader_epoch: LeaderEpoch },
    NotFound,
    Load(ColdRange),
}
