//! Brokers of one cluster in this process: each on a thread of its own, with a door for clients and one for its peers.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use ottla_core::{
    effect::Address,
    error::Fatal,
    host::MemoryStorage,
    ids::{BrokerId, TopicId},
    log::layout::META_PROPERTIES,
};

use super::{
    CannotStart, Command, Host, Listeners, Membership, OnReady, OnRecovery, Options, Panicked, StorageOption, Verb,
    address_of, listen, node,
};

/// What a cluster is started with.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    pub brokers: u16,
    /// The first so many vote; 1 to as many as there are.
    pub voters: u16,
    /// Of the first broker's clients; the others' follow. 0: any free ones.
    pub port: u16,
    /// `None`: in memory. Several brokers have a directory each in it, `broker-1` and so on; one has all of it.
    pub dir: Option<PathBuf>,
    /// Kafka's names and values.
    pub configs: Vec<(String, String)>,
}

/// What a cluster tells its owner, from whatever thread.
#[derive(Debug)]
pub enum Told {
    /// How far a recovery is, in bytes read of bytes to read.
    Recovering(u64, u64),
    /// It serves clients.
    Ready(BrokerId),
    CannotStart(BrokerId, Fatal),
    /// A clean shutdown that was asked for is done.
    Stopped(BrokerId, Result<(), Panicked>),
    /// A process of it ended, which one since the beginning. Whether anybody had asked for that, the cluster knows.
    Ended(BrokerId, u32),
}

pub type OnTold = Arc<dyn Fn(Told) + Send + Sync>;

pub struct Cluster {
    seats: Vec<Seat>,
    on_told: OnTold,
}

/// A broker's place, whether or not it runs.
struct Seat {
    options: Options,
    address: SocketAddr,
    /// Which of its processes is the latest, from 1.
    life: u32,
    state: State,
}

enum State {
    Down,
    Up(Host),
    /// On a thread that waits for its end.
    Stopping,
}

impl Cluster {
    /// Starts all brokers. Each says when it is ready.
    pub fn start(options: ClusterOptions, on_told: OnTold) -> Result<Self, CannotStart> {
        let bound = (0..options.brokers).map(|index| {
            let port = if options.port == 0 { 0 } else { options.port.saturating_add(index) };
            Ok(Listeners { clients: listen(port)?, brokers: Some(listen(0)?) })
        });
        let bound = bound.collect::<Result<Vec<Listeners>, CannotStart>>()?;
        // Whoever starts knows where all the others are.
        let peers = bound.iter().zip(1..).map(|(listeners, id)| {
            let address =
                listeners.brokers.as_ref().map(|listener| listener.local_addr().map_err(CannotStart::Platform));
            Ok(address.transpose()?.map(|address| (BrokerId(id), address_of(address))))
        });
        let peers = peers.filter_map(Result::transpose).collect::<Result<Vec<(BrokerId, Address)>, CannotStart>>()?;
        let membership = match options.brokers {
            1 => None,
            _ => Some(Membership { cluster_id: cluster_id(options.dir.as_deref())?, peers, voters: options.voters }),
        };
        let mut cluster = Self { seats: Vec::new(), on_told };
        for (listeners, id) in bound.into_iter().zip(1..) {
            let storage = match &options.dir {
                None => StorageOption::Memory(MemoryStorage::default()),
                Some(dir) if options.brokers == 1 => StorageOption::Files(dir.clone()),
                Some(dir) => StorageOption::Files(dir.join(format!("broker-{id}"))),
            };
            let address = listeners.clients.local_addr().map_err(CannotStart::Platform)?;
            let (port, configs) = (address.port(), options.configs.clone());
            let options = Options { id: BrokerId(id), port, storage, configs, membership: membership.clone() };
            let state = State::Up(cluster.begin(&options, 1, listeners)?);
            cluster.seats.push(Seat { options, address, life: 1, state });
        }
        Ok(cluster)
    }

