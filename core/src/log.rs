//! What is kept: one partition's log, and the log dir that all of a broker's logs share.

pub mod checkpoint;
pub mod dir;
mod follow;
mod hot;
pub mod index;
pub mod layout;
pub mod leader_epoch;
#[expect(clippy::module_inception, reason = "one partition's log is called what Kafka calls it")]
pub mod log;
pub mod meta_properties;
pub mod producer_state;
pub mod read;
pub mod recover;
mod retain;
mod search;
pub mod segment;
#[cfg(test)]
pub(crate) mod tests;
mod truncate;

pub use self::log::{Appended, Log};
pub use self::{
    follow::FollowerBatches,
    truncate::{Truncation, TruncationNeeds},
};
pub use dir::{CommitOutcome, DirOptions, DirState, LogDir, Mark};
pub use meta_properties::MetaProperties;
pub use read::{ColdRange, Read, TimestampSearch};
pub use recover::{Identity, OpenLog, Opened, OpenedMember, Recovery, RecoveryStep};
