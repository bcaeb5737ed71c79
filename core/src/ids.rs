//! Names of things, as small copyable values. One word per thing, everywhere.

use std::fmt;

/// Position of a record in a partition. Kafka's signed 64 bits; -1 means "none" only on the wire.
pub type Offset = i64;
/// Number of a leader's term for one partition. Starts at 0, only rises.
pub type LeaderEpoch = i32;
/// No log gets there and no broker opens so often: what says more is damaged. Adding to what lies below never overflows.
pub const OFFSET_MAX: Offset = i64::MAX >> 1;
pub const LEADER_EPOCH_MAX: LeaderEpoch = i32::MAX >> 1;
/// Number of one registration of a broker: the offset of its record. Only rises.
pub type BrokerEpoch = i64;
/// How often what the controller keeps of a partition has changed. Starts at 0, only rises.
pub type PartitionEpoch = i32;
/// Index of a partition within its topic, from 0.
pub type PartitionIndex = i32;
/// Identity of an idempotent producer, given out by InitProducerId.
pub type ProducerId = i64;
/// Fencing number of a producer id.
pub type ProducerEpoch = i16;
/// Position of a batch in what one producer sent to one partition. Wraps at `i32::MAX` to 0.
pub type Sequence = i32;

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    )*};
}
number! {
    /// A broker, as `node.id` names it. Ours start at 1.
    BrokerId(i32);
    /// One connection of one machine. Given by the host, never used again.
    ConnectionId(u64);
    /// One request on its way through a broker. Given at arrival, rises in order of arrival.
    RequestId(u64);
    /// One piece of storage work. Given by the machine, rises in order of issue.
    IoId(u64);
    /// One attempt to reach an address. Given by the machine.
    DialId(u64);
}

macro_rules! uuid {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);
        impl $name {
            pub const ZERO: Self = Self([0; 16]);

            pub fn is_zero(self) -> bool {
                self == Self::ZERO
            }

            /// The text of Kafka's tools and documents: URL-safe base64 of the 16 bytes, unpadded.
            pub fn parse(text: &str) -> Option<Self> {
                parse_uuid(text).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { print_uuid(self.0, f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { print_uuid(self.0, f) }
        }
    )*};
}
uuid! {
    /// Identity of a topic for its whole life: a topic deleted and created again has another one (KIP-516).
    TopicId;
    /// Identity of one log dir: a node whose disk was replaced is another voter (KIP-853, KIP-858).
    DirectoryId;
    /// One run of one process, which names itself anew at every start.
    IncarnationId;
    /// One access control entry.
    AccessControlEntryId;
}

impl TopicId {
    /// Of the metadata log (`Uuid.METADATA_TOPIC_ID`).
    pub const METADATA: Self = Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
}

impl DirectoryId {
    /// Stands for a log dir that is not chosen yet (`org.apache.kafka.common.DirectoryId`). Zero stands there for a
    /// replica of the time before directories had ids.
    pub const UNASSIGNED: Self = Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    /// Stands for a log dir that is gone.
    pub const LOST: Self = Self([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let mut bits: u128 = 0;
    if text.len() != 22 {
        return None;
    }
    for (index, byte) in text.bytes().enumerate() {
        let six = ALPHABET.iter().position(|&letter| letter == byte)? as u128;
        // 22 letters hold 132 bits; the last letter carries only its upper two.
        bits = match index {
            21 => (bits << 2) | (six >> 4),
            _ => (bits << 6) | six,
        };
    }
    Some(bits.to_be_bytes())
}

fn print_uuid(bytes: [u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let bits = u128::from_be_bytes(bytes);
    for index in 0..22_u32 {
        let six = match index {
            21 => (bits << 4) & 63,
            _ => (bits >> (122 - 6 * index)) & 63,
        };
        write!(f, "{}", ALPHABET[six as usize] as char)?;
    }
    Ok(())
}

/// One partition of one topic, by the topic's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    pub topic: TopicId,
    pub partition: PartitionIndex,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_id_reads_back_from_its_text() {
        for bytes in [[0; 16], [255; 16], *b"0123456789abcdef"] {
            let id = TopicId(bytes);
            assert_eq!(TopicId::parse(&id.to_string()), Some(id));
        }
        assert_eq!(TopicId::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(TopicId::parse("short"), None);
        assert_eq!(TopicId::parse("AAAAAAAAAAAAAAAAAAAA!!"), None);
    }
}
