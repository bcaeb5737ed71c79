//! A log dir as a directory of files, laid out by name, so that other tools can read it.
//!
//! Two threads do the work, so that neither a slow `fdatasync` nor a full page cache stalls the broker: one writes, in
//! the order of the calls, the other reads. Their queues are as long as the machine has work in flight: one commit per
//! log dir, and its loads.

mod handles;
mod reader;
mod writer;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::JoinHandle,
};

use bytes::Bytes;
use futures::channel::oneshot;
use ottla_core::{
    effect::{Entry, FileName, Outcome, StorageError, StorageErrorKind, WriteOp},
    host::Storage,
};
use rustix::{
    fd::OwnedFd,
    fs::{FlockOperation, Mode, OFlags},
    io::Errno,
};

use self::{reader::Reader, writer::Writer};
use crate::cpu::CpuClock;

/// Held for as long as a host has the directory open. Its content means nothing.
const LOCK: &str = ".lock";
/// Where a document is written before it gets its name.
const PUT: &str = ".put";

/// One directory, open to this host alone.
#[derive(Debug)]
pub struct FileStorage {
    writer: Worker<WriteJob>,
    reader: Worker<ReadJob>,
    cpu_clock: CpuClock,
    _lock: OwnedFd,
}

/// Why a directory cannot be used, in words for whoever named it.
#[derive(Debug)]
pub struct CannotOpen {
    pub dir: PathBuf,
    pub why: String,
}

impl std::fmt::Display for CannotOpen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot use {} as a data directory: {}", self.dir.display(), self.why)
    }
}

impl std::error::Error for CannotOpen {}

#[derive(Debug)]
struct WriteJob {
    ops: Vec<WriteOp>,
    sync: bool,
    done: oneshot::Sender<Result<(), StorageError>>,
}

#[derive(Debug)]
enum ReadJob {
    Load { file: FileName, at: u64, len: u64, done: oneshot::Sender<Result<Bytes, StorageError>> },
    List { prefix: String, done: oneshot::Sender<Result<Vec<Entry>, StorageError>> },
}

impl FileStorage {
    /// Opens `dir`, which is made if it is missing, and locks it against every other host.
    pub fn open(dir: &Path) -> Result<Self, CannotOpen> {
        let cannot = |why: String| CannotOpen { dir: dir.to_owned(), why };
        let words = |error: io::Error| cannot(error.to_string());
        fs::create_dir_all(dir).map_err(words)?;
        fs::read_dir(dir).map_err(words)?;
        let mode = Mode::from_raw_mode(0o644);
        let lock = rustix::fs::open(dir.join(LOCK), OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC, mode);
        let lock = lock.map_err(|errno| words(errno.into()))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(cannot("another host has it open".to_owned())),
            Err(errno) => return Err(words(errno.into())),
        }
        let open_root = || {
            rustix::fs::open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                .map_err(|errno| words(errno.into()))
        };
        match fs::remove_file(dir.join(PUT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(words(error)),
            _ => {}
        }
        let mut writer = Writer::new(open_root()?);
        let reader = Reader::new(open_root()?);
        let cpu_clock = CpuClock::default();
        Ok(Self {
            writer: Worker::start("ottla-writer", &cpu_clock, move |WriteJob { ops, sync, done }| {
                answer(done, writer.commit(ops, sync));
            })
            .map_err(words)?,
            reader: Worker::start("ottla-reader", &cpu_clock, move |job| match job {
                ReadJob::Load { file, at, len, done } => answer(done, reader.load(&file, at, len)),
                ReadJob::List { prefix, done } => answer(done, reader.list(&prefix)),
            })
            .map_err(words)?,
            cpu_clock,
            _lock: lock,
        })
    }

    /// What both threads have used.
    pub fn cpu_clock(&self) -> &CpuClock {
        &self.cpu_clock
    }
}

impl Storage for FileStorage {
    fn commit(&self, ops: Vec<WriteOp>, sync: bool) -> impl Future<Output = Result<(), StorageError>> {
        let (done, result) = oneshot::channel();
        self.writer.give(WriteJob { ops, sync, done });
        async { result.await.unwrap_or_else(|_| Err(gone())) }
    }

    fn load(&self, file: FileName, at: u64, len: u64) -> impl Future<Output = Result<Bytes, StorageError>> {
        let (done, result) = oneshot::channel();
        self.reader.give(ReadJob::Load { file, at, len, done });
        async { result.await.unwrap_or_else(|_| Err(gone())) }
    }

    fn list(&self, prefix: String) -> impl Future<Output = Result<Vec<Entry>, StorageError>> {
        let (done, result) = oneshot::channel();
        self.reader.give(ReadJob::List { prefix, done });
        async { result.await.unwrap_or_else(|_| Err(gone())) }
    }
}

/// A thread that does jobs in order until its owner is dropped, which waits for it.
#[derive(Debug)]
struct Worker<Job> {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl<Job: Send + 'static> Worker<Job> {
    fn start(name: &str, cpu_clock: &CpuClock, mut work: impl FnMut(Job) + Send + 'static) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let mut cpu_clock = cpu_clock.clone();
        let work = move || {
            for job in queue {
                work(job);
                cpu_clock.count_this_thread();
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }
}

impl<Job> Worker<Job> {
    /// A thread that is gone drops the job, and with it the sender that its caller waits for.
    fn give(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }
}

impl<Job> Drop for Worker<Job> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whoever asked may have stopped waiting.
fn answer<T>(done: oneshot::Sender<T>, result: T) {
    let _ = done.send(result);
}

fn gone() -> StorageError {
    let detail = "the storage thread has ended".to_owned();
    StorageError { outcome: Outcome::Unknown, kind: StorageErrorKind::Gone, detail }
}

/// What the platform said about `name`. A device that fails is not trusted to have done nothing.
fn refused(name: &str, errno: Errno) -> StorageError {
    let kind = match errno {
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => StorageErrorKind::NoSpace,
        Errno::NOENT | Errno::NOTDIR | Errno::ISDIR => StorageErrorKind::Missing,
        _ => StorageErrorKind::Broken,
    };
    let outcome = match errno {
        Errno::IO | Errno::NXIO | Errno::NODEV | Errno::STALE | Errno::ROFS | Errno::CANCELED => Outcome::Unknown,
        _ => Outcome::Definite,
    };
    StorageError { outcome, kind, detail: format!("{name}: {}", io::Error::from(errno)) }
}
