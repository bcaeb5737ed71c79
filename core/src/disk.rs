//! A disk as a value: files as lists of slices, by reference, and the crashes that the storage contract allows.
//!
//! The world clones it with everything else; a host wraps it in a handle (`host::MemoryStorage`).

mod file;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;

use self::file::{File, Undo};
use crate::{
    effect::{Entry, FileName, Outcome, StorageError, StorageErrorKind, WriteOp, check_name},
    rng::Rng,
    runs::Runs,
    sorted::{SortedMap, SortedSet},
};

type Files = SortedMap<FileName, File>;

#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: Files,
    /// Bytes of all files and documents.
    used: u64,
    /// Bytes that were ever written.
    written: u64,
    capacity: Option<u64>,
    /// What the next commits answer instead of being done, first the next.
    failures: VecDeque<StorageError>,
    /// Since the last one that synced. `None`: crashes are not asked for and nothing is kept for them.
    unsynced: Option<Runs<Arc<Unsynced>>>,
}

/// A commit that a crash may take away.
#[derive(Clone, Debug)]
struct Unsynced {
    ops: Vec<WriteOp>,
    /// Back to the files before it, the last step first.
    undo: Vec<Undo>,
}

/// Commits since the last one that synced. Browsers and kernels write by themselves what nobody asked them to: older
/// ones than so many are durable.
const UNSYNCED_MAX: u64 = 4096;

/// What an entry of the table of files takes.
const FILE_BYTES: u64 = 80;

/// How much of what was not synced a crash may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashGrain {
    /// Each file keeps a prefix of its own, the end possibly torn: what the storage contract allows.
    Files,
    /// Whole commits, in order: what IndexedDB gives.
    Commits,
    /// Everything but what names were given and taken (D6): new files, renames, removals and documents come undone.
    Names,
}

impl Disk {
    /// A disk that remembers what is not synced.
    pub fn with_crashes() -> Self {
        Self { unsynced: Some(Runs::default()), ..Self::default() }
    }

    /// From here on a commit that would keep more bytes than this fails with `NoSpace`.
    pub fn set_capacity(&mut self, capacity: Option<u64>) {
        self.capacity = capacity;
    }

    /// The next commit fails with this and is not done. Several queue up.
    pub fn fail_next_commit(&mut self, why: StorageError) {
        self.failures.push_back(why);
    }

    /// Bytes of all files and documents.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// What a clone copies, in bytes, about.
    pub(crate) fn own_bytes(&self) -> u64 {
        let files: u64 = self.files.values().map(|file| FILE_BYTES + file.own_bytes()).sum();
        files + self.unsynced.as_ref().map_or(0, Runs::own_bytes)
    }

