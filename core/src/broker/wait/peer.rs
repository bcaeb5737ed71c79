//! What members ask of each other's quorum and controller, which stand above the broker: the node takes it, and gives the
//! answers when there are some.

use bytes::Bytes;

use super::Released;
use crate::{
    broker::{
        api::{Ask, Handled},
        decide::Wish,
        peer::{self, Asked, Member, Reply},
    },
    ids::{ConnectionId, RequestId},
    sorted::SortedMap,
    trace::{
        Event,
        event::{CloseReason, WaitReason},
    },
    turn::Turn,
    wire::Api,
};

#[derive(Clone, Debug, Default)]
pub(in crate::broker) struct PeerWaits {
    /// Who this node is to the others. `None`: it is on its own.
    member: Option<Member>,
    /// What others forward is answered here.
    is_controller: bool,
    /// One for each request in hand at most.
    parked: SortedMap<RequestId, Ask>,
    /// Not yet taken by the node.
    fresh: Vec<(RequestId, Asked)>,
}

impl PeerWaits {
    pub fn join(&mut self, member: Member) {
        self.member = Some(member);
    }

    pub fn is_member(&self) -> bool {
        self.member.is_some()
    }

    pub fn lead(&mut self, is_controller: bool) {
        self.is_controller = is_controller;
    }

    pub fn is_controller(&self) -> bool {
        self.is_controller
    }

    pub fn on_asked(&mut self, turn: &mut Turn<'_>, ask: Ask, body: Bytes) -> Result<Handled, CloseReason> {
        let member = self.member.as_ref().ok_or(CloseReason::UnknownApi)?;
        Ok(match peer::read(ask, body, member)? {
            Ok(asked) => {
                let why = if ask.api == Api::Fetch { WaitReason::MoreBytes } else { WaitReason::MetadataCommit };
                turn.note(Event::RequestParked { request: ask.request, why });
                self.parked.insert(ask.request, ask);
                self.fresh.push((ask.request, asked));
                Handled::Parked
            }
            Err(error) => {
                ask.refuse(turn, error);
                peer::refuse(ask, error)
            }
        })
    }

    /// A client wants something of the controller, which is this node.
    pub fn on_wish(&mut self, turn: &mut Turn<'_>, ask: Ask, body: Bytes) -> Handled {
        turn.note(Event::RequestParked { request: ask.request, why: WaitReason::MetadataCommit });
        self.parked.insert(ask.request, ask);
        self.fresh.push((ask.request, Asked::ByClient(Wish { ask, body })));
        Handled::Parked
    }

    /// A wish was decided on, and what was decided is committed, or nobody can say. Nothing if nobody waits for it any more.
    pub fn answer_wish(&mut self, turn: &mut Turn<'_>, ask: Ask, handled: Handled) -> Released {
        if self.parked.remove(&ask.request).is_none() {
            return Released::new();
        }
        turn.note(Event::RequestReleased { request: ask.request, expired: false });
        vec![(ask, handled)]
    }

    /// Its answer goes another way.
    pub fn release(&mut self, turn: &mut Turn<'_>, request: RequestId) {
        if self.parked.remove(&request).is_some() {
            turn.note(Event::RequestReleased { request, expired: false });
        }
    }

    /// What was asked since this was called last, in order. Each is to be answered once.
    pub fn take(&mut self) -> Vec<(RequestId, Asked)> {
        std::mem::take(&mut self.fresh)
    }

    /// Nothing if nobody waits for it any more.
    pub fn answer(&mut self, turn: &mut Turn<'_>, request: RequestId, reply: Reply) -> Released {
        let Some(ask) = self.parked.remove(&request) else { return Released::new() };
        turn.note(Event::RequestReleased { request, expired: false });
        if let Some(error) = reply.error() {
            ask.refuse(turn, error);
        }
        vec![(ask, peer::write(ask, reply))]
    }

    pub fn on_closed(&mut self, connection: ConnectionId) {
        self.parked.retain(|_, ask| ask.connection != connection);
        self.fresh.retain(|(request, _)| self.parked.contains_key(request));
    }

    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.parked.keys().copied()
    }
}
