//! Ottla's core: Kafka as plain state machines that know no runtime.

// 0 words
pub mod config;
pub mod effect;
pub mod error;
pub mod ids;
pub mod machine;
pub mod purgatory;
pub mod rng;
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
