//! `ottla-host`: brokers on loopback until they are told to stop, and what becomes of them meanwhile, as standard input says.

use std::{
    io::{BufRead, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Parser, ValueEnum};
use ottla_tests::host::{Cluster, ClusterOptions, Command, Panicked, Told};
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
    time::Instant,
};

/// What was asked for cannot be had.
const REFUSED: u8 = 2;
/// As many as a test or a tab needs.
const BROKERS_MAX: u16 = 100;
/// Ended by a signal before it was done, as shells count it (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// Kafka brokers on 127.0.0.1. Standard input takes `kill N`, `pause N`, `resume N`, `stop N` and `start N`, a line each
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// How many brokers
    #[arg(long, default_value_t = 1)]
    brokers: u16,
    /// How many of them vote in the metadata quorum: three of three and more, one of two, if not told
    #[arg(long)]
    voters: Option<u16>,
    /// Where clients connect to the first broker, the others' ports follow; 0 takes any free ones
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

fn options(arguments: Arguments) -> Result<ClusterOptions, String> {
    let brokers = arguments.brokers;
    if !(1..=BROKERS_MAX).contains(&brokers) {
        return Err(format!("at least one broker is needed, and at most {BROKERS_MAX}"));
    }
    let voters = arguments.voters.unwrap_or(if brokers < 3 { 1 } else { 3 });
    if !(1..=brokers).contains(&voters) {
        return Err(format!("of {brokers} brokers at least one votes and at most all do: --voters {voters}"));
    }
    let configs = arguments.configs.iter().map(|config| {
        let (name, value) =
            config.split_once('=').ok_or_else(|| format!("--config {config}: not of the form NAME=VALUE"))?;
        Ok((name.trim().to_owned(), value.to_owned()))
    });
    let dir = match (arguments.storage, arguments.data) {
        (None | Some(StorageKind::Files), Some(dir)) => Some(dir),
        (None | Some(StorageKind::Memory), None) => None,
        (Some(StorageKind::Files), None) => return Err("--storage files needs --data DIR".to_owned()),
        (Some(StorageKind::Memory), Some(_)) => return Err("--storage memory keeps nothing under --data".to_owned()),
    };
    let port = arguments.port;
    Ok(ClusterOptions { brokers, voters, port, dir, configs: configs.collect::<Result<_, String>>()? })
}

async fn serve(options: ClusterOptions) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(why) => return refuse(&why.to_string()),
    };
    let (told, mut heard) = mpsc::unbounded_channel();
    let starting = on_a_thread(move || Cluster::start(options, Arc::new(move |what| _ = told.send(what))));
    let mut cluster = match signals.unless_interrupted(starting).await {
        Ok(cluster) => cluster,
        Err(why) => return refuse(&why.to_string()),
    };
    let started = signals.unless_interrupted(all_ready(&mut cluster, &mut heard)).await;
    if let Err(code) = started {
        return code;
    }
    let addresses: Vec<String> = cluster.addresses().map(|address| address.to_string()).collect();
    say(&format!("ready {}", addresses.join(",")));
    if let Err(code) = attend(&mut cluster, &mut heard, &mut signals).await {
        return code;
    }
    cluster.stop_all();
    signals.unless_interrupted(all_stopped(&mut cluster, &mut heard)).await
}

/// Whoever waits for the line may read from a pipe.
fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}

fn complain(why: impl std::fmt::Display) {
    eprintln!("ottla-host: {why}");
}

async fn all_ready(cluster: &mut Cluster, heard: &mut mpsc::UnboundedReceiver<Told>) -> Result<(), ExitCode> {
    let mut missing = cluster.addresses().count();
    let mut say_at = Instant::now() + Duration::from_secs(1);
    while missing > 0 {
        let Some(told) = heard.recv().await else { return Err(ExitCode::FAILURE) };
        let is_failure = cluster.on_told(&told);
        match told {
            Told::Ready(_) => missing -= 1,
            Told::CannotStart(_, why) => return Err(refuse(&format!("cannot open the log dir: {why}"))),
            // Says on stderr how far a recovery is that takes longer than a second, once a second.
            Told::Recovering(done, total) if Instant::now() >= say_at => {
                say_at = Instant::now() + Duration::from_secs(1);
                eprintln!("recovering: {} of {} MB", done / 1_000_000, total / 1_000_000);
            }
            _ if is_failure => {
                complain(Panicked);
                return Err(ExitCode::FAILURE);
            }
            Told::Recovering(..) | Told::Stopped(..) | Told::Ended(..) => {}
        }
    }
    Ok(())
}

/// Does what standard input says until a signal comes.
async fn attend(
    cluster: &mut Cluster,
    heard: &mut mpsc::UnboundedReceiver<Told>,
    signals: &mut Signals,
) -> Result<(), ExitCode> {
    let mut lines = lines();
    loop {
        let told = tokio::select! {
            () = signals.next() => return Ok(()),
            Some(line) = lines.recv() => {
                carry_out(cluster, &line);
                continue;
            }
            Some(told) = heard.recv() => told,
        };
        let is_failure = cluster.on_told(&told);
        match told {
            _ if is_failure => {
                complain("the broker ended by itself");
                return Err(ExitCode::FAILURE);
            }
            Told::Ready(id) => say(&format!("started {id}")),
            Told::Stopped(id, Ok(())) => say(&format!("stopped {id}")),
            Told::Stopped(id, Err(why)) => complain(format_args!("broker {id}: {why}")),
            Told::CannotStart(id, why) => complain(format_args!("broker {id}: cannot open the log dir: {why}")),
            Told::Recovering(..) | Told::Ended(..) => {}
        }
    }
}

fn carry_out(cluster: &mut Cluster, line: &str) {
    let done = line.parse::<Command>().map_err(|why| why.to_string()).and_then(|command| {
        cluster.carry_out(command)?;
        Ok(command)
    });
    match done {
        // The others are done when it is told.
        Ok(Command { verb, broker }) if verb.is_done_at_once() => say(&format!("{} {broker}", verb.done())),
        Ok(_) => {}
        Err(why) => complain(why),
    }
}

/// Lines of standard input, until it ends.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (line, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|read| line.send(read))
    });
    lines
}

async fn all_stopped(cluster: &mut Cluster, heard: &mut mpsc::UnboundedReceiver<Told>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    while cluster.is_anyone_up() {
        let Some(told) = heard.recv().await else { break };
        cluster.on_told(&told);
        if let Told::Stopped(_, Err(why)) = told {
            complain(why);
            code = ExitCode::FAILURE;
        }
    }
    code
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
