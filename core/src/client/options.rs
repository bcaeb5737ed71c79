//! What a client is told, by the Java client's names and with its defaults.

use std::time::Duration;

use crate::{effect::Address, ids::Sequence};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// `bootstrap.servers`: whom to ask while no broker is known, and again when none can be reached.
    pub bootstrap: Vec<Address>,
    /// `client.id`.
    pub client_id: String,
    /// `request.timeout.ms`: how long one request waits for its answer before its connection is given up.
    pub request_timeout: Duration,
    /// `default.api.timeout.ms`: how long a call takes at most, however often it is asked. A Fetch adds its `wait`.
    pub api_timeout: Duration,
    /// `delivery.timeout.ms`: the same for a Produce.
    pub delivery_timeout: Duration,
    /// `retry.backoff.ms` and `retry.backoff.max.ms`: rest before a request is sent again, doubled each time.
    pub retry_backoff: Duration,
    pub retry_backoff_max: Duration,
    /// `reconnect.backoff.ms` and `reconnect.backoff.max.ms`: the same before an address is dialled again.
    pub reconnect_backoff: Duration,
    pub reconnect_backoff_max: Duration,
    /// `socket.connection.setup.timeout.ms`.
    pub dial_timeout: Duration,
    /// `metadata.max.age.ms`: after it a leader is asked for again.
    pub metadata_age_max: Duration,
    /// `max.in.flight.requests.per.connection`.
    pub in_flight_max: u32,
    /// `max.request.size`: of a record before and of a batch after compression, in bytes.
    pub request_bytes_max: u32,
    /// `buffer.memory`: of all records that wait or are under way, in bytes.
    pub buffer_bytes_max: u64,
    /// Calls that are not answered. One more is refused (ours: the Java client makes its callers wait).
    pub calls_max: u32,
    /// Largest answer that is read (ours: the Java client reads what it is sent). Above the 50 MiB of `fetch.max.bytes`.
    pub answer_bytes_max: u32,
    /// Where a new producer id's sequences begin on each partition (ours: the Java client's are 0).
    pub first_sequence: Sequence,
    /// Of all its randomness.
    pub seed: u64,
}

impl ClientOptions {
    pub fn new(bootstrap: Vec<Address>) -> Self {
        Self {
            bootstrap,
            client_id: "ottla".to_owned(),
            request_timeout: Duration::from_secs(30),
            api_timeout: Duration::from_secs(60),
            delivery_timeout: Duration::from_secs(120),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            reconnect_backoff: Duration::from_millis(50),
            reconnect_backoff_max: Duration::from_secs(1),
            dial_timeout: Duration::from_secs(10),
            metadata_age_max: Duration::from_secs(300),
            in_flight_max: 5,
            request_bytes_max: 1024 * 1024,
            buffer_bytes_max: 32 * 1024 * 1024,
            calls_max: 10_000,
            answer_bytes_max: 64 * 1024 * 1024,
            first_sequence: 0,
            seed: 0,
        }
    }
}
