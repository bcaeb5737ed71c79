//! The smallest client: connections, metadata, produce, fetch by partition, and what a page's administrator asks.
//!
//! ```text
//! Ask ──> calls ──────────────> links ──> connection ──> the broker
//!           │  who leads?         ^
//!           ├──> metadata ────────┤        an answer, or the loss of it, goes back the same way: to the application,
//!           └──> idempotence ─────┘        or to `calls` once more after a rest, until the call's time is over
//!                which producer, which sequence?
//! ```
//! Every call is answered exactly once. What a broker sends is never trusted: anything that is not the answer due ends
//! its connection, and what it says is bounded by `wire::limits` and by `ClientOptions`.
//!
//! Differs from the Java clients
//! - One client does what producer, consumer and admin do there, on connections of its own for each.
//! - A Produce is one batch, sent at once; there is no linger, and one batch of a partition is under way at a time.
//! - Neither Produce nor Fetch creates a topic (`allow.auto.create.topics` is off); a Metadata with `create` does.
//! - A Fetch has no session, and reads what is not committed too.
//! - Addresses are dialled as they come; `bootstrap` is asked whenever no known broker can be reached.

mod admin;
mod calls;
mod connection;
mod dispatch;
mod fetch;
mod idempotence;
mod inbound;
mod links;
pub(crate) mod message;
mod metadata;
mod outbound;
mod produce;
mod state;
mod turn;

pub mod error;
pub mod options;
pub mod question;
pub mod reply;

pub use error::ClientError;
pub use options::ClientOptions;
pub use question::{CallId, Question};
pub use reply::Reply;

use state::State;
use turn::Turn;

use crate::{
    effect::{Effect, Input},
    machine::Machine,
    rng::Rng,
    time::{Instant, Now},
    wire::limits,
};

/// What the application asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCall {
    /// Answered exactly once.
    Ask { call: CallId, question: Question },
    /// The call is answered with `Cancelled`, unless it has been answered. What it asked may happen all the same.
    Cancel { call: CallId },
}

/// What the application is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAnswer {
    pub call: CallId,
    pub result: Result<Reply, ClientError>,
}

/// A client of one cluster.
#[derive(Clone, Debug)]
pub struct Client {
    options: ClientOptions,
    rng: Rng,
    state: State,
    /// Only a turn changes it.
    deadline: Option<Instant>,
}

impl Client {
    pub fn new(options: ClientOptions) -> Self {
        assert!(options.client_id.len() <= limits::STRING_BYTES_MAX, "client.id is longer than a request can say");
        let rng = Rng::new(options.seed);
        Self { options, rng, state: State::default(), deadline: None }
    }

    /// Calls that are not answered.
    pub fn unanswered(&self) -> u32 {
        self.state.unanswered()
    }
}

impl Machine for Client {
    type Call = ClientCall;
    type Answer = ClientAnswer;

    fn handle(&mut self, now: Now, input: Input<ClientCall>, effects: &mut Vec<Effect<ClientAnswer>>) {
        let turn = &mut Turn { now, options: &self.options, rng: &mut self.rng, effects, wake: None };
        let state = &mut self.state;
        match input {
            Input::Call(ClientCall::Ask { call, question }) => state.on_ask(turn, call, question),
            Input::Call(ClientCall::Cancel { call }) => state.give_up(turn, call, ClientError::Cancelled),
            Input::Dialled { dial, connection } => state.on_dialled(turn, dial, connection),
            Input::DialFailed { dial, why } => state.on_dial_failed(turn, dial, why),
            Input::Bytes { connection, bytes } => state.on_bytes(turn, connection, bytes),
            Input::Closed { connection } => state.on_closed(turn, connection),
            // A client listens nowhere.
            Input::Opened { connection, .. } => turn.effects.push(Effect::Close { connection }),
            // And it keeps nothing.
            Input::Committed { .. } | Input::Failed { .. } | Input::Loaded { .. } | Input::Listed { .. } => {}
            Input::Tick => {}
        }
        state.expire(turn);
        state.send_what_waits(turn);
        self.deadline = turn.wake.into_iter().chain(state.next_deadline()).min();
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

#[cfg(test)]
mod tests;
