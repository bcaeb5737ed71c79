//! Storage that does what it is asked at once.

use bytes::Bytes;

use crate::{
    effect::{Entry, FileName, Outcome, StorageError, StorageErrorKind, WriteOp},
    sorted::SortedMap,
};

#[derive(Debug, Default)]
pub(in crate::broker) struct Disk {
    files: SortedMap<FileName, Vec<u8>>,
    /// What the next commit answers instead of being done.
    failure: Option<StorageError>,
}

impl Disk {
    pub fn fail_next_commit(&mut self, outcome: Outcome) {
        let detail = "asked for".to_owned();
        self.failure = Some(StorageError { outcome, kind: StorageErrorKind::Aborted, detail });
    }

    /// Bytes of all files.
    pub fn used(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }

    pub fn commit(&mut self, ops: Vec<WriteOp>) -> Result<(), StorageError> {
        if let Some(why) = self.failure.take() {
            return Err(why);
        }
        for op in ops {
            match op {
                WriteOp::Append { file, at, bytes } => {
                    let found = self.files.entry(file).or_default();
                    assert_eq!(found.len() as u64, at, "an append is at its file's end");
                    found.extend_from_slice(&bytes.to_bytes());
                }
                WriteOp::Truncate { file, len } => {
                    if let Some(found) = self.files.get_mut(&file) {
                        found.truncate(len as usize);
                    }
                }
                WriteOp::Rename { from, to } => {
                    let moved = self.files.remove(&from).expect("what is renamed is there");
                    self.files.insert(to, moved);
                }
                WriteOp::Remove { file } => drop(self.files.remove(&file)),
                WriteOp::Put { file, bytes } => drop(self.files.insert(file, bytes.to_vec())),
            }
        }
        Ok(())
    }

    pub fn load(&self, file: &str, at: u64, len: u64) -> Result<Bytes, StorageError> {
        let missing = || StorageError {
            outcome: Outcome::Definite,
            kind: StorageErrorKind::Missing,
            detail: format!("{file}: there is no such file"),
        };
        let found = self.files.get(file).ok_or_else(missing)?;
        let end = found.len().min((at + len) as usize);
        Ok(Bytes::copy_from_slice(found.get(at as usize..end).unwrap_or_default()))
    }

    pub fn list(&self) -> Vec<Entry> {
        self.files.iter().map(|(file, bytes)| Entry { file: file.clone(), len: bytes.len() as u64 }).collect()
    }
}
