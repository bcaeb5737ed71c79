//! ListOffsets requests that search for a time in bytes that are not in memory.
//!
//! Each has one load in flight, of the first of its partitions that is not answered. A load that fails because
//! retention took its file begins that partition's search anew; any other tells KAFKA_STORAGE_ERROR for it.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use kafka_wire::{ListOffsetsResponse, list_offsets_response::ListOffsetsPartitionResponse};

use super::Released;
use crate::{
    broker::{
        Topics,
        api::{Ask, Handled, list_offsets::tell},
    },
    error::ErrorCode,
    ids::*,
    log::{ColdRange, TimestampSearch},
    purgatory::Purgatory,
    time::{Instant, Timestamp},
    trace::{Event, event::WaitReason},
    turn::Turn,
};

/// Default of `remote.list.offsets.request.timeout.ms`: for requests that do not say how long they wait.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Requests by the load that each waits for.
#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct ListOffsetsWaits {
    parked: Purgatory<IoId, OffsetSearch>,
}

/// A request and its answer so far.
#[derive(Clone, Debug)]
pub(in crate::broker) struct OffsetSearch {
    ask: Ask,
    deadline: Instant,
    response: ListOffsetsResponse,
    /// Partitions that are not answered. The load is for the first.
    cold: VecDeque<ColdSearch>,
    /// What is being loaded, and what for.
    loading: Option<(ColdRange, Timestamp)>,
}

/// A partition whose answer lies in storage.
#[derive(Clone, Copy, Debug)]
pub(in crate::broker) struct ColdSearch {
    pub id: TopicPartition,
    /// The topic's and the partition's place in the answer.
    pub place: (u32, u32),
    /// As asked.
    pub timestamp: i64,
}

impl OffsetSearch {
    pub fn new(ask: Ask, response: ListOffsetsResponse, cold: VecDeque<ColdSearch>) -> Self {
        Self { ask, deadline: Instant::default(), response, cold, loading: None }
    }

    /// Goes on with what the search of the first partition came to. Gives the load that is needed next, or `None` when
    /// the answer is complete.
    fn advance(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &mut Topics,
        mut found: Result<TimestampSearch, ErrorCode>,
    ) -> Option<IoId> {
        while let Some(first) = self.cold.front() {
            match found {
                Ok(TimestampSearch::Load { at_or_after, range }) => {
                    let io = topics.dir.load(turn, &range);
                    self.loading = Some((range, at_or_after));
                    return Some(io);
                }
                Ok(found) => tell(self.ask, row(&mut self.response, first.place)?, &found),
                Err(error) => row(&mut self.response, first.place)?.error_code = self.ask.refuse(turn, error),
            }
            self.cold.pop_front();
            let next = self.cold.front()?;
            found = topics.search(next.id, next.timestamp);
        }
        None
    }

    /// What the first partition's search comes to with the bytes that it waited for.
    fn search_in(&mut self, topics: &Topics, bytes: Bytes) -> Result<TimestampSearch, ErrorCode> {
        let (Some(first), Some((range, at_or_after))) = (self.cold.front(), self.loading.take()) else {
            return Ok(TimestampSearch::NotFound);
        };
        let log = topics.readable_by_id(first.id)?.log();
        topics.visible(first.id, log.search_timestamp_in(at_or_after, &range, bytes))
    }

    /// And without them.
    fn search_again(&mut self, topics: &Topics) -> Result<TimestampSearch, ErrorCode> {
        let (Some(first), Some((range, _))) = (self.cold.front(), self.loading.take()) else {
            return Ok(TimestampSearch::NotFound);
        };
        let log = topics.readable_by_id(first.id)?.log();
        match log.log_start_offset() > range.from {
            true => topics.search(first.id, first.timestamp),
            false => Err(ErrorCode::KafkaStorageError),
        }
    }

    fn answer(mut self, turn: &mut Turn<'_>, is_late: bool) -> (Ask, Handled) {
        for late in std::mem::take(&mut self.cold) {
            if let Some(row) = row(&mut self.response, late.place) {
                row.error_code = self.ask.refuse(turn, ErrorCode::RequestTimedOut);
            }
        }
        turn.note(Event::RequestReleased { request: self.ask.request, expired: is_late });
        (self.ask, self.ask.reply(&self.response))
    }
}

impl ListOffsetsWaits {
    /// Parks the request until all of it is searched, no longer than `timeout_ms` (0: the default).
    pub fn park(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &mut Topics,
        mut search: OffsetSearch,
        timeout_ms: i32,
    ) -> Handled {
        let timeout = if timeout_ms > 0 { Duration::from_millis(timeout_ms as u64) } else { TIMEOUT };
        search.deadline = turn.now.monotonic + timeout;
        let first = search.cold.front().copied();
        let found = first.map_or(Ok(TimestampSearch::NotFound), |first| topics.search(first.id, first.timestamp));
        match search.advance(turn, topics, found) {
            Some(io) => {
                turn.note(Event::RequestParked { request: search.ask.request, why: WaitReason::ColdRead });
                self.parked.park(search.deadline, vec![io], search);
                Handled::Parked
            }
            None => search.ask.reply(&search.response),
        }
    }

    pub fn on_loaded(&mut self, turn: &mut Turn<'_>, topics: &mut Topics, io: IoId, bytes: &Bytes) -> Released {
        self.go_on(turn, topics, io, |search, topics| search.search_in(topics, bytes.clone()))
    }

    pub fn on_load_failed(&mut self, turn: &mut Turn<'_>, topics: &mut Topics, io: IoId) -> Released {
        self.go_on(turn, topics, io, |search, topics| search.search_again(topics))
    }

    /// The deadline of these is over: what is not answered is REQUEST_TIMED_OUT.
    pub fn expire(&mut self, turn: &mut Turn<'_>) -> Released {
        let late = self.parked.expire(turn.now.monotonic);
        late.into_iter().map(|search| search.answer(turn, true)).collect()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.parked.next_deadline()
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.take_where(|search| search.ask.connection == connection);
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.parked.iter().map(|(.., search)| search.ask.request)
    }

    pub fn len(&self) -> usize {
        self.parked.len()
    }

    fn go_on(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &mut Topics,
        io: IoId,
        find: impl Fn(&mut OffsetSearch, &Topics) -> Result<TimestampSearch, ErrorCode>,
    ) -> Released {
        let mut answered = Vec::new();
        for mut search in self.parked.release(io, |_| true) {
            let found = find(&mut search, topics);
            match search.advance(turn, topics, found) {
                Some(io) => _ = self.parked.park(search.deadline, vec![io], search),
                None => answered.push(search.answer(turn, false)),
            }
        }
        answered
    }
}

fn row(response: &mut ListOffsetsResponse, place: (u32, u32)) -> Option<&mut ListOffsetsPartitionResponse> {
    response.topics.get_mut(place.0 as usize)?.partitions.get_mut(place.1 as usize)
}
