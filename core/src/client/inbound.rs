//! What the world tells a client: connections, answers, losses, time.

use bytes::Bytes;

use super::{
    CallId, ClientError, Question, Reply,
    connection::Purpose,
    message::Answer,
    produce::{self, Outcome},
    state::State,
    turn::Turn,
};
use crate::{
    effect::Address,
    ids::{ConnectionId, DialId},
    sorted::SortedSet,
};

impl State {
    pub fn on_dialled(&mut self, turn: &mut Turn<'_>, dial: DialId, connection: ConnectionId) {
        self.links.on_dialled(turn, dial, connection);
    }

    pub fn on_dial_failed(&mut self, turn: &mut Turn<'_>, dial: DialId, why: String) {
        self.links.on_dial_failed(turn, dial, why);
    }

    pub fn on_closed(&mut self, turn: &mut Turn<'_>, connection: ConnectionId) {
        let lost = self.links.on_closed(turn, connection, ClientError::Disconnected);
        self.on_lost(turn, lost);
    }

    pub fn on_bytes(&mut self, turn: &mut Turn<'_>, id: ConnectionId, bytes: Bytes) {
        let Some(connection) = self.links.get_mut(id) else { return };
        connection.on_bytes(bytes);
        let was_ready = connection.is_ready();
        // An answer may end the connection.
        while let Some(connection) = self.links.get_mut(id) {
            let next = connection.next_answer(turn);
            let is_well = matches!(next, Ok(Some(_))) || (connection.is_ready() && !was_ready);
            if is_well {
                self.links.on_answered(id);
            }
            let done = match next {
                Ok(None) => return,
                Ok(Some((purpose, answer))) => self.on_answer(turn, purpose, &answer).map_err(|why| (purpose, why)),
                Err(bad) => Err(bad),
            };
            if let Err((purpose, why)) = done {
                return self.on_bad_answer(turn, id, purpose, why);
            }
        }
    }

    /// # Errors
    /// What makes the connection not worth keeping: an answer that does not decode.
    fn on_answer(&mut self, turn: &mut Turn<'_>, purpose: Purpose, answer: &Answer) -> Result<(), ClientError> {
        match purpose {
            Purpose::Handshake | Purpose::Abandoned => {}
            Purpose::Call(id) => return self.on_call_answer(turn, id, answer),
            Purpose::Metadata => match unless_bad(self.metadata.on_answer(turn, answer))? {
                Ok(()) => self.drop_unknown_links(turn),
                Err(why) => {
                    self.links.trouble = Some(why);
                    self.metadata.on_lost(turn);
                }
            },
            Purpose::ProducerId => {
                if let Err(why) = unless_bad(self.idempotence.on_answer(answer))? {
                    self.idempotence.on_lost(turn, why);
                }
            }
        }
        Ok(())
    }

    fn on_call_answer(&mut self, turn: &mut Turn<'_>, id: CallId, answer: &Answer) -> Result<(), ClientError> {
        let Some(call) = self.calls.get_mut(id) else { return Ok(()) };
        let place = call.sent.take().map(|(_, place)| place).unwrap_or_default();
        if let Question::Produce(new) = &call.question {
            let outcome = produce::read(answer, new, &place)?;
            self.on_outcome(turn, id, outcome);
            return Ok(());
        }
        match unless_bad(call.question.read(answer, &place))? {
            Ok(reply) => {
                if let Reply::Metadata(told) = &reply {
                    self.metadata.learn(told);
                    self.drop_unknown_links(turn);
                }
                self.finish(turn, id, Ok(reply));
            }
            Err(why) => self.fail(turn, id, why),
        }
        Ok(())
    }

    fn on_outcome(&mut self, turn: &mut Turn<'_>, id: CallId, outcome: Outcome) {
        let Some(call) = self.calls.get_mut(id) else { return };
        match (outcome, &mut call.parcel) {
            (Outcome::Kept(produced), _) => self.finish(turn, id, Ok(Reply::Produce(produced))),
            (Outcome::Refused(why), _) => self.finish(turn, id, Err(why)),
            (Outcome::Again(why), _) => {
                if let Question::Produce(new) = &call.question {
                    self.metadata.forget(&new.topic);
                }
                self.rest(turn, id, why);
            }
            (Outcome::Restamped(why), parcel) => {
                parcel.iter_mut().for_each(|parcel| self.idempotence.end_epoch(parcel));
                self.rest(turn, id, why);
            }
            (Outcome::Fenced(why), parcel) => {
                parcel.iter_mut().for_each(|parcel| self.idempotence.end_identity(parcel));
                self.finish(turn, id, Err(why));
            }
        }
    }

    /// The connection said what it should not: it ends, and whom that was meant for hears of it.
    fn on_bad_answer(&mut self, turn: &mut Turn<'_>, id: ConnectionId, purpose: Purpose, why: ClientError) {
        let lost = self.links.close(turn, id, why.clone());
        match purpose {
            Purpose::Call(call) => self.finish(turn, call, Err(why)),
            Purpose::Metadata => self.metadata.on_lost(turn),
            // Another broker may know how to say it.
            Purpose::ProducerId => self.idempotence.on_lost(turn, ClientError::Disconnected),
            Purpose::Handshake | Purpose::Abandoned => {}
        }
        self.on_lost(turn, lost);
    }

    /// Answers that will not come.
    fn on_lost(&mut self, turn: &mut Turn<'_>, lost: Vec<Purpose>) {
        for purpose in lost {
            match purpose {
                Purpose::Call(id) => self.fail(turn, id, ClientError::Disconnected),
                Purpose::Metadata => self.metadata.on_lost(turn),
                Purpose::ProducerId => self.idempotence.on_lost(turn, ClientError::Disconnected),
                Purpose::Handshake | Purpose::Abandoned => {}
            }
        }
    }

    pub fn expire(&mut self, turn: &mut Turn<'_>) {
        let lost = self.links.expire(turn);
        self.on_lost(turn, lost);
        for id in self.calls.due(turn.now.monotonic) {
            let problem = self.calls.get(id).and_then(|call| call.problem.clone());
            let why = problem.or_else(|| self.links.trouble.clone());
            self.give_up(turn, id, ClientError::TimedOut(why.map(Box::new)));
        }
    }

    /// Brokers that moved or left are not talked to any more.
    fn drop_unknown_links(&mut self, turn: &mut Turn<'_>) {
        let known: SortedSet<Address> = self.metadata.addresses().chain(&turn.options.bootstrap).cloned().collect();
        let lost = self.links.retain(turn, &known);
        self.on_lost(turn, lost);
    }
}

/// Tells an answer that does not decode from one that says an error.
fn unless_bad<T>(result: Result<T, ClientError>) -> Result<Result<T, ClientError>, ClientError> {
    match result {
        Err(why @ ClientError::BadAnswer(_)) => Err(why),
        result => Ok(result),
    }
}
