//! Handlers: the note's IO threads, as slots. One is taken from the moment a request is dequeued until its append is
//! applied and its commit is issued; there are `num.io.threads` of them.
//!
//! Differs from Kafka: waiting for storage is a row of `wait/`, so it holds no slot.

use bytes::Bytes;

use super::{
    Topics,
    api::{Ask, Handled, decode},
    request_queue::{Request, RequestQueue},
    wait::Waits,
};
use crate::{
    trace::{Event, event::CloseReason},
    turn::Turn,
    wire::{Api, produce::ProduceRequest},
};

/// With more bytes than this waiting for storage, handlers rest: the request queue fills, and reading stops.
const QUEUED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Takes as many requests as there are slots, unless storage is behind.
pub(super) fn take_round(turn: &mut Turn<'_>, queue: &mut RequestQueue, topics: &Topics) -> Vec<Request> {
    if topics.dir.queued_bytes() > QUEUED_BYTES_MAX {
        return Vec::new();
    }
    let slots = 0..topics.catalog.config.io_threads;
    let mut round = Vec::new();
    for handler in slots {
        let Some(request) = queue.pop() else { break };
        turn.note(Event::RequestDequeued { request: request.ask.request, handler });
        round.push(request);
    }
    round
}

/// Handles one request. Gives what became of it.
pub(super) fn handle(turn: &mut Turn<'_>, topics: &mut Topics, waits: &mut Waits, request: Request) -> Handled {
    let Request { ask, body } = request;
    if !ask.api.serves(ask.version) {
        // Of all others the head was refused.
        return ask.refuse_api_versions(turn);
    }
    dispatch(turn, topics, waits, ask, body).unwrap_or_else(Handled::Close)
}

fn dispatch(
    turn: &mut Turn<'_>,
    topics: &mut Topics,
    waits: &mut Waits,
    ask: Ask,
    body: Bytes,
) -> Result<Handled, CloseReason> {
    Ok(match ask.api {
        Api::Produce => {
            let frame_bytes = body.len() as u64;
            let request = ProduceRequest::decode(body, ask.version).map_err(|_| CloseReason::Undecodable)?;
            topics.on_produce(turn, ask, request, frame_bytes, &mut waits.produce)
        }
        Api::Fetch => waits.fetch.on_fetch(turn, topics, ask, decode(ask, body)?),
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
        Api::DescribeTopicPartitions => topics.on_describe_topic_partitions(turn, ask, decode(ask, body)?),
    })
}