    /// Bytes that were ever written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// All of `ops` or none of them.
    pub fn commit(&mut self, ops: Vec<WriteOp>, sync: bool) -> Result<(), StorageError> {
        if let Some(why) = self.failures.pop_front() {
            return Err(why);
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
                undo.iter().rev().for_each(|undo| undo.apply(&mut self.files));
                return Err(why);
            }
        }
        self.used = used;
        self.written += ops.iter().map(written).sum::<u64>();
        match &mut self.unsynced {
            Some(unsynced) if sync => *unsynced = Runs::default(),
            _ => self.remember(ops, undo),
        }
        Ok(())
    }

    /// Bytes `at..at + len`, fewer where the file ends earlier.
    pub fn load(&self, file: &str, at: u64, len: u64) -> Result<Bytes, StorageError> {
        self.files.get(file).map(|found| found.read(at, len)).ok_or_else(|| missing(file))
    }

    /// Every file and document whose name starts with `prefix`, sorted by name.
    pub fn list(&self, prefix: &str) -> Vec<Entry> {
        let from = self.files.range(FileName::from(prefix)..);
        let found = from.take_while(|(name, _)| name.starts_with(prefix));
        found.map(|(name, file)| Entry { file: name.clone(), len: file.len() }).collect()
    }

    fn remember(&mut self, ops: Vec<WriteOp>, undo: Vec<Undo>) {
        if let Some(unsynced) = &mut self.unsynced {
            unsynced.push(Arc::new(Unsynced { ops, undo }));
            unsynced.drop_below(unsynced.end().saturating_sub(UNSYNCED_MAX));
        }
    }

    /// The process that wrote was killed in the middle of a commit: each file keeps some prefix of its part.
    pub fn tear(&mut self, ops: Vec<WriteOp>, grain: CrashGrain, rng: &mut Rng) {
        match grain {
            CrashGrain::Files | CrashGrain::Names => {
                let (kept, undo) = keep_some(&mut self.files, &ops, rng);
                self.remember(kept, undo);
                self.recount();
            }
            CrashGrain::Commits if rng.below(2) == 0 => drop(self.commit(ops, false)),
            CrashGrain::Commits => {}
        }
    }

    /// Power is lost: of what was not synced some is left, drawn from `rng`.
    ///
    /// # Panics
    /// If the disk was not made by `with_crashes`.
    pub fn crash(&mut self, grain: CrashGrain, rng: &mut Rng) {
        let unsynced = self.unsynced.replace(Runs::default()).expect("this disk does not remember what is not synced");
        let durable = unsynced.iter().rev().flat_map(|commit| commit.undo.iter().rev());
        durable.for_each(|undo| undo.apply(&mut self.files));
        match grain {
            CrashGrain::Files => {
                keep_some(&mut self.files, unsynced.iter().flat_map(|commit| &commit.ops), rng);
            }
            CrashGrain::Names => keep_contents(&mut self.files, unsynced.iter().flat_map(|commit| &commit.ops)),
            CrashGrain::Commits => {
                let kept = rng.below(unsynced.end() - unsynced.first() + 1) as usize;
                let mut used = u64::MAX / 2;
                for op in unsynced.iter().take(kept).flat_map(|commit| &commit.ops) {
                    // It was applied once, to the same files.
                    let _ = apply(&mut self.files, op, &mut used, &mut Vec::new());
                }
            }
        }
        self.recount();
    }

    /// Bytes of a file or document that is there.
    pub fn len(&self, file: &str) -> Option<u64> {
        self.files.get(file).map(File::len)
    }

    /// Flips one bit of a file, at rest (D2). Nothing where the file is empty or missing.
    pub fn rot(&mut self, file: &str, rng: &mut Rng) {
        let Some(found) = self.files.get(file).filter(|found| found.len() > 0) else { return };
        let (at, bit) = (rng.below(found.len()), rng.below(8));
        let byte = found.read(at, 1)[0] ^ 1 << bit;
        self.overwrite(file, at, &[byte]);
    }

    /// As `rot`, of any file. Says which. Kinds of files are hit equally often, however few there are of one.
    pub fn rot_some(&mut self, rng: &mut Rng) -> Option<FileName> {
        let kind = |name: &str| Some(name.split_once('/')?.1.rsplit_once('.')?.1.to_owned());
        let mut kinds: SortedMap<Option<String>, Vec<FileName>> = SortedMap::new();
        for (name, _) in self.files.iter().filter(|(_, file)| file.len() > 0) {
            kinds.entry(kind(name)).or_default().push(name.clone());
        }
        let names = kinds.values().nth(rng.below(kinds.len().max(1) as u64) as usize)?;
        let hit = names[rng.below(names.len() as u64) as usize].clone();
        self.rot(&hit, rng);
        Some(hit)
    }

    /// Overwrites a place of another file of the kind of `file`, by its name's ending, with `bytes` (D3). Says which.
    pub fn scribble(&mut self, file: &str, bytes: &[u8], rng: &mut Rng) -> Option<FileName> {
        let ending = |name: &str| name.rsplit_once('.').map(|(_, ending)| ending.to_owned());
        let is_like = |(name, found): &(&FileName, &File)| {
            found.len() > 0 && ***name != *file && ending(name) == ending(file) && name.contains('/')
        };
        let like: Vec<(FileName, u64)> =
            self.files.iter().filter(is_like).map(|(name, found)| (name.clone(), found.len())).collect();
        if like.is_empty() {
            return None;
        }
        let (hit, len) = like[rng.below(like.len() as u64) as usize].clone();
        self.overwrite(&hit, rng.below(len), bytes);
        Some(hit)
    }

    /// Writes over what is there, on the medium too, as far as the file goes.
    fn overwrite(&mut self, file: &str, at: u64, bytes: &[u8]) {
        let Some(found) = self.files.get_mut(file) else { return };
        let len = bytes.len().min(found.len().saturating_sub(at) as usize);
        let mut all = found.read(0, found.len()).to_vec();
        if len > 0 {
            all[at as usize..][..len].copy_from_slice(&bytes[..len]);
            *found = File::from(Bytes::from(all));
        }
    }

    fn recount(&mut self) {
        self.used = self.files.values().map(File::len).sum();
    }
}

