//! Why a question has no answer.

use std::fmt;

use crate::{error::ErrorCode, record::BatchError, wire::Api};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// The broker's answer, and its words if it had some.
    Kafka(ErrorCode, Option<String>),
    /// The call's time is over. What kept it from being answered, where something did.
    TimedOut(Option<Box<ClientError>>),
    /// The connection went away, or the broker said nothing for too long. Only ever the reason of `TimedOut`.
    Disconnected,
    /// No connection could be had; the platform's own words. Only ever the reason of `TimedOut`.
    Unreachable(String),
    /// By the application. What was asked may have happened.
    Cancelled,
    /// A record or a batch over `max.request.size`.
    TooLarge { bytes: u64, bytes_max: u64 },
    /// Calls or bytes that wait are at their bound. Nothing was sent.
    Full,
    /// The question cannot be asked as it is; why not.
    Invalid(&'static str),
    /// No version of the API that both sides know can carry the question.
    Unsupported(Api),
    /// The answer does not decode, or does not answer what was asked.
    BadAnswer(Api),
    /// A batch of the answer is damaged.
    Corrupt(BatchError),
}

impl ClientError {
    /// Whether asking again may help.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Kafka(error, _) => error.is_retriable(),
            Self::TimedOut(_) | Self::Disconnected | Self::Unreachable(_) | Self::Full => true,
            _ => false,
        }
    }

    /// Of a number in an answer. `None` for 0. Numbers of Kafkas to come are UNKNOWN_SERVER_ERROR, as in the Java client.
    pub(super) fn from_answer(code: i16, message: Option<&str>) -> Option<Self> {
        if code == 0 {
            return None;
        }
        let message = message.filter(|message| !message.is_empty()).map(str::to_owned);
        Some(match ErrorCode::from_code(code) {
            Some(error) => Self::Kafka(error, message),
            None => Self::Kafka(
                ErrorCode::UnknownServerError,
                Some(format!("error {code}: {}", message.as_deref().unwrap_or("unknown here"))),
            ),
        })
    }

    /// Kafka's name of its error, or a word of our own.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kafka(error, _) => error.name(),
            Self::TimedOut(Some(why)) if matches!(**why, Self::Kafka(..)) => why.name(),
            Self::TimedOut(_) => "REQUEST_TIMED_OUT",
            Self::Disconnected | Self::Unreachable(_) => "NETWORK_EXCEPTION",
            Self::Cancelled => "aborted",
            Self::TooLarge { .. } => "MESSAGE_TOO_LARGE",
            Self::Full => "full",
            Self::Invalid(_) => "INVALID_REQUEST",
            Self::Unsupported(_) => "UNSUPPORTED_VERSION",
            Self::BadAnswer(_) => "UNKNOWN_SERVER_ERROR",
            Self::Corrupt(_) => "CORRUPT_MESSAGE",
        }
    }

    /// The broker's error, of this one or of what made it time out.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Kafka(error, _) => Some(*error),
            Self::TimedOut(Some(why)) => why.code(),
            _ => None,
        }
    }
}

impl From<ErrorCode> for ClientError {
    fn from(error: ErrorCode) -> Self {
        Self::Kafka(error, None)
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kafka(error, None) => error.fmt(f),
            Self::Kafka(error, Some(message)) => write!(f, "{error}: {message}"),
            Self::TimedOut(None) => f.write_str("timed out"),
            Self::TimedOut(Some(why)) => write!(f, "timed out: {why}"),
            Self::Disconnected => f.write_str("the broker's connection was lost"),
            Self::Unreachable(why) => write!(f, "the broker cannot be reached: {why}"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::TooLarge { bytes, bytes_max } => {
                write!(f, "{bytes} bytes are more than max.request.size, which is {bytes_max}")
            }
            Self::Full => f.write_str("too much is waiting to be sent"),
            Self::Invalid(why) => f.write_str(why),
            Self::Unsupported(api) => write!(f, "the broker has no version of {} that can ask this", api.name()),
            Self::BadAnswer(api) => write!(f, "the broker's answer to {} cannot be read", api.name()),
            Self::Corrupt(why) => write!(f, "a record batch is damaged: {why}"),
        }
    }
}

impl std::error::Error for ClientError {}
