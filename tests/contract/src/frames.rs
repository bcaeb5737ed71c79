//! Requests and answers as a client of the simplest kind writes and reads them, byte by byte, and record batches.
//!
//! Written apart from the code under test, so that no mistake can agree with itself. Versions are the last ones before
//! the flexible encoding, and the numbers of `org.apache.kafka.common.protocol.ApiKeys`.

mod batch;
mod reader;

use bytes::{BufMut, Bytes, BytesMut};

pub use batch::{BatchReader, batch};
pub use reader::{Fetched, Produced, Reader, created, fetched, list_offset, produced};

/// ApiVersions, whose answer begins with the correlation id at any version.
pub fn api_versions(correlation: i32) -> Bytes {
    request(18, 2, correlation, &[])
}

/// Metadata of one topic, which asks to create it where `create`.
pub fn metadata(correlation: i32, topic: &str, create: bool) -> Bytes {
    let mut body = BytesMut::new();
    body.put_i32(1);
    put_string(&mut body, topic);
    body.put_u8(u8::from(create));
    // Neither cluster's nor topics' authorized operations.
    body.put_u16(0);
    request(3, 8, correlation, &body)
}

/// CreateTopics of one topic, on one replica per partition.
pub fn create_topic(correlation: i32, topic: &str, partitions: i32, configs: &[(&str, &str)]) -> Bytes {
    let mut body = BytesMut::new();
    body.put_i32(1);
    put_string(&mut body, topic);
    body.put_i32(partitions);
    body.put_i16(1);
    body.put_i32(0);
    body.put_i32(configs.len() as i32);
    for (name, value) in configs {
        put_string(&mut body, name);
        put_string(&mut body, value);
    }
    body.put_i32(10_000);
    body.put_u8(0);
    request(19, 4, correlation, &body)
}

/// DeleteTopics of one topic.
pub fn delete_topic(correlation: i32, topic: &str) -> Bytes {
    let mut body = BytesMut::new();
    body.put_i32(1);
    put_string(&mut body, topic);
    body.put_i32(10_000);
    request(20, 3, correlation, &body)
}

/// Produce of whole batches to one partition.
pub fn produce(correlation: i32, acks: i16, topic: &str, partition: i32, records: &[u8]) -> Bytes {
    let mut body = BytesMut::with_capacity(records.len() + topic.len() + 64);
    body.put_i16(-1);
    body.put_i16(acks);
    body.put_i32(10_000);
    body.put_i32(1);
    put_string(&mut body, topic);
    body.put_i32(1);
    body.put_i32(partition);
    body.put_i32(records.len() as i32);
    body.put_slice(records);
    request(0, 7, correlation, &body)
}

/// What a fetch asks of one partition, outside a session.
#[derive(Clone, Copy, Debug)]
pub struct FetchFrom<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub offset: i64,
    /// How long it may wait for `bytes_min`, in milliseconds.
    pub wait: i32,
    pub bytes_min: i32,
    pub bytes_max: i32,
}

pub fn fetch(correlation: i32, from: FetchFrom<'_>) -> Bytes {
    let mut body = BytesMut::new();
    body.put_i32(-1);
    body.put_i32(from.wait);
    body.put_i32(from.bytes_min);
    body.put_i32(from.bytes_max);
    body.put_u8(0);
    // No session (KIP-227: id 0, epoch -1).
    body.put_i32(0);
    body.put_i32(-1);
    body.put_i32(1);
    put_string(&mut body, from.topic);
    body.put_i32(1);
    body.put_i32(from.partition);
    body.put_i32(-1);
    body.put_i64(from.offset);
    body.put_i64(-1);
    body.put_i32(from.bytes_max);
    body.put_i32(0);
    put_string(&mut body, "");
    request(1, 11, correlation, &body)
}

/// ListOffsets of one partition: -1 asks for the end, -2 for the start.
pub fn list_offsets(correlation: i32, topic: &str, partition: i32, timestamp: i64) -> Bytes {
    let mut body = BytesMut::new();
    body.put_i32(-1);
    body.put_u8(0);
    body.put_i32(1);
    put_string(&mut body, topic);
    body.put_i32(1);
    body.put_i32(partition);
    body.put_i32(-1);
    body.put_i64(timestamp);
    request(2, 5, correlation, &body)
}

/// A request with its length in front and a header of version 1.
pub fn request(api_key: i16, version: i16, correlation: i32, body: &[u8]) -> Bytes {
    const CLIENT: &str = "ottla-tests";
    let mut frame = BytesMut::with_capacity(4 + 10 + CLIENT.len() + body.len());
    frame.put_i32((10 + CLIENT.len() + body.len()) as i32);
    frame.put_i16(api_key);
    frame.put_i16(version);
    frame.put_i32(correlation);
    put_string(&mut frame, CLIENT);
    frame.put_slice(body);
    frame.freeze()
}

fn put_string(bytes: &mut BytesMut, text: &str) {
    bytes.put_i16(text.len() as i16);
    bytes.put_slice(text.as_bytes());
}
