//! A machine behind a listener, on a thread of its own.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    ops::ControlFlow,
    thread::JoinHandle,
    time::Duration,
};

use ottla_core::{
    effect::{Input, Listener},
    host::{Host, InputSender, Observer, Storage, inbox, run},
    machine::Machine,
};
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    task::LocalSet,
};

use super::{clock::PlatformClock, transport::TcpTransport};
use crate::cpu;

/// Inputs that may wait for their turn, beside one for each connection.
const INBOX_DEPTH: u16 = 256;
/// How long the last answers may take once the machine has ended.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Where a machine listens.
#[derive(Debug)]
pub struct Listeners {
    /// Connections wait in its backlog until the door is opened.
    pub clients: TcpListener,
    /// Of its peers, which are let in from the start: whether they can be served yet is the machine's to say.
    pub brokers: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(clients: TcpListener) -> Self {
        Self { clients, brokers: None }
    }
}

/// What the owner asks of the thread.
enum Ask<Call> {
    Call(Call),
    /// Take clients' connections from here on.
    Accept,
    /// Say so, then stand still, timers and sockets included, until the sender of `resumed` is dropped.
    Pause {
        paused: std::sync::mpsc::Sender<()>,
        resumed: std::sync::mpsc::Receiver<()>,
    },
    CpuTime(std::sync::mpsc::Sender<Duration>),
    /// End at once, mid-air.
    Kill,
}

/// A running machine.
pub struct Served<Call> {
    address: SocketAddr,
    asks: mpsc::UnboundedSender<Ask<Call>>,
    /// While it stands still.
    pause: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Its other half is dropped when the thread ends, however it ends.
    ended: Option<oneshot::Receiver<()>>,
}

/// Lets an observer, which lives on the machine's thread, open the door.
pub struct Door<Call>(mpsc::UnboundedSender<Ask<Call>>);

impl<Call> Door<Call> {
    /// Connections are taken from here on; until then they wait in the listener's backlog.
    pub fn open(&self) {
        let _ = self.0.send(Ask::Accept);
    }
}

impl<Call: Send + 'static> Served<Call> {
    /// Starts the thread. `make` runs on it and gives the machine, its storage and what is to be done with its answers.
    pub fn start<M, S, O>(
        listeners: impl Into<Listeners>,
        make: impl FnOnce(SocketAddr, Door<Call>) -> (M, S, O) + Send + 'static,
    ) -> io::Result<Self>
    where
        M: Machine<Call = Call>,
        M::Answer: 'static,
        S: Storage + 'static,
        O: FnMut(M::Answer) -> ControlFlow<()> + 'static,
    {
        let listeners = listeners.into();
        listeners.clients.set_nonblocking(true)?;
        listeners.brokers.iter().try_for_each(|listener| listener.set_nonblocking(true))?;
        let address = listeners.clients.local_addr()?;
        let (asks, asked) = mpsc::unbounded_channel();
        let door = Door(asks.clone());
        let (lives, ended) = oneshot::channel::<()>();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("ottla-{}", address.port())).spawn(move || {
            let _lives = lives;
            let (machine, storage, observe) = make(address, door);
            runtime.block_on(LocalSet::new().run_until(live(machine, storage, observe, listeners, asked)));
        })?;
        Ok(Self { address, asks, pause: None, thread: Some(thread), ended: Some(ended) })
    }
}

impl<Call> Served<Call> {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn call(&self, call: Call) {
        let _ = self.asks.send(Ask::Call(call));
    }

    /// Stands still as a stopped process does, from when this returns: connections are kept, nothing is read, sent or
    /// noticed.
    pub fn pause(&mut self) {
        if self.pause.is_none() {
            let (pause, resumed) = std::sync::mpsc::channel();
            let (paused, is_paused) = std::sync::mpsc::channel();
            let _ = self.asks.send(Ask::Pause { paused, resumed });
            // Nobody says so where the thread has ended.
            let _ = is_paused.recv();
            self.pause = Some(pause);
        }
    }

    pub fn resume(&mut self) {
        self.pause = None;
    }

    /// CPU time of the machine's thread so far.
    pub fn cpu_time(&self) -> Duration {
        let (answer, answered) = std::sync::mpsc::channel();
        let _ = self.asks.send(Ask::CpuTime(answer));
        answered.recv().unwrap_or_default()
    }

    /// Waits until the thread has ended. Only the first call gives a future that waits.
    pub fn ended(&mut self) -> impl Future<Output = ()> + use<Call> {
        let ended = self.ended.take();
        async {
            if let Some(ended) = ended {
                let _ = ended.await;
            }
        }
    }

    /// Waits for the machine to end by itself. `false`: its thread panicked.
    pub fn join(mut self) -> bool {
        self.thread.take().is_none_or(|thread| thread.join().is_ok())
    }

    /// Ends it mid-air, as a crash of the process would.
    pub fn kill(self) {
        drop(self);
    }
}

impl<Call> Drop for Served<Call> {
    fn drop(&mut self) {
        self.resume();
        if let Some(thread) = self.thread.take() {
            let _ = self.asks.send(Ask::Kill);
            let _ = thread.join();
        }
    }
}

struct Answers<O>(O);

impl<M: Machine, O: FnMut(M::Answer) -> ControlFlow<()>> Observer<M> for Answers<O> {
    fn on_answer(&mut self, answer: M::Answer) -> ControlFlow<()> {
        (self.0)(answer)
    }
}

async fn live<M, S, O>(
    machine: M,
    storage: S,
    observe: O,
    listeners: Listeners,
    asked: mpsc::UnboundedReceiver<Ask<M::Call>>,
) where
    M: Machine,
    M::Call: 'static,
    S: Storage,
    O: FnMut(M::Answer) -> ControlFlow<()>,
{
    let (inputs, inbox) = inbox(INBOX_DEPTH);
    let transport = TcpTransport::new(inputs.clone());
    let host =
        Host { storage, transport: transport.clone(), clock: PlatformClock::start(), observer: Answers(observe) };
    tokio::select! {
        _ = run(machine, inbox, host) => transport.drain(LAST_ANSWERS).await,
        () = attend(asked, inputs, transport.clone(), listeners) => {}
    }
}

/// Does what the owner asks until it asks for the end.
async fn attend<Call: 'static>(
    mut asked: mpsc::UnboundedReceiver<Ask<Call>>,
    mut inputs: InputSender<Call>,
    transport: TcpTransport<Call>,
    listeners: Listeners,
) {
    let accept = |listener: Option<TcpListener>, kind| {
        if let Some(Ok(listener)) = listener.map(tokio::net::TcpListener::from_std) {
            let transport = transport.clone();
            tokio::task::spawn_local(async move { transport.accept(listener, kind).await });
        }
    };
    let mut clients = Some(listeners.clients);
    accept(listeners.brokers, Listener::Broker);
    while let Some(ask) = asked.recv().await {
        match ask {
            Ask::Call(call) => {
                inputs.send(Input::Call(call)).await;
            }
            Ask::Accept => accept(clients.take(), Listener::Client),
            Ask::Pause { paused, resumed } => {
                let _ = paused.send(());
                // Nothing else of this thread runs meanwhile.
                let _ = resumed.recv();
            }
            Ask::CpuTime(answer) => {
                let _ = answer.send(cpu::this_thread());
            }
            Ask::Kill => return,
        }
    }
}
