//! Quotas of users, clients and addresses are set and taken back (`ClientQuotaControlManager`).

use std::{net::IpAddr, sync::Arc};

use super::{Controller, Decision, catalog::Refused, draft::Draft, image::QuotaSubject};
use crate::{
    error::ErrorCode,
    record::internal::{
        field::Float64,
        metadata::{ClientQuotaRecord, MetadataRecord, QuotaEntity},
    },
    sorted::SortedSet,
};

/// Subjects with quotas at most. Kafka has no such bound.
const SUBJECTS_MAX: usize = 10_000;

/// One value of a subject; `None` takes it back.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaEdit {
    pub key: String,
    pub value: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct QuotaAlteration {
    /// Each kind once; the caller refuses others.
    pub subject: QuotaSubject,
    pub edits: Vec<QuotaEdit>,
}

impl<A> Controller<A> {
    /// AlterClientQuotas: each subject is altered or refused for itself, in the order asked.
    ///
    /// # Errors
    /// `InvalidRequest` of one subject; `PolicyViolation` where there are too many.
    pub fn alter_client_quotas(
        &self,
        alterations: &[QuotaAlteration],
        validate_only: bool,
    ) -> Decision<Vec<Result<(), Refused>>> {
        let mut draft = self.draft();
        let results = alterations.iter().map(|alteration| draft.alter_quota(alteration)).collect();
        if validate_only { Decision::reply(results) } else { draft.atomic(results) }
    }
}

impl Draft<'_> {
    fn alter_quota(&mut self, alteration: &QuotaAlteration) -> Result<(), Refused> {
        let QuotaAlteration { subject, edits } = alteration;
        let invalid = |why: String| Refused::new(ErrorCode::InvalidRequest, why);
        let keys = keys_of(subject).map_err(invalid)?;
        let mut seen = SortedSet::new();
        for edit in edits {
            if !seen.insert(&edit.key) {
                return Err(invalid(format!("Duplicate quota key {}", edit.key)));
            }
            if let Some(value) = edit.value {
                check_value(keys, &edit.key, value).map_err(invalid)?;
            }
        }
        let has_room = self.image.quotas().get(subject).is_some() || self.image.quotas().len() < SUBJECTS_MAX;
        if !has_room {
            let why = format!("This cluster holds quotas of at most {SUBJECTS_MAX} entities.");
            return Err(Refused::new(ErrorCode::PolicyViolation, why));
        }
        self.check_batch(edits.len())?;
        let part = |(kind, name): (&Arc<str>, &Option<Arc<str>>)| QuotaEntity {
            entity_type: Arc::clone(kind),
            entity_name: name.clone(),
        };
        let entity: Vec<QuotaEntity> = subject.iter().map(part).collect();
        for edit in edits {
            let value = edit.value.map(Float64::new);
            let current = self.image.quotas().get(subject).and_then(|values| values.get(edit.key.as_str())).copied();
            if value != current {
                self.push(MetadataRecord::ClientQuota(ClientQuotaRecord {
                    entity: entity.clone(),
                    key: edit.key.as_str().into(),
                    value: value.unwrap_or_default(),
                    remove: value.is_none(),
                }));
            }
        }
        Ok(())
    }
}

/// The largest value that a quota takes, and whether it may be a fraction.
#[derive(Clone, Copy)]
enum Range {
    Int,
    Long,
    Double,
}

type Keys = &'static [(&'static str, Range)];

const OF_ADDRESSES: Keys = &[("connection_creation_rate", Range::Int)];
const OF_CLIENTS: Keys = &[
    ("producer_byte_rate", Range::Long),
    ("consumer_byte_rate", Range::Long),
    ("request_percentage", Range::Double),
    ("controller_mutation_rate", Range::Double),
];

fn keys_of(subject: &QuotaSubject) -> Result<Keys, String> {
    let is_known = |kind: &&Arc<str>| matches!(&***kind, "user" | "client-id" | "ip");
    if let Some(kind) = subject.keys().find(|kind| !is_known(kind)) {
        return Err(format!("Unhandled client quota entity type: {kind}"));
    }
    if let Some(kind) = subject.iter().find(|(_, name)| name.as_deref() == Some("")).map(|(kind, _)| kind) {
        return Err(format!("Empty {kind} not supported"));
    }
    let Some(address) = subject.get("ip") else {
        return if subject.is_empty() { Err("Invalid empty client quota entity".to_owned()) } else { Ok(OF_CLIENTS) };
    };
    if subject.len() > 1 {
        return Err(
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId".to_owned()
        );
    }
    // Names of hosts are not looked up: the core knows no network.
    match address.as_deref().filter(|address| address.parse::<IpAddr>().is_err()) {
        Some(address) => Err(format!("{address} is not a valid IP or resolvable host.")),
        None => Ok(OF_ADDRESSES),
    }
}

fn check_value(keys: Keys, key: &str, value: f64) -> Result<(), String> {
    let Some((_, range)) = keys.iter().find(|(name, _)| *name == key) else {
        return Err(format!("Invalid configuration key {key}"));
    };
    // What is not a number is not greater than 0 either.
    if value.is_nan() || value <= 0.0 {
        return Err(format!("Quota {key} must be greater than 0"));
    }
    let (largest, kind) = match range {
        Range::Double => return Ok(()),
        Range::Int => (f64::from(i32::MAX), "an INT"),
        Range::Long => (i64::MAX as f64, "a LONG"),
    };
    if value > largest {
        return Err(format!("Proposed value for {key} is too large for {kind}."));
    }
    if (value % 1.0).abs() > 1e-6 {
        return Err(format!("{key} cannot be a fractional value."));
    }
    Ok(())
}
