//! What a world is like: drawn from a seed, so that each seed tries another mixture (Groce et al., "swarm testing").

use std::time::Duration;

use super::{
    clock::Clock,
    fault::{self, FAULTS, Fault, LOSSY},
};
use crate::{
    broker::{
        NetworkLimits,
        registration::RegistrationOptions,
        stages::{Span, StageTimes},
    },
    config::{
        BrokerConfig,
        batch::{CompressionType, TimestampType},
        value::Limit,
    },
    disk::CrashGrain,
    ids::Sequence,
    log::DirOptions,
    node::cluster::ClusterOptions,
    quorum::QuorumOptions,
    record::Compression,
    rng::Rng,
    time::Instant,
};

/// A row of the durability table: when an acknowledgement is sent, and what keeps it (core/decisions/0002).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// After the append: a killed process loses nothing, a loss of power what was not synced.
    Append,
    /// After the commit, `fdatasync`: nothing loses it.
    Commit,
    /// After the commit, IndexedDB `relaxed`: a loss of power loses the last transactions.
    CommitRelaxed,
}

/// How bytes are cut on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Whole,
    Pieces,
    /// Frames that are not long come byte by byte.
    Bytes,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Swarm {
    pub seed: u64,
    pub brokers: u32,
    /// The first so many brokers are voters of a metadata quorum too. 0: each is on its own, and keeps a catalog.
    pub voters: u32,
    pub cluster: ClusterTimes,
    pub visitors: u32,
    /// How long faults go on.
    pub duration: Duration,
    pub row: Row,
    pub config: BrokerConfig,
    pub network: NetworkLimits,
    pub stages: StageTimes,
    pub dir: DirOptions,
    /// One way, in microseconds.
    pub latency: Span,
    pub cut: Cut,
    /// Of one storage call, in microseconds.
    pub storage: Span,
    /// What visitors do by themselves.
    pub work: Vec<&'static str>,
    /// Mean time between two things a visitor does, in microseconds.
    pub beat: u32,
    /// Whole requests that are to reach brokers in each minute of faults: visitors hurry, and go on for longer.
    pub messages: u64,
    /// Topics that stay, and topics that come and go.
    pub topics: u32,
    pub churned: u32,
    pub partitions: i32,
    /// Mean time between two faults.
    pub fault_every: Duration,
    /// Which kinds happen in this world.
    pub faults: Vec<&'static str>,
    /// K6: brokers' clocks differ from the beginning, and drift.
    pub clocks_are_wrong: bool,
    /// Of visitors' clients, in microseconds; each draws its own.
    pub request_timeout: Span,
    pub delivery_timeout: Span,
    pub api_timeout: Span,
    /// Where the sequences of their producer ids begin: near the last there is, they wrap.
    pub first_sequence: Sequence,
}

/// How long the members of a cluster wait for each other. Kafka's defaults, or shorter: a world's minute must hold many
/// elections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterTimes {
    pub election_timeout: Duration,
    pub fetch_timeout: Duration,
    /// Between members, of the quorum and of registration.
    pub request_timeout: Duration,
    pub session_timeout: Duration,
    pub heartbeat_interval: Duration,
}

impl Default for ClusterTimes {
    fn default() -> Self {
        let (quorum, registration) = (QuorumOptions::default(), RegistrationOptions::default());
        Self {
            election_timeout: quorum.election_timeout,
            fetch_timeout: quorum.fetch_timeout,
            request_timeout: quorum.request_timeout,
            session_timeout: Duration::from_secs(9),
            heartbeat_interval: registration.heartbeat_interval,
        }
    }
}

impl ClusterTimes {
    /// From a stream of its own. Nobody is elected who waits for no longer than a question and its answer take.
    fn draw(seed: u64, latency: Span, storage: Span) -> Self {
        let mut rng = Rng::new(seed ^ 0x5eed_c1a5);
        let round = (2 * u64::from(latency.max) + 2 * u64::from(storage.max)) / 1_000;
        let mut millis = |least: u64, more: u64| Duration::from_millis(least + rng.below(more));
        Self {
            election_timeout: millis(200 + 3 * round, 800),
            fetch_timeout: millis(300 + 4 * round, 1_500),
            request_timeout: millis(300 + 4 * round, 1_500),
            session_timeout: millis(1_500 + 8 * round, 7_000),
            heartbeat_interval: millis(200, 800),
        }
    }

