//! Open files of the writer, the most recently used of them.

use std::collections::BTreeMap;

use ottla_core::effect::FileName;
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{Mode, OFlags},
    io::Errno,
};

/// Files kept open at once.
const HANDLES_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Handle {
    pub(super) fd: OwnedFd,
    /// The file's end, which only the writer moves.
    pub(super) len: u64,
    /// Written since the last sync.
    pub(super) is_dirty: bool,
    used: u64,
}

#[derive(Debug, Default)]
pub(super) struct Handles {
    open: BTreeMap<FileName, Handle>,
    clock: u64,
}

impl Handles {
    /// The open file of that name; `Errno::NOENT` if there is none and `flags` do not ask for one.
    ///
    /// A file that was written stays open until it is synced: who opened it again could miss that writing it back had
    /// failed. So one that must make room is synced first.
    pub(super) fn get(&mut self, root: &OwnedFd, file: &FileName, flags: OFlags) -> Result<&mut Handle, Errno> {
        self.clock += 1;
        if !self.open.contains_key(file) {
            if self.open.len() >= HANDLES_MAX {
                self.close_oldest()?;
            }
            let flags = flags | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let fd = rustix::fs::openat(root.as_fd(), file.as_ref(), flags, Mode::from_raw_mode(0o644))?;
            let len = rustix::fs::fstat(&fd)?.st_size as u64;
            self.open.insert(file.clone(), Handle { fd, len, is_dirty: false, used: 0 });
        }
        let handle = self.open.get_mut(file).ok_or(Errno::NOENT)?;
        handle.used = self.clock;
        Ok(handle)
    }

    pub(super) fn close(&mut self, file: &FileName) {
        self.open.remove(file);
    }

    pub(super) fn rename(&mut self, from: &FileName, to: &FileName) {
        self.open.remove(to);
        if let Some(handle) = self.open.remove(from) {
            self.open.insert(to.clone(), handle);
        }
    }

    pub(super) fn sync(&mut self, file: &FileName) -> Result<(), Errno> {
        self.open.get_mut(file).map_or(Ok(()), Handle::sync)
    }

    pub(super) fn sync_all(&mut self) -> Result<(), Errno> {
        self.open.values_mut().try_for_each(Handle::sync)
    }

    pub(super) fn close_all(&mut self) {
        self.open.clear();
    }

    fn close_oldest(&mut self) -> Result<(), Errno> {
        let oldest = self.open.iter().min_by_key(|(_, handle)| (handle.is_dirty, handle.used));
        if let Some(file) = oldest.map(|(file, _)| file.clone()) {
            self.sync(&file)?;
            self.open.remove(&file);
        }
        Ok(())
    }
}

impl Handle {
    fn sync(&mut self) -> Result<(), Errno> {
        if self.is_dirty {
            rustix::fs::fdatasync(&self.fd)?;
            self.is_dirty = false;
        }
        Ok(())
    }
}
