//! The storage contract of `ottla_core::host::Storage`, rule by rule. Every rule begins with an empty disk.
//!
//! ```text
//! macro_rules! test {
//!     ($($rule:ident)*) => {$(
//!         #[tokio::test]
//!         async fn $rule() { ottla_contract::storage::$rule(&mut new_disk()).await }
//!     )*};
//! }
//! ottla_contract::each_storage_rule!(test);
//! ```

mod crash;
mod model;

use std::future::Future;

use bytes::Bytes;
use futures::future::join_all;
use ottla_core::{
    effect::{Entry, FileName, Frame, Outcome, StorageError, StorageErrorKind, WriteOp},
    host::Storage,
};

pub use crash::*;
pub use model::*;

/// Where storage keeps things, so that a rule can close it and open it again.
pub trait Disk {
    type Storage: Storage;

    /// Opens what is there. The rule has dropped what it opened before.
    fn open(&mut self) -> impl Future<Output = Self::Storage>;
}

/// Calls the macro `$with` with the name of every rule that any backend must keep.
#[macro_export]
macro_rules! each_storage_rule {
    ($with:ident) => {
        $with! {
            what_was_appended_is_loaded
            a_load_is_short_at_the_end
            a_missing_file_is_missing
            an_append_elsewhere_than_the_end_changes_nothing
            a_frame_of_many_parts_is_one_piece
            a_large_append_loads_from_any_place
            a_cut_file_goes_on_where_it_was_cut
            a_rename_replaces
            a_rename_of_nothing_changes_nothing
            a_removed_file_begins_anew
            a_put_replaces_the_whole_document
            a_list_is_sorted_and_has_the_prefix
            names_are_taken_or_refused
            commits_apply_in_the_order_of_the_calls
            what_was_synced_is_there_after_opening_again
            storage_agrees_with_a_model
        }
    };
}

pub(crate) fn name(name: &str) -> FileName {
    name.into()
}

pub(crate) fn append(file: &str, at: u64, bytes: impl AsRef<[u8]>) -> WriteOp {
    WriteOp::Append { file: name(file), at, bytes: Bytes::copy_from_slice(bytes.as_ref()).into() }
}

pub(crate) fn put(file: &str, bytes: impl AsRef<[u8]>) -> WriteOp {
    WriteOp::Put { file: name(file), bytes: Bytes::copy_from_slice(bytes.as_ref()) }
}

pub(crate) fn truncate(file: &str, len: u64) -> WriteOp {
    WriteOp::Truncate { file: name(file), len }
}

pub(crate) fn rename(from: &str, to: &str) -> WriteOp {
    WriteOp::Rename { from: name(from), to: name(to) }
}

pub(crate) fn remove(file: &str) -> WriteOp {
    WriteOp::Remove { file: name(file) }
}

