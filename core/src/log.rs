//! What is kept: one partition's log, and the log dir that all of a broker's logs share.

pub mod dir;
pub mod log;
pub mod read;

pub use self::log::{Appended, Log};
pub use dir::LogDir;
pub use read::{ColdRange, Read, TimestampSearch};
