//! What nobody here wrote: real clients against our broker, and Apache Kafka asked the same as we are.
//!
//! A missing program fails its tests and says which package has it. Whoever has to do without leaves a suite out by
//! name, so that no test passes that did nothing: `cargo test -- --skip with_kcat:: --skip with_kafka::`.

mod input;
mod tools;
mod with_kafka;
mod with_kcat;

/// The program under test.
const HOST: &str = env!("CARGO_BIN_EXE_ottla-host");
