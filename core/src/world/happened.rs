//! What happened, of all machines in one order: what people are told, and what somebody may wait for.

use std::sync::Arc;

use super::{World, fault::Fault, scenario::command::Command, server::Server};
use crate::{
    client::{CallId, ClientAnswer, ClientCall, ClientError, Reply},
    effect::Input,
    ids::TopicId,
    runs::Runs,
    time::Instant,
    trace::Event,
};

/// Events kept of brokers, and answers of visitors: snapshots hardly share them. Of the world itself all are kept, faults
/// are few.
const KEPT: u64 = 1_000;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// Rises by one, whoever it happened to.
    pub number: u64,
    pub at: Instant,
    /// Which broker or visitor, as scripts number them. 0 of the world.
    pub index: u32,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Of a broker.
    Traced(Event),
    /// Of a visitor. `outcome`: `ok`, or the error's name.
    Answered {
        question: &'static str,
        outcome: &'static str,
    },
    /// Of the world.
    Fault {
        code: &'static str,
        command: Arc<str>,
    },
    Script {
        command: Arc<str>,
    },
    Heal,
    Phase(&'static str),
}

impl What {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Traced(event) => event.name(),
            Self::Answered { .. } => "answered",
            Self::Fault { .. } => "fault",
            Self::Script { .. } => "script",
            Self::Heal => "heal",
            Self::Phase(_) => "phase",
        }
    }

    pub fn who(&self) -> Who {
        match self {
            Self::Traced(_) => Who::Broker,
            Self::Answered { .. } => Who::Visitor,
            Self::Fault { .. } | Self::Script { .. } | Self::Heal | Self::Phase(_) => Who::World,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Broker,
    Visitor,
    World,
}

impl Who {
    pub const ALL: [Self; 3] = [Self::Broker, Self::Visitor, Self::World];

    pub fn name(self) -> &'static str {
        ["broker", "visitor", "world"][self as usize]
    }
}

/// A call that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    call: CallId,
    pub question: &'static str,
    pub since: Instant,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Happenings {
    /// By who it happened to.
    kept: [Runs<Happened>; 3],
    next: u64,
    /// Of each visitor.
    waiting: Vec<Vec<Waiting>>,
    /// Every topic there ever was, in the order in which they were made.
    topics: Runs<(TopicId, Arc<str>)>,
}

impl Happenings {
    fn note(&mut self, at: Instant, index: u32, what: What) {
        let kept = &mut self.kept[what.who() as usize];
        if what.who() != Who::World {
            kept.drop_below(kept.end().saturating_sub(KEPT));
        }
        kept.push(Happened { number: self.next, at, index, what });
        self.next += 1;
    }

    /// Takes what the servers have traced in this step.
    pub fn take(&mut self, servers: &[Server]) {
        for server in servers {
            server.fresh().for_each(|traced| self.note_topic(server, &traced.event));
            server.fresh().for_each(|traced| self.note(traced.at, server.id.0 as u32, What::Traced(traced.event)));
        }
    }

    fn note_topic(&mut self, server: &Server, event: &Event) {
        let Event::TopicCreated { topic, .. } = *event else { return };
        let catalog = server.node.as_ref().and_then(|node| node.topics()).map(|topics| &topics.catalog);
        if let Some(found) = catalog.and_then(|catalog| catalog.topic(topic)) {
            self.topics.push((topic, found.name.as_str().into()));
        }
    }

    pub fn own_bytes(&self) -> u64 {
        self.kept.iter().map(Runs::own_bytes).sum()
    }

    /// How much there ever was, and how much is held, in bytes.
    pub fn contents(&self) -> (u64, u64) {
        let of = |things: u64| things * size_of::<Happened>() as u64;
        (of(self.next), of(self.kept.iter().map(|kept| kept.end() - kept.first()).sum()))
    }
}

impl World {
    /// The number that the next thing will get.
    pub fn happened_next(&self) -> u64 {
        self.happenings.next
    }

    /// What happened to `who`, oldest first, as far as it is kept.
    pub fn happened(&self, who: Who) -> impl DoubleEndedIterator<Item = &Happened> {
        self.happenings.kept[who as usize].iter()
    }

    /// Whether something of one of these names happened since `number`.
    pub fn has_happened(&self, since: u64, names: &[String]) -> bool {
        self.happenings.kept.iter().any(|kept| {
            let new = kept.iter().rev().take_while(|happened| happened.number >= since);
            new.into_iter().any(|happened| names.iter().any(|name| name == happened.what.name()))
        })
    }

    /// Every topic there ever was, by the id that events name it by.
    pub fn topics(&self) -> impl Iterator<Item = (TopicId, &str)> {
        self.happenings.topics.iter().map(|(id, name)| (*id, &**name))
    }

    /// Calls of a visitor that are not answered, oldest first.
    pub fn waiting(&self, visitor: u32) -> &[Waiting] {
        self.happenings.waiting.get(visitor as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn note_fault(&mut self, fault: &Fault) {
        let (code, command) = (fault.code(), Command::Fault(fault.clone()).to_string().into());
        self.happenings.note(self.now, 0, What::Fault { code, command });
    }

    /// A line of the script begins. A fault is noted when it happens.
    pub(super) fn note_script(&mut self, command: &Command) {
        match command {
            Command::Fault(_) => {}
            Command::Heal => self.happenings.note(self.now, 0, What::Heal),
            command => self.happenings.note(self.now, 0, What::Script { command: command.to_string().into() }),
        }
    }

    pub(super) fn note_phase(&mut self) {
        self.happenings.note(self.now, 0, What::Phase(self.phase.name()));
    }

    pub(super) fn note_asked(&mut self, visitor: u32, input: &Input<ClientCall>) {
        let Input::Call(ClientCall::Ask { call, question }) = input else { return };
        let waiting = &mut self.happenings.waiting;
        if waiting.len() <= visitor as usize {
            waiting.resize(visitor as usize + 1, Vec::new());
        }
        waiting[visitor as usize].push(Waiting { call: *call, question: question.api().name(), since: self.now });
    }

    /// Another process stands in for the visitor: nobody waits for what that one asked.
    pub(super) fn forget_waiting(&mut self, visitor: u32) {
        if let Some(waiting) = self.happenings.waiting.get_mut(visitor as usize) {
            waiting.clear();
        }
    }

    pub(super) fn note_answered(&mut self, visitor: u32, answer: &ClientAnswer) {
        let Some(waiting) = self.happenings.waiting.get_mut(visitor as usize) else { return };
        let Some(place) = waiting.iter().position(|waiting| waiting.call == answer.call) else { return };
        let question = waiting.remove(place).question;
        let outcome = outcome(&answer.result);
        self.happenings.note(self.now, visitor + 1, What::Answered { question, outcome });
    }
}

fn outcome(result: &Result<Reply, ClientError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(why) => why.name(),
    }
}
