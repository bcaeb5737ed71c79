#![allow(clippy::disallowed_types)] // the model

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Large, so that a chunk has room for eight entries and a hundred keys make a list of chunks.
type Large = [u64; 64];

#[derive(Clone, Debug)]
enum Step {
    Insert(u16),
    Remove(u16),
    Enter(u16),
    PopFirst,
    SplitOff(u16),
    Retain(u16),
    Extend(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..150u16;
    prop_oneof![
        8 => key.clone().prop_map(Step::Insert),
        6 => key.clone().prop_map(Step::Remove),
        2 => key.clone().prop_map(Step::Enter),
        2 => Just(Step::PopFirst),
        1 => (100..150u16).prop_map(Step::SplitOff),
        1 => (2..9u16).prop_map(Step::Retain),
        1 => (key, 0..60u16).prop_map(|(from, count)| Step::Extend(from, count)),
    ]
}

fn large(value: u16) -> Large {
    [u64::from(value); 64]
}

/// Takes one step on both and compares what it gave.
fn take(step: &Step, number: u16, map: &mut SortedMap<u16, Large>, model: &mut BTreeMap<u16, Large>) {
    match *step {
        Step::Insert(key) => assert_eq!(map.insert(key, large(number)), model.insert(key, large(number))),
        Step::Remove(key) => assert_eq!(map.remove(&key), model.remove(&key)),
        Step::Enter(key) => {
            let (found, expected) =
                (map.entry(key).or_insert(large(number)), model.entry(key).or_insert(large(number)));
            assert_eq!(found, expected);
            found[1] += 1;
            expected[1] += 1;
        }
        Step::PopFirst => assert_eq!(map.pop_first(), model.pop_first()),
        Step::SplitOff(key) => assert!(map.split_off(&key).iter().eq(&model.split_off(&key))),
        Step::Retain(of) => {
            map.retain(|key, value| key % of != value[0] as u16 % of);
            model.retain(|key, value| key % of != value[0] as u16 % of);
        }
        Step::Extend(from, count) => {
            let entries = (from..from + count).map(|key| (key, large(number)));
            map.extend(entries.clone());
            model.extend(entries);
        }
    }
}

fn compare(map: &SortedMap<u16, Large>, model: &BTreeMap<u16, Large>) {
    assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
    assert!(map.iter().eq(model) && map.iter().rev().eq(model.iter().rev()));
    assert!(map.clone().into_iter().eq(model.clone()));
    assert_eq!((map.first_key_value(), map.last_key_value()), (model.first_key_value(), model.last_key_value()));
    for key in 0..152 {
        assert_eq!(map.get(&key), model.get(&key));
        let to = key + 13;
        assert!(map.range(key..to).eq(model.range(key..to)));
        assert!(map.range(..=key).rev().eq(model.range(..=key).rev()));
        assert!(map.range(to..key).next().is_none(), "a range that ends before it begins is empty");
    }
}

proptest! {
    #[test]
    fn a_map_is_what_a_tree_is(steps in prop::collection::vec(step(), 1..250)) {
        let (mut map, mut model) = (SortedMap::new(), BTreeMap::new());
        for (number, step) in (0..).zip(&steps) {
            take(step, number, &mut map, &mut model);
            map.assert_chunks();
        }
        compare(&map, &model);
        prop_assert_eq!(&map, &model.iter().rev().map(|(key, value)| (*key, *value)).collect());
    }

    #[test]
    fn a_set_is_what_a_tree_is(
        values in prop::collection::vec(any::<u8>(), 0..400),
        gone in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut set: SortedSet<u8> = values.iter().copied().collect();
        let mut model: BTreeSet<u8> = values.iter().copied().collect();
        for value in &gone {
            prop_assert_eq!(set.remove(value), model.remove(value));
        }
        prop_assert!(set.iter().eq(&model) && set.range(40..90).eq(model.range(40..90)));
        prop_assert_eq!((set.first(), set.last(), set.len()), (model.first(), model.last(), model.len()));
        for value in values {
            prop_assert_eq!(set.contains(&value), model.contains(&value));
            prop_assert_eq!(set.insert(value), model.insert(value));
        }
        prop_assert!(set.into_iter().eq(model));
    }
}

#[test]
fn what_comes_in_order_fills_its_chunks() {
    let map: SortedMap<u16, Large> = (0..800).map(|key| (key, large(key))).collect();
    assert_eq!((SortedMap::<u16, Large>::CHUNK_MAX, map.chunks()), (8, 100));
    let map: SortedMap<u64, u64> = (0..6400).map(|key| (key, key)).collect();
    assert_eq!((SortedMap::<u64, u64>::CHUNK_MAX, map.chunks()), (64, 100));
}

#[test]
fn holes_do_not_keep_chunks() {
    for forwards in [true, false] {
        let mut map: SortedMap<u64, u64> = (0..6400).map(|key| (key, key)).collect();
        let of = |step: u64| if forwards { step } else { 6399 - step };
        (0..6400).map(of).filter(|key| key % 64 != 7).for_each(|key| assert_eq!(map.remove(&key), Some(key)));
        map.assert_chunks();
        assert_eq!(map.len(), 100);
        assert!(map.chunks() <= 7, "{} chunks", map.chunks());
    }
}

#[test]
fn an_equal_map_may_have_other_chunks() {
    let one: SortedMap<u64, ()> = (0..1000).map(|key| (key, ())).collect();
    let mut other: SortedMap<u64, ()> = (0..1000).rev().map(|key| (key, ())).collect();
    assert_ne!(one.chunks(), other.chunks());
    assert_eq!(one, other);
    other.remove(&5);
    assert_ne!(one, other);
    assert_eq!(format!("{:?}", SortedSet::from([2, 1])), "{1, 2}");
}
