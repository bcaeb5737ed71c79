//! What a member finds on its storage: whose it is, which logs are there, and what is damaged.

use super::net::key;
use crate::{
    config::TopicConfig,
    effect::{Input, WriteOp},
    error::Fatal,
    ids::*,
    log::{
        Identity, Log, Opened, Recovery, RecoveryStep, layout,
        tests::{
            disk::Disk,
            world::{World, batch},
        },
    },
    quorum::*,
    time::Timestamp,
};

const TOPIC: TopicPartition = TopicPartition { topic: TopicId([9; 16]), partition: 4 };

fn identity(cluster: Option<&str>, node: i32) -> Identity {
    Identity { cluster_id: cluster.map(str::to_owned), node: BrokerId(node) }
}

pub(super) fn open(world: &mut World, identity: &Identity) -> Result<Opened, Fatal> {
    let options = world.options;
    let mut recovery = Recovery::start(&mut world.turn(), options);
    loop {
        let input = world.perform().expect("power stays on while it opens");
        let turn = &mut world.turn();
        let mut step = match input {
            Input::Committed { io } => recovery.on_committed(turn, io),
            Input::Failed { io, why } => recovery.on_failed(turn, io, why),
            Input::Loaded { io, bytes } => recovery.on_loaded(turn, io, bytes),
            Input::Listed { io, entries } => recovery.on_listed(turn, io, entries),
            other => panic!("{other:?}"),
        };
        if let RecoveryStep::Catalog(_) = step {
            step = recovery.open_member(turn, identity);
        }
        match step {
            RecoveryStep::Done(opened) => return Ok(*opened),
            RecoveryStep::Failed(fatal) => return Err(fatal),
            RecoveryStep::Working { .. } => {}
            RecoveryStep::Catalog(_) => unreachable!("it is asked for once"),
        }
    }
}

/// The dir of node 1 of cluster `c`, with some records of a topic.
fn used() -> Disk {
    let mut world = World::new(1);
    let mut opened = open(&mut world, &identity(Some("c"), 1)).unwrap();
    let turn = &mut world.turn();
    let mut log = Log::create(turn, &mut opened.dir, TOPIC, "topic");
    let config = TopicConfig { flush_messages: 1, ..TopicConfig::default() };
    log.append(turn, &mut opened.dir, &config, 0, batch(3, 10, Timestamp(5))).unwrap();
    opened.dir.issue(turn);
    while let Some(Input::Committed { io }) = world.perform() {
        opened.dir.on_committed(&mut world.turn(), io);
        opened.dir.issue(&mut world.turn());
    }
    world.disk
}

#[test]
fn a_dir_is_of_one_node_of_one_cluster() {
    let disk = used();
    let open = |cluster, node| open(&mut World::on(disk.clone(), 2), &identity(cluster, node));
    let opened = open(Some("c"), 1).unwrap();
    let member = opened.member.unwrap();
    assert_eq!((&*member.properties.cluster_id, member.properties.node), ("c", BrokerId(1)));
    assert_eq!(open(None, 1).unwrap().member.unwrap().properties, member.properties, "it stays what it is");
    for (cluster, node) in [(Some("other"), 1), (Some("c"), 2)] {
        let fatal = open(cluster, node).map(|_| ()).unwrap_err();
        assert_eq!(fatal.file, layout::META_PROPERTIES, "{fatal}");
    }
    let mut lost = disk.clone();
    lost.lose(layout::META_PROPERTIES);
    let fatal = super::storage::open(&mut World::on(lost, 2), &identity(Some("c"), 1)).map(|_| ()).unwrap_err();
    assert_eq!(fatal.file, layout::META_PROPERTIES, "{fatal}");
}

/// Which logs there should be is known only once the metadata log is read: all that are there open, by what their own
/// document says.
#[test]
fn all_logs_that_are_there_open() {
    let mut disk = used();
    let stray = WriteOp::Append {
        file: "begun-0/00000000000000000000.log".into(),
        at: 0,
        bytes: bytes::Bytes::from_static(&[1; 9]).into(),
    };
    disk.commit(&[stray], true).unwrap();
    let mut world = World::on(disk, 3);
    let opened = open(&mut world, &identity(Some("c"), 1)).unwrap();
    let found: Vec<_> = opened.logs.iter().map(|log| (log.id(), log.log_end_offset())).collect();
    assert_eq!(found, [(METADATA_PARTITION, 0), (TOPIC, 3)]);
    assert_eq!(world.disk.file("begun-0/00000000000000000000.log"), None, "of no topic, and never durable");
}

#[test]
fn a_damaged_election_state_is_told() {
    let member = |state: &'static [u8]| crate::log::OpenedMember {
        properties: crate::log::MetaProperties {
            cluster_id: "c".to_owned(),
            node: BrokerId(1),
            directory: key(0).directory,
        },
        quorum_state: Some(bytes::Bytes::from_static(state)),
        checkpoints: Vec::new(),
    };
    let log = || open(&mut World::new(1), &identity(None, 1)).unwrap().logs.remove(0);
    let fatal = FoundLog::new(log(), member(b"{\"leaderId\":1")).map(|_| ()).unwrap_err();
    assert_eq!(fatal.file, layout::QUORUM_STATE);
    let good = ElectionState { epoch: 3, ..ElectionState::default() }.document();
    let found = FoundLog::new(log(), member(good.leak().as_bytes())).unwrap();
    assert_eq!(found.state.epoch, 3);
}

/// A corrupt snapshot is found, told in words, and nothing of it is applied.
#[test]
fn a_damaged_snapshot_ends_the_member() {
    use super::net::{Net, Trouble};
    let second = std::time::Duration::from_secs(1);
    let mut net = Net::new(9, 1, Trouble::default());
    net.run_for(4 * second);
    assert!(net.take_snapshot(0));
    net.run_for(second);
    net.lose_power(0);
    let told = net.restart_with(0, |disk| {
        let file = disk.names().into_iter().find(|name| name.ends_with(".checkpoint")).expect("a snapshot");
        disk.damage(&file, |bytes| *bytes.last_mut().unwrap() ^= 1);
    });
    assert!(matches!(&told[..], [Told::Fatal(why)] if why.contains("damaged")), "{told:?}");
}
