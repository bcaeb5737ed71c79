//! A sorted list, cut into chunks.

use std::{
    borrow::Borrow,
    fmt,
    iter::Flatten,
    mem,
    ops::{Bound, Index, RangeBounds},
    vec,
};

/// Bytes of a chunk, about: what an insertion may move.
const CHUNK_BYTES: usize = 2048;

/// A map in the order of its keys.
///
/// An entry lies in one of the chunks, and a chunk has room for 8 to 64 of them. To put one in or take one out moves part
/// of a chunk, and once in half a chunk of insertions part of the list of chunks: with a million entries that is 8 kB for
/// each on average, and a copy is quick. What is put in in order fills its chunks.
///
/// Differs from `BTreeMap`: a range that ends before it begins is empty, it does not panic.
#[derive(Clone)]
pub struct SortedMap<K, V> {
    /// None is empty, and no two neighbours would fill half a chunk.
    chunks: Vec<Vec<(K, V)>>,
    len: usize,
}

/// Where an entry is, or is to be put. Past the last one it is the number of chunks and 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    chunk: usize,
    entry: usize,
}

impl<K, V> SortedMap<K, V> {
    pub(super) const CHUNK_MAX: usize = {
        let fit = CHUNK_BYTES / (size_of::<(K, V)>() + 1);
        if fit < 8 {
            8
        } else if fit > 64 {
            64
        } else {
            fit
        }
    };

    pub const fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn clear(&mut self) {
        *self = Self::new();
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { chunks: &self.chunks, front: Place { chunk: 0, entry: 0 }, back: self.end() }
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.chunks.iter_mut().flatten().map(|(key, value)| (&*key, value))
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.chunks.iter_mut().flatten().map(|(_, value)| value)
    }

    pub fn into_keys(self) -> impl Iterator<Item = K> {
        self.into_iter().map(|(key, _)| key)
    }

    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (self.len > 0).then(|| self.take(Place { chunk: 0, entry: 0 }))
    }

    /// Keeps the entries that `keeps` says so of, asked in order.
    pub fn retain(&mut self, mut keeps: impl FnMut(&K, &mut V) -> bool) {
        for mut chunk in mem::take(self).chunks {
            chunk.retain_mut(|(key, value)| keeps(key, value));
            self.push_chunk(chunk);
        }
    }

    fn end(&self) -> Place {
        Place { chunk: self.chunks.len(), entry: 0 }
    }

    /// At the end, into the last chunk if the two are small.
    fn push_chunk(&mut self, mut chunk: Vec<(K, V)>) {
        self.len += chunk.len();
        match self.chunks.last_mut() {
            _ if chunk.is_empty() => {}
            Some(last) if last.len() + chunk.len() <= Self::CHUNK_MAX / 2 => last.append(&mut chunk),
            _ => self.chunks.push(chunk),
        }
    }

    fn put(&mut self, at: Place, key: K, value: V) -> &mut V {
        let Place { mut chunk, mut entry } = at;
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        } else if self.chunks[chunk].len() >= Self::CHUNK_MAX {
            // What comes in order leaves full chunks behind, anything else halves the one it falls into.
            let cut = if entry == Self::CHUNK_MAX { entry } else { Self::CHUNK_MAX / 2 };
            let rest = self.chunks[chunk].split_off(cut);
            self.chunks.insert(chunk + 1, rest);
            if entry >= cut {
                (chunk, entry) = (chunk + 1, entry - cut);
            }
        }
        self.len += 1;
        self.chunks[chunk].insert(entry, (key, value));
        &mut self.chunks[chunk][entry].1
    }

    fn take(&mut self, at: Place) -> (K, V) {
        let taken = self.chunks[at.chunk].remove(at.entry);
        self.len -= 1;
        if self.chunks[at.chunk].is_empty() {
            self.chunks.remove(at.chunk);
        }
        self.join(at.chunk);
        if at.chunk > 0 {
            self.join(at.chunk - 1);
        }
        taken
    }

    /// Makes one of a chunk and the next, if they are small.
    fn join(&mut self, chunk: usize) {
        if let Some([first, second]) = self.chunks.get_mut(chunk..chunk + 2)
            && first.len() + second.len() <= Self::CHUNK_MAX / 2
        {
            first.append(second);
            self.chunks.remove(chunk + 1);
        }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| &self.chunks[at.chunk][at.entry].1)
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| &mut self.chunks[at.chunk][at.entry].1)
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Gives what was there before. An equal key stays the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => Some(mem::replace(&mut self.chunks[at.chunk][at.entry].1, value)),
            Err(at) => {
                self.put(at, key, value);
                None
            }
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| self.take(at).1)
    }

    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { found: self.find(&key), key, map: self }
    }

    pub fn range(&self, range: impl RangeBounds<K>) -> Iter<'_, K, V> {
        let front = match range.start_bound() {
            Bound::Included(key) => self.bound(key, false),
            Bound::Excluded(key) => self.bound(key, true),
            Bound::Unbounded => Place { chunk: 0, entry: 0 },
        };
        let back = match range.end_bound() {
            Bound::Included(key) => self.bound(key, true),
            Bound::Excluded(key) => self.bound(key, false),
            Bound::Unbounded => self.end(),
        };
        Iter { chunks: &self.chunks, front, back: back.max(front) }
    }

    /// Cuts off what is at `key` and behind it.
    pub fn split_off(&mut self, key: &K) -> Self {
        let at = self.bound(key, false);
        let mut rest = Self::new();
        for (index, mut chunk) in mem::take(self).chunks.into_iter().enumerate() {
            let cut = if index == at.chunk { at.entry } else { 0 };
            let tail = if index < at.chunk { Vec::new() } else { chunk.split_off(cut) };
            self.push_chunk(chunk);
            rest.push_chunk(tail);
        }
        rest
    }

    /// The first entry that does not come before `key`, nor is at it if that one is `passed`.
    fn bound(&self, key: &K, passed: bool) -> Place {
        let (Ok(mut at) | Err(mut at)) = self.find(key).map(|at| Place { entry: at.entry + usize::from(passed), ..at });
        if self.chunks.get(at.chunk).is_some_and(|chunk| chunk.len() == at.entry) {
            at = Place { chunk: at.chunk + 1, entry: 0 };
        }
        at
    }

    /// Where the key is, or is to be put: at the end of a chunk if that is the last one.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        K: Borrow<Q>,
    {
        let before = |chunk: &Vec<(K, V)>| chunk.last().is_some_and(|(last, _)| last.borrow() < key);
        let chunk = match self.chunks.len() {
            0 | 1 => 0,
            chunks => self.chunks[..chunks - 1].partition_point(before),
        };
        let entries = self.chunks.get(chunk).map_or(&[][..], Vec::as_slice);
        match entries.binary_search_by(|(found, _)| found.borrow().cmp(key)) {
            Ok(entry) => Ok(Place { chunk, entry }),
            Err(entry) => Err(Place { chunk, entry }),
        }
    }
}

