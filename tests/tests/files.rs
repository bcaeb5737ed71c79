//! What only files can do: run out of room, and be somebody else's.

use std::process::Command;

use bytes::Bytes;
use ottla_core::{
    effect::{Outcome, StorageErrorKind, WriteOp},
    host::Storage,
};
use ottla_tests::storage::FileStorage;

fn append(file: &str, at: u64, len: usize) -> WriteOp {
    WriteOp::Append { file: file.into(), at, bytes: Bytes::from(vec![7; len]).into() }
}

fn put(file: &str, len: usize) -> WriteOp {
    WriteOp::Put { file: file.into(), bytes: Bytes::from(vec![8; len]) }
}

/// Runs the test of that name again in a process where no file may grow beyond 4096 bytes, and writing beyond is an
/// error instead of a signal. True in that process.
fn with_little_room(test: &str) -> bool {
    const MARK: &str = "OTTLA_LITTLE_ROOM";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]).arg(program);
    let output = shell.args(["--exact", test]).env(MARK, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

#[tokio::test]
async fn a_full_disk_undoes_the_appends_of_a_commit() {
    if !with_little_room("a_full_disk_undoes_the_appends_of_a_commit") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(dir.path()).unwrap();
    storage.commit(vec![append("log", 0, 3_000)], true).await.unwrap();
    let ops = vec![append("log", 3_000, 100), append("dir/new", 0, 10), append("log", 3_100, 9_000)];
    let why = storage.commit(ops, true).await.unwrap_err();
    assert_eq!((why.outcome, why.kind), (Outcome::Definite, StorageErrorKind::NoSpace), "{why:?}");
    assert_eq!(storage.load("log".into(), 0, 10_000).await.unwrap(), vec![7; 3_000]);
    let names: Vec<_> = storage.list(String::new()).await.unwrap().into_iter().map(|entry| entry.file).collect();
    assert_eq!(names, ["log".into()]);
    // What fits is taken again, and a document that does not fit leaves the old one.
    storage.commit(vec![put("document", 10), append("log", 3_000, 1_000)], true).await.unwrap();
    let why = storage.commit(vec![put("document", 9_000)], true).await.unwrap_err();
    assert_eq!((why.outcome, why.kind), (Outcome::Definite, StorageErrorKind::NoSpace), "{why:?}");
    assert_eq!(storage.load("document".into(), 0, 10_000).await.unwrap(), vec![8; 10]);
    storage.commit(vec![WriteOp::Remove { file: "log".into() }, append("log", 0, 4_000)], true).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_undone_is_unknown_and_closes_the_dir_for_writing() {
    if !with_little_room("what_cannot_be_undone_is_unknown_and_closes_the_dir_for_writing") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(dir.path()).unwrap();
    storage.commit(vec![put("document", 10), append("log", 0, 3_000)], true).await.unwrap();
    let ops = vec![WriteOp::Remove { file: "document".into() }, append("log", 3_000, 9_000)];
    let why = storage.commit(ops, true).await.unwrap_err();
    assert_eq!((why.outcome, why.kind), (Outcome::Unknown, StorageErrorKind::NoSpace), "{why:?}");
    let why = storage.commit(vec![put("document", 1)], false).await.unwrap_err();
    assert_eq!((why.outcome, why.kind), (Outcome::Definite, StorageErrorKind::Gone), "{why:?}");
    assert_eq!(storage.load("log".into(), 0, 3_000).await.unwrap(), vec![7; 3_000]);
    drop(storage);
    let storage = FileStorage::open(dir.path()).unwrap();
    storage.commit(vec![put("document", 1)], true).await.unwrap();
}

#[tokio::test]
async fn more_files_than_are_kept_open_are_written_and_synced() {
    let dir = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(dir.path()).unwrap();
    for round in 0..3_u64 {
        let ops = (0..300).map(|index| append(&format!("t-{index}/log"), round * 50, 50));
        storage.commit(ops.collect(), round == 2).await.unwrap();
    }
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count();
    assert!(open < 200, "{open} files are open");
    for index in 0..300 {
        assert_eq!(storage.load(format!("t-{index}/log").into(), 0, 1_000).await.unwrap().len(), 150);
    }
}

#[tokio::test]
async fn what_is_not_ours_is_neither_listed_nor_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(dir.path()).unwrap();
    assert!(FileStorage::open(dir.path()).is_err(), "one host at a time");
    storage.commit(vec![append("a-0/log", 0, 1)], true).await.unwrap();
    drop(storage);
    // A document that got no name before the crash, and a link that leads out.
    std::fs::write(dir.path().join(".put"), "half").unwrap();
    std::os::unix::fs::symlink("/etc/hosts", dir.path().join("link")).unwrap();
    let storage = FileStorage::open(dir.path()).unwrap();
    let names: Vec<_> = storage.list(String::new()).await.unwrap().into_iter().map(|entry| entry.file).collect();
    assert_eq!(names, ["a-0/log".into()]);
    assert!(storage.load("link".into(), 0, 10).await.is_err());
    assert!(!dir.path().join(".put").exists());
    // The last file takes its directory with it.
    storage.commit(vec![WriteOp::Remove { file: "a-0/log".into() }], true).await.unwrap();
    assert!(!dir.path().join("a-0").exists());
}
