//! The loop, TCP and the platform's clock, driving small machines.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    ops::ControlFlow,
    thread::sleep,
    time::Duration,
};

use bytes::Bytes;
use ottla_core::{
    effect::{Effect, Input, StorageError, StorageErrorKind, WriteOp},
    host::MemoryStorage,
    ids::{ConnectionId, IoId},
    machine::Machine,
    time::{Instant, Now},
};
use ottla_tests::host::Served;

/// Echoes bytes once they are in storage. A byte of 0 closes, 1 pauses for 50 ms, 2 answers 64 MiB, 3 says what failed.
#[derive(Clone, Default)]
struct Echo {
    queue: VecDeque<(ConnectionId, Bytes)>,
    end: u64,
    resume_at: Option<(Instant, ConnectionId)>,
    failures: u8,
}

#[derive(Debug)]
enum Said {
    Closed,
    Failed(StorageError),
}

impl Machine for Echo {
    type Call = ();
    type Answer = Said;

    fn handle(&mut self, now: Now, input: Input<()>, effects: &mut Vec<Effect<Said>>) {
        match input {
            Input::Bytes { connection, bytes } => {
                self.queue.push_back((connection, bytes.clone()));
                let op = WriteOp::Append { file: "echo".into(), at: self.end, bytes: bytes.clone().into() };
                self.end += bytes.len() as u64;
                effects.push(Effect::Commit { io: IoId(0), ops: vec![op], sync: true });
                if bytes.contains(&1) {
                    effects.push(Effect::Pause { connection });
                    self.resume_at = Some((now.monotonic + Duration::from_millis(50), connection));
                }
            }
            Input::Committed { .. } => {
                let (connection, bytes) = self.queue.pop_front().expect("a commit that was asked for");
                effects.push(Effect::Write { connection, frame: bytes.clone().into() });
                if bytes.contains(&2) {
                    effects.push(Effect::Write { connection, frame: Bytes::from(vec![7; 64 << 20]).into() });
                }
                if bytes.contains(&3) {
                    effects.push(Effect::Write { connection, frame: Bytes::from(vec![self.failures]).into() });
                }
                if bytes.contains(&0) {
                    effects.push(Effect::Close { connection });
                }
            }
            Input::Failed { why, .. } => {
                let (_, bytes) = self.queue.pop_front().expect("a commit that was asked for");
                self.end -= bytes.len() as u64;
                self.failures += 1;
                effects.push(Effect::Answer(Said::Failed(why)));
            }
            Input::Tick => {
                let (at, connection) = self.resume_at.take().expect("a tick that was asked for");
                assert!(now.monotonic >= at, "a tick before its time");
                effects.push(Effect::Resume { connection });
            }
            Input::Closed { .. } => effects.push(Effect::Answer(Said::Closed)),
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.resume_at.map(|(at, _)| at)
    }
}

fn serve(storage: MemoryStorage) -> (Served<()>, std::sync::mpsc::Receiver<Said>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let served = Served::start(listener, move |_, door| {
        door.open();
        (Echo::default(), storage, move |answer| {
            let _ = said.send(answer);
            ControlFlow::Continue(())
        })
    });
    (served.unwrap(), heard)
}

fn ask(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    let mut answer = vec![0; bytes.len()];
    stream.read_exact(&mut answer).unwrap();
    answer
}

#[test]
fn what_is_sent_comes_back_whatever_its_size() {
    let (served, _) = serve(MemoryStorage::default());
    let mut stream = TcpStream::connect(served.address()).unwrap();
    for size in [1, 100, 70_000, 3_000_000] {
        let bytes = vec![9; size];
        let mut writer = stream.try_clone().unwrap();
        let sent = bytes.clone();
        let sending = std::thread::spawn(move || writer.write_all(&sent).unwrap());
        let mut answer = vec![0; size];
        stream.read_exact(&mut answer).unwrap();
        sending.join().unwrap();
        assert!(answer == bytes, "{size} bytes came back changed");
    }
}

#[test]
fn a_close_comes_after_what_was_written() {
    let (served, _) = serve(MemoryStorage::default());
    let mut stream = TcpStream::connect(served.address()).unwrap();
    stream.write_all(&[9, 2, 0]).unwrap();
    sleep(Duration::from_millis(100));
    // More that nobody will read must not cut off the answer.
    let _ = stream.write_all(&[9; 1000]);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), 3 + (64 << 20));
}

#[test]
fn the_peers_end_is_handed_in() {
    let (served, heard) = serve(MemoryStorage::default());
    let mut stream = TcpStream::connect(served.address()).unwrap();
    assert_eq!(ask(&mut stream, b"x"), b"x");
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(heard.recv_timeout(Duration::from_secs(10)), Ok(Said::Closed)));
}

#[test]
fn a_paused_connection_is_not_read_until_it_is_resumed() {
    let (served, _) = serve(MemoryStorage::default());
    let mut stream = TcpStream::connect(served.address()).unwrap();
    assert_eq!(ask(&mut stream, &[1]), [1]);
    let begun = std::time::Instant::now();
    // One read may have been under way when the pause came.
    ask(&mut stream, b"x");
    ask(&mut stream, b"y");
    assert!(begun.elapsed() >= Duration::from_millis(40), "was read after {:?}", begun.elapsed());
}

#[test]
fn who_takes_no_answers_is_not_read_and_others_are_served() {
    let (served, _) = serve(MemoryStorage::default());
    let mut deaf = TcpStream::connect(served.address()).unwrap();
    deaf.write_all(&[2]).unwrap();
    deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    sleep(Duration::from_millis(200));
    // What the kernel's own buffers take is not held by the host.
    let mut taken = 0_u64;
    while let Ok(written) = deaf.write(&[9; 65_536]) {
        taken += written as u64;
        assert!(taken < 64 << 20, "the host reads on from a peer that takes no answers");
    }
    let mut other = TcpStream::connect(served.address()).unwrap();
    assert_eq!(ask(&mut other, b"still here"), b"still here");
}

#[test]
fn a_failed_commit_is_an_input_and_the_loop_goes_on() {
    let storage = MemoryStorage::default();
    storage.set_capacity(Some(10));
    let (served, heard) = serve(storage.clone());
    let mut stream = TcpStream::connect(served.address()).unwrap();
    assert_eq!(ask(&mut stream, b"12345678"), b"12345678");
    stream.write_all(b"too much").unwrap();
    match heard.recv_timeout(Duration::from_secs(10)) {
        Ok(Said::Failed(why)) => assert_eq!(why.kind, StorageErrorKind::NoSpace),
        other => panic!("{other:?}"),
    }
    assert_eq!(ask(&mut stream, &[3]), [3]);
    let mut failures = [0];
    stream.read_exact(&mut failures).unwrap();
    assert_eq!(failures, [1]);
}

#[test]
fn a_kill_frees_the_port_and_cuts_the_connections() {
    let (served, _) = serve(MemoryStorage::default());
    let address = served.address();
    let mut stream = TcpStream::connect(address).unwrap();
    assert_eq!(ask(&mut stream, b"x"), b"x");
    served.kill();
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    assert!(TcpListener::bind(address).is_ok(), "the port is still taken");
}
