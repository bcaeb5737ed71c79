//! Broker processes on loopback.

mod clock;
mod cluster;
mod command;
mod connection;
mod node;
mod serve;
mod transport;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::ControlFlow,
    path::PathBuf,
    sync::mpsc,
    time::Duration,
};

use ottla_core::{
    config::{BrokerConfig, ConfigError},
    effect::{Address, NodeAnswer, NodeCall},
    error::Fatal,
    host::MemoryStorage,
    ids::BrokerId,
    log::DirOptions,
    machine::Machine,
};

use crate::{
    cpu::CpuClock,
    storage::{AnyStorage, FileStorage, files::CannotOpen},
};

pub use clock::PlatformClock;
pub use cluster::{Cluster, ClusterOptions, OnTold, Told};
pub use command::{Command, NoCommand, Verb};
pub use serve::{Door, Listeners, Served};
pub use transport::TcpTransport;

/// What a broker is started with.
#[derive(Clone, Debug)]
pub struct Options {
    pub id: BrokerId,
    /// 0: any free one.
    pub port: u16,
    pub storage: StorageOption,
    /// Kafka's names and values.
    pub configs: Vec<(String, String)>,
    /// `None`: it is on its own.
    pub membership: Option<Membership>,
}

/// What a broker that is one of a cluster is told of it.
#[derive(Clone, Debug)]
pub struct Membership {
    pub cluster_id: String,
    /// Where the members reach each other, itself among them.
    pub peers: Vec<(BrokerId, Address)>,
    /// The first so many of them vote.
    pub voters: u16,
}

impl Default for Options {
    fn default() -> Self {
        let (storage, configs) = (StorageOption::default(), Vec::new());
        Self { id: BrokerId(1), port: 0, storage, configs, membership: None }
    }
}

/// Where records are kept.
#[derive(Clone, Debug)]
pub enum StorageOption {
    /// On this disk of memory, which may outlive the host.
    Memory(MemoryStorage),
    /// In files under this directory, which is made if it is missing.
    Files(PathBuf),
}

impl Default for StorageOption {
    fn default() -> Self {
        Self::Memory(MemoryStorage::default())
    }
}

/// What a broker's machine is made from.
#[derive(Clone, Debug)]
pub struct Seed {
    pub id: BrokerId,
    /// Where clients reach it.
    pub address: Address,
    pub config: BrokerConfig,
    pub dir: DirOptions,
    /// `Options::membership`.
    pub membership: Option<Membership>,
    /// For its randomness: another one at every start.
    pub random: u64,
}

/// One broker, which serves.
pub struct Host {
    served: Served<NodeCall>,
    storage_cpu: CpuClock,
}

/// How far recovery is, in bytes read of bytes to read.
pub type OnRecovery = Box<dyn FnMut(u64, u64) + Send>;

/// Called once, when it serves or cannot. Dropped without it where the broker's thread panics before.
pub type OnReady = Box<dyn FnOnce(Result<(), Fatal>) + Send>;

impl Host {
    /// Starts a broker and waits until it serves.
    pub fn start(options: Options) -> Result<Self, CannotStart> {
        Self::start_watched(options, Box::new(|_, _| {}))
    }

    /// `start`, telling `on_recovery` how far it is.
    pub fn start_watched(options: Options, on_recovery: OnRecovery) -> Result<Self, CannotStart> {
        Self::start_machine(options, on_recovery, node::make)
    }

    /// `start_watched` with a machine of the caller's own in a broker's place.
    pub fn start_machine<M>(
        options: Options,
        on_recovery: OnRecovery,
        make: impl FnOnce(Seed) -> M + Send + 'static,
    ) -> Result<Self, CannotStart>
    where
        M: Machine<Call = NodeCall, Answer = NodeAnswer> + 'static,
    {
        // What can be refused is, before the port is.
        check_configs(&options.configs)?;
        let listeners = listen(options.port)?.into();
        let (ready, is_ready) = mpsc::channel();
        let on_ready = Box::new(move |result| _ = ready.send(result));
        let host = Self::begin(options, listeners, (on_recovery, on_ready), make)?;
        match is_ready.recv() {
            Ok(Ok(())) => Ok(host),
            Ok(Err(why)) => Err(CannotStart::Recovery(why)),
            Err(mpsc::RecvError) => Err(CannotStart::Panicked),
        }
    }

