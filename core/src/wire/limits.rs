//! How much a peer may cost. Kafka's own settings bound frames and queues; these bound what it leaves open.

use kafka_wire_core::DecodeLimits;

/// Partitions, topics or other elements of one array of a request.
pub const ARRAY_ELEMENTS_MAX: usize = 100_000;
/// Topics and partitions of one Produce, counted together: each costs more in memory than its bytes on the wire.
pub const PRODUCE_ELEMENTS_MAX: u32 = 100_000;
/// A frame that carries no records. 100,000 partitions fit into a third of it.
pub const PLAIN_FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Kafka's own bound of a classic string.
pub const STRING_BYTES_MAX: usize = i16::MAX as usize;
/// Unknown tagged fields of one structure: none is known to be sent by anyone.
pub const TAGGED_FIELDS_MAX: usize = 64;
pub const TAGGED_BYTES_MAX: usize = 64 * 1024;

/// What a request may claim. A count never makes anything larger than the elements that are really there.
pub fn decode_limits(frame_bytes_max: usize) -> DecodeLimits {
    let mut limits = DecodeLimits::default();
    limits.max_frame_bytes = frame_bytes_max;
    limits.max_string_bytes = STRING_BYTES_MAX;
    limits.max_bytes_bytes = frame_bytes_max;
    limits.max_array_elements = ARRAY_ELEMENTS_MAX;
    limits.max_tagged_fields = TAGGED_FIELDS_MAX;
    limits.max_tag_bytes = TAGGED_BYTES_MAX;
    limits.max_total_tag_bytes = TAGGED_BYTES_MAX;
    limits
}
