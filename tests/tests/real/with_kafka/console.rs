//! Apache Kafka's console producer sends lines in every codec, its console consumer reads them back, and its
//! `kafka-dump-log` finds them in the log dir.

use std::{net::SocketAddr, path::Path};

use ottla_contract::frames;
use ottla_tests::program::Program;

use super::dump::Dump;
use crate::{
    HOST,
    input::first_lines,
    tools::{Output, kafka, run},
};

const TOPIC: &str = "sent-by-console";
const SENT_BYTES: usize = 1_000_000;

fn send(address: SocketAddr, codec: &str, lines: &[u8]) {
    let mut command = kafka("org.apache.kafka.tools.ConsoleProducer");
    command.args(["--bootstrap-server", &address.to_string(), "--topic", TOPIC, "--compression-codec", codec]);
    run(&mut command, lines).expect_success();
}

fn read(address: SocketAddr, count: usize) -> Output {
    let mut command = kafka("org.apache.kafka.tools.consumer.ConsoleConsumer");
    command.args(["--bootstrap-server", &address.to_string(), "--topic", TOPIC, "--partition", "0"]);
    command.args(["--offset", "earliest", "--timeout-ms", "60000", "--max-messages", &count.to_string()]);
    run(&mut command, b"")
}

fn round_trip(codec: &str) {
    let dir = tempfile::tempdir().unwrap();
    let host = Program::on_files(HOST, dir.path());
    let created = host.connect().ask(&frames::create_topic(1, TOPIC, 1, &[])).unwrap();
    assert_eq!(frames::created(created), 0);
    let lines = first_lines(SENT_BYTES);
    let count = lines.iter().filter(|&&byte| byte == b'\n').count();
    send(host.address(), codec, lines);
    let read = read(host.address(), count).expect_success();
    assert!(read == lines, "{} of {} bytes came back, or others", read.len(), lines.len());
    host.stop();
    assert_dumped(dir.path(), codec, lines);
}

fn assert_dumped(dir: &Path, codec: &str, lines: &[u8]) {
    let dump = Dump::of(dir, TOPIC);
    dump.assert_sound();
    assert_eq!(dump.codecs(), [codec]);
    assert!(dump.payloads() == lines, "{} of {} bytes are dumped, or others", dump.payloads().len(), lines.len());
}

macro_rules! codecs {
    ($($codec:ident)*) => {
        $(#[test]
        fn $codec() {
            round_trip(stringify!($codec));
        })*
    };
}

codecs! { none gzip snappy lz4 zstd }
