//! Fetches that wait: for more bytes (Kafka's `DelayedFetch`), or for bytes that are not in memory
//! (`DelayedRemoteFetch`).

use std::time::Duration;

use bytes::Bytes;
use kafka_wire::FetchRequest;

use super::Released;
use crate::{
    broker::{
        Topics,
        api::{
            Ask, Handled,
            fetch::{Fetching, Found, refuse_session, session_ask},
        },
    },
    error::ErrorCode,
    ids::*,
    log::{ColdRange, Log},
    purgatory::Purgatory,
    replica::fetch_session::FetchSessions,
    sorted::SortedSet,
    time::{Instant, sooner},
    trace::{Event, event::WaitReason},
    turn::Turn,
};

/// Storage answers long before this, or is given up.
const LOAD_PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct FetchWaits {
    sessions: FetchSessions,
    parked: Purgatory<TopicPartition, Fetching>,
    cold: Purgatory<IoId, ColdFetch>,
}

/// A Fetch of which some partitions are being loaded.
#[derive(Clone, Debug)]
struct ColdFetch {
    fetching: Fetching,
    found: Found,
    /// Loads under way, each with the partition's place and what was asked for.
    loads: Vec<(IoId, u32, ColdRange)>,
}

impl ColdFetch {
    /// Takes what a load gave. True if it was the last one.
    fn take(&mut self, io: IoId, loaded: Option<&Bytes>) -> bool {
        if let Some(at) = self.loads.iter().position(|(load, ..)| *load == io) {
            let (_, index, range) = self.loads.swap_remove(at);
            let records = match loaded {
                Some(bytes) => Log::cut(&range, bytes.clone()),
                None => Err(ErrorCode::KafkaStorageError),
            };
            if let Some(told) = self.found.partitions.get_mut(index as usize) {
                match records {
                    Ok(records) => told.records = records,
                    Err(error) => told.error = Some(error),
                }
            }
        }
        self.loads.is_empty()
    }

    /// Nothing more is waited for: what is missing is told as an error.
    fn give_up(mut self) -> Self {
        while let Some(&(io, ..)) = self.loads.first() {
            self.take(io, None);
        }
        self
    }
}

impl FetchWaits {
    pub fn new(sessions_max: u32) -> Self {
        Self { sessions: FetchSessions::new(sessions_max), ..Self::default() }
    }

    pub fn on_fetch(&mut self, turn: &mut Turn<'_>, topics: &mut Topics, ask: Ask, request: FetchRequest) -> Handled {
        let begun = self.sessions.begin(turn.now.monotonic, session_ask(&request, ask.version));
        let (context, partitions) = match begun {
            Ok(begun) => begun,
            Err(error) => return refuse_session(turn, ask, error),
        };
        if request.session_epoch <= 0 && request.session_id != 0 && ask.version >= 7 {
            turn.note(Event::FetchSessionClosed { session: request.session_id });
        }
        let fetching = Fetching::new(turn, ask, &request, context, partitions);
        let found = topics.read_all(&fetching);
        if !found.cold.is_empty() {
            return self.load(turn, topics, fetching, found);
        }
        if found.is_enough_for(&fetching) || fetching.deadline <= turn.now.monotonic {
            return self.reply(turn, topics, fetching, found);
        }
        turn.note(Event::RequestParked { request: ask.request, why: WaitReason::MoreBytes });
        self.park(topics, fetching);
        Handled::Parked
    }

