//! S2, S5: bytes at rest that changed, were cut off or are gone. A dir then opens with all that it held, or refuses to
//! in words; what is read is what was appended, or an error. Nothing panics.

use super::{
    broker::{Broker, logs_of, topics_of},
    crash::in_case,
    model::Model,
    script::{SCRIPT, take},
};
use crate::{
    effect::FileName,
    error::{ErrorCode, Fatal},
    ids::*,
    log::{
        Log, Opened, layout,
        layout::LogFile,
        tests::{check, disk::Disk, world::World},
    },
    record::Batch,
    rng::Rng,
    sorted::SortedMap,
};

/// A dir in which everything is durable, stopped cleanly or not, and what it holds.
fn kept(is_clean: bool) -> (Disk, Model) {
    let mut broker = Broker::new(1);
    let script = SCRIPT.iter().filter(|step| is_clean || !matches!(step, super::script::Step::Stop));
    for step in script {
        assert!(take(&mut broker, *step));
    }
    (broker.world.disk, broker.model)
}

fn open(disk: &Disk) -> Result<Opened, Fatal> {
    let mut world = World::on(disk.clone(), 5);
    world.open(|document| logs_of(&topics_of(document.as_ref()))).expect("power stays on")
}

fn opened_disk(disk: &Disk) -> (Disk, Result<Opened, Fatal>) {
    let mut world = World::on(disk.clone(), 5);
    let opened = world.open(|document| logs_of(&topics_of(document.as_ref()))).expect("power stays on");
    (world.disk, opened)
}

/// A name may be another topic's before the files of the first one are gone. Whenever power is lost on the way, none of
/// its records comes back in the other.
#[test]
fn a_topic_never_inherits_what_one_of_its_name_left() {
    let (disk, _) = kept(false);
    let others = |document: Option<bytes::Bytes>| {
        let mut logs = logs_of(&topics_of(document.as_ref()));
        logs.iter_mut().for_each(|log| log.id.topic = TopicId([9; 16]));
        logs
    };
    for call in 0.. {
        for seed in 0..8 {
            let mut world = World::on(disk.clone(), seed);
            world.fault = Some((call, crate::log::tests::world::Fault::Crash(false)));
            if world.open(others).is_some() {
                return;
            }
            let opened = in_case(format!("call {call}, seed {seed}"), || world.open(others).unwrap().unwrap());
            for log in opened.logs {
                assert_eq!((log.log_start_offset(), log.log_end_offset()), (0, 0), "call {call}, seed {seed}");
            }
        }
    }
}

/// Leader epochs lie outside the CRC, as they do for Kafka.
fn without_epoch(batch: &Batch) -> Vec<u8> {
    let mut bytes = batch.to_bytes().to_vec();
    bytes[12..16].fill(0);
    bytes
}

/// Whatever can be read is what was appended there.
fn assert_true(log: &Log, disk: &Disk, model: &Model) {
    let topic = model.topics.iter().find(|topic| topic.id == log.id().topic).expect("a topic of the model");
    let batches = &topic.logs[log.id().partition as usize].batches;
    let by_offset: SortedMap<Offset, &Batch> =
        batches.iter().map(|batch| (batch.header().base_offset, batch)).collect();
    for bytes_max in [1, 3_000] {
        let mut from = log.log_start_offset();
        while from < log.log_end_offset() {
            match check::read_from(log, disk, from, bytes_max) {
                Ok(found) => {
                    for batch in found {
                        let appended = by_offset[&batch.header().base_offset];
                        assert_eq!(without_epoch(&batch), without_epoch(appended), "S2");
                    }
                    break;
                }
                Err(ErrorCode::CorruptMessage) => from += 1,
                Err(why) => panic!("{why}"),
            }
        }
    }
}

/// The dir, damaged, against the same undamaged.
fn assert_nothing_is_lost_in_silence(sound: &Opened, damaged: &Disk, model: &Model, file: &str) {
    let (disk, opened) = opened_disk(damaged);
    let Ok(opened) = opened else { return };
    for (log, before) in opened.logs.iter().zip(&sound.logs) {
        assert_true(log, &disk, model);
        if file != layout::LOG_STARTS {
            let range = |log: &Log| log.log_start_offset()..log.log_end_offset();
            assert_eq!(range(log), range(before), "{:?}", log.id());
        }
        let topic = model.topics.iter().find(|topic| topic.id == log.id().topic).expect("a topic of the model");
        let sent = topic.logs[log.id().partition as usize].batches.iter().map(Batch::header);
        check::assert_producers_are_known(log, sent.filter(|header| header.base_offset < log.log_end_offset()));
    }
}

