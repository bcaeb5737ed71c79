//! Apache Kafka and our broker are asked the same, in every version, and must say the same.
//!
//! What may differ is settled in the test that meets it, beside the name of the difference in the API's file.

mod both;
mod configs;
mod fetch;
mod frames;
mod metadata;
mod offsets;
mod produce;
mod records;
mod show;
mod side;
mod topics;

pub use both::{Both, compare};
pub use side::{Ask, Outcome, Side};

/// A message with some of its fields set. The messages can grow fields, so that they cannot be written in one go.
pub fn with<M: Default>(set: impl FnOnce(&mut M)) -> M {
    let mut message = M::default();
    set(&mut message);
    message
}
