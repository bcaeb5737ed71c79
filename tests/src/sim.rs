//! What `cargo sim` does: worlds by seed, by scenario or by journal, and what went wrong in them.

mod arguments;
mod figures;
pub mod journal;
mod outcome;
mod report;
pub mod seeds;
pub mod shrink;
pub mod stories;
mod sweep;

pub use self::{
    arguments::Arguments,
    outcome::{Failure, Outcome},
    sweep::{REFUSED, run},
};
