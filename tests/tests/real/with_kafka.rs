//! Apache Kafka's own tools against our broker, and Apache Kafka asked the same as we are.

mod answers;
mod apache;
mod cluster;
mod console;
mod dump;
mod dump_log;
mod metadata_log;
mod tools;
