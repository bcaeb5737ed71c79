//! What hostile bytes meet: one target per decoder.
//!
//! A target takes any bytes and returns; a panic is a bug, and so is what it asserts. `tests/fuzz` runs them under
//! libFuzzer, `tests/tests/fuzz_corpus` over the committed corpus and over changes made to it by a fixed seed.
//! Where a checksum would turn nearly everything away at the door, the target puts the right one in.

mod broker;
mod client;
mod driven;
mod log;
mod record;
mod scenario;
mod wire;

pub use self::{
    client::recorded,
    driven::{DrivenBroker, Files},
    log::packed,
};

/// One decoder and the name of its corpus.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
}

pub const TARGETS: &[Target] = &[
    Target { name: "frames", run: wire::frames },
    Target { name: "requests", run: wire::requests },
    Target { name: "answers", run: wire::answers },
    Target { name: "produce", run: wire::produce },
    Target { name: "batches", run: record::batches },
    Target { name: "gzip", run: record::gzip },
    Target { name: "snappy", run: record::snappy },
    Target { name: "lz4", run: record::lz4 },
    Target { name: "zstd", run: record::zstd },
    Target { name: "metadata", run: record::metadata },
    Target { name: "catalog", run: log::catalog },
    Target { name: "snapshot", run: log::snapshot },
    Target { name: "indexes", run: log::indexes },
    Target { name: "checkpoints", run: log::checkpoints },
    Target { name: "log_dir", run: log::log_dir },
    Target { name: "connection", run: broker::connection },
    Target { name: "client", run: client::client },
    Target { name: "scenario", run: scenario::scenario },
    Target { name: "links", run: scenario::links },
];

/// The target of this name.
///
/// # Panics
/// If there is none.
pub fn target(name: &str) -> Target {
    *TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target `{name}`"))
}
