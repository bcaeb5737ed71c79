use super::*;

fn append(file: &str, at: u64, bytes: &'static [u8]) -> WriteOp {
    WriteOp::Append { file: file.into(), at, bytes: Bytes::from_static(bytes).into() }
}

fn put(file: &str, bytes: &'static [u8]) -> WriteOp {
    WriteOp::Put { file: file.into(), bytes: Bytes::from_static(bytes) }
}

fn all(disk: &Disk, file: &str) -> Option<Bytes> {
    disk.load(file, 0, u64::MAX).ok()
}

#[test]
fn a_bit_that_rots_is_rotten_after_a_crash_too_and_nothing_else_is_lost() {
    let rng = &mut Rng::new(1);
    let mut disk = Disk::with_crashes();
    disk.commit(vec![append("a/0.log", 0, b"synced")], true).unwrap();
    disk.commit(vec![append("a/0.log", 6, b" not synced")], false).unwrap();
    disk.rot("a/0.log", rng);
    disk.commit(vec![append("a/0.log", 17, b", synced")], true).unwrap();
    let rotten = all(&disk, "a/0.log").unwrap();
    let written = b"synced not synced, synced";
    assert_eq!(rotten.len(), written.len());
    let flipped: u32 = rotten.iter().zip(written).map(|(is, was)| (is ^ was).count_ones()).sum();
    assert_eq!(flipped, 1);
    disk.crash(CrashGrain::Files, rng);
    assert_eq!(all(&disk, "a/0.log").unwrap().len(), written.len());
}

#[test]
fn a_write_astray_hits_a_file_of_its_kind() {
    let rng = &mut Rng::new(2);
    let mut disk = Disk::with_crashes();
    let files = ["a/0.log", "b/0.log", "b/0.index", "catalog"];
    disk.commit(files.iter().map(|file| append(file, 0, b"........")).collect(), true).unwrap();
    for _ in 0..50 {
        assert_eq!(disk.scribble("a/0.log", b"xx", rng).as_deref(), Some("b/0.log"));
        assert_eq!(disk.scribble("b/0.index", b"xx", rng), None);
    }
    assert_eq!(all(&disk, "b/0.log").unwrap().len(), 8, "it grows by nothing");
    assert_eq!(all(&disk, "a/0.log").unwrap(), &b"........"[..]);
}

/// D6: what was written to files that had their names is there, and no name is.
#[test]
fn names_come_undone_and_contents_stay() {
    let rng = &mut Rng::new(3);
    let mut disk = Disk::with_crashes();
    disk.commit(vec![append("old", 0, b"old"), put("document", b"old"), append("moved", 0, b"moved")], true).unwrap();
    let rename = |from: &str, to: &str| WriteOp::Rename { from: from.into(), to: to.into() };
    let ops = vec![
        append("old", 3, b" and new"),
        append("new", 0, b"new"),
        put("document", b"new"),
        rename("moved", "there"),
        append("there", 5, b" on"),
    ];
    disk.commit(ops, false).unwrap();
    disk.crash(CrashGrain::Names, rng);
    assert_eq!(all(&disk, "old").unwrap(), &b"old and new"[..]);
    assert_eq!(all(&disk, "document").unwrap(), &b"old"[..]);
    assert_eq!(all(&disk, "moved").unwrap(), &b"moved"[..]);
    assert_eq!((all(&disk, "new"), all(&disk, "there")), (None, None));
    assert_eq!(disk.used(), 11 + 3 + 5);
}
