//! The native host (a broker as a thread, TCP on loopback, a log dir in memory or in files), and what runs worlds.

pub mod client;
pub mod cpu;
pub mod fuzz;
pub mod host;
pub mod link;
pub mod metadata_records;
pub mod program;
pub mod sim;
pub mod storage;
