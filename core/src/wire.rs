//! What is said: frames, the table of APIs, the door to the messages. Built and read in `broker` and `client` only.
//!
//! Messages are `kafka-wire`'s, decoded under `limits`. The two that carry records are written here, so that record
//! bytes travel by reference: `produce` (requests, both ways) and `fetch` (answers); and so is `produce_answer`, because
//! every batch has one.

pub mod api;
pub mod fetch;
pub mod frame;
pub mod header;
pub mod limits;
pub mod produce;
pub mod produce_answer;
pub mod writer;

pub use api::Api;
pub use frame::{FrameError, FrameSplitter};
pub use header::{HeaderError, RequestHead};
