//! What makes a batch be kept once: a producer id, and a sequence per partition (KIP-98, KIP-360; the Java client's
//! `TransactionManager` without its transactions).
//!
//! - One batch of a partition is under way at a time, so that its sequence is always the next one.
//! - A batch keeps its stamp for as long as it may have arrived: sent again, it is the same batch.
//! - A stamp that cannot be used up (its batch was refused, or given up while it may have arrived) ends the epoch: the
//!   next one is taken without asking, and the partition begins it at sequence 0. Other partitions follow with their next
//!   batch. A late copy of the old batch is fenced.
//! - When epochs run out, another producer id is asked for.

use std::collections::VecDeque;

use kafka_wire::{InitProducerIdRequest, InitProducerIdResponse};

use super::{
    CallId, ClientError,
    message::{Answer, Head},
    turn::Turn,
};
use crate::{
    effect::Frame,
    ids::*,
    record::{Batch, ProducerStamp},
    sorted::SortedMap,
    time::Instant,
};

/// Partitions remembered. Beyond them a new producer id is asked for, under which nothing needs to be known.
const PARTITIONS_KEPT_MAX: usize = 10_000;

pub(super) type PartitionName = (String, PartitionIndex);

/// A batch on its way.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    pub batch: Batch,
    /// Under which it was sent, and to which topic.
    stamp: Option<(ProducerStamp, TopicId)>,
}

impl Parcel {
    pub fn new(batch: Batch) -> Self {
        Self { batch, stamp: None }
    }

    pub fn bytes(&self) -> u64 {
        self.batch.size() as u64
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    id: ProducerId,
    epoch: ProducerEpoch,
}

#[derive(Clone, Debug, Default)]
struct Partition {
    /// Calls in the order asked. Only the first is sent.
    queue: VecDeque<CallId>,
    /// Under whom and to which topic `next_sequence` counts.
    counted: Option<(Identity, TopicId)>,
    next_sequence: Sequence,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Idempotence {
    identity: Option<Identity>,
    partitions: SortedMap<PartitionName, Partition>,
    /// Whether a batch waits for a producer id.
    is_wanted: bool,
    is_asked: bool,
    /// What the broker said instead, in this turn.
    refused: Option<ClientError>,
    failures: u32,
    rests_until: Instant,
}

impl Idempotence {
    /// Whether the call is its partition's first.
    pub fn enqueue(&mut self, partition: PartitionName, call: CallId) -> bool {
        if self.partitions.len() >= PARTITIONS_KEPT_MAX && !self.partitions.contains_key(&partition) {
            self.identity = None;
            self.partitions.retain(|_, partition| !partition.queue.is_empty());
        }
        let queue = &mut self.partitions.entry(partition).or_default().queue;
        queue.push_back(call);
        queue.len() == 1
    }

    /// The call has been answered. Gives the one that is first, if it was not before.
    pub fn dequeue(&mut self, partition: &PartitionName, call: CallId) -> Option<CallId> {
        let queue = &mut self.partitions.get_mut(partition)?.queue;
        if queue.front() != Some(&call) {
            queue.retain(|queued| *queued != call);
            return None;
        }
        queue.pop_front();
        queue.front().copied()
    }

    /// Makes the batch ready to be sent to `topic`; `first` is the first sequence of a new producer id. `false`: one will
    /// be asked for first.
    pub fn stamp(
        &mut self,
        name: &PartitionName,
        topic: TopicId,
        first: Sequence,
        parcel: &mut Parcel,
    ) -> Result<bool, ClientError> {
        // A topic made anew under its name has never seen the batch.
        if parcel.stamp.is_some_and(|(_, sent_to)| sent_to == topic) {
            return Ok(true);
        }
        let Some(identity) = self.identity else {
            self.is_wanted = true;
            return self.refused.clone().map_or(Ok(false), Err);
        };
        let partition = self.partitions.entry(name.clone()).or_default();
        if partition.counted != Some((identity, topic)) {
            let first = if identity.epoch == 0 { first } else { 0 };
            (partition.counted, partition.next_sequence) = (Some((identity, topic)), first);
        }
        let stamp = ProducerStamp {
            producer_id: identity.id,
            producer_epoch: identity.epoch,
            base_sequence: partition.next_sequence,
            is_transactional: false,
        };
        parcel.batch.set_producer(stamp);
        parcel.stamp = Some((stamp, topic));
        // Sequences wrap from `i32::MAX` to 0.
        partition.next_sequence = parcel.batch.header().last_sequence().checked_add(1).unwrap_or(0);
        Ok(true)
    }

    /// The batch will not be sent again as it is, and nobody knows for certain that it is not there.
    pub fn end_epoch(&mut self, parcel: &mut Parcel) {
        let Some((stamp, _)) = parcel.stamp.take() else { return };
        let spent = Identity { id: stamp.producer_id, epoch: stamp.producer_epoch };
        // Another partition may have ended it already.
        if self.identity == Some(spent) {
            self.identity = spent.epoch.checked_add(1).map(|epoch| Identity { epoch, ..spent });
        }
    }

