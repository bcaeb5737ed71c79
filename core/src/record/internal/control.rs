//! Control records of the metadata log: who began to lead, which voters there are, where a snapshot begins and ends
//! (`ControlRecordType`). They stand in batches of their own, whose attributes say so; a record's key names its kind.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    field::Field,
    reader::{Malformed, Reader},
    table::structures,
};
use crate::{
    ids::*,
    record::{Batch, BatchBuilder, BatchError, Compression},
    time::Timestamp,
};

/// Version of every key and every value here.
const VERSION: i16 = 0;

structures! {
    /// Opens every leader epoch.
    LeaderChangeMessage {
        version: i16 = "version",
        leader: BrokerId = "leaderId",
        voters: Vec<VoterIdOnly> = "voters",
        /// Those whose vote it had when it was elected.
        granting_voters: Vec<VoterIdOnly> = "grantingVoters",
    }
    VoterIdOnly {
        voter: BrokerId = "voterId",
    }
    SnapshotHeaderRecord {
        version: i16 = "version",
        /// When the last record that the snapshot stands for was appended, in milliseconds since 1970.
        last_contained_log_timestamp: i64 = "lastContainedLogTimestamp",
    }
    SnapshotFooterRecord {
        version: i16 = "version",
    }
    KRaftVersionRecord {
        version: i16 = "version",
        kraft_version: i16 = "kRaftVersion",
    }
    /// All voters from this record on, committed or not (KIP-853).
    VotersRecord {
        version: i16 = "version",
        voters: Vec<Voter> = "voters",
    }
    Voter {
        voter: BrokerId = "voterId",
        directory: DirectoryId = "voterUuid",
        endpoints: Vec<VoterEndpoint> = "endpoints",
        kraft_versions: KRaftVersionFeature = "kRaftVersionFeature",
    }
    /// Where a voter can be reached. Its name is the listener's.
    VoterEndpoint {
        name: Arc<str> = "name" or "".into(),
        host: Arc<str> = "host" or "".into(),
        port: u16 = "port",
    }
    /// The versions of the protocol that a voter can speak.
    KRaftVersionFeature {
        min_supported_version: i16 = "minSupportedVersion",
        max_supported_version: i16 = "maxSupportedVersion",
    }
}

macro_rules! control_records {
    ($($name:ident($structure:ident) = $kind:literal;)*) => {
        /// One control record. Kafka's other kinds, the markers of transactions, are in no metadata log.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ControlRecord { $($name($structure),)* }

        impl ControlRecord {
            /// Kafka's number for it.
            fn kind(&self) -> i16 {
                match self { $(Self::$name(_) => $kind,)* }
            }

            fn value(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(64);
                match self { $(Self::$name(record) => record.write(&mut bytes, VERSION),)* }
                bytes
            }

            fn read_value(kind: i16, reader: &mut Reader<'_>) -> Result<Option<Self>, Malformed> {
                match kind {
                    $($kind => $structure::read(reader, VERSION).map(Self::$name).map(Some),)*
                    // As Kafka: what is not known is passed over.
                    _ => Ok(None),
                }
            }
        }
    };
}

control_records! {
    LeaderChange(LeaderChangeMessage) = 2;
    SnapshotHeader(SnapshotHeaderRecord) = 3;
    SnapshotFooter(SnapshotFooterRecord) = 4;
    KRaftVersion(KRaftVersionRecord) = 5;
    Voters(VotersRecord) = 6;
}

impl ControlRecord {
    /// A record of who leads from here on.
    pub fn leader_change(leader: BrokerId, voters: &[BrokerId], granting: &[BrokerId]) -> Self {
        let ids = |ids: &[BrokerId]| ids.iter().map(|voter| VoterIdOnly { voter: *voter }).collect();
        let (voters, granting_voters) = (ids(voters), ids(granting));
        Self::LeaderChange(LeaderChangeMessage { version: VERSION, leader, voters, granting_voters })
    }

    /// The control batch of these, at offset 0 and in no epoch yet.
    pub fn batch(records: &[Self], now: Timestamp) -> Batch {
        let mut builder = BatchBuilder::new(Compression::None);
        for record in records {
            let key = [VERSION.to_be_bytes(), record.kind().to_be_bytes()].concat();
            builder.append(now, Some(&key), Some(&record.value()), &[]);
        }
        builder.finish_control()
    }

