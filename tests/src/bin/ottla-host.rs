//! `ottla-host`: one broker on loopback until it is told to stop.

use std::{io::Write, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, ValueEnum};
use ottla_tests::host::{CannotStart, Host, OnRecovery, Options, StorageOption};
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::Instant,
};

/// What was asked for cannot be had.
const REFUSED: u8 = 2;
/// Ended by a signal before it was done, as shells count it (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// A Kafka broker on 127.0.0.1
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// How many brokers
    #[arg(long, default_value_t = 1)]
    brokers: u32,
    /// Where clients connect; 0 takes any free port
    #[arg(long, default_value_t = 19092)]
    port: u16,
    /// Keep records in files under this directory, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Kafka's configs by name; may be given several times
    #[arg(long = "config", value_name = "NAME=VALUE")]
    configs: Vec<String>,
    /// Where records are kept: files if there is a data directory, otherwise memory
    #[arg(long)]
    storage: Option<StorageKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StorageKind {
    Memory,
    Files,
}

fn main() -> ExitCode {
    let options = match options(Arguments::parse()) {
        Ok(options) => options,
        Err(why) => return refuse(&why),
    };
    match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(serve(options)),
        Err(why) => refuse(&why.to_string()),
    }
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("ottla-host: {why}");
    ExitCode::from(REFUSED)
}

fn options(arguments: Arguments) -> Result<Options, String> {
    match arguments.brokers {
        0 => return Err("at least one broker is needed".to_owned()),
        1 => {}
        _ => return Err("more than one broker needs the metadata quorum, which does not exist yet".to_owned()),
    }
    let configs = arguments.configs.iter().map(|config| {
        let (name, value) =
            config.split_once('=').ok_or_else(|| format!("--config {config}: not of the form NAME=VALUE"))?;
        Ok((name.trim().to_owned(), value.to_owned()))
    });
    let storage = match (arguments.storage, arguments.data) {
        (None | Some(StorageKind::Files), Some(dir)) => StorageOption::Files(dir),
        (None | Some(StorageKind::Memory), None) => StorageOption::default(),
        (Some(StorageKind::Files), None) => return Err("--storage files needs --data DIR".to_owned()),
        (Some(StorageKind::Memory), Some(_)) => return Err("--storage memory keeps nothing under --data".to_owned()),
    };
    Ok(Options { port: arguments.port, storage, configs: configs.collect::<Result<_, String>>()? })
}

async fn serve(options: Options) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(why) => return refuse(&why.to_string()),
    };
    let starting = on_a_thread(move || Host::start_watched(options, say_how_far()));
    let mut host = match signals.unless_interrupted(starting).await {
        Ok(host) => host,
        Err(why @ CannotStart::Panicked) => {
            eprintln!("ottla-host: {why}");
            return ExitCode::FAILURE;
        }
        Err(why) => return refuse(&why.to_string()),
    };
    println!("ready {}", host.address());
    // Whoever waits for the line may read from a pipe.
    let _ = std::io::stdout().flush();
    tokio::select! {
        () = signals.next() => {}
        () = host.ended() => {
            eprintln!("ottla-host: the broker ended by itself");
            return ExitCode::FAILURE;
        }
    }
    match signals.unless_interrupted(on_a_thread(move || host.stop())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ottla-host: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Says on stderr how far a recovery is that takes longer than a second, once a second.
fn say_how_far() -> OnRecovery {
    let mut next = Instant::now() + Duration::from_secs(1);
    Box::new(move |done, total| {
        if Instant::now() >= next {
            next = Instant::now() + Duration::from_secs(1);
            eprintln!("recovering: {} of {} MB", done / 1_000_000, total / 1_000_000);
        }
    })
}

/// Runs what blocks, so that signals are heard meanwhile.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = oneshot::channel();
    std::thread::spawn(move || done.send(work()));
    match result.await {
        Ok(result) => result,
        // The thread panicked and has said why.
        Err(_) => std::process::exit(1),
    }
}

/// Ctrl-C, and what service supervisors send.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Ends the process where a signal comes first: nothing is cleaned up, as after a crash.
    async fn unless_interrupted<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            result = work => result,
            () = self.next() => std::process::exit(INTERRUPTED),
        }
    }
}