fn bit_flips(is_clean: bool, flips: u64) {
    let (disk, model) = kept(is_clean);
    let sound = open(&disk).unwrap();
    let mut rng = Rng::new(3);
    for file in disk.names().iter().filter(|file| &***file != layout::CATALOG) {
        let len = disk.file(file).unwrap().len() as u64;
        for _ in 0..flips.min(len * 8) {
            let bit = rng.below(len * 8);
            let mut damaged = disk.clone();
            damaged.damage(file, |bytes| bytes[(bit / 8) as usize] ^= 1 << (bit % 8));
            in_case(format!("bit {bit} of {file}"), || {
                assert_nothing_is_lost_in_silence(&sound, &damaged, &model, file);
            });
        }
    }
}

#[test]
fn a_flipped_bit_is_never_served_and_takes_nothing_else_along() {
    bit_flips(true, 60);
}

/// Each file that can be made again from others is.
fn is_made_again(file: &FileName) -> bool {
    match layout::parse(file) {
        Some((_, file)) => {
            matches!(file, LogFile::Index(_) | LogFile::TimeIndex(_) | LogFile::Snapshot(_) | LogFile::LeaderEpochs)
        }
        None => &**file == layout::RECOVERY_POINTS || &**file == layout::CLEAN_SHUTDOWN || &**file == layout::KEPT_ROOM,
    }
}

#[test]
fn what_can_be_made_again_is_made_again_and_the_rest_is_missed() {
    let (disk, model) = kept(true);
    for file in disk.names().iter().filter(|file| &***file != layout::CATALOG) {
        let is_empty = disk.file(file).unwrap().is_empty();
        let mut damaged = disk.clone();
        damaged.lose(file);
        // A segment with few batches has no index, so that the file of a small one is not missed: readers load more.
        let is_index = matches!(layout::parse(file), Some((_, LogFile::Index(_))));
        in_case(format!("without {file}"), || match opened_disk(&damaged) {
            _ if is_index => assert_nothing_is_lost_in_silence(&open(&disk).unwrap(), &damaged, &model, file),
            (disk, Ok(opened)) => {
                let listed: Vec<TopicId> = opened.logs.iter().map(|log| log.id().topic).collect();
                model.assert_kept(&opened, &listed, &disk);
            }
            (_, Err(fatal)) => assert!(!is_made_again(file) && !is_empty, "{fatal}"),
        });
    }
}

#[test]
fn a_file_that_was_cut_off_is_noticed() {
    let (disk, model) = kept(true);
    let sound = open(&disk).unwrap();
    let mut rng = Rng::new(4);
    for file in disk.names().iter().filter(|file| &***file != layout::CATALOG) {
        for _ in 0..12 {
            let len = rng.below(disk.file(file).unwrap().len() as u64 + 1) as usize;
            let mut damaged = disk.clone();
            damaged.damage(file, |bytes| bytes.truncate(len));
            in_case(format!("{file} cut to {len}"), || {
                assert_nothing_is_lost_in_silence(&sound, &damaged, &model, file);
            });
        }
    }
}

/// B19: an epoch checkpoint that is newer than the recovered log is trimmed to it. One that says too little, or
/// nothing that can be, is made again.
#[test]
fn leader_epochs_are_those_of_the_batches_whatever_their_checkpoint_says() {
    let (disk, model) = kept(true);
    let is_epochs = |file: &&FileName| matches!(layout::parse(file), Some((_, LogFile::LeaderEpochs)));
    for text in ["0\n1\n7 999999\n", "0\n2\n0 0\n9 999999\n", "0\n0\n", "0\n2\n5 0\n4 9\n", "x", ""] {
        for file in disk.names().iter().filter(is_epochs) {
            let mut damaged = disk.clone();
            damaged.damage(file, |bytes| *bytes = text.into());
            in_case(format!("{file} says {text:?}"), || {
                let (disk, opened) = opened_disk(&damaged);
                let opened = opened.unwrap();
                let listed: Vec<TopicId> = opened.logs.iter().map(|log| log.id().topic).collect();
                model.assert_kept(&opened, &listed, &disk);
            });
        }
    }
}
