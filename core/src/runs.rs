//! A list that grows at its end, is cut at both, and costs little to clone: full runs of it are shared.
//!
//! Whatever lasts as long as a world does and grows with it is kept in one of these, so that a snapshot of the world
//! costs pointers.

use std::{collections::VecDeque, sync::Arc};

/// Bytes of one run, about.
const RUN_BYTES: usize = 8192;

/// Items are numbered from 0 on and keep their number when others leave in front of them.
#[derive(Debug)]
pub struct Runs<T> {
    /// Each of `LENGTH` items.
    sealed: VecDeque<Arc<[T]>>,
    open: Vec<T>,
    /// The number of the first item that is kept, a multiple of `LENGTH`.
    first: u64,
}

impl<T> Runs<T> {
    const LENGTH: usize = {
        let length = RUN_BYTES / if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        if length < 16 { 16 } else { length }
    };

    /// The number of the first item that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next item will get.
    pub fn end(&self) -> u64 {
        self.first + (self.sealed.len() * Self::LENGTH + self.open.len()) as u64
    }

    pub fn is_empty(&self) -> bool {
        self.end() == self.first
    }

    pub fn push(&mut self, item: T) {
        self.open.push(item);
        if self.open.len() == Self::LENGTH {
            self.sealed.push_back(std::mem::take(&mut self.open).into());
        }
    }

    pub fn get(&self, number: u64) -> Option<&T> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let (run, place) = (at / Self::LENGTH, at % Self::LENGTH);
        match self.sealed.get(run) {
            Some(sealed) => sealed.get(place),
            None => self.open.get(at - self.sealed.len() * Self::LENGTH),
        }
    }

    pub fn last(&self) -> Option<&T> {
        self.open.last().or_else(|| self.sealed.back().and_then(|run| run.last()))
    }

    /// Items from `number` on, or from the first one that is kept.
    pub fn iter_from(&self, number: u64) -> impl DoubleEndedIterator<Item = &T> {
        let at = number.saturating_sub(self.first).min(self.end() - self.first) as usize;
        let (run, place) = (at / Self::LENGTH, at % Self::LENGTH);
        let (begun, rest, open) = match self.sealed.get(run) {
            Some(sealed) => (&sealed[place..], run + 1, &self.open[..]),
            None => (&[][..], self.sealed.len(), &self.open[at - self.sealed.len() * Self::LENGTH..]),
        };
        begun.iter().chain(self.sealed.range(rest..).flat_map(|run| run.iter())).chain(open)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.iter_from(self.first)
    }

    /// The number of the first item for which it does not hold. It holds for all before and none after.
    pub fn partition_point(&self, holds: impl Fn(&T) -> bool) -> u64 {
        let runs = self.sealed.partition_point(|run| run.last().is_some_and(&holds));
        let place = self.sealed.get(runs).map_or(&self.open[..], |run| run).partition_point(holds);
        self.first + (runs * Self::LENGTH + place) as u64
    }

    /// Lets whole runs go of which every number is below `number`.
    pub fn drop_below(&mut self, number: u64) {
        while self.first + Self::LENGTH as u64 <= number && self.sealed.pop_front().is_some() {
            self.first += Self::LENGTH as u64;
        }
    }

    /// What a clone copies, in bytes, but for what items hold elsewhere.
    pub fn own_bytes(&self) -> u64 {
        (self.sealed.len() * size_of::<Arc<[T]>>() + self.open.len() * size_of::<T>()) as u64
    }
}

impl<T: Clone> Runs<T> {
    /// Keeps the items before `end`.
    pub fn truncate(&mut self, end: u64) {
        while self.end() > end {
            if self.open.is_empty() {
                // Of the run that is cut somebody else may have a clone.
                match self.sealed.pop_back() {
                    Some(run) => self.open.extend_from_slice(&run),
                    None => return,
                }
            }
            let kept = end.saturating_sub(self.end() - self.open.len() as u64);
            self.open.truncate(kept as usize);
        }
    }

    pub fn pop(&mut self) -> Option<T> {
        let last = self.last().cloned()?;
        self.truncate(self.end() - 1);
        Some(last)
    }
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self { sealed: VecDeque::new(), open: Vec::new(), first: 0 }
    }
}

// Sealed runs are shared whether their items can be cloned or not, so this is not derived.
impl<T: Clone> Clone for Runs<T> {
    fn clone(&self) -> Self {
        Self { sealed: self.sealed.clone(), open: self.open.clone(), first: self.first }
    }
}

impl<T: PartialEq> PartialEq for Runs<T> {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Runs<T> {}

impl<T> Extend<T> for Runs<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T> FromIterator<T> for Runs<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut runs = Self::default();
        runs.extend(items);
        runs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Large, so that a run is short.
    type Item = [u64; 64];

    fn item(value: u64) -> Item {
        [value; 64]
    }

    proptest! {
        #[test]
        fn it_does_what_a_vector_does(ops in prop::collection::vec((0_u8..8, 0_u64..200), 0..300)) {
            let (mut runs, mut plain, mut next) = (Runs::default(), Vec::new(), 0);
            let mut clones = Vec::new();
            for (op, value) in ops {
                match op {
                    0 => {
                        let end = runs.first() + value.min(plain.len() as u64);
                        runs.truncate(end);
                        plain.truncate((end - runs.first()) as usize);
                    }
                    1 => {
                        let before = runs.first();
                        runs.drop_below(before + value / 4);
                        plain.drain(..(runs.first() - before) as usize);
                    }
                    2 => prop_assert_eq!(runs.pop(), plain.pop()),
                    3 if clones.len() < 5 => clones.push((runs.clone(), plain.clone())),
                    _ => for _ in 0..value / 10 {
                        runs.push(item(next));
                        plain.push(item(next));
                        next += 1;
                    },
                }
                prop_assert_eq!(runs.end() - runs.first(), plain.len() as u64);
                prop_assert_eq!(runs.last(), plain.last());
                let at = runs.first() + value;
                prop_assert_eq!(runs.get(at), plain.get(value as usize));
                prop_assert!(runs.iter_from(at).eq(plain.iter().skip(value as usize)));
                prop_assert!(runs.iter().rev().eq(plain.iter().rev()));
                prop_assert_eq!(
                    runs.partition_point(|item| item[0] < value) - runs.first(),
                    plain.partition_point(|item| item[0] < value) as u64
                );
            }
            for (runs, plain) in clones {
                prop_assert!(runs.iter().eq(plain.iter()), "a clone changed with the list it was made of");
            }
        }
    }
}
