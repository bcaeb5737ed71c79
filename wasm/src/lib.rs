//! Ottla in a tab: the core's storage on IndexedDB.

pub mod idb;
