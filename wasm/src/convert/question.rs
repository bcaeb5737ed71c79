//! What the page asks.

use std::time::Duration;

use bytes::Bytes;
use js_sys::{Array, Date, Uint8Array};
use ottla_core::{
    client::question::{
        Acks, ConfigEdit, ConfigOperation, ConfigResource, FetchFrom, NewBatch, NewRecord, NewTopic, OffsetAt, Question,
    },
    record::{Compression, Header},
    time::Timestamp,
};
use ottla_js::{error::Refusal, value::from_js};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};

use super::Pairs;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsTopic {
    name: String,
    partitions: Option<i32>,
    configs: Option<Pairs<String>>,
}

pub fn create_topic(topic: JsValue) -> Result<Question, Refusal> {
    let JsTopic { name, partitions, configs } = from_js(topic)?;
    let topic = NewTopic { name, partitions, replication_factor: None, configs: configs.unwrap_or_default().0 };
    Ok(Question::CreateTopics { topics: vec![topic], validate_only: false })
}

pub fn alter_configs(topic: String, edits: JsValue) -> Result<Question, Refusal> {
    let edits: Pairs<Option<String>> = from_js(edits)?;
    let edit = |(name, value): (String, Option<String>)| {
        let operation = value.map_or(ConfigOperation::Delete, ConfigOperation::Set);
        ConfigEdit { name, operation }
    };
    let edits = edits.0.into_iter().map(edit).collect();
    Ok(Question::IncrementalAlterConfigs { resource: ConfigResource::Topic(topic), edits, validate_only: false })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JsFetch {
    topic: String,
    partition: i32,
    offset: i64,
    max_bytes: Option<u32>,
    max_wait_ms: Option<u32>,
    min_bytes: Option<u32>,
}

pub fn fetch(request: JsValue) -> Result<Question, Refusal> {
    let request: JsFetch = from_js(request)?;
    let default = FetchFrom::new(&request.topic, request.partition, request.offset);
    Ok(Question::Fetch(FetchFrom {
        bytes_max: request.max_bytes.unwrap_or(default.bytes_max),
        bytes_min: request.min_bytes.unwrap_or(default.bytes_min),
        wait: request.max_wait_ms.map_or(default.wait, |millis| Duration::from_millis(u64::from(millis))),
        ..default
    }))
}

/// A word, or a Date.
pub fn offset_at(at: &JsValue) -> Result<OffsetAt, Refusal> {
    if let Some(date) = at.dyn_ref::<Date>() {
        return Ok(OffsetAt::Time(timestamp(date.get_time())?));
    }
    match at.as_string().as_deref() {
        Some("earliest") => Ok(OffsetAt::Earliest),
        Some("latest") => Ok(OffsetAt::Latest),
        Some("max-timestamp") => Ok(OffsetAt::MaxTimestamp),
        _ => Err(Refusal::invalid("an offset is asked for by `earliest`, `latest`, `max-timestamp` or a Date")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsBatch {
    topic: String,
    partition: i32,
    records: Vec<JsRecord>,
    compression: Option<String>,
    acks: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsRecord {
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    key: JsValue,
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    value: JsValue,
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    headers: JsValue,
    #[serde(default, with = "serde_wasm_bindgen::preserve")]
    timestamp: JsValue,
}

pub fn produce(request: JsValue) -> Result<Question, Refusal> {
    let JsBatch { topic, partition, records, compression, acks } = from_js(request)?;
    let records = records.into_iter().map(record).collect::<Result<_, _>>()?;
    let compression = match compression.as_deref() {
        None | Some("none") => Compression::None,
        Some("gzip") => Compression::Gzip,
        Some("snappy") => Compression::Snappy,
        Some("lz4") => Compression::Lz4,
        // The encoder would weigh more than all of the others, and lz4 is as good here.
        Some(other) => return Err(Refusal::invalid(format!("the page does not compress with `{other}`"))),
    };
    let acks = match acks {
        None | Some(-1) => Acks::All,
        Some(0) => Acks::None,
        Some(1) => Acks::Leader,
        Some(other) => return Err(Refusal::invalid(format!("acks are -1, 0 or 1, not {other}"))),
    };
    Ok(Question::Produce(NewBatch { topic, partition, records, compression, acks }))
}

fn record(record: JsRecord) -> Result<NewRecord, Refusal> {
    let timestamp = match record.timestamp.dyn_ref::<Date>() {
        Some(date) => Some(timestamp(date.get_time())?),
        None if record.timestamp.is_undefined() => None,
        None => {
            let millis = record.timestamp.as_f64();
            Some(timestamp(millis.ok_or_else(|| Refusal::invalid("a timestamp is a Date or milliseconds"))?)?)
        }
    };
    let headers = match record.headers.is_undefined() {
        true => Vec::new(),
        false => {
            let headers = record.headers.dyn_ref::<Array>().ok_or_else(no_header)?;
            headers.iter().map(|header| self::header(&header)).collect::<Result<_, _>>()?
        }
    };
    Ok(NewRecord { key: bytes(&record.key)?, value: bytes(&record.value)?, headers, timestamp })
}

fn header(header: &JsValue) -> Result<Header, Refusal> {
    let pair = header.dyn_ref::<Array>().filter(|pair| pair.length() == 2).ok_or_else(no_header)?;
    let key = pair.get(0).as_string().ok_or_else(no_header)?;
    Ok(Header { key: key.into(), value: bytes(&pair.get(1))? })
}

fn no_header() -> Refusal {
    Refusal::invalid("a header is a pair of a name and bytes, a text or null")
}

/// A text is its UTF-8; null and nothing are no bytes.
fn bytes(value: &JsValue) -> Result<Option<Bytes>, Refusal> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    if let Some(text) = value.as_string() {
        return Ok(Some(text.into()));
    }
    match value.dyn_ref::<Uint8Array>() {
        Some(bytes) => Ok(Some(bytes.to_vec().into())),
        None => Err(Refusal::invalid("a key or value is a Uint8Array, a text or null")),
    }
}

fn timestamp(millis: f64) -> Result<Timestamp, Refusal> {
    // Beyond it a Date is invalid.
    match millis.is_finite() && millis.abs() <= 8.64e15 {
        true => Ok(Timestamp(millis as i64)),
        false => Err(Refusal::invalid("a timestamp that is no time")),
    }
}
