//! Incremental fetch sessions (KIP-227, `FetchManager`, `FetchSessionCache`): what a reader fetches, remembered, so that
//! it names and is told changes only.
//!
//! Differs from Kafka: a session gives way to a new one only once it was idle for `EVICTION`, never for being small; and
//! the partitions of all sessions together are bounded. A reader without a session is served in full.

use std::{sync::Arc, time::Duration};

use crate::{
    error::ErrorCode,
    ids::*,
    rng::Rng,
    sorted::{SortedMap, SortedSet},
    time::Instant,
};

/// Default of `max.incremental.fetch.session.cache.slots`.
pub const SESSIONS_MAX: u32 = 1000;
/// `min.incremental.fetch.session.eviction.ms`.
const EVICTION: Duration = Duration::from_secs(120);
/// Partitions of all sessions.
const PARTITIONS_MAX: usize = 200_000;

/// The epoch of a request that opens a session, and of one that ends it (`FetchMetadata`).
pub const INITIAL_EPOCH: i32 = 0;
pub const FINAL_EPOCH: i32 = -1;

/// How a reader names a topic: by name up to version 12, by id from 13 on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicKey {
    Name(Arc<str>),
    Id(TopicId),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FetchKey {
    pub topic: TopicKey,
    pub partition: PartitionIndex,
}

/// From where a reader wants a partition, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchPosition {
    pub offset: Offset,
    pub bytes_max: i32,
    /// -1: not told.
    pub current_leader_epoch: LeaderEpoch,
    /// Of the last record it has; -1: not told.
    pub last_fetched_epoch: LeaderEpoch,
}

/// What an answer tells of a partition, beside its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub high_watermark: Offset,
    pub log_start: Offset,
    pub has_records: bool,
    /// An error, or where the logs part: always told.
    pub is_urgent: bool,
}

#[derive(Clone, Debug)]
struct Cached {
    position: FetchPosition,
    /// Place in the order of service: the partition that gave records goes behind all others.
    turn: u64,
    /// As last told; -1 where nothing was.
    high_watermark: Offset,
    log_start: Offset,
}

#[derive(Clone, Debug)]
struct Session {
    epoch: i32,
    by_id: bool,
    last_used: Instant,
    next_turn: u64,
    partitions: SortedMap<FetchKey, Cached>,
    order: SortedSet<(u64, FetchKey)>,
}

/// How a request stands to the sessions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchContext {
    /// All partitions are named, all are told, nothing is kept.
    Sessionless,
    /// As sessionless, and a session begins with the answer.
    Full { by_id: bool },
    /// Only what changed is told. `epoch` is the session's after this request.
    Incremental { session: i32, epoch: i32 },
}

#[derive(Clone, Debug)]
pub struct FetchSessions {
    sessions_max: u32,
    sessions: SortedMap<i32, Session>,
    /// Of all sessions.
    partitions: usize,
}

/// What a request says of its session.
#[derive(Clone, Debug)]
pub struct SessionAsk {
    pub session: i32,
    pub epoch: i32,
    /// Whether its version names topics by id.
    pub by_id: bool,
    pub named: Vec<(FetchKey, FetchPosition)>,
    pub forgotten: Vec<FetchKey>,
}

impl Default for FetchSessions {
    fn default() -> Self {
        Self::new(SESSIONS_MAX)
    }
}

