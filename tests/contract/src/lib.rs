//! Tests that run on every host: the storage contract, and the script whose trace digest is the same on all of them.

pub mod memory;
pub mod storage;

pub use memory::MemoryStorage;
