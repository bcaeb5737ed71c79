//! The program `ottla-host` as a child of a test.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::RawClient;

/// A running one, which serves. Killed where a test lets go of it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Of every broker.
    addresses: Vec<SocketAddr>,
}

impl Program {
    /// Waits for its `ready`. Tests know `binary` as `env!("CARGO_BIN_EXE_ottla-host")`.
    pub fn start(binary: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(binary).args(arguments))
    }

    /// `start`, whatever else the command says.
    pub fn spawn(command: &mut Command) -> Self {
        Self::spawn_commanded(command.stdin(Stdio::null()))
    }

    /// `spawn`, with a standard input for `say` if the command pipes it.
    pub fn spawn_commanded(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the host starts");
        let stdout = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut program = Self { child, stdout, addresses: Vec::new() };
        let line = program.next_line();
        let addresses = line.strip_prefix("ready ").unwrap_or_else(|| panic!("it said `{line}`"));
        program.addresses = addresses.split(',').map(|address| address.parse().expect("an address")).collect();
        program
    }

    /// The next thing it says on its standard output.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// A line for its standard input.
    pub fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().expect("its input is piped"), "{line}").expect("it reads");
    }

    /// On any free port, with records in files under `dir`.
    pub fn on_files(binary: &str, dir: &Path) -> Self {
        Self::start(binary, &["--port", "0", "--data", dir.to_str().expect("a path of text")])
    }

    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Of all brokers, in the order of their ids, which begin at 1.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub fn connect(&self) -> RawClient {
        RawClient::connect(self.address()).expect("it listens")
    }

    /// What it says there, once and only if the command pipes it.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// A clean shutdown.
    pub fn stop(self) {
        self.signal(Signal::TERM);
        let status = self.wait();
        assert!(status.success(), "the host ended with {status}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