impl FetchSessions {
    /// `max.incremental.fetch.session.cache.slots`.
    pub fn new(sessions_max: u32) -> Self {
        Self { sessions_max, sessions: SortedMap::default(), partitions: 0 }
    }

    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Partitions of all sessions.
    pub fn partitions(&self) -> usize {
        self.sessions.values().map(|session| session.partitions.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    pub fn contains(&self, session: i32) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Takes a request in. Gives its context and the partitions to be fetched, in order of service.
    ///
    /// # Errors
    /// `FetchSessionIdNotFound`, `InvalidFetchSessionEpoch`, `FetchSessionTopicIdError`, each of the whole request.
    pub fn begin(
        &mut self,
        now: Instant,
        ask: SessionAsk,
    ) -> Result<(FetchContext, Vec<(FetchKey, FetchPosition)>), ErrorCode> {
        let SessionAsk { session, epoch, by_id, named, forgotten } = ask;
        if matches!(epoch, INITIAL_EPOCH | FINAL_EPOCH) {
            self.remove(session);
            let context = if epoch == FINAL_EPOCH { FetchContext::Sessionless } else { FetchContext::Full { by_id } };
            return Ok((context, named));
        }
        let room = PARTITIONS_MAX.saturating_sub(self.partitions);
        let found = self.sessions.get_mut(&session).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if found.epoch != epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if found.by_id != by_id {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        let before = found.partitions.len();
        found.update(named, forgotten, before + room);
        let after = found.partitions.len();
        found.last_used = now;
        found.epoch = epoch_after(found.epoch);
        let (context, partitions) = (FetchContext::Incremental { session, epoch: found.epoch }, found.in_order());
        self.partitions = self.partitions + after - before;
        if after == 0 {
            self.remove(session);
            return Ok((FetchContext::Sessionless, Vec::new()));
        }
        Ok((context, partitions))
    }

    /// The answer to a `Full` request is on its way: remembers what it told. Gives the session's id, 0 for none.
    pub fn open(
        &mut self,
        now: Instant,
        rng: &mut Rng,
        by_id: bool,
        partitions: Vec<(FetchKey, FetchPosition, Told)>,
    ) -> i32 {
        if self.partitions + partitions.len() > PARTITIONS_MAX || !self.make_room(now) {
            return 0;
        }
        let id = loop {
            let id = (rng.next_u64() >> 33) as i32;
            if id > 0 && !self.sessions.contains_key(&id) {
                break id;
            }
        };
        let mut session = Session {
            epoch: epoch_after(INITIAL_EPOCH),
            by_id,
            last_used: now,
            next_turn: 0,
            partitions: SortedMap::new(),
            order: SortedSet::new(),
        };
        for (key, position, told) in partitions {
            session.add(key.clone(), position);
            session.is_worth_telling(&key, told);
        }
        self.partitions += session.partitions.len();
        self.sessions.insert(id, session);
        id
    }

    /// Whether the answer to an incremental request has to tell of the partition. Remembers that it does.
    pub fn is_worth_telling(&mut self, session: i32, key: &FetchKey, told: Told) -> bool {
        self.sessions.get_mut(&session).is_none_or(|session| session.is_worth_telling(key, told))
    }

    /// Whether a request that was begun at `epoch` is still the latest of its session.
    pub fn is_current(&self, session: i32, epoch: i32) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.epoch == epoch)
    }

    fn remove(&mut self, session: i32) {
        if let Some(removed) = self.sessions.remove(&session) {
            self.partitions -= removed.partitions.len();
        }
    }

    fn make_room(&mut self, now: Instant) -> bool {
        if self.sessions.len() < self.sessions_max as usize {
            return true;
        }
        let oldest = self.sessions.iter().min_by_key(|(_, session)| session.last_used);
        let Some((&id, session)) = oldest else { return true };
        let may_go = now.since(session.last_used) > EVICTION;
        if may_go {
            self.remove(id);
        }
        may_go
    }
}

impl Session {
    fn update(&mut self, named: Vec<(FetchKey, FetchPosition)>, forgotten: Vec<FetchKey>, partitions_max: usize) {
        for (key, position) in named {
            let has_room = self.partitions.len() < partitions_max;
            match self.partitions.get_mut(&key) {
                Some(cached) => cached.position = position,
                None if has_room => self.add(key, position),
                None => {}
            }
        }
        for key in forgotten {
            if let Some(cached) = self.partitions.remove(&key) {
                self.order.remove(&(cached.turn, key));
            }
        }
    }

    fn add(&mut self, key: FetchKey, position: FetchPosition) {
        let turn = self.next_turn;
        self.next_turn += 1;
        if let Some(before) =
            self.partitions.insert(key.clone(), Cached { position, turn, high_watermark: -1, log_start: -1 })
        {
            self.order.remove(&(before.turn, key.clone()));
        }
        self.order.insert((turn, key));
    }

    fn in_order(&self) -> Vec<(FetchKey, FetchPosition)> {
        let position = |key: &FetchKey| self.partitions.get(key).map(|cached| cached.position);
        self.order.iter().filter_map(|(_, key)| Some((key.clone(), position(key)?))).collect()
    }

