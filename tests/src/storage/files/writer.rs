//! Commits, one after the other.

use std::{collections::BTreeSet, io::IoSlice};

use bytes::Bytes;
use ottla_core::effect::{FileName, Frame, Outcome, StorageError, StorageErrorKind, WriteOp};
use ottla_core::host::check_name;
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, Dir, FileType, Mode, OFlags},
    io::Errno,
};

use super::{PUT, handles::Handles, refused};

/// Slices handed to one vectored write. The kernel takes 1024.
const SLICES_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct Writer {
    root: OwnedFd,
    handles: Handles,
    /// Directories whose entries changed since the last sync, the root as "".
    dirty_dirs: BTreeSet<String>,
    /// How many files that were here before us are on the disk for certain. `None` until the first commit.
    adopted: Option<u32>,
    /// Set once nobody knows what is on the disk. After a failed sync the kernel may hold pages to be clean that never
    /// reached it, so nothing that is written later could be called durable.
    broken: Option<String>,
}

/// How to take back an op that was applied, or that may have been in part.
#[derive(Debug)]
enum Undo {
    Cut(FileName, u64),
    Remove(FileName),
    Impossible,
}

impl Writer {
    pub(super) fn new(root: OwnedFd) -> Self {
        Self { root, handles: Handles::default(), dirty_dirs: BTreeSet::new(), adopted: None, broken: None }
    }

    pub(super) fn commit(&mut self, ops: Vec<WriteOp>, sync: bool) -> Result<(), StorageError> {
        if let Some(why) = &self.broken {
            let detail = format!("closed for writing since: {why}");
            return Err(StorageError { outcome: Outcome::Definite, kind: StorageErrorKind::Gone, detail });
        }
        ops.iter().try_for_each(check_names)?;
        if self.adopted.is_none() {
            self.adopted = Some(self.adopt().map_err(|errno| self.enter_broken(refused("sync", errno)))?);
        }
        let mut undo = Vec::new();
        for op in ops {
            if let Err(why) = self.apply(op, &mut undo) {
                return Err(self.take_back(why, undo));
            }
        }
        if sync && let Err(errno) = self.sync() {
            return Err(self.enter_broken(refused("sync", errno)));
        }
        Ok(())
    }

