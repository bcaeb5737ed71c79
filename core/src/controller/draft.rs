//! A decision while it is made.
//!
//! Each record is applied to the draft's own image as it is added, so that what comes later in one request is decided on
//! what came earlier in it: of two brokers that leave together, the second finds the leaders that the first left.

use super::{Decision, catalog::Refused, image::Image, rules::Rules};
use crate::{decider::Decided, error::ErrorCode, record::internal::metadata::MetadataRecord};

/// Records of one request (`QuorumController.MAX_RECORDS_PER_USER_OP`).
const RECORDS_MAX: usize = 10_000;

pub(super) struct Draft<'a> {
    pub rules: &'a Rules,
    pub image: Image,
    records: Vec<MetadataRecord>,
}

impl<'a> Draft<'a> {
    pub fn new(rules: &'a Rules, image: Image) -> Self {
        Self { rules, image, records: Vec::new() }
    }

    pub fn push(&mut self, record: MetadataRecord) {
        // Nothing in an image depends on a record's offset.
        self.image.apply(&record, 0);
        self.records.push(record);
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether a request may have so many more records.
    pub fn check_batch(&self, more: usize) -> Result<(), Refused> {
        let why = "Unable to perform excessively large batch operation.";
        let fits = self.records.len() + more <= RECORDS_MAX;
        if fits { Ok(()) } else { Err(Refused::new(ErrorCode::PolicyViolation, why)) }
    }

    /// All of it or nothing.
    pub fn atomic<A>(self, reply: A) -> Decision<A> {
        Decision::atomic(self.records, reply)
    }

    /// Where a part of it would not be wrong without the rest.
    pub fn decision<A>(self, reply: A) -> Decision<A> {
        Decision::new(self.records, reply)
    }
}
