//! Tests that run on every host: the storage contract, and the script whose trace digest is the same on all of them.

pub mod driven;
pub mod frames;
pub mod plain;
pub mod script;
pub mod storage;

pub use driven::Driven;
pub use ottla_core::host::MemoryStorage;
pub use plain::PlainBroker;
