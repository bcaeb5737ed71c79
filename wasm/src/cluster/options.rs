//! What a cluster is started with, as the page gives it.

use ottla_core::config::BrokerConfig;
use ottla_js::error::Refusal;
use serde::Deserialize;

use crate::convert::Pairs;

const NAME_BYTES_MAX: usize = 64;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StartOptions {
    pub name: String,
    pub storage: StorageKind,
    pub durability: Durable,
    pub open: Open,
    pub brokers: u32,
    /// Broker configs, by Kafka's names, over the defaults of a tab.
    pub config: Pairs<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    IndexedDb,
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durable {
    Relaxed,
    Strict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Open {
    Exclusive,
    /// Under a name of its own.
    Copy,
    /// In memory, as it stands at the start. The database is never written.
    ReadOnly,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            storage: StorageKind::IndexedDb,
            durability: Durable::Relaxed,
            open: Open::Exclusive,
            brokers: 1,
            config: Pairs::default(),
        }
    }
}

impl StartOptions {
    pub fn check(&self) -> Result<(), Refusal> {
        check_cluster_name(&self.name)?;
        if self.brokers != 1 {
            return Err(Refusal::invalid("a cluster has one broker until there is a metadata quorum"));
        }
        if self.storage == StorageKind::Memory && self.open != Open::Exclusive {
            return Err(Refusal::invalid("a cluster in memory can only be opened as its own"));
        }
        self.broker_config().map(|_| ())
    }

    pub fn broker_config(&self) -> Result<BrokerConfig, Refusal> {
        // All brokers of a tab die together: what is acknowledged is in storage.
        let mut config = BrokerConfig { flush_messages: 1, ..BrokerConfig::default() };
        for (name, value) in &self.config.0 {
            config.set(name, value)?;
        }
        Ok(config)
    }
}

/// 1 to 64 of a–z, 0–9 and `-`.
pub fn check_cluster_name(name: &str) -> Result<(), Refusal> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_letter) {
        return Ok(());
    }
    Err(Refusal::invalid("a cluster's name is 1 to 64 of a-z, 0-9 and `-`"))
}

pub fn database_name(cluster: &str) -> String {
    format!("ottla-{cluster}")
}

/// The name of the `number`th copy.
pub(super) fn copy_name(name: &str, number: u32) -> String {
    let suffix = format!("-copy-{number}");
    format!("{}{suffix}", &name[..name.len().min(NAME_BYTES_MAX - suffix.len())])
}
