//! Who agrees on a partition's records. With one broker: its leader alone.

pub mod partition;

pub use partition::Partition;
