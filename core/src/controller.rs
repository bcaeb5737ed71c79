//! Who decides what topics there are. Until the metadata quorum exists: one document of this broker's own.

pub mod catalog;

pub use catalog::{Catalog, Change, ConfigEdit, ConfigOperation, NewTopic, Refused, Topic};
