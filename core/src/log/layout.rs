//! What the files of a log dir are called. The only place that knows: storage never learns what a topic is.
//!
//! Names are Kafka's, so that `kafka-dump-log` reads the directory; those of one component are listed here. Differs
//! from Kafka: the clean-shutdown marker has no leading dot, because such names are the host's.

use std::sync::Arc;

use crate::{
    effect::FileName,
    ids::{LEADER_EPOCH_MAX, LeaderEpoch, OFFSET_MAX, Offset, PartitionIndex},
};

/// The broker's one document of topics, configs and producer ids.
pub const CATALOG: &str = "catalog";
/// The epoch of this broker's latest opening of the dir; every leader epoch it uses is this number.
pub const BROKER_EPOCH: &str = "broker.epoch";
/// Up to where each log was durable when it was written (`kafka.server.checkpoints.OffsetCheckpointFile`).
pub const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
/// Where each log begins, if not at its first segment's first offset.
pub const LOG_STARTS: &str = "log-start-offset-checkpoint";
/// Written last by a clean shutdown and removed before anything else is changed.
pub const CLEAN_SHUTDOWN: &str = "clean-shutdown";
/// The topic of the metadata log, whose partition's directory has two more kinds of files.
pub const METADATA_TOPIC: &str = "__cluster_metadata";
/// The election state of a member of the quorum (`QuorumStateData`).
pub const QUORUM_STATE: &str = "__cluster_metadata-0/quorum-state";
/// In each partition's directory: which topic it is of.
pub const PARTITION_METADATA: &str = "partition.metadata";
/// Whose log dir it is: cluster, node, directory.
pub const META_PROPERTIES: &str = "meta.properties";
/// Bytes of nothing, given up when storage is full so that deleting still works.
pub const KEPT_ROOM: &str = "kept-room";

/// A file of one partition. An `Offset` is the base offset of a segment, or what a snapshot's state includes (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFile {
    Log(Offset),
    Index(Offset),
    TimeIndex(Offset),
    Snapshot(Offset),
    /// A snapshot of the metadata log, and the epoch of the last record in it.
    Checkpoint(Offset, LeaderEpoch),
    LeaderEpochs,
    PartitionMetadata,
    /// What Kafka leaves behind in the middle of deleting or cleaning; never read.
    Leftover,
}

/// `topic-partition`.
pub fn partition_dir(topic: &str, partition: PartitionIndex) -> Arc<str> {
    format!("{topic}-{partition}").into()
}

/// A partition's directory, back into topic and partition.
pub fn parse_partition_dir(dir: &str) -> Option<(&str, PartitionIndex)> {
    let (topic, index) = dir.rsplit_once('-')?;
    let partition: PartitionIndex = index.parse().ok()?;
    // One spelling per partition: no sign, no leading zeros.
    (!topic.is_empty() && partition >= 0 && partition.to_string() == index).then_some((topic, partition))
}

/// The path of a partition's file. `Leftover` has no name of its own.
pub fn path(dir: &str, file: LogFile) -> FileName {
    match file {
        LogFile::Log(offset) => format!("{dir}/{offset:020}.log"),
        LogFile::Index(offset) => format!("{dir}/{offset:020}.index"),
        LogFile::TimeIndex(offset) => format!("{dir}/{offset:020}.timeindex"),
        LogFile::Snapshot(offset) => format!("{dir}/{offset:020}.snapshot"),
        LogFile::Checkpoint(offset, epoch) => format!("{dir}/{offset:020}-{epoch:010}.checkpoint"),
        LogFile::LeaderEpochs => format!("{dir}/leader-epoch-checkpoint"),
        LogFile::PartitionMetadata => format!("{dir}/{PARTITION_METADATA}"),
        LogFile::Leftover => format!("{dir}/.deleted"),
    }
    .into()
}

/// A snapshot of the metadata log.
pub fn checkpoint(offset: Offset, epoch: LeaderEpoch) -> FileName {
    path(&partition_dir(METADATA_TOPIC, 0), LogFile::Checkpoint(offset, epoch))
}

/// What a snapshot is called until it is whole (`Snapshots.PARTIAL_SUFFIX`).
pub fn checkpoint_part(offset: Offset, epoch: LeaderEpoch) -> FileName {
    format!("{}.part", checkpoint(offset, epoch)).into()
}

/// A path, back into a partition's directory and what the file is. `None`: no file of a log.
pub fn parse(path: &str) -> Option<(&str, LogFile)> {
    let (dir, name) = path.split_once('/')?;
    parse_partition_dir(dir)?;
    let file = match name {
        "leader-epoch-checkpoint" => LogFile::LeaderEpochs,
        PARTITION_METADATA => LogFile::PartitionMetadata,
        _ => {
            let (stem, suffix) = name.rsplit_once('.')?;
            match suffix {
                "log" => LogFile::Log(offset(stem)?),
                "index" => LogFile::Index(offset(stem)?),
                "timeindex" => LogFile::TimeIndex(offset(stem)?),
                "snapshot" => LogFile::Snapshot(offset(stem)?),
                "checkpoint" if dir.starts_with(METADATA_TOPIC) => checkpoint_id(stem)?,
                "deleted" | "cleaned" | "swap" | "part" => LogFile::Leftover,
                _ => return None,
            }
        }
    };
    Some((dir, file))
}

fn checkpoint_id(stem: &str) -> Option<LogFile> {
    let (end, epoch) = stem.split_once('-')?;
    let is_epoch = epoch.len() == 10 && epoch.bytes().all(|byte| byte.is_ascii_digit());
    let epoch = epoch.parse().ok().filter(|epoch| is_epoch && *epoch <= LEADER_EPOCH_MAX)?;
    Some(LogFile::Checkpoint(offset(end)?, epoch))
}

fn offset(stem: &str) -> Option<Offset> {
    let is_offset = stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit());
    stem.parse().ok().filter(|offset| is_offset && *offset <= OFFSET_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        let dir = partition_dir("a-b.c", 12);
        for file in [
            LogFile::Log(0),
            LogFile::Index(OFFSET_MAX),
            LogFile::TimeIndex(7),
            LogFile::Snapshot(1),
            LogFile::LeaderEpochs,
            LogFile::PartitionMetadata,
            LogFile::Leftover,
        ] {
            assert_eq!(parse(&path(&dir, file)), Some(("a-b.c-12", file)));
        }
        let snapshot = checkpoint(1_234, 5);
        assert_eq!(&*snapshot, "__cluster_metadata-0/00000000000000001234-0000000005.checkpoint");
        assert_eq!(parse(&snapshot), Some(("__cluster_metadata-0", LogFile::Checkpoint(1_234, 5))));
        assert_eq!(parse(&checkpoint_part(1_234, 5)), Some(("__cluster_metadata-0", LogFile::Leftover)));
        assert_eq!(&*path(&dir, LogFile::Log(42)), "a-b.c-12/00000000000000000042.log");
        assert_eq!(parse_partition_dir("a-b.c-12"), Some(("a-b.c", 12)));
    }

    #[test]
    fn other_names_are_left_alone() {
        let alien = [
            "catalog",
            "a-0",
            "a/1.log",
            "a-0/1.log",
            "a-0/09223372036854775807.log",
            "a-0/notes.txt",
            "a-01/partition.metadata",
            "-1/x.log",
        ];
        for name in alien {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
