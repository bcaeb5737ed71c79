//! The program `ottla-host`, from outside.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ottla_contract::frames::{self, BatchReader, FetchFrom};
use ottla_core::rng::Rng;
use ottla_tests::{client::RawClient, program::Program};
use rustix::process::Signal;

const HOST: &str = env!("CARGO_BIN_EXE_ottla-host");

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(HOST);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn create(client: &mut RawClient) {
    let request = frames::create_topic(1, "topic", 1, &[("flush.messages", "1")]);
    assert_eq!(frames::created(client.ask(&request).unwrap()), 0);
}

/// Produces records that carry their own offsets until the broker is gone, counting those acknowledged.
fn produce_until_gone(client: &mut RawClient, acknowledged: &AtomicUsize) {
    loop {
        let offset = acknowledged.load(Ordering::SeqCst);
        let records = frames::batch(1, &[value_at(offset).as_bytes()]);
        let Ok(answer) = client.ask(&frames::produce(2, -1, "topic", 0, &records)) else { return };
        let produced = frames::produced(answer);
        assert_eq!((produced.error, produced.base_offset), (0, offset as i64));
        acknowledged.store(offset + 1, Ordering::SeqCst);
    }
}

fn value_at(offset: usize) -> String {
    format!("record {offset}{}", ".".repeat(offset * 7919 % 3000))
}

/// Reads all records, each of which must be at the offset it names, and says how many.
fn read_all(client: &mut RawClient) -> usize {
    let mut next = 0;
    loop {
        let offset = next as i64;
        let from = FetchFrom { topic: "topic", partition: 0, offset, wait: 0, bytes_min: 1, bytes_max: 1 << 20 };
        let fetched = frames::fetched(client.ask(&frames::fetch(3, from)).unwrap());
        assert_eq!(fetched.error, 0);
        let before = next;
        let mut batches = BatchReader::new(fetched.records);
        while let Some(records) = batches.next_batch() {
            for (offset, value) in records {
                assert_eq!((offset as usize, &value[..]), (next, value_at(next).as_bytes()));
                next += 1;
            }
        }
        if next == before {
            return next;
        }
    }
}

/// K3.
#[test]
fn a_signal_is_a_clean_shutdown() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = AtomicUsize::new(0);
    for (round, signal) in [Signal::INT, Signal::TERM].into_iter().enumerate() {
        let program = Program::on_files(HOST, dir.path());
        let mut client = program.connect();
        if round == 0 {
            create(&mut client);
        }
        assert_eq!(read_all(&mut client), round);
        let records = frames::batch(1, &[value_at(round).as_bytes()]);
        let produced = frames::produced(client.ask(&frames::produce(2, 1, "topic", 0, &records)).unwrap());
        assert_eq!((produced.error, produced.base_offset), (0, round as i64));
        acknowledged.fetch_add(1, Ordering::SeqCst);
        program.signal(signal);
        assert!(program.wait().success());
    }
}

/// K1.
#[test]
fn a_kill_at_any_moment_keeps_what_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(41);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    for round in 0..8 {
        let program = Program::on_files(HOST, dir.path());
        let mut client = program.connect();
        if round == 0 {
            create(&mut client);
        }
        let kept = read_all(&mut client);
        let expected = acknowledged.load(Ordering::SeqCst);
        assert!(kept >= expected, "{kept} of {expected} acknowledged records are there");
        // One more may have been written and not acknowledged.
        assert!(kept <= expected + 1, "{kept} records of {expected}");
        acknowledged.store(kept, Ordering::SeqCst);
        let count = acknowledged.clone();
        let producing = std::thread::spawn(move || produce_until_gone(&mut client, &count));
        std::thread::sleep(Duration::from_millis(30 + rng.below(120)));
        program.signal(Signal::KILL);
        program.wait();
        producing.join().unwrap();
    }
    assert!(acknowledged.load(Ordering::SeqCst) > 8, "nothing was produced");
}

#[test]
fn what_cannot_be_had_is_one_line_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let locked = dir.path().join("locked");
    let running = Program::on_files(HOST, &locked);
    let port = running.address().port().to_string();
    let cases: &[(&[&str], &str)] = &[
        (&["--port", &port], "is in use"),
        (&["--port", "0", "--config", "no.such.config=1"], "unknown config `no.such.config`"),
        (&["--port", "0", "--config", "num.io.threads=many"], "num.io.threads: Not a number of type INT"),
        (&["--port", "0", "--config", "num.io.threads"], "not of the form NAME=VALUE"),
        (&["--port", "0", "--data", file.to_str().unwrap()], "cannot use"),
        (&["--port", "0", "--data", "/proc/no/such"], "cannot use /proc/no/such"),
        (&["--port", "0", "--data", locked.to_str().unwrap()], "another host has it open"),
        (&["--port", "0", "--brokers", "3", "--voters", "4"], "at least one votes and at most all do"),
        (&["--port", "0", "--brokers", "0"], "at least one broker"),
        (&["--port", "0", "--storage", "files"], "needs --data"),
    ];
    for (arguments, expected) in cases {
        let output = command(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected) && said.lines().count() == 1, "{arguments:?} said `{said}`");
        assert!(output.stdout.is_empty());
    }
}

