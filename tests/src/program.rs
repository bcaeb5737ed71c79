//! The program `ottla-host` as a child of a test.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::RawClient;

/// A running one, which serves. Killed where a test lets go of it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Waits for its `ready`. Tests know `binary` as `env!("CARGO_BIN_EXE_ottla-host")`.
    pub fn start(binary: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(binary).args(arguments))
    }

    /// `start`, whatever else the command says.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the host starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("its first line");
        let address = line.strip_prefix("ready ").unwrap_or_else(|| panic!("it said `{line}`")).trim().parse();
        Self { child, address: address.expect("an address") }
    }

    /// On any free port, with records in files under `dir`.
    pub fn on_files(binary: &str, dir: &Path) -> Self {
        Self::start(binary, &["--port", "0", "--data", dir.to_str().expect("a path of text")])
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn connect(&self) -> RawClient {
        RawClient::connect(self.address).expect("it listens")
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
