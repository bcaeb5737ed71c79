use proptest::prelude::*;

use super::*;
use crate::record::crc;

const DAY: Duration = Duration::from_secs(86_400);

fn header(producer_id: i64, epoch: i16, sequence: i32, records: i32, offset: i64) -> BatchHeader {
    BatchHeader {
        base_offset: offset,
        length: 100,
        partition_leader_epoch: 0,
        magic: 2,
        crc: 0,
        attributes: 0,
        last_offset_delta: records - 1,
        base_timestamp: Timestamp(5),
        max_timestamp: Timestamp(5),
        producer_id,
        producer_epoch: epoch,
        base_sequence: sequence,
        record_count: records,
    }
}

/// Appends if allowed; gives the offset it has in the log, and whether it was there already.
fn send(state: &mut ProducerState, next: &mut i64, batch: (i16, i32, i32)) -> Result<(i64, bool), ErrorCode> {
    let header = header(9, batch.0, batch.1, batch.2, *next);
    if let Some(kept) = state.check(&header)? {
        return Ok((kept.first_offset(), true));
    }
    state.update(&header, Timestamp(100));
    *next += i64::from(batch.2);
    Ok((header.base_offset, false))
}

#[test]
fn the_last_five_batches_answer_their_first_offset() {
    let (mut state, mut next) = (ProducerState::new(DAY), 40);
    for sequence in [0, 3, 6, 9, 12, 15] {
        assert_eq!(send(&mut state, &mut next, (0, sequence, 3)), Ok((40 + i64::from(sequence), false)));
    }
    for sequence in [3, 6, 9, 12, 15] {
        assert_eq!(send(&mut state, &mut next, (0, sequence, 3)), Ok((40 + i64::from(sequence), true)));
    }
    // The sixth last is not remembered, and a batch cut otherwise is no duplicate.
    for (sequence, records) in [(0, 3), (15, 2), (14, 3), (12, 6)] {
        assert_eq!(send(&mut state, &mut next, (0, sequence, records)), Err(ErrorCode::OutOfOrderSequenceNumber));
    }
}

#[test]
fn a_gap_is_refused_and_a_stranger_may_begin_anywhere() {
    let (mut state, mut next) = (ProducerState::new(DAY), 0);
    assert_eq!(send(&mut state, &mut next, (3, 700, 2)), Ok((0, false)));
    assert_eq!(send(&mut state, &mut next, (3, 703, 1)), Err(ErrorCode::OutOfOrderSequenceNumber));
    assert_eq!(send(&mut state, &mut next, (3, 702, 1)), Ok((2, false)));
}

#[test]
fn a_new_epoch_begins_at_zero_and_fences_the_old() {
    let (mut state, mut next) = (ProducerState::new(DAY), 0);
    assert_eq!(send(&mut state, &mut next, (1, 0, 1)), Ok((0, false)));
    assert_eq!(send(&mut state, &mut next, (2, 1, 1)), Err(ErrorCode::OutOfOrderSequenceNumber));
    assert_eq!(send(&mut state, &mut next, (2, 0, 1)), Ok((1, false)));
    // Which error comes first matters: the sequence would be wrong too.
    assert_eq!(send(&mut state, &mut next, (1, 0, 1)), Err(ErrorCode::InvalidProducerEpoch));
    assert_eq!(send(&mut state, &mut next, (2, 0, 1)), Ok((1, true)));
}

/// T12.
#[test]
fn sequences_wrap_to_zero() {
    let (mut state, mut next) = (ProducerState::new(DAY), 0);
    assert_eq!(send(&mut state, &mut next, (0, i32::MAX - 2, 2)), Ok((0, false)));
    // Ends at sequence 1: i32::MAX, 0, 1.
    assert_eq!(send(&mut state, &mut next, (0, i32::MAX, 3)), Ok((2, false)));
    assert_eq!(send(&mut state, &mut next, (0, i32::MAX, 3)), Ok((2, true)));
    assert_eq!(send(&mut state, &mut next, (0, i32::MAX - 2, 2)), Ok((0, true)));
    assert_eq!(send(&mut state, &mut next, (0, 3, 1)), Err(ErrorCode::OutOfOrderSequenceNumber));
    assert_eq!(send(&mut state, &mut next, (0, 2, 1)), Ok((5, false)));
    let (mut exact, mut next) = (ProducerState::new(DAY), 0);
    assert_eq!(send(&mut exact, &mut next, (0, i32::MAX, 1)), Ok((0, false)));
    assert_eq!(send(&mut exact, &mut next, (0, 0, 1)), Ok((1, false)));
}

