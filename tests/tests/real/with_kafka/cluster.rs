//! Apache Kafka's tools against three of our brokers: they print what they print against Apache Kafka.
//!
//! Where a cluster of three tells more than the one Apache Kafka that all tests share, what is expected was printed against
//! three of Apache Kafka 4.4.0, and stands here as it was.
//!
//! Differs from Kafka: features that are not built are not listed (`group.version`, `share.version`, `streams.version`,
//! `transaction.version`), nor is `kraft.version`; `metadata.version` begins at 4.4; APIs of groups, transactions, shares,
//! security, quotas, reassignments and dynamic voters are UNSUPPORTED; `log.retention.ms` has a default.

mod configs;
mod controller;
mod quorum;
mod topics;

use std::net::SocketAddr;

use ottla_tests::program::Program;

use crate::{
    HOST,
    tools::{kafka, run},
};

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CLUSTER: &str = "org.apache.kafka.tools.ClusterTool";
const QUORUM: &str = "org.apache.kafka.tools.MetadataQuorumCommand";

fn start() -> Program {
    Program::start(HOST, &["--brokers", "3", "--port", "0"])
}

/// What a tool prints that ends well.
fn said(address: SocketAddr, class: &str, arguments: &[&str]) -> String {
    let mut command = kafka(class);
    // `kafka-cluster` wants the address behind its verb, all others before it.
    let (verb, options) = arguments.split_at(usize::from(class == CLUSTER));
    command.args(verb).args(["--bootstrap-server", &address.to_string()]).args(options);
    String::from_utf8(run(&mut command, b"").expect_success()).expect("text")
}

/// The value behind a label of `kafka-metadata-quorum describe --status`.
fn value<'a>(status: &'a str, label: &str) -> &'a str {
    let found = status.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {label} in {status}")).trim()
}