    fn is_worth_telling(&mut self, key: &FetchKey, told: Told) -> bool {
        let Some(cached) = self.partitions.get_mut(key) else { return true };
        let has_changed = cached.high_watermark != told.high_watermark || cached.log_start != told.log_start;
        // What was told with an error is told again in full once the error is gone.
        cached.high_watermark = if told.is_urgent { -1 } else { told.high_watermark };
        cached.log_start = told.log_start;
        if told.has_records {
            self.order.remove(&(cached.turn, key.clone()));
            cached.turn = self.next_turn;
            self.next_turn += 1;
            self.order.insert((cached.turn, key.clone()));
        }
        has_changed || told.has_records || told.is_urgent
    }
}

/// `FetchMetadata.nextEpoch`.
fn epoch_after(epoch: i32) -> i32 {
    if epoch == i32::MAX { 1 } else { epoch + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITION: FetchPosition =
        FetchPosition { offset: 0, bytes_max: 1, current_leader_epoch: -1, last_fetched_epoch: -1 };
    const QUIET: Told = Told { high_watermark: 5, log_start: 0, has_records: false, is_urgent: false };

    fn key(partition: PartitionIndex) -> FetchKey {
        FetchKey { topic: TopicKey::Name("t".into()), partition }
    }

    fn ask(session: i32, epoch: i32, named: &[PartitionIndex], forgotten: &[PartitionIndex]) -> SessionAsk {
        SessionAsk {
            session,
            epoch,
            by_id: false,
            named: named.iter().map(|&partition| (key(partition), POSITION)).collect(),
            forgotten: forgotten.iter().map(|&partition| key(partition)).collect(),
        }
    }

    /// Sessions with one of partitions 0, 1 and 2, told at high watermark 5.
    fn opened() -> (FetchSessions, i32) {
        let mut sessions = FetchSessions::default();
        let (context, partitions) = sessions.begin(Instant(0), ask(0, INITIAL_EPOCH, &[0, 1, 2], &[])).unwrap();
        assert_eq!(context, FetchContext::Full { by_id: false });
        let told = partitions.into_iter().map(|(key, position)| (key, position, QUIET)).collect();
        let id = sessions.open(Instant(0), &mut Rng::new(1), false, told);
        assert!(id > 0);
        (sessions, id)
    }

    fn order(partitions: Vec<(FetchKey, FetchPosition)>) -> Vec<PartitionIndex> {
        partitions.into_iter().map(|(key, _)| key.partition).collect()
    }

    #[test]
    fn a_session_goes_on_with_what_changed() {
        let (mut sessions, id) = opened();
        let (context, partitions) = sessions.begin(Instant(1), ask(id, 1, &[3], &[0])).unwrap();
        assert_eq!(context, FetchContext::Incremental { session: id, epoch: 2 });
        assert_eq!(order(partitions), [1, 2, 3]);
        assert!(!sessions.is_worth_telling(id, &key(1), QUIET));
        assert!(sessions.is_worth_telling(id, &key(1), Told { high_watermark: 6, ..QUIET }));
        assert!(sessions.is_worth_telling(id, &key(2), Told { has_records: true, ..QUIET }));
        assert!(sessions.is_worth_telling(id, &key(3), Told { is_urgent: true, ..QUIET }));
        assert!(sessions.is_worth_telling(id, &key(3), QUIET), "the error is over");
        let (_, partitions) = sessions.begin(Instant(2), ask(id, 2, &[], &[])).unwrap();
        assert_eq!(order(partitions), [1, 3, 2], "who gave records waits for the others");
    }

    #[test]
    fn a_wrong_epoch_or_form_is_refused_and_changes_nothing() {
        let (mut sessions, id) = opened();
        let refused = |sessions: &mut FetchSessions, ask| sessions.begin(Instant(1), ask).unwrap_err();
        assert_eq!(refused(&mut sessions, ask(id, 2, &[], &[])), ErrorCode::InvalidFetchSessionEpoch);
        assert_eq!(refused(&mut sessions, ask(id ^ 1, 1, &[], &[])), ErrorCode::FetchSessionIdNotFound);
        let by_id = SessionAsk { by_id: true, ..ask(id, 1, &[], &[]) };
        assert_eq!(refused(&mut sessions, by_id), ErrorCode::FetchSessionTopicIdError);
        assert!(sessions.is_current(id, 1));
    }

    #[test]
    fn a_session_ends_by_a_final_epoch_and_by_being_empty() {
        let (mut sessions, id) = opened();
        assert_eq!(sessions.begin(Instant(1), ask(id, 1, &[], &[0, 1, 2])).unwrap().0, FetchContext::Sessionless);
        assert!(!sessions.contains(id));
        let (mut sessions, id) = opened();
        assert_eq!(sessions.begin(Instant(1), ask(id, FINAL_EPOCH, &[1], &[])).unwrap().0, FetchContext::Sessionless);
        assert_eq!((sessions.len(), sessions.partitions), (0, 0));
    }

    #[test]
    fn a_full_cache_lets_go_of_the_idle_only() {
        let mut sessions = FetchSessions::default();
        let mut rng = Rng::new(3);
        let mut open =
            |sessions: &mut FetchSessions, now| sessions.open(now, &mut rng, false, vec![(key(0), POSITION, QUIET)]);
        for _ in 0..SESSIONS_MAX {
            assert!(open(&mut sessions, Instant(0)) > 0);
        }
        assert_eq!(open(&mut sessions, Instant(0) + EVICTION), 0);
        assert!(open(&mut sessions, Instant(1) + EVICTION) > 0);
        assert_eq!((sessions.len() as u32, sessions.partitions as u32), (SESSIONS_MAX, SESSIONS_MAX));
    }

    #[test]
    fn epochs_wrap_to_one() {
        assert_eq!((epoch_after(0), epoch_after(i32::MAX)), (1, 1));
    }
}
