//! Who may, or may not, do what (`AclControlManager`). The numbers are those of Kafka's enumerations in
//! `org.apache.kafka.common.acl` and `org.apache.kafka.common.resource`.

use std::sync::Arc;

use super::{Controller, Decision, catalog::Refused, draft::Draft};
use crate::{
    error::ErrorCode,
    ids::AccessControlEntryId,
    record::internal::metadata::{AccessControlEntryRecord, MetadataRecord, RemoveAccessControlEntryRecord},
    rng::Rng,
};

/// Entries at most. Kafka has no such bound.
const ENTRIES_MAX: usize = 10_000;

const ANY: i8 = 1;
const PATTERN_MATCH: i8 = 2;
const LITERAL: i8 = 3;
const PREFIXED: i8 = 4;
/// The name that a literal pattern of all resources has.
const WILDCARD: &str = "*";

/// One entry, without the name that it is kept under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessControlRule {
    pub resource_type: i8,
    pub resource_name: Arc<str>,
    pub pattern_type: i8,
    pub principal: Arc<str>,
    pub host: Arc<str>,
    pub operation: i8,
    pub permission_type: i8,
}

/// Which entries are meant; 1 and `None` mean any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessControlFilter {
    pub resource_type: i8,
    pub resource_name: Option<Arc<str>>,
    /// 2: every pattern that the name falls under.
    pub pattern_type: i8,
    pub principal: Option<Arc<str>>,
    pub host: Option<Arc<str>>,
    pub operation: i8,
    pub permission_type: i8,
}

impl<A> Controller<A> {
    /// CreateAcls: each entry is created or refused for itself, in the order asked. One that is there stays.
    ///
    /// # Errors
    /// `InvalidRequest` of one entry; `PolicyViolation` where there are too many.
    pub fn create_acls(&self, rng: &mut Rng, rules: &[AccessControlRule]) -> Decision<Vec<Result<(), Refused>>> {
        let mut draft = self.draft();
        let results = rules.iter().map(|rule| draft.create_acl(rng, rule)).collect();
        draft.atomic(results)
    }

    /// DeleteAcls: gives the entries that each filter took, in the order asked.
    ///
    /// # Errors
    /// `InvalidRequest` of one filter.
    pub fn delete_acls(
        &self,
        filters: &[AccessControlFilter],
    ) -> Decision<Vec<Result<Vec<AccessControlRule>, Refused>>> {
        let mut draft = self.draft();
        let results = filters.iter().map(|filter| draft.delete_acls(filter)).collect();
        draft.atomic(results)
    }
}

impl Draft<'_> {
    fn create_acl(&mut self, rng: &mut Rng, rule: &AccessControlRule) -> Result<(), Refused> {
        check_rule(rule)?;
        let entries = self.image.access_control_entries();
        if entries.values().any(|entry| of_entry(entry) == *rule) {
            return Ok(());
        }
        if entries.len() >= ENTRIES_MAX {
            let why = format!("This cluster holds at most {ENTRIES_MAX} access control entries.");
            return Err(Refused::new(ErrorCode::PolicyViolation, why));
        }
        let id = loop {
            let id = AccessControlEntryId(rng.uuid());
            if !entries.contains_key(&id) {
                break id;
            }
        };
        self.check_batch(1)?;
        let rule = rule.clone();
        self.push(MetadataRecord::AccessControlEntry(AccessControlEntryRecord {
            id,
            resource_type: rule.resource_type,
            resource_name: rule.resource_name,
            pattern_type: rule.pattern_type,
            principal: rule.principal,
            host: rule.host,
            operation: rule.operation,
            permission_type: rule.permission_type,
        }));
        Ok(())
    }

    fn delete_acls(&mut self, filter: &AccessControlFilter) -> Result<Vec<AccessControlRule>, Refused> {
        check_filter(filter)?;
        let entries = self.image.access_control_entries().values();
        let meant: Vec<_> =
            entries.map(|entry| (entry.id, of_entry(entry))).filter(|(_, rule)| filter.is_met_by(rule)).collect();
        self.check_batch(meant.len())?;
        for (id, _) in &meant {
            let record = RemoveAccessControlEntryRecord { id: *id };
            self.push(MetadataRecord::RemoveAccessControlEntry(record));
        }
        Ok(meant.into_iter().map(|(_, rule)| rule).collect())
    }
}

