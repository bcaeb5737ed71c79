//! Ottla's core: Kafka as plain state machines that know no runtime.
//!
//! # The map
//!
//! Everything but `host` (real time) and `world` (virtual time) is a machine at the grain of one input: `handle(now, input, effects)` (`machine.rs`). Time,
//! randomness and names come in with the turn (`turn.rs`); what is to be done goes out as effects (`effect.rs`). Modules
//! stand below in their layers: a module uses what stands in layers above it in this file and nothing further down, and
//! a test (`tests/tests/tidy/layers.rs`) reads this very table.
//!
//! # The walk of a produce request
//!
//! 1. `broker/network.rs`: bytes become frames (`wire/frame.rs`), frames requests (`wire/header.rs`).
//! 2. `broker/request_queue.rs`: bounded; a full one holds its processors up, and reading stops.
//! 3. `broker/handlers.rs`: a slot takes the request, decodes it (`wire/produce.rs`) and calls the API's method.
//! 4. `broker/api/produce.rs`: one batch for each partition.
//! 5. `replica/partition.rs`: checks the batch (`replica/validate.rs`, `record/check.rs`), moves the high watermark.
//! 6. `log/log.rs`: the producer's sequence, offset and leader epoch, segments and indexes.
//! 7. `log/dir.rs`: one commit at a time for all logs of the dir.
//! 8. `broker/wait/produce.rs`: parked until it is committed, or the high watermark has passed.
//! 9. `broker/respond.rs`: the answer, in the order of the connection's requests.
//!
//! # What must stay true
//!
//! `core/invariants.md` has each invariant's sentence under its code (R10, S1); comments and tests name the code where they
//! keep or check it. Why the house is built so: `core/decisions/`.

// 0 words
pub mod config;
pub mod decider;
pub mod effect;
pub mod error;
pub mod ids;
pub mod machine;
pub mod purgatory;
pub mod rng;
pub mod runs;
pub mod sorted;
pub mod time;
pub mod trace;
pub mod turn;
// 1 what is said
pub mod record;
pub mod wire;
// 2 what is kept
pub mod disk;
pub mod log;
// 3 who agrees
pub mod quorum;
pub mod replica;
// 4 who decides
pub mod controller;
// 5 who speaks
pub mod broker;
pub mod client;
// 6 the whole
pub mod node;
// 7 who drives
pub mod host;
pub mod world;
