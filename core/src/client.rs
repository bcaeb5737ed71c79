//! The smallest client: connection, metadata, produce, fetch by partition.

pub mod error;
pub mod options;
pub mod question;
pub mod reply;

pub use error::ClientError;
pub use options::ClientOptions;
pub use question::{CallId, Question};
pub use reply::Reply;

/// What the application asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCall {
    /// Answered exactly once.
    Ask { call: CallId, question: Question },
    /// The call is answered with `Cancelled`, unless it has been answered. What it asked may happen all the same.
    Cancel { call: CallId },
}

/// What the application is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAnswer {
    pub call: CallId,
    pub result: Result<Reply, ClientError>,
}
