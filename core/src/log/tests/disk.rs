//! Storage as weak as its contract allows (`host::Storage`), by hand and without waiting.

use bytes::Bytes;

use crate::{
    effect::*,
    rng::Rng,
    sorted::{SortedMap, SortedSet},
};

type Files = SortedMap<FileName, Vec<u8>>;

/// What is there, and what of it a crash cannot take.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Files,
    durable: Files,
    unsynced: Vec<WriteOp>,
    pub(crate) capacity: Option<u64>,
}

impl Disk {
    /// All of it or nothing.
    pub(crate) fn commit(&mut self, ops: &[WriteOp], sync: bool) -> Result<(), StorageError> {
        let mut files = self.files.clone();
        for op in ops {
            apply(&mut files, op).unwrap_or_else(|why| panic!("no backend takes {op:?}: {why}"));
            let used: usize = files.values().map(Vec::len).sum();
            if self.capacity.is_some_and(|capacity| used as u64 > capacity && used > self.used()) {
                return Err(definite(StorageErrorKind::NoSpace));
            }
        }
        self.files = files;
        self.unsynced.extend_from_slice(ops);
        if sync {
            self.unsynced.clear();
            self.durable.clone_from(&self.files);
        }
        Ok(())
    }

    pub(crate) fn load(&self, file: &str, at: u64, len: u64) -> Result<Bytes, StorageError> {
        let found = self.files.get(file).ok_or_else(|| definite(StorageErrorKind::Missing))?;
        let end = at.saturating_add(len).min(found.len() as u64);
        Ok(Bytes::copy_from_slice(found.get(at as usize..end as usize).unwrap_or_default()))
    }

    pub(crate) fn list(&self) -> Vec<Entry> {
        self.files.iter().map(|(file, bytes)| Entry { file: file.clone(), len: bytes.len() as u64 }).collect()
    }

    pub(crate) fn used(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }

    pub(crate) fn names(&self) -> Vec<FileName> {
        self.files.keys().cloned().collect()
    }

    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// Bytes at rest change, and stay so.
    pub(crate) fn damage(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.files.get_mut(name).expect("a file to be damaged"));
        self.durable.clone_from(&self.files);
        self.unsynced.clear();
    }

    pub(crate) fn lose(&mut self, name: &str) {
        self.files.remove(name);
        self.durable.remove(name);
    }

    /// Power is lost while `in_flight` was being done. Of what was not synced each file keeps a prefix, drawn from
    /// `rng`, its end torn: cut anywhere, or of its full length with zeros where bytes did not get to the medium.
    pub(crate) fn crash(&mut self, in_flight: &[WriteOp], rng: &mut Rng) {
        let mut files = std::mem::take(&mut self.durable);
        let mut lost: SortedSet<FileName> = SortedSet::new();
        let kept_of_four = rng.below(5);
        for op in self.unsynced.drain(..).chain(in_flight.iter().cloned()) {
            let touched = touched(&op);
            let is_lost = touched.iter().any(|file| lost.contains(*file));
            if !is_lost && rng.below(4) < kept_of_four {
                // What was once applied applies again, unless the file it builds on is lost.
                let _ = apply(&mut files, &op);
                continue;
            }
            if let WriteOp::Append { file, at, bytes } = &op
                && !is_lost
            {
                let is_new = !files.contains_key(file);
                let found = files.entry(file.clone()).or_default();
                if found.len() as u64 == *at {
                    let kept = rng.below(bytes.len() + 1) as usize;
                    found.extend_from_slice(&bytes.to_bytes()[..kept]);
                    if rng.below(3) == 0 {
                        let zeros = rng.below(bytes.len() - kept as u64 + 1) as usize;
                        found.resize(found.len() + zeros, 0);
                    }
                    // Not even the name may have got there.
                    if is_new && found.is_empty() && rng.below(2) == 0 {
                        files.remove(file);
                    }
                }
            }
            lost.extend(touched.into_iter().cloned());
        }
        self.files.clone_from(&files);
        self.durable = files;
    }
}

fn apply(files: &mut Files, op: &WriteOp) -> Result<(), String> {
    match op {
        WriteOp::Append { file, at, bytes } => {
            let len = files.get(file).map_or(0, Vec::len) as u64;
            if *at != len {
                return Err(format!("the file ends at {len}"));
            }
            files.entry(file.clone()).or_default().extend_from_slice(&bytes.to_bytes());
        }
        WriteOp::Truncate { file, len } => {
            if let Some(found) = files.get_mut(file) {
                found.truncate(*len as usize);
            }
        }
        WriteOp::Rename { from, to } => {
            let moved = files.remove(from).ok_or("there is no such file")?;
            files.insert(to.clone(), moved);
        }
        WriteOp::Remove { file } => _ = files.remove(file),
        WriteOp::Put { file, bytes } => _ = files.insert(file.clone(), bytes.to_vec()),
    }
    Ok(())
}

fn touched(op: &WriteOp) -> Vec<&FileName> {
    match op {
        WriteOp::Append { file, .. }
        | WriteOp::Truncate { file, .. }
        | WriteOp::Remove { file }
        | WriteOp::Put { file, .. } => vec![file],
        WriteOp::Rename { from, to } => vec![from, to],
    }
}

pub(crate) fn definite(kind: StorageErrorKind) -> StorageError {
    StorageError { outcome: Outcome::Definite, kind, detail: "by the test".to_owned() }
}
