//! A file as a list of slices, and how a change to it is taken back.

use bytes::{Bytes, BytesMut};

use crate::{effect::FileName, runs::Runs, sorted::SortedMap};

/// Slices one behind the other, each with the position of its first byte. None is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    parts: Runs<(u64, Bytes)>,
    len: u64,
}

impl File {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn own_bytes(&self) -> u64 {
        self.parts.own_bytes()
    }

    pub(super) fn append(&mut self, parts: &[Bytes]) {
        for part in parts.iter().filter(|part| !part.is_empty()) {
            self.parts.push((self.len, part.clone()));
            self.len += part.len() as u64;
        }
    }

    pub(super) fn truncate(&mut self, len: u64) {
        if len >= self.len {
            return;
        }
        self.parts.truncate(self.parts.partition_point(|(start, _)| *start < len));
        if let Some((start, mut last)) = self.parts.pop() {
            last.truncate((len - start) as usize);
            self.parts.push((start, last));
        }
        self.len = len;
    }

    /// By reference where the range lies in one slice.
    pub(super) fn read(&self, at: u64, len: u64) -> Bytes {
        let end = at.saturating_add(len).min(self.len);
        if at >= end {
            return Bytes::new();
        }
        let first = self.parts.partition_point(|(start, part)| start + part.len() as u64 <= at);
        let covered = self.parts.iter_from(first).take_while(|(start, _)| *start < end);
        let mut slices = covered.map(|(start, part)| {
            let from = at.saturating_sub(*start) as usize;
            let to = (end - start).min(part.len() as u64) as usize;
            part.slice(from..to)
        });
        let one = slices.next().unwrap_or_default();
        if one.len() as u64 == end - at {
            return one;
        }
        let mut all = BytesMut::with_capacity((end - at) as usize);
        all.extend_from_slice(&one);
        slices.for_each(|slice| all.extend_from_slice(&slice));
        all.freeze()
    }
}

impl From<Bytes> for File {
    fn from(bytes: Bytes) -> Self {
        let mut file = Self::default();
        file.append(&[bytes]);
        file
    }
}

/// One step back.
#[derive(Clone, Debug)]
pub(super) enum Undo {
    Cut(FileName, u64),
    Remove(FileName),
    Put(FileName, File),
}

impl Undo {
    pub(super) fn apply(&self, files: &mut SortedMap<FileName, File>) {
        match self {
            Self::Cut(file, len) => {
                if let Some(found) = files.get_mut(file) {
                    found.truncate(*len);
                }
            }
            Self::Remove(file) => {
                files.remove(file);
            }
            Self::Put(file, content) => {
                files.insert(file.clone(), content.clone());
            }
        }
    }
}