    /// Of a member that is otherwise as Kafka has it.
    pub(super) fn apply(self, options: &mut ClusterOptions) {
        let fetch_wait = (self.fetch_timeout / 4).min(options.quorum.fetch_wait);
        options.quorum = QuorumOptions {
            election_timeout: self.election_timeout,
            election_backoff_max: self.election_timeout,
            fetch_timeout: self.fetch_timeout,
            request_timeout: self.request_timeout,
            fetch_wait,
        };
        options.registration.heartbeat_interval = self.heartbeat_interval;
        options.registration.request_timeout = self.request_timeout;
        options.session_timeout = self.session_timeout;
    }
}

/// What a visitor can be up to: it produces; reads; makes, changes and deletes topics that come and go; deletes records
/// and changes configs of topics that stay; asks what there is; calls what its client does not know of.
pub const WORK: [&str; 6] = ["send", "poll", "churn", "administer", "ask", "call"];

impl Swarm {
    /// A world in which nothing happens that nobody asked for.
    pub fn plain() -> Self {
        let span = |micros| Span { min: micros, max: micros };
        Self {
            seed: 0,
            brokers: 1,
            voters: 0,
            cluster: ClusterTimes::default(),
            visitors: 1,
            duration: Duration::ZERO,
            row: Row::Append,
            config: BrokerConfig::default(),
            network: NetworkLimits::default(),
            stages: StageTimes::default(),
            dir: DirOptions { kept_room: 4 * 1024, ..DirOptions::default() },
            latency: span(1_000),
            cut: Cut::Whole,
            storage: span(2_000),
            work: Vec::new(),
            beat: 50_000,
            messages: 0,
            topics: 0,
            churned: 0,
            partitions: 1,
            fault_every: Duration::from_secs(5),
            faults: Vec::new(),
            clocks_are_wrong: false,
            request_timeout: span(2_000_000),
            delivery_timeout: span(10_000_000),
            api_timeout: span(10_000_000),
            first_sequence: 0,
        }
    }

    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5eed_0fa1);
        let row = [Row::Append, Row::Commit, Row::Commit, Row::CommitRelaxed][rng.below(4) as usize];
        let mut config = BrokerConfig::default();
        if row != Row::Append {
            config.flush_messages = 1;
        }
        shrink_config(&mut config, &mut rng);
        let dir = shrunk_dir(&mut rng);
        let slow = rng.below(3) == 0;
        let span = |min, max| Span { min, max };
        let stages = match rng.below(2) {
            0 => StageTimes::default(),
            _ => StageTimes { receive: span(5, 200), handle: span(20, 2_000), send: span(5, 200) },
        };
        // What nobody promises anything after is rare, or nobody would be promised anything for long.
        let odds = |code: &str| if LOSSY.contains(&code) { 8 } else { 2 };
        let faults: Vec<&'static str> = FAULTS.into_iter().filter(|code| rng.below(odds(code)) == 0).collect();
        let mut drawn = Self {
            seed,
            brokers: 1,
            voters: 0,
            cluster: ClusterTimes::default(),
            // Where everybody waits long for each answer, more of them make as many requests.
            visitors: 2 + rng.below(3) as u32 + if slow { 3 } else { 0 },
            duration: Duration::from_secs(60),
            row,
            config,
            network: NetworkLimits {
                requests_in_hand_max: [1, 1, 5][rng.below(3) as usize],
                request_memory_max: [20_000, 256 << 20][rng.below(2) as usize],
                fetch_sessions_max: [1, 3, 1_000][rng.below(3) as usize],
            },
            stages,
            dir,
            latency: if slow { span(1_000, 300_000) } else { span(50, 5_000) },
            cut: [Cut::Whole, Cut::Pieces, Cut::Pieces, Cut::Bytes][rng.below(4) as usize],
            storage: if rng.below(3) == 0 { span(1_000, 100_000) } else { span(50, 3_000) },
            work: WORK.to_vec(),
            beat: 15_000 + rng.below(50_000) as u32,
            messages: 1_000,
            topics: 1 + rng.below(2) as u32,
            churned: rng.below(2) as u32,
            partitions: 1 + rng.below(3) as i32,
            fault_every: Duration::from_millis(1_000 + rng.below(15_000)),
            clocks_are_wrong: faults.contains(&"K6"),
            faults,
            // Short: a world's minute must hold many of them.
            request_timeout: span(1_500_000, 5_500_000),
            delivery_timeout: span(8_000_000, 28_000_000),
            api_timeout: span(5_000_000, 15_000_000),
            first_sequence: if rng.below(3) == 0 { Sequence::MAX - rng.below(40) as Sequence } else { 0 },
        };
        drawn.cluster = ClusterTimes::draw(seed, drawn.latency, drawn.storage);
        drawn
    }

    /// What a crash that loses power may leave.
    pub fn grain(&self) -> CrashGrain {
        if self.row == Row::CommitRelaxed { CrashGrain::Commits } else { CrashGrain::Files }
    }

    pub(super) fn draw_clock(&self, rng: &mut Rng) -> Clock {
        match self.clocks_are_wrong {
            true => {
                Clock { offset: rng.below(7_200_000) as i64 - 3_600_000, drift: rng.below(100_000) as i64 - 50_000 }
            }
            false => Clock::default(),
        }
    }

    /// The faults of the seed, each with its time. None happens in the last seconds, so that most have an end.
    ///
    /// Drawn from a stream of their own: a world in which the same are written out is the same.
    pub fn draw_faults(&self) -> Vec<(Instant, Fault)> {
        fault::draw(self)
    }
}

