//! Records as Apache Kafka 4.4.0's own classes write them, in every version of those that have several.

use super::*;

/// The record at its last version, and its bytes from version 0 on.
fn assert_versions(record: &MetadataRecord, versions: &[&str]) {
    assert_eq!(versions.len(), record.last_version() as usize + 1);
    for (version, hex) in versions.iter().enumerate() {
        let written = record.encode_in(version as i16);
        let shown: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown, *hex, "{} version {version}", record.name());
        let read = MetadataRecord::decode(&written).expect("Kafka wrote it");
        assert_eq!(read.encode_in(version as i16), written, "{} version {version}", record.name());
    }
    assert_eq!(MetadataRecord::decode(&record.encode()).as_ref(), Ok(record));
}

fn directory() -> DirectoryId {
    DirectoryId(((1_u128 << 64) | 2).to_be_bytes())
}

const BROKERS: [BrokerId; 3] = [BrokerId(1), BrokerId(2), BrokerId(3)];

#[test]
fn register_broker() {
    let record = MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: BrokerId(3),
        is_migrating_zk_broker: true,
        incarnation_id: IncarnationId(topic().0),
        broker_epoch: 7,
        end_points: vec![Endpoint { name: "PLAINTEXT".into(), host: "h".into(), port: 65535, security_protocol: 0 }],
        features: vec![SupportedFeature {
            name: "metadata.version".into(),
            min_supported_version: 7,
            max_supported_version: 30,
        }],
        rack: Some("r".into()),
        fenced: false,
        in_controlled_shutdown: true,
        log_dirs: vec![directory()],
        cordoned_log_dirs: Some(vec![directory()]),
    });
    assert_versions(
        &record,
        &[
            "01000000000003303132333435363738396162636465660000000000000007020a504c41494e544558540268ffff0000\
             0002116d657461646174612e76657273696f6e0007001e0002720000",
            "01000100000003303132333435363738396162636465660000000000000007020a504c41494e544558540268ffff0000\
             0002116d657461646174612e76657273696f6e0007001e000272000100",
            "0100020000000301303132333435363738396162636465660000000000000007020a504c41494e544558540268ffff00\
             000002116d657461646174612e76657273696f6e0007001e000272000100",
            "0100030000000301303132333435363738396162636465660000000000000007020a504c41494e544558540268ffff00\
             000002116d657461646174612e76657273696f6e0007001e000272000101001102000000000000000100000000000000\
             02",
            "0100040000000301303132333435363738396162636465660000000000000007020a504c41494e544558540268ffff00\
             000002116d657461646174612e76657273696f6e0007001e000272000102001102000000000000000100000000000000\
             0201110200000000000000010000000000000002",
        ],
    );
}

#[test]
fn partition() {
    let [one, two, three] = BROKERS;
    let record = MetadataRecord::Partition(PartitionRecord {
        partition_id: 1,
        topic_id: topic(),
        replicas: vec![one, two],
        isr: vec![two],
        removing_replicas: vec![one],
        adding_replicas: vec![three],
        leader: two,
        leader_recovery_state: 1,
        leader_epoch: 4,
        partition_epoch: 5,
        directories: vec![directory(); 2],
        eligible_leader_replicas: Some(vec![one]),
        last_known_elr: Some(vec![two]),
    });
    assert_versions(
        &record,
        &[
            "010300000000013031323334353637383961626364656603000000010000000202000000020200000001020000000300\
             000002000000040000000501000101",
            "010301000000013031323334353637383961626364656603000000010000000202000000020200000001020000000300\
             000002000000040000000503000000000000000100000000000000020000000000000001000000000000000201000101",
            "010302000000013031323334353637383961626364656603000000010000000202000000020200000001020000000300\
             000002000000040000000503000000000000000100000000000000020000000000000001000000000000000203000101\
             0105020000000102050200000002",
        ],
    );
}

#[test]
fn partition_change() {
    let [one, two, three] = BROKERS;
    let record = MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: 1,
        topic_id: topic(),
        isr: Some(vec![two]),
        leader: NO_LEADER,
        replicas: Some(vec![one, two]),
        removing_replicas: Some(vec![one]),
        adding_replicas: Some(vec![three]),
        leader_recovery_state: 0,
        directories: Some(vec![directory(); 2]),
        eligible_leader_replicas: Some(vec![one]),
        last_known_elr: Some(vec![two]),
    });
    assert_versions(
        &record,
        &[
            "010500000000013031323334353637383961626364656606000502000000020104ffffffff0209030000000100000002\
             0305020000000104050200000003050100",
            "010501000000013031323334353637383961626364656607000502000000020104ffffffff0209030000000100000002\
             030502000000010405020000000305010008210300000000000000010000000000000002000000000000000100000000\
             00000002",
            "010502000000013031323334353637383961626364656609000502000000020104ffffffff0209030000000100000002\
             030502000000010405020000000305010006050200000001070502000000020821030000000000000001000000000000\
             000200000000000000010000000000000002",
        ],
    );
}

#[test]
fn broker_registration_change() {
    let record = MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
        broker_id: BrokerId(3),
        broker_epoch: 7,
        fenced: -1,
        in_controlled_shutdown: 1,
        log_dirs: vec![directory()],
        cordoned_log_dirs: Some(vec![]),
    });
    assert_versions(
        &record,
        &[
            "011100000000030000000000000007010001ff",
            "011101000000030000000000000007020001ff010101",
            "011102000000030000000000000007030001ff01010102110200000000000000010000000000000002",
            "011103000000030000000000000007040001ff01010102110200000000000000010000000000000002030101",
        ],
    );
}
