//! What the page is told.

use ottla_core::{
    client::reply::{ConfigEntry, ConfigSource, Fetched, FoundOffset, Produced},
    error::ErrorCode,
    record::{Batch, Record, TimestampType},
};
use ottla_js::{error::Refusal, value::to_js};
use serde::Serialize;
use wasm_bindgen::JsValue;

use super::{bytes_or_null, date};

/// Records of one batch take no more than this when they are decompressed.
const BATCH_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsProduced<'a> {
    topic: &'a str,
    partition: i32,
    base_offset: i64,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    append_time: JsValue,
}

pub fn produced(topic: &str, partition: i32, produced: Produced) -> JsValue {
    let append_time = produced.append_time.map_or(JsValue::UNDEFINED, date);
    to_js(&JsProduced { topic, partition, base_offset: produced.base_offset.unwrap_or(-1), append_time })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsFetched {
    high_watermark: i64,
    log_start: i64,
    batches: Vec<JsBatch>,
}

pub fn fetched(fetched: &Fetched) -> Result<JsValue, Refusal> {
    let batches = fetched.batches.iter().map(JsBatch::new).collect::<Result<_, _>>()?;
    Ok(to_js(&JsFetched { high_watermark: fetched.high_watermark, log_start: fetched.log_start, batches }))
}

/// The page's `Batch`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsBatch {
    base_offset: i64,
    last_offset: i64,
    leader_epoch: i32,
    magic: i8,
    crc: u32,
    attributes: i16,
    compression: &'static str,
    timestamp_type: &'static str,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    max_timestamp: JsValue,
    producer_id: i64,
    producer_epoch: i16,
    base_sequence: i32,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    bytes: JsValue,
    records: Vec<JsRecord>,
}

#[derive(Serialize)]
struct JsRecord {
    offset: i64,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    timestamp: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    key: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    value: JsValue,
    headers: Vec<(String, Preserved)>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Preserved(#[serde(with = "serde_wasm_bindgen::preserve")] JsValue);

impl JsBatch {
    fn new(batch: &Batch) -> Result<Self, Refusal> {
        let corrupt =
            |why: ottla_core::record::BatchError| Refusal::kafka(ErrorCode::CorruptMessage, Some(why.to_string()));
        let header = batch.header();
        let records = batch.records(BATCH_BYTES_MAX).map_err(corrupt)?;
        let records = records.map(|record| record.map(|record| js_record(&record)));
        Ok(Self {
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            leader_epoch: header.partition_leader_epoch,
            magic: header.magic,
            crc: header.crc,
            attributes: header.attributes,
            compression: header.compression().map_err(corrupt)?.name(),
            timestamp_type: match header.timestamp_type() {
                TimestampType::CreateTime => "CreateTime",
                TimestampType::LogAppendTime => "LogAppendTime",
            },
            max_timestamp: date(header.max_timestamp),
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            base_sequence: header.base_sequence,
            bytes: bytes_or_null(Some(&batch.to_bytes())),
            records: records.collect::<Result<_, _>>().map_err(corrupt)?,
        })
    }
}

fn js_record(record: &Record) -> JsRecord {
    let header = |header: &ottla_core::record::Header| {
        let value = Preserved(bytes_or_null(header.value.as_deref()));
        (String::from_utf8_lossy(&header.key).into_owned(), value)
    };
    JsRecord {
        offset: record.offset,
        timestamp: date(record.timestamp),
        key: bytes_or_null(record.key.as_deref()),
        value: bytes_or_null(record.value.as_deref()),
        headers: record.headers.iter().map(header).collect(),
    }
}

#[derive(Serialize)]
struct JsFoundOffset {
    offset: i64,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    timestamp: JsValue,
}

pub fn found_offset(found: FoundOffset) -> JsValue {
    let timestamp = found.timestamp.map_or(JsValue::UNDEFINED, date);
    to_js(&JsFoundOffset { offset: found.offset, timestamp })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsConfigEntry<'a> {
    name: &'a str,
    value: Option<&'a str>,
    source: &'static str,
    read_only: bool,
    documentation: &'a str,
}

pub fn config_entry(entry: &ConfigEntry) -> JsValue {
    to_js(&JsConfigEntry {
        name: &entry.name,
        value: entry.value.as_deref(),
        source: source_name(entry.source),
        read_only: entry.is_read_only,
        documentation: entry.documentation.as_deref().unwrap_or_default(),
    })
}

/// `ConfigEntry.ConfigSource` of Kafka's admin client.
fn source_name(source: ConfigSource) -> &'static str {
    match source {
        ConfigSource::Unknown => "UNKNOWN",
        ConfigSource::DynamicTopic => "DYNAMIC_TOPIC_CONFIG",
        ConfigSource::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
        ConfigSource::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        ConfigSource::StaticBroker => "STATIC_BROKER_CONFIG",
        ConfigSource::Default => "DEFAULT_CONFIG",
        ConfigSource::DynamicBrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG",
        ConfigSource::ClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
        ConfigSource::Group => "DYNAMIC_GROUP_CONFIG",
    }
}
