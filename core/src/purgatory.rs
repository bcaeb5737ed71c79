//! Requests that cannot be answered yet.
//!
//! A parked request leaves in exactly one of two ways: its condition became true (`release`), or its deadline
//! passed (`expire`). Both hand the request back to the caller, who alone decides the reply; purgatory never
//! builds a response, so it cannot build a wrong one.

use crate::{
    sorted::{SortedMap, SortedSet},
    time::Instant,
};

/// Place of a parked item. Rises in order of parking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// `T` waits under any number of watch keys `K`: what may make its condition true.
#[derive(Clone, Debug)]
pub struct Purgatory<K, T> {
    parked: SortedMap<Ticket, Parked<K, T>>,
    /// Exactly the pairs (key, ticket) of `parked`.
    watched: SortedSet<(K, Ticket)>,
    /// Exactly the pairs (deadline, ticket) of `parked`.
    deadlines: SortedSet<(Instant, Ticket)>,
    next: u64,
}

#[derive(Clone, Debug)]
struct Parked<K, T> {
    deadline: Instant,
    keys: Vec<K>,
    item: T,
}

impl<K, T> Default for Purgatory<K, T> {
    fn default() -> Self {
        Self { parked: SortedMap::new(), watched: SortedSet::new(), deadlines: SortedSet::new(), next: 0 }
    }
}

impl<K: Copy + Ord, T> Purgatory<K, T> {
    pub fn park(&mut self, deadline: Instant, keys: Vec<K>, item: T) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.watched.extend(keys.iter().map(|&key| (key, ticket)));
        self.deadlines.insert((deadline, ticket));
        self.parked.insert(ticket, Parked { deadline, keys, item });
        ticket
    }

    /// Takes every item watching `key` for which `ready` holds, in order of parking.
    pub fn release(&mut self, key: K, mut ready: impl FnMut(&mut T) -> bool) -> Vec<T> {
        let tickets: Vec<Ticket> =
            self.watched.range((key, Ticket(0))..=(key, Ticket(u64::MAX))).map(|&(_, ticket)| ticket).collect();
        tickets
            .into_iter()
            .filter(|ticket| self.parked.get_mut(ticket).is_some_and(|parked| ready(&mut parked.item)))
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|ticket| self.take(ticket))
            .collect()
    }

    /// Takes every item whose deadline is at or before `now`, earliest first.
    pub fn expire(&mut self, now: Instant) -> Vec<T> {
        let mut due = Vec::new();
        while let Some(&(deadline, ticket)) = self.deadlines.first() {
            if deadline > now {
                break;
            }
            due.extend(self.take(ticket));
        }
        due
    }

    /// Takes one item, if it is still parked.
    pub fn take(&mut self, ticket: Ticket) -> Option<T> {
        let parked = self.parked.remove(&ticket)?;
        self.deadlines.remove(&(parked.deadline, ticket));
        for key in parked.keys {
            self.watched.remove(&(key, ticket));
        }
        Some(parked.item)
    }

    /// Takes every item for which `chosen` holds, in order of parking (a connection went away, a dir failed).
    pub fn take_where(&mut self, mut chosen: impl FnMut(&T) -> bool) -> Vec<T> {
        let tickets: Vec<Ticket> = self.iter().filter(|(_, _, item)| chosen(item)).map(|(ticket, ..)| ticket).collect();
        tickets.into_iter().filter_map(|ticket| self.take(ticket)).collect()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Ticket, Instant, &T)> {
        self.parked.iter().map(|(&ticket, parked)| (ticket, parked.deadline, &parked.item))
    }

    pub fn len(&self) -> usize {
        self.parked.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_leaves_once_by_whichever_comes_first() {
        let mut purgatory = Purgatory::default();
        purgatory.park(Instant(10), vec![1, 2], "a");
        purgatory.park(Instant(20), vec![2], "b");
        assert_eq!(purgatory.release(2, |item| *item == "a"), ["a"]);
        assert_eq!(purgatory.release(1, |_| true), Vec::<&str>::new());
        assert_eq!(purgatory.next_deadline(), Some(Instant(20)));
        assert_eq!(purgatory.expire(Instant(19)), Vec::<&str>::new());
        assert_eq!(purgatory.expire(Instant(20)), ["b"]);
        assert!(purgatory.is_empty() && purgatory.watched.is_empty() && purgatory.deadlines.is_empty());
    }
}
