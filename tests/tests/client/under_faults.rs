//! Whatever happens on the way: an acknowledged batch is there once, where it was said to be; one that was given up is
//! there at most once; and a partition keeps them in the order they were asked.

use std::collections::BTreeMap;

use ottla_core::{
    client::{
        CallId, ClientCall, ClientError, Question, Reply,
        question::{Acks, FetchFrom, NewBatch, NewRecord, NewTopic},
    },
    ids::{Offset, PartitionIndex},
    record::Compression,
    rng::Rng,
};

use super::world::World;

const PARTITIONS: i32 = 2;
const BATCHES: u64 = 40;
const SEEDS: u64 = 60;
/// Calls that are none of the batches.
const OTHERS: u64 = 1_000_000;

/// A batch of records that all say `number`.
fn batch(number: u64, records: u64) -> NewBatch {
    let record = NewRecord { value: Some(number.to_string().into()), ..NewRecord::default() };
    NewBatch {
        topic: "t".to_owned(),
        partition: number as i32 % PARTITIONS,
        records: vec![record; records as usize],
        compression: Compression::None,
        acks: Acks::All,
    }
}

fn create(world: &mut World) {
    let configs = vec![("flush.messages".to_owned(), "1".to_owned())];
    let topic = NewTopic { name: "t".to_owned(), partitions: Some(PARTITIONS), configs, ..NewTopic::default() };
    let question = Question::CreateTopics { topics: vec![topic], validate_only: false };
    assert!(matches!(world.ask(CallId(OTHERS), question), Ok(Reply::CreateTopics(created)) if created[0].is_ok()));
}

/// (number, offset of the first record, records) of every batch of a partition.
fn read(world: &mut World, partition: PartitionIndex) -> Vec<(u64, Offset, u64)> {
    let mut kept = Vec::new();
    let mut offset = 0;
    loop {
        let call = CallId(OTHERS + 1 + world.answers.len() as u64);
        let from = FetchFrom { bytes_min: 0, bytes_max: 1000, ..FetchFrom::new("t", partition, offset) };
        let Ok(Reply::Fetch(fetched)) = world.ask(call, Question::Fetch(from)) else { panic!("cannot read") };
        for batch in &fetched.batches {
            let records: Vec<_> = batch.records(1 << 20).unwrap().map(Result::unwrap).collect();
            let number = String::from_utf8(records[0].value.clone().unwrap().to_vec()).unwrap().parse().unwrap();
            assert_eq!(batch.header().base_offset, offset, "an offset is missing");
            kept.push((number, offset, records.len() as u64));
            offset = batch.header().last_offset() + 1;
        }
        if offset >= fetched.high_watermark {
            return kept;
        }
    }
}

fn story(seed: u64) {
    let mut rng = Rng::new(!seed);
    let mut world = World::new(seed);
    create(&mut world);
    (world.cuts, world.crashes) = (rng.below(30), rng.below(4));
    let mut sizes = BTreeMap::new();
    for number in 0..BATCHES {
        let records = 1 + rng.below(3);
        sizes.insert(number, records);
        world.call(ClientCall::Ask { call: CallId(number), question: Question::Produce(batch(number, records)) });
        (0..rng.below(30)).for_each(|_| world.step());
        if rng.below(10) == 0 {
            world.call(ClientCall::Cancel { call: CallId(rng.below(number + 1)) });
        }
    }
    (0..rng.below(500)).for_each(|_| world.step());
    (world.cuts, world.crashes) = (0, 0);
    let results: Vec<_> = (0..BATCHES).map(|number| world.until_answered(CallId(number))).collect();

    for partition in 0..PARTITIONS {
        let kept = read(&mut world, partition);
        let numbers: Vec<u64> = kept.iter().map(|(number, ..)| *number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "seed {seed}: twice or out of order: {numbers:?}");
        for (number, result) in
            results.iter().enumerate().filter(|(number, _)| *number as i32 % PARTITIONS == partition)
        {
            let number = number as u64;
            let found = kept.iter().find(|(other, ..)| *other == number);
            match result {
                Ok(Reply::Produce(produced)) => {
                    let said = produced.base_offset.map(|offset| (number, offset, sizes[&number]));
                    assert_eq!(found.copied(), said, "seed {seed}: acknowledged");
                }
                Err(ClientError::Cancelled) => {}
                other => panic!("seed {seed}: {number}: {other:?}"),
            }
        }
    }
}

#[test]
fn acknowledged_batches_are_kept_once_and_in_order() {
    (0..SEEDS).for_each(story);
}
