//! A dir by itself: what is one commit, what waits for what, and how it comes back from a full disk.

use super::*;
use crate::log::{
    OpenLog, Opened,
    tests::{
        disk::Disk,
        world::{Fault, World},
    },
};

fn put(name: &str, bytes: usize) -> WriteOp {
    WriteOp::Put { file: name.into(), bytes: vec![7; bytes].into() }
}

fn append(name: &str, at: u64, bytes: &'static [u8]) -> WriteOp {
    WriteOp::Append { file: name.into(), at, bytes: Bytes::from_static(bytes).into() }
}

/// A dir on an empty disk, and its world.
fn new_dir(disk: Disk) -> (LogDir, World) {
    let mut world = World::on(disk, 1);
    let Opened { dir, .. } = world.open(|_| Vec::new()).unwrap().unwrap();
    (dir, world)
}

/// Does the storage call that is due and gives what became of it.
fn step(dir: &mut LogDir, world: &mut World) -> Option<CommitOutcome> {
    let input = world.perform()?;
    let turn = &mut world.turn();
    let outcome = match input {
        Input::Committed { io } => dir.on_committed(turn, io),
        Input::Failed { io, why } => dir.on_failed(turn, io, why),
        other => panic!("{other:?}"),
    };
    dir.issue(turn);
    outcome
}

fn settle(dir: &mut LogDir, world: &mut World) {
    dir.issue(&mut world.turn());
    while step(dir, world).is_some() {}
}

fn commit_of(world: &mut World) -> (Vec<WriteOp>, bool) {
    match world.next_call() {
        Some(Effect::Commit { ops, sync, .. }) => (ops.clone(), *sync),
        other => panic!("no commit: {other:?}"),
    }
}

#[test]
fn what_is_queued_meanwhile_is_the_next_commit_and_appends_to_one_file_are_one_op() {
    let (mut dir, mut world) = new_dir(Disk::default());
    dir.enqueue([append("a-0/x", 0, b"one")], None, false);
    dir.issue(&mut world.turn());
    for (at, bytes) in [(3, b"two"), (6, b"six")] {
        dir.enqueue([append("a-0/x", at, bytes), append("a-0/y", at - 3, bytes)], None, false);
        dir.issue(&mut world.turn());
    }
    dir.enqueue([put("document", 4)], Some(Mark::Catalog(3)), true);
    assert_eq!(dir.queued_bytes(), 3 + 4 * 3 + 4);
    assert_eq!(commit_of(&mut world), (vec![append("a-0/x", 0, b"one")], false));
    assert_eq!(step(&mut dir, &mut world), Some(CommitOutcome::Committed(vec![])));
    let (ops, sync) = commit_of(&mut world);
    let joined: Vec<_> =
        ops.iter().map(|op| if let WriteOp::Append { bytes, .. } = op { bytes.len() } else { 0 }).collect();
    assert_eq!((joined, sync), (vec![6, 6, 0], true));
    assert_eq!(step(&mut dir, &mut world), Some(CommitOutcome::Committed(vec![Mark::Catalog(3)])));
    assert_eq!((world.disk.file("a-0/x").unwrap(), dir.queued_bytes()), (&b"onetwosix"[..], 0));
}

#[test]
fn a_name_is_free_again_only_once_what_had_it_is_gone() {
    let (mut dir, mut world) = new_dir(Disk::default());
    dir.enqueue([put("a-0/partition.metadata", 1), append("a-0/x", 0, b"old")], None, true);
    settle(&mut dir, &mut world);
    dir.enqueue([put(layout::CATALOG, 2)], Some(Mark::Catalog(1)), true);
    dir.retire(["a-0/x".into(), "a-0/partition.metadata".into()]);
    dir.enqueue([put("a-0/partition.metadata", 3), append("a-0/x", 0, b"new")], None, true);
    dir.issue(&mut world.turn());
    let remove = |file: &str| WriteOp::Remove { file: file.into() };
    let expected = [
        vec![put(layout::CATALOG, 2)],
        vec![remove("a-0/x")],
        vec![remove("a-0/partition.metadata")],
        vec![put("a-0/partition.metadata", 3), append("a-0/x", 0, b"new")],
    ];
    for ops in expected {
        assert_eq!(commit_of(&mut world), (ops, true));
        step(&mut dir, &mut world);
    }
    assert!(world.next_call().is_none());
}

