//! Apache Kafka's `kafka-dump-log` reads what our broker left on disk, after a stop, after a kill, and after a recovery.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use ottla_contract::frames;
use ottla_tests::{client::RawClient, program::Program};
use rustix::process::Signal;

use super::dump::Dump;
use crate::{HOST, input::first_lines};

const TOPIC: &str = "dumped";
const BATCH_BYTES: usize = 16 * 1024;

fn create(client: &mut RawClient) {
    // Segments that end several times within the input, and index entries for most batches.
    let configs = [("segment.bytes", "1048576"), ("flush.messages", "1")];
    assert_eq!(frames::created(client.ask(&frames::create_topic(1, TOPIC, 1, &configs)).unwrap()), 0);
}

/// `lines` cut into batches, at ends of lines.
fn batches(lines: &[u8]) -> Vec<&[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let from = BATCH_BYTES.min(rest.len());
        let end = rest[from..].iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| from + at + 1);
        let (batch, left) = rest.split_at(end);
        rest = left;
        (!batch.is_empty()).then_some(batch)
    })
    .collect()
}

fn produce(client: &mut RawClient, lines: &[u8]) -> Result<(), std::io::Error> {
    let values: Vec<_> = lines.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n').collect();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let records = frames::batch(now, &values);
    let produced = frames::produced(client.ask(&frames::produce(2, -1, TOPIC, 0, &records))?);
    assert_eq!(produced.error, 0);
    Ok(())
}

fn assert_begins(dump: &Dump, lines: &[u8], len_min: usize) {
    let payloads = dump.payloads();
    assert!(lines.starts_with(&payloads), "other lines are dumped than were sent");
    assert!(payloads.len() >= len_min, "{} bytes are dumped, {len_min} were acknowledged", payloads.len());
}

#[test]
fn segments_and_indexes_after_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let host = Program::on_files(HOST, dir.path());
    let mut client = host.connect();
    create(&mut client);
    let lines = first_lines(3_500_000);
    for batch in batches(lines) {
        produce(&mut client, batch).unwrap();
    }
    host.stop();
    let dump = Dump::of(dir.path(), TOPIC);
    dump.assert_sound();
    assert!(dump.segments > 2, "{} segments", dump.segments);
    assert_begins(&dump, lines, lines.len());
}

/// Sends until the broker is gone, counting the bytes that were acknowledged.
fn produce_until_gone(mut client: RawClient, lines: &[u8], from: usize, acknowledged: &AtomicUsize) {
    for batch in batches(&lines[from..]) {
        if produce(&mut client, batch).is_err() {
            return;
        }
        acknowledged.fetch_add(batch.len(), Ordering::SeqCst);
    }
}

/// Starts a broker on `dir` and kills it once another 300 kB are acknowledged.
fn write_and_kill(dir: &Path, lines: &'static [u8], from: usize) -> usize {
    let host = Program::on_files(HOST, dir);
    let mut client = host.connect();
    if from == 0 {
        create(&mut client);
    }
    let acknowledged = Arc::new(AtomicUsize::new(from));
    let count = acknowledged.clone();
    let producing = std::thread::spawn(move || produce_until_gone(client, lines, from, &count));
    while acknowledged.load(Ordering::SeqCst) < from + 300_000 && !producing.is_finished() {
        std::thread::yield_now();
    }
    host.signal(Signal::KILL);
    host.wait();
    producing.join().unwrap();
    acknowledged.load(Ordering::SeqCst)
}

#[test]
fn segments_after_kills_and_all_of_it_after_a_recovery() {
    let dir = tempfile::tempdir().unwrap();
    let lines = first_lines(4_000_000);
    let mut kept = 0;
    for round in 0..4 {
        let acknowledged = write_and_kill(dir.path(), lines, kept);
        // What was on its way may be cut anywhere.
        let dump = Dump::of_files(dir.path(), TOPIC, &["log"]);
        assert_begins(&dump, lines, acknowledged);
        Program::on_files(HOST, dir.path()).stop();
        let dump = Dump::of(dir.path(), TOPIC);
        dump.assert_sound();
        assert_begins(&dump, lines, acknowledged);
        kept = dump.payloads().len();
        assert!(kept > round * 300_000, "nothing was written in round {round}");
    }
}