    /// Starts a broker, which says when it serves.
    pub(crate) fn begin<M>(
        options: Options,
        listeners: Listeners,
        (on_recovery, on_ready): (OnRecovery, OnReady),
        make: impl FnOnce(Seed) -> M + Send + 'static,
    ) -> Result<Self, CannotStart>
    where
        M: Machine<Call = NodeCall, Answer = NodeAnswer> + 'static,
    {
        let config = check_configs(&options.configs)?;
        let mut dir = DirOptions::default();
        let (storage, storage_cpu) = match options.storage {
            StorageOption::Memory(storage) => {
                // Batches are the same bytes here and in storage: to give them up would free nothing.
                dir.hot_bytes_max = u64::MAX;
                (AnyStorage::Memory(storage), CpuClock::default())
            }
            StorageOption::Files(path) => {
                let storage = FileStorage::open(&path).map_err(CannotStart::Storage)?;
                let cpu_clock = storage.cpu_clock().clone();
                (AnyStorage::Files(storage), cpu_clock)
            }
        };
        let (id, membership) = (options.id, options.membership);
        let served = Served::start(listeners, move |address, door| {
            let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), address);
            let address = address_of(address);
            (make(Seed { id, address, config, dir, membership, random }), storage, attend(door, on_ready, on_recovery))
        });
        Ok(Self { served: served.map_err(CannotStart::Platform)?, storage_cpu })
    }

    pub fn address(&self) -> SocketAddr {
        self.served.address()
    }

    /// Stands still, as a process does that was sent SIGSTOP.
    pub fn pause(&mut self) {
        self.served.pause();
    }

    pub fn resume(&mut self) {
        self.served.resume();
    }

    /// CPU time so far of the broker's thread and of its storage's.
    pub fn cpu_time(&self) -> Duration {
        self.served.cpu_time() + self.storage_cpu.total()
    }

    /// Waits until the broker has ended, which is a failure where nobody asked for it.
    pub fn ended(&mut self) -> impl Future<Output = ()> + use<> {
        self.served.ended()
    }

    /// A clean shutdown: everything is synced, the clean marker written, every connection closed.
    pub fn stop(self) -> Result<(), Panicked> {
        self.served.call(NodeCall::Stop);
        if self.served.join() { Ok(()) } else { Err(Panicked) }
    }

    /// Ends the broker mid-air, as a crash of its process would. What it gave to storage is there.
    pub fn kill(self) {
        self.served.kill();
    }
}

/// Does what the machine's answers ask for: opens the door, tells of recovery, ends.
fn attend(
    door: Door<NodeCall>,
    on_ready: OnReady,
    mut on_recovery: OnRecovery,
) -> impl FnMut(NodeAnswer) -> ControlFlow<()> {
    let mut on_ready = Some(on_ready);
    let mut tell = move |result| {
        if let Some(on_ready) = on_ready.take() {
            on_ready(result);
        }
    };
    move |answer| match answer {
        NodeAnswer::Ready => {
            door.open();
            tell(Ok(()));
            ControlFlow::Continue(())
        }
        NodeAnswer::Recovering { done, total } => {
            on_recovery(done, total);
            ControlFlow::Continue(())
        }
        NodeAnswer::CannotOpen(why) => {
            tell(Err(why));
            ControlFlow::Break(())
        }
        NodeAnswer::Stopped => ControlFlow::Break(()),
    }
}

fn check_configs(configs: &[(String, String)]) -> Result<BrokerConfig, CannotStart> {
    let mut config = BrokerConfig::default();
    for (name, value) in configs {
        config.set(name, value).map_err(CannotStart::Config)?;
    }
    Ok(config)
}

fn address_of(address: SocketAddr) -> Address {
    Address { host: address.ip().to_string(), port: address.port() }
}

fn listen(port: u16) -> Result<TcpListener, CannotStart> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => CannotStart::PortInUse(port),
        _ => CannotStart::Platform(error),
    })
}

/// Why a broker does not serve, in words for whoever started it.
#[derive(Debug)]
pub enum CannotStart {
    PortInUse(u16),
    Config(ConfigError),
    Storage(CannotOpen),
    /// What is in storage cannot be read. Nothing was changed.
    Recovery(Fatal),
    Platform(io::Error),
    Panicked,
}

impl fmt::Display for CannotStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortInUse(port) => write!(f, "port {port} of 127.0.0.1 is in use"),
            Self::Config(why) => why.fmt(f),
            Self::Storage(why) => why.fmt(f),
            Self::Recovery(why) => write!(f, "cannot open the log dir: {why}"),
            Self::Platform(why) => why.fmt(f),
            Self::Panicked => Panicked.fmt(f),
        }
    }
}

impl std::error::Error for CannotStart {}

/// The broker's thread panicked and has said why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the broker panicked")
    }
}

impl std::error::Error for Panicked {}
