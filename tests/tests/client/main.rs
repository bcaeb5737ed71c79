//! The client of `core` and the broker of `core` together.

mod over_tcp;
mod under_faults;
mod world;
