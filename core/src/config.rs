//! Kafka's configuration names as typed tables. One row gives the field, the check of a new value, DescribeConfigs
//! and the form on the page. A row we do not honour is absent, never silently accepted.

pub mod batch;
pub mod broker;
pub mod topic;
pub mod value;

pub use broker::BrokerConfig;
pub use topic::TopicConfig;

/// One row of a table.
#[derive(Debug)]
pub struct ConfigRow<C> {
    pub name: &'static str,
    /// The value's kind, as DescribeConfigs names it.
    pub kind: value::Kind,
    /// Whether it may change while the broker runs.
    pub dynamic: bool,
    pub default: &'static str,
    pub doc: &'static str,
    pub(crate) set: fn(&mut C, &str) -> Result<(), String>,
    pub(crate) get: fn(&C) -> String,
}

/// A name we do not know, or a value the row does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    UnknownName(String),
    InvalidValue { name: &'static str, why: String },
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownName(name) => write!(f, "unknown config `{name}`"),
            Self::InvalidValue { name, why } => write!(f, "{name}: {why}"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Declares a table: `field: Type = "kafka.name", dynamic?, "default", in range?;` with a doc line above each row.
macro_rules! configs {
    ($config:ident; $($(#[doc = $doc:literal])* $field:ident: $kind:ty = $name:literal, $dynamic:literal, $default:literal $(, $check:expr)?;)*) => {
        #[derive(Clone, Debug, PartialEq)]
        pub struct $config { $($(#[doc = $doc])* pub $field: $kind,)* }

        impl $config {
            pub const ROWS: &[$crate::config::ConfigRow<Self>] = &[$($crate::config::ConfigRow {
                name: $name,
                kind: <$kind as $crate::config::value::Value>::KIND,
                dynamic: $dynamic,
                default: $default,
                doc: concat!($($doc),*),
                set: |config, text| {
                    let value = <$kind as $crate::config::value::Value>::parse(text)?;
                    $(let check: fn(&$kind) -> Result<(), String> = $check; check(&value)?;)?
                    config.$field = value;
                    Ok(())
                },
                get: |config| $crate::config::value::Value::print(&config.$field),
            },)*];

            pub fn row(name: &str) -> Option<&'static $crate::config::ConfigRow<Self>> {
                Self::ROWS.iter().find(|row| row.name == name)
            }

            pub fn set(&mut self, name: &str, text: &str) -> Result<(), $crate::config::ConfigError> {
                let row = Self::row(name).ok_or_else(|| $crate::config::ConfigError::UnknownName(name.to_owned()))?;
                (row.set)(self, text).map_err(|why| $crate::config::ConfigError::InvalidValue { name: row.name, why })
            }

            pub fn get(&self, name: &str) -> Option<String> {
                Self::row(name).map(|row| (row.get)(self))
            }
        }

        impl Default for $config {
            fn default() -> Self {
                Self { $($field: <$kind as $crate::config::value::Value>::parse($default).expect($name),)* }
            }
        }
    };
}
pub(crate) use configs;