    /// Something happened to the partition: records, a new start, its end.
    pub fn on_touched(&mut self, turn: &mut Turn<'_>, topics: &mut Topics, id: TopicPartition) -> Released {
        let mut all_found = Vec::new();
        let done = self.parked.release(id, |fetching| {
            let found = topics.read_all(fetching);
            let is_done = !found.cold.is_empty() || found.is_enough_for(fetching);
            all_found.extend(is_done.then_some(found));
            is_done
        });
        let mut released = Vec::new();
        for (fetching, found) in done.into_iter().zip(all_found) {
            let ask = fetching.ask;
            turn.note(Event::RequestReleased { request: ask.request, expired: false });
            match found.cold.is_empty() {
                true => released.push((ask, self.reply(turn, topics, fetching, found))),
                false => _ = self.load(turn, topics, fetching, found),
            }
        }
        released
    }

    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, topics: &Topics, io: IoId, bytes: &Bytes) -> Released {
        let done = self.cold.release(io, |cold| cold.take(io, Some(bytes)));
        self.release_cold(turn, topics, done, false)
    }

    /// A load failed: its file is gone, or storage is.
    pub fn on_load_failed(&mut self, turn: &mut Turn<'_>, topics: &Topics, io: IoId) -> Released {
        let done = self.cold.release(io, |cold| cold.take(io, None));
        self.release_cold(turn, topics, done, false)
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.take_where(|fetching| fetching.ask.connection == connection);
        self.cold.take_where(|cold| cold.fetching.ask.connection == connection);
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        sooner(self.parked.next_deadline(), self.cold.next_deadline())
    }

    /// Whose time is over gets what there is.
    pub fn expire(&mut self, turn: &mut Turn<'_>, topics: &mut Topics) -> Released {
        let mut released = Vec::new();
        for fetching in self.parked.expire(turn.now.monotonic) {
            let ask = fetching.ask;
            turn.note(Event::RequestReleased { request: ask.request, expired: true });
            let found = topics.read_all(&fetching);
            match found.cold.is_empty() {
                true => released.push((ask, self.reply(turn, topics, fetching, found))),
                false => _ = self.load(turn, topics, fetching, found),
            }
        }
        let given_up = self.cold.expire(turn.now.monotonic).into_iter().map(ColdFetch::give_up).collect();
        released.extend(self.release_cold(turn, topics, given_up, true));
        released
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        let cold = self.cold.iter().map(|(.., cold)| cold.fetching.ask.request);
        self.parked.iter().map(|(.., fetching)| fetching.ask.request).chain(cold)
    }

    /// How many sessions there are, and with how many partitions.
    pub fn sessions(&self) -> (usize, usize) {
        (self.sessions.len(), self.sessions.partitions())
    }

    pub fn len(&self) -> usize {
        self.parked.len() + self.cold.len()
    }

    fn park(&mut self, topics: &Topics, fetching: Fetching) {
        let keys: SortedSet<TopicPartition> =
            fetching.partitions.iter().filter_map(|(key, _)| topics.located(key).ok()).collect();
        self.parked.park(fetching.deadline, keys.into_iter().collect(), fetching);
    }

    /// Parks it until what it needs is in memory.
    fn load(&mut self, turn: &mut Turn<'_>, topics: &mut Topics, fetching: Fetching, mut found: Found) -> Handled {
        let cold = std::mem::take(&mut found.cold);
        let loads: Vec<_> =
            cold.into_iter().map(|(index, range)| (topics.dir.load(turn, &range), index, range)).collect();
        turn.note(Event::RequestParked { request: fetching.ask.request, why: WaitReason::ColdRead });
        let keys = loads.iter().map(|(io, ..)| *io).collect();
        self.cold.park(turn.now.monotonic + LOAD_PATIENCE, keys, ColdFetch { fetching, found, loads });
        Handled::Parked
    }

    fn release_cold(&mut self, turn: &mut Turn<'_>, topics: &Topics, done: Vec<ColdFetch>, expired: bool) -> Released {
        done.into_iter()
            .map(|ColdFetch { fetching, found, .. }| {
                let ask = fetching.ask;
                turn.note(Event::RequestReleased { request: ask.request, expired });
                (ask, self.reply(turn, topics, fetching, found))
            })
            .collect()
    }

    fn reply(&mut self, turn: &mut Turn<'_>, topics: &Topics, fetching: Fetching, found: Found) -> Handled {
        for ((key, position), told) in fetching.partitions.iter().zip(&found.partitions) {
            if let (false, Ok(TopicPartition { topic, partition })) = (told.records.is_empty(), topics.located(key)) {
                let (request, bytes) = (fetching.ask.request, told.records.len() as u32);
                turn.note(Event::BatchesRead { request, topic, partition, offset: position.offset, bytes });
            }
        }
        fetching.reply(turn, found, &mut self.sessions)
    }
}
