//! What tools tell of the quorum, the brokers and what they can.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use super::{super::apache::apache, CLUSTER, QUORUM, said, start, value};

const FEATURES: &str = "org.apache.kafka.tools.FeatureCommand";
const VERSIONS: &str = "org.apache.kafka.tools.BrokerApiVersionsCommand";
const STATUS: &[&str] = &["describe", "--status"];
const REPLICATION: &[&str] = &["describe", "--replication"];
/// Voters that are configured have no log dirs.
const NO_DIRECTORY: &str = "AAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn the_quorum_is_told_by_any_broker() {
    let host = start();
    let [first, second, third] = host.addresses()[..] else { panic!("three brokers") };
    let status = said(first, QUORUM, STATUS);
    let labels = |status: &str| status.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    let (ours, theirs): (Vec<String>, Vec<String>) = (labels(&status), labels(&said(apache(), QUORUM, STATUS)));
    assert_eq!(ours, theirs);
    let id = said(second, CLUSTER, &["cluster-id"]);
    assert_eq!(id, format!("Cluster ID: {}\n", value(&status, "ClusterId")));
    let leader = value(&status, "LeaderId");
    assert!(["1", "2", "3"].contains(&leader), "{status}");
    assert!(value(&status, "LeaderEpoch").parse::<i32>().unwrap() >= 1, "{status}");
    assert!(value(&status, "HighWatermark").parse::<i64>().unwrap() > 0, "{status}");
    assert_eq!(value(&status, "CurrentObservers"), "[]");
    assert_voters(value(&status, "CurrentVoters"));
    assert_replication(&said(third, QUORUM, REPLICATION), &said(apache(), QUORUM, REPLICATION), leader);
    host.stop();
}

/// `[{"id": 1, "endpoints": ["CONTROLLER://127.0.0.1:27101"]}, …]`
fn assert_voters(voters: &str) {
    let ports = voters.split("CONTROLLER://127.0.0.1:").skip(1);
    let ports: Vec<&str> = ports.map(|rest| rest.split('"').next().unwrap()).collect();
    let voter =
        |(id, port): (i32, &&str)| format!("{{\"id\": {id}, \"endpoints\": [\"CONTROLLER://127.0.0.1:{port}\"]}}");
    let expected: Vec<String> = (1..).zip(&ports).map(voter).collect();
    assert_eq!(voters, format!("[{}]", expected.join(", ")));
    assert_eq!(ports.iter().filter(|port| port.parse::<u16>().is_ok()).collect::<BTreeSet<_>>().len(), 3);
}

fn assert_replication(ours: &str, theirs: &str, leader: &str) {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut lines = ours.lines();
    assert_eq!(words(lines.next().unwrap()), words(theirs.lines().next().unwrap()));
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let mut told = Vec::new();
    for line in lines {
        let [id, directory, end, lag, fetched, caught_up, status] = &words(line)[..] else { panic!("{ours}") };
        assert_eq!(directory, NO_DIRECTORY);
        assert!(end.parse::<i64>().unwrap() > 0 && lag.parse::<i64>().unwrap() >= 0, "{ours}");
        for at in [fetched, caught_up].map(|at| Duration::from_millis(at.parse().unwrap())) {
            assert!(now.abs_diff(at) < Duration::from_secs(60), "{ours}");
        }
        told.push((id.clone(), status.clone()));
    }
    // The leader stands first.
    assert_eq!(told[0], (leader.to_owned(), "Leader".to_owned()));
    let ids: BTreeSet<_> = told.iter().map(|(id, _)| &**id).collect();
    assert_eq!(ids, BTreeSet::from(["1", "2", "3"]));
    assert!(told[1..].iter().all(|(_, status)| status == "Follower"), "{ours}");
}

/// Words by their labels, of a line of `kafka-features describe`.
fn feature(said: &str, name: &str) -> Vec<(String, String)> {
    let line = said.lines().find(|line| line.starts_with(&format!("Feature: {name} ")));
    let words: Vec<&str> = line.unwrap_or_else(|| panic!("no {name} in {said}")).split_whitespace().collect();
    words.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

#[test]
fn features_are_at_the_levels_of_apache_kafka() {
    let host = start();
    let [first, second, third] = host.addresses()[..] else { panic!("three brokers") };
    let (ours, theirs) = (said(first, FEATURES, &["describe"]), said(apache(), FEATURES, &["describe"]));
    assert_eq!(ours.lines().count(), 2, "{ours}");
    for name in ["eligible.leader.replicas.version", "metadata.version"] {
        let (ours, theirs) = (feature(&ours, name), feature(&theirs, name));
        let labels = |fields: &[(String, String)]| fields.iter().map(|(label, _)| label.clone()).collect::<Vec<_>>();
        assert_eq!(labels(&ours), labels(&theirs));
        let [.., epoch] = &ours[..] else { panic!("{ours:?}") };
        assert!(epoch.1.parse::<i64>().unwrap() > 0, "{ours:?}");
        // No log of an older cluster is written.
        let is_same = |((label, our), (_, their)): (&(String, String), &(String, String))| {
            our == their || label == "Epoch:" || (name == "metadata.version" && label == "SupportedMinVersion:")
        };
        assert!(ours.iter().zip(&theirs).all(is_same), "{ours:?} {theirs:?}");
    }
    let down = said(second, FEATURES, &["downgrade", "--feature", "eligible.leader.replicas.version=0"]);
    assert_eq!(down, "eligible.leader.replicas.version was downgraded to 0.\n");
    let ours = said(third, FEATURES, &["describe"]);
    let level = ("FinalizedVersionLevel:".to_owned(), "0".to_owned());
    assert!(feature(&ours, "eligible.leader.replicas.version").contains(&level), "{ours}");
    host.stop();
}

#[test]
fn every_broker_and_what_it_serves_is_told() {
    let host = start();
    let endpoints = said(host.addresses()[1], CLUSTER, &["list-endpoints", "--include-fenced-brokers"]);
    let mut rows = endpoints.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), ["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"]);
    for (id, address) in (1..).zip(host.addresses()) {
        let (id, port) = (id.to_string(), address.port().to_string());
        assert_eq!(rows.next().unwrap(), [&*id, "127.0.0.1", &*port, "null", "unfenced", "broker"]);
    }
    assert_eq!(rows.next(), None);

    let versions = |address: SocketAddr| said(address, VERSIONS, &[]);
    let (ours, theirs) = (versions(host.addresses()[2]), versions(apache()));
    for (id, address) in (1..).zip(host.addresses()) {
        let head = format!("{address} (id: {id} rack: null isFenced: false) -> (");
        assert!(ours.lines().any(|line| line == head), "no `{head}` in {ours}");
    }
    let usable = |said: &str| {
        let lines = said.lines().filter(|line| line.contains("[usable: "));
        lines.map(|line| line.trim_end_matches(',').to_owned()).collect::<BTreeSet<_>>()
    };
    let (ours, theirs) = (usable(&ours), usable(&theirs));
    assert!(ours.len() >= 19 && ours.is_subset(&theirs), "{:?}", ours.difference(&theirs));
    host.stop();
}
