//! The storage contract of `ottla_core::host::Storage`, rule by rule.
