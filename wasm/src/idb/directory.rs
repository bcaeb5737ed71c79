//! What files there are, kept beside the database so that a commit is checked before anything of it is written.

use std::sync::Arc;

use ottla_core::{
    effect::{Entry, FileName, Outcome, StorageError, StorageErrorKind, WriteOp},
    host::check_name,
    sorted::SortedMap,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursorDirection, IdbCursorWithValue};

use super::{CHUNKS, NAMES, event, filling::UNFINISHED, load::whole_file, open::Database, storage_error};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Key of its chunks. A number is used again only after its chunks are gone.
    pub number: u32,
    pub len: u64,
}

#[derive(Debug, Default)]
pub(super) struct Directory {
    files: SortedMap<FileName, File>,
    next_number: u32,
    /// The database is still being filled, or its filling was broken off (`filling.rs`).
    is_unfinished: bool,
}

/// One change to the stores.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Name(FileName, u32),
    Unname(FileName),
    Write {
        number: u32,
        at: u64,
        parts: &'a [bytes::Bytes],
    },
    /// Everything of the file at or after `len` goes.
    Cut {
        number: u32,
        len: u64,
    },
}

/// What the directory held under a name before an op changed it.
pub(super) type Undo = Vec<(FileName, Option<File>)>;

impl Directory {
    pub(super) async fn read(database: &Database) -> Result<Self, StorageError> {
        let failed = |why: JsValue| storage_error(Outcome::Definite, &why);
        let transaction = database.read()?;
        let names = transaction.object_store(NAMES).map_err(failed)?;
        let chunks = transaction.object_store(CHUNKS).map_err(failed)?;
        let (keys, numbers) = (names.get_all_keys().map_err(failed)?, names.get_all().map_err(failed)?);
        let keys: js_sys::Array = event::result(&keys).await?.unchecked_into();
        let numbers: js_sys::Array = event::result(&numbers).await?.unchecked_into();
        let mut directory = Self::default();
        for (name, number) in keys.iter().zip(numbers.iter()) {
            if name == *UNFINISHED {
                directory.is_unfinished = true;
                continue;
            }
            let number = number.as_f64().unwrap_or_default() as u32;
            let range = whole_file(number).map_err(failed)?;
            let last = chunks.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev).map_err(failed)?;
            let len = match event::result(&last).await?.dyn_into::<IdbCursorWithValue>() {
                Ok(cursor) => end_of_chunk(&cursor).map_err(failed)?,
                Err(_) => 0,
            };
            directory.next_number = directory.next_number.max(number + 1);
            directory.files.insert(name.as_string().unwrap_or_default().into(), File { number, len });
        }
        Ok(directory)
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    /// Bytes of all files and documents.
    pub(super) fn used(&self) -> u64 {
        self.files.values().map(|file| file.len).sum()
    }

    pub(super) fn file(&self, name: &str) -> Option<File> {
        self.files.get(name).copied()
    }

    pub(super) fn list(&self, prefix: &str) -> Vec<Entry> {
        self.files
            .range(FileName::from(prefix)..)
            .take_while(|(name, _)| name.starts_with(prefix))
            .map(|(name, file)| Entry { file: Arc::clone(name), len: file.len })
            .collect()
    }

    /// Makes the changes of `ops` here and gives those to the stores. A commit that cannot be leaves all as it was.
    pub(super) fn plan<'a>(&mut self, ops: &'a [WriteOp]) -> Result<(Vec<Step<'a>>, Undo), StorageError> {
        let (mut steps, mut undo) = (Vec::new(), Undo::new());
        for op in ops {
            if let Err(why) = self.plan_op(op, &mut steps, &mut undo) {
                self.undo(undo);
                return Err(why);
            }
        }
        Ok((steps, undo))
    }

    pub(super) fn undo(&mut self, undo: Undo) {
        for (name, file) in undo.into_iter().rev() {
            match file {
                Some(file) => self.files.insert(name, file),
                None => self.files.remove(&name),
            };
        }
    }

    fn plan_op<'a>(&mut self, op: &'a WriteOp, steps: &mut Vec<Step<'a>>, undo: &mut Undo) -> Result<(), StorageError> {
        match op {
            WriteOp::Append { file, at, bytes } => {
                check_name(file)?;
                let there = self.file(file);
                if there.map_or(0, |file| file.len) != *at {
                    return Err(refused(
                        StorageErrorKind::Broken,
                        format!("{file}: an append at {at} is not at its end"),
                    ));
                }
                let number = there.map_or_else(|| self.new_number(file, steps), |file| file.number);
                steps.push(Step::Write { number, at: *at, parts: bytes.parts() });
                self.set(file, Some(File { number, len: at + bytes.len() }), undo);
            }
            WriteOp::Truncate { file, len } => {
                if let Some(there) = self.file(file).filter(|there| there.len > *len) {
                    steps.push(Step::Cut { number: there.number, len: *len });
                    self.set(file, Some(File { len: *len, ..there }), undo);
                }
            }
            WriteOp::Rename { from, to } => self.plan_rename(from, to, steps, undo)?,
            WriteOp::Remove { file } => self.plan_remove(file, steps, undo),
            WriteOp::Put { file, bytes } => {
                check_name(file)?;
                self.plan_remove(file, steps, undo);
                let number = self.new_number(file, steps);
                steps.push(Step::Write { number, at: 0, parts: std::slice::from_ref(bytes) });
                self.set(file, Some(File { number, len: bytes.len() as u64 }), undo);
            }
        }
        Ok(())
    }

    fn plan_rename(
        &mut self,
        from: &FileName,
        to: &FileName,
        steps: &mut Vec<Step<'_>>,
        undo: &mut Undo,
    ) -> Result<(), StorageError> {
        check_name(to)?;
        let missing = || refused(StorageErrorKind::Missing, format!("{from}: there is nothing to rename"));
        let file = self.file(from).ok_or_else(missing)?;
        if from != to {
            self.plan_remove(to, steps, undo);
            steps.push(Step::Unname(Arc::clone(from)));
            steps.push(Step::Name(Arc::clone(to), file.number));
            self.set(from, None, undo);
            self.set(to, Some(file), undo);
        }
        Ok(())
    }

    fn plan_remove(&mut self, name: &FileName, steps: &mut Vec<Step<'_>>, undo: &mut Undo) {
        if let Some(file) = self.file(name) {
            steps.push(Step::Cut { number: file.number, len: 0 });
            steps.push(Step::Unname(Arc::clone(name)));
            self.set(name, None, undo);
        }
    }

    fn new_number(&mut self, name: &FileName, steps: &mut Vec<Step<'_>>) -> u32 {
        let number = self.next_number;
        self.next_number += 1;
        steps.push(Step::Name(Arc::clone(name), number));
        number
    }

    fn set(&mut self, name: &FileName, file: Option<File>, undo: &mut Undo) {
        let before = match file {
            Some(file) => self.files.insert(Arc::clone(name), file),
            None => self.files.remove(name),
        };
        undo.push((Arc::clone(name), before));
    }
}

pub(super) fn end_of_chunk(cursor: &IdbCursorWithValue) -> Result<u64, JsValue> {
    let at = cursor.key()?.unchecked_into::<js_sys::Array>().get(1).as_f64().unwrap_or_default() as u64;
    Ok(at + u64::from(cursor.value()?.unchecked_into::<js_sys::Uint8Array>().length()))
}

fn refused(kind: StorageErrorKind, detail: String) -> StorageError {
    StorageError { outcome: Outcome::Definite, kind, detail }
}
