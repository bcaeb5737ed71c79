//! From the launch of the program to the first acknowledged record.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ottla_contract::frames;
use ottla_tests::client::RawClient;

use super::{
    StorageKind,
    table::{Aim, Figure, Table, median},
};

const ROUNDS: usize = 11;
const AIM: f64 = 50.0;

pub fn measure(table: &mut Table, storage: StorageKind) {
    let name = format!("broker {} start", storage.name());
    if !table.wants(&name) {
        return;
    }
    let rounds = (0..ROUNDS).map(|_| {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory to write in");
        let dir = (storage == StorageKind::Files).then(|| dir.path());
        launch_to_first_record(dir).as_secs_f64() * 1e3
    });
    let value = median(rounds.collect());
    table.add(&name, &[Figure { name: "ms to the first record", value, aim: Some(Aim::AtMost(AIM)) }]);
}

fn launch_to_first_record(dir: Option<&Path>) -> Duration {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ottla-host"));
    program.args(["--port", "0"]).stdin(Stdio::null()).stdout(Stdio::piped());
    if let Some(dir) = dir {
        program.arg("--data").arg(dir);
    }
    let begun = Instant::now();
    let mut child = Killed(program.spawn().expect("the program"));
    let mut line = String::new();
    BufReader::new(child.0.stdout.as_mut().expect("its output")).read_line(&mut line).expect("its first line");
    let address = line.trim().strip_prefix("ready ").expect("`ready`").parse().expect("an address");
    let mut client = RawClient::connect(address).expect("a connection");
    let created = client.ask(&frames::create_topic(1, "bench", 1, &[])).expect("an answer");
    assert_eq!(frames::created(created), 0, "creating the topic");
    let request = frames::produce(2, -1, "bench", 0, &frames::batch(1, &[b"first"]));
    assert_eq!(frames::produced(client.ask(&request).expect("an answer")).error, 0, "producing");
    begun.elapsed()
}

/// A program that does not outlive its measurement.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
