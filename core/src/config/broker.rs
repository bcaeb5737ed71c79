//! What one broker can be told (`kafka.server.KafkaConfig`).

use std::time::Duration;

use super::configs;

configs! { BrokerConfig;
    /// Processors: each owns some connections and a response queue.
    network_threads: u32 = "num.network.threads", true, "3", |count| if *count >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// Handler slots: how many requests may be worked on at once.
    io_threads: u32 = "num.io.threads", true, "8", |count| if *count >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// Requests that may wait in the request queue before reading stops.
    queued_requests_max: u32 = "queued.max.requests", false, "500", |count| if *count >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// Largest frame that is read.
    request_bytes_max: u32 = "socket.request.max.bytes", false, "104857600", |bytes| if *bytes >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// A connection silent for this long is closed.
    connection_idle_max: Duration = "connections.max.idle.ms", false, "600000";
    /// Partitions of a topic that is created without saying how many.
    partitions_default: i32 = "num.partitions", false, "1", |count| if *count >= 1 { Ok(()) } else { Err("must be at least 1".into()) };
    /// Whether asking for a missing topic creates it.
    auto_create_topics: bool = "auto.create.topics.enable", false, "true";
}
