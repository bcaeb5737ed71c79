//! What the files of a log dir are called. The only place that knows: storage never learns what a topic is.
//!
//! Names are Kafka's, so that `kafka-dump-log` reads the directory; those of one component are listed here. Differs
//! from Kafka: the clean-shutdown marker has no leading dot, because such names are the host's.

use std::sync::Arc;

use crate::{
    effect::FileName,
    ids::{OFFSET_MAX, Offset, PartitionIndex},
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
/// Bytes of nothing, given up when storage is full so that deleting still works.
pub const KEPT_ROOM: &str = "kept-room";

/// A file of one partition. An `Offset` is the base offset of a segment, or what a snapshot's state includes (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFile {
    Log(Offset),
    Index(Offset),
    TimeIndex(Offset),
    Snapshot(Offset),
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
        LogFile::LeaderEpochs => format!("{dir}/leader-epoch-checkpoint"),
        LogFile::PartitionMetadata => format!("{dir}/partition.metadata"),
        LogFile::Leftover => format!("{dir}/.deleted"),
    }
    .into()
}

/// A path, back into a partition's directory and what the file is. `None`: no file of a log.
pub fn parse(path: &str) -> Option<(&str, LogFile)> {
    let (dir, name) = path.split_once('/')?;
    parse_partition_dir(dir)?;
    let file = match name {
        "leader-epoch-checkpoint" => LogFile::LeaderEpochs,
        "partition.metadata" => LogFile::PartitionMetadata,
        _ => {
            let (stem, suffix) = name.rsplit_once('.')?;
            match suffix {
                "log" => LogFile::Log(offset(stem)?),
                "index" => LogFile::Index(offset(stem)?),
                "timeindex" => LogFile::TimeIndex(offset(stem)?),
                "snapshot" => LogFile::Snapshot(offset(stem)?),
                "deleted" | "cleaned" | "swap" => LogFile::Leftover,
                _ => return None,
            }
        }
    };
    Some((dir, file))
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
