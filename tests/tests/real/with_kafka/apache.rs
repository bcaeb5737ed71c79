//! One Apache Kafka for all tests that ask it: starting one costs 6 CPU-seconds.

use std::{
    fs,
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{LazyLock, Mutex},
    thread::sleep,
    time::{Duration, Instant},
};

use ottla_contract::frames;
use ottla_tests::client::RawClient;

use crate::tools::{kafka, run};

const PATIENCE: Duration = Duration::from_secs(120);

/// Ends Kafka and removes its log dir when the pipe to its input closes, however the tests end.
const KEEPER: &str = r#"dir="$1"; shift; "$@" & cat > /dev/null; kill -9 $!; wait $! 2> /dev/null; rm -rf "$dir""#;

struct Apache {
    address: SocketAddr,
    log_dir: PathBuf,
    /// Holds the pipe that keeps Kafka alive.
    _keeper: Child,
}

static APACHE: LazyLock<Apache> = LazyLock::new(Apache::start);

/// Where Apache Kafka serves. Tests name their topics so that they stay out of each other's way.
pub fn apache() -> SocketAddr {
    APACHE.address
}

/// Where it keeps its logs.
pub fn apache_log_dir() -> &'static Path {
    &APACHE.log_dir
}

impl Apache {
    fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("apache-kafka-").tempdir().unwrap().keep();
        let [clients, controller] = free_ports();
        let properties = dir.join("server.properties");
        fs::write(&properties, configuration(&dir, clients, controller)).unwrap();
        let properties = properties.to_str().unwrap();
        let cluster = ["format", "--cluster-id", "b3R0bGEtdGVzdHMtYXNrLQ", "--config", properties];
        run(kafka("kafka.tools.StorageTool").args(cluster), b"").expect_success();
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(&dir);
        let server = kafka("kafka.Kafka");
        command.arg(server.get_program()).args(server.get_args()).arg(properties);
        let mut keeper =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("sh starts");
        let stderr = keeper.stderr.take().expect("its words are piped");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, clients));
        wait_until_it_serves(address, stderr);
        Self { address, log_dir: dir.join("logs"), _keeper: keeper }
    }
}

fn configuration(dir: &Path, clients: u16, controller: u16) -> String {
    let dir = dir.display();
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={dir}/logs
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"
    )
}

/// Ports below those that clients are given, so that none of them takes one meanwhile.
fn free_ports() -> [u16; 2] {
    let start = 20_000 + (std::process::id() % 5_000) as u16 * 2;
    let mut free = (start..32_000).filter(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    [free.next().expect("a free port"), free.next().expect("a second one")]
}

fn wait_until_it_serves(address: SocketAddr, mut stderr: ChildStderr) {
    static SAID: Mutex<String> = Mutex::new(String::new());
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(len @ 1..) = stderr.read(&mut bytes) {
            SAID.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..len]));
        }
    });
    let begun = Instant::now();
    while !serves(address) {
        assert!(begun.elapsed() < PATIENCE, "Apache Kafka does not serve: {}", SAID.lock().unwrap());
        sleep(Duration::from_millis(50));
    }
}

/// Whether it tells of itself: its port is open before that.
fn serves(address: SocketAddr) -> bool {
    let asked = RawClient::connect(address).and_then(|mut client| client.ask(&frames::metadata(1, "missing", false)));
    asked.is_ok_and(|answer| {
        // Correlation id and throttle time stand before the number of brokers.
        answer[8..12] == [0, 0, 0, 1]
    })
}