/// Limits of the broker, shrunk (O2) through configuration as anybody could.
fn shrink_config(config: &mut BrokerConfig, rng: &mut Rng) {
    if rng.below(2) == 0 {
        config.segment_bytes = 1_000 + rng.below(20_000) as u32;
    }
    if rng.below(3) == 0 {
        config.queued_requests_max = 1 + rng.below(4) as u32;
    }
    config.io_threads = 1 + rng.below(8) as u32;
    config.network_threads = 1 + rng.below(3) as u32;
    if rng.below(3) == 0 {
        config.message_bytes_max = 500 + rng.below(3_000) as u32;
    }
    if rng.below(4) == 0 {
        config.request_bytes_max = 2_000 + rng.below(10_000) as u32;
    }
    if rng.below(3) == 0 {
        config.connection_idle_max = Duration::from_millis(500 + rng.below(20_000));
    }
    if rng.below(3) == 0 {
        config.retention_bytes = Limit(Some(5_000 + rng.below(200_000)));
    }
    if rng.below(4) == 0 {
        config.retention = Limit(Some(1_000 + rng.below(60_000)));
    }
    if rng.below(4) == 0 {
        config.segment_age = Duration::from_millis(1_000 + rng.below(30_000));
    }
    if rng.below(4) == 0 {
        config.timestamp_type = TimestampType::LogAppendTime;
    }
    if rng.below(4) == 0 {
        config.compression_type = CompressionType::Fixed(Compression::Lz4);
    }
}

/// And those of a log dir.
fn shrunk_dir(rng: &mut Rng) -> DirOptions {
    let mut dir = DirOptions { kept_room: 4 * 1024, ..DirOptions::default() };
    if rng.below(2) == 0 {
        dir.hot_bytes_max = 2_000 + rng.below(100_000);
    }
    dir.checkpoint_bytes = [1 << 14, 1 << 18, 1 << 24][rng.below(3) as usize];
    dir.checkpoint = Duration::from_secs(1 + rng.below(60));
    dir.retention_check = Duration::from_secs(1 + rng.below(30));
    dir.load_bytes = [256, 4096, 1 << 20][rng.below(3) as usize];
    dir.retry = Duration::from_millis(100 + rng.below(5_000));
    dir
}
