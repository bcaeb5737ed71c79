//! Apache Kafka's administrative tools say the same of our broker as of Apache Kafka.

use std::net::SocketAddr;

use ottla_contract::frames;
use ottla_tests::{client::RawClient, program::Program};

use super::apache::apache;
use crate::{
    HOST,
    tools::{kafka, run},
};

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CONFIGS: &str = "org.apache.kafka.tools.ConfigCommand";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const DELETE_RECORDS: &str = "org.apache.kafka.tools.DeleteRecordsCommand";

/// Runs one tool after the other against `address` and gives what each said, ids and times left out.
pub(super) fn told(address: SocketAddr, steps: &[(&str, &[&str])]) -> Vec<String> {
    let each = |(class, arguments): &(&str, &[&str])| {
        let mut command = kafka(class);
        let output = run(command.args(["--bootstrap-server", &address.to_string()]).args(*arguments), b"");
        let said = output.text() + &output.stderr;
        let said = said.replace(&address.to_string(), "ADDRESS");
        let mut lines: Vec<_> = said.lines().filter(|line| !is_of_java(line)).map(settled).collect();
        // Tools keep partitions in maps without order.
        lines.sort();
        format!("{class} {arguments:?} ended with {}:\n{}", output.status, lines.join("\n"))
    };
    steps.iter().map(each).collect()
}

/// The lines that only say where in Java an error came from.
fn is_of_java(line: &str) -> bool {
    line.starts_with("\tat ") || line.starts_with("\t... ")
}

/// Leaves out ids, times, the defaults that only ours tells beside what is set, and what only Kafka sets for a cluster.
fn settled(line: &str) -> String {
    let words = line.split('\t').map(|word| if word.starts_with("TopicId: ") { "TopicId" } else { word });
    let line = words
        .collect::<Vec<_>>()
        .join("\t")
        .replace(", DEFAULT_CONFIG:log.retention.ms=604800000", "")
        .replace("min.insync.replicas=1,", "");
    match line.split_once("] ERROR ") {
        Some((_, error)) if line.starts_with('[') => error.to_owned(),
        _ => line,
    }
}

fn assert_same(steps: &[(&str, &[&str])]) {
    assert_same_after(|_| {}, steps);
}

/// Both are asked at once, each after `prepare`.
fn assert_same_after(prepare: impl Fn(RawClient) + Sync, steps: &[(&str, &[&str])]) {
    let host = Program::start(HOST, &["--port", "0"]);
    let ask = |address: SocketAddr| {
        prepare(RawClient::connect(address).unwrap());
        told(address, steps)
    };
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| ask(apache()));
        let ours = ask(host.address());
        (theirs.join().unwrap(), ours)
    });
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    host.stop();
}

#[test]
fn kafka_topics() {
    const TOPIC: &[&str] = &["--topic", "tools-topics"];
    assert_same(&[
        (TOPICS, &[TOPIC, &["--create", "--partitions", "3", "--config", "retention.ms=1000000"]].concat()),
        (TOPICS, &[TOPIC, &["--create"]].concat()),
        (TOPICS, &[TOPIC, &["--list"]].concat()),
        (TOPICS, &[TOPIC, &["--describe"]].concat()),
        (TOPICS, &[TOPIC, &["--alter", "--partitions", "5"]].concat()),
        (TOPICS, &[TOPIC, &["--alter", "--partitions", "2"]].concat()),
        (TOPICS, &[TOPIC, &["--describe"]].concat()),
        (TOPICS, &[TOPIC, &["--delete"]].concat()),
        (TOPICS, &[TOPIC, &["--describe"]].concat()),
    ]);
}

#[test]
fn kafka_configs() {
    const TOPIC: &[&str] = &["--entity-type", "topics", "--entity-name", "tools-configs"];
    assert_same(&[
        (TOPICS, &["--create", "--topic", "tools-configs", "--partitions", "1"]),
        (CONFIGS, &[TOPIC, &["--alter", "--add-config", "retention.ms=5000000,compression.type=zstd"]].concat()),
        (CONFIGS, &[TOPIC, &["--describe"]].concat()),
        (CONFIGS, &[TOPIC, &["--alter", "--add-config", "retention.ms=never"]].concat()),
        (CONFIGS, &[TOPIC, &["--alter", "--delete-config", "retention.ms"]].concat()),
        (CONFIGS, &[TOPIC, &["--describe"]].concat()),
    ]);
}

#[test]
fn kafka_get_offsets_and_kafka_delete_records() {
    const NAME: &str = "tools-offsets";
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = r#"{"version":1,"partitions":[{"topic":"T","partition":0,"offset":3},{"topic":"T","partition":1,"offset":-1}]}"#;
    std::fs::write(file.path(), text.replace("\"T\"", &format!("{NAME:?}"))).unwrap();
    let prepare = |mut client: RawClient| {
        assert_eq!(frames::created(client.ask(&frames::create_topic(1, NAME, 2, &[])).unwrap()), 0);
        fill(&mut client, NAME);
    };
    assert_same_after(
        prepare,
        &[
            (OFFSETS, &["--topic", NAME]),
            (DELETE_RECORDS, &["--offset-json-file", file.path().to_str().unwrap()]),
            (OFFSETS, &["--topic", NAME, "--time", "earliest"]),
            (OFFSETS, &["--topic", NAME, "--time", "max-timestamp"]),
        ],
    );
}

/// Seven records on partition 0, at rising times from now on.
fn fill(client: &mut RawClient, topic: &str) {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let mut sent = 0;
    while sent < 7 {
        let records = frames::batch(now + sent, &[b"value"]);
        let produced = frames::produced(client.ask(&frames::produce(2, -1, topic, 0, &records)).unwrap());
        // Kafka answers the creation before its broker knows of the topic, and before it leads it.
        assert!(matches!(produced.error, 0 | 3 | 6), "error {}", produced.error);
        sent += i64::from(produced.error == 0);
    }
}
