//! ListOffsets, DeleteRecords, OffsetForLeaderEpoch, InitProducerId.

use kafka_wire::{
    DeleteRecordsRequest, InitProducerIdRequest, InitProducerIdResponse, ListOffsetsRequest,
    OffsetForLeaderEpochRequest,
    delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
    offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic},
};
use kafka_wire_core::StrBytes;
use ottla_core::wire::Api;

use super::{Both, compare, produce::producing, records::batch_at, with};

/// Records at known times: offset n at 1,000 + 10n, but 3 and 4 out of order.
fn fill(both: &mut Both, topic: &str) {
    for time in [1_000, 1_010, 1_020, 1_050, 1_040, 1_050] {
        let records = batch_at(time, &[b"one"]).bytes();
        both.ask("fill", 9, |_| producing(topic, 0, records.clone()));
    }
}

fn listing(version: i16, topic: &str, partition: i32, epoch: i32, timestamp: i64) -> ListOffsetsRequest {
    with(|request: &mut ListOffsetsRequest| {
        request.replica_id = -1;
        request.topics = vec![with(|asked: &mut ListOffsetsTopic| {
            asked.name = StrBytes::from(topic);
            asked.partitions = vec![with(|asked: &mut ListOffsetsPartition| {
                asked.partition_index = partition;
                asked.timestamp = timestamp;
                if version >= 4 {
                    asked.current_leader_epoch = epoch;
                }
            })];
        })];
        if version >= 10 {
            request.timeout_ms = 30_000;
        }
    })
}

#[test]
fn offsets_are_listed() {
    compare(|both| {
        both.create("listed", 2, &[]);
        fill(both, "listed");
        for version in Api::ListOffsets.served() {
            for timestamp in
                [-1, -2, -3, -4, -5, -6, -7, -99, i64::MIN, 0, 1_000, 1_001, 1_041, 1_045, 1_050, 1_051, i64::MAX]
            {
                both.ask(&format!("at {timestamp}"), version, |_| listing(version, "listed", 0, -1, timestamp));
                both.ask(&format!("empty at {timestamp}"), version, |_| listing(version, "listed", 1, -1, timestamp));
            }
            both.ask("a missing partition", version, |_| listing(version, "listed", 2, -1, -1));
            both.ask("a negative partition", version, |_| listing(version, "listed", -1, -1, -1));
            both.ask("a missing topic", version, |_| listing(version, "listed-missing", 0, -1, -1));
            both.ask("a bad name", version, |_| listing(version, "listed missing", 0, -1, -1));
            if version >= 4 {
                for epoch in [-2, 0, 1, 5] {
                    both.ask(&format!("epoch {epoch}"), version, |_| listing(version, "listed", 0, epoch, -1));
                }
            }
            if version >= 2 {
                for isolation in [0, 1] {
                    both.ask(&format!("isolation {isolation}"), version, |_| {
                        let mut request = listing(version, "listed", 0, -1, -1);
                        request.isolation_level = isolation;
                        request
                    });
                }
            }
            let mut twice = listing(version, "listed", 0, -1, -1);
            let again = twice.topics[0].partitions[0].clone();
            twice.topics[0].partitions.push(again);
            // Ours refuses both, Kafka once.
            both.ask_settled("twice", version, |_| twice.clone(), |answer| answer.topics[0].partitions.dedup());
            for replica in [-2, -3] {
                both.ask(&format!("replica {replica}"), version, |_| {
                    let mut request = listing(version, "listed", 0, -1, -1);
                    request.replica_id = replica;
                    request
                });
            }
        }
    });
}

fn deleting(topic: &str, partition: i32, offset: i64) -> DeleteRecordsRequest {
    with(|request: &mut DeleteRecordsRequest| {
        request.timeout_ms = 30_000;
        request.topics = vec![with(|asked: &mut DeleteRecordsTopic| {
            asked.name = StrBytes::from(topic);
            asked.partitions = vec![with(|asked: &mut DeleteRecordsPartition| {
                asked.partition_index = partition;
                asked.offset = offset;
            })];
        })];
    })
}

