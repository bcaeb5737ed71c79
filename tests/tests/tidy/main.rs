//! The rules of the house, held by tests of the tree itself.
//!
//! Each file here holds one kind of rule: a `check` over one source (or over the tree), a test that runs it over everything, and
//! tests that run it over a small bad sample, so that a rule that has gone blind is found out.

mod api_headers;
mod codes;
mod documents;
mod finding;
mod layers;
mod names;
mod places;
mod sizes;
mod sources;
mod trace;
mod words;