#[test]
fn a_failed_commit_takes_the_queue_along_and_what_must_be_is_tried_again() {
    let (mut dir, mut world) = new_dir(Disk::default());
    let epoch = dir.epoch();
    dir.enqueue([append("a-0/x", 0, b"x")], Some(Mark::Catalog(8)), false);
    dir.issue(&mut world.turn());
    dir.enqueue([put(layout::CATALOG, 9)], Some(Mark::Catalog(9)), true);
    dir.retire(["a-0/old".into()]);
    world.fault = Some((world.calls, Fault::Definite(StorageErrorKind::Aborted)));
    let state = DirState::ReadOnly(StorageErrorKind::Aborted);
    let lost = vec![Mark::Catalog(8), Mark::Catalog(9)];
    assert_eq!(step(&mut dir, &mut world), Some(CommitOutcome::Failed { lost, state }));
    assert!(world.next_call().is_none(), "not before it is time");
    let at = dir.next_deadline().unwrap();
    assert_eq!(at, world.now.monotonic + dir.options().retry);
    world.pass(dir.options().retry.as_millis() as u64);
    dir.on_tick(&mut world.turn());
    dir.issue(&mut world.turn());
    assert_eq!(commit_of(&mut world), (vec![put(layout::CATALOG, 9)], true));
    assert_eq!(step(&mut dir, &mut world), Some(CommitOutcome::Committed(vec![Mark::Catalog(9)])));
    assert_eq!(commit_of(&mut world).0, [WriteOp::Remove { file: "a-0/old".into() }]);
    assert_eq!((dir.state(), dir.epoch()), (state, epoch));
    settle(&mut dir, &mut world);
    assert_eq!((dir.state(), dir.epoch(), dir.next_deadline()), (DirState::Online, epoch + 1, None));
    let known = world.disk.file(layout::BROKER_EPOCH).unwrap();
    assert_eq!(crate::log::checkpoint::read_broker_epoch(known), Some(epoch + 1));
}

#[test]
fn a_full_disk_takes_a_deletion_and_then_appends_again() {
    let (mut dir, mut world) = new_dir(Disk::default());
    dir.enqueue([append("a-0/x", 0, &[1; 500])], None, true);
    settle(&mut dir, &mut world);
    world.disk.capacity = Some(world.disk.used() as u64);
    dir.enqueue([append("a-0/x", 500, &[2; 100])], None, true);
    settle(&mut dir, &mut world);
    assert_eq!(dir.state(), DirState::ReadOnly(StorageErrorKind::NoSpace));
    // Not full enough to keep the deletion out: the kept room is given up for it.
    dir.enqueue([put(layout::CATALOG, 60)], Some(Mark::Catalog(1)), true);
    dir.retire(["a-0/x".into()]);
    settle(&mut dir, &mut world);
    assert_eq!(dir.state(), DirState::Online);
    assert!(world.disk.file("a-0/x").is_none());
    assert_eq!(world.disk.file(layout::KEPT_ROOM).unwrap().len(), 64, "and kept again");
    dir.enqueue([append("b-0/x", 0, &[2; 100])], None, true);
    settle(&mut dir, &mut world);
    assert_eq!(dir.state(), DirState::Online);
}

/// Opening on a full disk costs the kept room. There are no appends then, but deleting is possible.
#[test]
fn a_dir_that_opens_on_a_full_disk_is_read_only_until_there_is_room() {
    let (mut dir, mut world) = new_dir(Disk::default());
    dir.enqueue([append("a-0/x", 0, &[1; 500]), put(layout::CATALOG, 60)], None, true);
    settle(&mut dir, &mut world);
    let mut disk = world.disk;
    disk.lose(layout::BROKER_EPOCH);
    disk.capacity = Some(disk.used() as u64);
    let mut world = World::on(disk, 1);
    let topic = TopicPartition { topic: TopicId([1; 16]), partition: 0 };
    let logs = |_| vec![OpenLog { id: topic, topic: "c".to_owned() }];
    let mut dir = world.open(logs).unwrap().unwrap().dir;
    assert_eq!(dir.state(), DirState::ReadOnly(StorageErrorKind::NoSpace));
    assert!(world.disk.file(layout::KEPT_ROOM).is_none());
    world.disk.capacity = None;
    world.pass(10_000);
    dir.on_tick(&mut world.turn());
    settle(&mut dir, &mut world);
    assert_eq!(dir.state(), DirState::Online);
    assert_eq!(world.disk.file(layout::KEPT_ROOM).unwrap().len(), 64);
}

#[test]
fn a_failed_load_is_no_failure_of_the_dir_unless_storage_is_gone() {
    let (mut dir, mut world) = new_dir(Disk::default());
    let (bytes_max, at_least_one) = (10, true);
    let range =
        ColdRange { file: "a-0/gone".into(), at: 0, len: 9, first: 9, from: 0, below: 1, bytes_max, at_least_one };
    for (why, state) in [
        (StorageErrorKind::Missing, DirState::Online),
        (StorageErrorKind::Gone, DirState::Offline(StorageErrorKind::Gone)),
    ] {
        let io = dir.load(&mut world.turn(), &range);
        let why = crate::log::tests::disk::definite(why);
        let outcome = dir.on_failed(&mut world.turn(), io, why);
        assert_eq!((outcome.is_some(), dir.state()), (state != DirState::Online, state));
    }
    dir.enqueue([put("document", 1)], Some(Mark::Catalog(1)), true);
    world.effects.clear();
    dir.issue(&mut world.turn());
    assert!(world.effects.is_empty() && dir.queued_bytes() == 0);
}
