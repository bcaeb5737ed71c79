//! One broker process: the core's `Node` in the core's loop, and a look into it between two turns.

use std::{
    cell::{Ref, RefCell},
    ops::ControlFlow,
    rc::Rc,
};

use futures::{
    FutureExt,
    channel::oneshot,
    future::{AbortHandle, Shared, abortable},
};
use ottla_core::{
    effect::{Effect, Input, NodeAnswer, NodeCall, StorageErrorKind},
    error::Fatal,
    host::{self, Host, InputSender, Observer, inbox},
    log::DirState,
    machine::Machine,
    node::{Node, NodeOptions},
    time::{Instant, Now},
};
use ottla_js::error::Refusal;
use wasm_bindgen_futures::spawn_local;

use crate::{channel::ChannelTransport, storage::PageStorage, world::World};

/// Small, so that a batch of turns is short.
const INBOX_DEPTH: u16 = 32;

/// A node that others may look into while no turn is taken. A turn never calls out of the core, so that no turn is
/// ever interrupted by a look.
#[derive(Clone, Debug)]
pub struct SharedNode(Rc<RefCell<Node>>);

impl SharedNode {
    pub fn new(node: Node) -> Self {
        Self(Rc::new(RefCell::new(node)))
    }

    pub fn look(&self) -> Ref<'_, Node> {
        self.0.borrow()
    }
}

impl Machine for SharedNode {
    type Call = NodeCall;
    type Answer = NodeAnswer;

    fn handle(&mut self, now: Now, input: Input<NodeCall>, effects: &mut Vec<Effect<NodeAnswer>>) {
        self.0.borrow_mut().handle(now, input, effects);
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.0.borrow().next_deadline()
    }
}

/// A broker that was started. Ends mid-air when it is dropped, as a crash of its process would end it.
#[derive(Debug)]
pub struct Broker {
    node: SharedNode,
    storage: PageStorage,
    inbox: InputSender<NodeCall>,
    transport: ChannelTransport<NodeCall>,
    running: AbortHandle,
    listening: Option<AbortHandle>,
    ended: Shared<oneshot::Receiver<()>>,
    offline: Shared<oneshot::Receiver<StorageErrorKind>>,
}

/// Told of bytes read of bytes to read.
pub type OnRecovery = Rc<dyn Fn(u64, u64)>;

struct Watch {
    ready: Option<oneshot::Sender<Result<(), Fatal>>>,
    offline: Option<oneshot::Sender<StorageErrorKind>>,
    on_recovery: OnRecovery,
}

impl Observer<SharedNode> for Watch {
    fn after_turn(&mut self, _: Now, node: &SharedNode, _: &mut Vec<NodeCall>) {
        if self.offline.is_none() {
            return;
        }
        if let Some(DirState::Offline(why)) = node.look().topics().map(|topics| topics.dir.state())
            && let Some(offline) = self.offline.take()
        {
            let _ = offline.send(why);
        }
    }

    fn on_answer(&mut self, answer: NodeAnswer) -> ControlFlow<()> {
        let ready = match answer {
            NodeAnswer::Recovering { done, total } => {
                (self.on_recovery)(done, total);
                return ControlFlow::Continue(());
            }
            NodeAnswer::Stopped => return ControlFlow::Break(()),
            NodeAnswer::Ready => Ok(()),
            NodeAnswer::CannotOpen(why) => Err(why),
        };
        let flow = if ready.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        if let Some(told) = self.ready.take() {
            let _ = told.send(ready);
        }
        flow
    }
}

impl Broker {
    /// Starts a broker and waits until recovery is over. Nobody can connect before `listen`.
    pub async fn start(
        world: &World,
        options: NodeOptions,
        storage: PageStorage,
        on_recovery: OnRecovery,
    ) -> Result<Self, Refusal> {
        let (inbox_sender, inbox) = inbox(INBOX_DEPTH);
        let transport = ChannelTransport::new(world.router.clone(), inbox_sender.clone());
        let (ready, is_ready) = oneshot::channel();
        let (offline, is_offline) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        let node = SharedNode::new(Node::new(options));
        let host = Host {
            storage: storage.clone(),
            transport: transport.clone(),
            clock: world.clock.clone(),
            observer: Watch { ready: Some(ready), offline: Some(offline), on_recovery },
        };
        let (slices, machine, connections) = (world.slices.clone(), node.clone(), transport.clone());
        let (run, running) = abortable(async move {
            slices.run(host::run(machine, inbox, host)).await;
        });
        spawn_local(async move {
            let _ = run.await;
            connections.close_all();
            let _ = ended.send(());
        });
        let broker = Self {
            node,
            storage,
            inbox: inbox_sender,
            transport,
            running,
            listening: None,
            ended: has_ended.shared(),
            offline: is_offline.shared(),
        };
        match is_ready.await {
            Ok(Ok(())) => Ok(broker),
            Ok(Err(why)) => Err(why.into()),
            Err(oneshot::Canceled) => Err(Refusal::closed()),
        }
    }

    /// From here on clients are taken at `address`.
    pub fn listen(&mut self, world: &World, address: &ottla_core::effect::Address) {
        let (transport, incoming) = (self.transport.clone(), world.router.listen(address.clone()));
        let (accept, listening) = abortable(async move { transport.accept(incoming).await });
        self.listening = Some(listening);
        spawn_local(async move { _ = accept.await });
    }

    pub fn look(&self) -> Ref<'_, Node> {
        self.node.look()
    }

    pub fn storage(&self) -> &PageStorage {
        &self.storage
    }

    /// Waits until the log dir is offline. `None`: the broker ended before.
    pub fn offline(&self) -> impl Future<Output = Option<StorageErrorKind>> + use<> {
        let offline = self.offline.clone();
        async move { offline.await.ok() }
    }

    /// A clean shutdown: everything is synced, the clean marker written, every connection closed.
    pub fn stop(&self) -> impl Future<Output = ()> + use<> {
        let (mut inbox, ended) = (self.inbox.clone(), self.ended.clone());
        async move {
            inbox.send(Input::Call(NodeCall::Stop)).await;
            let _ = ended.await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.running.abort();
        if let Some(listening) = &self.listening {
            listening.abort();
        }
        self.transport.close_all();
        self.storage.close();
    }
}
