//! Blocks of producer ids go to brokers, which give them out one by one (`ProducerIdControlManager`).

use std::ops::Range;

use super::{Controller, Decision, catalog::Refused, heartbeats::check_broker_epoch};
use crate::{
    error::ErrorCode,
    ids::*,
    record::internal::metadata::{MetadataRecord, ProducerIdsRecord},
};

const BLOCK: i64 = 1_000;

impl<A> Controller<A> {
    /// AllocateProducerIds: ids that nobody had before.
    ///
    /// # Errors
    /// `StaleBrokerEpoch`; `UnknownServerError` when there are no more.
    pub fn allocate_producer_ids(
        &self,
        broker_id: BrokerId,
        broker_epoch: BrokerEpoch,
    ) -> Decision<Result<Range<ProducerId>, Refused>> {
        let mut draft = self.draft();
        let first = draft.image.next_producer_id();
        let exhausted = || {
            let why = "Exhausted all producerIds as the next block's end producerId has exceeded the int64 type limit";
            Refused::new(ErrorCode::UnknownServerError, why)
        };
        let next = check_broker_epoch(&draft.image, broker_id, broker_epoch)
            .and_then(|()| first.checked_add(BLOCK).ok_or_else(exhausted));
        let next_producer_id = match next {
            Ok(next) => next,
            Err(refused) => return Decision::reply(Err(refused)),
        };
        draft.push(MetadataRecord::ProducerIds(ProducerIdsRecord { broker_id, broker_epoch, next_producer_id }));
        draft.decision(Ok(first..next_producer_id))
    }
}