    /// The producer id is of no use any more.
    pub fn end_identity(&mut self, parcel: &mut Parcel) {
        self.end_epoch(parcel);
        self.identity = None;
    }

    pub fn is_due(&self, turn: &mut Turn<'_>) -> bool {
        let is_wanted = self.is_wanted && !self.is_asked && self.identity.is_none();
        if is_wanted && self.rests_until > turn.now.monotonic {
            turn.wake_at(self.rests_until);
            return false;
        }
        is_wanted
    }

    pub fn ask(&mut self, head: Head<'_>) -> Result<Frame, ClientError> {
        let mut request = InitProducerIdRequest::default();
        request.transactional_id = None;
        request.transaction_timeout_ms = i32::MAX;
        self.is_asked = true;
        head.frame(&request)
    }

    /// The answer to `ask`.
    pub fn on_answer(&mut self, answer: &Answer) -> Result<(), ClientError> {
        let told: InitProducerIdResponse = answer.decode()?;
        if let Some(error) = ClientError::from_answer(told.error_code, None) {
            return Err(error);
        }
        if told.producer_id < 0 || told.producer_epoch < 0 {
            return Err(answer.bad());
        }
        self.identity = Some(Identity { id: told.producer_id, epoch: told.producer_epoch });
        (self.is_asked, self.failures) = (false, 0);
        Ok(())
    }

    /// There is no producer id. It is asked for again if the reason may pass; else those who wait hear it.
    pub fn on_lost(&mut self, turn: &mut Turn<'_>, why: ClientError) {
        self.is_asked = false;
        self.failures = self.failures.saturating_add(1);
        self.rests_until = turn.retry_at(self.failures);
        self.refused = (!why.is_retriable()).then_some(why);
    }

    /// At the start of the walk over what waits, which says anew what is wanted.
    pub fn begin_walk(&mut self) {
        self.is_wanted = false;
    }

    pub fn end_turn(&mut self) {
        self.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{BatchBuilder, Compression},
        time::Timestamp,
    };

    fn parcel(records: i32) -> Parcel {
        let mut builder = BatchBuilder::new(Compression::None);
        (0..records).for_each(|_| builder.append(Timestamp(0), None, None, &[]));
        Parcel::new(builder.finish(None))
    }

    fn stamped(idempotence: &mut Idempotence, records: i32) -> (Parcel, (ProducerEpoch, Sequence)) {
        let mut parcel = parcel(records);
        assert_eq!(idempotence.stamp(&("t".to_owned(), 0), TopicId::ZERO, 0, &mut parcel), Ok(true));
        assert!(parcel.batch.crc_is_right());
        let header = *parcel.batch.header();
        (parcel, (header.producer_epoch, header.base_sequence))
    }

    #[test]
    fn sequences_wrap_to_0() {
        let identity = Identity { id: 7, epoch: 0 };
        let mut idempotence = Idempotence { identity: Some(identity), ..Idempotence::default() };
        stamped(&mut idempotence, 1);
        let partition = idempotence.partitions.get_mut(&("t".to_owned(), 0)).unwrap();
        partition.next_sequence = i32::MAX - 1;
        // The first of them is the last but one, and 0 comes after the last.
        assert_eq!(stamped(&mut idempotence, 3).1, (0, i32::MAX - 1));
        assert_eq!(stamped(&mut idempotence, 1).1, (0, 1));
    }

    #[test]
    fn epochs_run_out_into_another_id() {
        let identity = Identity { id: 7, epoch: i16::MAX - 1 };
        let mut idempotence = Idempotence { identity: Some(identity), ..Idempotence::default() };
        let (mut first, stamp) = stamped(&mut idempotence, 1);
        assert_eq!(stamp, (i16::MAX - 1, 0));
        idempotence.end_epoch(&mut first);
        let (mut last, stamp) = stamped(&mut idempotence, 1);
        assert_eq!(stamp, (i16::MAX, 0));
        // What was stamped in an epoch that is over ends no other.
        idempotence.end_epoch(&mut first);
        assert!(idempotence.identity.is_some());
        idempotence.end_epoch(&mut last);
        let waits = idempotence.stamp(&("t".to_owned(), 0), TopicId::ZERO, 0, &mut parcel(1));
        assert_eq!((waits, idempotence.is_wanted), (Ok(false), true));
    }

    #[test]
    fn partitions_that_are_remembered_are_bounded() {
        let identity = Identity { id: 7, epoch: 0 };
        let mut idempotence = Idempotence { identity: Some(identity), ..Idempotence::default() };
        for partition in 0..PARTITIONS_KEPT_MAX as i32 {
            let name = ("t".to_owned(), partition);
            assert!(idempotence.enqueue(name.clone(), CallId(1)));
            assert_eq!(idempotence.dequeue(&name, CallId(1)), None);
        }
        idempotence.enqueue(("t".to_owned(), -1), CallId(1));
        assert_eq!((idempotence.partitions.len(), idempotence.identity), (1, None));
    }
}
