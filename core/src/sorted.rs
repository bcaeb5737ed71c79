//! Maps and sets in the order of their keys, small as code: what `BTreeMap` is to the rest of the world.
//!
//! Each pair of key and value types costs a page about a kilobyte here and ten with `BTreeMap`
//! (`core/decisions/0008-a-sorted-map-of-our-own.md`).

mod map;
mod set;
#[cfg(test)]
mod tests;

pub use map::{Entry, IntoIter, Iter, SortedMap};
pub use set::SortedSet;