#[test]
fn records_are_deleted() {
    compare(|both| {
        for version in Api::DeleteRecords.served() {
            let topic = format!("shortened-{version}");
            both.create(&topic, 2, &[]);
            fill(both, &topic);
            for offset in [0, 2, 1, 2, -2, 7, i64::MAX, i64::MIN, 5, -1, -1, 6, 7] {
                both.ask(&format!("before {offset}"), version, |_| deleting(&topic, 0, offset));
                // The largest time may be that of a deleted record in Kafka.
                for timestamp in [-1, -2, -4, 1_000, 1_041] {
                    both.ask(&format!("at {timestamp}, without those before {offset}"), 9, |_| {
                        listing(9, &topic, 0, -1, timestamp)
                    });
                }
            }
            both.ask("of an empty one", version, |_| deleting(&topic, 1, -1));
            both.ask("a missing partition", version, |_| deleting(&topic, 2, 0));
            both.ask("a missing topic", version, |_| deleting("shortened-missing", 0, 0));
            both.ask("a bad name", version, |_| deleting("shortened missing", 0, 0));
            both.ask("nothing", version, |_| DeleteRecordsRequest::default());
        }
    });
}

#[test]
fn offsets_of_leader_epochs() {
    compare(|both| {
        both.create("epochs", 2, &[]);
        fill(both, "epochs");
        for version in Api::OffsetForLeaderEpoch.served() {
            let mut ask = |topic: &str, partition: i32, current: i32, epoch: i32, replica: i32| {
                let request = with(|request: &mut OffsetForLeaderEpochRequest| {
                    if version >= 3 {
                        request.replica_id = replica;
                    }
                    request.topics = vec![with(|asked: &mut OffsetForLeaderTopic| {
                        asked.topic = StrBytes::from(topic);
                        asked.partitions = vec![with(|asked: &mut OffsetForLeaderPartition| {
                            asked.partition = partition;
                            asked.current_leader_epoch = current;
                            asked.leader_epoch = epoch;
                        })];
                    })];
                });
                let what = format!("{topic} {partition}, epoch {epoch}, current {current}, by {replica}");
                both.ask(&what, version, |_| request.clone());
            };
            for partition in [0, 1] {
                for epoch in [-1, 0, 1, 5] {
                    for current in [-1, 0, 1] {
                        ask("epochs", partition, current, epoch, -1);
                    }
                }
            }
            ask("epochs", 0, -1, 0, -2);
            ask("epochs", 2, -1, 0, -1);
            ask("epochs-missing", 0, -1, 0, -1);
            ask("epochs missing", 0, -1, 0, -1);
        }
    });
}

#[test]
fn producers_are_given_ids() {
    compare(|both| {
        // Kafka answers COORDINATOR_LOAD_IN_PROGRESS while it gets its first ids.
        both.kafka.init_producer();
        for version in Api::InitProducerId.served() {
            let asking = |id: i64, epoch: i16, timeout: i32| {
                with(|request: &mut InitProducerIdRequest| {
                    request.transactional_id = None;
                    request.transaction_timeout_ms = timeout;
                    if version >= 3 {
                        (request.producer_id, request.producer_epoch) = (id, epoch);
                    }
                })
            };
            // Ids come from blocks, which others use too.
            let settle = |answer: &mut InitProducerIdResponse| answer.producer_id = answer.producer_id.min(0);
            for (id, epoch, timeout) in [(-1, -1, 0), (-1, -1, 60_000), (-1, -1, -1), (-1, 0, 0), (5, -1, 0), (5, 0, 0)]
            {
                let what = format!("{id} {epoch} {timeout}");
                both.ask_settled(&what, version, |_| asking(id, epoch, timeout), settle);
            }
            both.ask_settled(
                "an empty transactional id",
                version,
                |_| {
                    let mut request = asking(-1, -1, 1000);
                    request.transactional_id = Some(StrBytes::from(""));
                    request
                },
                settle,
            );
        }
        for side in [&mut both.kafka, &mut both.ours] {
            let ids = [0; 3].map(|_| side.init_producer());
            assert!(ids[0] < ids[1] && ids[1] < ids[2], "{ids:?}");
        }
    });
}
