//! Topics over three brokers, and records through each.

use std::{collections::BTreeMap, net::SocketAddr};

use super::{
    super::{apache::apache, tools::told},
    TOPICS, said, start,
};
use crate::tools::{kafka, run};

const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";

/// Without who has which partition. Gives how many partitions each leads.
fn without_leaders(said: &[String]) -> (String, BTreeMap<String, usize>) {
    let mut leaders = BTreeMap::new();
    let text = said.join("\n");
    let words = text.split('\t').map(|word| match word.split_once(": ") {
        Some(("Leader", leader)) => {
            *leaders.entry(leader.to_owned()).or_default() += 1;
            "Leader"
        }
        Some((label @ ("Replicas" | "Isr"), _)) => label,
        _ => word,
    });
    (words.collect::<Vec<_>>().join("\t"), leaders)
}

#[test]
fn topics_are_described_as_apache_kafka_does() {
    let host = start();
    let name: &[&str] = &["--topic", "cluster-topics"];
    let steps = [
        [name, &["--create", "--partitions", "6", "--replication-factor", "1"]].concat(),
        [name, &["--describe"]].concat(),
        [name, &["--list"]].concat(),
        [name, &["--create", "--partitions", "6", "--replication-factor", "4"]].concat(),
        [name, &["--alter", "--partitions", "9"]].concat(),
        [name, &["--describe"]].concat(),
        [name, &["--delete"]].concat(),
        [name, &["--describe"]].concat(),
    ];
    let ask = |addresses: &[SocketAddr]| {
        let each = steps.iter().zip(addresses.iter().cycle());
        each.flat_map(|(step, address)| told(*address, &[(TOPICS, step)])).collect::<Vec<_>>()
    };
    let ours = ask(host.addresses());
    let (ours, leaders) = without_leaders(&ours);
    assert_eq!(ours, without_leaders(&ask(&[apache()])).0);
    // Six partitions, and then nine.
    assert_eq!(leaders.into_iter().collect::<Vec<_>>(), ["1", "2", "3"].map(|id| (id.to_owned(), 5)));
    host.stop();
}

#[test]
fn records_go_through_all_three_brokers() {
    let host = start();
    let [first, second, third] = host.addresses()[..] else { panic!("three brokers") };
    said(second, TOPICS, &["--create", "--topic", "spread", "--partitions", "3"]);
    let lines: Vec<String> = (0..300).map(|number| format!("key-{number}:value {number}")).collect();
    let mut producer = kafka("org.apache.kafka.tools.ConsoleProducer");
    producer.args(["--bootstrap-server", &first.to_string(), "--topic", "spread"]);
    producer.args(["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"]);
    run(&mut producer, (lines.join("\n") + "\n").as_bytes()).expect_success();

    let ends = said(third, OFFSETS, &["--topic", "spread"]);
    let mut read = Vec::new();
    for (partition, line) in ends.lines().enumerate() {
        let count = line.strip_prefix(&format!("spread:{partition}:")).expect("partitions in order");
        assert!(count.parse::<u32>().unwrap() > 0, "{ends}");
        let mut consumer = kafka("org.apache.kafka.tools.consumer.ConsoleConsumer");
        consumer.args(["--bootstrap-server", &second.to_string(), "--topic", "spread"]);
        consumer.args(["--partition", &partition.to_string(), "--offset", "earliest"]);
        consumer.args(["--max-messages", count, "--timeout-ms", "60000"]);
        consumer.args(["--formatter-property", "print.key=true", "--formatter-property", "key.separator=:"]);
        let text = String::from_utf8(run(&mut consumer, b"").expect_success()).unwrap();
        read.extend(text.lines().map(str::to_owned));
    }
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(read), sorted(lines));
    host.stop();
}
