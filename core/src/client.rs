//! The smallest client: connection, metadata, produce, fetch by partition.
