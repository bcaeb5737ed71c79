//! All that a dir meets: a disk, two clocks, numbers; and what goes wrong at which storage call.

use std::collections::VecDeque;

use bytes::Bytes;

use super::disk::{Disk, definite};
use crate::{
    effect::*,
    error::Fatal,
    ids::*,
    log::{DirOptions, OpenLog, Opened, Recovery, RecoveryStep},
    record::{Batch, BatchBuilder, Compression, ProducerStamp},
    rng::Rng,
    time::*,
    trace::Trace,
    turn::{Ids, Turn},
};

/// What becomes of one storage call. The first is number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Definite(StorageErrorKind),
    /// Nobody knows, and a commit was done (true) or not.
    Unknown(bool),
    /// Power is lost while it is being done, or (true) when a commit was done, durable as it asked to be.
    Crash(bool),
}

pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) disk: Disk,
    pub(crate) options: DirOptions,
    pub(crate) trace: Trace,
    pub(crate) rng: Rng,
    ids: Ids,
    pub(crate) effects: Vec<Effect<NodeAnswer>>,
    pub(crate) queue: VecDeque<Effect<NodeAnswer>>,
    /// Storage calls so far.
    pub(crate) calls: u64,
    pub(crate) fault: Option<(u64, Fault)>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: Now { monotonic: Instant::from_millis(1000), wall: Timestamp(1_700_000_000_000) },
            disk: Disk::default(),
            options: DirOptions { kept_room: 64, load_bytes: 300, ..DirOptions::default() },
            trace: Trace::new(BrokerId(1), 200),
            rng: Rng::new(seed),
            ids: Ids::default(),
            effects: Vec::new(),
            queue: VecDeque::new(),
            calls: 0,
            fault: None,
        }
    }

    pub(crate) fn on(disk: Disk, seed: u64) -> Self {
        Self { disk, ..Self::new(seed) }
    }

    /// Whether the fault has happened.
    pub(crate) fn is_fault_past(&self) -> bool {
        self.fault.is_some_and(|(call, _)| call < self.calls)
    }

    pub(crate) fn turn(&mut self) -> Turn<'_> {
        Turn {
            now: self.now,
            rng: &mut self.rng,
            trace: &mut self.trace,
            ids: &mut self.ids,
            effects: &mut self.effects,
        }
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        self.now.monotonic = Instant(self.now.monotonic.0 + millis * 1000);
        self.now.wall = Timestamp(self.now.wall.0 + millis as i64);
    }

    /// The storage call that is due next, undone.
    pub(crate) fn next_call(&mut self) -> Option<&Effect<NodeAnswer>> {
        self.queue.extend(self.effects.drain(..));
        self.queue.front()
    }

    /// Does the next storage call. `None`: there is none, or power was lost.
    pub(crate) fn perform(&mut self) -> Option<Input<()>> {
        self.next_call()?;
        let effect = self.queue.pop_front()?;
        let fault = self.fault.filter(|(call, _)| *call == self.calls).map(|(_, fault)| fault);
        self.calls += 1;
        if let Some(Fault::Crash(is_done)) = fault {
            self.crash(Some(effect), is_done);
            return None;
        }
        let why = match fault {
            Some(Fault::Definite(kind)) => Some(definite(kind)),
            Some(Fault::Unknown(_)) => {
                Some(StorageError { outcome: Outcome::Unknown, ..definite(StorageErrorKind::TimedOut) })
            }
            _ => None,
        };
        Some(match effect {
            Effect::Commit { io, ops, sync } => {
                let mut done = Ok(());
                if why.is_none() || fault == Some(Fault::Unknown(true)) {
                    done = self.disk.commit(&ops, sync && why.is_none());
                }
                match why.map_or(done, Err) {
                    Ok(()) => Input::Committed { io },
                    Err(why) => Input::Failed { io, why },
                }
            }
            Effect::Load { io, file, at, len } => match why.map_or_else(|| self.disk.load(&file, at, len), Err) {
                Ok(bytes) => Input::Loaded { io, bytes },
                Err(why) => Input::Failed { io, why },
            },
            Effect::List { io, .. } => match why {
                None => Input::Listed { io, entries: self.disk.list() },
                Some(why) => Input::Failed { io, why },
            },
            other => panic!("no effect of a dir: {other:?}"),
        })
    }

    /// Power is lost, while the next call is being done if there is one.
    pub(crate) fn crash(&mut self, in_flight: Option<Effect<NodeAnswer>>, is_done: bool) {
        let mut lost = Vec::new();
        if let Some(Effect::Commit { ops, sync, .. }) = in_flight {
            if is_done {
                let _ = self.disk.commit(&ops, sync);
            } else {
                lost = ops;
            }
        }
        self.disk.crash(&lost, &mut self.rng);
        self.effects.clear();
        self.queue.clear();
    }

    /// Opens what the disk holds, with the logs that `logs_of` finds in the catalog's document. `None`: power was lost.
    pub(crate) fn open(&mut self, logs_of: impl Fn(Option<Bytes>) -> Vec<OpenLog>) -> Option<Result<Opened, Fatal>> {
        let options = self.options;
        let mut recovery = Recovery::start(&mut self.turn(), options);
        loop {
            let input = self.perform()?;
            let turn = &mut self.turn();
            let mut step = match input {
                Input::Committed { io } => recovery.on_committed(turn, io),
                Input::Failed { io, why } => recovery.on_failed(turn, io, why),
                Input::Loaded { io, bytes } => recovery.on_loaded(turn, io, bytes),
                Input::Listed { io, entries } => recovery.on_listed(turn, io, entries),
                _ => unreachable!(),
            };
            if let RecoveryStep::Catalog(document) = step {
                step = recovery.open_logs(turn, logs_of(document));
            }
            match step {
                RecoveryStep::Done(opened) => return Some(Ok(*opened)),
                RecoveryStep::Failed(fatal) => return Some(Err(fatal)),
                RecoveryStep::Catalog(_) => unreachable!("the catalog is asked for once"),
                RecoveryStep::Working { done, total } => assert!(done <= total),
            }
        }
    }
}

/// `records` of `bytes` each, one millisecond apart from `at` on.
pub(crate) fn batch(records: u32, bytes: usize, at: Timestamp) -> Batch {
    build(records, bytes, at, None)
}

/// The same of an idempotent producer: its id, its epoch and the first sequence.
pub(crate) fn idempotent(records: u32, at: Timestamp, producer: (ProducerId, ProducerEpoch, Sequence)) -> Batch {
    let (producer_id, producer_epoch, base_sequence) = producer;
    build(records, 20, at, Some(ProducerStamp { producer_id, producer_epoch, base_sequence, is_transactional: false }))
}

fn build(records: u32, bytes: usize, at: Timestamp, producer: Option<ProducerStamp>) -> Batch {
    let mut builder = BatchBuilder::new(Compression::None);
    for index in 0..records {
        let value = vec![index as u8 ^ at.0 as u8; bytes];
        builder.append(Timestamp(at.0 + i64::from(index)), None, Some(&value), &[]);
    }
    builder.finish(producer)
}
