//! Handlers: the note's IO threads, as slots. One is taken from the moment a request is dequeued until its append is
//! applied and its commit is issued; there are `num.io.threads` of them.
//!
//! Differs from Kafka: waiting for storage is a row of `wait/`, so it holds no slot.

use bytes::Bytes;

use super::{
    Topics,
    api::{Ask, Handled, decode},
    decide::refuse,
    peer::{self, Letter, is_of_metadata_log},
    request_queue::{Request, RequestQueue},
    stages::StageTimes,
    wait::Waits,
};
use crate::{
    effect::Listener,
    error::ErrorCode,
    ids::RequestId,
    sorted::SortedMap,
    time::Instant,
    trace::{Event, event::CloseReason},
    turn::Turn,
    wire::{Api, produce::ProduceRequest},
};

/// With more bytes than this waiting for storage, handlers rest: the request queue fills, and reading stops.
const QUEUED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What every slot works on, and when that is done.
#[derive(Clone, Debug, Default)]
pub(super) struct Handlers {
    slots: Vec<Option<(Instant, Request)>>,
}

impl Handlers {
    /// Free slots take requests, unless storage is behind. Gives the requests whose work is done, the first one first.
    pub fn work(
        &mut self,
        turn: &mut Turn<'_>,
        queue: &mut RequestQueue,
        topics: &Topics,
        stages: StageTimes,
    ) -> Vec<Request> {
        let now = turn.now.monotonic;
        let count = topics.catalog.config.io_threads as usize;
        if self.slots.len() < count {
            self.slots.resize(count, None);
        }
        let is_resting = topics.dir.queued_bytes() > QUEUED_BYTES_MAX;
        for (slot, handler) in self.slots.iter_mut().take(count).zip(0..) {
            if slot.is_some() || is_resting {
                continue;
            }
            let Some(request) = queue.pop() else { break };
            turn.note(Event::RequestDequeued { request: request.ask.request, handler });
            *slot = Some((now + stages.handle.draw(turn.rng), request));
        }
        let done = self.slots.iter_mut().filter_map(|slot| slot.take_if(|(due, _)| *due <= now));
        let in_order: SortedMap<_, _> = done.map(|(due, request)| ((due, request.ask.request), request)).collect();
        in_order.into_values().collect()
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.slots.iter().flatten().map(|(_, request)| request.ask.request)
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.slots.iter().flatten().map(|(due, _)| *due).min()
    }
}

/// Handles one request. Gives what became of it.
pub(super) fn handle(turn: &mut Turn<'_>, topics: &mut Topics, waits: &mut Waits, request: Request) -> Handled {
    let ask = request.ask;
    if !ask.api.serves(ask.version) {
        // Of all others the head was refused.
        return ask.refuse_api_versions(turn);
    }
    if ask.api.is_forwarded() && waits.peer.is_member() && !waits.peer.is_controller() {
        let Request { frame, host, .. } = request;
        waits.forward.park(turn, ask, Letter { frame, host });
        return Handled::Parked;
    }
    if ask.api == Api::Envelope {
        return open_envelope(turn, topics, waits, request).unwrap_or_else(Handled::Close);
    }
    dispatch(turn, topics, waits, ask, request.body).unwrap_or_else(Handled::Close)
}

/// What is in it is handled as if a client had asked here.
fn open_envelope(
    turn: &mut Turn<'_>,
    topics: &mut Topics,
    waits: &mut Waits,
    outer: Request,
) -> Result<Handled, CloseReason> {
    let ask = outer.ask;
    let opened = match waits.peer.is_controller() {
        true => peer::open(ask, &decode(ask, outer.body)?),
        false => Err(ErrorCode::NotController),
    };
    let inner = match opened {
        Ok(inner) => inner,
        Err(error) => {
            ask.refuse(turn, error);
            return Ok(peer::seal(ask, Err(error)));
        }
    };
    waits.envelopes.on_opened(ask);
    dispatch(turn, topics, waits, inner.ask, inner.body)
}

fn dispatch(
    turn: &mut Turn<'_>,
    topics: &mut Topics,
    waits: &mut Waits,
    ask: Ask,
    body: Bytes,
) -> Result<Handled, CloseReason> {
    if waits.peer.is_member() && ask.api.is_forwarded() {
        return Ok(waits.peer.on_wish(turn, ask, body));
    }
    Ok(match ask.api {
        Api::Produce => {
            let frame_bytes = body.len() as u64;
            let request = ProduceRequest::decode(body, ask.version).map_err(|_| CloseReason::Undecodable)?;
            topics.on_produce(turn, ask, request, frame_bytes, &mut waits.produce)
        }
        Api::Fetch => {
            let request = decode(ask, body.clone())?;
            match ask.listener == Listener::Broker && is_of_metadata_log(&request) {
                true => waits.peer.on_asked(turn, ask, body)?,
                false => waits.fetch.on_fetch(turn, topics, ask, request),
            }
        }
        Api::ListOffsets => topics.on_list_offsets(turn, ask, decode(ask, body)?, &mut waits.list_offsets),
        Api::Metadata => topics.on_metadata(turn, ask, decode(ask, body)?),
        Api::ApiVersions => topics.on_api_versions(turn, ask, decode(ask, body)?),
        Api::CreateTopics => topics.on_create_topics(turn, ask, decode(ask, body)?),
        Api::DeleteTopics => topics.on_delete_topics(turn, ask, decode(ask, body)?),
        Api::DeleteRecords => topics.on_delete_records(turn, ask, decode(ask, body)?, &mut waits.delete_records),
        Api::InitProducerId => topics.on_init_producer_id(turn, ask, decode(ask, body)?),
        Api::OffsetForLeaderEpoch => topics.on_offset_for_leader_epoch(turn, ask, decode(ask, body)?),
        Api::DescribeConfigs => topics.on_describe_configs(turn, ask, decode(ask, body)?),
        Api::CreatePartitions => topics.on_create_partitions(turn, ask, decode(ask, body)?),
        Api::IncrementalAlterConfigs => topics.on_incremental_alter_configs(turn, ask, decode(ask, body)?),
        Api::DescribeCluster => topics.on_describe_cluster(turn, ask, decode(ask, body)?),
        Api::ListConfigResources => topics.on_list_config_resources(turn, ask, decode(ask, body)?),
        // Who is on its own has no metadata quorum that could be asked.
        Api::DescribeQuorum | Api::UpdateFeatures | Api::UnregisterBroker => {
            ask.refuse(turn, ErrorCode::UnsupportedVersion);
            refuse(ask, body, ErrorCode::UnsupportedVersion)?
        }
        Api::DescribeTopicPartitions => topics.on_describe_topic_partitions(turn, ask, decode(ask, body)?),
        Api::Vote
        | Api::BeginQuorumEpoch
        | Api::EndQuorumEpoch
        | Api::FetchSnapshot
        | Api::BrokerRegistration
        | Api::BrokerHeartbeat
        | Api::AllocateProducerIds => waits.peer.on_asked(turn, ask, body)?,
        // There are none in envelopes.
        Api::Envelope => return Err(CloseReason::UnknownApi),
    })
}