    /// The records of a control batch that are known here, with their offsets.
    ///
    /// # Errors
    /// `Record` where one cannot be read; those of the batch.
    pub fn of_batch(batch: &Batch) -> Result<Vec<(Offset, Self)>, BatchError> {
        let mut found = Vec::new();
        for (record, index) in batch.records(batch.size())?.zip(0..) {
            let record = record?;
            let (key, value) = (record.key.unwrap_or_default(), record.value.unwrap_or_default());
            let known = Self::read(&key, &value).ok_or(BatchError::Record(index))?;
            found.extend(known.map(|known| (record.offset, known)));
        }
        Ok(found)
    }

    /// `None`: it is malformed. `Some(None)`: a kind that is not known here.
    fn read(key: &Bytes, value: &Bytes) -> Option<Option<Self>> {
        let [version, kind]: [[u8; 2]; 2] = [key.get(..2)?.try_into().ok()?, key.get(2..4)?.try_into().ok()?];
        let mut reader = Reader::new(value);
        let record = Self::read_value(i16::from_be_bytes(kind), &mut reader).ok()?;
        (i16::from_be_bytes(version) >= 0 && (record.is_none() || reader.left() == 0)).then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voter(id: i32) -> Voter {
        Voter {
            voter: BrokerId(id),
            directory: DirectoryId([id as u8; 16]),
            endpoints: vec![VoterEndpoint { name: "CONTROLLER".into(), host: "localhost".into(), port: 9093 }],
            kraft_versions: KRaftVersionFeature { min_supported_version: 0, max_supported_version: 1 },
        }
    }

    #[test]
    fn control_records_read_back() {
        let records = [
            ControlRecord::leader_change(BrokerId(2), &[BrokerId(1), BrokerId(2)], &[BrokerId(2)]),
            ControlRecord::SnapshotHeader(SnapshotHeaderRecord { version: 0, last_contained_log_timestamp: 77 }),
            ControlRecord::KRaftVersion(KRaftVersionRecord { version: 0, kraft_version: 1 }),
            ControlRecord::Voters(VotersRecord { version: 0, voters: vec![voter(1), voter(2)] }),
            ControlRecord::SnapshotFooter(SnapshotFooterRecord { version: 0 }),
        ];
        let mut batch = ControlRecord::batch(&records, Timestamp(5));
        batch.place(10, 3);
        assert!(batch.header().is_control() && batch.crc_is_right());
        let expected: Vec<_> = (10..).zip(records).collect();
        assert_eq!(ControlRecord::of_batch(&Batch::parse(batch.to_bytes()).unwrap()), Ok(expected));
    }

    /// Byte for byte what the schema says: `LeaderChangeMessage.json`, compact arrays and no tagged field.
    #[test]
    fn a_leader_change_has_kafkas_bytes() {
        let record = ControlRecord::leader_change(BrokerId(1), &[BrokerId(1), BrokerId(2)], &[BrokerId(1)]);
        let value = [&[0, 0][..], &[0, 0, 0, 1], &[3, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0], &[2, 0, 0, 0, 1, 0], &[0]];
        assert_eq!(record.value(), value.concat());
        let batch = ControlRecord::batch(&[record], Timestamp(0));
        let first = batch.records(1_000).unwrap().next().unwrap().unwrap();
        assert_eq!(first.key.as_deref(), Some(&[0, 0, 0, 2][..]));
    }

    #[test]
    fn bytes_that_are_no_control_record_are_refused() {
        let value = Bytes::from(ControlRecord::Voters(VotersRecord { version: 0, voters: vec![voter(1)] }).value());
        let key = Bytes::from_static(&[0, 0, 0, 6]);
        for end in 0..value.len() {
            assert_eq!(ControlRecord::read(&key, &value.slice(..end)), None, "{end}");
        }
        assert_eq!(ControlRecord::read(&Bytes::from_static(&[0, 0, 0]), &value), None);
        assert_eq!(ControlRecord::read(&Bytes::from_static(&[0, 0, 0, 99]), &value), Some(None));
    }
}
