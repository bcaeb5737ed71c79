//! Loads and lists. Nothing is kept open, so a name always means the file that has it.

use ottla_core::effect::{Entry, FileName, StorageError};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, Dir, FileType, Mode, OFlags},
    io::Errno,
};

use super::refused;
use bytes::Bytes;
use ottla_core::host::check_name;

#[derive(Debug)]
pub(super) struct Reader {
    root: OwnedFd,
}

impl Reader {
    pub(super) fn new(root: OwnedFd) -> Self {
        Self { root }
    }

    pub(super) fn load(&self, file: &FileName, at: u64, len: u64) -> Result<Bytes, StorageError> {
        check_name(file)?;
        self.read(file, at, len).map_err(|errno| refused(file, errno))
    }

    fn read(&self, file: &FileName, at: u64, len: u64) -> Result<Bytes, Errno> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = rustix::fs::openat(self.root.as_fd(), file.as_ref(), flags, Mode::empty())?;
        let end = at.saturating_add(len).min(rustix::fs::fstat(&fd)?.st_size as u64);
        let mut bytes = Vec::new();
        let wanted = end.saturating_sub(at) as usize;
        bytes.try_reserve_exact(wanted).map_err(|_| Errno::NOMEM)?;
        while bytes.len() < wanted {
            let from = at + bytes.len() as u64;
            match rustix::io::pread(&fd, rustix::buffer::spare_capacity(&mut bytes), from) {
                // The file was cut meanwhile.
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        bytes.truncate(wanted);
        Ok(bytes.into())
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError> {
        let mut entries = Vec::new();
        let dir = prefix.rsplit_once('/').map_or("", |(dir, _)| dir);
        // A prefix that could not begin any name must not lead out of the directory.
        if dir.is_empty() || check_name(&format!("{dir}/x")).is_ok() {
            self.walk(dir, &mut entries).map_err(|errno| refused(dir, errno))?;
        }
        entries.retain(|entry| entry.file.starts_with(prefix));
        entries.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(entries)
    }

    fn walk(&self, dir: &str, entries: &mut Vec<Entry>) -> Result<(), Errno> {
        let path = if dir.is_empty() { "." } else { dir };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = match rustix::fs::openat(self.root.as_fd(), path, flags, Mode::empty()) {
            Ok(fd) => fd,
            // Removed meanwhile, or never there.
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            Err(errno) => return Err(errno),
        };
        for found in Dir::read_from(&fd)? {
            let found = found?;
            // Every name we make is UTF-8; what is not is none of ours.
            let Ok(component) = found.file_name().to_str() else { continue };
            let name = if dir.is_empty() { component.to_owned() } else { format!("{dir}/{component}") };
            if component == "." || component == ".." {
                continue;
            }
            match kind_and_len(fd.as_fd(), component) {
                Ok((FileType::Directory, _)) => self.walk(&name, entries)?,
                Ok((FileType::RegularFile, len)) if check_name(&name).is_ok() => {
                    entries.push(Entry { file: name.into(), len });
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

fn kind_and_len(dir: BorrowedFd<'_>, component: &str) -> Result<(FileType, u64), Errno> {
    let stat = rustix::fs::statat(dir, component, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((FileType::from_raw_mode(stat.st_mode), stat.st_size as u64))
}
