//! A client against a broker that follows a script.

mod failures;
mod hostile;
mod metadata;
mod produce;
mod questions;
mod stage;
