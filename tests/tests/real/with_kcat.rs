//! kcat (librdkafka) sends what it reads and reads back what it sent, in every codec.

use std::{collections::BTreeSet, net::SocketAddr, process::Command};

use ottla_contract::frames::{self, FetchFrom};
use ottla_tests::{client::RawClient, program::Program};

use crate::{
    HOST,
    input::{self, Input},
    tools::{kcat, run},
};

const TOPIC: &str = "sent-by-kcat";
/// By the number that a batch's attributes have for them.
const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

fn kcat_at(address: SocketAddr, arguments: &[&str]) -> Command {
    let mut command = kcat();
    command.args(["-b", &address.to_string(), "-t", TOPIC, "-p", "0"]).args(arguments);
    command
}

fn send_lines(address: SocketAddr, codec: &str) {
    let file = input::lines().files[0].to_str().unwrap();
    run(&mut kcat_at(address, &["-P", "-z", codec, "-l", file]), b"").expect_success();
}

fn send_parts(address: SocketAddr, codec: &str) {
    let mut command = kcat_at(address, &["-P", "-X", "enable.idempotence=true", "-z", codec]);
    run(command.args(&input::parts().files), b"").expect_success();
}

/// All values of the partition, with `delimiter` behind each.
fn read(address: SocketAddr, delimiter: &str) -> Vec<u8> {
    run(&mut kcat_at(address, &["-C", "-o", "beginning", "-e", "-q", "-D", delimiter]), b"").expect_success()
}

fn assert_same(read: &[u8], sent: &Input, what: &str) {
    let differing = read.iter().zip(&sent.bytes).position(|(left, right)| left != right);
    assert_eq!((read.len(), differing), (sent.bytes.len(), None), "{what}");
}

/// Looks at the codecs of the first batches, as they are kept. One that compression would not make smaller is sent as it is.
fn assert_kept_in(address: SocketAddr, codec: &str) {
    let from = FetchFrom { topic: TOPIC, partition: 0, offset: 0, wait: 0, bytes_min: 1, bytes_max: 1 << 20 };
    let fetched = frames::fetched(RawClient::connect(address).unwrap().ask(&frames::fetch(1, from)).unwrap());
    let mut records = fetched.records;
    let mut codecs = BTreeSet::new();
    while records.len() > 22 {
        let len = 12 + i32::from_be_bytes(records[8..12].try_into().unwrap()) as usize;
        codecs.insert(CODECS[usize::from(records[22] & 7)]);
        records = records.slice(len.min(records.len())..);
    }
    codecs.remove("none");
    // librdkafka sends lz4 only to a broker that has FindCoordinator, which came before lz4 frames were right.
    let expected = if matches!(codec, "none" | "lz4") { BTreeSet::new() } else { BTreeSet::from([codec]) };
    assert_eq!(codecs, expected);
}

fn create(address: SocketAddr) {
    let created = RawClient::connect(address).unwrap().ask(&frames::create_topic(1, TOPIC, 1, &[]));
    assert_eq!(frames::created(created.unwrap()), 0);
}

fn round_trip_in_memory(codec: &str) {
    let host = Program::start(HOST, &["--port", "0"]);
    create(host.address());
    send_lines(host.address(), codec);
    assert_same(&read(host.address(), r"\n"), input::lines(), codec);
    assert_kept_in(host.address(), codec);
    host.stop();
}

/// What is read comes from a broker that found it on disk.
fn round_trip_on_files(codec: &str) {
    let dir = tempfile::tempdir().unwrap();
    let host = Program::on_files(HOST, dir.path());
    create(host.address());
    send_lines(host.address(), codec);
    assert_kept_in(host.address(), codec);
    host.stop();
    let host = Program::on_files(HOST, dir.path());
    assert_same(&read(host.address(), r"\n"), input::lines(), codec);
    host.stop();
}

fn round_trip_of_parts(codec: &str) {
    let dir = tempfile::tempdir().unwrap();
    let host = Program::on_files(HOST, dir.path());
    create(host.address());
    send_parts(host.address(), codec);
    assert_same(&read(host.address(), ""), input::parts(), codec);
    host.stop();
}

macro_rules! codecs {
    ($($codec:ident)*) => {
        $(mod $codec {
            #[test]
            fn lines_come_back_from_memory() {
                super::round_trip_in_memory(stringify!($codec));
            }

            #[test]
            fn lines_come_back_from_files() {
                super::round_trip_on_files(stringify!($codec));
            }

            #[test]
            fn parts_of_a_program_come_back() {
                super::round_trip_of_parts(stringify!($codec));
            }
        })*
    };
}

codecs! { none gzip snappy lz4 zstd }

#[test]
fn a_topic_is_made_by_the_first_who_sends_to_it() {
    let host = Program::start(HOST, &["--port", "0", "--config", "num.partitions=3"]);
    run(&mut kcat_at(host.address(), &["-P", "-K:"]), b"key:value\n").expect_success();
    let told = run(kcat().args(["-b", &host.address().to_string(), "-L"]), b"");
    assert!(told.text().contains(&format!("topic \"{TOPIC}\" with 3 partitions")), "{}", told.text());
    let read = run(&mut kcat_at(host.address(), &["-C", "-o", "-1", "-e", "-q", "-f", "%o %k %s"]), b"");
    assert_eq!(String::from_utf8(read.expect_success()).unwrap(), "0 key value");
    host.stop();
}
