//! A broker process on loopback.

mod clock;
mod connection;
mod serve;
mod transport;

pub use clock::PlatformClock;
pub use serve::{Door, Served};
pub use transport::TcpTransport;
