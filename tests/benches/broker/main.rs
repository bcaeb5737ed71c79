//! What a broker costs: megabytes a second, CPU-seconds a gigabyte, the time to start, the time from end to end.
//!
//! `cargo bench -p ottla-tests [-- WORD…]`: with words, only the rows whose name has one of them. The client sends
//! batches that were encoded before and reads fetched ones away, on a thread of its own. `plain` rows are the same host
//! under a machine that only frames and appends: the floor. Megabytes are 10^6 bytes of batches.

mod end_to_end;
mod start;
mod table;
mod throughput;

use std::{os::unix::process::CommandExt, path::PathBuf, process::Command};

use ottla_contract::PlainBroker;
use ottla_core::host::MemoryStorage;
use ottla_tests::host::{Host, Options, StorageOption};
use tempfile::TempDir;

use table::Table;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Broker,
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StorageKind {
    Memory,
    Files,
}

impl Server {
    fn name(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Plain => "plain",
        }
    }

    fn start(self, storage: StorageOption) -> Host {
        let options = Options { storage, ..Options::default() };
        let started = match self {
            Self::Broker => Host::start(options),
            Self::Plain => Host::start_machine(options, Box::new(|_, _| {}), |_| PlainBroker::new(false)),
        };
        started.unwrap_or_else(|why| panic!("{}: {why}", self.name()))
    }
}

impl StorageKind {
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Files => "files",
        }
    }

    /// Storage with nothing on it, and what must live as long.
    fn fresh(self) -> (StorageOption, Option<TempDir>) {
        match self {
            Self::Memory => (StorageOption::Memory(MemoryStorage::default()), None),
            Self::Files => {
                // Beside the build, which is a disk; the directory for temporary files may be memory.
                let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory to write in");
                (StorageOption::Files(dir.path().to_owned()), Some(dir))
            }
        }
    }
}

/// Runs this program again with an allocator that keeps what was freed, so that rounds after the first find memory
/// that is there. Returns where it already does, or where there is no such allocator to tell.
fn keep_memory() {
    const TUNABLES: &str = "GLIBC_TUNABLES";
    const KEEP: &str = "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=4294967296:\
                        glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=67108864";
    if std::env::var_os(TUNABLES).is_none()
        && let Ok(program) = std::env::current_exe()
    {
        let why = Command::new(program).args(std::env::args_os().skip(1)).env(TUNABLES, KEEP).exec();
        eprintln!("memory is not kept between rounds: {why}");
    }
}

fn main() {
    keep_memory();
    match std::env::var("GLIBC_TUNABLES") {
        Ok(tunables) => println!("memory is kept between rounds: GLIBC_TUNABLES={tunables}"),
        Err(_) => println!("memory is given back between rounds"),
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut table = Table::new(words);
    for server in [Server::Broker, Server::Plain] {
        for storage in [StorageKind::Memory, StorageKind::Files] {
            throughput::measure(&mut table, server, storage);
        }
    }
    for storage in [StorageKind::Memory, StorageKind::Files] {
        start::measure(&mut table, storage);
        end_to_end::measure(&mut table, Server::Broker, storage);
    }
    end_to_end::measure(&mut table, Server::Plain, StorageKind::Memory);
    table.write_json(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench-broker.json"));
}
