//! What a world is like at a moment, as the page's `LabState`.

use ottla_core::{
    replica::Partition,
    time::Instant,
    world::{World, scenario::BUILD, server::Server, timeline::Timeline},
};
use ottla_js::value::to_js;
use serde::Serialize;
use wasm_bindgen::JsValue;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsState<'a> {
    now: f64,
    end: f64,
    duration: f64,
    step: f64,
    phase: &'static str,
    digest: String,
    seed: String,
    build: &'static str,
    notes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<JsViolation<'a>>,
    brokers: Vec<JsBroker<'a>>,
    topics: Vec<JsTopic<'a>>,
    visitors: Vec<JsVisitor>,
    snapshots: JsSnapshots,
}

#[derive(Serialize)]
struct JsViolation<'a> {
    code: &'static str,
    at: f64,
    what: &'a str,
}

#[derive(Serialize)]
struct JsBroker<'a> {
    id: i32,
    state: &'static str,
    partitions: Vec<JsPartition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsPartition<'a> {
    topic: &'a str,
    partition: i32,
    log_start: f64,
    high_watermark: f64,
    log_end: f64,
}

#[derive(Serialize)]
struct JsTopic<'a> {
    id: String,
    name: &'a str,
}

#[derive(Serialize)]
struct JsVisitor {
    index: u32,
    waiting: Vec<JsWaiting>,
}

#[derive(Serialize)]
struct JsWaiting {
    question: &'static str,
    since: f64,
}

#[derive(Serialize)]
struct JsSnapshots {
    count: u32,
    bytes: f64,
}

pub(super) fn of(timeline: &Timeline) -> JsValue {
    let world = timeline.world();
    to_js(&JsState {
        now: micros(world.now()),
        end: micros(timeline.end()),
        duration: world.swarm().duration.as_micros() as f64,
        step: world.steps() as f64,
        phase: world.phase().name(),
        digest: format!("{:016x}", world.digest()),
        seed: world.swarm().seed.to_string(),
        build: BUILD,
        notes: timeline.notes().iter().map(|note| note.name()).collect(),
        violation: world.violation().map(|violation| JsViolation {
            code: violation.code,
            at: micros(violation.at),
            what: &violation.what,
        }),
        brokers: world.servers().iter().map(|server| broker(server, world.now())).collect(),
        topics: world.topics().map(|(id, name)| JsTopic { id: id.to_string(), name }).collect(),
        visitors: (0..world.visitors().len() as u32).map(|index| visitor(world, index)).collect(),
        snapshots: JsSnapshots { count: timeline.snapshot_count(), bytes: timeline.snapshot_bytes() as f64 },
    })
}

fn broker(server: &Server, now: Instant) -> JsBroker<'_> {
    let topics = server.node.as_ref().and_then(|node| node.topics());
    let partitions = topics.into_iter().flat_map(|topics| {
        topics
            .partitions
            .iter()
            .filter_map(|found| Some(partition(&topics.catalog.topic(found.id().topic)?.name, found)))
    });
    JsBroker { id: server.id.0, state: server.state(now).name(), partitions: partitions.collect() }
}

fn partition<'a>(topic: &'a str, partition: &Partition) -> JsPartition<'a> {
    JsPartition {
        topic,
        partition: partition.id().partition,
        log_start: partition.log().log_start_offset() as f64,
        high_watermark: partition.high_watermark() as f64,
        log_end: partition.log().log_end_offset() as f64,
    }
}

fn visitor(world: &World, index: u32) -> JsVisitor {
    let waiting = world.waiting(index).iter();
    let waiting = waiting.map(|waiting| JsWaiting { question: waiting.question, since: micros(waiting.since) });
    JsVisitor { index: index + 1, waiting: waiting.collect() }
}

fn micros(at: Instant) -> f64 {
    at.0 as f64
}
