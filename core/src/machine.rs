//! The one interface of everything that lives here: an input in, effects out, nothing else happens.

use std::fmt::Debug;

use crate::{
    effect::{Effect, Input},
    time::{Instant, Now},
};

/// A broker process or a client, as a value.
///
/// A turn never returns half done: waiting is a row in the state, never a suspended call. That is what lets a
/// machine be cloned, so that time can be rewound and forked.
pub trait Machine: Clone {
    /// What the application asks: a client's send and poll, an operator's stop.
    type Call: Debug;
    /// What the application is told.
    type Answer: Debug;

    fn handle(&mut self, now: Now, input: Input<Self::Call>, effects: &mut Vec<Effect<Self::Answer>>);

    /// When the machine wants a `Tick`, if ever. A tick at or after it makes it later or none.
    fn next_deadline(&self) -> Option<Instant>;
}