/// Bytes that tell where they came from: no run of them is like another.
pub(crate) fn pattern(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = ottla_core::rng::Rng::new(seed);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend_from_slice(&rng.next_u64().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

pub(crate) async fn done(storage: &impl Storage, ops: Vec<WriteOp>) {
    storage.commit(ops, false).await.expect("a commit that nothing hinders");
}

pub(crate) async fn whole(storage: &impl Storage, file: &str) -> Result<Bytes, StorageError> {
    storage.load(name(file), 0, u64::from(u32::MAX)).await
}

pub(crate) async fn assert_holds(storage: &impl Storage, file: &str, expected: impl AsRef<[u8]>) {
    let bytes = whole(storage, file).await.unwrap_or_else(|why| panic!("{file}: {why:?}"));
    assert!(bytes == expected.as_ref(), "{file} holds {} other bytes", bytes.len());
}

async fn assert_missing(storage: &impl Storage, file: &str) {
    let why = whole(storage, file).await.expect_err("a file that is not there");
    assert_eq!((why.kind, why.outcome), (StorageErrorKind::Missing, Outcome::Definite), "{file}: {why:?}");
}

async fn listed(storage: &impl Storage, prefix: &str) -> Vec<(String, u64)> {
    let entries = storage.list(prefix.to_owned()).await.expect("a list");
    entries.into_iter().map(|Entry { file, len }| (file.to_string(), len)).collect()
}

pub async fn what_was_appended_is_loaded(disk: &mut impl Disk) {
    let storage = disk.open().await;
    done(&storage, vec![append("a-0/0.log", 0, "one"), append("b-0/0.log", 0, "uno"), append("a-0/0.log", 3, "two")])
        .await;
    done(&storage, vec![append("a-0/0.log", 6, "three")]).await;
    assert_holds(&storage, "a-0/0.log", "onetwothree").await;
    assert_holds(&storage, "b-0/0.log", "uno").await;
    assert_eq!(storage.load(name("a-0/0.log"), 2, 5).await.unwrap(), "etwot");
}

pub async fn a_load_is_short_at_the_end(disk: &mut impl Disk) {
    let storage = disk.open().await;
    done(&storage, vec![append("file", 0, "0123456789")]).await;
    for (at, len, expected) in [
        (8, 100, "89"),
        (9, 1, "9"),
        (10, 1, ""),
        (11, 5, ""),
        (u64::MAX, u64::MAX, ""),
        (3, 0, ""),
        (0, u64::MAX, "0123456789"),
    ] {
        assert_eq!(storage.load(name("file"), at, len).await.unwrap(), expected, "at {at} for {len}");
    }
}

pub async fn a_missing_file_is_missing(disk: &mut impl Disk) {
    let storage = disk.open().await;
    assert_missing(&storage, "file").await;
    assert_missing(&storage, "no/such/dir/file").await;
    assert_eq!(listed(&storage, "").await, []);
    done(&storage, vec![remove("file"), remove("no/such/dir/file"), truncate("file", 0), truncate("x/file", 7)]).await;
    assert_eq!(listed(&storage, "").await, []);
}

pub async fn an_append_elsewhere_than_the_end_changes_nothing(disk: &mut impl Disk) {
    let storage = disk.open().await;
    done(&storage, vec![append("file", 0, "kept")]).await;
    for at in [0, 3, 5, u64::MAX] {
        let ops = vec![append("file", 4, ""), append("new", 0, "lost"), append("file", at, "lost")];
        let why = storage.commit(ops, true).await.expect_err("an append that is not at the end");
        assert_eq!(why.outcome, Outcome::Definite, "{why:?}");
        assert_holds(&storage, "file", "kept").await;
        assert_missing(&storage, "new").await;
    }
    assert!(storage.commit(vec![append("gap", 1, "lost")], false).await.is_err());
    done(&storage, vec![append("file", 4, " and more")]).await;
    assert_holds(&storage, "file", "kept and more").await;
}

pub async fn a_frame_of_many_parts_is_one_piece(disk: &mut impl Disk) {
    let storage = disk.open().await;
    // More parts than one vectored write takes anywhere.
    let whole = Bytes::from(pattern(5_000, 1));
    let mut frame = Frame::default();
    (0..whole.len() - 1).for_each(|index| frame.push(whole.slice(index..index + 1)));
    frame.push(whole.slice(whole.len() - 1..));
    done(&storage, vec![WriteOp::Append { file: name("file"), at: 0, bytes: frame }]).await;
    assert_holds(&storage, "file", &whole).await;
}

pub async fn a_large_append_loads_from_any_place(disk: &mut impl Disk) {
    let storage = disk.open().await;
    let bytes = pattern(3 * 1024 * 1024 + 7, 2);
    let mut ops = vec![append("file", 0, &bytes[..1]), append("file", 1, &bytes[1..70_000])];
    ops.push(append("file", 70_000, &bytes[70_000..]));
    done(&storage, ops).await;
    assert_holds(&storage, "file", &bytes).await;
    for at in [0_usize, 1, 4_095, 61_439, 61_440, 61_441, 65_535, 65_536, 70_000, 1_000_000, bytes.len() - 1] {
        for len in [1_usize, 2, 60 * 1024, 65_536, 1_000_000] {
            let loaded = storage.load(name("file"), at as u64, len as u64).await.unwrap();
            assert!(loaded == bytes[at..bytes.len().min(at + len)], "at {at} for {len}");
        }
    }
}

pub async fn a_cut_file_goes_on_where_it_was_cut(disk: &mut impl Disk) {
    let storage = disk.open().await;
    let bytes = pattern(200_000, 3);
    done(&storage, vec![append("file", 0, &bytes[..150_000]), append("file", 150_000, &bytes[150_000..])]).await;
    done(&storage, vec![truncate("file", 200_000), truncate("file", 200_001)]).await;
    assert_holds(&storage, "file", &bytes).await;
    for cut in [170_000_usize, 150_000, 100_000, 61_440, 1] {
        done(&storage, vec![truncate("file", cut as u64)]).await;
        assert_holds(&storage, "file", &bytes[..cut]).await;
    }
    done(&storage, vec![append("file", 1, "tail"), truncate("file", 3), append("file", 3, "!")]).await;
    assert_holds(&storage, "file", [&bytes[..1], b"ta!"].concat()).await;
    done(&storage, vec![truncate("file", 0)]).await;
    assert_holds(&storage, "file", "").await;
    assert_eq!(listed(&storage, "").await, [("file".to_owned(), 0)]);
}

pub async fn a_rename_replaces(disk: &mut impl Disk) {
    let storage = disk.open().await;
    let long = pattern(130_000, 4);
    done(&storage, vec![append("a/file", 0, &long), append("b/file", 0, "replaced"), put("document", "old")]).await;
    done(&storage, vec![rename("a/file", "b/file"), rename("document", "c/document")]).await;
    assert_missing(&storage, "a/file").await;
    assert_missing(&storage, "document").await;
    assert_holds(&storage, "b/file", &long).await;
    assert_holds(&storage, "c/document", "old").await;
    // The name that became free begins anew, the one that moved goes on at its end.
    done(&storage, vec![append("a/file", 0, "new"), append("b/file", 130_000, "end")]).await;
    assert_holds(&storage, "a/file", "new").await;
    assert_holds(&storage, "b/file", [&long[..], b"end"].concat()).await;
    done(&storage, vec![rename("a/file", "a/file")]).await;
    assert_holds(&storage, "a/file", "new").await;
    assert_eq!(listed(&storage, "").await.len(), 3);
}

pub async fn a_rename_of_nothing_changes_nothing(disk: &mut impl Disk) {
    let storage = disk.open().await;
    done(&storage, vec![append("file", 0, "kept")]).await;
    let why = storage.commit(vec![append("file", 4, "lost"), rename("nothing", "file")], true).await;
    let why = why.expect_err("a rename of nothing");
    assert_eq!((why.outcome, why.kind), (Outcome::Definite, StorageErrorKind::Missing), "{why:?}");
    assert_holds(&storage, "file", "kept").await;
}

pub async fn a_removed_file_begins_anew(disk: &mut impl Disk) {
    let storage = disk.open().await;
    done(&storage, vec![append("t-0/file", 0, pattern(100_000, 5)), put("t-0/document", "x"), append("u", 0, "u")])
        .await;
    done(&storage, vec![remove("t-0/file"), remove("t-0/document")]).await;
    assert_missing(&storage, "t-0/file").await;
    assert_missing(&storage, "t-0/document").await;
    done(&storage, vec![append("t-0/file", 0, "anew"), remove("u"), append("u", 0, "new"), remove("u")]).await;
    assert_holds(&storage, "t-0/file", "anew").await;
    assert_eq!(listed(&storage, "").await, [("t-0/file".to_owned(), 4)]);
}

pub async fn a_put_replaces_the_whole_document(disk: &mut impl Disk) {
    let storage = disk.open().await;
    for content in [pattern(10, 6), pattern(300_000, 7), pattern(3, 8), Vec::new(), pattern(61_440, 9)] {
        done(&storage, vec![put("dir/document", "never seen"), put("dir/document", &content)]).await;
        assert_holds(&storage, "dir/document", &content).await;
        assert_eq!(listed(&storage, "dir/").await, [("dir/document".to_owned(), content.len() as u64)]);
    }
}

pub async fn a_list_is_sorted_and_has_the_prefix(disk: &mut impl Disk) {
    let storage = disk.open().await;
    // `a-0` sorts before `a/`, and `a/` before `a0`, by their bytes: not the order of a walk through directories.
    let names = ["b", "a/z", "a-0/2.log", "a-0/10.log", "a/b/c", "a0", "a-0.x", "\u{4e2d}\u{6587}-0/0.log"];
    done(&storage, names.iter().map(|file| append(file, 0, file)).collect()).await;
    let mut sorted = names.map(|file| (file.to_owned(), file.len() as u64));
    sorted.sort();
    for prefix in
        ["", "a", "a-", "a-0", "a-0/", "a-0/1", "a/", "a/b", "b", "c", "\u{4e2d}", "a-0/10.log", "a-0/10.logs"]
    {
        let expected: Vec<_> = sorted.iter().filter(|(file, _)| file.starts_with(prefix)).cloned().collect();
        assert_eq!(listed(&storage, prefix).await, expected, "with prefix `{prefix}`");
    }
}

pub async fn names_are_taken_or_refused(disk: &mut impl Disk) {
    let storage = disk.open().await;
    let long = format!("{}/{}", "d".repeat(255), "f".repeat(255));
    for taken in ["x", ".topic-0/0.log", "a b/\u{e9}", "..a/b..", "a/...", "-", "%2F", &long] {
        done(&storage, vec![append(taken, 0, taken)]).await;
        assert_holds(&storage, taken, taken).await;
    }
    let before = listed(&storage, "").await;
    let too_long = "x".repeat(256);
    for refused in ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\\b", "a\0b", ".lock", &too_long]
    {
        for op in [append(refused, 0, "x"), put(refused, "x"), rename("x", refused)] {
            let why = storage.commit(vec![op], false).await.expect_err(refused);
            assert_eq!(why.outcome, Outcome::Definite, "{refused}: {why:?}");
        }
    }
    assert_eq!(listed(&storage, "").await, before);
}

pub async fn commits_apply_in_the_order_of_the_calls(disk: &mut impl Disk) {
    let storage = disk.open().await;
    let commits = (0..50_u64).map(|index| {
        let ops = vec![append("log", index * 8, index.to_be_bytes()), put("last", index.to_string())];
        storage.commit(ops, index % 10 == 9)
    });
    let results = join_all(commits.collect::<Vec<_>>()).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let expected: Vec<u8> = (0..50_u64).flat_map(u64::to_be_bytes).collect();
    assert_holds(&storage, "log", expected).await;
    assert_holds(&storage, "last", "49").await;
}

pub async fn what_was_synced_is_there_after_opening_again(disk: &mut impl Disk) {
    let storage = disk.open().await;
    done(&storage, vec![append("a-0/log", 0, pattern(100_000, 10)), append("old", 0, "old"), put("document", "1")])
        .await;
    done(&storage, vec![rename("old", "moved"), truncate("a-0/log", 90_000), append("gone", 0, "gone")]).await;
    storage.commit(vec![remove("gone"), put("document", "2")], true).await.unwrap();
    drop(storage);
    let storage = disk.open().await;
    assert_holds(&storage, "a-0/log", &pattern(100_000, 10)[..90_000]).await;
    assert_holds(&storage, "document", "2").await;
    assert_holds(&storage, "moved", "old").await;
    assert_eq!(listed(&storage, "").await.len(), 3);
    storage.commit(vec![append("a-0/log", 90_000, "end")], true).await.unwrap();
    // Nothing more to write: a sync by itself.
    storage.commit(Vec::new(), true).await.unwrap();
    assert_eq!(storage.load(name("a-0/log"), 90_000, 10).await.unwrap(), "end");
}