#[test]
fn an_append_is_taken_back_exactly() {
    let mut state = ProducerState::new(DAY);
    let mut states = vec![state.entries.clone()];
    let mut undos = Vec::new();
    for (epoch, sequence) in [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 0), (1, 1)] {
        undos.push(state.update(&header(9, epoch, sequence, 1, 0), Timestamp(1)));
        states.push(state.entries.clone());
    }
    while let Some(undo) = undos.pop() {
        assert_eq!(Some(&state.entries), states.pop().as_ref());
        state.undo(undo);
    }
    assert!(state.is_empty());
}

/// T07: the records' own timestamps say nothing about when the producer was here.
#[test]
fn a_producer_expires_by_the_brokers_clock() {
    let mut state = ProducerState::new(Duration::from_millis(50));
    state.update(&header(1, 0, 0, 1, 0), Timestamp(1_000));
    state.update(&header(2, 0, 0, 1, 1), Timestamp(1_001));
    state.expire(Timestamp(1_050));
    assert!(state.get(1).is_none() && state.get(2).is_some());
}

#[test]
fn producers_are_bounded_and_the_silent_go_first() {
    let mut state = ProducerState::new(DAY);
    for producer in 0..PRODUCERS_MAX as i64 + 1 {
        state.update(&header(producer, 0, 0, 1, producer), Timestamp(producer));
    }
    assert_eq!(state.len(), PRODUCERS_MAX - PRODUCERS_MAX / 8);
    assert!(state.get(0).is_none() && state.get(PRODUCERS_MAX as i64).is_some());
}

/// The bytes of one entry as `ProducerStateManager.writeSnapshot` lays them out.
#[test]
fn a_snapshot_is_kafkas_version_1() {
    let mut state = ProducerState::new(DAY);
    state.update(&header(0x0102, 3, 10, 5, 70), Timestamp(0x77));
    let bytes = state.snapshot();
    let crc = crc::crc32c(&[&bytes[6..]]).to_be_bytes();
    let mut expected = vec![0, 1, crc[0], crc[1], crc[2], crc[3], 0, 0, 0, 1];
    expected.extend([0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 74, 0, 0, 0, 4]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 0x77, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]);
    assert_eq!(bytes[..56], expected[..]);
}

#[test]
fn a_snapshot_that_kafka_wrote_holds_one_batch_each() {
    let mut state = ProducerState::new(DAY);
    for sequence in 0..3 {
        state.update(&header(7, 0, sequence, 1, i64::from(sequence)), Timestamp(1));
    }
    let ours = state.snapshot();
    let mut kafkas = ours[..56].to_vec();
    let crc = crc::crc32c(&[&kafkas[6..]]).to_be_bytes();
    kafkas[2..6].copy_from_slice(&crc);
    let read = ProducerState::from_snapshot(&kafkas, DAY).unwrap();
    assert_eq!(read.get(7).unwrap().batches.iter().map(|batch| batch.last_offset).collect::<Vec<_>>(), [2]);
    assert_eq!(ProducerState::from_snapshot(&ours, DAY).unwrap().entries, state.entries);
}

proptest! {
    #[test]
    fn snapshots_read_back_and_damage_is_seen(
        sends in prop::collection::vec((0_i64..20, 0_i16..3, 1_i32..9), 0..60),
        damage in any::<prop::sample::Index>(),
    ) {
        let (mut state, mut next) = (ProducerState::new(DAY), 0);
        for (producer, epoch, records) in sends {
            let sequence = state.get(producer).filter(|entry| entry.epoch == epoch);
            let sequence = sequence.map_or(0, |entry| sequence_after(entry.batches.back().unwrap().last_sequence, 1));
            state.update(&header(producer, epoch, sequence, records, next), Timestamp(next));
            next += i64::from(records);
        }
        let mut bytes = state.snapshot().to_vec();
        prop_assert_eq!(ProducerState::from_snapshot(&bytes, DAY).unwrap().entries, state.entries);
        let at = damage.index(bytes.len());
        bytes[at] ^= 0x10;
        prop_assert!(ProducerState::from_snapshot(&bytes, DAY).is_none());
        prop_assert!(ProducerState::from_snapshot(&bytes[..at], DAY).is_none());
    }
}
