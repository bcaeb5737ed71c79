//! A log dir in memory: by reference, without a copy; and, where asked, with the crashes that the contract allows.

#![expect(
    clippy::disallowed_types,
    reason = "a disk is part of the host: its handles share it, across threads natively"
)]

mod file;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use self::file::{File, Undo};
use super::{Storage, check_name};
use crate::{
    effect::{Entry, FileName, Outcome, StorageError, StorageErrorKind, WriteOp},
    rng::Rng,
};

type Files = BTreeMap<FileName, File>;

/// The disk. Clones are handles of the same one, so that it outlives the broker that writes it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    files: Files,
    /// Bytes of all files and documents.
    used: u64,
    capacity: Option<u64>,
    /// What the next commits answer instead of being done, first the next.
    failures: Vec<StorageError>,
    /// `None`: crashes are not asked for and nothing is kept for them.
    crash: Option<Unsynced>,
}

/// What a crash may take away.
#[derive(Debug, Default)]
struct Unsynced {
    durable: Files,
    ops: Vec<WriteOp>,
}

impl MemoryStorage {
    /// A disk that remembers what is not synced. Costs a list of all files per sync.
    pub fn with_crashes() -> Self {
        Self(Arc::new(Mutex::new(Disk { crash: Some(Unsynced::default()), ..Disk::default() })))
    }

    /// From here on a commit that would keep more bytes than this fails with `NoSpace`.
    pub fn set_capacity(&self, capacity: Option<u64>) {
        self.disk().capacity = capacity;
    }

    /// The next commit fails with this and is not done. Several queue up.
    pub fn fail_next_commit(&self, why: StorageError) {
        self.disk().failures.push(why);
    }

    /// Bytes of all files and documents.
    pub fn used(&self) -> u64 {
        self.disk().used
    }

    /// Power is lost: of what was not synced each file keeps some prefix, drawn from `rng`, its end possibly torn.
    ///
    /// # Panics
    /// If the disk was not made by `with_crashes`.
    pub fn crash(&self, rng: &mut Rng) {
        let mut disk = self.disk();
        let unsynced = disk.crash.take().expect("this disk does not remember what is not synced");
        let mut files = unsynced.durable;
        keep_some(&mut files, unsynced.ops, rng);
        disk.used = files.values().map(File::len).sum();
        disk.files.clone_from(&files);
        disk.crash = Some(Unsynced { durable: files, ops: Vec::new() });
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>> {
        ready(self.disk().commit(ops, sync))
    }

    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        let disk = self.disk();
        ready(disk.files.get(&file).map(|found| found.read(at, len)).ok_or_else(|| missing(&file)))
    }

    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        let disk = self.disk();
        let from = disk.files.range(FileName::from(prefix.as_str())..);
        let found = from.take_while(|(name, _)| name.starts_with(&prefix));
        ready(Ok(found.map(|(name, file)| Entry { file: name.clone(), len: file.len() }).collect()))
    }
}

impl Disk {
    fn commit(&mut self, ops: Vec<WriteOp>, sync: bool) -> Result<(), StorageError> {
        if !self.failures.is_empty() {
            return Err(self.failures.remove(0));
        }
        let mut undo = Vec::new();
        let mut used = self.used;
        for op in &ops {
            let applied = apply(&mut self.files, op, &mut used, &mut undo);
            let applied = applied.and_then(|()| match self.capacity {
                Some(capacity) if used > capacity && used > self.used => Err(no_space(used, capacity)),
                _ => Ok(()),
            });
            if let Err(why) = applied {
                undo.into_iter().rev().for_each(|undo| undo.apply(&mut self.files));
                return Err(why);
            }
        }
        self.used = used;
        if let Some(unsynced) = &mut self.crash {
            unsynced.ops.extend(ops);
            if sync {
                unsynced.ops.clear();
                unsynced.durable.clone_from(&self.files);
            }
        }
        Ok(())
    }
}

fn apply(files: &mut Files, op: &WriteOp, used: &mut u64, undo: &mut Vec<Undo>) -> Result<(), StorageError> {
    match op {
        WriteOp::Append { file, at, bytes } => {
            check_name(file)?;
            let len = files.get(file).map(File::len);
            if *at != len.unwrap_or(0) {
                return Err(broken(format!("{file}: append at {at}, but the file ends at {}", len.unwrap_or(0))));
            }
            undo.push(len.map_or(Undo::Remove(file.clone()), |len| Undo::Cut(file.clone(), len)));
            files.entry(file.clone()).or_default().append(bytes.parts());
            *used += bytes.len();
        }
        WriteOp::Truncate { file, len } => {
            if let Some(found) = files.get_mut(file).filter(|found| found.len() > *len) {
                undo.push(Undo::Put(file.clone(), found.clone()));
                *used -= found.len() - len;
                found.truncate(*len);
            }
        }
        WriteOp::Rename { from, to } => {
            check_name(to)?;
            let moved = files.remove(from).ok_or_else(|| missing(from))?;
            undo.push(Undo::Put(from.clone(), moved.clone()));
            let replaced = files.insert(to.clone(), moved);
            if from != to {
                *used -= replaced.as_ref().map_or(0, File::len);
                undo.push(replaced.map_or(Undo::Remove(to.clone()), |file| Undo::Put(to.clone(), file)));
            }
        }
        WriteOp::Remove { file } => {
            if let Some(removed) = files.remove(file) {
                *used -= removed.len();
                undo.push(Undo::Put(file.clone(), removed));
            }
        }
        WriteOp::Put { file, bytes } => {
            check_name(file)?;
            let replaced = files.insert(file.clone(), File::from(bytes.clone()));
            *used = *used + bytes.len() as u64 - replaced.as_ref().map_or(0, File::len);
            undo.push(replaced.map_or(Undo::Remove(file.clone()), |old| Undo::Put(file.clone(), old)));
        }
    }
    Ok(())
}

/// Applies a part of `ops`: from some op on a file's work is lost, the first lost append possibly half done.
fn keep_some(files: &mut Files, ops: Vec<WriteOp>, rng: &mut Rng) {
    let mut lost: BTreeSet<FileName> = BTreeSet::new();
    // Counted from the middle, since the files that stay are not counted in.
    let mut used = u64::MAX / 2;
    for op in ops {
        let touched = touched(&op);
        let is_lost = touched.iter().any(|file| lost.contains(*file));
        if !is_lost && rng.below(4) > 0 {
            // What was once applied applies again, unless the file it builds on is lost.
            let _ = apply(files, &op, &mut used, &mut Vec::new());
            continue;
        }
        if let WriteOp::Append { file, at, bytes } = &op
            && !is_lost
        {
            let kept = rng.below(bytes.len() + 1);
            let found = files.entry(file.clone()).or_default();
            if found.len() == *at {
                found.append(&[bytes.to_bytes().slice(..kept as usize)]);
            }
        }
        lost.extend(touched.into_iter().cloned());
    }
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

fn missing(file: &str) -> StorageError {
    StorageError {
        outcome: Outcome::Definite,
        kind: StorageErrorKind::Missing,
        detail: format!("{file}: there is no such file"),
    }
}

fn no_space(used: u64, capacity: u64) -> StorageError {
    let detail = format!("{used} bytes do not fit in {capacity}");
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::NoSpace, detail }
}

fn broken(detail: String) -> StorageError {
    StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Broken, detail }
}
