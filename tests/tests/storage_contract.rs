//! The storage contract on memory and on files.

use ottla_contract::storage::{CrashingDisk, Disk};
use ottla_core::{host::MemoryStorage, rng::Rng};
use ottla_tests::storage::FileStorage;
use tempfile::TempDir;

struct MemoryDisk(MemoryStorage);

impl Disk for MemoryDisk {
    type Storage = MemoryStorage;

    async fn open(&mut self) -> MemoryStorage {
        self.0.clone()
    }
}

impl CrashingDisk for MemoryDisk {
    fn crash(&mut self, rng: &mut Rng) {
        self.0.crash(rng);
    }
}

mod memory {
    use super::*;

    macro_rules! test {
        ($($rule:ident)*) => {$(
            #[tokio::test]
            async fn $rule() {
                ottla_contract::storage::$rule(&mut MemoryDisk(MemoryStorage::with_crashes())).await;
            }
        )*};
    }
    ottla_contract::each_storage_rule!(test);
    ottla_contract::each_crash_rule!(test);
}

struct Directory(TempDir);

impl Disk for Directory {
    type Storage = FileStorage;

    async fn open(&mut self) -> FileStorage {
        FileStorage::open(self.0.path()).expect("a directory of our own")
    }
}

mod files {
    use super::*;

    macro_rules! test {
        ($($rule:ident)*) => {$(
            #[tokio::test]
            async fn $rule() {
                let directory = tempfile::tempdir().expect("a place for temporary files");
                ottla_contract::storage::$rule(&mut Directory(directory)).await;
            }
        )*};
    }
    ottla_contract::each_storage_rule!(test);
}
