//! What is done to a broker, as data: a script for exhaustive tests, and as many others as there are seeds.

use std::sync::Arc;

use super::broker::{Broker, config};
use crate::{
    config::value::Limit,
    error::ErrorCode,
    ids::*,
    log::{
        DirState,
        tests::world::{batch, idempotent},
    },
    rng::Rng,
};

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Name, partitions, whether `flush.messages` is 1, `segment.bytes`.
    Create(&'static str, i32, bool, u32),
    Delete(&'static str),
    /// Deleted and created again in one turn.
    Recreate(&'static str),
    /// Name, partition, records, bytes of each.
    Append(&'static str, i32, u32, u32),
    /// The next two records of an idempotent producer.
    Produce(&'static str, i32, ProducerId),
    /// Up to so many percent of what may be read.
    DeleteRecords(&'static str, i32, i64),
    /// Sets `retention.bytes` and `retention.ms`.
    Retain(&'static str, Option<u64>, Option<u64>),
    /// Lets so many milliseconds pass.
    Pass(u64),
    /// Does storage calls, at most so many.
    Calls(u32),
    Settle,
    Stop,
}

use Step::*;

/// Everything that changes what is on the disk, in several logs, with segments so small that they roll all the time.
pub(super) const SCRIPT: &[Step] = &[
    Create("a", 2, true, 700),
    Create("b", 1, false, 700),
    Append("a", 0, 2, 30),
    Settle,
    Append("a", 0, 1, 100),
    Append("a", 1, 3, 50),
    Append("b", 0, 2, 50),
    Calls(1),
    Append("b", 0, 4, 60),
    Append("b", 0, 4, 60),
    Produce("b", 0, 7),
    Append("a", 0, 4, 80),
    Append("a", 0, 4, 80),
    Settle,
    Create("c", 1, true, 9_000),
    Append("c", 0, 1, 2_000),
    Append("c", 0, 1, 2_000),
    Append("c", 0, 1, 2_000),
    Calls(1),
    Append("c", 0, 1, 2_000),
    Append("c", 0, 1, 2_000),
    Append("c", 0, 1, 2_000),
    Produce("a", 1, 7),
    Produce("a", 1, 8),
    Settle,
    Pass(61_000),
    Calls(1),
    Append("b", 0, 1, 10),
    DeleteRecords("b", 0, 60),
    Append("b", 0, 5, 60),
    Pass(61_000),
    Settle,
    Produce("b", 0, 7),
    Append("b", 0, 5, 60),
    Calls(1),
    Produce("a", 1, 7),
    Append("a", 0, 4, 80),
    Append("c", 0, 1, 4_000),
    Pass(1_000),
    Append("c", 0, 1, 10),
    Pass(61_000),
    Settle,
    // Makes the recovery points durable; then "c" rolls right at its own.
    Append("a", 1, 1, 10),
    Settle,
    Append("c", 0, 1, 4_000),
    Calls(1),
    Append("c", 0, 3, 10),
    Retain("c", Some(5_000), None),
    Calls(2),
    Delete("a"),
    Append("b", 0, 1, 10),
    Calls(1),
    Create("a", 1, false, 700),
    Append("a", 0, 2, 40),
    Settle,
    Pass(61_000),
    Append("a", 0, 2, 40),
    Settle,
    Pass(61_000),
    Recreate("a"),
    Append("a", 0, 1, 40),
    Settle,
    Pass(1_000),
    Retain("b", None, Some(10)),
    Append("b", 0, 1, 40),
    Produce("b", 0, 9),
    Settle,
    Append("b", 0, 1, 40),
    DeleteRecords("b", 0, 100),
    Calls(1),
    Append("a", 0, 5, 90),
    Append("a", 0, 5, 90),
    DeleteRecords("a", 0, 50),
    DeleteRecords("c", 0, 50),
    Settle,
    Delete("c"),
    Settle,
    Stop,
    Settle,
];

/// Does the step. False: power was lost on the way.
pub(super) fn take(broker: &mut Broker, step: Step) -> bool {
    let id = |broker: &Broker, name, partition| {
        let topic = broker.model.topic(name)?;
        (partition < topic.logs.len() as i32).then_some(TopicPartition { topic: topic.id, partition })
    };
    let now = broker.world.now.wall;
    if broker.is_stopping() && !matches!(step, Calls(_) | Settle) {
        return true;
    }
    match step {
        Create(name, partitions, is_flushing, segment_bytes) => {
            if broker.model.topic(name).is_none() {
                broker.create(name, partitions, is_flushing, segment_bytes);
                broker.end_turn();
            }
        }
        Delete(name) => {
            broker.delete(name);
            broker.end_turn();
        }
        Recreate(name) => {
            if let Some(topic) = broker.model.topic(name).cloned() {
                broker.delete(name);
                broker.create(name, topic.logs.len() as i32, topic.is_flushing, topic.segment_bytes);
                broker.end_turn();
            }
        }
        Append(name, partition, records, bytes) => {
            if let Some(id) = id(broker, name, partition) {
                append(broker, id, batch(records, bytes as usize, now));
            }
        }
        Produce(name, partition, producer) => {
            if let Some(id) = id(broker, name, partition) {
                let log = broker.partitions.get(id).expect("a partition").log();
                let entry = log.producers().get(producer);
                let last = entry.and_then(|entry| Some((entry.epoch, entry.batches.back()?.last_sequence)));
                let (epoch, sequence) = last.map_or((3, i32::MAX - 1), |(epoch, last)| (epoch, next_sequence(last)));
                append(broker, id, idempotent(2, now, (producer, epoch, sequence)));
            }
        }
        DeleteRecords(name, partition, percent) => {
            if let Some(id) = id(broker, name, partition) {
                broker.turn(|turn, partitions, dir| {
                    let partition = partitions.get_mut(id).expect("a partition");
                    let (start, end) = (partition.log().log_start_offset(), partition.high_watermark());
                    let before = start + (end - start) * percent / 100;
                    if before >= start {
                        let _ = partition.delete_records(turn, dir, before);
                    }
                });
            }
        }
        Retain(name, bytes, millis) => retain(broker, name, (bytes, millis)),
        Pass(millis) => {
            broker.world.pass(millis);
            broker.turn(|turn, partitions, dir| partitions.on_tick(turn, dir));
        }
        Calls(count) => {
            for _ in 0..count {
                if broker.world.next_call().is_some() && !broker.step() {
                    return false;
                }
            }
        }
        Settle => return broker.settle(),
        Stop => broker.stop(),
    }
    true
}

fn next_sequence(last: Sequence) -> Sequence {
    crate::log::producer_state::sequence_after(last, 1)
}

fn append(broker: &mut Broker, id: TopicPartition, batch: crate::record::Batch) {
    if let Err(why) = broker.append(id, batch) {
        let is_too_large = why == ErrorCode::RecordListTooLarge;
        assert!(is_too_large || broker.dir.state() != DirState::Online, "{why}");
    }
}

fn retain(broker: &mut Broker, name: &str, (bytes, millis): (Option<u64>, Option<u64>)) {
    let Some(topic) = broker.model.topic(name).cloned() else { return };
    broker.turn(|turn, partitions, dir| {
        for partition in 0..topic.logs.len() as i32 {
            let mut config = config(topic.is_flushing, topic.segment_bytes);
            (config.retention_bytes, config.retention) = (Limit(bytes), Limit(millis));
            let partition = partitions.get_mut(TopicPartition { topic: topic.id, partition });
            partition.expect("a partition").reconfigure(turn, dir, Arc::new(config));
        }
    });
}

/// Some step that may do anything to anything.
pub(super) fn draw(rng: &mut Rng) -> Step {
    let name = ["a", "b", "c"][rng.below(3) as usize];
    let partition = rng.below(2) as i32;
    match rng.below(40) {
        0..3 => Create(name, 1 + rng.below(2) as i32, rng.below(2) == 0, [300, 500, 9_000][rng.below(3) as usize]),
        3 => Delete(name),
        4 => Recreate(name),
        5..16 => Append(name, partition, 1 + rng.below(4) as u32, rng.below(40) as u32),
        16..20 => Append(name, partition, 1, 1_000 + rng.below(2_000) as u32),
        20..24 => Produce(name, partition, rng.below(3) as i64),
        24..26 => DeleteRecords(name, partition, rng.below(101) as i64),
        26 => Retain(name, Some(rng.below(4) * 400), None),
        27 => Retain(name, None, Some(rng.below(3) * 50)),
        28..31 => Pass([10, 100, 61_000][rng.below(3) as usize]),
        31..38 => Calls(1 + rng.below(3) as u32),
        38 => Settle,
        _ if rng.below(4) == 0 => Stop,
        _ => Calls(1),
    }
}
