//! What a client sends: whatever waits and can go, at the end of every turn.
//!
//! Nothing waits without a reason that ends by itself: an answer that is due, a dial that is under way (both have their
//! deadline), or a rest (which sets `Turn::wake`).

use std::time::Duration;

use super::{
    CallId, ClientError, Question, Reply,
    calls::Call,
    connection::{Connection, Errand, Purpose},
    dispatch::Target,
    links::Lane,
    metadata::{Metadata, Place},
    produce,
    question::Acks,
    reply::Produced,
    state::State,
    turn::Turn,
};
use crate::{effect::Address, wire::Api};

impl State {
    pub fn send_what_waits(&mut self, turn: &mut Turn<'_>) {
        let addresses = self.addresses(turn);
        // What the last walk wanted goes before this one's calls, or they might take its place forever.
        self.send_own(turn, &addresses);
        self.metadata.begin_walk();
        self.idempotence.begin_walk();
        self.calls.wake();
        // A call that is answered on the way lets the next one of its partition go.
        while self.calls.take_woken() {
            for id in self.calls.waiting() {
                self.send(turn, id, &addresses);
            }
        }
        self.send_own(turn, &addresses);
        self.metadata.end_turn();
        self.idempotence.end_turn();
    }

    /// Anyone who may be asked what any broker knows: those that are known, and those to begin with.
    fn addresses(&self, turn: &Turn<'_>) -> Vec<Address> {
        let mut addresses: Vec<Address> = self.metadata.addresses().cloned().collect();
        for address in &turn.options.bootstrap {
            if !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
        addresses
    }

    /// Sends the client's own questions.
    fn send_own(&mut self, turn: &mut Turn<'_>, addresses: &[Address]) {
        let Self { links, metadata, idempotence, .. } = self;
        let deadline = turn.now.monotonic + turn.options.request_timeout;
        let errand = |api, purpose| Errand { api, purpose, deadline, version_max: i16::MAX, is_answered: true };
        if metadata.is_due(turn)
            && let Some(connection) = links.any(turn, addresses, Lane::Ask)
            && let Err(why) = connection.send(turn, errand(Api::Metadata, Purpose::Metadata), |head| metadata.ask(head))
        {
            metadata.on_lost(turn);
            links.trouble = Some(why);
        }
        if idempotence.is_due(turn)
            && let Some(connection) = links.any(turn, addresses, Lane::Ask)
            && let Err(why) =
                connection.send(turn, errand(Api::InitProducerId, Purpose::ProducerId), |head| idempotence.ask(head))
        {
            idempotence.on_lost(turn, why);
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>, id: CallId, addresses: &[Address]) {
        let Self { calls, links, metadata, idempotence } = self;
        let Some(call) = calls.get_mut(id) else { return };
        if call.from > turn.now.monotonic {
            return turn.wake_at(call.from);
        }
        let place = match find(metadata, turn, &call.question) {
            Ok(Some(place)) => place,
            Ok(None) => return,
            Err(why) => return self.rest_or_finish(turn, id, why),
        };
        let connection = match &place.address {
            Some(address) => links.ready(turn, address, call.lane),
            None => links.any(turn, addresses, call.lane),
        };
        let Some(connection) = connection else { return };
        if let (Question::Produce(new), Some(parcel)) = (&call.question, &mut call.parcel)
            && new.acks == Acks::All
        {
            let partition = (new.topic.clone(), new.partition);
            match idempotence.stamp(&partition, place.topic_id, turn.options.first_sequence, parcel) {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.finish(turn, id, Err(why)),
            }
        }
        match (write(turn, connection, id, call, &place), connection.id()) {
            (Ok(true), connection) => calls.sent(id, connection, place),
            (Ok(false), _) => {
                let nowhere = Produced { base_offset: None, append_time: None };
                self.finish(turn, id, Ok(Reply::Produce(nowhere)));
            }
            (Err(why), _) => self.finish(turn, id, Err(why)),
        }
    }
}

/// Where the question goes. `None`: that will be asked for.
fn find(metadata: &mut Metadata, turn: &Turn<'_>, question: &Question) -> Result<Option<Place>, ClientError> {
    match question.target() {
        Target::Any => Ok(Some(Place::default())),
        Target::Controller => metadata.controller(),
        Target::Broker(broker) => metadata.broker(broker),
        Target::Leader(topic, partition) => metadata.leader(turn, topic, partition).map_err(ClientError::from),
    }
}

/// Writes the call's request, and says whether it will be answered.
fn write(
    turn: &mut Turn<'_>,
    connection: &mut Connection,
    id: CallId,
    call: &Call,
    place: &Place,
) -> Result<bool, ClientError> {
    let (wait, is_answered) = match &call.question {
        Question::Fetch(from) => (from.wait, true),
        Question::Produce(new) => (Duration::ZERO, new.acks != Acks::None),
        _ => (Duration::ZERO, true),
    };
    let options = turn.options;
    let errand = Errand {
        api: call.question.api(),
        purpose: Purpose::Call(id),
        deadline: turn.now.monotonic + options.request_timeout.saturating_add(wait),
        version_max: call.question.version_max(place),
        is_answered,
    };
    connection.send(turn, errand, |head| match (&call.question, &call.parcel) {
        (Question::Produce(new), Some(parcel)) => Ok(produce::request(options, head, new, &parcel.batch, place)),
        (question, _) => question.request(options, head, place),
    })?;
    Ok(is_answered)
}