    /// Whoever reads what is here takes it for durable, but of what a killed host wrote the kernel may hold some in memory
    /// only. It has to be on the disk before anything that builds on it can be.
    fn adopt(&self) -> Result<u32, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.root, ".", flags, Mode::empty()).and_then(sync_below)
    }

    fn apply(&mut self, op: WriteOp, undo: &mut Vec<Undo>) -> Result<(), StorageError> {
        match op {
            WriteOp::Append { file, at, bytes } => self.append(&file, at, &bytes, undo),
            WriteOp::Truncate { file, len } => self.truncate(&file, len, undo).map_err(|errno| refused(&file, errno)),
            WriteOp::Rename { from, to } => self.rename(&from, &to, undo).map_err(|errno| refused(&from, errno)),
            WriteOp::Remove { file } => self.remove(&file, undo).map_err(|errno| refused(&file, errno)),
            WriteOp::Put { file, bytes } => self.put(&file, &bytes, undo).map_err(|errno| refused(&file, errno)),
        }
    }

    fn append(&mut self, file: &FileName, at: u64, bytes: &Frame, undo: &mut Vec<Undo>) -> Result<(), StorageError> {
        let fail = |errno| refused(file, errno);
        let elsewhere = |len: u64| StorageError {
            outcome: Outcome::Definite,
            kind: StorageErrorKind::Broken,
            detail: format!("{file}: append at {at}, but the file ends at {len}"),
        };
        match self.handles.get(&self.root, file, OFlags::empty()) {
            Ok(handle) if handle.len != at => return Err(elsewhere(handle.len)),
            Ok(_) => undo.push(Undo::Cut(file.clone(), at)),
            Err(Errno::NOENT) if at != 0 => return Err(elsewhere(0)),
            Err(Errno::NOENT) => {
                self.make_dirs(file).map_err(fail)?;
                self.handles.get(&self.root, file, OFlags::CREATE | OFlags::EXCL).map_err(fail)?;
                undo.push(Undo::Remove(file.clone()));
                self.dirty_dirs.insert(parent(file).to_owned());
            }
            Err(errno) => return Err(fail(errno)),
        }
        let handle = self.handles.get(&self.root, file, OFlags::empty()).map_err(fail)?;
        handle.is_dirty = true;
        write_all(&handle.fd, bytes.parts(), at).map_err(fail)?;
        handle.len = at + bytes.len();
        Ok(())
    }

    fn truncate(&mut self, file: &FileName, len: u64, undo: &mut Vec<Undo>) -> Result<(), Errno> {
        let handle = match self.handles.get(&self.root, file, OFlags::empty()) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            found => found?,
        };
        if handle.len > len {
            undo.push(Undo::Impossible);
            handle.is_dirty = true;
            rustix::fs::ftruncate(&handle.fd, len)?;
            handle.len = len;
        }
        Ok(())
    }

    fn rename(&mut self, from: &FileName, to: &FileName, undo: &mut Vec<Undo>) -> Result<(), Errno> {
        self.stat(from)?;
        if from == to {
            return Ok(());
        }
        // What is replaced must not be lost to a file whose own bytes are not on the disk yet.
        if self.stat(to).is_ok() {
            self.handles.sync(from)?;
        }
        self.make_dirs(to)?;
        rustix::fs::renameat(&self.root, from.as_ref(), &self.root, to.as_ref())?;
        undo.push(Undo::Impossible);
        self.handles.rename(from, to);
        self.dirty_dirs.insert(parent(to).to_owned());
        self.entry_left(from)
    }

    fn remove(&mut self, file: &FileName, undo: &mut Vec<Undo>) -> Result<(), Errno> {
        match rustix::fs::unlinkat(&self.root, file.as_ref(), AtFlags::empty()) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            result => result?,
        }
        undo.push(Undo::Impossible);
        self.handles.close(file);
        self.entry_left(file)
    }

    fn put(&mut self, file: &FileName, bytes: &Bytes, undo: &mut Vec<Undo>) -> Result<(), Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(self.root.as_fd(), PUT, flags, Mode::from_raw_mode(0o644))?;
        let written = write_all(&fd, std::slice::from_ref(bytes), 0).and_then(|()| rustix::fs::fdatasync(&fd));
        let named = written
            .and_then(|()| self.make_dirs(file))
            .and_then(|()| rustix::fs::renameat(&self.root, PUT, &self.root, file.as_ref()));
        if let Err(errno) = named {
            let _ = rustix::fs::unlinkat(&self.root, PUT, AtFlags::empty());
            return Err(errno);
        }
        undo.push(Undo::Impossible);
        self.handles.close(file);
        self.dirty_dirs.insert(parent(file).to_owned());
        Ok(())
    }

    fn stat(&self, file: &FileName) -> Result<rustix::fs::Stat, Errno> {
        rustix::fs::statat(&self.root, file.as_ref(), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Makes the directories that `file` lies in, outermost first.
    fn make_dirs(&mut self, file: &str) -> Result<(), Errno> {
        for (end, _) in file.match_indices('/') {
            let dir = &file[..end];
            match rustix::fs::mkdirat(&self.root, dir, Mode::from_raw_mode(0o755)) {
                Ok(()) => {
                    self.dirty_dirs.insert(parent(dir).to_owned());
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// `file` left its directory, which goes too if it was the last; and so on outwards.
    fn entry_left(&mut self, file: &str) -> Result<(), Errno> {
        let dir = parent(file);
        if dir.is_empty() {
            self.dirty_dirs.insert(String::new());
            return Ok(());
        }
        match rustix::fs::unlinkat(&self.root, dir, AtFlags::REMOVEDIR) {
            Ok(()) => {
                self.dirty_dirs.remove(dir);
                self.entry_left(dir)
            }
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                self.dirty_dirs.insert(dir.to_owned());
                Ok(())
            }
            Err(errno) => Err(errno),
        }
    }

    fn sync(&mut self) -> Result<(), Errno> {
        self.handles.sync_all()?;
        while let Some(dir) = self.dirty_dirs.pop_first() {
            let path = if dir.is_empty() { "." } else { dir.as_str() };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let fd = rustix::fs::openat(self.root.as_fd(), path, flags, Mode::empty())?;
            rustix::fs::fsync(fd)?;
        }
        Ok(())
    }

    /// An op failed with `why`. If all before it can be taken back, nothing was done; else nobody knows.
    fn take_back(&mut self, why: StorageError, undo: Vec<Undo>) -> StorageError {
        let is_refusal = why.outcome == Outcome::Definite;
        if undo.is_empty() && is_refusal {
            return why;
        }
        let taken_back = undo.into_iter().rev().try_for_each(|step| self.undo(step));
        // Synced, so that no crash brings back what was said not to have been done.
        match taken_back.and_then(|()| self.sync()) {
            Ok(()) if is_refusal => why,
            Ok(()) | Err(_) => self.enter_broken(why),
        }
    }

    fn undo(&mut self, step: Undo) -> Result<(), Errno> {
        match step {
            Undo::Cut(file, len) => {
                let handle = self.handles.get(&self.root, &file, OFlags::empty())?;
                handle.is_dirty = true;
                rustix::fs::ftruncate(&handle.fd, len)?;
                handle.len = len;
                Ok(())
            }
            Undo::Remove(file) => self.remove(&file, &mut Vec::new()),
            Undo::Impossible => Err(Errno::CANCELED),
        }
    }

    fn enter_broken(&mut self, why: StorageError) -> StorageError {
        self.broken = Some(why.detail.clone());
        self.handles.close_all();
        StorageError { outcome: Outcome::Unknown, ..why }
    }
}

/// Syncs every file in `dir` and below, then the directories that name them. Gives how many files there were.
fn sync_below(dir: OwnedFd) -> Result<u32, Errno> {
    let mut files = 0;
    for found in Dir::read_from(&dir)? {
        let found = found?;
        let (name, kind) = (found.file_name(), found.file_type());
        let open = |flags| rustix::fs::openat(&dir, name, OFlags::RDONLY | OFlags::CLOEXEC | flags, Mode::empty());
        match kind {
            FileType::Directory if name != c"." && name != c".." => files += sync_below(open(OFlags::DIRECTORY)?)?,
            FileType::RegularFile => {
                rustix::fs::fdatasync(open(OFlags::NOFOLLOW)?)?;
                files += 1;
            }
            // Nothing else is ours.
            _ => {}
        }
    }
    rustix::fs::fsync(&dir)?;
    Ok(files)
}

fn check_names(op: &WriteOp) -> Result<(), StorageError> {
    match op {
        WriteOp::Append { file, .. }
        | WriteOp::Truncate { file, .. }
        | WriteOp::Remove { file }
        | WriteOp::Put { file, .. } => check_name(file),
        WriteOp::Rename { from, to } => check_name(from).and_then(|()| check_name(to)),
    }
}

fn parent(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Writes the slices one behind the other from `at` on, however many writes it takes.
fn write_all(fd: &OwnedFd, parts: &[Bytes], mut at: u64) -> Result<(), Errno> {
    for parts in parts.chunks(SLICES_MAX) {
        let mut slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut rest = slices.as_mut_slice();
        // Slices without a byte would never be passed.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match rustix::io::pwritev(fd, rest, at) {
                Ok(0) => return Err(Errno::IO),
                Ok(written) => {
                    at += written as u64;
                    IoSlice::advance_slices(&mut rest, written);
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_host_left_is_synced_before_the_first_commit() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("one/two")).unwrap();
        for file in ["a", "one/b", "one/two/c"] {
            std::fs::write(dir.path().join(file), "x").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", dir.path().join("one/link")).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut writer = Writer::new(rustix::fs::open(dir.path(), flags, Mode::empty()).unwrap());
        assert_eq!(writer.adopted, None);
        let put = |file: &str| vec![WriteOp::Put { file: file.into(), bytes: Bytes::from_static(b"y") }];
        writer.commit(put("d"), false).unwrap();
        assert_eq!(writer.adopted, Some(3));
        writer.commit(put("e"), true).unwrap();
        assert_eq!(writer.adopted, Some(3), "what we wrote is synced when it is asked for");
    }
}
