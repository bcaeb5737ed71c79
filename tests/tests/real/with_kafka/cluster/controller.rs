//! The controller dies, another decides, and what there was is there.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use ottla_contract::frames::{self, BatchReader, FetchFrom};
use ottla_tests::{client::RawClient, program::Program};

use super::{QUORUM, TOPICS, said, value};
use crate::HOST;

const PATIENCE: Duration = Duration::from_secs(120);
const PARTITIONS: i32 = 6;
/// TOPIC_ALREADY_EXISTS.
const ALREADY_EXISTS: i16 = 36;

/// Asks until it is answered without an error.
fn insist<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match ask() {
            Ok(done) => return done,
            Err(why) => assert!(begun.elapsed() < PATIENCE, "{what}: {why}"),
        }
    }
}

fn ask(address: SocketAddr, frame: &[u8]) -> Result<bytes::Bytes, String> {
    let asked = RawClient::connect(address).and_then(|mut client| client.ask(frame));
    asked.map_err(|why| why.to_string())
}

fn told(error: i16) -> Result<(), String> {
    if error == 0 { Ok(()) } else { Err(format!("error {error}")) }
}

/// Who has which partition.
fn leaders(address: SocketAddr, topic: &str) -> BTreeMap<i32, usize> {
    let said = said(address, TOPICS, &["--describe", "--topic", topic]);
    let field = |line: &str, label: &str| line.split('\t').find_map(|word| word.strip_prefix(label)?.parse().ok());
    let told = said.lines().skip(1).map(|line| {
        let leader: usize = field(line, "Leader: ").unwrap_or_else(|| panic!("nobody leads: {said}"));
        assert_eq!([field(line, "Replicas: "), field(line, "Isr: ")], [Some(leader), Some(leader)], "{said}");
        (field(line, "Partition: ").unwrap() as i32, leader)
    });
    told.collect()
}

fn record_of(topic: &str, partition: i32) -> String {
    format!("{topic} {partition}")
}

/// One record into each partition of a new topic.
fn fill(addresses: &[SocketAddr], topic: &str) -> BTreeMap<i32, usize> {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let leaders = leaders(addresses[0], topic);
    assert_eq!(leaders.len() as i32, PARTITIONS);
    for (&partition, &leader) in &leaders {
        let records = frames::batch(now, &[record_of(topic, partition).as_bytes()]);
        insist("a record is taken", || {
            let answer = ask(addresses[leader - 1], &frames::produce(2, -1, topic, partition, &records))?;
            told(frames::produced(answer).error)
        });
    }
    leaders
}

/// Every partition is where it was, with the record that it had.
fn assert_kept(addresses: &[SocketAddr], topic: &str, leaders: &BTreeMap<i32, usize>) {
    for (&partition, &leader) in leaders {
        let from = FetchFrom { topic, partition, offset: 0, wait: 500, bytes_min: 1, bytes_max: 1 << 20 };
        let records = insist("a record is read", || {
            let fetched = frames::fetched(ask(addresses[leader - 1], &frames::fetch(3, from))?);
            told(fetched.error)?;
            BatchReader::new(fetched.records).next_batch().ok_or_else(|| "nothing".to_owned())
        });
        assert_eq!(records, [(0, record_of(topic, partition).into())]);
    }
    assert_eq!(&self::leaders(addresses[0], topic), leaders);
}

/// Through a broker that need not be the controller.
fn create(address: SocketAddr, topic: &str) {
    let frame = frames::create_topic(1, topic, PARTITIONS, &[("flush.messages", "1")]);
    insist("a topic is created", || match frames::created(ask(address, &frame)?) {
        // Done by one that did not live to say so.
        ALREADY_EXISTS => Ok(()),
        error => told(error),
    });
}

fn status(address: SocketAddr) -> (usize, i32) {
    let status = said(address, QUORUM, &["describe", "--status"]);
    (value(&status, "LeaderId").parse().unwrap(), value(&status, "LeaderEpoch").parse().unwrap())
}

#[test]
fn topics_and_records_outlive_the_controller_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(HOST);
    command.args(["--brokers", "3", "--port", "0", "--data"]).arg(dir.path()).stdin(Stdio::piped());
    let mut program = Program::spawn_commanded(&mut command);
    let addresses = program.addresses().to_vec();
    let (mut controller, mut epoch) = status(addresses[0]);
    create(addresses[0], "first");
    let mut kept = vec![("first", fill(&addresses, "first"))];
    for topic in ["second", "third"] {
        program.say(&format!("kill {controller}"));
        assert_eq!(program.next_line(), format!("killed {controller}"));
        let survivor = addresses[controller % addresses.len()];
        create(survivor, topic);
        let (next, next_epoch) = status(survivor);
        assert!(next != controller && next_epoch > epoch, "{next} in {next_epoch} after {controller} in {epoch}");
        program.say(&format!("start {controller}"));
        assert_eq!(program.next_line(), format!("started {controller}"));
        kept.push((topic, fill(&addresses, topic)));
        for (topic, leaders) in &kept {
            assert_kept(&addresses, topic, leaders);
        }
        (controller, epoch) = (next, next_epoch);
    }
    program.stop();
}
