//! The request path of the note's third drawing: acceptor, processors, request queue, handlers, log, purgatory,
//! response queues. One file per Kafka API in `api/`.

mod api;
mod topics;

pub use topics::Topics;
