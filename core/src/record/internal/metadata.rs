//! Records of `__cluster_metadata`: what the controller decided, and every broker follows.
//!
//! A record's value is a frame (`MetadataRecordSerde`): the frame's version, the record's key and version as varints,
//! then its fields. All versions are read; written is the one that metadata.version 4.4 writes.
//! Kafka's records of SCRAM credentials, delegation tokens and the way out of ZooKeeper are not among them: Ottla has
//! nothing for them to change, so a log that holds one is refused, not half followed.

mod error;
mod table;

#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use self::{error::MetadataRecordError, table::*};
use super::{
    field::Field,
    reader::{Reader, put_varint},
    table::NamedField,
};

/// The only version of the frame.
const FRAME_VERSION: u32 = 1;

/// Declares the records: `Name = key, up to version;` with fields, and `Name(NameRecord)`.
macro_rules! metadata_records {
    ($($name:ident $(($structure:ident))? = $key:literal, $kafka:literal, $constant:literal, up to $last:literal;)*) => {
        /// One record. Its structure has Kafka's name for it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum MetadataRecord { $($name $(($structure))?,)* }

        impl MetadataRecord {
            /// One of each, all fields at Kafka's defaults.
            pub fn one_of_each() -> Vec<Self> {
                vec![$(Self::$name $(($structure::default()))?,)*]
            }

            /// One of each, all fields drawn.
            #[cfg(test)]
            fn draw_one_of_each(rng: &mut crate::rng::Rng) -> Vec<Self> {
                vec![$(Self::$name $(($structure::draw(rng)))?,)*]
            }

            /// Kafka's name for it.
            pub fn name(&self) -> &'static str {
                match self { $(metadata_records!(@pattern $name $($structure, _record)?) => $kafka,)* }
            }

            /// The name that `kafka-dump-log` prints.
            pub fn constant_name(&self) -> &'static str {
                match self { $(metadata_records!(@pattern $name $($structure, _record)?) => $constant,)* }
            }

            /// Kafka's number for it (`apiKey`).
            pub fn key(&self) -> u16 {
                match self { $(metadata_records!(@pattern $name $($structure, _record)?) => $key,)* }
            }

            /// The last version that Kafka 4.4 knows.
            pub fn last_version(&self) -> i16 {
                match self { $(metadata_records!(@pattern $name $($structure, _record)?) => $last,)* }
            }

            /// Names as in Kafka, values as JSON. Without the tagged fields that are at their defaults.
            pub fn fields(&self) -> Vec<NamedField> {
                match self {
                    $(metadata_records!(@pattern $name $($structure, record)?) => {
                        metadata_records!(@fields $($structure, record)?)
                    })*
                }
            }

            fn last_version_of(key: u32) -> Option<i16> {
                match key { $($key => Some($last),)* _ => None }
            }

            fn take(key: u32, version: i16, reader: &mut Reader<'_>) -> Result<Self, MetadataRecordError> {
                let malformed = |why| MetadataRecordError::Malformed { key, version, why };
                match key {
                    $($key => metadata_records!(@take $name, reader, version, $($structure)?).map_err(malformed),)*
                    _ => Err(MetadataRecordError::UnknownKey { key, version: version as u32 }),
                }
            }

            fn put(&self, bytes: &mut Vec<u8>, version: i16) {
                match self {
                    $(metadata_records!(@pattern $name $($structure, record)?) => {
                        metadata_records!(@put bytes, version, $($structure, record)?)
                    })*
                }
            }
        }
    };
    (@pattern $name:ident) => { Self::$name };
    (@pattern $name:ident $structure:ident, $record:ident) => { Self::$name($record) };
    (@fields) => { Vec::new() };
    (@fields $structure:ident, $record:ident) => { $record.fields() };
    (@take $name:ident, $reader:ident, $version:ident,) => {
        $reader.take_tags(|_, _| Ok(false)).map(|()| Self::$name)
    };
    (@take $name:ident, $reader:ident, $version:ident, $structure:ident) => {
        $structure::read($reader, $version).map(Self::$name)
    };
    (@put $bytes:ident, $version:ident,) => { put_varint($bytes, 0) };
    (@put $bytes:ident, $version:ident, $structure:ident, $record:ident) => { $record.write($bytes, $version) };
}