/// What is at a key, or what is to be.
pub struct Entry<'a, K, V> {
    map: &'a mut SortedMap<K, V>,
    key: K,
    found: Result<Place, Place>,
}

impl<'a, K, V> Entry<'a, K, V> {
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        match self.found {
            Ok(at) => &mut self.map.chunks[at.chunk][at.entry].1,
            Err(at) => self.map.put(at, self.key, value()),
        }
    }

    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

pub struct Iter<'a, K, V> {
    chunks: &'a [Vec<(K, V)>],
    front: Place,
    back: Place,
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        let chunk = &self.chunks[self.front.chunk];
        let (key, value) = &chunk[self.front.entry];
        self.front.entry += 1;
        if self.front.entry == chunk.len() {
            self.front = Place { chunk: self.front.chunk + 1, entry: 0 };
        }
        Some((key, value))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        if self.back.entry == 0 {
            self.back.chunk -= 1;
            self.back.entry = self.chunks[self.back.chunk].len();
        }
        self.back.entry -= 1;
        let (key, value) = &self.chunks[self.back.chunk][self.back.entry];
        Some((key, value))
    }
}

pub type IntoIter<K, V> = Flatten<vec::IntoIter<Vec<(K, V)>>>;

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}

impl<'a, K, V> IntoIterator for &'a SortedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for SortedMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        Self::from_iter(entries)
    }
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized> Index<&Q> for SortedMap<K, V> {
    type Output = V;

    /// # Panics
    /// If the key is not there.
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("a key that is there")
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
impl<K: Ord, V> SortedMap<K, V> {
    pub(super) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// What must be true of the chunks.
    pub(super) fn assert_chunks(&self) {
        assert_eq!(self.len, self.chunks.iter().map(Vec::len).sum::<usize>());
        assert!(self.chunks.iter().all(|chunk| (1..=Self::CHUNK_MAX).contains(&chunk.len())));
        assert!(self.chunks.windows(2).all(|pair| pair[0].len() + pair[1].len() > Self::CHUNK_MAX / 2));
        assert!(self.iter().zip(self.iter().skip(1)).all(|((first, _), (second, _))| first < second));
    }
}
