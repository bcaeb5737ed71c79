//! What a promise is rejected with.

use ottla_core::{
    client::ClientError,
    config::ConfigError,
    effect::{StorageError, StorageErrorKind},
    error::{ErrorCode, Fatal},
};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::value::to_js;

/// The fields of the page's `OttlaError`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// A word of our own, or Kafka's name of its code.
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_code: Option<i16>,
    /// Whether asking again may help.
    pub retriable: bool,
    /// The words of whoever refused, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Refusal {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, kafka_code: None, retriable: false, detail: Some(detail.into()) }
    }

    pub fn closed() -> Self {
        Self::new("closed", "the cluster has ended")
    }

    pub fn kafka(error: ErrorCode, detail: Option<String>) -> Self {
        let (code, retriable) = (error.name(), error.is_retriable());
        Self { code, kafka_code: Some(error.code()), retriable, detail }
    }

    /// What the caller gave is not what the call takes.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::kafka(ErrorCode::InvalidRequest, Some(detail.into()))
    }

    /// Storage that cannot be opened.
    pub fn of_opening(why: StorageError) -> Self {
        let code = match why.kind {
            StorageErrorKind::TimedOut => "in-use",
            StorageErrorKind::Missing => "cannot-open",
            _ if why.detail.contains("later version") => "cannot-open",
            _ => "no-storage",
        };
        Self::new(code, why.detail)
    }
}

impl From<ClientError> for Refusal {
    fn from(why: ClientError) -> Self {
        let detail = why.to_string();
        let retriable = why.is_retriable();
        match why {
            ClientError::Kafka(error, words) => Self::kafka(error, words),
            // What kept it from being answered says more than that time is over.
            ClientError::TimedOut(Some(reason)) if matches!(*reason, ClientError::Kafka(..)) => (*reason).into(),
            ClientError::TimedOut(_) => Self::kafka(ErrorCode::RequestTimedOut, Some(detail)),
            ClientError::Disconnected | ClientError::Unreachable(_) => {
                Self::kafka(ErrorCode::NetworkException, Some(detail))
            }
            ClientError::Cancelled => Self::new("aborted", detail),
            ClientError::TooLarge { .. } => Self::kafka(ErrorCode::MessageTooLarge, Some(detail)),
            ClientError::Full => Self { retriable, ..Self::new("full", detail) },
            ClientError::Invalid(_) => Self::invalid(detail),
            ClientError::Unsupported(_) => Self::kafka(ErrorCode::UnsupportedVersion, Some(detail)),
            ClientError::BadAnswer(_) => Self::kafka(ErrorCode::UnknownServerError, Some(detail)),
            ClientError::Corrupt(_) => Self::kafka(ErrorCode::CorruptMessage, Some(detail)),
        }
    }
}

impl From<StorageError> for Refusal {
    fn from(why: StorageError) -> Self {
        Self::kafka(ErrorCode::KafkaStorageError, Some(why.detail))
    }
}

impl From<ConfigError> for Refusal {
    fn from(why: ConfigError) -> Self {
        Self::kafka(ErrorCode::InvalidConfig, Some(why.to_string()))
    }
}

impl From<Fatal> for Refusal {
    fn from(why: Fatal) -> Self {
        Self::new("cannot-open", why.to_string())
    }
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        to_js(&refusal)
    }
}