metadata_records! {
    RegisterBroker(RegisterBrokerRecord) = 0, "RegisterBrokerRecord", "REGISTER_BROKER_RECORD", up to 4;
    UnregisterBroker(UnregisterBrokerRecord) = 1, "UnregisterBrokerRecord", "UNREGISTER_BROKER_RECORD", up to 0;
    Topic(TopicRecord) = 2, "TopicRecord", "TOPIC_RECORD", up to 0;
    Partition(PartitionRecord) = 3, "PartitionRecord", "PARTITION_RECORD", up to 2;
    Config(ConfigRecord) = 4, "ConfigRecord", "CONFIG_RECORD", up to 0;
    PartitionChange(PartitionChangeRecord) = 5, "PartitionChangeRecord", "PARTITION_CHANGE_RECORD", up to 2;
    FenceBroker(FenceBrokerRecord) = 7, "FenceBrokerRecord", "FENCE_BROKER_RECORD", up to 0;
    UnfenceBroker(UnfenceBrokerRecord) = 8, "UnfenceBrokerRecord", "UNFENCE_BROKER_RECORD", up to 0;
    RemoveTopic(RemoveTopicRecord) = 9, "RemoveTopicRecord", "REMOVE_TOPIC_RECORD", up to 0;
    FeatureLevel(FeatureLevelRecord) = 12, "FeatureLevelRecord", "FEATURE_LEVEL_RECORD", up to 0;
    ClientQuota(ClientQuotaRecord) = 14, "ClientQuotaRecord", "CLIENT_QUOTA_RECORD", up to 0;
    ProducerIds(ProducerIdsRecord) = 15, "ProducerIdsRecord", "PRODUCER_IDS_RECORD", up to 0;
    BrokerRegistrationChange(BrokerRegistrationChangeRecord) = 17, "BrokerRegistrationChangeRecord", "BROKER_REGISTRATION_CHANGE_RECORD", up to 3;
    AccessControlEntry(AccessControlEntryRecord) = 18, "AccessControlEntryRecord", "ACCESS_CONTROL_ENTRY_RECORD", up to 0;
    RemoveAccessControlEntry(RemoveAccessControlEntryRecord) = 19, "RemoveAccessControlEntryRecord", "REMOVE_ACCESS_CONTROL_ENTRY_RECORD", up to 0;
    NoOp = 20, "NoOpRecord", "NO_OP_RECORD", up to 0;
    BeginTransaction(BeginTransactionRecord) = 23, "BeginTransactionRecord", "BEGIN_TRANSACTION_RECORD", up to 0;
    EndTransaction = 24, "EndTransactionRecord", "END_TRANSACTION_RECORD", up to 0;
    AbortTransaction(AbortTransactionRecord) = 25, "AbortTransactionRecord", "ABORT_TRANSACTION_RECORD", up to 0;
    RegisterController(RegisterControllerRecord) = 27, "RegisterControllerRecord", "REGISTER_CONTROLLER_RECORD", up to 0;
    ClearElr(ClearElrRecord) = 28, "ClearElrRecord", "CLEAR_ELR_RECORD", up to 0;
    UnregisterController(UnregisterControllerRecord) = 29, "UnregisterControllerRecord", "UNREGISTER_CONTROLLER_RECORD", up to 0;
}

impl MetadataRecord {
    /// The version that is written at metadata.version 4.4: the last, but for a change of a broker's registration the
    /// first that has a field for what it says (`ReplicationControlManager`).
    pub fn version(&self) -> i16 {
        match self {
            Self::BrokerRegistrationChange(change) => change.first_version(),
            other => other.last_version(),
        }
    }

    /// The record's value.
    pub fn encode(&self) -> Bytes {
        self.encode_in(self.version())
    }

    /// What the version has no field for is not written.
    fn encode_in(&self, version: i16) -> Bytes {
        let mut bytes = Vec::with_capacity(64);
        put_varint(&mut bytes, FRAME_VERSION);
        put_varint(&mut bytes, u32::from(self.key()));
        put_varint(&mut bytes, version as u32);
        self.put(&mut bytes, version);
        bytes.into()
    }

    /// Reads a record's value, which must be one record to its end.
    pub fn decode(value: &[u8]) -> Result<Self, MetadataRecordError> {
        let mut reader = Reader::new(value);
        let mut take_varint = || reader.take_varint().map_err(MetadataRecordError::Frame);
        let frame = take_varint()?;
        if frame != FRAME_VERSION {
            return Err(MetadataRecordError::FrameVersion(frame));
        }
        let (key, version) = (take_varint()?, take_varint()?);
        let Some(last) = Self::last_version_of(key) else {
            return Err(MetadataRecordError::UnknownKey { key, version });
        };
        let Some(version) = i16::try_from(version).ok().filter(|version| *version <= last) else {
            return Err(MetadataRecordError::UnknownVersion { key, version });
        };
        let record = Self::take(key, version, &mut reader)?;
        match reader.left() {
            0 => Ok(record),
            left => Err(MetadataRecordError::TrailingBytes { key, version, bytes: left as u64 }),
        }
    }
}
