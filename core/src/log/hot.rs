//! The end of a log in memory: runs of batches, by reference into the buffers they came in.
//!
//! What is here is contiguous and reaches to the log's end. Runs leave from the front, once they are committed, when
//! the log dir's budget asks for it. A full run is sealed behind an `Arc`, so that cloning a machine costs pointers.

use std::{collections::VecDeque, sync::Arc};

use bytes::{Bytes, BytesMut};

use crate::{
    effect::Frame,
    ids::Offset,
    record::{Batch, BatchError, BatchHeader},
};

/// A run is sealed at this many bytes or batches.
const RUN_BYTES: u64 = 256 * 1024;
const RUN_BATCHES: usize = 256;
/// A batch smaller than this is copied out of its buffer: it would pin far more than its own size, and the copy costs
/// less than the rest of its append. Larger ones keep their buffer, which batches next to them share.
const COPIED_BYTES: usize = 4096;
/// What a batch costs beside its bytes.
const BATCH_OVERHEAD: u64 = 160;

/// One batch at its offset.
#[derive(Clone, Debug)]
pub struct HotBatch {
    pub base_offset: Offset,
    pub last_offset: Offset,
    /// The header; of a batch that was copied, all of it.
    head: Bytes,
    body: Bytes,
}

impl HotBatch {
    /// Keeps `batch`, already placed, by reference or (a small one) by copy.
    pub fn new(batch: &Batch, header: &BatchHeader) -> Self {
        let (mut head, mut body) = (batch.header_bytes().clone(), batch.body_bytes().clone());
        if batch.size() < COPIED_BYTES {
            let mut both = BytesMut::with_capacity(batch.size());
            both.extend_from_slice(&head);
            both.extend_from_slice(&body);
            (head, body) = (both.freeze(), Bytes::new());
        }
        Self { base_offset: header.base_offset, last_offset: header.last_offset(), head, body }
    }

    pub fn size(&self) -> u64 {
        (self.head.len() + self.body.len()) as u64
    }

    pub fn push_to(&self, frame: &mut Frame) {
        frame.push(self.head.clone());
        frame.push(self.body.clone());
    }

    pub fn header(&self) -> Result<BatchHeader, BatchError> {
        BatchHeader::parse(&self.head)
    }

    /// The batch as a whole. Copies unless it is in one piece.
    pub fn to_batch(&self) -> Result<Batch, BatchError> {
        let mut frame = Frame::default();
        self.push_to(&mut frame);
        Batch::parse(frame.to_bytes())
    }

    fn cost(&self) -> u64 {
        self.size() + BATCH_OVERHEAD
    }
}

#[derive(Clone, Debug)]
enum Batches {
    Open(Vec<HotBatch>),
    Sealed(Arc<[HotBatch]>),
}

#[derive(Clone, Debug)]
struct Run {
    number: u64,
    batches: Batches,
    cost: u64,
}

impl Run {
    fn batches(&self) -> &[HotBatch] {
        match &self.batches {
            Batches::Open(batches) => batches,
            Batches::Sealed(batches) => batches,
        }
    }
}

/// Invariant: no run is empty; batches follow each other without a gap; only the last run is open.
#[derive(Clone, Debug, Default)]
pub struct Hot {
    runs: VecDeque<Run>,
    cost: u64,
    next_run: u64,
}

impl Hot {
    /// The first offset in memory.
    pub fn start(&self) -> Option<Offset> {
        Some(self.runs.front()?.batches().first()?.base_offset)
    }

    /// What a clone copies, in bytes.
    pub fn own_bytes(&self) -> u64 {
        let open = self.runs.back().map_or(0, |run| match &run.batches {
            Batches::Open(batches) => batches.len(),
            Batches::Sealed(_) => 0,
        });
        (self.runs.len() * size_of::<Run>() + open * size_of::<HotBatch>()) as u64
    }

    /// Memory it holds, in bytes.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// Adds the batch at the log's end. Gives the number of the run if a new one begins with it.
    pub fn push(&mut self, batch: HotBatch) -> Option<u64> {
        let cost = batch.cost();
        self.cost += cost;
        if let Some(run) = self.runs.back_mut()
            && let Batches::Open(batches) = &mut run.batches
        {
            batches.push(batch);
            run.cost += cost;
            if run.cost >= RUN_BYTES || batches.len() >= RUN_BATCHES {
                run.batches = Batches::Sealed(std::mem::take(batches).into());
            }
            return None;
        }
        let number = self.next_run;
        self.next_run += 1;
        self.runs.push_back(Run { number, batches: Batches::Open(vec![batch]), cost });
        Some(number)
    }

    /// Drops the run if it is the first and ends at or below `committed`. Gives the bytes that became free; `None` while
    /// it has to stay.
    pub fn evict(&mut self, number: u64, committed: Offset) -> Option<u64> {
        match self.runs.front() {
            Some(run) if run.number == number => {
                let last = run.batches().last().map_or(-1, |batch| batch.last_offset);
                if last >= committed {
                    return None;
                }
                let freed = run.cost;
                self.cost -= freed;
                self.runs.pop_front();
                Some(freed)
            }
            Some(run) if run.number < number => None,
            _ => Some(0),
        }
    }

    /// The run that was begun first.
    pub fn first_run(&self) -> Option<u64> {
        self.runs.front().map(|run| run.number)
    }

    /// Whether the run is still here.
    pub fn has_run(&self, number: u64) -> bool {
        self.runs.front().is_some_and(|run| run.number <= number)
    }

    /// Drops batches that begin at or beyond `end`. Gives the bytes that became free.
    pub fn truncate(&mut self, end: Offset) -> u64 {
        let before = self.cost;
        while let Some(mut run) = self.runs.pop_back() {
            let kept = run.batches().partition_point(|batch| batch.base_offset < end);
            if kept == run.batches().len() {
                self.runs.push_back(run);
                break;
            }
            self.cost -= run.cost;
            if kept > 0 {
                let batches = run.batches()[..kept].to_vec();
                run.cost = batches.iter().map(HotBatch::cost).sum();
                run.batches = Batches::Open(batches);
                self.cost += run.cost;
                self.runs.push_back(run);
                break;
            }
        }
        before - self.cost
    }

    /// Drops runs that end below `start`. Gives the bytes that became free.
    pub fn drop_below(&mut self, start: Offset) -> u64 {
        let before = self.cost;
        while let Some(run) = self.runs.front() {
            if run.batches().last().is_some_and(|batch| batch.last_offset >= start) {
                break;
            }
            self.cost -= run.cost;
            self.runs.pop_front();
        }
        before - self.cost
    }

    /// Batches from the one that holds `from` on. `from` is at or beyond `start`.
    pub fn from(&self, from: Offset) -> impl Iterator<Item = &HotBatch> {
        let first = self.runs.partition_point(|run| run.batches().last().is_none_or(|batch| batch.last_offset < from));
        let skip =
            self.runs.get(first).map_or(0, |run| run.batches().partition_point(|batch| batch.last_offset < from));
        self.runs.range(first.min(self.runs.len())..).flat_map(|run| run.batches()).skip(skip)
    }
}