/// A host that takes commands.
fn commanded(arguments: &[&str]) -> Program {
    Program::spawn_commanded(Command::new(HOST).args(arguments).stdin(Stdio::piped()).stderr(Stdio::piped()))
}

/// Gives its offset.
fn produce_one(client: &mut RawClient) -> i64 {
    let records = frames::batch(1, &[b"value"]);
    frames::produced(client.ask(&frames::produce(2, -1, "topic", 0, &records)).unwrap()).base_offset
}

#[test]
fn standard_input_says_what_becomes_of_a_broker() {
    let mut program = commanded(&["--port", "0"]);
    let mut say = |line: &str, done: &str| {
        program.say(line);
        assert_eq!(program.next_line(), done);
        program.address()
    };
    let address = say("pause 1", "paused 1");
    say("resume 1", "resumed 1");
    let mut client = RawClient::connect(address).unwrap();
    create(&mut client);
    assert_eq!(produce_one(&mut client), 0);
    for (end, ended, offset) in [("kill 1", "killed 1", 1), ("stop 1", "stopped 1", 2)] {
        say(end, ended);
        assert!(client.ask(&frames::api_versions(9)).is_err());
        assert!(RawClient::connect(address).is_err());
        assert_eq!(say("start 1", "started 1"), address);
        client = RawClient::connect(address).unwrap();
        // What it had is there, in memory too.
        assert_eq!(produce_one(&mut client), offset);
    }
}

#[test]
fn a_broker_that_stands_still_answers_when_it_goes_on() {
    let mut program = commanded(&["--port", "0"]);
    let mut client = program.connect();
    client.ask(&frames::api_versions(1)).unwrap();
    program.say("pause 1");
    assert_eq!(program.next_line(), "paused 1");
    client.send(&frames::api_versions(2)).unwrap();
    let (answered, answer) = std::sync::mpsc::channel();
    std::thread::spawn(move || answered.send(client.receive().is_ok()));
    let silence = answer.recv_timeout(Duration::from_millis(300));
    program.say("resume 1");
    assert_eq!(program.next_line(), "resumed 1");
    assert!(silence.is_err());
    assert_eq!(answer.recv(), Ok(true));
    // One that stands still can be stopped.
    program.say("pause 1");
    program.signal(Signal::TERM);
    assert!(program.wait().success());
}

#[test]
fn a_command_that_cannot_be_done_is_one_line_on_stderr() {
    let mut program = commanded(&["--port", "0"]);
    let mut stderr = BufReader::new(program.stderr().unwrap());
    let no_command = "is none of kill, pause, resume, stop and start with a broker's number";
    let mut refuse = |line: &str, why: &str| {
        program.say(line);
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        assert_eq!(said, format!("ottla-host: {why}\n"));
    };
    refuse("kill 2", "there is no broker 2");
    refuse("kill 0", "there is no broker 0");
    refuse("start 1", "broker 1 runs");
    refuse("make tea", &format!("`make tea` {no_command}"));
    program.say("kill 1");
    assert_eq!(program.next_line(), "killed 1");
    let mut refuse = |line: &str| {
        program.say(line);
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        assert_eq!(said, "ottla-host: broker 1 does not run\n");
    };
    ["kill 1", "stop 1", "pause 1", "resume 1"].into_iter().for_each(&mut refuse);
    program.signal(Signal::TERM);
    assert!(program.wait().success());
}

#[test]
fn a_second_ctrl_c_aborts() {
    // A stop waits a while for the last answers to go out, which a peer that reads nothing holds up.
    let program = Program::start(HOST, &["--port", "0"]);
    let mut client = program.connect();
    create(&mut client);
    let records = frames::batch(1, &[&vec![7; 900_000]]);
    for _ in 0..24 {
        assert_eq!(frames::produced(client.ask(&frames::produce(2, 1, "topic", 0, &records)).unwrap()).error, 0);
    }
    let all = FetchFrom { topic: "topic", partition: 0, offset: 0, wait: 0, bytes_min: 1, bytes_max: 50 << 20 };
    client.send(&frames::fetch(3, all)).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    program.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(100));
    program.signal(Signal::INT);
    assert_eq!(program.wait().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_millis(800), "took {:?}", begun.elapsed());
}

#[test]
fn nothing_is_said_on_stderr_by_a_quick_start() {
    let mut program = Program::spawn(command(&["--port", "0"]).stderr(Stdio::piped()));
    program.signal(Signal::TERM);
    let mut stderr = program.stderr().unwrap();
    assert!(program.wait().success());
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