    /// Where clients reach the brokers.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.seats.iter().map(|seat| seat.address)
    }

    /// Does what was said on standard input, or begins to: `Told` says when a broker that starts is ready, and when one that
    /// stops has.
    ///
    /// # Errors
    /// Why it cannot be done, in words.
    pub fn carry_out(&mut self, command: Command) -> Result<(), String> {
        let Command { verb, broker } = command;
        let index = usize::try_from(broker - 1).ok().filter(|index| *index < self.seats.len());
        let index = index.ok_or_else(|| format!("there is no broker {broker}"))?;
        let is_down = match (&mut self.seats[index].state, verb) {
            (State::Up(host), Verb::Pause) => {
                host.pause();
                return Ok(());
            }
            (State::Up(host), Verb::Resume) => {
                host.resume();
                return Ok(());
            }
            (State::Up(_), Verb::Start) => return Err(format!("broker {broker} runs")),
            (State::Up(_), Verb::Kill | Verb::Stop) => false,
            (State::Stopping, _) => return Err(format!("broker {broker} is stopping")),
            (State::Down, _) => true,
        };
        match verb {
            Verb::Start => return self.start_again(index).map_err(|why| why.to_string()),
            _ if is_down => return Err(format!("broker {broker} does not run")),
            Verb::Kill => self.take(index).into_iter().for_each(Host::kill),
            _ => self.stop(index),
        }
        Ok(())
    }

    /// A clean shutdown of every broker that runs.
    pub fn stop_all(&mut self) {
        (0..self.seats.len()).for_each(|index| self.stop(index));
    }

    /// Whether a broker runs or is about to end.
    pub fn is_anyone_up(&self) -> bool {
        self.seats.iter().any(|seat| !matches!(seat.state, State::Down))
    }

    /// What was told of a broker is known here too. True if it ended though nobody had asked for that.
    pub fn on_told(&mut self, told: &Told) -> bool {
        let (Told::Stopped(id, _) | Told::CannotStart(id, _) | Told::Ended(id, _)) = told else { return false };
        let Some(seat) = self.seats.get_mut((id.0 - 1) as usize) else { return false };
        let is_over = match (told, &seat.state) {
            (Told::Ended(_, life), State::Up(_)) => *life == seat.life,
            (Told::Ended(..), _) => false,
            _ => true,
        };
        if is_over {
            seat.state = State::Down;
        }
        is_over && matches!(told, Told::Ended(..))
    }

    fn start_again(&mut self, index: usize) -> Result<(), CannotStart> {
        let options = self.seats[index].options.clone();
        let mut peers = options.membership.iter().flat_map(|membership| &membership.peers);
        let own = peers.find(|(id, _)| *id == options.id).map_or(0, |(_, address)| address.port);
        let listeners = Listeners { clients: listen(options.port)?, brokers: Some(listen(own)?) };
        self.seats[index].life += 1;
        self.seats[index].state = State::Up(self.begin(&options, self.seats[index].life, listeners)?);
        Ok(())
    }

    fn begin(&self, options: &Options, life: u32, listeners: Listeners) -> Result<Host, CannotStart> {
        let id = options.id;
        // Lives as long as the broker's thread does, however that ends.
        let ending = Ending { on_told: self.on_told.clone(), id, life };
        let on_recovery: OnRecovery = Box::new(move |done, total| (ending.on_told)(Told::Recovering(done, total)));
        let on_told = self.on_told.clone();
        let on_ready: OnReady = Box::new(move |ready| match ready {
            Ok(()) => on_told(Told::Ready(id)),
            Err(why) => on_told(Told::CannotStart(id, why)),
        });
        Host::begin(options.clone(), listeners, (on_recovery, on_ready), node::make)
    }

    fn take(&mut self, index: usize) -> Option<Host> {
        match std::mem::replace(&mut self.seats[index].state, State::Down) {
            State::Up(host) => Some(host),
            other => {
                self.seats[index].state = other;
                None
            }
        }
    }

    fn stop(&mut self, index: usize) {
        let Some(mut host) = self.take(index) else { return };
        host.resume();
        self.seats[index].state = State::Stopping;
        let (id, on_told) = (self.seats[index].options.id, self.on_told.clone());
        std::thread::spawn(move || on_told(Told::Stopped(id, host.stop())));
    }
}

/// Tells that a process ended when it is dropped.
struct Ending {
    on_told: OnTold,
    id: BrokerId,
    life: u32,
}

impl Drop for Ending {
    fn drop(&mut self) {
        (self.on_told)(Told::Ended(self.id, self.life));
    }
}

/// The one that the first broker's log dir was made for, else a new one.
fn cluster_id(dir: Option<&Path>) -> Result<String, CannotStart> {
    let file = dir.map(|dir| dir.join("broker-1").join(META_PROPERTIES));
    let found = match file.map(std::fs::read_to_string) {
        Some(Ok(text)) => text.lines().find_map(|line| line.strip_prefix("cluster.id=").map(str::to_owned)),
        Some(Err(why)) if why.kind() != std::io::ErrorKind::NotFound => return Err(CannotStart::Platform(why)),
        _ => None,
    };
    let half = |name: &str| std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), name);
    let random = || TopicId((u128::from(half("high")) << 64 | u128::from(half("low"))).to_be_bytes()).to_string();
    Ok(found.unwrap_or_else(random))
}