fn apply(files: &mut Files, op: &WriteOp, used: &mut u64, undo: &mut Vec<Undo>) -> Result<(), StorageError> {
    match op {
        WriteOp::Append { file, at, bytes } => {
            let found = files.get_mut(file);
            let len = found.as_ref().map_or(0, |found| found.len());
            if found.is_none() {
                check_name(file)?;
            }
            if *at != len {
                return Err(broken(format!("{file}: append at {at}, but the file ends at {len}")));
            }
            match found {
                Some(found) => {
                    undo.push(Undo::Cut(file.clone(), len));
                    found.append(bytes.parts());
                }
                None => {
                    undo.push(Undo::Remove(file.clone()));
                    files.entry(file.clone()).or_default().append(bytes.parts());
                }
            }
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

/// Applies a part of `ops`: from some op on a file's work is lost, the first lost append possibly half done. Gives what
/// was applied, and how it is taken back.
fn keep_some<'a>(
    files: &mut Files,
    ops: impl IntoIterator<Item = &'a WriteOp>,
    rng: &mut Rng,
) -> (Vec<WriteOp>, Vec<Undo>) {
    let (mut applied, mut undo) = (Vec::new(), Vec::new());
    let mut lost: SortedSet<FileName> = SortedSet::new();
    // Counted from the middle, since the files that stay are not counted in.
    let mut used = u64::MAX / 2;
    for op in ops {
        let touched = touched(op);
        let is_lost = touched.iter().any(|file| lost.contains(*file));
        if !is_lost && rng.below(4) > 0 {
            // What was once applied applies again, unless the file it builds on is lost.
            if apply(files, op, &mut used, &mut undo).is_ok() {
                applied.push(op.clone());
            }
            continue;
        }
        if let WriteOp::Append { file, at, bytes } = op
            && !is_lost
        {
            let kept = rng.below(bytes.len() + 1);
            let bytes = bytes.to_bytes().slice(..kept as usize);
            let half = WriteOp::Append { file: file.clone(), at: *at, bytes: bytes.into() };
            if apply(files, &half, &mut used, &mut undo).is_ok() {
                applied.push(half);
            }
        }
        lost.extend(touched.into_iter().cloned());
    }
    (applied, undo)
}

/// Applies what `ops` do to files that were there under their names.
fn keep_contents<'a>(files: &mut Files, ops: impl Iterator<Item = &'a WriteOp>) {
    let mut lost: SortedSet<FileName> = SortedSet::new();
    let mut used = u64::MAX / 2;
    for op in ops {
        let is_content = match op {
            WriteOp::Append { file, .. } => files.contains_key(file),
            WriteOp::Truncate { .. } => true,
            WriteOp::Rename { .. } | WriteOp::Remove { .. } | WriteOp::Put { .. } => false,
        };
        let touched = touched(op);
        if !is_content || touched.iter().any(|file| lost.contains(*file)) {
            lost.extend(touched.into_iter().cloned());
        } else {
            // What it builds on may be lost.
            let _ = apply(files, op, &mut used, &mut Vec::new());
        }
    }
}

fn written(op: &WriteOp) -> u64 {
    match op {
        WriteOp::Append { bytes, .. } => bytes.len(),
        WriteOp::Put { bytes, .. } => bytes.len() as u64,
        WriteOp::Truncate { .. } | WriteOp::Rename { .. } | WriteOp::Remove { .. } => 0,
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
