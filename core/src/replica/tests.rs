//! Partitions over their log dir, through every end that a broker can come to.

mod broker;
mod crash;
mod damage;
mod errors;
mod model;
mod script;
