//! Logs and their dir over a disk that gives no more than the contract of storage does.

pub(crate) mod check;
pub(crate) mod disk;
mod reading;
mod truncate;
pub(crate) mod world;
