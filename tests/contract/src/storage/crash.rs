//! What a crash may take and what not, on a disk whose power can be cut.

use ottla_core::{host::Storage, rng::Rng};

use super::{
    Disk, append, assert_holds, listed,
    model::{Model, assert_agrees, draw_op},
    pattern, put, rename, whole,
};

/// A disk that can lose what was not synced, as `rng` draws it.
pub trait CrashingDisk: Disk {
    fn crash(&mut self, rng: &mut Rng);
}

/// Calls the macro `$with` with the name of every rule about crashes.
#[macro_export]
macro_rules! each_crash_rule {
    ($with:ident) => {
        $with! {
            a_crash_takes_nothing_that_was_synced
            a_crash_leaves_a_prefix_of_each_file
            a_crash_leaves_a_put_and_a_rename_done_or_undone
        }
    };
}

/// K2.
pub async fn a_crash_takes_nothing_that_was_synced(disk: &mut impl CrashingDisk) {
    let mut rng = Rng::new(21);
    let mut model = Model::new();
    for _ in 0..30 {
        let storage = disk.open().await;
        assert_agrees(&storage, &model).await;
        for _ in 0..rng.below(6) {
            storage.commit(vec![draw_op(&mut model, &mut rng)], false).await.unwrap();
        }
        storage.commit(vec![draw_op(&mut model, &mut rng)], true).await.unwrap();
        drop(storage);
        disk.crash(&mut rng);
    }
}

pub async fn a_crash_leaves_a_prefix_of_each_file(disk: &mut impl CrashingDisk) {
    let mut rng = Rng::new(22);
    for round in 0..30 {
        let storage = disk.open().await;
        let names: Vec<_> = (0..3).map(|index| format!("{round}/{index}")).collect();
        let mut written = vec![Vec::new(); names.len()];
        let mut synced = vec![0; names.len()];
        for _ in 0..12 {
            let index = rng.below(3) as usize;
            let bytes = pattern(1 + rng.below(5_000) as usize, rng.next_u64());
            let sync = rng.below(5) == 0;
            let op = append(&names[index], written[index].len() as u64, &bytes);
            written[index].extend_from_slice(&bytes);
            storage.commit(vec![op], sync).await.unwrap();
            if sync {
                synced = written.iter().map(Vec::len).collect();
            }
        }
        drop(storage);
        disk.crash(&mut rng);
        let storage = disk.open().await;
        for (index, file) in names.iter().enumerate() {
            let kept = whole(&storage, file).await.unwrap_or_default();
            assert!(kept.len() >= synced[index], "{file} was synced to {} and holds {}", synced[index], kept.len());
            assert!(written[index].starts_with(&kept), "{file} holds bytes that were never there");
        }
    }
}

pub async fn a_crash_leaves_a_put_and_a_rename_done_or_undone(disk: &mut impl CrashingDisk) {
    let mut rng = Rng::new(23);
    for _ in 0..30 {
        let storage = disk.open().await;
        let (old, new) = (pattern(70_000, rng.next_u64()), pattern(500, rng.next_u64()));
        storage.commit(vec![put("document", &old), put("from", "moved")], true).await.unwrap();
        storage.commit(vec![put("document", &new)], false).await.unwrap();
        storage.commit(vec![rename("from", "to")], false).await.unwrap();
        drop(storage);
        disk.crash(&mut rng);
        let storage = disk.open().await;
        let document = whole(&storage, "document").await.expect("a document that was synced");
        assert!(document == old || document == new, "half a document of {} bytes", document.len());
        let names: Vec<_> = listed(&storage, "").await.into_iter().map(|(file, _)| file).collect();
        let moved = names.iter().find(|file| *file != "document").expect("a name for what was renamed");
        assert_eq!(names.len(), 2, "{names:?}");
        assert_holds(&storage, moved, "moved").await;
        storage.commit(vec![super::remove(moved)], true).await.unwrap();
    }
}
