//! The native host: a broker as a thread, TCP on loopback, a log dir in memory or in files.

pub mod client;
pub mod cpu;
pub mod fuzz;
pub mod host;
pub mod program;
pub mod storage;
