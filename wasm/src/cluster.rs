//! A live cluster of one broker: its lock, its storage, its broker, and the page's client.
//!
//! ```text
//! lock ──▶ storage ──▶ recovery ──▶ serving ──stop──▶ ended
//!                                  │    ▲
//!               log dir offline ───┘    └── opened again, and it holds what memory knows was committed
//!                      └── it does not: gone
//! ```

mod calls;
mod door;
mod options;
mod reopen;
mod view;

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
};

use ottla_core::{
    effect::Address,
    node::{Node, NodeOptions},
};
use ottla_js::error::Refusal;
use wasm_bindgen::JsValue;

pub use door::{Locks, Opened};
pub use options::{Open, StartOptions, StorageKind, check_cluster_name, database_name};

use crate::{
    broker::{Broker, OnRecovery},
    client::PageClient,
    idb::Durability,
    random,
    storage::PageStorage,
    world::World,
};

/// Where clients of this page reach the broker. No name of a network.
const HOST: &str = "broker-1";
const PORT: u16 = 9092;

/// What the page wants to hear of.
pub trait Listener {
    fn on_recovery(&self, done: u64, total: u64);
    /// What is in storage is not what was committed. Nothing is served.
    fn on_gone(&self, why: &str);
}

/// Clones are handles of the same one.
#[derive(Clone)]
pub struct Cluster(Rc<Inner>);

struct Inner {
    world: World,
    options: StartOptions,
    /// The cluster's name, which is another than the one asked for where it is a copy.
    name: String,
    cluster_id: String,
    /// `None`: ended.
    running: RefCell<Option<Running>>,
    /// Events of the brokers that ran before this one in its place.
    events_before: Cell<u64>,
    began: f64,
    /// Why it can never serve again.
    gone: RefCell<Option<String>>,
    is_reopening: Cell<bool>,
    reopened: Cell<f64>,
    listener: Rc<dyn Listener>,
}

struct Running {
    client: Rc<PageClient>,
    broker: Broker,
    _locks: Locks,
}

impl Cluster {
    /// Opens a cluster, which is made where it is missing, and waits until its broker serves.
    pub async fn start(options: StartOptions, listener: Rc<dyn Listener>) -> Result<Self, Refusal> {
        options.check()?;
        let world = World::new().map_err(|why| Refusal::new("no-storage", format!("{why:?}")))?;
        let Opened { name, storage, locks } = door::open(&options).await?;
        let broker = Broker::start(&world, node_options(&options)?, storage, on_recovery(&listener)).await?;
        let cluster_id = cluster_id(&broker.look())?;
        let (client, began) = (Rc::new(PageClient::start(&world, address())), world.clock.millis());
        let inner = Inner {
            world,
            options,
            name,
            cluster_id,
            running: RefCell::new(Some(Running { client, broker, _locks: locks })),
            events_before: Cell::new(0),
            began,
            gone: RefCell::new(None),
            is_reopening: Cell::new(false),
            reopened: Cell::new(f64::NEG_INFINITY),
            listener,
        };
        let cluster = Self(Rc::new(inner));
        cluster.serve();
        Ok(cluster)
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn cluster_id(&self) -> &str {
        &self.0.cluster_id
    }

    pub fn is_read_only(&self) -> bool {
        self.0.options.open == Open::ReadOnly
    }

    pub fn is_in_memory(&self) -> bool {
        self.0.options.storage == StorageKind::Memory
    }

    /// A clean shutdown. The lock is let go of once it is over.
    pub async fn stop(&self) {
        let stopped = self.0.running.borrow().as_ref().map(|running| running.broker.stop());
        if let Some(stopped) = stopped {
            stopped.await;
        }
        self.kill();
    }

    /// The end, mid-air.
    pub fn kill(&self) {
        drop(self.0.running.take());
    }

    /// Raw bytes to the broker, as any client sends them.
    pub fn connect(&self) -> Result<crate::channel::Wire, Refusal> {
        self.0.broker()?;
        self.0.world.router.dial(&address()).ok_or_else(Refusal::closed)
    }

    pub(crate) fn storage(&self) -> Result<PageStorage, Refusal> {
        Ok(self.0.broker()?.storage().clone())
    }

    /// Lets clients in, and sees to it that a log dir that goes offline is opened again.
    fn serve(&self) {
        let mut running = self.0.running.borrow_mut();
        if let Some(running) = &mut *running {
            running.broker.listen(&self.0.world, &address());
            reopen::watch(Rc::downgrade(&self.0), running.broker.offline());
        }
    }
}

impl Inner {
    fn broker(&self) -> Result<Ref<'_, Broker>, Refusal> {
        Ref::filter_map(self.running.borrow(), |running| running.as_ref().map(|running| &running.broker))
            .map_err(|_| Refusal::closed())
    }

    fn client(&self) -> Result<Rc<PageClient>, Refusal> {
        self.running.borrow().as_ref().map(|running| Rc::clone(&running.client)).ok_or_else(Refusal::closed)
    }
}

fn address() -> Address {
    Address { host: HOST.to_owned(), port: PORT }
}

fn node_options(options: &StartOptions) -> Result<NodeOptions, Refusal> {
    Ok(NodeOptions { config: options.broker_config()?, seed: random::seed(), ..NodeOptions::new(address()) })
}

fn on_recovery(listener: &Rc<dyn Listener>) -> OnRecovery {
    let listener = Rc::clone(listener);
    Rc::new(move |done, total| listener.on_recovery(done, total))
}

fn cluster_id(node: &Node) -> Result<String, Refusal> {
    node.topics().map(|topics| topics.catalog.cluster_id.clone()).ok_or_else(Refusal::closed)
}

fn durability(options: &StartOptions) -> Durability {
    if options.durability == options::Durable::Strict { Durability::Strict } else { Durability::Relaxed }
}

/// What a promise of the cluster gives.
pub type Told = Result<JsValue, Refusal>;