impl AccessControlFilter {
    pub fn is_met_by(&self, rule: &AccessControlRule) -> bool {
        let is_number = |wanted: i8, own: i8| wanted == ANY || wanted == own;
        let is_text = |wanted: &Option<Arc<str>>, own: &Arc<str>| wanted.as_ref().is_none_or(|wanted| wanted == own);
        is_number(self.resource_type, rule.resource_type)
            && is_text(&self.principal, &rule.principal)
            && is_text(&self.host, &rule.host)
            && is_number(self.operation, rule.operation)
            && is_number(self.permission_type, rule.permission_type)
            && self.is_name_met_by(rule)
    }

    fn is_name_met_by(&self, rule: &AccessControlRule) -> bool {
        if !matches!(self.pattern_type, ANY | PATTERN_MATCH) && self.pattern_type != rule.pattern_type {
            return false;
        }
        let Some(name) = &self.resource_name else { return true };
        if self.pattern_type != PATTERN_MATCH {
            return *name == rule.resource_name;
        }
        match rule.pattern_type {
            LITERAL => *name == rule.resource_name || &*rule.resource_name == WILDCARD,
            PREFIXED => name.starts_with(&*rule.resource_name),
            _ => false,
        }
    }
}

fn of_entry(entry: &AccessControlEntryRecord) -> AccessControlRule {
    AccessControlRule {
        resource_type: entry.resource_type,
        resource_name: Arc::clone(&entry.resource_name),
        pattern_type: entry.pattern_type,
        principal: Arc::clone(&entry.principal),
        host: Arc::clone(&entry.host),
        operation: entry.operation,
        permission_type: entry.permission_type,
    }
}

/// The highest number of each enumeration: USER, DESCRIBE_TOKENS... what lies above is unknown, as 0 is.
const RESOURCE_TYPE_MAX: i8 = 7;
const OPERATION_MAX: i8 = 15;
const PERMISSION_TYPE_MAX: i8 = 3;

fn check_rule(rule: &AccessControlRule) -> Result<(), Refused> {
    let is_one = |number: i8, largest: i8| (ANY + 1..=largest).contains(&number);
    let refuse = |why: String| Err(Refused::new(ErrorCode::InvalidRequest, why));
    if !is_one(rule.resource_type, RESOURCE_TYPE_MAX) {
        return refuse(format!("Invalid resourceType {}", rule.resource_type));
    }
    if !matches!(rule.pattern_type, LITERAL | PREFIXED) {
        return refuse(format!("Invalid patternType {}", rule.pattern_type));
    }
    if !is_one(rule.operation, OPERATION_MAX) {
        return refuse(format!("Invalid operation {}", rule.operation));
    }
    if !is_one(rule.permission_type, PERMISSION_TYPE_MAX) {
        return refuse(format!("Invalid permissionType {}", rule.permission_type));
    }
    if rule.resource_name.is_empty() {
        return refuse("Resource name should not be empty".to_owned());
    }
    Ok(())
}

fn check_filter(filter: &AccessControlFilter) -> Result<(), Refused> {
    let is_known = |number: i8, largest: i8| (ANY..=largest).contains(&number);
    if !(is_known(filter.resource_type, RESOURCE_TYPE_MAX) && is_known(filter.pattern_type, PREFIXED)) {
        return Err(Refused::new(ErrorCode::InvalidRequest, "Unknown patternFilter."));
    }
    if !(is_known(filter.operation, OPERATION_MAX) && is_known(filter.permission_type, PERMISSION_TYPE_MAX)) {
        return Err(Refused::new(ErrorCode::InvalidRequest, "Unknown entryFilter."));
    }
    Ok(())
}
