//! Who agrees on a partition's records. With one broker: its leader alone.

pub mod fetch_session;
pub mod partition;
pub mod partitions;
#[cfg(test)]
mod tests;
mod validate;

pub use partition::{AppendRefused, Partition};
pub use partitions::Partitions;
