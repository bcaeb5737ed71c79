//! All that a client knows, and the life of a call: asked, admitted, waiting, answered once.

use super::{
    CallId, ClientError, Question, Reply,
    calls::{Call, Calls},
    dispatch::Target,
    idempotence::{Idempotence, Parcel},
    links::Links,
    metadata::Metadata,
    produce,
    turn::Turn,
};
use crate::time::Instant;

/// The ways in are in `inbound`, the ways out in `outbound`.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub calls: Calls,
    pub links: Links,
    pub metadata: Metadata,
    pub idempotence: Idempotence,
}

impl State {
    pub fn unanswered(&self) -> u32 {
        self.calls.len()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        [self.calls.next_deadline(), self.links.next_deadline()].into_iter().flatten().min()
    }

    pub fn on_ask(&mut self, turn: &mut Turn<'_>, id: CallId, mut question: Question) {
        let parcel = match self.admit(turn, &mut question) {
            Ok(parcel) => parcel,
            Err(why) => return turn.answer(id, Err(why)),
        };
        let time = match &question {
            Question::Produce(_) => turn.options.delivery_timeout,
            Question::Fetch(from) => turn.options.api_timeout.saturating_add(from.wait),
            _ => turn.options.api_timeout,
        };
        let lane = self.calls.lane_of(&question);
        let is_first = match &question {
            Question::Produce(new) => self.idempotence.enqueue((new.topic.clone(), new.partition), id),
            _ => true,
        };
        let (deadline, from) = (turn.now.monotonic + time, turn.now.monotonic);
        self.calls.insert(id, Call { question, parcel, lane, deadline, from, failures: 0, problem: None, sent: None });
        if is_first {
            self.calls.wait(id);
        }
    }

    /// Whether there is room for the call, and its records as a batch.
    fn admit(&self, turn: &Turn<'_>, question: &mut Question) -> Result<Option<Parcel>, ClientError> {
        question.check()?;
        if self.calls.len() >= turn.options.calls_max {
            return Err(ClientError::Full);
        }
        let Question::Produce(new) = question else { return Ok(None) };
        let room = turn.options.buffer_bytes_max.saturating_sub(self.calls.parcel_bytes());
        if new.records.iter().map(produce::record_bytes).sum::<u64>() > room {
            return Err(ClientError::Full);
        }
        let batch = produce::build(turn.options, turn.now.wall, new)?;
        new.records = Vec::new();
        Ok(Some(Parcel::new(batch)))
    }

    /// Answers a call that has not been answered, whatever becomes of what was sent.
    pub fn give_up(&mut self, turn: &mut Turn<'_>, id: CallId, why: ClientError) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Some((connection, _)) = call.sent.take() {
            self.links.abandon(turn, connection, id);
        }
        self.finish(turn, id, Err(why));
    }

    pub fn finish(&mut self, turn: &mut Turn<'_>, id: CallId, result: Result<Reply, ClientError>) {
        let Some(mut call) = self.calls.remove(id) else { return };
        if let (Err(_), Some(parcel)) = (&result, &mut call.parcel) {
            self.idempotence.end_epoch(parcel);
        }
        if let Question::Produce(new) = &call.question {
            let partition = (new.topic.clone(), new.partition);
            let next = self.idempotence.dequeue(&partition, id);
            next.into_iter().for_each(|next| self.calls.wait(next));
        }
        for topic in call.question.changed_topics() {
            self.metadata.forget(topic);
        }
        turn.answer(id, result);
    }

    /// What was asked did not reach who should answer it, or he said that it may work later. What is known of him is
    /// forgotten.
    pub fn fail(&mut self, turn: &mut Turn<'_>, id: CallId, why: ClientError) {
        let Some(call) = self.calls.get(id) else { return };
        match call.question.target() {
            Target::Leader(topic, _) => self.metadata.forget(topic),
            Target::Controller => self.metadata.forget_controller(),
            Target::Any | Target::Broker(_) => {}
        }
        self.rest_or_finish(turn, id, why);
    }

    pub fn rest_or_finish(&mut self, turn: &mut Turn<'_>, id: CallId, why: ClientError) {
        match self.calls.get(id).is_some_and(|call| call.question.is_asked_again(&why)) {
            true => self.rest(turn, id, why),
            false => self.finish(turn, id, Err(why)),
        }
    }

    /// The call is asked again after a while.
    pub fn rest(&mut self, turn: &mut Turn<'_>, id: CallId, why: ClientError) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.sent = None;
        call.failures = call.failures.saturating_add(1);
        call.from = turn.retry_at(call.failures);
        call.problem = Some(why);
        self.calls.wait(id);
    }
}
