//! Quotas of users, clients and addresses (KIP-257, KIP-546).

use std::sync::Arc;

use crate::{
    record::internal::{field::Float64, metadata::ClientQuotaRecord},
    sorted::SortedMap,
};

/// Whom a quota is for: `user`, `client-id` or `ip` to a name, or to `None` for whoever has no quota of their own.
pub type QuotaSubject = SortedMap<Arc<str>, Option<Arc<str>>>;

/// One part of a subject.
pub type QuotaPart = (Arc<str>, Option<Arc<str>>);
/// A subject in the order of its parts, which maps themselves have none of.
type Key = Vec<QuotaPart>;
type Values = SortedMap<Arc<str>, Float64>;

/// No subject is there without a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quotas(SortedMap<Key, Values>);

impl Quotas {
    pub fn get(&self, subject: &QuotaSubject) -> Option<&Values> {
        self.0.get(&key(subject))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[QuotaPart], &Values)> {
        self.0.iter().map(|(key, values)| (key.as_slice(), values))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn set(&mut self, record: &ClientQuotaRecord) {
        let parts = record.entity.iter().map(|part| (Arc::clone(&part.entity_type), part.entity_name.clone()));
        let key = key(&parts.collect());
        if !record.remove {
            self.0.entry(key).or_default().insert(Arc::clone(&record.key), record.value);
        } else if let Some(values) = self.0.get_mut(&key) {
            values.remove(&record.key);
            if values.is_empty() {
                self.0.remove(&key);
            }
        }
    }
}

fn key(subject: &QuotaSubject) -> Key {
    subject.iter().map(|(kind, name)| (Arc::clone(kind), name.clone())).collect()
}
